//! One request and its answer on a connection that carries many.

use super::multiplexed::Multiplexed;
use super::stream_head;
use super::tap::Ticket;
use crate::http::error::TransportError;
use crate::http::http1::body::Plan;
use crate::http::http1::exchange::{Failure, KEPT_BUFFER};
use crate::http::http1::head::Head;
use crate::http::http1::incoming::{Answer, Rest};
use crate::http::phases::Phases;
use crate::http::request::Request;
use crate::http::shared::add;
use crate::http::upload::Pieces;
use bytes::Bytes;
use h2::client::ResponseFuture;
use h2::{Reason, RecvStream, SendStream};
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use tokio::time::Instant;

/// No more of a body is handed over at once.
const PIECE: usize = 64 * 1024;

/// Sends `request` on a stream of its own and reads the whole answer, with its body as `plan` has it. Dropped
/// before, it resets its stream; the connection goes on.
pub(in crate::http) async fn exchange(
    connection: &Rc<Multiplexed>,
    request: &Request,
    plan: Plan,
    write_head: impl FnOnce(&mut Vec<u8>),
    phases: &mut Phases,
) -> Result<Answer, Failure> {
    phases.begin_exchange();
    let shared = &connection.log.shared;
    let mut out = shared.outgoing.take();
    out.clear();
    write_head(&mut out);
    let head = stream_head::request(request.method.clone(), &request.url, &out);
    if out.capacity() <= KEPT_BUFFER {
        shared.outgoing.replace(out);
    }
    let opened = connection.requests.clone().send_request(head, request.body_length() == 0);
    let (response, sending) =
        opened.map_err(|error| Failure { error: connection.meaning(&error, false), wrote: false })?;
    let ticket = connection.log.expect(response.stream_id().as_u32());
    let mut upload = request.upload.as_ref().map(|upload| Box::new((upload.pieces(), upload.length())));
    let mut stream = Stream {
        connection: connection.clone(),
        ticket,
        counted: false,
        sending: (request.body_length() > 0).then_some(sending),
        to_send: if request.upload.is_some() { Bytes::new() } else { request.body.clone() },
        response,
        head: None,
        receiving: None,
        body: Vec::new(),
        size: 0,
        trailers: None,
        plan,
        length: None,
    };
    // What can leave at once does, in the turn of the user and not in that of the task that drives the connection.
    connection.run();
    let error = poll_fn(|context| stream.poll(upload.as_deref_mut(), context, phases)).await.err();
    let ended = Instant::now();
    let head_at = phases.first_byte_at;
    phases.end_exchange(ended);
    // What can never be sent must not be tried again.
    let wrote = stream.counted || error.is_some_and(TransportError::is_of_request_body);
    match (stream.head.take(), error) {
        (Some((head, head_bytes)), error) => {
            let body = std::mem::take(&mut stream.body).into();
            let (size, trailers) = (stream.size, stream.trailers.take());
            let ended = if plan.pause { head_at.unwrap_or(ended) } else { ended };
            let rest = (plan.pause && error.is_none()).then(|| Box::new(Rest::Shared(stream)));
            let reusable = rest.is_none();
            Ok(Answer { head, head_bytes, body, size, trailers, error, ended, reusable, rest })
        }
        (None, error) => Err(Failure { error: error.unwrap_or(TransportError::ClosedBeforeResponse), wrote }),
    }
}

/// The next bytes of a body of which so many are `left`.
fn next_piece(pieces: &mut Pieces<'_>, left: &mut u64) -> Result<Bytes, TransportError> {
    let mut piece = Vec::new();
    pieces.read(&mut piece, PIECE)?;
    *left = left.saturating_sub(piece.len() as u64);
    Ok(piece.into())
}

/// A request on its way, and its answer.
#[derive(Debug)]
pub(in crate::http) struct Stream {
    connection: Rc<Multiplexed>,
    ticket: Rc<Ticket>,
    /// Whether the request was counted: its head has left.
    counted: bool,
    /// None when nothing more is to be sent.
    sending: Option<SendStream<Bytes>>,
    /// What of the body is at hand and not yet handed over.
    to_send: Bytes,
    response: ResponseFuture,
    head: Option<(Head, Bytes)>,
    receiving: Option<RecvStream>,
    /// What was kept of the body.
    body: Vec<u8>,
    /// How many bytes of it have come.
    size: u64,
    trailers: Option<Box<HeaderMap>>,
    plan: Plan,
    /// What the answer says that its body is long; none where it has none, whatever it says.
    length: Option<u64>,
}

