//! Redirects: where they lead and what they make of a request.

use super::error::TransportError;
use super::request::Request;
use super::url::Url;
use bytes::Bytes;
use http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, LOCATION, TRANSFER_ENCODING,
};
use http::{HeaderMap, Method};

/// Where an answer redirects to, if it does.
pub(super) fn target(status: u16, url: &Url, headers: &HeaderMap) -> Option<Result<Url, TransportError>> {
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = headers.get(LOCATION)?;
    let url = location.to_str().ok().and_then(|location| url.join(location).ok());
    Some(url.ok_or(TransportError::InvalidRedirect))
}

/// Makes of a request what is sent to where it was redirected (RFC 9110, section 15.4, as browsers do it).
pub(super) fn follow(request: &mut Request, status: u16, target: Url) {
    let becomes_get = match status {
        303 => request.method != Method::HEAD,
        301 | 302 => request.method == Method::POST,
        _ => false,
    };
    if becomes_get {
        request.method = Method::GET;
        request.body = Bytes::new();
        for name in [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING, TRANSFER_ENCODING] {
            request.headers.remove(name);
        }
    }
    if *request.url.origin() != *target.origin() {
        // Secrets are for the host that they were given for.
        for name in [AUTHORIZATION, COOKIE, HOST] {
            request.headers.remove(name);
        }
    }
    request.url = target;
}
