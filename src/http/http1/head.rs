//! The head of an answer: what must be known at once is read at once, the rest stays text until somebody asks.

use crate::http::error::TransportError;
use bytes::Bytes;
use http::Version;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use httparse::{EMPTY_HEADER, Header, Status};
use std::mem::MaybeUninit;

/// Larger heads are refused.
pub(in crate::http) const MAX_HEAD: usize = 256 * 1024;

/// More headers are refused.
pub(in crate::http) const MAX_HEADERS: usize = 1024;

/// How the end of a body is found (RFC 9112, section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Framing {
    /// There is none.
    None,
    /// After so many bytes.
    Length(u64),
    /// In chunks that say their lengths.
    Chunked,
    /// When the connection is closed.
    UntilClose,
}

/// The head of an answer.
#[derive(Clone, Debug)]
pub(in crate::http) struct Head {
    /// The version of HTTP that it came in.
    pub(in crate::http) version: Version,
    pub(in crate::http) status: u16,
    /// As sent, if it is not the standard one of the status.
    pub(in crate::http) reason: Option<Box<str>>,
    /// Bytes of the head, its last empty line included.
    pub(in crate::http) length: usize,
    pub(in crate::http) framing: Framing,
    /// Whether the connection can carry another request afterwards.
    pub(in crate::http) keep_alive: bool,
    pub(in crate::http) sets_cookies: bool,
    /// Whether the body has a `Content-Encoding`.
    pub(in crate::http) encoded: bool,
}

/// Reads a head from the start of `bytes`, the answer to a HEAD request if `to_head`; none as long as it is not
/// complete.
pub(in crate::http) fn parse(bytes: &[u8], to_head: bool) -> Result<Option<Head>, TransportError> {
    let head = with_headers(bytes, |answer, length| {
        let status = answer.code.unwrap_or_default();
        // Classes begin at 100 (RFC 9110, section 15); 0 would be taken for the status of no answer.
        if status < 100 {
            return Err(TransportError::MalformedResponse);
        }
        let standard = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        let reason = answer.reason.filter(|reason| Some(*reason) != standard);
        let mut facts = Facts::default();
        answer.headers.iter().try_for_each(|header| facts.note(header))?;
        let framing = facts.framing(status, to_head);
        Ok(Head {
            version: if answer.version == Some(0) { Version::HTTP_10 } else { Version::HTTP_11 },
            status,
            reason: reason.map(Into::into),
            length,
            framing,
            // After 101 it speaks something else.
            keep_alive: facts.keep_alive(answer.version == Some(1))
                && framing != Framing::UntilClose
                && status != 101,
            sets_cookies: facts.sets_cookies,
            encoded: facts.encoded,
        })
    })?;
    if head.is_none() && bytes.len() > MAX_HEAD {
        return Err(TransportError::ResponseHeadTooLarge);
    }
    Ok(head)
}

/// How many bytes of empty lines `bytes` begins with.
pub(in crate::http) fn empty_lines(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let Some(after) = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")) {
        rest = after;
    }
    bytes.len() - rest.len()
}

/// The headers of a head that was parsed before.
pub(in crate::http) fn headers(head: &Bytes) -> HeaderMap {
    let parsed = with_headers(head, |answer, _| {
        let mut map = HeaderMap::with_capacity(answer.headers.len());
        for header in answer.headers.iter() {
            // Names and values were accepted by the parser; what these types refuse beyond it nobody can ask for.
            if let (Ok(name), Ok(value)) =
                (HeaderName::from_bytes(header.name.as_bytes()), HeaderValue::from_bytes(header.value))
            {
                map.append(name, value);
            }
        }
        Ok(map)
    });
    parsed.ok().flatten().unwrap_or_default()
}

