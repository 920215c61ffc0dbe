//! The files about a run: asked for, and found writable, before it is known what will stand in them.

use super::settings::form::{Form, STDOUT};
use super::terminal::show;
use crate::report::{Output, Record};
use crate::util::Diagnostic;
use std::path::{Path, PathBuf};

/// What is written, and where to.
pub(super) struct Outputs(Vec<(Form, Target)>);

enum Target {
    File(Output),
    Stdout,
}

impl Outputs {
    /// Makes sure that these files can be written.
    ///
    /// # Errors
    ///
    /// One of them cannot.
    pub(super) fn open(files: &[(Form, PathBuf)]) -> Result<Self, Diagnostic> {
        let open = |(form, path): &(Form, PathBuf)| {
            if path.as_os_str() == STDOUT {
                return Ok((*form, Target::Stdout));
            }
            Output::new(&format!("--{}", form.key()), path).map(|output| (*form, Target::File(output)))
        };
        files.iter().map(open).collect::<Result<_, _>>().map(Self)
    }

    /// Writes them all. What could not be written is told, and keeps the others from nothing.
    pub(super) fn write(&self, record: &Record) -> Vec<Diagnostic> {
        let written = self.0.iter().map(|(form, target)| match target {
            Target::File(output) => output.write(&form.render(record, output.path())),
            Target::Stdout => show::output(&form.render(record, Path::new(STDOUT))).map_err(|error| {
                Diagnostic::error(format!("--{}: cannot write to stdout: {error}", form.key()))
            }),
        });
        written.filter_map(Result::err).collect()
    }
}
