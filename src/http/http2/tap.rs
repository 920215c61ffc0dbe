//! The bytes of a connection that speaks HTTP/2, with a tap on them: what is counted is counted where it happens.

use super::frames::{Greeting, Passed, Sent};
use crate::http::error::TransportError;
use crate::http::net::transport::Transport;
use crate::http::shared::{Shared, add};
use std::cell::{Cell, RefCell};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// What is known of a request's way onto the wire.
#[derive(Debug, Default)]
pub(in crate::http) struct Ticket {
    /// When its head had left completely.
    pub(in crate::http) head_left: Cell<Option<Instant>>,
    /// When all of it had.
    pub(in crate::http) left: Cell<Option<Instant>>,
    /// Nobody waits for it any more.
    abandoned: Cell<bool>,
}

/// What the two ends of a tap share.
#[derive(Debug)]
pub(in crate::http) struct Log {
    pub(in crate::http) shared: Rc<Shared>,
    /// Requests that have not left yet, by their streams.
    tickets: RefCell<Vec<(u32, Rc<Ticket>)>>,
    /// Bytes that were written and read, and not counted yet.
    sent: Cell<u64>,
    received: Cell<u64>,
    /// How the server began.
    pub(in crate::http) greeting: Cell<Greeting>,
    /// The server has closed the connection.
    pub(in crate::http) closed: Cell<bool>,
    /// What broke it.
    pub(in crate::http) broken: Cell<Option<TransportError>>,
}

impl Log {
    pub(in crate::http) fn new(shared: Rc<Shared>) -> Self {
        Self {
            shared,
            tickets: RefCell::default(),
            sent: Cell::default(),
            received: Cell::default(),
            greeting: Cell::new(Greeting::Begun(0)),
            closed: Cell::default(),
            broken: Cell::default(),
        }
    }

    /// The ticket of the request on `stream`, which has not left yet.
    pub(in crate::http) fn expect(&self, stream: u32) -> Rc<Ticket> {
        let ticket = Rc::<Ticket>::default();
        self.tickets.borrow_mut().push((stream, ticket.clone()));
        ticket
    }

    /// Nobody waits for the request of `ticket` any more. Its head may still leave: it is counted then.
    pub(in crate::http) fn abandon(&self, ticket: &Rc<Ticket>) {
        if ticket.head_left.get().is_none() {
            ticket.abandoned.set(true);
        } else {
            self.tickets.borrow_mut().retain(|(_, other)| !Rc::ptr_eq(other, ticket));
        }
    }

    /// Counts what was written and read since the last time: in the turn of a request, so that it is taken for its own.
    /// Of requests that overlap, the one whose turn comes first is given it all.
    pub(in crate::http) fn claim(&self) {
        let counters = &self.shared.counters;
        add(&counters.bytes_sent, self.sent.take());
        add(&counters.bytes_received, self.received.take());
    }

    fn note(&self, passed: Passed) {
        let now = Some(Instant::now());
        let mut tickets = self.tickets.borrow_mut();
        if passed.head {
            // Streams are opened in the order of their numbers: those before this one will never be.
            tickets.retain(|(stream, ticket)| *stream >= passed.stream || !ticket.abandoned.get());
        }
        let Some(index) = tickets.iter().position(|(stream, _)| *stream == passed.stream) else { return };
        let ticket = &tickets[index].1;
        if passed.head {
            ticket.head_left.set(now);
            if ticket.abandoned.get() {
                add(&self.shared.counters.wire_requests, 1);
                add(&self.shared.counters.abandoned, 1);
            }
        }
        if passed.end {
            ticket.left.set(now);
        }
        if passed.end || ticket.abandoned.get() {
            tickets.swap_remove(index);
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.claim();
    }
}

/// A connection with a tap.
#[derive(Debug)]
pub(in crate::http) struct Tapped {
    transport: Transport,
    log: Rc<Log>,
    sent: Sent,
    /// What has passed, but is still held back by TLS.
    held: Vec<Passed>,
}

impl Tapped {
    pub(in crate::http) fn new(transport: Transport, log: Rc<Log>) -> Self {
        Self { transport, log, sent: Sent::new(), held: Vec::new() }
    }

    fn settle(&mut self) {
        if !self.held.is_empty() && !self.transport.holds_back() {
            self.held.drain(..).for_each(|passed| self.log.note(passed));
        }
    }

    fn fail(&self, error: io::Error) -> io::Error {
        self.log.broken.set(self.log.broken.get().or(Some(TransportError::exchanging(&error))));
        error
    }
}

impl AsyncRead for Tapped {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        match ready!(this.transport.poll_fill(context, buffer)) {
            Ok(()) => {
                let new = &buffer.filled()[before..];
                add(&this.log.received, new.len() as u64);
                if new.is_empty() {
                    this.log.closed.set(true);
                } else {
                    this.log.greeting.set(this.log.greeting.get().after(new));
                }
                Poll::Ready(Ok(()))
            }
            // rustls says so when the other side closes without a farewell, as many servers do.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                this.log.closed.set(true);
                Poll::Ready(Ok(()))
            }
            Err(error) => Poll::Ready(Err(this.fail(error))),
        }
    }
}

impl AsyncWrite for Tapped {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        // A head that TLS holds back leaves before anything is put behind it: so it is counted if the server sees it.
        if !this.held.is_empty() {
            ready!(this.transport.poll_flush(context)).map_err(|error| this.fail(error))?;
            this.settle();
        }
        let written = ready!(this.transport.poll_write(context, bytes)).map_err(|error| this.fail(error))?;
        add(&this.log.sent, written as u64);
        let held = &mut this.held;
        this.sent.feed(&bytes[..written], |passed| held.push(passed));
        this.settle();
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.transport.poll_flush(context)).map_err(|error| this.fail(error))?;
        this.settle();
        Poll::Ready(Ok(()))
    }

    /// The connection is closed when it is dropped.
    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(context)
    }
}
