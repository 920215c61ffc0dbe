//! One request and its answer on a connection.

use super::body::Plan;
use super::incoming::{Answer, Incoming};
use crate::http::error::TransportError;
use crate::http::net::transport::Transport;
use crate::http::phases::Phases;
use crate::http::request::Request;
use crate::http::shared::{Shared, add};
use crate::http::upload::Upload;
use http::Method;
use std::future::poll_fn;
use std::task::Poll;
use tokio::time::Instant;

/// A body that fits is sent behind its head in one piece; a larger one from where it is. This is also the longest TLS
/// record: a request in one piece arrives as a whole or not at all, so that it is counted if the server sees it.
const ONE_PIECE: usize = 16 * 1024;

/// How much of a file is read at once. It is read in place: a piece comes out of the system's cache in microseconds, and
/// from a disk sooner than another thread would hand it over.
const PIECE: usize = 64 * 1024;

/// A larger buffer is not kept for the next request.
pub(in crate::http) const KEPT_BUFFER: usize = 64 * 1024;

/// Why there is no answer.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) struct Failure {
    pub(in crate::http) error: TransportError,
    /// Whether it must not be sent again: a byte of the request was written, or it can never be sent.
    pub(in crate::http) wrote: bool,
}

/// Sends `request`, whose head is written by `write_head`, and reads the whole answer, with its body as `plan` has it.
pub(in crate::http) async fn exchange(
    shared: &Shared,
    transport: &mut Transport,
    request: &Request,
    plan: Plan,
    write_head: impl FnOnce(&mut Vec<u8>),
    phases: &mut Phases,
) -> Result<Answer, Failure> {
    phases.begin_exchange();
    let mut incoming = Incoming::new(request.method == Method::HEAD, plan);
    let sent = send(shared, transport, request, write_head, &mut incoming).await;
    phases.sent();
    let (complete, refused) = match sent {
        Ok(complete) => (complete, None),
        Err(failure) if !failure.wrote || failure.error.is_of_request_body() => {
            phases.end_exchange(Instant::now());
            return Err(failure);
        }
        // A server that refuses a body may have answered before it closed the connection.
        Err(failure) => (false, Some(failure)),
    };
    poll_fn(|context| {
        let received = incoming.poll_receive(shared, transport, context);
        phases.first_byte_at = incoming.first_byte_at;
        received
    })
    .await;
    let ended = incoming.last_byte_at.unwrap_or_else(Instant::now);
    phases.end_exchange(ended);
    if incoming.is_paused() {
        if !complete {
            incoming.spoil();
        }
        let first = incoming.first_byte_at.unwrap_or(ended);
        return incoming.into_paused(first).map_err(|error| Failure { error, wrote: true });
    }
    match incoming.into_answer(ended) {
        Ok(answer) => Ok(Answer { reusable: answer.reusable && complete, ..answer }),
        // That it was refused says more than that nothing came.
        Err(TransportError::ClosedBeforeResponse) if let Some(refused) = refused => Err(refused),
        Err(error) => Err(Failure { error, wrote: true }),
    }
}

/// Writes the request, and reads meanwhile what the server may already answer; whether it was written completely. It
/// is not where the answer was complete, or impossible, before: then nobody wants the rest.
async fn send(
    shared: &Shared,
    transport: &mut Transport,
    request: &Request,
    write_head: impl FnOnce(&mut Vec<u8>),
    incoming: &mut Incoming,
) -> Result<bool, Failure> {
    let mut out = shared.outgoing.take();
    out.clear();
    write_head(&mut out);
    let mut sending = Sending { head: out.len(), written: 0, counted: false };
    if let Some(upload) = &request.upload {
        // Boxed, because it is rare: every request would carry the room for it.
        return Box::pin(sending.upload(shared, transport, out, upload, incoming)).await;
    }
    let separate = if out.len() + request.body.len() <= ONE_PIECE {
        out.extend_from_slice(&request.body);
        &[][..]
    } else {
        &request.body[..]
    };
    let mut result = sending.write(shared, transport, &out, incoming).await;
    if matches!(result, Ok(true)) && !separate.is_empty() {
        result = sending.write(shared, transport, separate, incoming).await;
    }
    keep_buffer(shared, out);
    result.map_err(|error| sending.failure(&error))
}

fn keep_buffer(shared: &Shared, buffer: Vec<u8>) {
    if buffer.capacity() <= KEPT_BUFFER {
        shared.outgoing.replace(buffer);
    }
}

/// How much of a request was written.
struct Sending {
    /// Bytes of its head.
    head: usize,
    written: usize,
    /// Whether the request was counted.
    counted: bool,
}

impl Sending {
    /// Writes a head and a body that is read piece by piece; as [`send`].
    async fn upload(
        mut self,
        shared: &Shared,
        transport: &mut Transport,
        head: Vec<u8>,
        upload: &Upload,
        incoming: &mut Incoming,
    ) -> Result<bool, Failure> {
        let mut pieces = upload.pieces();
        let (mut buffer, mut room) = (head, ONE_PIECE.saturating_sub(self.head));
        loop {
            pieces.read(&mut buffer, room).map_err(|error| Failure { error, wrote: true })?;
            if buffer.is_empty() {
                keep_buffer(shared, buffer);
                return Ok(true);
            }
            match self.write(shared, transport, &buffer, incoming).await {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                Err(error) => return Err(self.failure(&error)),
            }
            buffer.clear();
            room = PIECE;
        }
    }

    fn failure(&self, error: &std::io::Error) -> Failure {
        Failure { error: TransportError::exchanging(error), wrote: self.written > 0 }
    }

    /// Writes `bytes` and hands them to the system; false if the answer ended before.
    async fn write(
        &mut self,
        shared: &Shared,
        transport: &mut Transport,
        mut bytes: &[u8],
        incoming: &mut Incoming,
    ) -> std::io::Result<bool> {
        poll_fn(|context| {
            loop {
                let step = if bytes.is_empty() {
                    transport.poll_flush(context).map_ok(|()| None)
                } else {
                    transport.poll_write(context, bytes).map_ok(Some)
                };
                match step {
                    Poll::Ready(Ok(Some(0))) => {
                        return Poll::Ready(Err(std::io::ErrorKind::BrokenPipe.into()));
                    }
                    Poll::Ready(Ok(count)) => {
                        bytes = &bytes[count.unwrap_or_default()..];
                        self.note(shared, count.unwrap_or_default(), transport);
                        if count.is_none() {
                            return Poll::Ready(Ok(true));
                        }
                    }
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                    // The server may refuse to read on, and say so; or answer while it reads.
                    Poll::Pending => {
                        return match incoming.poll_receive(shared, transport, context) {
                            // Whoever asks for the head alone still wants to send everything.
                            Poll::Ready(()) if incoming.is_paused() => Poll::Pending,
                            polled => polled.map(|()| Ok(false)),
                        };
                    }
                }
            }
        })
        .await
    }

    /// Counts bytes, and the request when its head has left completely.
    fn note(&mut self, shared: &Shared, count: usize, transport: &Transport) {
        add(&shared.counters.bytes_sent, count as u64);
        self.written += count;
        if !self.counted && self.written >= self.head && !transport.holds_back() {
            self.counted = true;
            add(&shared.counters.wire_requests, 1);
        }
    }
}
