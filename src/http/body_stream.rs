//! A body that is handed out as it comes, and held by nobody.

use super::error::TransportError;
use super::http1::incoming::Rest;
use super::net::connection::Connection;
use super::response::{Response, WireBytes};
use super::shared::Shared;
use bytes::Bytes;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The answer to a request whose body is read piece by piece.
#[derive(Debug)]
pub struct Streamed {
    /// The answer without its body; its time ends with the first byte.
    pub response: Response,
    /// The body; none where no answer came.
    pub body: Option<BodyStream>,
}

/// The body of an answer on its way. Dropped before its end it closes the connection, or resets its stream.
#[derive(Debug)]
pub struct BodyStream {
    shared: Rc<Shared>,
    rest: Rest,
    /// When the last byte came, of the head or of the body.
    pub last_byte_at: Instant,
    /// What was read since the head.
    pub wire: WireBytes,
    failed: Option<TransportError>,
    timeout: Duration,
    most: u64,
}

impl BodyStream {
    /// What follows a head that came at `head_at`.
    pub(super) fn new(
        shared: Rc<Shared>,
        rest: Rest,
        head_at: Instant,
        timeout: Duration,
        most: u64,
    ) -> Self {
        Self { shared, rest, last_byte_at: head_at, wire: WireBytes::default(), failed: None, timeout, most }
    }

    /// The client's `max_body`: how much of the body may have to be held together.
    #[must_use]
    pub fn most(&self) -> u64 {
        self.most
    }

    /// The next bytes, as transferred and at least one; none at the end of the body. May be dropped and called again.
    ///
    /// # Errors
    ///
    /// Why the body ended before its end: among others nothing came for as long as the request's `timeout`.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, TransportError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let deadline = self.last_byte_at.checked_add(self.timeout);
        let piece = poll_fn(|context| self.poll_piece(context));
        let piece = match deadline {
            None => piece.await,
            Some(deadline) => timeout_at(deadline, piece).await.unwrap_or(Err(TransportError::TimedOut)),
        };
        self.failed = piece.as_ref().err().copied();
        piece
    }

    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, TransportError>> {
        // Nothing else of this thread is polled meanwhile: the difference is this stream's.
        let before = self.shared.counters.wire();
        let piece = match &mut self.rest {
            Rest::Single(incoming, Some(connection)) => {
                incoming.poll_piece(&self.shared, &mut connection.transport, context)
            }
            Rest::Single(_, None) => Poll::Ready(Err(TransportError::Broken)),
            Rest::Shared(stream) => stream.poll_piece(context),
        };
        let after = self.shared.counters.wire();
        self.wire.sent += after.sent - before.sent;
        self.wire.received += after.received - before.received;
        match &self.rest {
            Rest::Single(incoming, _) => {
                self.last_byte_at = incoming.last_byte_at.unwrap_or(self.last_byte_at);
            }
            // What else its connection carries, pings too, are no bytes of it.
            Rest::Shared(_) if piece.is_ready() => self.last_byte_at = Instant::now(),
            Rest::Shared(_) => {}
        }
        piece
    }

    /// The connection, if it is this stream's alone, was read to its end and is still usable.
    pub(super) fn into_reusable(self) -> Option<Connection> {
        match self.rest {
            Rest::Single(incoming, connection) if incoming.is_reusable() => connection,
            _ => None,
        }
    }
}
