//! What a client does where a request does not say otherwise.

use super::allowed::AllowedHosts;
use super::fields::Fields;
use super::net::proxy::{self, NoProxy, Proxy};
use super::url::Origin;
use super::versions::{HttpVersion, TlsVersion};
use http::HeaderName;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How many connections to one host a user has, unless the run says otherwise: what browsers do.
pub const MAX_CONNECTIONS: usize = 6;

/// How many connections a user keeps in all, unless the run says otherwise.
pub const MAX_IDLE_CONNECTIONS: usize = 24;

/// How long a body that is kept may be where nobody says anything else, in bytes as transferred; the same again bounds it
/// when it is decoded.
pub const MAX_BODY: u64 = 256 * 1024 * 1024;

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
    /// The only hosts that may be called; none = all. Redirects are held to it here; whoever sends a request asks
    /// [`Client::refusal`](super::Client::refusal) before.
    pub allowed_hosts: Option<AllowedHosts>,
    /// How many connections to one host a user keeps for later requests, and how many requests of a batch are on their
    /// way to it at a time; at least 1.
    pub max_connections: usize,
    /// How many connections a user keeps in all, at least 1. The one that was kept first is closed first.
    pub max_idle_connections: usize,
    /// What connections go through.
    pub proxy: Option<Arc<Proxy>>,
    /// The hosts that are reached without `proxy`.
    pub no_proxy: NoProxy,
    /// Whether bodies are kept, or only counted, unless the request says otherwise.
    pub keep_body: bool,
    /// Longer bodies are refused, in bytes as transferred. None = [`MAX_BODY`] for those that are kept, as they are held in
    /// memory and some never end; others may have any length.
    pub max_body: Option<u64>,
    /// Headers of every request that does not have them itself, sent in this order.
    pub headers: Fields,
    /// Headers that are not sent, though they are by default, unless a request has them itself.
    pub omit: Vec<HeaderName>,
    /// Cookies that a user has for its host when it starts.
    pub cookies: Vec<(String, String)>,
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
            allowed_hosts: None,
            max_connections: MAX_CONNECTIONS,
            max_idle_connections: MAX_IDLE_CONNECTIONS,
            proxy: None,
            no_proxy: NoProxy::default(),
            keep_body: true,
            max_body: None,
            headers: Fields::new(),
            omit: Vec::new(),
            cookies: Vec::new(),
        }
    }
}

impl ClientOptions {
    /// What connections to `origin` go through.
    pub(super) fn proxy_for(&self, origin: &Origin) -> Option<&Proxy> {
        proxy::proxy_for(self.proxy.as_deref(), &self.no_proxy, origin)
    }

    /// The name, with its port, that is looked up first for a connection to `origin`: its own, or that of its proxy. None
    /// if there is nothing to look up.
    #[must_use]
    pub fn first_name<'a>(&'a self, origin: &'a Origin) -> Option<(&'a str, u16)> {
        proxy::first_name(self.proxy_for(origin), origin)
    }
}
