//! A request as bytes.

use crate::http::net::proxy::Proxy;
use crate::http::options::ClientOptions;
use crate::http::request::Request;
use http::Method;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, COOKIE, HOST, HeaderName,
    HeaderValue, PROXY_AUTHORIZATION, TRANSFER_ENCODING, USER_AGENT,
};
use std::io::Write;

/// What is sent where neither the request nor the client's options say otherwise.
const DEFAULTS: [(HeaderName, &str); 3] = [
    (USER_AGENT, concat!("katydid/", env!("CARGO_PKG_VERSION"))),
    (ACCEPT, "*/*"),
    (ACCEPT_ENCODING, "gzip, deflate, br, zstd"),
];

/// Headers that are meant for one host alone.
pub(in crate::http) const FOR_ONE_HOST: [HeaderName; 4] = [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE, HOST];

/// Which headers a request has. One of its own wins over the client's, that over the defaults.
pub(in crate::http) struct Headers<'a> {
    request: &'a Request,
    options: &'a ClientOptions,
    /// A redirect led away from the host that the request was for.
    astray: bool,
}

impl<'a> Headers<'a> {
    /// The headers of `request`, sent by a client with `options`; `astray` after a redirect to another origin.
    pub(in crate::http) fn new(request: &'a Request, options: &'a ClientOptions, astray: bool) -> Self {
        Self { request, options, astray }
    }

    /// Whether there are only the defaults.
    fn is_plain(&self) -> bool {
        let Self { request, options, .. } = self;
        request.headers.is_empty()
            && options.headers.is_empty()
            && request.omit.is_empty()
            && options.omit.is_empty()
    }

    fn omits(&self, name: &HeaderName) -> bool {
        self.request.omit.contains(name)
            || self.options.omit.contains(name) && !self.request.headers.contains(name)
    }

    /// Whether the client's header of this name is sent.
    fn inherits(&self, name: &HeaderName) -> bool {
        !(self.request.headers.contains(name)
            || self.omits(name)
            || self.astray && FOR_ONE_HOST.contains(name))
    }

    /// The values that the request, or else the client, has for this name.
    pub(in crate::http) fn own(&self, name: &HeaderName) -> impl Iterator<Item = &'a HeaderValue> + use<'a> {
        let fields = if self.inherits(name) { &self.options.headers } else { &self.request.headers };
        let name = name.clone();
        fields.iter().filter(move |(known, _)| **known == name).map(|(_, value)| value)
    }

    /// Whether a header that is added by itself is left out, because there is one or because nobody wants it.
    fn settles(&self, name: &HeaderName) -> bool {
        self.omits(name) || self.own(name).next().is_some()
    }

    /// Whether the cookies of the jar are sent.
    pub(in crate::http) fn wants_cookies(&self) -> bool {
        !self.omits(&COOKIE)
    }

    /// All but `Host`, what frames the body, and `Cookie` if that is written already.
    fn write(&self, out: &mut Vec<u8>, with_cookies: bool) {
        let ours = |name: &HeaderName| {
            matches!(*name, HOST | CONTENT_LENGTH | TRANSFER_ENCODING) || (with_cookies && *name == COOKIE)
        };
        let inherited = self.options.headers.iter().filter(|(name, _)| self.inherits(name));
        for (name, value) in inherited.chain(self.request.headers.iter()).filter(|(name, _)| !ours(name)) {
            line(out, name.as_str(), value.as_bytes());
        }
    }
}

/// Writes the head of a request to `out` (RFC 9112, sections 2 and 3); `cookies` is the whole `Cookie` line, if the jar
/// has a part in it.
///
/// Names and values are valid by their types, and so is the target. The length of the body is always said as it is.
///
/// A proxy that forwards requests is told the whole url, and who asks (RFC 9112, section 3.2.2).
pub(in crate::http) fn head(
    out: &mut Vec<u8>,
    headers: &Headers<'_>,
    proxy: Option<&Proxy>,
    keep_alive: bool,
    cookies: Option<&[u8]>,
) {
    let request = headers.request;
    let origin = request.url.origin();
    out.extend_from_slice(request.method.as_str().as_bytes());
    out.push(b' ');
    if proxy.is_some() {
        out.extend_from_slice(b"http://");
        out.extend_from_slice(origin.authority().as_bytes());
    }
    out.extend_from_slice(request.url.path_and_query().as_bytes());
    out.extend_from_slice(b" HTTP/1.1\r\n");
    let plain = headers.is_plain();
    if plain {
        out.extend_from_slice(origin.usual_lines(|lines| {
            line(lines, HOST.as_str(), origin.authority().as_bytes());
            DEFAULTS.iter().for_each(|(name, value)| line(lines, name.as_str(), value.as_bytes()));
        }));
    } else {
        if !headers.omits(&HOST) {
            let own = headers.own(&HOST).next();
            line(out, HOST.as_str(), own.unwrap_or(origin.authority()).as_bytes());
        }
        for (name, value) in DEFAULTS.iter().filter(|(name, _)| !headers.settles(name)) {
            line(out, name.as_str(), value.as_bytes());
        }
    }
    if let Some(credentials) = origin.credentials().filter(|_| !headers.settles(&AUTHORIZATION)) {
        line(out, AUTHORIZATION.as_str(), credentials.as_bytes());
    }
    if let Some(credentials) = proxy.and_then(Proxy::authorization)
        && !headers.settles(&PROXY_AUTHORIZATION)
    {
        line(out, PROXY_AUTHORIZATION.as_str(), credentials.as_bytes());
    }
    if let Some(cookies) = cookies {
        line(out, COOKIE.as_str(), cookies);
    }
    if !plain {
        headers.write(out, cookies.is_some());
    }
    if !keep_alive && !headers.settles(&CONNECTION) {
        line(out, CONNECTION.as_str(), b"close");
    }
    let length = request.body_length();
    if length > 0 || expects_body(&request.method) {
        let _ = write!(out, "content-length: {length}\r\n");
    }
    out.extend_from_slice(b"\r\n");
}

/// A request of these methods says the length of its body even when it has none (RFC 9110, section 8.6).
fn expects_body(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

fn line(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}
