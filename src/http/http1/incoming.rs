//! An answer as it comes in, however its bytes are cut.

use super::body::{BodyReader, Plan};
use super::head::{self, Framing, Head};
use crate::http::error::TransportError;
use crate::http::http2::stream::Stream;
use crate::http::net::connection::Connection;
use crate::http::net::transport::Transport;
use crate::http::shared::{Shared, add};
use bytes::Bytes;
use http::HeaderMap;
use std::mem;
use std::task::{Context, Poll, ready};
use tokio::time::Instant;

/// What came back on a connection.
#[derive(Debug)]
pub(in crate::http) struct Answer {
    pub(in crate::http) head: Head,
    /// The head as it came.
    pub(in crate::http) head_bytes: Bytes,
    /// As transferred, without the framing of chunks; empty where it was not to be kept.
    pub(in crate::http) body: Bytes,
    /// How many bytes of it have come.
    pub(in crate::http) size: u64,
    /// What came behind a chunked body.
    pub(in crate::http) trailers: Option<Box<HeaderMap>>,
    /// Why the body is not whole, if it is not.
    pub(in crate::http) error: Option<TransportError>,
    /// When its last byte came.
    pub(in crate::http) ended: Instant,
    /// Whether the connection can carry another request.
    pub(in crate::http) reusable: bool,
    /// What is still to come, where reading paused at the head.
    pub(in crate::http) rest: Option<Box<Rest>>,
}

/// What is to come of an answer of which the head was read.
#[derive(Debug)]
pub(in crate::http) enum Rest {
    /// It, and where it comes from; that is none for the moment between the exchange and who keeps connections.
    Single(Incoming, Option<Connection>),
    /// On a connection that carries many requests.
    Shared(Stream),
}

/// An answer that is being read.
#[derive(Debug)]
pub(in crate::http) struct Incoming {
    to_head: bool,
    plan: Plan,
    /// The beginning of a head that is not complete.
    pending: Vec<u8>,
    head: Option<(Head, Bytes)>,
    body: BodyReader,
    /// A body that came in one piece with its head, and was not copied apart.
    whole: Option<Bytes>,
    pub(in crate::http) first_byte_at: Option<Instant>,
    pub(in crate::http) last_byte_at: Option<Instant>,
    /// Bytes came after the end of the answer, or the connection was closed: it cannot be used again.
    spoilt: bool,
    /// Why no more can come.
    failed: Option<TransportError>,
}

impl Incoming {
    /// Nothing has come yet; the answer is to a HEAD request if `to_head`.
    pub(in crate::http) fn new(to_head: bool, plan: Plan) -> Self {
        Self {
            to_head,
            plan,
            pending: Vec::new(),
            head: None,
            body: BodyReader::new(Framing::None, plan),
            whole: None,
            first_byte_at: None,
            last_byte_at: None,
            spoilt: false,
            failed: None,
        }
    }

    /// Whether the answer is complete, or can never be, or was asked for no further.
    pub(in crate::http) fn is_done(&self) -> bool {
        self.failed.is_some()
            || self.head.is_some() && (self.plan.pause || self.whole.is_some() || self.body.is_done())
    }

    /// Whether there is a head, and no more was asked for.
    pub(in crate::http) fn is_paused(&self) -> bool {
        self.plan.pause && self.head.is_some()
    }

    /// The rest is asked for, but nobody wants to see it.
    pub(in crate::http) fn skip_rest(&mut self) {
        self.plan.pause = false;
        self.body.stop_keeping();
    }

    /// The connection cannot be used again.
    pub(in crate::http) fn spoil(&mut self) {
        self.spoilt = true;
    }

    /// Whether the whole answer was read and its connection can carry another request.
    pub(in crate::http) fn is_reusable(&self) -> bool {
        let persistent = self.head.as_ref().is_some_and(|(head, _)| head.keep_alive);
        persistent && !self.spoilt && self.failed.is_none() && self.body.is_done()
    }

    /// Reads what is there; ready when the answer is complete, or can never be.
    pub(in crate::http) fn poll_receive(
        &mut self,
        shared: &Shared,
        transport: &mut Transport,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        let mut buffer = shared.incoming.borrow_mut();
        while !self.is_done() {
            ready!(self.poll_read(shared, transport, &mut buffer, context));
        }
        Poll::Ready(())
    }

    /// Reads once.
    fn poll_read(
        &mut self,
        shared: &Shared,
        transport: &mut Transport,
        buffer: &mut [u8],
        context: &mut Context<'_>,
    ) -> Poll<()> {
        match ready!(transport.poll_read(context, buffer)) {
            Ok(0) => self.close(),
            Ok(count) => {
                add(&shared.counters.bytes_received, count as u64);
                let now = Instant::now();
                self.first_byte_at.get_or_insert(now);
                self.last_byte_at = Some(now);
                self.feed(&buffer[..count]);
            }
            // rustls says so when the other side closes without a farewell, as many servers do.
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => self.close(),
            Err(error) => self.fail(TransportError::exchanging(&error)),
        }
        Poll::Ready(())
    }

