//! Answers: their bodies and the common shapes.

use bytes::{BufMut, Bytes, BytesMut};
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use hyper::body::{Body, Frame, SizeHint};
use serde::Serialize;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

/// An answer.
pub(super) type Reply = Response<Payload>;

/// A body of known length: its piece over and over until enough was sent, so that a large one takes no memory.
#[derive(Debug)]
pub(super) struct Payload {
    piece: Bytes,
    left: u64,
}

impl Payload {
    /// Nothing but these bytes.
    pub(super) fn whole(bytes: Bytes) -> Self {
        let left = bytes.len() as u64;
        Self { piece: bytes, left }
    }

    /// `length` bytes made of `piece` again and again; `piece` is not empty.
    pub(super) fn repeated(piece: Bytes, length: u64) -> Self {
        Self { piece, left: length }
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let length = usize::try_from(self.left).unwrap_or(usize::MAX).min(self.piece.len());
        self.left -= length as u64;
        Poll::Ready(Some(Ok(Frame::data(self.piece.slice(..length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// These bytes as that type of content.
pub(super) fn content(status: StatusCode, content_type: &'static str, bytes: Bytes) -> Reply {
    let mut reply = Response::new(Payload::whole(bytes));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}

/// These bytes, which are JSON.
pub(super) fn json(status: StatusCode, bytes: Bytes) -> Reply {
    content(status, "application/json", bytes)
}

/// This value as JSON.
pub(super) fn value(status: StatusCode, value: &impl Serialize) -> Reply {
    json(status, to_json(value))
}

/// `{"error": message}`
pub(super) fn error(status: StatusCode, message: &str) -> Reply {
    value(status, &serde_json::json!({ "error": message }))
}

/// No body at all.
pub(super) fn empty(status: StatusCode) -> Reply {
    let mut reply = Response::new(Payload::whole(Bytes::new()));
    *reply.status_mut() = status;
    reply
}

/// The JSON text of plain data.
pub(super) fn to_json(value: &impl Serialize) -> Bytes {
    serde_json::to_vec(value).expect("plain data with text keys has a JSON form").into()
}

/// `{"data":[..],"paging":{"total":..,"after":".."}}` of things that are JSON already; `after` is the cursor of the
/// next page, if there is one.
pub(super) fn page(things: &[&Bytes], total: usize, after: Option<u64>) -> Bytes {
    let after = after.map_or(String::new(), |after| format!(",\"after\":\"{after}\""));
    let end = format!("],\"paging\":{{\"total\":{total}{after}}}}}");
    let size = things.iter().map(|thing| thing.len() + 1).sum::<usize>();
    let mut text = BytesMut::with_capacity(size + end.len() + 9);
    text.put_slice(b"{\"data\":[");
    for (position, thing) in things.iter().enumerate() {
        if position > 0 {
            text.put_u8(b',');
        }
        text.put_slice(thing);
    }
    text.put_slice(end.as_bytes());
    text.freeze()
}
