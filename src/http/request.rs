//! A request, before it is sent.

use super::fields::Fields;
use super::tls::configuration::Tls;
use super::transcript::Transcript;
use super::upload::Upload;
use super::url::Url;
use bytes::Bytes;
use http::{HeaderName, Method};
use std::rc::Rc;
use std::time::Duration;

/// What to send.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// Headers, sent in this order; they win over the client's. The length of the body is said by the client, whatever
    /// stands here.
    pub headers: Fields,
    /// Headers that are not sent, though they are the client's or sent by default.
    pub omit: Vec<HeaderName>,
    /// The body, empty for none.
    pub body: Bytes,
    /// A body that is read from files while it is sent; it wins over `body`.
    pub upload: Option<Box<Upload>>,
    /// From the start to the end of the answer; none = the client's.
    pub timeout: Option<Duration>,
    /// Whether redirects are followed; none = the client's rule.
    pub allow_redirects: Option<bool>,
    /// How TLS is spoken, from [`Client::tls`](super::Client::tls); none = as the client does.
    pub tls: Option<Tls>,
    /// Where what goes over the wire is kept, if anybody wants to see it.
    pub transcript: Option<Rc<Transcript>>,
    /// Whether the body of the answer is kept, or only counted; none = the client's rule.
    pub keep_body: Option<bool>,
}

impl Request {
    /// A request without headers or body.
    #[must_use]
    pub fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: Fields::new(),
            omit: Vec::new(),
            body: Bytes::new(),
            upload: None,
            timeout: None,
            allow_redirects: None,
            tls: None,
            transcript: None,
            keep_body: None,
        }
    }

    /// Bytes of the body.
    #[must_use]
    pub fn body_length(&self) -> u64 {
        self.upload.as_ref().map_or(self.body.len() as u64, |upload| upload.length())
    }
}
