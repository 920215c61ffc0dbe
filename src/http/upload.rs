//! Bodies that are sent from where they lie, piece by piece.

use super::error::TransportError;
use bytes::Bytes;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::rc::Rc;
use std::slice;

/// A body with files in it, which are never whole in memory: they are read while they are sent.
#[derive(Clone, Debug, Default)]
pub struct Upload {
    segments: Vec<Segment>,
    length: u64,
}

#[derive(Clone, Debug)]
enum Segment {
    Bytes(Bytes),
    File(UploadFile),
}

/// A file to be sent, with the length that it had when it was named: so many bytes are sent of it.
#[derive(Clone, Debug)]
pub struct UploadFile {
    path: Rc<Path>,
    length: u64,
}

impl UploadFile {
    /// Looks whether the file at `path` can be read, and how long it is. It is opened again to be sent: requests that wait for
    /// their turn hold no open files.
    ///
    /// # Errors
    ///
    /// When it cannot be opened, or is no file whose length is known.
    pub fn find(path: &Path) -> io::Result<Self> {
        let metadata = File::open(path)?.metadata()?;
        if metadata.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
        }
        if !metadata.is_file() {
            return Err(io::Error::other("it is no plain file, so its length is not known"));
        }
        Ok(Self { path: path.into(), length: metadata.len() })
    }
}

impl Upload {
    /// A body that is this file.
    #[must_use]
    pub fn of_file(file: UploadFile) -> Self {
        let mut upload = Self::default();
        upload.push_file(file);
        upload
    }

    /// Adds bytes.
    pub(super) fn push_bytes(&mut self, bytes: Bytes) {
        self.length += bytes.len() as u64;
        self.segments.push(Segment::Bytes(bytes));
    }

    /// Adds the content of a file.
    pub(super) fn push_file(&mut self, file: UploadFile) {
        self.length += file.length;
        self.segments.push(Segment::File(file));
    }

    /// Whether nothing was added.
    pub(super) fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// How many bytes are sent.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Its bytes, from the first one on.
    pub(super) fn pieces(&self) -> Pieces<'_> {
        Pieces { rest: self.segments.iter(), current: Current::Bytes(&[]) }
    }
}

/// A reading of an [`Upload`]. Each one opens the files anew: a redirect may ask for all of it again.
pub(super) struct Pieces<'a> {
    rest: slice::Iter<'a, Segment>,
    current: Current<'a>,
}

enum Current<'a> {
    Bytes(&'a [u8]),
    File { file: File, left: u64 },
}

impl Pieces<'_> {
    /// Appends the next bytes to `out`, `most` of them or else all that are left.
    ///
    /// # Errors
    ///
    /// When a file cannot be read any more, or has become shorter.
    pub(super) fn read(&mut self, out: &mut Vec<u8>, most: usize) -> Result<(), TransportError> {
        let full = out.len() + most;
        while out.len() < full {
            let room = full - out.len();
            match &mut self.current {
                Current::Bytes(bytes) if !bytes.is_empty() => {
                    let (now, later) = bytes.split_at(room.min(bytes.len()));
                    out.extend_from_slice(now);
                    *bytes = later;
                }
                Current::File { file, left } if *left > 0 => {
                    let wanted = (room as u64).min(*left);
                    let read = file.take(wanted).read_to_end(out);
                    let read = read.map_err(|error| TransportError::reading_body(&error))? as u64;
                    if read < wanted {
                        return Err(TransportError::BodyFileShorter);
                    }
                    *left -= read;
                }
                _ => match self.rest.next() {
                    Some(segment) => self.current = Current::open(segment)?,
                    None => return Ok(()),
                },
            }
        }
        Ok(())
    }
}

impl<'a> Current<'a> {
    fn open(segment: &'a Segment) -> Result<Self, TransportError> {
        match segment {
            Segment::Bytes(bytes) => Ok(Self::Bytes(bytes)),
            Segment::File(UploadFile { path, length }) => {
                let file = File::open(path).map_err(|error| TransportError::reading_body(&error))?;
                Ok(Self::File { file, left: *length })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Upload, UploadFile};
    use crate::http::TransportError;
    use bytes::Bytes;
    use proptest::prelude::*;

    /// All of it, in pieces of `most` bytes.
    fn read(upload: &Upload, most: usize) -> Result<Vec<u8>, TransportError> {
        let (mut whole, mut piece) = (Vec::new(), Vec::new());
        let mut pieces = upload.pieces();
        loop {
            piece.clear();
            pieces.read(&mut piece, most)?;
            assert!(piece.len() <= most);
            if piece.is_empty() {
                return Ok(whole);
            }
            whole.extend_from_slice(&piece);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn it_is_the_same_however_it_is_cut(
            segments in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..50)), 0..6),
            most in 1..70_usize,
        ) {
            let folder = tempfile::tempdir().expect("a folder");
            let (mut upload, mut expected) = (Upload::default(), Vec::new());
            for (index, (in_file, bytes)) in segments.into_iter().enumerate() {
                expected.extend_from_slice(&bytes);
                if in_file {
                    let path = folder.path().join(index.to_string());
                    std::fs::write(&path, bytes).expect("a file");
                    upload.push_file(UploadFile::find(&path).expect("a file"));
                } else {
                    upload.push_bytes(Bytes::from(bytes));
                }
            }
            prop_assert_eq!(upload.length(), expected.len() as u64);
            for _ in 0..2 {
                prop_assert_eq!(&read(&upload, most).expect("readable"), &expected);
            }
        }
    }

    #[test]
    fn a_file_that_changes_is_an_error_or_is_cut_where_it_ended() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        std::fs::write(&path, "0123456789").expect("a file");
        let upload = Upload::of_file(UploadFile::find(&path).expect("a file"));
        std::fs::write(&path, "0123456789 and more").expect("a file");
        assert_eq!(read(&upload, 4).expect("readable"), b"0123456789");
        std::fs::write(&path, "01234").expect("a file");
        assert_eq!(read(&upload, 4), Err(TransportError::BodyFileShorter));
        std::fs::remove_file(&path).expect("it was there");
        assert_eq!(read(&upload, 4), Err(TransportError::BodyFileUnreadable));
    }

    #[test]
    fn what_has_no_length_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(UploadFile::find(folder.path()).is_err());
        assert!(UploadFile::find(std::path::Path::new("/dev/null")).is_err());
        assert!(UploadFile::find(&folder.path().join("none")).is_err());
    }
}
