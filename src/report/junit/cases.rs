//! What is a test case, and what became of it.

use crate::manifest::{Judgement, Verdict, VerdictRow};
use crate::report::{EndingCause, Record};
use crate::stats::{ExceptionRow, FailureRow};
use crate::util::count_text;

/// Cases that belong together.
pub(super) struct Suite {
    pub(super) name: String,
    pub(super) cases: Vec<Case>,
}

/// One thing that was to be so.
pub(super) struct Case {
    pub(super) name: String,
    /// `file` and `line` of what asked for it.
    pub(super) place: Option<(String, String)>,
    pub(super) outcome: Outcome,
}

pub(super) enum Outcome {
    /// With what there is to be said all the same; may be empty.
    Passed(String),
    Skipped(String),
    Failed {
        /// What kind of failure.
        kind: &'static str,
        /// In one line.
        message: String,
        /// In as many as it takes.
        details: String,
    },
}

/// A suite about the run itself, and one for each manifest.
pub(super) fn suites(record: &Record) -> Vec<Suite> {
    let manifests: Vec<Suite> = record.verdicts.iter().map(of_manifest).collect();
    let mut cases = vec![validity(record), requests(record), exceptions(record)];
    let all = cases.iter().chain(manifests.iter().flat_map(|suite| &suite.cases));
    let nothing_failed = !all.into_iter().any(Case::failed);
    if nothing_failed && !record.passed() {
        cases.push(exit_code(record));
    }
    let run = Suite { name: "katydid".to_owned(), cases };
    std::iter::once(run).chain(manifests).collect()
}

impl Case {
    fn of_run(name: &str, outcome: Outcome) -> Self {
        Self { name: name.to_owned(), place: None, outcome }
    }

    pub(super) fn failed(&self) -> bool {
        matches!(self.outcome, Outcome::Failed { .. })
    }
}

fn validity(record: &Record) -> Case {
    let mut reasons = record.invalid.clone();
    let cut = record.ending.cause == EndingCause::Cut;
    reasons.extend(cut.then(|| EndingCause::Cut.text().to_owned()));
    let outcome = if reasons.is_empty() || (record.allow_saturation && !cut) {
        Outcome::Passed(reasons.join("\n"))
    } else {
        Outcome::Failed { kind: "not valid", message: reasons[0].clone(), details: reasons.join("\n") }
    };
    Case::of_run("run is valid", outcome)
}

/// As the exit code judges them: beside a manifest they count only where `--exit-code-on-error` says so.
fn requests(record: &Record) -> Case {
    let totals = &record.run.totals;
    let all = totals.aggregated();
    let outcome = if all.failures == 0 {
        Outcome::Passed(String::new())
    } else {
        let line =
            |row: &&FailureRow| format!("{} x {} {}: {}", row.occurrences, row.method, row.name, row.text);
        let details: Vec<String> = totals.failures().iter().map(line).collect();
        let details = details.join("\n");
        let message = format!("{} of {} failed", all.failures, count_text(all.requests, "request"));
        let on_error = record.exit_code_on_error;
        if on_error == Some(0) {
            Outcome::Passed(format!("{message}, and the exit code for that is 0\n{details}"))
        } else if on_error.is_none() && !record.verdicts.is_empty() {
            Outcome::Passed(format!("{message}, and the manifest judges that\n{details}"))
        } else {
            Outcome::Failed { kind: "failed requests", message, details }
        }
    };
    Case::of_run("no failed requests", outcome)
}

fn exceptions(record: &Record) -> Case {
    let rows = record.run.totals.exceptions();
    let thrown: u64 = rows.iter().map(|row| row.count).sum();
    let hooks = record.failed_hooks;
    let mut message = Vec::new();
    message.extend((thrown > 0).then(|| format!("{} in scripts", count_text(thrown, "exception"))));
    message.extend((hooks > 0).then(|| format!("{} failed", count_text(hooks, "hook"))));
    let message = message.join(", ");
    let line =
        |row: &&ExceptionRow| format!("{} x {} at {} in {}", row.count, row.message, row.place, row.task);
    let details = rows.iter().map(line).collect::<Vec<_>>().join("\n");
    let outcome = if message.is_empty() {
        Outcome::Passed(String::new())
    } else if record.exit_code_on_error == Some(0) {
        Outcome::Passed(format!("{message}, and the exit code for that is 0\n{details}"))
    } else {
        Outcome::Failed { kind: "exceptions", message, details }
    };
    Case::of_run("no exceptions", outcome)
}

/// Where the run failed for another reason: a threshold ended it and was kept again by its end, or a hook chose the code.
fn exit_code(record: &Record) -> Case {
    let ending = &record.ending;
    let details = ending.reason.clone().unwrap_or_else(|| ending.cause.text().to_owned());
    let message = if ending.cause == EndingCause::Threshold {
        "a threshold was missed and ended the run".to_owned()
    } else {
        format!("the exit code is {}", record.exit_code)
    };
    Case::of_run("run passed", Outcome::Failed { kind: "exit code", message, details })
}

/// A suite with a case for each threshold.
pub(super) fn of_manifest(verdict: &Verdict) -> Suite {
    let mut cases: Vec<Case> = verdict.rows.iter().map(of_threshold).collect();
    if cases.is_empty() {
        let message = "the manifest has no thresholds".to_owned();
        let outcome = Outcome::Failed { kind: "threshold", details: message.clone(), message };
        cases.push(Case::of_run("thresholds", outcome));
    }
    Suite { name: verdict.manifest.clone(), cases }
}

fn of_threshold(row: &VerdictRow) -> Case {
    let parts = [row.kind.as_deref().unwrap_or_default(), &row.resource, &row.metric, &row.limit];
    let mut name: String = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    if let Some(window) = &row.window {
        name.push_str(&format!(" ({window})"));
    }
    let why = || row.why.clone();
    let outcome = match row.judgement {
        Judgement::Passed => Outcome::Passed(String::new()),
        Judgement::Warned => Outcome::Passed(format!("warning: {}", row.why)),
        Judgement::Skipped => Outcome::Skipped(why()),
        Judgement::Failed => Outcome::Failed {
            kind: "threshold",
            message: why(),
            details: format!("{} at {}", row.why, row.place),
        },
    };
    let place = row.place.rsplit_once(':').map(|(file, line)| (file.to_owned(), line.to_owned()));
    Case { name, place, outcome }
}
