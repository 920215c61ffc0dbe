//! One request and its answer on a connection.

use super::body::BodyReader;
use super::error::TransportError;
use super::head::{self, Head};
use super::request::Request;
use super::response::Timings;
use super::shared::{Shared, add};
use super::transport::Transport;
use bytes::Bytes;
use http::Method;
use std::future::poll_fn;
use std::mem;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Instant;

/// A larger body is sent from where it is instead of being copied behind its head.
const COPIED_BODY: usize = 16 * 1024;

/// A larger buffer is not kept for the next request.
const KEPT_BUFFER: usize = 64 * 1024;

/// What came back on a connection.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) head: Head,
    /// The head as it came.
    pub(super) head_bytes: Bytes,
    /// As transferred, without the framing of chunks.
    pub(super) body: Bytes,
    /// Why the body is not whole, if it is not.
    pub(super) error: Option<TransportError>,
    /// When its last byte came.
    pub(super) ended: Instant,
    /// Whether the connection can carry another request.
    pub(super) reusable: bool,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failure {
    pub(super) error: TransportError,
    /// Whether a byte of the request was written: then it must not be sent again.
    pub(super) wrote: bool,
}

/// Sends `request`, whose head is written by `write_head`, and reads the whole answer.
pub(super) async fn exchange(
    shared: &Shared,
    transport: &mut Transport,
    request: &Request,
    write_head: impl FnOnce(&mut Vec<u8>),
    phases: &mut Phases,
) -> Result<Answer, Failure> {
    let begun = Instant::now();
    let mut incoming = Incoming::new(request.method == Method::HEAD);
    let sent = send(shared, transport, request, write_head, &mut incoming).await;
    let sent_at = Instant::now();
    phases.send += sent_at - begun;
    let refused = match sent {
        Ok(()) => None,
        Err(failure) if !failure.wrote => return Err(failure),
        // A server that refuses a body may have answered before it closed the connection.
        Err(failure) => Some(failure),
    };
    let received = incoming.receive(shared, transport).await;
    let ended = incoming.last_byte_at.unwrap_or_else(Instant::now);
    phases.receive += ended.saturating_duration_since(incoming.first_byte_at.unwrap_or(ended));
    match incoming.into_answer(received, ended) {
        Ok(answer) => Ok(Answer { reusable: answer.reusable && refused.is_none(), ..answer }),
        Err(error) => Err(refused.unwrap_or(Failure { error, wrote: true })),
    }
}

/// Writes the request; ends early when the server answers before it is complete.
async fn send(
    shared: &Shared,
    transport: &mut Transport,
    request: &Request,
    write_head: impl FnOnce(&mut Vec<u8>),
    incoming: &mut Incoming,
) -> Result<(), Failure> {
    let mut out = shared.outgoing.take();
    out.clear();
    write_head(&mut out);
    let mut sending = Sending { head: out.len(), written: 0 };
    let separate = if request.body.len() <= COPIED_BODY {
        out.extend_from_slice(&request.body);
        &[][..]
    } else {
        &request.body[..]
    };
    let mut result = sending.write(shared, transport, &out, incoming).await;
    if result.is_ok() && !separate.is_empty() && !incoming.has_begun() {
        result = sending.write(shared, transport, separate, incoming).await;
    }
    if out.capacity() <= KEPT_BUFFER {
        shared.outgoing.replace(out);
    }
    if result.is_ok() {
        result = poll_fn(|context| transport.poll_flush(context)).await;
    }
    let wrote = sending.written > 0;
    result.map_err(|error| Failure { error: TransportError::exchanging(&error, false), wrote })
}

/// How much of a request was written.
struct Sending {
    /// Bytes of its head.
    head: usize,
    written: usize,
}

impl Sending {
    async fn write(
        &mut self,
        shared: &Shared,
        transport: &mut Transport,
        mut bytes: &[u8],
        incoming: &mut Incoming,
    ) -> std::io::Result<()> {
        poll_fn(|context| {
            while !bytes.is_empty() {
                match transport.poll_write(context, bytes) {
                    Poll::Ready(Ok(0)) => return Poll::Ready(Err(std::io::ErrorKind::BrokenPipe.into())),
                    Poll::Ready(Ok(count)) => {
                        bytes = &bytes[count..];
                        self.note(shared, count);
                    }
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                    // The server may refuse to read on, and say so.
                    Poll::Pending => match incoming.poll_receive(shared, transport, context) {
                        Poll::Pending if !incoming.has_begun() => return Poll::Pending,
                        _ => return Poll::Ready(Ok(())),
                    },
                }
            }
            Poll::Ready(Ok(()))
        })
        .await
    }

    /// Counts bytes, and the request when its head is complete.
    fn note(&mut self, shared: &Shared, count: usize) {
        add(&shared.counters.bytes_sent, count as u64);
        if self.written < self.head && self.written + count >= self.head {
            add(&shared.counters.wire_requests, 1);
        }
        self.written += count;
    }
}

/// An answer that is being read.
struct Incoming {
    to_head: bool,
    /// The beginning of a head that is not complete.
    pending: Vec<u8>,
    head: Option<(Head, Bytes)>,
    body: BodyReader,
    /// A body that came in one piece with its head, and was not copied apart.
    whole: Option<Bytes>,
    first_byte_at: Option<Instant>,
    last_byte_at: Option<Instant>,
    /// Bytes came after the end of the answer, or the connection was closed: it cannot be used again.
    spoilt: bool,
}

