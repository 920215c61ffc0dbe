//! The files that a run writes at its end: asked for, and found writable, before it.

use super::settings::RunSettings;
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
}

impl Outputs {
    /// Those that the settings name.
    ///
    /// # Errors
    ///
    /// A file that cannot be written: before the run, not after it.
    pub(super) fn open(settings: &RunSettings) -> Result<Self, Diagnostic> {
        let wanted = [(Form::Result, "--result", &settings.result)];
        let open = |(form, option, path): (Form, &str, &Option<PathBuf>)| {
            let path = path.as_ref()?;
            Some(Output::new(option, path).map(|output| (form, output)))
        };
        wanted.into_iter().filter_map(open).collect::<Result<_, _>>().map(Self)
    }

    /// Writes them all. What cannot be written is said, and the run is not lost for it.
    pub(super) fn write(&self, record: &Record) {
        for (form, output) in &self.0 {
            let written = match form {
                Form::Result => output.write(&record.to_bytes(output.path())),
            };
            if let Err(error) = written {
                tracing::warn!("{error}");
            }
        }
    }
}
