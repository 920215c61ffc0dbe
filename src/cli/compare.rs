//! `katydid compare`: two runs beside each other, or two sides of several.

use super::exit;
use super::outputs::{Outputs, one_for_stdout};
use super::settings::colours::NO_COLOR;
use super::settings::file_names::Names;
use super::settings::form::STDOUT;
use super::terminal::show;
use crate::report::{ComparisonSheet, Record, comparison_html, comparison_markdown, comparison_text};
use crate::util::Diagnostic;
use clap::{Arg, ArgAction, ArgMatches, Command};
use std::path::{Path, PathBuf};

const AFTER: &str = "\
BASE and NEW are files that `katydid run --result FILE` wrote; several runs on a side, as
repetitions: katydid compare main-*.json --with branch-*.json

Exit codes: 0 compared; 2 a file cannot be read or understood; with --fail-on-regression also 3
something is worse by more, and 4 a run is not valid.";

/// What `katydid compare` is to do.
#[derive(Clone, Debug, PartialEq)]
pub struct CompareSettings {
    /// Results of the one side.
    pub base: Vec<PathBuf>,
    /// Results of the other.
    pub new: Vec<PathBuf>,
    /// The share by which something may be worse, 0.05 for 5 %.
    pub fail_on_regression: Option<f64>,
    /// Runs that are not valid may be judged.
    pub allow_saturation: bool,
    /// Where the comparison goes in Markdown.
    pub markdown: Option<PathBuf>,
    /// Where it goes as a page.
    pub html: Option<PathBuf>,
    /// Where it goes as JSON.
    pub json: Option<PathBuf>,
}

/// The words of the verb.
pub(super) fn command() -> Command {
    let file =
        |name: &'static str, help: &'static str| Arg::new(name).long(name).value_name("FILE").help(help);
    Command::new("compare")
        .about("Show what changed between results, and what of it is more than noise")
        .args_override_self(true)
        .arg(
            Arg::new("RESULT")
                .required(true)
                .num_args(1..)
                .action(ArgAction::Append)
                .help("BASE and NEW; with --with, all of them BASE"),
        )
        .arg(
            Arg::new("with")
                .long("with")
                .value_name("NEW")
                .num_args(1..)
                .action(ArgAction::Append)
                .help("Results of the new side"),
        )
        .arg(
            Arg::new("fail-on-regression")
                .long("fail-on-regression")
                .value_name("PERCENT")
                .help("Exit code 3 if something is worse by more than this, as 5%, and by more than noise"),
        )
        .arg(
            Arg::new("allow-saturation")
                .long("allow-saturation")
                .action(ArgAction::SetTrue)
                .help("Judge runs too in which the generator could not keep up"),
        )
        .arg(file("markdown", "Write the comparison in Markdown, for a pull request; `-` is stdout"))
        .arg(file("html", "Write the comparison as a page"))
        .arg(file(
            "json",
            "Write the comparison for programs; `-` is stdout, and the text goes to stderr then",
        ))
        .arg(Arg::new(NO_COLOR).long(NO_COLOR).action(ArgAction::SetTrue).help("No colours"))
        .after_help(AFTER)
}

/// What the words say.
///
/// # Errors
///
/// A side without a result, and a limit that is no percentage.
pub(super) fn settings(matches: &ArgMatches) -> Result<CompareSettings, Diagnostic> {
    let files = |id: &str| -> Vec<PathBuf> {
        matches.get_many::<String>(id).into_iter().flatten().map(PathBuf::from).collect()
    };
    let file = |id: &str| matches.get_one::<String>(id).map(PathBuf::from);
    let (mut base, mut new) = (files("RESULT"), files("with"));
    if new.is_empty() {
        if base.len() != 2 {
            return Err(Diagnostic::error(format!(
                "two results are compared, and {} given",
                if base.len() == 1 { "1 is".to_owned() } else { format!("{} are", base.len()) }
            ))
            .help("name a base and a new one; with several on a side, write --with before the new ones"));
        }
        new.extend(base.pop());
    }
    let limit = matches.get_one::<String>("fail-on-regression").map(|text| percentage(text)).transpose();
    Ok(CompareSettings {
        base,
        new,
        fail_on_regression: limit
            .map_err(|reason| Diagnostic::error(format!("--fail-on-regression: {reason}")))?,
        allow_saturation: matches.get_flag("allow-saturation"),
        markdown: file("markdown"),
        html: file("html"),
        json: file("json"),
    })
}

