//! The files that a run writes at its end: asked for, and found writable, before it.

use super::settings::RunSettings;
use crate::report::html::{self, html_report};
use crate::report::{Output, Record};
use crate::util::Diagnostic;
use std::path::PathBuf;

/// What is written, and where to.
pub(super) struct Outputs(Vec<(Form, Output)>);

/// What a file holds.
#[derive(Clone, Copy)]
enum Form {
    /// Everything.
    Result,
    /// The page.
    Html,
}

impl Outputs {
    /// Those that the settings name.
    ///
    /// # Errors
    ///
    /// A file that cannot be written: before the run, not after it.
    pub(super) fn open(settings: &RunSettings) -> Result<Self, Diagnostic> {
        let html = settings
            .html
            .as_ref()
            .map(|name| html::file_name(name, settings.users, settings.spawn_rate, settings.run_time));
        let wanted = [(Form::Result, "--result", settings.result.clone()), (Form::Html, "--html", html)];
        let open = |(form, option, path): (Form, &str, Option<PathBuf>)| {
            Some(Output::new(option, &path?).map(|output| (form, output)))
        };
        wanted.into_iter().filter_map(open).collect::<Result<_, _>>().map(Self)
    }

    /// Writes them all. What cannot be written is said, and the run is not lost for it.
    pub(super) fn write(&self, record: &Record) {
        for (form, output) in &self.0 {
            let written = match form {
                Form::Result => output.write(&record.to_bytes(output.path())),
                Form::Html => output.write(html_report(record).as_bytes()),
            };
            if let Err(error) = written {
                tracing::warn!("{error}");
            }
        }
    }
}
