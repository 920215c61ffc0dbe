//! Redirects: where they lead and what they make of a request.

use super::error::TransportError;
use super::http1::wire::FOR_ONE_HOST;
use super::request::Request;
use super::url::Url;
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, TRANSFER_ENCODING};
use http::{HeaderMap, Method};

/// Where an answer redirects to, if it does.
pub(super) fn target(status: u16, url: &Url, headers: &HeaderMap) -> Option<Result<Url, TransportError>> {
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = headers.get(LOCATION)?;
    // Many servers send what is not ASCII as it is.
    let location = String::from_utf8_lossy(location.as_bytes());
    Some(url.join(&location).map_err(|_| TransportError::InvalidRedirect))
}

/// Makes of a request what is sent to where it was redirected (RFC 9110, section 15.4, as browsers do it); whether that
/// is another origin.
pub(super) fn follow(request: &mut Request, status: u16, target: Url) -> bool {
    let becomes_get = match status {
        303 => request.method != Method::HEAD,
        301 | 302 => request.method == Method::POST,
        _ => false,
    };
    if becomes_get {
        request.method = Method::GET;
        request.body = Bytes::new();
        request.upload = None;
        for name in [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING, TRANSFER_ENCODING] {
            request.headers.remove(&name);
        }
    }
    let leaves = *request.url.origin() != *target.origin();
    if leaves {
        // Secrets are for the host that they were given for.
        for name in FOR_ONE_HOST {
            request.headers.remove(&name);
        }
    }
    request.url = target;
    leaves
}
