//! `katydid verify`: the verdict of manifests on what a run left behind.

use super::exit;
use super::manifests::read_manifests;
use super::settings::VerifySettings;
use super::terminal::show;
use crate::manifest::{Evidence, Manifest, PrintedStats, Verdict, evaluate};
use crate::report::console::{invalid_report, verdict_table};
use crate::report::{EndingCause, Record};
use crate::util::{Diagnostic, Place};

/// Judges and prints the verdicts as a run does. Of all that an exit code says of a run, this one says whether the run is
/// valid and whether thresholds were missed.
///
/// # Errors
///
/// A manifest, result or CSV that cannot be read or understood.
pub(super) fn verify(settings: &VerifySettings) -> Result<u8, Vec<Diagnostic>> {
    let read = read_manifests(&settings.manifests, settings.origins.of("manifest"));
    let (manifests, mut warnings) = read.map_err(|error| vec![error])?;
    let (data, more) = read_data(settings).map_err(|error| vec![error])?;
    warnings.extend(more);
    show::diagnostics(&warnings);
    let verdicts: Vec<Verdict> =
        manifests.iter().map(|manifest| evaluate(manifest, data.evidence())).collect();
    let tolerated = settings.allow_saturation || data.tolerates_saturation();
    let mut parts = vec![invalid_report(data.invalid(), tolerated)];
    parts.extend(data.is_cut().then(|| invalid_report(&["a second signal cut it"], false)));
    parts.extend(verdicts.iter().map(verdict_table));
    let objection = data.objection().filter(|_| manifests.iter().any(may_end_a_run));
    parts.extend(objection.map(|why| format!("The run was ended by a missed threshold: {why}\n")));
    parts.retain(|part| !part.is_empty());
    show::report(&parts.join("\n"));
    Ok(if data.is_cut() || (!data.invalid().is_empty() && !tolerated) {
        exit::INVALID
    // What ended the run may be kept again by its end.
    } else if objection.is_some() || verdicts.iter().any(|verdict| !verdict.passed) {
        exit::MISSED
    } else {
        exit::PASSED
    })
}

fn may_end_a_run(manifest: &Manifest) -> bool {
    manifest.thresholds.iter().any(|threshold| threshold.terms.abort.is_some())
}

/// What is judged.
enum Data {
    /// A run with everything that was counted.
    Run(Box<Record>),
    /// Printed rows.
    Csv(PrintedStats),
}

impl Data {
    fn evidence(&self) -> Evidence<'_> {
        match self {
            Self::Run(record) => Evidence::from(&record.run),
            Self::Csv(stats) => Evidence::from(stats),
        }
    }

    fn run(&self) -> Option<&Record> {
        match self {
            Self::Run(record) => Some(record),
            Self::Csv(_) => None,
        }
    }

    /// Why the run says nothing about the server.
    fn invalid(&self) -> &[String] {
        self.run().map_or(&[], |record| &record.invalid)
    }

    /// Whether a second signal cut the run.
    fn is_cut(&self) -> bool {
        self.run().is_some_and(|record| record.ending.cause == EndingCause::Cut)
    }

    /// Whether the run itself was to go on where the generator could not keep up.
    fn tolerates_saturation(&self) -> bool {
        self.run().is_some_and(|record| record.allow_saturation)
    }

    /// The threshold that ended the run.
    fn objection(&self) -> Option<&str> {
        let ending = &self.run()?.ending;
        (ending.cause == EndingCause::Threshold).then(|| ending.reason.as_deref().unwrap_or_default())
    }
}

/// Reads what is to be judged, with what the user should know about it.
fn read_data(settings: &VerifySettings) -> Result<(Data, Vec<Diagnostic>), Diagnostic> {
    let name = settings.data.display().to_string();
    let bytes = std::fs::read(&settings.data).map_err(|error| unreadable(&name, &error))?;
    if Record::is_one(&bytes) {
        let record = Record::from_bytes(&bytes).map_err(|error| error.at(Place::file(&name)))?;
        return Ok((Data::Run(Box::new(record)), Vec::new()));
    }
    let (stats, warnings) = PrintedStats::parse(&name, text(&name, &bytes)?)?;
    Ok((Data::Csv(stats), warnings))
}

fn unreadable(name: &str, error: &std::io::Error) -> Diagnostic {
    Diagnostic::error(format!("cannot read what is to be judged: {error}"))
        .at(Place::file(name))
        .help("name a result file or a `_stats.csv`, by its path from the working folder")
}

/// The bytes of a CSV as text.
fn text<'a>(name: &str, bytes: &'a [u8]) -> Result<&'a str, Diagnostic> {
    const UTF_16: [&[u8]; 2] = [b"\xFF\xFE", b"\xFE\xFF"];
    if UTF_16.iter().any(|mark| bytes.starts_with(mark)) {
        let error = Diagnostic::error("the CSV is UTF-16").at(Place::file(name));
        return Err(error.help("save it as UTF-8"));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        let column = before.lines().next_back().filter(|_| !before.ends_with('\n'));
        let column = column.map_or(0, |line| line.chars().count()) + 1;
        let line = before.matches('\n').count() + 1;
        let all = String::from_utf8_lossy(bytes);
        Diagnostic::error("the CSV is not UTF-8 here")
            .at(Place { width: 1, ..Place::in_text(name, &all, line, column) })
            .help("save it as UTF-8")
    })
}
