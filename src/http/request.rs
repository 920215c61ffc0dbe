//! A request, before it is sent.

use super::url::Url;
use bytes::Bytes;
use http::{HeaderMap, Method};
use std::time::Duration;

/// What to send.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// Headers; they win over the client's.
    pub headers: HeaderMap,
    /// The body, empty for none.
    pub body: Bytes,
    /// From the start to the end of the answer; none = the client's.
    pub timeout: Option<Duration>,
    /// Whether redirects are followed; none = the client's rule.
    pub allow_redirects: Option<bool>,
}

impl Request {
    /// A request without headers or body.
    #[must_use]
    pub fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            timeout: None,
            allow_redirects: None,
        }
    }
}
