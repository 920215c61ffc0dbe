//! A stream that counts: bytes, complete request heads, and when the first byte of an answer came.

use super::shared::{Shared, add};
use std::cell::{Cell, RefCell};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::client::TlsStream;

/// What ends the head of a request.
const HEAD_END: [u8; 4] = *b"\r\n\r\n";

/// What is known of the exchange that runs on a connection.
#[derive(Debug)]
pub(super) struct Meter {
    shared: Rc<Shared>,
    /// How many bytes of [`HEAD_END`] the written bytes end with; none when no head is on its way.
    head: Cell<Option<usize>>,
    /// Whether a byte of the request was written.
    pub(super) wrote: Cell<bool>,
    /// When the last write ended.
    pub(super) written_at: Cell<Option<Instant>>,
    /// When the first bytes after the request came.
    pub(super) answered_at: Cell<Option<Instant>>,
    /// Who is woken when the socket is ready. Not the waker that hyper passes along: that one only says that another
    /// part of the same exchange can go on, see [`super::connection`].
    waker: RefCell<Waker>,
}

impl Meter {
    pub(super) fn new(shared: Rc<Shared>) -> Self {
        Self {
            shared,
            head: Cell::new(None),
            wrote: Cell::new(false),
            written_at: Cell::new(None),
            answered_at: Cell::new(None),
            waker: RefCell::new(Waker::noop().clone()),
        }
    }

    /// A request is about to be written.
    pub(super) fn begin(&self) {
        self.head.set(Some(0));
        self.wrote.set(false);
        self.written_at.set(None);
        self.answered_at.set(None);
    }

    /// Wakes `waker` when the socket is ready.
    pub(super) fn wake(&self, waker: &Waker) {
        let mut known = self.waker.borrow_mut();
        if !known.will_wake(waker) {
            known.clone_from(waker);
        }
    }

    fn written(&self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        add(&self.shared.counters.bytes_sent, bytes.len() as u64);
        self.wrote.set(true);
        self.written_at.set(Some(Instant::now()));
        if let Some(matched) = self.head.get() {
            self.head.set(look_for_end(matched, bytes));
            if self.head.get().is_none() {
                add(&self.shared.counters.wire_requests, 1);
            }
        }
    }

    fn read(&self, count: usize) {
        if count == 0 {
            return;
        }
        add(&self.shared.counters.bytes_received, count as u64);
        if self.answered_at.get().is_none() {
            self.answered_at.set(Some(Instant::now()));
        }
    }
}

/// Goes on looking for [`HEAD_END`], of which `matched` bytes were seen; none when it was found.
fn look_for_end(mut matched: usize, bytes: &[u8]) -> Option<usize> {
    if matched == 0 && bytes.ends_with(&HEAD_END) {
        // The usual case, a request without a body in one piece: its end is the end of its head.
        return None;
    }
    for byte in bytes {
        matched = match (*byte == HEAD_END[matched], *byte) {
            (true, _) => matched + 1,
            (false, b'\r') => 1,
            (false, _) => 0,
        };
        if matched == HEAD_END.len() {
            return None;
        }
    }
    Some(matched)
}

/// A plain or an encrypted connection.
#[derive(Debug)]
pub(super) enum Transport {
    Tcp(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A connection whose traffic is counted.
#[derive(Debug)]
pub(super) struct Metered {
    transport: Transport,
    meter: Rc<Meter>,
}

impl Metered {
    pub(super) fn new(transport: Transport, meter: Rc<Meter>) -> Self {
        Self { transport, meter }
    }
}

/// Polls the transport with the waker of the task that owns the exchange.
macro_rules! poll_transport {
    ($self:ident, $transport:ident, $context:ident => $poll:expr) => {{
        let this = $self.get_mut();
        let waker = this.meter.waker.borrow();
        let $context = &mut Context::from_waker(&waker);
        match &mut this.transport {
            Transport::Tcp(stream) => {
                let $transport = Pin::new(stream);
                $poll
            }
            Transport::Tls(stream) => {
                let $transport = Pin::new(stream.as_mut());
                $poll
            }
        }
    }};
}

impl AsyncRead for Metered {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let meter = self.meter.clone();
        let polled = poll_transport!(self, transport, context => transport.poll_read(context, buffer));
        meter.read(buffer.filled().len() - before);
        polled
    }
}

impl AsyncWrite for Metered {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let meter = self.meter.clone();
        let polled = poll_transport!(self, transport, context => transport.poll_write(context, bytes));
        if let Poll::Ready(Ok(count)) = &polled {
            meter.written(&bytes[..*count]);
        }
        polled
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        poll_transport!(self, transport, context => transport.poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        poll_transport!(self, transport, context => transport.poll_shutdown(context))
    }
}

#[cfg(test)]
mod tests {
    use super::look_for_end;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_end_of_a_head_is_found_however_it_is_cut(head in "[a\r\n]{0,30}", cuts in prop::collection::vec(1_usize..5, 0..30)) {
            let text = head.as_bytes();
            let (mut state, mut rest) = (Some(0), text);
            for cut in cuts.into_iter().chain([text.len()]) {
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                rest = after;
                if let Some(matched) = state {
                    state = look_for_end(matched, piece);
                }
            }
            prop_assert_eq!(state.is_none(), head.contains("\r\n\r\n"));
        }
    }
}
