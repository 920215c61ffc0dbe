//! A request as bytes.

use super::options::ClientOptions;
use super::request::Request;
use http::Method;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, COOKIE, HOST, HeaderMap, HeaderName,
    TRANSFER_ENCODING, USER_AGENT,
};

/// What is sent where neither the request nor the client's options say otherwise.
const DEFAULTS: [(HeaderName, &str); 3] = [
    (USER_AGENT, concat!("katydid/", env!("CARGO_PKG_VERSION"))),
    (ACCEPT, "*/*"),
    (ACCEPT_ENCODING, "gzip, deflate, br, zstd"),
];

/// Writes the head of `request` to `out` (RFC 9112, sections 2 and 3).
///
/// A header of the request wins over the client's, and that over the defaults; names and values are valid by their
/// types, and so is the target.
pub(super) fn head(out: &mut Vec<u8>, request: &Request, options: &ClientOptions, cookies: Option<&str>) {
    let given = |name: &HeaderName| request.headers.contains_key(name) || options.headers.contains_key(name);
    out.extend_from_slice(request.method.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(request.url.path_and_query().as_bytes());
    out.extend_from_slice(b" HTTP/1.1\r\n");
    let plain = request.headers.is_empty() && options.headers.is_empty();
    if plain || !given(&HOST) {
        line(out, HOST.as_str(), request.url.origin().authority().as_bytes());
    }
    for (name, value) in &DEFAULTS {
        if plain || !given(name) {
            line(out, name.as_str(), value.as_bytes());
        }
    }
    if let Some(cookies) = cookies.filter(|_| !given(&COOKIE)) {
        line(out, COOKIE.as_str(), cookies.as_bytes());
    }
    if !plain {
        lines(out, &options.headers, |name| !request.headers.contains_key(name));
        lines(out, &request.headers, |_| true);
    }
    if !options.keep_alive && !given(&CONNECTION) {
        line(out, CONNECTION.as_str(), b"close");
    }
    if (!request.body.is_empty() || expects_body(&request.method))
        && !given(&CONTENT_LENGTH)
        && !given(&TRANSFER_ENCODING)
    {
        line(out, CONTENT_LENGTH.as_str(), request.body.len().to_string().as_bytes());
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

fn lines(out: &mut Vec<u8>, headers: &HeaderMap, wanted: impl Fn(&HeaderName) -> bool) {
    for (name, value) in headers {
        if wanted(name) {
            line(out, name.as_str(), value.as_bytes());
        }
    }
}
