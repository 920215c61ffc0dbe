//! Which files are to be written about a run, at its end or from its result.

use super::args::Given;
use super::file_names::Names;
use super::form::{Form, STDOUT};
use super::layers::{Environment, Layers};
use super::origin::{Origin, Origins};
use super::parse;
use crate::cli::outputs::{Outputs, one_for_stdout};
use crate::report::csv::CsvOptions;
use crate::util::Diagnostic;
use std::path::{Path, PathBuf};

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
        one_for_stdout(settings.forms.iter().map(|(form, path)| (form.key(), path.as_path())))?;
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

    /// The same with what the names say of the run filled in.
    ///
    /// # Errors
    ///
    /// A name that says what is not known.
    pub(in crate::cli) fn named(&self, names: &Names) -> Result<Self, Diagnostic> {
        let csv = self.csv.as_ref().map(|prefix| names.fill("--csv", Path::new(prefix)));
        let csv = csv.transpose()?.map(|prefix| prefix.to_string_lossy().into_owned());
        let forms = self
            .forms
            .iter()
            .map(|(form, name)| names.fill(&format!("--{}", form.key()), name).map(|name| (*form, name)));
        Ok(Self { csv, csv_options: self.csv_options, forms: forms.collect::<Result<_, _>>()? })
    }

    /// Makes sure that the files, but for the CSV files, can be written.
    ///
    /// # Errors
    ///
    /// One of them cannot.
    pub(in crate::cli) fn open(&self) -> Result<Outputs<Form>, Diagnostic> {
        Outputs::open(self.forms.iter().map(|(form, path)| (*form, form.key(), path.clone())))
    }

    /// Whether nothing is to be written.
    pub(in crate::cli) fn is_empty(&self) -> bool {
        self.csv.is_none() && self.forms.is_empty()
    }

    /// Whether stdout belongs to one of them.
    pub(in crate::cli) fn take_stdout(&self) -> bool {
        self.forms.iter().any(|(_, path)| path.as_os_str() == STDOUT)
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