    /// The next bytes of the body of a paused answer, at least one; none when there are no more.
    pub(in crate::http) fn poll_piece(
        &mut self,
        shared: &Shared,
        transport: &mut Transport,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, TransportError>> {
        loop {
            let piece = self.whole.take().unwrap_or_else(|| self.body.take_kept().into());
            if !piece.is_empty() {
                return Poll::Ready(Ok(Some(piece)));
            }
            if let Some(error) = self.failed {
                return Poll::Ready(Err(error));
            }
            if self.body.is_done() {
                return Poll::Ready(Ok(None));
            }
            ready!(self.poll_read(shared, transport, &mut shared.incoming.borrow_mut(), context));
        }
    }

    fn fail(&mut self, error: TransportError) {
        self.spoilt = true;
        self.failed = Some(error);
    }

    /// The other side has closed the connection.
    pub(in crate::http) fn close(&mut self) {
        self.spoilt = true;
        let result = match self.head {
            Some(_) => self.body.close(),
            None if self.pending.is_empty() => Err(TransportError::ClosedBeforeResponse),
            // What cannot be a head is told by its first bytes, however they came.
            None => {
                let broken = head::parse(&self.pending, self.to_head).err();
                Err(broken.unwrap_or(TransportError::ResponseEndedEarly))
            }
        };
        self.failed = result.err();
    }

    /// Takes the next bytes, at least one.
    pub(in crate::http) fn feed(&mut self, bytes: &[u8]) {
        if let Err(error) = self.try_feed(bytes) {
            self.fail(error);
        }
    }

    fn try_feed(&mut self, bytes: &[u8]) -> Result<(), TransportError> {
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
        // Only the end of a line can complete a head: one that trickles in is not parsed anew for every byte of it.
        let used = if bytes.contains(&b'\n') || pending.len() > head::MAX_HEAD {
            self.feed_head(&pending)?
        } else {
            0
        };
        if self.head.is_none() {
            pending.drain(..used);
            self.pending = pending;
        }
        Ok(())
    }

    /// Looks for a head, and takes what follows it; returns how many bytes of interim answers it skipped.
    fn feed_head(&mut self, bytes: &[u8]) -> Result<usize, TransportError> {
        // Empty lines before a head are no part of it; kept, they would be looked at again with every byte that comes.
        let mut skipped = head::empty_lines(bytes);
        while let Some(head) = head::parse(&bytes[skipped..], self.to_head)? {
            let answer = &bytes[skipped..];
            // Interim answers announce the real one; a switch of protocols nobody asked for is one.
            if (100..200).contains(&head.status) && head.status != 101 {
                skipped += head.length;
                skipped += head::empty_lines(&bytes[skipped..]);
                continue;
            }
            let length = head.length;
            let after = (answer.len() - length) as u64;
            if self.plan.keep && head.framing == Framing::Length(after) && after <= self.plan.max {
                let all = Bytes::copy_from_slice(answer);
                self.whole = Some(all.slice(length..));
                self.head = Some((head, all.slice(..length)));
            } else {
                self.body = BodyReader::new(head.framing, self.plan);
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

    /// The answer, as far as it came; an error where not even its head did.
    pub(in crate::http) fn into_answer(mut self, ended: Instant) -> Result<Answer, TransportError> {
        let error = self.failed;
        let Some((head, head_bytes)) = self.head else {
            return Err(error.unwrap_or(TransportError::ClosedBeforeResponse));
        };
        let reusable = head.keep_alive && !self.spoilt && error.is_none();
        let (body, size) = match self.whole {
            Some(body) => {
                let size = body.len() as u64;
                (body, size)
            }
            None => (Bytes::from(self.body.take_kept()), self.body.size()),
        };
        let trailers = self.body.trailers();
        Ok(Answer { head, head_bytes, body, size, trailers, error, ended, reusable, rest: None })
    }

    /// The answer as far as its head, with the rest to come.
    #[cold]
    pub(in crate::http) fn into_paused(self, ended: Instant) -> Result<Answer, TransportError> {
        let (head, head_bytes) = self.head.clone().ok_or(TransportError::ClosedBeforeResponse)?;
        Ok(Answer {
            head,
            head_bytes,
            body: Bytes::new(),
            size: 0,
            trailers: None,
            error: None,
            ended,
            reusable: false,
            rest: Some(Box::new(Rest::Single(self, None))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Incoming};
    use crate::http::TransportError;
    use crate::http::http1::body::Plan;
    use proptest::prelude::*;
    use proptest::sample::select;
    use tokio::time::Instant;

    /// The answer in pieces of these lengths, the rest in one; then the connection is closed if `closes`.
    fn cut(
        wire: &[u8],
        cuts: &[usize],
        to_head: bool,
        max_body: u64,
        closes: bool,
    ) -> (bool, Result<Answer, TransportError>) {
        let mut incoming = Incoming::new(to_head, Plan { keep: true, max: max_body, pause: false });
        let mut rest = wire;
        for cut in cuts.iter().copied().chain([wire.len()]) {
            let (piece, after) = rest.split_at(cut.min(rest.len()));
            if !piece.is_empty() && !incoming.is_done() {
                incoming.feed(piece);
                rest = after;
            }
        }
        if closes && !incoming.is_done() {
            incoming.close();
        }
        (incoming.is_done(), incoming.into_answer(Instant::now()))
    }

    type Seen = (bool, Result<(u16, Vec<u8>, Vec<u8>, Option<TransportError>), TransportError>);

    fn seen((done, answer): (bool, Result<Answer, TransportError>)) -> Seen {
        let parts = answer.map(|answer| {
            (answer.head.status, answer.head_bytes.to_vec(), answer.body.to_vec(), answer.error)
        });
        (done, parts)
    }

    const ANSWERS: &[&str] = &[
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nx: y\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nx: y\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nlink: a\r\n\r\nHTTP/1.1 201 Yes\r\ncontent-length: 2\r\n\r\nok",
        "HTTP/1.0 200 OK\r\n\r\nuntil the end",
        "HTTP/1.1 200 OK\ncontent-length: 2\n\nok",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\ntoo short",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel",
        "HTTP/1.1 200 O",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        "SSH-2.0-OpenSSH_9.6\r\n",
        "",
    ];

    proptest! {
        #[test]
        fn the_answer_is_the_same_however_it_is_cut(
            wire in select(ANSWERS),
            cuts in prop::collection::vec(1_usize..8, 0..80),
            to_head: bool,
            max_body in 0_u64..20,
        ) {
            let whole = seen(cut(wire.as_bytes(), &[], to_head, max_body, true));
            let pieces = seen(cut(wire.as_bytes(), &cuts, to_head, max_body, true));
            // Of a body that is too long or broken, more or less may have come before that showed.
            if let (Ok((_, _, _, Some(one))), Ok((_, _, _, Some(other)))) = (&whole.1, &pieces.1) {
                prop_assert_eq!(one, other);
            } else {
                prop_assert_eq!(whole, pieces);
            }
        }

        #[test]
        fn no_answer_is_a_trap(wire: Vec<u8>, head in select(ANSWERS), cuts in prop::collection::vec(1_usize..9, 0..9)) {
            cut(&wire, &cuts, false, 100, true).1.ok();
            cut(&[head.as_bytes(), &wire].concat(), &cuts, false, 100, true).1.ok();
        }
    }

    #[test]
    fn what_spoils_a_connection() {
        for (wire, reusable) in [
            ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", true),
            ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok!", false),
            ("HTTP/1.1 204 No Content\r\n\r\nbody", false),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", true),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nHTTP", false),
            ("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n", false),
            ("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n", false),
        ] {
            let (done, answer) = cut(wire.as_bytes(), &[], false, 100, false);
            assert_eq!((done, answer.map(|answer| answer.reusable)), (true, Ok(reusable)), "{wire}");
        }
    }

    #[test]
    fn a_body_beyond_the_limit_is_an_error_as_soon_as_it_shows() {
        for wire in [
            "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nabcdef",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\n",
            "HTTP/1.1 200 OK\r\n\r\nabcdef",
        ] {
            let (done, answer) = cut(wire.as_bytes(), &[], false, 5, false);
            let error = answer.map(|answer| (answer.error, answer.reusable));
            assert_eq!((done, error), (true, Ok((Some(TransportError::BodyTooLarge), false))), "{wire}");
        }
    }

    #[test]
    fn a_head_that_trickles_in_costs_no_more_than_its_lines() {
        let head = format!("HTTP/1.1 200 OK\r\nx: {}\r\ncontent-length: 0\r\n\r\n", "y".repeat(200_000));
        let cuts = vec![1; head.len()];
        let (done, answer) = cut(head.as_bytes(), &cuts, false, 100, false);
        assert_eq!((done, answer.map(|answer| answer.head_bytes.len())), (true, Ok(head.len())));
        let endless = format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(300_000));
        let (done, answer) = cut(endless.as_bytes(), &vec![1; endless.len()], false, 100, false);
        assert_eq!((done, answer.err()), (true, Some(TransportError::ResponseHeadTooLarge)));
    }
}
