//! Bodies are kept as they came and decoded when somebody reads them.

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use std::fmt;
use std::io::{self, Read};

/// A body that is larger than this when decoded is refused: a few kilobytes can pretend to be gigabytes.
const MAX_DECODED: u64 = 256 * 1024 * 1024;

/// Why a body cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// An encoding that nobody asked for.
    UnknownEncoding(String),
    /// It is not what its header says.
    Malformed(&'static str),
    /// It grows beyond all bounds.
    TooLarge,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownEncoding(name) => write!(f, "unknown content encoding `{name}`"),
            Self::Malformed(name) => write!(f, "it is not valid {name}"),
            Self::TooLarge => write!(f, "it is larger than {} MiB when decoded", MAX_DECODED / 1024 / 1024),
        }
    }
}

impl std::error::Error for DecodeError {}

/// Undoes the encodings of `Content-Encoding`, the last one first (RFC 9110, section 8.4).
pub(super) fn decoded(headers: &HeaderMap, body: &Bytes) -> Result<Bytes, DecodeError> {
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
            "gzip" | "x-gzip" => read("gzip", flate2::read::MultiGzDecoder::new(&*body))?,
            "deflate" => inflate(&body)?,
            "br" => read("brotli", brotli_decompressor::Decompressor::new(&*body, 4096))?,
            "zstd" => {
                let decoder = ruzstd::decoding::StreamingDecoder::new(&*body);
                read("zstd", decoder.map_err(|_| DecodeError::Malformed("zstd"))?)?
            }
            unknown => return Err(DecodeError::UnknownEncoding(unknown.to_owned())),
        };
    }
    Ok(body)
}

/// `deflate` means the zlib format, but some servers send the bare stream.
fn inflate(body: &[u8]) -> Result<Bytes, DecodeError> {
    match read("deflate", flate2::read::ZlibDecoder::new(body)) {
        Err(DecodeError::Malformed(_)) => read("deflate", flate2::read::DeflateDecoder::new(body)),
        decoded => decoded,
    }
}

fn read(name: &'static str, decoder: impl Read) -> Result<Bytes, DecodeError> {
    let mut decoded = Vec::new();
    match decoder.take(MAX_DECODED + 1).read_to_end(&mut decoded) {
        Ok(_) if decoded.len() as u64 > MAX_DECODED => Err(DecodeError::TooLarge),
        Ok(_) => Ok(Bytes::from(decoded)),
        Err(error) if error.kind() == io::ErrorKind::OutOfMemory => Err(DecodeError::TooLarge),
        Err(_) => Err(DecodeError::Malformed(name)),
    }
}

/// Text by the charset of `Content-Type`: UTF-8, or Latin-1 where it says so.
pub(super) fn text(headers: &HeaderMap, body: &[u8]) -> String {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let content_type = content_type.to_ascii_lowercase();
    let latin = ["charset=iso-8859-1", "charset=latin1", "charset=\"iso-8859-1\""];
    if latin.iter().any(|charset| content_type.contains(charset)) {
        return body.iter().map(|byte| char::from(*byte)).collect();
    }
    String::from_utf8_lossy(body).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{DecodeError, decoded, text};
    use bytes::Bytes;
    use http::HeaderMap;
    use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
    use proptest::prelude::*;
    use std::io::Write;

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
        assert_eq!(decoded(&encoded("gzip, gzip"), &Bytes::from(bomb)), Err(DecodeError::TooLarge));
    }

    #[test]
    fn charsets() {
        let headers =
            HeaderMap::from_iter([(CONTENT_TYPE, "text/html; charset=ISO-8859-1".parse().expect("a value"))]);
        assert_eq!(text(&headers, b"caf\xe9"), "café");
        assert_eq!(text(&HeaderMap::new(), b"caf\xe9"), "caf\u{fffd}");
    }

    proptest! {
        #[test]
        fn no_body_is_a_trap(body: Vec<u8>, encoding in prop::sample::select(vec!["gzip", "deflate", "br", "zstd"])) {
            let _ = decoded(&encoded(encoding), &Bytes::from(body));
        }
    }
}
