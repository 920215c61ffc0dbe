//! Records in files: JSON, packed with zstd where the name ends so.

use super::{FORMAT, Record, VERSION};
use crate::util::{Diagnostic, Place};
use ruzstd::decoding::StreamingDecoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use serde::Deserialize;
use std::fs;
use std::io::Read;
use std::path::Path;

/// What zstd files begin with (RFC 8878, section 3.1.1).
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// What can be read of a file of any version.
#[derive(Deserialize)]
struct Head {
    format: String,
    version: u32,
    #[serde(default)]
    katydid: String,
}

impl Record {
    /// The bytes of the file of this name: packed where it ends in `.zst`.
    #[must_use]
    pub fn to_bytes(&self, name: &Path) -> Vec<u8> {
        let mut json = serde_json::to_vec(self).expect("every map in a record has text for keys");
        json.push(b'\n');
        let packed = name.extension().is_some_and(|extension| extension == "zst");
        if packed { compress_to_vec(&*json, CompressionLevel::Fastest) } else { json }
    }

    /// Whether bytes look like those of such a file, and not like those of a CSV.
    #[must_use]
    pub fn is_one(bytes: &[u8]) -> bool {
        bytes.starts_with(&ZSTD) || bytes.trim_ascii_start().starts_with(b"{")
    }

    /// Reads the file, whatever its name: packed ones are recognised.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is something else, or is of a version that this one does not know.
    pub fn read(path: &Path) -> Result<Self, Diagnostic> {
        let place = || Place::file(&path.to_string_lossy());
        let bytes = fs::read(path).map_err(|error| {
            Diagnostic::error(format!("cannot read the result: {error}"))
                .at(place())
                .help("name a file that `katydid run --result FILE` wrote")
        })?;
        Self::from_bytes(&bytes).map_err(|error| error.at(place()))
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    ///
    /// As [`Record::read`], without a place.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Diagnostic> {
        let help = "name a file that `katydid run --result FILE` wrote";
        let refuse = |reason: String| Diagnostic::error(reason).help(help);
        let unpacked = if bytes.starts_with(&ZSTD) {
            let broken =
                |error: &dyn std::fmt::Display| refuse(format!("the packed result is broken: {error}"));
            let mut json = Vec::new();
            let mut decoder = StreamingDecoder::new(bytes).map_err(|error| broken(&error))?;
            decoder.read_to_end(&mut json).map_err(|error| broken(&error))?;
            Some(json)
        } else {
            None
        };
        let json = unpacked.as_deref().unwrap_or(bytes);
        let head: Head = serde_json::from_slice(json).map_err(|error| {
            // Half of a file is a result all the same; anything else is something else.
            let what = if error.is_eof() && !json.is_empty() {
                "the result is not complete"
            } else {
                "this is no result"
            };
            refuse(format!("{what}: {error}"))
        })?;
        if head.format != FORMAT {
            return Err(refuse(format!(
                "this is no result: its format is `{}`, not `{FORMAT}`",
                head.format
            )));
        }
        if head.version != VERSION {
            return Err(Diagnostic::error(format!(
                "this result has the form {}, and this katydid reads the form {VERSION}",
                head.version
            ))
            .help(match &*head.katydid {
                "" => "read it with the katydid that wrote it".to_owned(),
                version => format!("read it with the katydid that wrote it, {version}"),
            }));
        }
        serde_json::from_slice(json).map_err(|error| refuse(format!("the result is broken: {error}")))
    }
}
