//! `katydid merge`: the results of one run from several generators, as one.

use super::compare::read;
use super::outputs::Outputs;
use super::settings::colours::NO_COLOR;
use super::settings::file_names::Names;
use super::settings::form::STDOUT;
use super::terminal::show;
use crate::report::Record;
use crate::report::console::run_report;
use crate::util::Diagnostic;
use clap::{Arg, ArgAction, ArgMatches, Command};
use std::path::PathBuf;

const AFTER: &str = "\
Times are aligned by the clocks of the generators, to the second. Thresholds are judged by
`katydid verify`. Exit codes: 0 merged; 2 a file cannot be read, understood or written.";

/// What `katydid merge` is to do.
#[derive(Clone, Debug, PartialEq)]
pub struct MergeSettings {
    /// The results of the generators.
    pub parts: Vec<PathBuf>,
    /// Where the result of all goes.
    pub result: PathBuf,
}

/// The words of the verb.
pub(super) fn command() -> Command {
    Command::new("merge")
        .about("Make one result of those of several generators in one run")
        .args_override_self(true)
        .arg(
            Arg::new("RESULT")
                .required(true)
                .num_args(1..)
                .action(ArgAction::Append)
                .help("What `katydid run --result FILE` wrote"),
        )
        .arg(
            Arg::new("result")
                .long("result")
                .value_name("FILE")
                .required(true)
                .help("Write the whole result there; packed where the name ends in .zst; `-` is stdout"),
        )
        .arg(Arg::new(NO_COLOR).long(NO_COLOR).action(ArgAction::SetTrue).help("No colours"))
        .after_help(AFTER)
}

/// What the words say.
pub(super) fn settings(matches: &ArgMatches) -> MergeSettings {
    let parts = matches.get_many::<String>("RESULT").into_iter().flatten();
    MergeSettings {
        parts: parts.map(PathBuf::from).collect(),
        result: matches.get_one::<String>("result").map(PathBuf::from).unwrap_or_default(),
    }
}

/// Merges, writes, and prints what a run of all generators together would have printed.
///
/// # Errors
///
/// A result that cannot be read, one that is given twice, or a file that cannot be written.
pub(super) fn merge(settings: &MergeSettings) -> Result<u8, Vec<Diagnostic>> {
    if settings.result.as_os_str() == STDOUT {
        show::leave_stdout();
    }
    let parts = read(&settings.parts)?;
    if let Some(error) = twice(&parts) {
        return Err(vec![error]);
    }
    let named: Vec<(&str, &Record)> = parts.iter().map(|(file, record)| (&**file, record)).collect();
    let doubts: Vec<Diagnostic> = Record::doubts(&named).into_iter().map(Diagnostic::warning).collect();
    show::diagnostics(&doubts);
    let records: Vec<&Record> = parts.iter().map(|(_, record)| record).collect();
    let Some(merged) = Record::merged(&records) else {
        return Err(vec![Diagnostic::error("no result is given")]);
    };
    let name = Names::of_record(&merged).fill("--result", &settings.result).map_err(|error| vec![error])?;
    let output = Outputs::open([((), "result", name)]).map_err(|error| vec![error])?;
    let errors = output.write(|(), name| merged.to_bytes(name));
    if !errors.is_empty() {
        return Err(errors);
    }
    show::report(&run_report(&merged, show::columns()));
    Ok(super::exit::PASSED)
}

/// The same run given twice would count twice.
fn twice(parts: &[(String, Record)]) -> Option<Diagnostic> {
    let same = parts.iter().enumerate().find_map(|(number, (file, record))| {
        let before = parts[..number].iter().find(|(_, other)| other == record);
        before.map(|(other, _)| (other, file))
    });
    same.map(|(one, other)| {
        Diagnostic::error(format!("{one} and {other} are the same result: all of it would count twice"))
            .help("name the result of each generator once")
    })
}
