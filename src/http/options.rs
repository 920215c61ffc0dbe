//! What a client does where a request does not say otherwise.

use super::fields::Fields;
use http::HeaderName;
use std::path::PathBuf;
use std::time::Duration;

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
    /// Whether connections are kept for the next request.
    pub keep_alive: bool,
    /// Longer bodies are refused, in bytes as transferred: a body is held in memory, and some never end.
    pub max_body: u64,
    /// Headers of every request that does not have them itself, sent in this order.
    pub headers: Fields,
    /// Cookies that a user has for its host when it starts.
    pub cookies: Vec<(String, String)>,
    /// Headers that are not sent, though they are by default, unless a request has them itself.
    pub omit: Vec<HeaderName>,
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
            keep_alive: true,
            max_body: 256 * 1024 * 1024,
            headers: Fields::new(),
            omit: Vec::new(),
            cookies: Vec::new(),
        }
    }
}
