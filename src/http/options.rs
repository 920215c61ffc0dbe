//! What a client does where a request does not say otherwise.

use http::HeaderMap;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// Which versions of HTTP a client speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HttpVersion {
    /// HTTP/2 where TLS and the server offer it (ALPN, RFC 7301), otherwise HTTP/1.1.
    #[default]
    Auto,
    /// HTTP/1.1 only.
    Http1,
    /// HTTP/2 only; without TLS with prior knowledge (RFC 9113, section 3.3).
    Http2,
}

impl FromStr for HttpVersion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "1.1" => Ok(Self::Http1),
            "2" => Ok(Self::Http2),
            _ => Err(format!("`{text}` is none of auto, 1.1 and 2")),
        }
    }
}

/// The oldest version of TLS that a client accepts. Older ones than 1.2 are broken, and not spoken at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5246).
    #[default]
    Tls12,
    /// TLS 1.3 (RFC 8446).
    Tls13,
}

impl FromStr for TlsVersion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "1.2" => Ok(Self::Tls12),
            "1.3" => Ok(Self::Tls13),
            _ => Err(format!("`{text}` is neither 1.2 nor 1.3")),
        }
    }
}

/// Options of the client of one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientOptions {
    /// From the start of a request to the end of its answer, redirects included.
    pub timeout: Duration,
    /// For each attempt to connect, handshake included; none = only `timeout` bounds it.
    pub connect_timeout: Option<Duration>,
    /// Whether redirects are followed. HEAD requests follow only when the request itself asks for it.
    pub allow_redirects: bool,
    /// How many redirects a request may follow.
    pub max_redirects: usize,
    /// Whether certificates are verified.
    pub verify: bool,
    /// A PEM file of certificates to trust besides the system's.
    pub ca: Option<PathBuf>,
    /// A PEM file with the client's own certificate and those that prove it.
    pub cert: Option<PathBuf>,
    /// A PEM file with the key of `cert`; none = it is in the file of `cert`.
    pub key: Option<PathBuf>,
    /// The oldest version of TLS that is accepted.
    pub tls_min: TlsVersion,
    /// Whether a user takes up a TLS session that it had with a server when it connects again.
    pub tls_resumption: bool,
    /// Which versions of HTTP are spoken.
    pub http_version: HttpVersion,
    /// Whether connections are kept for the next request.
    pub keep_alive: bool,
    /// Longer bodies are refused, in bytes as transferred: a body is held in memory, and some never end.
    pub max_body: u64,
    /// Headers of every request that does not have them itself.
    pub headers: HeaderMap,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(60),
            connect_timeout: None,
            allow_redirects: true,
            max_redirects: 30,
            verify: true,
            ca: None,
            cert: None,
            key: None,
            tls_min: TlsVersion::default(),
            tls_resumption: true,
            http_version: HttpVersion::default(),
            keep_alive: true,
            max_body: 256 * 1024 * 1024,
            headers: HeaderMap::new(),
        }
    }
}
