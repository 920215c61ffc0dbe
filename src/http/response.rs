//! The answer to a request, or why there is none.

use super::decode::{self, DecodeError};
use super::error::TransportError;
use super::http1::body::Plan;
use super::http1::head;
use super::options::MAX_BODY;
use super::url::Url;
use bytes::Bytes;
use http::header::SET_COOKIE;
use http::{HeaderMap, Version};
use std::cell::OnceCell;
use std::time::Duration;
use tokio::time::Instant;

/// How long each phase took. Their sum is the response time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// Looking up the name.
    pub dns: Duration,
    /// Opening the connection.
    pub connect: Duration,
    /// The TLS handshake.
    pub tls: Duration,
    /// Writing the request.
    pub send: Duration,
    /// Until the first byte of the answer.
    pub wait: Duration,
    /// From the first to the last byte of the answer.
    pub receive: Duration,
}

impl Timings {
    /// All phases together: the response time.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.dns + self.connect + self.tls + self.send + self.wait + self.receive
    }
}

/// Bytes on the wire, heads and framing included, of all hops; with TLS, before encryption.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WireBytes {
    /// Written.
    pub sent: u64,
    /// Read.
    pub received: u64,
}

/// A redirect that was followed.
#[derive(Clone, Debug)]
pub struct Hop {
    /// The status that redirected.
    pub status: u16,
    /// The url that was asked.
    pub url: Url,
    /// From the start of this request to the end of its answer.
    pub elapsed: Duration,
    /// The head of that answer, as it came.
    pub(super) head: Bytes,
}

impl Hop {
    /// The headers of the answer that redirected.
    #[must_use]
    pub fn headers(&self) -> HeaderMap {
        head::headers(&self.head)
    }
}

/// What came of a request. A failing server is an answer too.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status; 0 when there was no whole answer.
    pub status: u16,
    /// The version of HTTP that the answer came in; none without an answer.
    pub version: Option<Version>,
    /// The reason phrase that the server sent, if it is not the standard one.
    pub(super) reason: Option<Box<str>>,
    /// The head as it came; empty when there is none.
    pub(super) head: Bytes,
    /// The headers, once somebody has asked for them: most responses are judged by their status alone.
    pub(super) headers: OnceCell<HeaderMap>,
    /// Whether the body has a `Content-Encoding`.
    pub(super) encoded: bool,
    /// The body as transferred; empty where it was not kept.
    pub body: Bytes,
    /// Bytes of the body as transferred, kept or not.
    pub size: u64,
    /// What became of the body.
    pub(super) plan: Plan,
    /// What came behind a chunked body.
    pub(super) trailers: Option<Box<HeaderMap>>,
    /// Why there is no whole answer.
    pub error: Option<TransportError>,
    /// The url that gave the answer: the last one of a chain of redirects.
    pub url: Url,
    /// The redirects that were followed.
    pub history: Vec<Hop>,
    /// From the start of the request to the end of the answer.
    pub elapsed: Duration,
    /// The phases of that time.
    pub timings: Timings,
    /// What went over the wire.
    pub wire: WireBytes,
    /// When the answer ended.
    pub ended: Instant,
}

#[cfg(test)]
impl Response {
    /// A success without headers and body, for fake hosts, that was asked for at `begun` and ends now.
    pub(crate) fn empty(url: Url, begun: Instant) -> Self {
        let ended = Instant::now();
        Self {
            status: 200,
            version: Some(Version::HTTP_11),
            reason: None,
            head: Bytes::new(),
            headers: OnceCell::new(),
            encoded: false,
            body: Bytes::new(),
            size: 0,
            plan: Plan { keep: true, max: 0, pause: false },
            trailers: None,
            error: None,
            url,
            history: Vec::new(),
            elapsed: ended - begun,
            timings: Timings::default(),
            wire: WireBytes::default(),
            ended,
        }
    }
}

impl Response {
    /// The reason phrase: the server's, or the standard one of the status.
    #[must_use]
    pub fn reason(&self) -> &str {
        let standard =
            || http::StatusCode::from_u16(self.status).ok().and_then(|status| status.canonical_reason());
        self.reason.as_deref().or_else(standard).unwrap_or_default()
    }

    /// The headers of the answer; empty when there is none.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.headers.get_or_init(|| head::headers(&self.head))
    }

    /// Whether the body was kept, and can be read.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.plan.keep
    }

    /// The trailers: fields behind a chunked body (RFC 9110, section 6.5). None where none came.
    #[must_use]
    pub fn trailers(&self) -> Option<&HeaderMap> {
        self.trailers.as_deref()
    }

    /// The body, decoded by its `Content-Encoding`.
    ///
    /// # Errors
    ///
    /// When it was not kept, is not what the header says, or is larger than any reasonable body.
    pub fn decoded(&self) -> Result<Bytes, DecodeError> {
        if !self.plan.keep {
            return Err(DecodeError::NotKept);
        }
        if !self.encoded {
            return Ok(self.body.clone());
        }
        decode::decoded(self.headers(), &self.body, self.plan.max.max(MAX_BODY))
    }

    /// The body as text, by the charset of its `Content-Type`; what is not valid becomes U+FFFD.
    ///
    /// # Errors
    ///
    /// As [`Response::decoded`].
    pub fn text(&self) -> Result<String, DecodeError> {
        Ok(decode::text(self.headers(), &self.decoded()?))
    }

    /// Names and values of the cookies that this answer sets.
    #[must_use]
    pub fn cookies(&self) -> Vec<(String, String)> {
        let values = self.headers().get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
        values
            .filter_map(|text| text.split(';').next()?.split_once('='))
            .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
            .collect()
    }
}
