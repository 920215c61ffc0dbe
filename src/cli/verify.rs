//! `katydid verify`: the verdict of manifests on what a run left behind.

use super::manifests::read_manifests;
use super::settings::VerifySettings;
use super::{exit, show};
use crate::manifest::{Evidence, PrintedStats, Verdict, evaluate};
use crate::report::console::verdict_table;
use crate::util::{Diagnostic, Place};

/// Judges and prints the verdicts as a run does; the exit code is that of a run of which nothing but they counts.
///
/// # Errors
///
/// A manifest, result or CSV that cannot be read or understood.
pub(super) fn verify(settings: &VerifySettings) -> Result<u8, Vec<Diagnostic>> {
    let read = read_manifests(&settings.manifests, settings.origins.of("manifest"));
    let (manifests, warnings) = read.map_err(|error| vec![error])?;
    show::diagnostics(&warnings);
    let name = settings.data.display().to_string();
    let bytes = std::fs::read(&settings.data).map_err(|error| vec![unreadable(&name, &error)])?;
    let (stats, warnings) =
        text(&name, &bytes).and_then(|text| PrintedStats::parse(&name, text)).map_err(|error| vec![error])?;
    show::diagnostics(&warnings);
    let evidence = Evidence::from(&stats);
    let verdicts: Vec<Verdict> =
        manifests.iter().map(|manifest| evaluate(manifest, evidence.clone())).collect();
    let tables: Vec<String> = verdicts.iter().map(verdict_table).collect();
    show::report(&tables.join("\n"));
    let kept = verdicts.iter().all(|verdict| verdict.passed);
    Ok(if kept { exit::PASSED } else { exit::MISSED })
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
