//! The body of an answer, taken out of the bytes as they come.

use super::head::Framing;
use crate::http::error::TransportError;
use http::header::{HeaderMap, HeaderName, HeaderValue};

/// Longer lines than this do not occur between chunks.
const MAX_CHUNK_LINE: usize = 16 * 1024;

/// More bytes of trailers are refused.
const MAX_TRAILERS: usize = 64 * 1024;

/// No more is reserved for a body before it comes.
const MAX_RESERVED: usize = 1024 * 1024;

/// What becomes of a body, and how long it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) struct Plan {
    /// Whether it is held; otherwise its bytes are counted and forgotten.
    pub(in crate::http) keep: bool,
    /// Bytes as transferred.
    pub(in crate::http) max: u64,
    /// Whether reading pauses at the head: the body is asked for later, piece by piece.
    pub(in crate::http) pause: bool,
}

impl Plan {
    /// For a body that is asked for piece by piece.
    pub(in crate::http) const PIECES: Self = Self { keep: true, max: u64::MAX, pause: true };
}

/// A body that is being read.
#[derive(Debug)]
pub(in crate::http) struct BodyReader {
    state: State,
    keep: bool,
    /// What was kept of it, and not yet taken away.
    body: Vec<u8>,
    /// Bytes that have come.
    size: u64,
    /// Bytes that the body may still grow by.
    room: u64,
    /// The line that is being collected.
    line: Vec<u8>,
    /// The lines of the trailers, each with its end; empty where there are none.
    trailers: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// So many bytes are to come.
    Length(u64),
    /// A line with the length of a chunk is to come.
    ChunkLine,
    /// So many bytes of a chunk are to come.
    Chunk(u64),
    /// The line end after a chunk is to come.
    ChunkEnd,
    /// Trailers are to come.
    Trailers,
    /// Everything until the connection is closed.
    UntilClose,
    Done,
}

impl BodyReader {
    /// A reader for a body of this framing.
    pub(in crate::http) fn new(framing: Framing, plan: Plan) -> Self {
        let Plan { keep, max, .. } = plan;
        let (state, capacity) = match framing {
            Framing::None => (State::Done, 0),
            Framing::Length(length) => (State::Length(length), if keep { length.min(max) } else { 0 }),
            Framing::Chunked => (State::ChunkLine, 0),
            Framing::UntilClose => (State::UntilClose, 0),
        };
        // What a server announces is believed up to a bound; the rest is room when it comes.
        let capacity = usize::try_from(capacity).unwrap_or(MAX_RESERVED).min(MAX_RESERVED);
        let body = Vec::with_capacity(capacity);
        Self { state, keep, body, size: 0, room: max, line: Vec::new(), trailers: Vec::new() }
    }

    /// Whether the body is complete.
    pub(in crate::http) fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// The connection was closed.
    pub(in crate::http) fn close(&mut self) -> Result<(), TransportError> {
        match self.state {
            State::UntilClose | State::Done => {
                self.state = State::Done;
                Ok(())
            }
            _ => Err(TransportError::ResponseEndedEarly),
        }
    }

    /// Bytes of the body that have come, kept or not.
    pub(in crate::http) fn size(&self) -> u64 {
        self.size
    }