/// Parses with room for the usual number of headers, and for many when there are more.
fn with_headers<T>(
    bytes: &[u8],
    read: impl FnOnce(&httparse::Response<'_, '_>, usize) -> Result<T, TransportError>,
) -> Result<Option<T>, TransportError> {
    // Left unwritten until they are needed: filling them in would cost as much as parsing does.
    let mut few = [const { MaybeUninit::uninit() }; 32];
    let mut answer = httparse::Response::new(&mut []);
    let parser = httparse::ParserConfig::default();
    match parser.parse_response_with_uninit_headers(&mut answer, bytes, &mut few) {
        Ok(Status::Complete(length)) => return read(&answer, length).map(Some),
        Ok(Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => {}
        Err(_) => return Err(TransportError::MalformedResponse),
    }
    let mut many = vec![EMPTY_HEADER; MAX_HEADERS];
    let mut answer = httparse::Response::new(&mut many);
    match answer.parse(bytes) {
        Ok(Status::Complete(length)) => read(&answer, length).map(Some),
        Ok(Status::Partial) => Ok(None),
        Err(httparse::Error::TooManyHeaders) => Err(TransportError::ResponseHeadTooLarge),
        Err(_) => Err(TransportError::MalformedResponse),
    }
}

/// What the headers say about the body and the connection.
#[derive(Debug, Default)]
struct Facts {
    length: Option<u64>,
    /// There is a `Transfer-Encoding`; whether its last coding is `chunked`.
    coded: Option<bool>,
    close: bool,
    keep: bool,
    sets_cookies: bool,
    encoded: bool,
}

impl Facts {
    fn note(&mut self, header: &Header<'_>) -> Result<(), TransportError> {
        let name = header.name;
        // Told apart by length first: most headers are none of these.
        match name.len() {
            10 if name.eq_ignore_ascii_case("connection") => {
                for token in elements(header.value) {
                    self.close |= token.eq_ignore_ascii_case(b"close");
                    self.keep |= token.eq_ignore_ascii_case(b"keep-alive");
                }
            }
            10 if name.eq_ignore_ascii_case("set-cookie") => self.sets_cookies = true,
            14 if name.eq_ignore_ascii_case("content-length") => self.note_length(header.value)?,
            16 if name.eq_ignore_ascii_case("content-encoding") => self.encoded = true,
            17 if name.eq_ignore_ascii_case("transfer-encoding") => {
                let last = elements(header.value).last().unwrap_or_default();
                self.coded = Some(last.eq_ignore_ascii_case(b"chunked"));
            }
            _ => {}
        }
        Ok(())
    }

    /// Several equal lengths are one; anything else is not a length.
    fn note_length(&mut self, value: &[u8]) -> Result<(), TransportError> {
        for part in elements(value) {
            let length = decimal(part).ok_or(TransportError::MalformedResponse)?;
            if self.length.replace(length).is_some_and(|known| known != length) {
                return Err(TransportError::MalformedResponse);
            }
        }
        Ok(())
    }

    fn framing(&self, status: u16, to_head: bool) -> Framing {
        match (self.coded, self.length) {
            _ if to_head || matches!(status, 100..200 | 204 | 304) => Framing::None,
            (Some(true), _) => Framing::Chunked,
            (Some(false), _) => Framing::UntilClose,
            (None, Some(0)) => Framing::None,
            (None, Some(length)) => Framing::Length(length),
            (None, None) => Framing::UntilClose,
        }
    }

    fn keep_alive(&self, persistent: bool) -> bool {
        if persistent { !self.close } else { self.keep && !self.close }
    }
}

/// The elements of a comma-separated value (RFC 9110, section 5.6.1), empty ones too.
fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}

