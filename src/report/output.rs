//! Files that are written at the end of a run, when it is too late to ask for another name.

use crate::util::{Diagnostic, Place};
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

/// A file of which it is known, before the run, that it can be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The option that named it, as `--result`.
    option: String,
    path: PathBuf,
}

impl Output {
    /// Makes the folder of `path` and tries to write there; what stands in the file stays.
    ///
    /// # Errors
    ///
    /// The folder cannot be made, or the file cannot be written: before the run, not after it.
    pub fn new(option: &str, path: &Path) -> Result<Self, Diagnostic> {
        let output = Self { option: option.to_owned(), path: path.to_owned() };
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => output.cannot("make its folder", folder, &"it is a file"),
                _ => output.cannot("make its folder", folder, &error),
            })?;
        }
        try_writing(path).map_err(|error| output.cannot("write", path, &error))?;
        Ok(output)
    }

    /// The name that was given.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the file whole: whoever reads it meanwhile sees the old one or the new one.
    ///
    /// # Errors
    ///
    /// The file cannot be written; the old one stays.
    pub fn write(&self, bytes: &[u8]) -> Result<(), Diagnostic> {
        replace(&self.path, |file| file.write_all(bytes)).map_err(|error| self.failed(&error))
    }

    /// The message for a write that failed.
    pub(super) fn failed(&self, error: &io::Error) -> Diagnostic {
        self.cannot("write", &self.path, error)
    }

    fn cannot(&self, what: &str, path: &Path, why: &dyn fmt::Display) -> Diagnostic {
        let option = &self.option;
        Diagnostic::error(format!("{option}: cannot {what}: {why}"))
            .at(Place::file(&path.to_string_lossy()))
            .help(format!("give `{option}` a name in a folder that can be written to"))
    }
}

/// Whether [`replace`] will get as far as to write, as far as that can be known.
fn try_writing(path: &Path) -> io::Result<()> {
    match Target::of(path) {
        Target::Folder => Err(io::Error::other("it is a folder")),
        Target::Device => File::options().write(true).open(path).map(drop),
        // Its reader would take the end of a try for the end of it all.
        Target::Pipe => Ok(()),
        Target::File(path) => {
            let beside = beside(&path);
            File::create(&beside).and_then(|_| fs::remove_file(&beside))
        }
    }
}

/// Writes a file beside its place and moves it there; what is no file, as `/dev/stdout` or a pipe, is written as it is. On
/// an error nothing is left beside it.
///
/// # Errors
///
/// Those of the file system.
pub(super) fn replace(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let Target::File(path) = &Target::of(path) else {
        return File::options().write(true).open(path).and_then(|mut file| write(&mut file));
    };
    let beside = beside(path);
    let written = File::create(&beside).and_then(|mut file| write(&mut file));
    let moved = written.and_then(|()| fs::rename(&beside, path));
    if moved.is_err() {
        // What matters is the error that came first.
        let _ = fs::remove_file(&beside);
    }
    moved
}

/// What a name stands for.
enum Target {
    /// A file, there or not; where the name is a link, the file behind it, so that the link stays.
    File(PathBuf),
    Device,
    Pipe,
    Folder,
}

impl Target {
    fn of(path: &Path) -> Self {
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => Self::Folder,
            Ok(found) if found.file_type().is_fifo() => Self::Pipe,
            Ok(found) if !found.is_file() => Self::Device,
            _ => Self::File(fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())),
        }
    }
}

/// A name in the same folder, so that moving is one step.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".tmp");
    path.with_file_name(name)
}