    /// What was kept of the body since the last time.
    pub(in crate::http) fn take_kept(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.body)
    }

    /// From now on bytes are only counted.
    pub(in crate::http) fn stop_keeping(&mut self) {
        self.keep = false;
    }

    /// The trailers (RFC 9112, section 7.1.2); none where none came.
    pub(in crate::http) fn trailers(&self) -> Option<Box<HeaderMap>> {
        (!self.trailers.is_empty()).then(|| {
            let lines = self.trailers.split(|byte| *byte == b'\n').filter_map(field);
            Box::new(lines.collect())
        })
    }

    /// Takes what belongs to the body and returns what comes after it.
    ///
    /// A body that is announced to be too long is refused before any of it has come.
    pub(in crate::http) fn take<'a>(&mut self, mut bytes: &'a [u8]) -> Result<&'a [u8], TransportError> {
        if let State::Length(left) = self.state {
            self.reserve(left)?;
        }
        while !bytes.is_empty() && !self.is_done() {
            bytes = self.step(bytes)?;
        }
        Ok(bytes)
    }

    fn step<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], TransportError> {
        match self.state {
            State::Done => Ok(bytes),
            State::UntilClose => {
                self.reserve(bytes.len() as u64)?;
                self.grow(bytes);
                Ok(&[])
            }
            State::Length(left) | State::Chunk(left) => {
                self.reserve(left)?;
                let count = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                let (mine, rest) = bytes.split_at(count);
                self.grow(mine);
                self.state = match (self.state, left - count as u64) {
                    (State::Chunk(_), 0) => State::ChunkEnd,
                    (State::Chunk(_), left) => State::Chunk(left),
                    (_, 0) => State::Done,
                    (_, left) => State::Length(left),
                };
                Ok(rest)
            }
            State::ChunkLine | State::ChunkEnd | State::Trailers => {
                let (rest, complete) = collect(&mut self.line, bytes)?;
                if complete {
                    self.end_line()?;
                    self.line.clear();
                }
                Ok(rest)
            }
        }
    }

    /// Refuses what the body may not grow by.
    fn reserve(&self, count: u64) -> Result<(), TransportError> {
        if count > self.room { Err(TransportError::BodyTooLarge) } else { Ok(()) }
    }

    fn grow(&mut self, bytes: &[u8]) {
        if self.keep {
            if self.body.capacity() - self.body.len() < bytes.len() {
                self.make_room(bytes.len());
            }
            self.body.extend_from_slice(bytes);
        }
        self.size += bytes.len() as u64;
        self.room -= bytes.len() as u64;
    }

    /// Makes room for `count` bytes more, which are within the limit: twice as much each time, but nothing beyond the limit.
    #[cold]
    fn make_room(&mut self, count: usize) {
        let room = usize::try_from(self.room).unwrap_or(usize::MAX);
        let double = self.body.len().max(count);
        // What would be left over for a last step is taken along.
        self.body.reserve_exact(if room / 2 <= double { room } else { double });
    }

    fn end_line(&mut self) -> Result<(), TransportError> {
        let empty = self.line.is_empty();
        self.state = match self.state {
            State::ChunkLine => match chunk_length(&self.line)? {
                0 => State::Trailers,
                length => {
                    self.reserve(length)?;
                    State::Chunk(length)
                }
            },
            State::ChunkEnd if empty => State::ChunkLine,
            State::Trailers if empty => State::Done,
            State::Trailers => {
                self.note_trailer()?;
                State::Trailers
            }
            _ => return Err(TransportError::MalformedResponse),
        };
        Ok(())
    }

    fn note_trailer(&mut self) -> Result<(), TransportError> {
        if self.trailers.len() + self.line.len() >= MAX_TRAILERS {
            return Err(TransportError::ResponseHeadTooLarge);
        }
        if field(&self.line).is_none() {
            return Err(TransportError::MalformedResponse);
        }
        self.trailers.extend_from_slice(&self.line);
        self.trailers.push(b'\n');
        Ok(())
    }
}

/// A line of trailers as name and value.
fn field(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let name = HeaderName::from_bytes(&line[..colon]).ok()?;
    Some((name, HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?))
}

/// Adds to a line what belongs to it; whether it is complete then, without its end.
fn collect<'a>(line: &mut Vec<u8>, bytes: &'a [u8]) -> Result<(&'a [u8], bool), TransportError> {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let (mine, rest) = bytes.split_at(end.map_or(bytes.len(), |end| end + 1));
    line.extend_from_slice(mine);
    if line.len() > MAX_CHUNK_LINE {
        return Err(TransportError::MalformedResponse);
    }
    if end.is_some() {
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
    }
    Ok((rest, end.is_some()))
}

/// The hexadecimal length at the start of a chunk's line; extensions after it are ignored (RFC 9112, section 7.1).
fn chunk_length(line: &[u8]) -> Result<u64, TransportError> {
    let text = std::str::from_utf8(line).map_err(|_| TransportError::MalformedResponse)?;
    let digits = text.split(';').next().unwrap_or_default().trim();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(TransportError::MalformedResponse);
    }
    u64::from_str_radix(digits, 16).map_err(|_| TransportError::MalformedResponse)
}

