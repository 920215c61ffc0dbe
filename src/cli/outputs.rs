//! The files that are written at the end: asked for, and found writable, before it is known what will stand in them.

use super::settings::form::STDOUT;
use super::terminal::show;
use crate::report::Output;
use crate::util::Diagnostic;
use std::path::{Path, PathBuf};

/// What is written, and where to. `K` says what a file holds.
pub(super) struct Outputs<K>(Vec<(K, String, Target)>);

enum Target {
    File(Output),
    Stdout,
}

impl<K: Copy> Outputs<K> {
    /// Makes sure that these files can be written. Each has the key of the option that names it.
    ///
    /// # Errors
    ///
    /// One of them cannot.
    pub(super) fn open<'a>(
        files: impl IntoIterator<Item = (K, &'a str, PathBuf)>,
    ) -> Result<Self, Diagnostic> {
        let open = |(kind, key, path): (K, &str, PathBuf)| {
            let option = format!("--{key}");
            if path.as_os_str() == STDOUT {
                return Ok((kind, option, Target::Stdout));
            }
            Output::new(&option, &path).map(|output| (kind, option, Target::File(output)))
        };
        files.into_iter().map(open).collect::<Result<_, _>>().map(Self)
    }

    /// Writes them all, as `render` has each under its name. What could not be written is told, and keeps the others from
    /// nothing.
    pub(super) fn write(&self, render: impl Fn(K, &Path) -> Vec<u8>) -> Vec<Diagnostic> {
        let written = self.0.iter().map(|(kind, option, target)| match target {
            Target::File(output) => output.write(&render(*kind, output.path())),
            Target::Stdout => show::output(&render(*kind, Path::new(STDOUT)))
                .map_err(|error| Diagnostic::error(format!("{option}: cannot write to stdout: {error}"))),
        });
        written.filter_map(Result::err).collect()
    }
}

/// Makes sure that at most one of these options, by their keys, has stdout.
///
/// # Errors
///
/// Several of them.
pub(super) fn one_for_stdout<'a>(
    files: impl IntoIterator<Item = (&'a str, &'a Path)>,
) -> Result<(), Diagnostic> {
    let keys = files.into_iter().filter(|(_, path)| path.as_os_str() == STDOUT);
    let keys: Vec<String> = keys.map(|(key, _)| format!("--{key}")).collect();
    if keys.len() > 1 {
        let message = format!("{} cannot all write to stdout", keys.join(" and "));
        return Err(Diagnostic::error(message).help("give all but one of them a file"));
    }
    Ok(())
}