impl Incoming {
    fn new(to_head: bool) -> Self {
        Self {
            to_head,
            pending: Vec::new(),
            head: None,
            body: BodyReader::new(head::Framing::None),
            whole: None,
            first_byte_at: None,
            last_byte_at: None,
            spoilt: false,
        }
    }

    fn has_begun(&self) -> bool {
        self.first_byte_at.is_some()
    }

    fn is_done(&self) -> bool {
        self.head.is_some() && (self.whole.is_some() || self.body.is_done())
    }

    async fn receive(&mut self, shared: &Shared, transport: &mut Transport) -> Result<(), TransportError> {
        poll_fn(|context| self.poll_receive(shared, transport, context)).await
    }

    /// Reads until the answer is complete.
    fn poll_receive(
        &mut self,
        shared: &Shared,
        transport: &mut Transport,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), TransportError>> {
        let mut buffer = shared.incoming.borrow_mut();
        while !self.is_done() {
            let read = match transport.poll_read(context, &mut buffer) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(read) => read,
            };
            let step = match read {
                Ok(0) => self.close(),
                Ok(count) => {
                    add(&shared.counters.bytes_received, count as u64);
                    let now = Instant::now();
                    self.first_byte_at.get_or_insert(now);
                    self.last_byte_at = Some(now);
                    self.feed(&buffer[..count])
                }
                Err(error) => Err(TransportError::exchanging(&error, self.head.is_some())),
            };
            if let Err(error) = step {
                self.spoilt = true;
                return Poll::Ready(Err(error));
            }
        }
        Poll::Ready(Ok(()))
    }

    fn close(&mut self) -> Result<(), TransportError> {
        self.spoilt = true;
        if self.head.is_none() { Err(TransportError::ClosedBeforeResponse) } else { self.body.close() }
    }

    fn feed(&mut self, bytes: &[u8]) -> Result<(), TransportError> {
        if self.head.is_some() {
            return self.feed_body(bytes);
        }
        if self.pending.is_empty() {
            let used = self.feed_head(bytes)?;
            if self.head.is_none() {
                self.pending = bytes[used..].to_vec();
            }
            return Ok(());
        }
        let mut pending = mem::take(&mut self.pending);
        pending.extend_from_slice(bytes);
        let used = self.feed_head(&pending)?;
        if self.head.is_none() {
            pending.drain(..used);
            self.pending = pending;
        }
        Ok(())
    }

    /// Looks for a head, and takes what follows it; returns how many bytes of interim answers it skipped.
    fn feed_head(&mut self, bytes: &[u8]) -> Result<usize, TransportError> {
        let mut skipped = 0;
        while let Some(head) = head::parse(&bytes[skipped..], self.to_head)? {
            let answer = &bytes[skipped..];
            // Interim answers announce the real one; a switch of protocols nobody asked for is one.
            if (100..200).contains(&head.status) && head.status != 101 {
                skipped += head.length;
                continue;
            }
            let length = head.length;
            if head.framing == head::Framing::Length((answer.len() - length) as u64) {
                let all = Bytes::copy_from_slice(answer);
                self.whole = Some(all.slice(length..));
                self.head = Some((head, all.slice(..length)));
            } else {
                self.body = BodyReader::new(head.framing);
                self.head = Some((head, Bytes::copy_from_slice(&answer[..length])));
                self.feed_body(&answer[length..])?;
            }
            break;
        }
        Ok(skipped)
    }

    fn feed_body(&mut self, bytes: &[u8]) -> Result<(), TransportError> {
        let rest = self.body.take(bytes)?;
        self.spoilt |= !rest.is_empty();
        Ok(())
    }

    fn into_answer(
        self,
        received: Result<(), TransportError>,
        ended: Instant,
    ) -> Result<Answer, TransportError> {
        let error = received.err();
        let (head, head_bytes) = match (self.head, error) {
            (Some(head), _) => head,
            (None, error) => return Err(error.unwrap_or(TransportError::ClosedBeforeResponse)),
        };
        let reusable = head.keep_alive && !self.spoilt && error.is_none();
        let body = self.whole.unwrap_or_else(|| Bytes::from(self.body.into_body()));
        Ok(Answer { head, head_bytes, body, error, ended, reusable })
    }
}

/// Durations, summed over the hops of a chain of redirects.
#[derive(Debug, Default)]
pub(super) struct Phases {
    pub(super) dns: Duration,
    pub(super) connect: Duration,
    pub(super) tls: Duration,
    send: Duration,
    receive: Duration,
}

impl Phases {
    /// The phases of an exchange that took `elapsed`: what is in no other phase was waiting for the server.
    pub(super) fn timings(&self, elapsed: Duration) -> Timings {
        let known = self.dns + self.connect + self.tls + self.send + self.receive;
        Timings {
            dns: self.dns,
            connect: self.connect,
            tls: self.tls,
            send: self.send,
            wait: elapsed.saturating_sub(known),
            receive: self.receive,
        }
    }
}