#[cfg(test)]
mod tests {
    use super::{BodyReader, Plan};
    use crate::http::TransportError;
    use crate::http::http1::head::Framing;
    use proptest::prelude::*;

    const ALL: Plan = Plan { keep: true, max: u64::MAX, pause: false };

    fn chunked(text: &str) -> Result<(Vec<u8>, bool, usize), TransportError> {
        let mut reader = BodyReader::new(Framing::Chunked, ALL);
        let rest = reader.take(text.as_bytes())?.len();
        let done = reader.is_done();
        Ok((reader.take_kept(), done, rest))
    }

    #[test]
    fn chunks_are_joined_and_trailers_left_out() {
        assert_eq!(chunked("5\r\nhello\r\n0\r\n\r\n"), Ok((b"hello".to_vec(), true, 0)));
        assert_eq!(
            chunked("5;x=y\r\nhello\r\nA\r\n, world!!!\r\n0\r\nx: y\r\n\r\nnext"),
            Ok((b"hello, world!!!".to_vec(), true, 4))
        );
        assert_eq!(chunked("5\r\nhel"), Ok((b"hel".to_vec(), false, 0)));
    }

    #[test]
    fn trailers_are_fields() {
        let mut reader = BodyReader::new(Framing::Chunked, ALL);
        assert_eq!(reader.take(b"0\r\nGrpc-Status: 0\r\nx:  a b \nX: c\r\n\r\n"), Ok([].as_slice()));
        let trailers = reader.trailers().expect("some came");
        let fields: Vec<_> = trailers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        assert_eq!(fields, [("grpc-status", &b"0"[..]), ("x", b"a b"), ("x", b"c")]);
        let mut reader = BodyReader::new(Framing::Chunked, ALL);
        assert_eq!((reader.take(b"0\r\n\r\n"), reader.trailers()), (Ok([].as_slice()), None));
        assert_eq!(chunked("0\r\nno field\r\n\r\n"), Err(TransportError::MalformedResponse));
        let endless = format!("0\r\n{}", "x: y\r\n".repeat(20_000));
        assert_eq!(chunked(&endless), Err(TransportError::ResponseHeadTooLarge));
    }

    #[test]
    fn a_body_that_nobody_keeps_is_counted() {
        let mut reader = BodyReader::new(Framing::Length(1 << 40), Plan { keep: false, ..ALL });
        for _ in 0..1000 {
            reader.take(&[b'x'; 1000]).expect("no limit");
        }
        assert_eq!((reader.size(), reader.take_kept().capacity()), (1_000_000, 0));
    }

    #[test]
    fn what_is_no_chunk_is_malformed() {
        for text in ["x\r\n", "\r\n", "-1\r\n", "5\r\nhelloX\r\n", "fffffffffffffffff\r\n"] {
            assert_eq!(chunked(text), Err(TransportError::MalformedResponse), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_chunked_body_is_the_same_however_it_is_cut(
            body in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..20), 0..5),
            cuts in prop::collection::vec(1_usize..10, 0..50),
        ) {
            let mut wire = Vec::new();
            for chunk in &body {
                wire.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                wire.extend_from_slice(chunk);
                wire.extend_from_slice(b"\r\n");
            }
            wire.extend_from_slice(b"0\r\n\r\n");
            let mut reader = BodyReader::new(Framing::Chunked, ALL);
            let mut rest = wire.as_slice();
            for cut in cuts.into_iter().chain([wire.len()]) {
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                prop_assert_eq!(reader.take(piece), Ok([].as_slice()));
                rest = after;
            }
            prop_assert!(reader.is_done());
            prop_assert_eq!(reader.take_kept(), body.concat());
        }

        #[test]
        fn no_body_is_a_trap(bytes: Vec<u8>) {
            let mut reader = BodyReader::new(Framing::Chunked, ALL);
            let _ = reader.take(&bytes);
            let _ = reader.close();
        }
    }
}