impl Stream {
    /// Sends and reads what can be; ready when the answer is complete, or can never be. `upload` is the rest of a body that
    /// is read from files, and how long it is.
    fn poll(
        &mut self,
        upload: Option<&mut (Pieces<'_>, u64)>,
        context: &mut Context<'_>,
        phases: &mut Phases,
    ) -> Poll<Result<(), TransportError>> {
        let received = match self.send(upload, context) {
            Ok(()) => self.receive(context, phases),
            Err(error) => Poll::Ready(Err(error)),
        };
        self.count();
        phases.sent_at = self.ticket.left.get();
        received
    }

    /// Counts the request when its head has left completely, and the bytes of the connection: in its own turn, so that
    /// it is known whose they were.
    fn count(&mut self) {
        self.connection.log.claim();
        if !self.counted && self.ticket.head_left.get().is_some() {
            self.counted = true;
            add(&self.connection.log.shared.counters.wire_requests, 1);
        }
    }

    /// Hands over as much of the body as the server gives room for.
    fn send(
        &mut self,
        mut upload: Option<&mut (Pieces<'_>, u64)>,
        context: &mut Context<'_>,
    ) -> Result<(), TransportError> {
        let mut handed_over = false;
        while let Some(sending) = &mut self.sending {
            if self.to_send.is_empty()
                && let Some((pieces, left)) = upload.as_deref_mut()
            {
                self.to_send =
                    next_piece(pieces, left).inspect_err(|_| sending.send_reset(Reason::CANCEL))?;
            }
            sending.reserve_capacity(self.to_send.len().min(PIECE));
            match sending.poll_capacity(context) {
                Poll::Pending => break,
                Poll::Ready(Some(Ok(0))) => {}
                Poll::Ready(Some(Ok(room))) => {
                    let piece = self.to_send.split_to(room.min(self.to_send.len()));
                    let last = self.to_send.is_empty() && upload.as_ref().is_none_or(|upload| upload.1 == 0);
                    let sent = sending.send_data(piece, last);
                    handed_over = true;
                    if last || sent.is_err() {
                        self.sending = None;
                    }
                }
                // The server wants no more of it; what it answers says why.
                Poll::Ready(Some(Err(_)) | None) => self.sending = None,
            }
        }
        if handed_over {
            self.connection.run();
        }
        Ok(())
    }

    fn receive(
        &mut self,
        context: &mut Context<'_>,
        phases: &mut Phases,
    ) -> Poll<Result<(), TransportError>> {
        if self.receiving.is_none() {
            let response = match ready!(Pin::new(&mut self.response).poll(context)) {
                Ok(response) => response,
                Err(error) => return Poll::Ready(Err(self.connection.meaning(&error, false))),
            };
            phases.first_byte_at = Some(Instant::now());
            self.head = Some(stream_head::answer(&response)?);
            self.length = self.announced(&response);
            if self.length.is_some_and(|length| length > self.plan.max) {
                return Poll::Ready(Err(TransportError::BodyTooLarge));
            }
            self.receiving = Some(response.into_body());
        }
        if self.plan.pause {
            // Whoever asks for the head alone still wants to send everything.
            return if self.sending.is_none() { Poll::Ready(Ok(())) } else { Poll::Pending };
        }
        while let Some(piece) = ready!(self.data(context))? {
            if self.plan.keep {
                self.body.extend_from_slice(&piece);
            }
        }
        Poll::Ready(Ok(()))
    }

    /// The next bytes of the body of an answer whose head was read, at least one; none when there are no more.
    pub(in crate::http) fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, TransportError>> {
        let piece = self.data(context);
        self.connection.log.claim();
        piece
    }

    fn data(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, TransportError>> {
        loop {
            let Some(receiving) = &mut self.receiving else { return Poll::Ready(Ok(None)) };
            match ready!(receiving.poll_data(context)) {
                None => break,
                Some(Ok(piece)) => {
                    if self.size + piece.len() as u64 > self.plan.max {
                        return Poll::Ready(Err(TransportError::BodyTooLarge));
                    }
                    self.size += piece.len() as u64;
                    // There is always room for what was taken out.
                    let _ = receiving.flow_control().release_capacity(piece.len());
                    if !piece.is_empty() {
                        return Poll::Ready(Ok(Some(piece)));
                    }
                }
                // The whole answer is there, and the server wants no more of the request (RFC 9113, section 8.1).
                Some(Err(error)) if is_farewell(&error) && self.is_whole() => return Poll::Ready(Ok(None)),
                Some(Err(error)) => return Poll::Ready(Err(self.connection.meaning(&error, true))),
            }
        }
        let Some(receiving) = &mut self.receiving else { return Poll::Ready(Ok(None)) };
        // A body that came to its end is whole, whatever becomes of the trailers.
        let trailers = ready!(receiving.poll_trailers(context));
        self.trailers = trailers.ok().flatten().filter(|trailers| !trailers.is_empty()).map(Box::new);
        Poll::Ready(Ok(None))
    }

    /// How long the body will be, if the answer says so and has one.
    fn announced(&self, response: &http::Response<RecvStream>) -> Option<u64> {
        let has_none = response.body().is_end_stream();
        let length = response.headers().get(CONTENT_LENGTH).filter(|_| !has_none)?;
        length.to_str().ok()?.parse().ok()
    }

    fn is_whole(&self) -> bool {
        self.length.is_none_or(|length| length == self.size)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.connection.log.claim();
        let head_left = self.ticket.head_left.get().is_some();
        if head_left && !self.counted {
            // It left since this was polled last, and will not be polled again.
            let counters = &self.connection.log.shared.counters;
            add(&counters.wire_requests, 1);
            add(&counters.abandoned, 1);
        }
        self.connection.log.abandon(&self.ticket);
    }
}

/// Whether the server has ended the stream without an error.
fn is_farewell(error: &h2::Error) -> bool {
    error.is_remote() && error.is_reset() && error.reason() == Some(Reason::NO_ERROR)
}
