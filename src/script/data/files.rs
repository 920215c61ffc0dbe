//! Data files, each read once per process and shared by all shards.

use super::csv_table::{CsvOptions, CsvTable};
use super::cursor::Cursor;
use super::documents::Documents;
use super::rows::{Content, Table};
use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

/// How a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::script) enum Reading {
    /// `data::csv`
    Csv(CsvOptions),
    /// `data::json`
    Json,
    /// `data::ndjson`
    JsonLines,
    /// `data::lines`
    Lines,
    /// `data::text`
    Text,
}

/// What a file gave.
#[derive(Clone, Debug)]
pub(in crate::script) enum Loaded {
    /// Rows, documents or lines.
    Table(Arc<Table>),
    /// The whole text.
    Text(Arc<str>),
}

/// The two ways to go through a file's rows, one of each per file.
#[derive(Debug, Default)]
pub(in crate::script) struct Cursors {
    /// `.next()`
    pub(in crate::script) next: Cursor,
    /// `.unique()`
    pub(in crate::script) unique: Cursor,
}

/// The files loaded so far.
#[derive(Default)]
pub(in crate::script) struct Files(RwLock<Known>);

#[derive(Default)]
struct Known {
    /// By the path as the script wrote it.
    loaded: HashMap<String, Vec<(Reading, Loaded)>>,
    /// By the real path, so that two spellings of a path share one cursor.
    cursors: HashMap<PathBuf, Arc<Cursors>>,
}

impl Known {
    fn find(&self, path: &str, reading: Reading) -> Option<Loaded> {
        let loaded = self.loaded.get(path)?;
        loaded.iter().find(|(known, _)| *known == reading).map(|(_, loaded)| loaded.clone())
    }
}

impl Files {
    /// The file at `path`, relative to `folder`; from memory if it was read before. Other shards that want it meanwhile
    /// wait, so that it is read once.
    ///
    /// # Errors
    ///
    /// A sentence that begins with the path.
    pub(in crate::script) fn load(
        &self,
        folder: &Path,
        path: &str,
        reading: Reading,
    ) -> Result<Loaded, String> {
        if let Some(loaded) = self.0.read().unwrap_or_else(PoisonError::into_inner).find(path, reading) {
            return Ok(loaded);
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(loaded) = known.find(path, reading) {
            return Ok(loaded);
        }
        let loaded = known.read(folder, path, reading)?;
        known.loaded.entry(path.to_owned()).or_default().push((reading, loaded.clone()));
        Ok(loaded)
    }
}

impl Known {
    fn read(&mut self, folder: &Path, path: &str, reading: Reading) -> Result<Loaded, String> {
        let place = folder.join(path);
        let file = open(&place, path, folder)?;
        let content = match read_content(file, reading).map_err(|error| format!("{path}: {error}"))? {
            Found::Rows(content) => content,
            Found::Text(text) => return Ok(Loaded::Text(text.into())),
        };
        let real = place.canonicalize().unwrap_or(place);
        let cursors = self.cursors.entry(real).or_default().clone();
        Ok(Loaded::Table(Arc::new(Table { name: path.to_owned(), content, cursors })))
    }
}

/// The file at `place`, which the script calls `path`.
fn open(place: &Path, path: &str, folder: &Path) -> Result<File, String> {
    File::open(place).map_err(|error| cannot_read(path, folder, &error))
}

/// What is said of a file that cannot be read; the script calls it `path`, and it was looked for in `folder`.
pub(in crate::script) fn cannot_read(path: &str, folder: &Path, error: &std::io::Error) -> String {
    let hint = match error.kind() {
        std::io::ErrorKind::NotFound => {
            let here = folder.as_os_str().is_empty();
            let folder = if here { String::new() } else { format!(", {}", folder.display()) };
            format!("; paths are relative to the script's folder{folder}")
        }
        _ => String::new(),
    };
    format!("cannot read {path}: {error}{hint}")
}

/// What a file turns out to hold.
enum Found {
    Rows(Content),
    Text(String),
}

/// The content of `file` as `reading` wants it; a JSON document that is no array stays text.
fn read_content(file: File, reading: Reading) -> Result<Found, String> {
    let size = file.metadata().map_err(|error| error.to_string())?.len();
    if size >= u64::from(u32::MAX) {
        return Err("the file has 4 GiB or more; cut it into parts".to_owned());
    }
    let size = usize::try_from(size).expect("less than 4 GiB");
    if let Reading::Csv(options) = reading {
        return Ok(Found::Rows(Content::Csv(CsvTable::read(file, size, options)?)));
    }
    let text = read_text(file, size)?;
    match reading {
        Reading::JsonLines => Documents::of_json_lines(text).map(documents),
        Reading::Lines => Ok(documents(Documents::of_lines(text))),
        Reading::Json if text.trim_start().starts_with('[') => Documents::of_array(text).map(documents),
        Reading::Json => match super::json::to_dynamic(text.as_bytes()) {
            Ok(_) => Ok(Found::Text(text)),
            Err(error) => Err(error.to_string()),
        },
        Reading::Text | Reading::Csv(_) => Ok(Found::Text(text)),
    }
}

fn documents(documents: Documents) -> Found {
    Found::Rows(Content::Documents(documents))
}

/// All of `file` as text, without a byte order mark.
fn read_text(mut file: File, size: usize) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(size);
    file.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    let mut text = String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        format!("line {line}: the text is not UTF-8; save the file as UTF-8")
    })?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

/// Which files there are, not what is in them.
impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        f.debug_list().entries(known.loaded.keys()).finish()
    }
}
