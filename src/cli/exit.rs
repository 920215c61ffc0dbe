//! Exit codes: what a run says to the shell or the pipeline that started it.

use crate::report::{EndingCause, Record};

/// Everything passed.
pub const PASSED: u8 = 0;
/// Some requests failed, or a task or hook threw.
pub const FAILED: u8 = 1;
/// Usage, script or configuration error; nothing was sent.
pub const REFUSED: u8 = 2;
/// A threshold of a manifest was missed.
pub const MISSED: u8 = 3;
/// The run is not valid: the generator could not keep up, or a second signal cut it.
pub const INVALID: u8 = 4;

/// What matters of a run for its exit code. A run that was refused has none: that is [`REFUSED`], before all others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The generator could not keep up, and nobody said that this is all right.
    pub invalid: bool,
    /// A second signal cut the run; the first alone does not matter.
    pub cut: bool,
    /// A threshold was missed.
    pub manifest_missed: bool,
    /// Manifests were given, so they judge failed requests.
    pub manifest_given: bool,
    /// At least one request failed.
    pub failed_requests: bool,
    /// At least one task or hook threw.
    pub exceptions: bool,
    /// What a hook of `quitting` returned: it knows better than everything but an invalid run.
    pub chosen: Option<u8>,
    /// `--exit-code-on-error`: takes the place of [`FAILED`], and makes failed requests count beside a manifest.
    pub on_error: Option<u8>,
}

impl Outcome {
    /// That of a run with what became of its thresholds.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        let totals = &record.run.totals;
        Self {
            invalid: !record.allow_saturation && !record.invalid.is_empty(),
            cut: record.ending.cause == EndingCause::Cut,
            // What ended the run may be kept again by its end.
            manifest_missed: record.ending.cause == EndingCause::Threshold
                || record.verdicts.iter().any(|verdict| !verdict.passed),
            manifest_given: !record.verdicts.is_empty(),
            failed_requests: totals.aggregated().failures > 0,
            exceptions: !totals.exceptions().is_empty() || record.failed_hooks > 0,
            chosen: record.exit_code_of_hook,
            on_error: record.exit_code_on_error,
        }
    }
}

/// The exit code of a run: the first that applies of [`INVALID`], what a hook chose, [`MISSED`], [`FAILED`] or what was given in its
/// place, [`PASSED`].
#[must_use]
pub fn exit_code(outcome: &Outcome) -> u8 {
    let requests_count = !outcome.manifest_given || outcome.on_error.is_some();
    if outcome.invalid || outcome.cut {
        INVALID
    } else if let Some(code) = outcome.chosen {
        code
    } else if outcome.manifest_missed {
        MISSED
    } else if outcome.exceptions || (outcome.failed_requests && requests_count) {
        outcome.on_error.unwrap_or(FAILED)
    } else {
        PASSED
    }
}

/// The outcome in one line: `passed`, or `FAILED` with everything that speaks against the run.
#[must_use]
pub fn explanation(outcome: &Outcome) -> String {
    let code = exit_code(outcome);
    let chosen = outcome.chosen.map(|code| format!("a hook of `quitting` returned {code}"));
    let reasons = [
        (outcome.invalid, "the run is not valid"),
        (outcome.cut, "a second signal cut the run"),
        (outcome.manifest_missed, "thresholds were missed"),
        (outcome.failed_requests, "requests failed"),
        (outcome.exceptions, "scripts threw exceptions"),
    ];
    let reasons = reasons.into_iter().filter(|(applies, _)| *applies).map(|(_, reason)| reason.to_owned());
    let reasons: Vec<String> = reasons.chain(chosen).collect();
    match (code, reasons.is_empty()) {
        (PASSED, true) => "passed".to_owned(),
        (PASSED, false) => format!("passed, although {}", reasons.join(", ")),
        (_, true) => format!("FAILED, exit code {code}"),
        (_, false) => format!("FAILED, exit code {code}: {}", reasons.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Outcome, exit_code, explanation};

    const CLEAN: Outcome = Outcome {
        invalid: false,
        cut: false,
        manifest_missed: false,
        manifest_given: false,
        failed_requests: false,
        exceptions: false,
        chosen: None,
        on_error: None,
    };

    #[test]
    fn each_thing_alone() {
        for (code, outcome) in [
            (0, CLEAN),
            (1, Outcome { failed_requests: true, ..CLEAN }),
            (1, Outcome { exceptions: true, ..CLEAN }),
            (3, Outcome { manifest_given: true, manifest_missed: true, ..CLEAN }),
            (4, Outcome { invalid: true, ..CLEAN }),
            (4, Outcome { cut: true, ..CLEAN }),
        ] {
            assert_eq!(exit_code(&outcome), code, "{outcome:?}");
        }
    }

    #[test]
    fn the_heavier_wins() {
        let everything = Outcome {
            invalid: true,
            cut: true,
            manifest_missed: true,
            manifest_given: true,
            failed_requests: true,
            exceptions: true,
            chosen: Some(9),
            on_error: Some(7),
        };
        assert_eq!(exit_code(&everything), 4);
        assert_eq!(exit_code(&Outcome { invalid: false, ..everything }), 4);
        let whole = Outcome { invalid: false, cut: false, ..everything };
        assert_eq!(exit_code(&whole), 9);
        assert_eq!(exit_code(&Outcome { chosen: None, ..whole }), 3);
        assert_eq!(exit_code(&Outcome { chosen: Some(0), ..whole }), 0);
    }

    #[test]
    fn a_manifest_judges_failed_requests_but_not_exceptions() {
        let failed = Outcome { manifest_given: true, failed_requests: true, ..CLEAN };
        assert_eq!(exit_code(&failed), 0);
        assert_eq!(exit_code(&Outcome { on_error: Some(1), ..failed }), 1);
        assert_eq!(exit_code(&Outcome { exceptions: true, ..failed }), 1);
    }

    #[test]
    fn the_explanation_names_what_speaks_against_the_run() {
        assert_eq!(explanation(&CLEAN), "passed");
        let failed = Outcome { failed_requests: true, ..CLEAN };
        assert_eq!(explanation(&failed), "FAILED, exit code 1: requests failed");
        let judged = Outcome { manifest_given: true, ..failed };
        assert_eq!(explanation(&judged), "passed, although requests failed");
        let missed = Outcome { manifest_missed: true, exceptions: true, ..judged };
        assert_eq!(
            explanation(&missed),
            "FAILED, exit code 3: thresholds were missed, requests failed, scripts threw exceptions"
        );
        let chosen = Outcome { chosen: Some(7), ..CLEAN };
        assert_eq!(explanation(&chosen), "FAILED, exit code 7: a hook of `quitting` returned 7");
        let cut = Outcome { cut: true, invalid: true, ..CLEAN };
        let cut = explanation(&cut);
        assert_eq!(cut, "FAILED, exit code 4: the run is not valid, a second signal cut the run");
    }

    #[test]
    fn the_code_for_errors_can_be_chosen() {
        let failed = Outcome { failed_requests: true, on_error: Some(42), ..CLEAN };
        assert_eq!(exit_code(&failed), 42);
        assert_eq!(exit_code(&Outcome { exceptions: true, on_error: Some(0), ..CLEAN }), 0);
        assert_eq!(exit_code(&Outcome { on_error: Some(42), ..CLEAN }), 0);
    }
}
