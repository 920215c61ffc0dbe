//! `katydid verify`: the verdict of manifests on what a run left behind.

use super::exit::{self, Outcome, exit_code, explanation};
use super::manifests::read_manifests;
use super::outputs::Outputs;
use super::settings::VerifySettings;
use super::settings::file_names::Names;
use super::settings::form::Form;
use super::terminal::show;
use crate::manifest::{Manifest, PrintedStats, Verdict, evaluate};
use crate::report::console::{verdict_table, verify_report};
use crate::report::{CsvVerdict, EndingCause, Record};
use crate::util::{Diagnostic, Place};

/// Judges, prints the verdicts as a run does, and writes what is asked for. The exit code is the one that the run would have
/// had with these manifests.
///
/// # Errors
///
/// A manifest, result or CSV that cannot be read or understood, or a file that cannot be written.
pub(super) fn verify(settings: &VerifySettings) -> Result<u8, Vec<Diagnostic>> {
    if settings.files.take_stdout() {
        show::leave_stdout();
    }
    let read = read_manifests(&settings.manifests, settings.origins.of("manifest"));
    let (manifests, mut warnings) = read.map_err(|error| vec![error])?;
    let (data, more) = read_data(settings).map_err(|error| vec![error])?;
    warnings.extend(more);
    show::diagnostics(&warnings);
    match data {
        Data::Run(record) => verify_run(settings, &manifests, *record),
        Data::Csv(stats) => verify_csv(settings, &manifests, &stats),
    }
}

/// The run with the verdicts of these manifests instead of its own.
fn verify_run(
    settings: &VerifySettings,
    manifests: &[Manifest],
    mut record: Record,
) -> Result<u8, Vec<Diagnostic>> {
    let files = settings.files.named(&Names::of_record(&record)).map_err(|error| vec![error])?;
    let outputs = files.open().map_err(|error| vec![error])?;
    record.verdicts = manifests.iter().map(|manifest| evaluate(manifest, &record.run)).collect();
    record.allow_saturation |= settings.allow_saturation;
    record.exit_code_on_error = settings.exit_code_on_error.or(record.exit_code_on_error);
    let mut outcome = Outcome::of(&record);
    // A manifest that cannot end a run has nothing to do with the one that did.
    let ended = record.ending.cause == EndingCause::Threshold && manifests.iter().any(may_end_a_run);
    outcome.manifest_missed = ended || record.verdicts.iter().any(|verdict| !verdict.passed);
    // A hook that chose the code of a run knew nothing of what it is judged by later.
    outcome.chosen = outcome.chosen.filter(|_| !outcome.manifest_missed);
    record.exit_code = exit_code(&outcome);
    let judged = exit_code(&Outcome { exceptions: false, failed_requests: false, chosen: None, ..outcome });
    let besides = (record.exit_code != judged).then(|| explanation(&outcome));
    show::report(&verify_report(&record, ended, besides.as_deref()));
    finish(outputs.write(|form, name| form.render(&record, name)), record.exit_code)
}

fn may_end_a_run(manifest: &Manifest) -> bool {
    manifest.thresholds.iter().any(|threshold| threshold.terms.abort.is_some())
}

/// What printed rows say.
fn verify_csv(
    settings: &VerifySettings,
    manifests: &[Manifest],
    stats: &PrintedStats,
) -> Result<u8, Vec<Diagnostic>> {
    let file = settings.data.display().to_string();
    let names = Names::unknown("a CSV does not say it");
    let files = settings.files.named(&names).map_err(|error| vec![error])?;
    let mut forms = Vec::new();
    for (form, path) in &files.forms {
        let render = form.of_csv().ok_or_else(|| vec![no_page(*form, &file)])?;
        forms.push((render, form.key(), path.clone()));
    }
    let outputs = Outputs::open(forms).map_err(|error| vec![error])?;
    let verdicts: Vec<Verdict> = manifests.iter().map(|manifest| evaluate(manifest, stats)).collect();
    let missed = verdicts.iter().any(|verdict| !verdict.passed);
    let exit_code = if missed { exit::MISSED } else { exit::PASSED };
    show::report(&verdicts.iter().map(verdict_table).collect::<Vec<_>>().join("\n"));
    let verdict = CsvVerdict { file, verdicts, exit_code };
    finish(outputs.write(|render, _| render(&verdict).into_bytes()), exit_code)
}

fn no_page(form: Form, file: &str) -> Diagnostic {
    Diagnostic::error(format!("--{}: a CSV has neither times nor a course for a page", form.key()))
        .at(Place::file(file))
        .help("judge the result file of the run (`katydid run --result FILE`), or write --markdown")
}

/// A report that is missing in CI is no verdict.
fn finish(errors: Vec<Diagnostic>, exit_code: u8) -> Result<u8, Vec<Diagnostic>> {
    if errors.is_empty() { Ok(exit_code) } else { Err(errors) }
}

/// What is judged.
enum Data {
    /// A run with everything that was counted.
    Run(Box<Record>),
    /// Printed rows.
    Csv(PrintedStats),
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