/// Reads a percentage, with its sign or without, as a share.
fn percentage(text: &str) -> Result<f64, String> {
    let number = text.trim().trim_end_matches('%').trim_end();
    let percent = number.parse::<f64>().ok().filter(|percent| percent.is_finite() && *percent >= 0.0);
    percent
        .map(|percent| percent / 100.0)
        .ok_or_else(|| format!("`{text}` is not a percentage; write 5% or 2.5%"))
}

/// How a comparison is written.
type Form = fn(&ComparisonSheet) -> Vec<u8>;

/// Compares, prints and writes.
///
/// # Errors
///
/// A result that cannot be read, or a file that cannot be written.
pub(super) fn compare(settings: &CompareSettings) -> Result<u8, Vec<Diagnostic>> {
    let files = settings.files();
    one_for_stdout(files.iter().map(|(_, key, path)| (*key, *path))).map_err(|error| vec![error])?;
    if files.iter().any(|(.., path)| path.as_os_str() == STDOUT) {
        show::leave_stdout();
    }
    let (base, new) = (read(&settings.base)?, read(&settings.new)?);
    let names = Names::common(base.iter().chain(&new).map(|(_, record)| record));
    let mut named = Vec::new();
    for (form, key, path) in files {
        let path = names.fill(&format!("--{key}"), path).map_err(|error| vec![error])?;
        named.push((form, key, path));
    }
    let outputs = Outputs::open(named).map_err(|error| vec![error])?;
    let sheet = ComparisonSheet::new(&base, &new, settings.fail_on_regression);
    show::report(&comparison_text(&sheet, show::columns()));
    let errors = outputs.write(|form, _| form(&sheet));
    if errors.is_empty() { Ok(exit_code(&sheet, settings.allow_saturation)) } else { Err(errors) }
}

impl CompareSettings {
    /// What is written, by which option, and where to.
    fn files(&self) -> Vec<(Form, &'static str, &Path)> {
        let files: [(Form, _, &Option<PathBuf>); 3] = [
            (|sheet| comparison_markdown(sheet).into_bytes(), "markdown", &self.markdown),
            (|sheet| comparison_html(sheet).into_bytes(), "html", &self.html),
            (ComparisonSheet::to_json, "json", &self.json),
        ];
        let given = files.into_iter().filter_map(|(form, key, path)| Some((form, key, path.as_deref()?)));
        given.collect()
    }
}

/// Without a limit nobody asked for a judgement.
fn exit_code(sheet: &ComparisonSheet, allow_saturation: bool) -> u8 {
    if sheet.limit.is_none() {
        exit::PASSED
    } else if sheet.invalid().next().is_some() && !allow_saturation {
        exit::INVALID
    } else if sheet.regressions > 0 {
        exit::MISSED
    } else {
        exit::PASSED
    }
}

/// Reads results, with their names; all that cannot be read is said at once.
pub(super) fn read(files: &[PathBuf]) -> Result<Vec<(String, Record)>, Vec<Diagnostic>> {
    let (mut records, mut errors) = (Vec::new(), Vec::new());
    for path in files {
        match Record::read(path) {
            Ok(record) => records.push((name(path), record)),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(records) } else { Err(errors) }
}

fn name(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::percentage;
    use proptest::{prop_assert, proptest};

    #[test]
    fn percentages() {
        assert_eq!((percentage("5%"), percentage("2.5 %"), percentage("0")), (Ok(0.05), Ok(0.025), Ok(0.0)));
        for text in ["", "%", "five", "-1%", "NaN", "inf%"] {
            assert!(percentage(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,12}") {
            if let Ok(share) = percentage(&text) {
                prop_assert!(share >= 0.0 && share.is_finite());
            }
        }
    }
}