/// A number of nothing but digits.
fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::{Framing, headers, parse};
    use crate::http::TransportError;
    use bytes::Bytes;
    use proptest::prelude::*;

    fn framing(head: &str, to_head: bool) -> Result<(Framing, bool), TransportError> {
        let text = format!("{}\r\n\r\n", head.replace('\n', "\r\n"));
        parse(text.as_bytes(), to_head)
            .map(|head| head.map(|head| (head.framing, head.keep_alive)).expect("complete"))
    }

    #[test]
    fn the_end_of_a_body_is_found_as_the_standard_says() {
        for (head, expected) in [
            ("HTTP/1.1 200 OK\ncontent-length: 5", (Framing::Length(5), true)),
            ("HTTP/1.1 200 OK\nContent-Length: 0", (Framing::None, true)),
            ("HTTP/1.1 200 OK\ncontent-length: 5, 5\ncontent-length: 5", (Framing::Length(5), true)),
            (
                "HTTP/1.1 200 OK\ntransfer-encoding: gzip, Chunked\ncontent-length: 5",
                (Framing::Chunked, true),
            ),
            ("HTTP/1.1 200 OK\ntransfer-encoding: gzip", (Framing::UntilClose, false)),
            ("HTTP/1.1 200 OK", (Framing::UntilClose, false)),
            ("HTTP/1.1 204 No Content", (Framing::None, true)),
            ("HTTP/1.1 304 Not Modified\ncontent-length: 7", (Framing::None, true)),
            ("HTTP/1.1 200 OK\nconnection: x, Close\ncontent-length: 1", (Framing::Length(1), false)),
            ("HTTP/1.0 200 OK\ncontent-length: 1", (Framing::Length(1), false)),
            ("HTTP/1.0 200 OK\nconnection: keep-alive\ncontent-length: 1", (Framing::Length(1), true)),
        ] {
            assert_eq!(framing(head, false), Ok(expected), "{head}");
        }
        assert_eq!(framing("HTTP/1.1 200 OK\ncontent-length: 5", true), Ok((Framing::None, true)));
    }

    #[test]
    fn what_contradicts_itself_is_malformed() {
        for head in [
            "HTTP/1.1 200 OK\ncontent-length: 5\ncontent-length: 6",
            "HTTP/1.1 200 OK\ncontent-length: -5",
            "HTTP/1.1 200 OK\ncontent-length: five",
            "HTTP/1.1 200 OK\ncontent-length: 99999999999999999999999",
            "HTTP/1.1 200 OK\nno colon",
            "HTTP/1.1 000 None",
            "HTTP/1.1 099 Few",
            "SSH-2.0-OpenSSH",
        ] {
            assert_eq!(framing(head, false), Err(TransportError::MalformedResponse), "{head}");
        }
    }

    #[test]
    fn many_headers_are_read_and_too_many_refused() {
        let head = |count: usize| {
            let lines: String = (0..count).map(|number| format!("h{number}: {number}\r\n")).collect();
            format!("HTTP/1.1 200 Fine\r\n{lines}\r\n")
        };
        let parsed = parse(head(500).as_bytes(), false).expect("valid").expect("complete");
        assert_eq!(parsed.reason.as_deref(), Some("Fine"));
        assert_eq!(headers(&Bytes::from(head(500))).len(), 500);
        assert_eq!(parse(head(2000).as_bytes(), false).err(), Some(TransportError::ResponseHeadTooLarge));
        let endless = format!("HTTP/1.1 200 OK\r\nx: {}", "a".repeat(300_000));
        assert_eq!(parse(endless.as_bytes(), false).err(), Some(TransportError::ResponseHeadTooLarge));
    }

    proptest! {
        #[test]
        fn no_head_is_a_trap(bytes: Vec<u8>) {
            let _ = parse(&bytes, false);
            let _ = headers(&Bytes::from(bytes));
        }

        #[test]
        fn no_almost_valid_head_is_a_trap(text in "HTTP/1\\.[01] [0-9]{3} [ -~]{0,10}\r\n([a-z-]{1,20}: [ -~]{0,20}\r\n){0,5}\r\n") {
            let _ = parse(text.as_bytes(), false);
            let _ = headers(&Bytes::from(text));
        }
    }
}
