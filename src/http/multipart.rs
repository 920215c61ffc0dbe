//! Bodies of several parts, as forms with files send them (RFC 7578).

use super::upload::{Upload, UploadFile};
use bytes::Bytes;
use http::HeaderValue;
use std::hash::{BuildHasher, RandomState};

/// A body of type `multipart/form-data` that is being put together.
#[derive(Debug)]
pub struct Multipart {
    boundary: String,
    /// What is finished, up to the last file.
    upload: Upload,
    /// What comes after that.
    tail: Vec<u8>,
}

/// What a part holds.
#[derive(Clone, Debug)]
pub enum PartContent {
    /// These bytes.
    Bytes(Bytes),
    /// What is in a file.
    File(UploadFile),
}

/// One part.
#[derive(Clone, Debug)]
pub struct Part {
    /// Name of the form's field.
    pub name: String,
    /// Name of the file, as the server is told.
    pub file_name: Option<String>,
    /// Its `Content-Type`; none = it has none, and so is plain text (RFC 7578, section 4.4).
    pub content_type: Option<HeaderValue>,
    /// Its content.
    pub content: PartContent,
}

/// A finished body.
#[derive(Clone, Debug)]
pub enum Finished {
    /// It has no files: all of it.
    Bytes(Bytes),
    /// It has files.
    Upload(Upload),
}

impl Multipart {
    /// A body without parts, between which `boundary` stands.
    #[must_use]
    pub fn new(boundary: String) -> Self {
        Self { boundary, upload: Upload::default(), tail: Vec::new() }
    }

    /// A boundary that no content has in it: 128 bits that nobody knows beforehand.
    #[must_use]
    pub fn random_boundary() -> String {
        // The keys of a `RandomState` are random, and other ones each time.
        let state = RandomState::new();
        format!("katydid-{:016x}{:016x}", state.hash_one(0), state.hash_one(1))
    }

    /// Adds a part.
    pub fn push(&mut self, part: Part) {
        let Part { name, file_name, content_type, content } = part;
        let mut head = format!("--{}\r\nContent-Disposition: form-data; name=\"", self.boundary);
        push_escaped(&mut head, &name);
        if let Some(file_name) = file_name {
            head.push_str("\"; filename=\"");
            push_escaped(&mut head, &file_name);
        }
        head.push_str("\"\r\n");
        self.tail.extend_from_slice(head.as_bytes());
        if let Some(content_type) = content_type {
            self.tail.extend_from_slice(b"Content-Type: ");
            self.tail.extend_from_slice(content_type.as_bytes());
            self.tail.extend_from_slice(b"\r\n");
        }
        self.tail.extend_from_slice(b"\r\n");
        match content {
            PartContent::Bytes(bytes) => self.tail.extend_from_slice(&bytes),
            PartContent::File(file) => {
                self.flush();
                self.upload.push_file(file);
            }
        }
        self.tail.extend_from_slice(b"\r\n");
    }

    /// The whole body.
    #[must_use]
    pub fn finish(mut self) -> Finished {
        self.tail.extend_from_slice(format!("--{}--\r\n", self.boundary).as_bytes());
        if self.upload.is_empty() {
            return Finished::Bytes(Bytes::from(self.tail));
        }
        self.flush();
        Finished::Upload(self.upload)
    }

    fn flush(&mut self) {
        self.upload.push_bytes(Bytes::from(std::mem::take(&mut self.tail)));
    }
}

/// A name between quotes, escaped as browsers do it (HTML, section 4.10.21.8): in UTF-8, with `%22` for a quote.
fn push_escaped(out: &mut String, name: &str) {
    for letter in name.chars() {
        match letter {
            '"' => out.push_str("%22"),
            '\r' => out.push_str("%0D"),
            '\n' => out.push_str("%0A"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Finished, Multipart, Part, PartContent};
    use bytes::Bytes;
    use http::HeaderValue;
    use proptest::prelude::*;

    fn part(name: &str, file_name: Option<&str>, content_type: Option<&'static str>, content: &[u8]) -> Part {
        Part {
            name: name.to_owned(),
            file_name: file_name.map(str::to_owned),
            content_type: content_type.map(HeaderValue::from_static),
            content: PartContent::Bytes(Bytes::copy_from_slice(content)),
        }
    }

    fn finished(parts: impl IntoIterator<Item = Part>) -> Vec<u8> {
        let mut multipart = Multipart::new("BOUNDARY".to_owned());
        parts.into_iter().for_each(|part| multipart.push(part));
        match multipart.finish() {
            Finished::Bytes(bytes) => bytes.to_vec(),
            Finished::Upload(upload) => panic!("{upload:?} has no files"),
        }
    }

    #[test]
    fn parts_are_framed_and_named() {
        let body = finished([
            part("title", None, None, "kett\u{e9}".as_bytes()),
            part("a \"b\"\r\nc: d", Some("naïve \"x\".png"), Some("image/png"), b"\x89PNG"),
        ]);
        let text = String::from_utf8_lossy(&body).replace("\r\n", "\n");
        insta::assert_snapshot!(text, @r#"
        --BOUNDARY
        Content-Disposition: form-data; name="title"

        ketté
        --BOUNDARY
        Content-Disposition: form-data; name="a %22b%22%0D%0Ac: d"; filename="naïve %22x%22.png"
        Content-Type: image/png

        �PNG
        --BOUNDARY--
        "#);
        assert_eq!(finished([]), b"--BOUNDARY--\r\n");
    }

    #[test]
    fn boundaries_differ_and_are_as_long_as_they_may_be() {
        let (one, other) = (Multipart::random_boundary(), Multipart::random_boundary());
        assert_ne!(one, other);
        // RFC 2046, section 5.1.1: at most 70 characters.
        assert!(one.len() <= 70 && one.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'), "{one}");
    }

    /// A reader of such bodies that knows nothing of how they were made.
    fn parse(body: &[u8]) -> Vec<(String, Vec<u8>)> {
        let find = |text: &[u8], what: &[u8]| text.windows(what.len()).position(|window| window == what);
        let mut rest = body.strip_prefix(b"--BOUNDARY").expect("a boundary");
        let mut parts = Vec::new();
        while let Some(part) = rest.strip_prefix(b"\r\n") {
            let head = find(part, b"\r\n\r\n").expect("a head");
            let end = head + 4 + find(&part[head + 4..], b"\r\n--BOUNDARY").expect("an end");
            let name = String::from_utf8(part[..head].to_vec()).expect("text");
            parts.push((name, part[head + 4..end].to_vec()));
            rest = &part[end + "\r\n--BOUNDARY".len()..];
        }
        assert_eq!(rest, b"--\r\n");
        parts
    }

    proptest! {
        #[test]
        fn whatever_is_in_a_part_comes_out_of_it(
            parts in prop::collection::vec(("[^\\u{0}-\\u{1f}]{0,12}", prop::collection::vec(any::<u8>(), 0..60)), 0..5),
        ) {
            let body = finished(parts.iter().map(|(name, content)| part(name, None, None, content)));
            let read = parse(&body);
            prop_assert_eq!(read.len(), parts.len());
            for ((head, content), (name, expected)) in read.iter().zip(&parts) {
                prop_assert_eq!(content, expected);
                let name = name.replace('"', "%22");
                prop_assert_eq!(head, &format!("Content-Disposition: form-data; name=\"{name}\""));
            }
        }
    }
}
