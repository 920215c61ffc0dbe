//! A body that is handed out as it comes, and held by nobody.

use super::connection::Connection;
use super::error::TransportError;
use super::incoming::{Incoming, Rest};
use super::response::Response;
use super::shared::Shared;
use bytes::Bytes;
use std::future::poll_fn;
use std::rc::Rc;
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

/// The body of an answer on its way. Dropped before its end it closes the connection.
#[derive(Debug)]
pub struct BodyStream {
    shared: Rc<Shared>,
    incoming: Incoming,
    connection: Connection,
    timeout: Duration,
    most: u64,
}

impl BodyStream {
    /// What follows a head; none if there is no connection that it could come from.
    pub(super) fn new(shared: Rc<Shared>, rest: Rest, timeout: Duration, most: u64) -> Option<Self> {
        let Rest { incoming, connection } = rest;
        connection.map(|connection| Self { shared, incoming, connection, timeout, most })
    }

    /// The client's `max_body`: how much of the body may have to be held together.
    #[must_use]
    pub fn most(&self) -> u64 {
        self.most
    }

    /// When the last byte came, of the head or of the body.
    #[must_use]
    pub fn last_byte_at(&self) -> Option<Instant> {
        self.incoming.last_byte_at
    }

    /// The next bytes, as transferred and at least one; none at the end of the body. May be dropped and called again.
    ///
    /// # Errors
    ///
    /// Why the body ended before its end: among others nothing came for as long as the request's `timeout`.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, TransportError> {
        let (incoming, transport) = (&mut self.incoming, &mut self.connection.transport);
        let last = incoming.last_byte_at.unwrap_or_else(Instant::now);
        let piece = poll_fn(|context| incoming.poll_piece(&self.shared, transport, context));
        let Some(deadline) = last.checked_add(self.timeout) else { return piece.await };
        if let Ok(piece) = timeout_at(deadline, piece).await {
            return piece;
        }
        incoming.fail(TransportError::TimedOut);
        Err(TransportError::TimedOut)
    }

    /// The connection, if the body was read to its end and left it usable.
    pub(super) fn into_reusable(self) -> Option<Connection> {
        self.incoming.is_reusable().then_some(self.connection)
    }
}
