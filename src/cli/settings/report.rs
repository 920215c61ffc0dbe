//! Which files are to be written about a run, at its end or from its result.

use super::args::Given;
use super::form::{Form, STDOUT};
use super::layers::{Environment, Layers};
use super::origin::{Origin, Origins};
use super::parse;
use crate::report::csv::CsvOptions;
use crate::report::html;
use crate::util::Diagnostic;
use std::path::PathBuf;
use std::time::Duration;

/// The files about a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSettings {
    /// How the names of the CSV files begin.
    pub csv: Option<String>,
    /// What stands in them. A full history only with `csv`.
    pub csv_options: CsvOptions,
    /// The others; at most one is `-`, stdout.
    pub forms: Vec<(Form, PathBuf)>,
}

/// What `katydid report` is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportSettings {
    /// The file with the result.
    pub result: PathBuf,
    /// What is written; nothing = the console's report is printed.
    pub files: FileSettings,
}

impl FileSettings {
    /// Those that somebody asks for.
    ///
    /// # Errors
    ///
    /// A value that cannot be read, and two reports for stdout.
    pub(super) fn resolve(layers: &mut Layers<'_>) -> Result<Self, Diagnostic> {
        let csv = layers.optional("csv", parse::text)?;
        let csv_options = CsvOptions {
            full_history: layers.switch("csv-full-history")?,
            integer_ms: layers.switch("csv-integer-ms")?,
        };
        let mut forms = Vec::new();
        for form in Form::ALL {
            forms.extend(layers.optional(form.key(), parse::text)?.map(|name| (form, name.into())));
        }
        let settings = Self { csv, csv_options, forms };
        let keys: Vec<String> = settings.to_stdout().map(|form| format!("--{}", form.key())).collect();
        if keys.len() > 1 {
            let message = format!("{} cannot all write to stdout", keys.join(" and "));
            return Err(Diagnostic::error(message).help("give all but one of them a file"));
        }
        Ok(settings)
    }

    /// # Errors
    ///
    /// A full history of no CSV files.
    pub(super) fn check(&self, origins: &Origins) -> Result<(), Diagnostic> {
        if !self.csv_options.full_history || self.csv.is_some() {
            return Ok(());
        }
        let origin = origins.of("csv-full-history");
        Err(match origin {
            Origin::File(_) => origin.refuse("csv-full-history", "this needs a csv prefix"),
            _ => origin.refuse("csv-full-history", "this needs --csv PREFIX"),
        })
    }

    /// The forms with their files in a run, whose users, spawn rate and run time may be in the name of its page.
    pub(in crate::cli) fn of_run(
        &self,
        users: usize,
        spawn_rate: f64,
        run_time: Option<Duration>,
    ) -> Vec<(Form, PathBuf)> {
        let named = |(form, name): &(Form, PathBuf)| match form {
            Form::Html => (*form, html::file_name(name, users, spawn_rate, run_time)),
            _ => (*form, name.clone()),
        };
        self.forms.iter().map(named).collect()
    }

    /// Whether nothing is to be written.
    pub(in crate::cli) fn is_empty(&self) -> bool {
        self.csv.is_none() && self.forms.is_empty()
    }

    /// Whether stdout belongs to one of them.
    pub(in crate::cli) fn take_stdout(&self) -> bool {
        self.to_stdout().next().is_some()
    }

    fn to_stdout(&self) -> impl Iterator<Item = Form> {
        self.forms.iter().filter(|(_, path)| path.as_os_str() == STDOUT).map(|(form, _)| *form)
    }
}

/// Resolves the settings of `katydid report`. Its flags are all that counts: variables and files say what runs are to
/// write, and a report must not overwrite that.
///
/// # Errors
///
/// As [`FileSettings::resolve`] and [`FileSettings::check`].
pub(super) fn resolve_report(given: &Given, result: String) -> Result<ReportSettings, Diagnostic> {
    let environment = Environment::new();
    let mut layers = Layers::of_flags(given, &environment);
    let files = FileSettings::resolve(&mut layers)?;
    files.check(&layers.into_origins())?;
    Ok(ReportSettings { result: result.into(), files })
}
