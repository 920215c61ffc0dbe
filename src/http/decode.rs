//! Bodies are kept as they came and decoded when somebody reads them.

use bytes::Bytes;
use encoding_rs::{Encoding, UTF_8};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use std::fmt;
use std::io::Read;

/// Why a body cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// An encoding that nobody asked for.
    UnknownEncoding(String),
    /// It is not what its header says.
    Malformed(&'static str),
    /// It grows beyond so many bytes: a few kilobytes can pretend to be gigabytes.
    TooLarge(u64),
    /// Nobody kept it.
    NotKept,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownEncoding(name) => write!(f, "unknown content encoding `{name}`"),
            Self::Malformed(name) => write!(f, "it is not valid {name}"),
            Self::TooLarge(most) => write!(f, "it is larger than {} MiB when decoded", most / 1024 / 1024),
            Self::NotKept => f.write_str("it was not kept"),
        }
    }
}

impl std::error::Error for DecodeError {}

/// Undoes the encodings of `Content-Encoding`, the last one first (RFC 9110, section 8.4); none of them may give more than
/// `most` bytes.
pub(super) fn decoded(headers: &HeaderMap, body: &Bytes, most: u64) -> Result<Bytes, DecodeError> {
    let mut body = body.clone();
    if body.is_empty() || !headers.contains_key(CONTENT_ENCODING) {
        return Ok(body);
    }
    let values = headers.get_all(CONTENT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let names: Vec<_> =
        values.flat_map(|value| value.split(',')).map(|name| name.trim().to_lowercase()).collect();
    for name in names.iter().rev() {
        body = match name.as_str() {
            "" | "identity" => body,
            "gzip" | "x-gzip" => read("gzip", flate2::read::MultiGzDecoder::new(&*body), most)?,
            "deflate" => inflate(&body, most)?,
            "br" => read("brotli", brotli_decompressor::Decompressor::new(&*body, 4096), most)?,
            "zstd" => {
                let decoder = ruzstd::decoding::StreamingDecoder::new(&*body);
                read("zstd", decoder.map_err(|_| DecodeError::Malformed("zstd"))?, most)?
            }
            unknown => return Err(DecodeError::UnknownEncoding(unknown.to_owned())),
        };
    }
    Ok(body)
}

/// Room for what most bodies decode to.
const FIRST_ROOM: usize = 16 * 1024;

/// `deflate` means the zlib format, but some servers send the bare stream.
fn inflate(body: &[u8], most: u64) -> Result<Bytes, DecodeError> {
    match read("deflate", flate2::read::ZlibDecoder::new(body), most) {
        Err(DecodeError::Malformed(_)) => read("deflate", flate2::read::DeflateDecoder::new(body), most),
        decoded => decoded,
    }
}

fn read(name: &'static str, mut decoder: impl Read, most: u64) -> Result<Bytes, DecodeError> {
    let mut decoded = Vec::new();
    loop {
        // Twice as much each time, but no more than is allowed: what a bomb may fill is not reserved twice.
        let room = most.saturating_add(1) - decoded.len() as u64;
        let double = decoded.len().max(FIRST_ROOM) as u64;
        let step = if room <= double + FIRST_ROOM as u64 { room } else { double };
        let reserved = usize::try_from(step).map(|step| decoded.try_reserve_exact(step));
        if !matches!(reserved, Ok(Ok(()))) {
            return Err(DecodeError::TooLarge(most));
        }
        match decoder.by_ref().take(step).read_to_end(&mut decoded) {
            Ok(_) if decoded.len() as u64 > most => return Err(DecodeError::TooLarge(most)),
            Ok(count) if (count as u64) < step => return Ok(Bytes::from(decoded)),
            Ok(_) => {}
            Err(_) => return Err(DecodeError::Malformed(name)),
        }
    }
}

/// Text by its byte order mark, or else by the charset of `Content-Type`, or else UTF-8, as browsers read it (the Encoding
/// Standard; Latin-1 there is windows-1252). The mark is left out, what is not valid becomes U+FFFD.
pub(super) fn text(headers: &HeaderMap, body: &[u8]) -> String {
    let encoding = charset(headers).and_then(|label| Encoding::for_label(label.as_bytes()));
    let (text, ..) = encoding.unwrap_or(UTF_8).decode(body);
    text.into_owned()
}

/// The parameter `charset` of `Content-Type` (RFC 9110, section 8.3.1).
fn charset(headers: &HeaderMap) -> Option<&str> {
    let content_type = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let mut parameters = content_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let (_, value) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    Some(value.trim().trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::{DecodeError, text};
    use crate::http::MAX_BODY;
    use bytes::Bytes;
    use http::HeaderMap;
    use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
    use proptest::prelude::*;
    use std::io::Write;

    fn decoded(headers: &HeaderMap, body: &Bytes) -> Result<Bytes, DecodeError> {
        super::decoded(headers, body, MAX_BODY)
    }

    fn encoded(encoding: &str) -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_ENCODING, encoding.parse().expect("a value"))])
    }

    fn gzip(body: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(body).expect("memory");
        encoder.finish().expect("memory")
    }

    #[test]
    fn encodings_are_undone_in_reverse_order() {
        let plain = b"hello hello hello".as_slice();
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        zlib.write_all(plain).expect("memory");
        let zlib = zlib.finish().expect("memory");
        let mut bare = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        bare.write_all(plain).expect("memory");
        let bare = bare.finish().expect("memory");
        let zstd = ruzstd::encoding::compress_to_vec(plain, ruzstd::encoding::CompressionLevel::Fastest);
        // `hello hello hello` by the reference encoder.
        let brotli =
            [27, 16, 0, 248, 141, 148, 110, 222, 68, 85, 134, 150, 108, 32, 111, 1, 79, 28, 96, 28].to_vec();
        for (encoding, body) in [
            ("gzip", gzip(plain)),
            ("deflate", zlib),
            ("deflate", bare),
            ("zstd", zstd),
            ("br", brotli),
            ("gzip, gzip", gzip(&gzip(plain))),
            ("identity", plain.to_vec()),
        ] {
            assert_eq!(decoded(&encoded(encoding), &Bytes::from(body)).as_deref(), Ok(plain), "{encoding}");
        }
    }

    #[test]
    fn what_is_not_what_it_says_is_refused() {
        let body = Bytes::from_static(b"plain");
        assert_eq!(decoded(&encoded("gzip"), &body), Err(DecodeError::Malformed("gzip")));
        assert_eq!(
            decoded(&encoded("snappy"), &body),
            Err(DecodeError::UnknownEncoding("snappy".to_owned()))
        );
        let bomb = gzip(&gzip(&vec![0; 300 * 1024 * 1024]));
        assert_eq!(decoded(&encoded("gzip, gzip"), &Bytes::from(bomb)), Err(DecodeError::TooLarge(MAX_BODY)));
    }

    #[test]
    fn a_charset_is_that_of_the_header_unless_a_mark_says_otherwise() {
        for (content_type, body, expected) in [
            ("text/html; charset=ISO-8859-1", &b"caf\xe9"[..], "café"),
            ("text/html; Charset=\"latin1\"", b"caf\xe9", "café"),
            ("text/plain; format=flowed; charset = windows-1252 ", b"\x80", "€"),
            ("text/plain; charset=utf-16", b"\xff\xfeh\0i\0", "hi"),
            ("text/plain; charset=utf-16", b"\xfe\xff\0h\0i", "hi"),
            ("text/plain; charset=utf-16be", b"\0h\0i", "hi"),
            ("text/plain; charset=shift_jis", b"\x83\x65\x83\x58\x83\x67", "テスト"),
            ("text/plain; charset=iso-8859-1", b"\xef\xbb\xbfgr\xc3\xbcn", "grün"),
            ("text/plain; charset=klingon", b"gr\xc3\xbcn", "grün"),
            ("text/plain; charset=", b"gr\xc3\xbcn", "grün"),
            ("application/json", b"caf\xe9", "caf\u{fffd}"),
        ] {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, content_type.parse().expect("a value"))]);
            assert_eq!(text(&headers, body), expected, "{content_type}");
        }
        assert_eq!(text(&HeaderMap::new(), b"caf\xe9"), "caf\u{fffd}");
    }

    proptest! {
        #[test]
        fn no_text_is_a_trap(body: Vec<u8>, content_type in "[ -~]{0,30}(charset=[ -~]{0,12})?") {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, content_type.parse().expect("a value"))]);
            let _ = text(&headers, &body);
        }

        #[test]
        fn no_body_is_a_trap(body: Vec<u8>, encoding in prop::sample::select(vec!["gzip", "deflate", "br", "zstd"])) {
            let _ = decoded(&encoded(encoding), &Bytes::from(body));
        }
    }
}
