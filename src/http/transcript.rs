//! What went over the wire for one request, kept for people to read.

use super::decode;
use super::error::TransportError;
use super::http1::head;
use bytes::Bytes;
use http::HeaderMap;
use std::cell::RefCell;

/// A decoded body that is longer than this is not looked at.
const MOST_DECODED: u64 = 8 * 1024 * 1024;

/// One request and its answer, of a chain of redirects perhaps.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    /// The request's head as it was written.
    pub request_head: Bytes,
    /// Its body.
    pub request_body: Bytes,
    /// The head of the answer as it came; empty while none has come.
    pub answer_head: Bytes,
    /// The body as transferred; empty where it was not kept.
    pub answer_body: Bytes,
    /// How long that is, kept or not.
    pub answer_size: u64,
    /// Why the answer is not whole, if it is not.
    pub error: Option<TransportError>,
}

impl Exchange {
    /// The headers of the answer.
    #[must_use]
    pub fn answer_headers(&self) -> HeaderMap {
        head::headers(&self.answer_head)
    }

    /// The body of the answer without its `Content-Encoding`; as transferred where it cannot be decoded.
    #[must_use]
    pub fn decoded_answer(&self) -> Bytes {
        decode::decoded(&self.answer_headers(), &self.answer_body, MOST_DECODED)
            .unwrap_or_else(|_| self.answer_body.clone())
    }
}

/// Every exchange of one request, in order. Only requests that somebody looks at have one.
#[derive(Debug, Default)]
pub struct Transcript(RefCell<Vec<Exchange>>);

impl Transcript {
    /// What went over the wire so far.
    #[must_use]
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.0.borrow().clone()
    }

    /// A request is being written. One without an answer before it was not sent: its connection was closed already.
    #[cold]
    pub(super) fn asked(&self, head: &[u8], body: &Bytes) {
        let mut exchanges = self.0.borrow_mut();
        exchanges.pop_if(|last| last.answer_head.is_empty());
        exchanges.push(Exchange {
            request_head: Bytes::copy_from_slice(head),
            request_body: body.clone(),
            ..Exchange::default()
        });
    }

    /// It was answered.
    #[cold]
    pub(super) fn answered(&self, head: &Bytes, body: &Bytes, size: u64, error: Option<TransportError>) {
        if let Some(last) = self.0.borrow_mut().last_mut() {
            last.answer_head = head.clone();
            last.answer_body = body.clone();
            last.answer_size = size;
            last.error = error;
        }
    }
}
