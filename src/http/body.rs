//! The body of an answer, taken out of the bytes as they come.

use super::error::TransportError;
use super::head::Framing;

/// Longer lines than this do not occur between chunks.
const MAX_CHUNK_LINE: usize = 16 * 1024;

/// A body that is being read.
#[derive(Debug)]
pub(super) struct BodyReader {
    state: State,
    body: Vec<u8>,
}

#[derive(Debug)]
enum State {
    /// So many bytes are to come.
    Length(u64),
    /// A line with the length of a chunk is to come.
    ChunkLine(Line),
    /// So many bytes of a chunk are to come.
    Chunk(u64),
    /// The line end after a chunk is to come.
    ChunkEnd(Line),
    /// Trailers are to come; they are not kept.
    Trailers(Line),
    /// Everything until the connection is closed.
    UntilClose,
    Done,
}

/// A line that is being collected.
type Line = Vec<u8>;

impl BodyReader {
    /// A reader for a body of this framing.
    pub(super) fn new(framing: Framing) -> Self {
        let state = match framing {
            Framing::None => State::Done,
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::ChunkLine(Line::new()),
            Framing::UntilClose => State::UntilClose,
        };
        Self { state, body: Vec::new() }
    }

    /// Whether the body is complete.
    pub(super) fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// The connection was closed.
    pub(super) fn close(&mut self) -> Result<(), TransportError> {
        match self.state {
            State::UntilClose | State::Done => {
                self.state = State::Done;
                Ok(())
            }
            _ => Err(TransportError::ResponseEndedEarly),
        }
    }

    /// The body so far.
    pub(super) fn into_body(self) -> Vec<u8> {
        self.body
    }

    /// Takes what belongs to the body and returns what comes after it.
    pub(super) fn take<'a>(&mut self, mut bytes: &'a [u8]) -> Result<&'a [u8], TransportError> {
        while !bytes.is_empty() && !self.is_done() {
            bytes = self.step(bytes)?;
        }
        Ok(bytes)
    }

    fn step<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], TransportError> {
        match &mut self.state {
            State::Done => Ok(bytes),
            State::UntilClose => {
                self.body.extend_from_slice(bytes);
                Ok(&[])
            }
            State::Length(left) | State::Chunk(left) => {
                let count = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                let (mine, rest) = bytes.split_at(count);
                self.body.extend_from_slice(mine);
                *left -= count as u64;
                if *left == 0 {
                    self.state = match self.state {
                        State::Chunk(_) => State::ChunkEnd(Line::new()),
                        _ => State::Done,
                    };
                }
                Ok(rest)
            }
            State::ChunkLine(line) | State::ChunkEnd(line) | State::Trailers(line) => {
                let (rest, complete) = collect(line, bytes)?;
                if complete {
                    let line = std::mem::take(line);
                    self.end_line(&line)?;
                }
                Ok(rest)
            }
        }
    }

    fn end_line(&mut self, line: &[u8]) -> Result<(), TransportError> {
        self.state = match self.state {
            State::ChunkLine(_) => match chunk_length(line)? {
                0 => State::Trailers(Line::new()),
                length => State::Chunk(length),
            },
            State::ChunkEnd(_) if line.is_empty() => State::ChunkLine(Line::new()),
            State::Trailers(_) if line.is_empty() => State::Done,
            State::Trailers(_) => State::Trailers(Line::new()),
            _ => return Err(TransportError::MalformedResponse),
        };
        Ok(())
    }
}

/// Adds to a line what belongs to it; whether it is complete then, without its end.
fn collect<'a>(line: &mut Line, bytes: &'a [u8]) -> Result<(&'a [u8], bool), TransportError> {
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
    use super::BodyReader;
    use crate::http::TransportError;
    use crate::http::head::Framing;
    use proptest::prelude::*;

    fn chunked(text: &str) -> Result<(Vec<u8>, bool, usize), TransportError> {
        let mut reader = BodyReader::new(Framing::Chunked);
        let rest = reader.take(text.as_bytes())?.len();
        let done = reader.is_done();
        Ok((reader.into_body(), done, rest))
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
            let mut reader = BodyReader::new(Framing::Chunked);
            let mut rest = wire.as_slice();
            for cut in cuts.into_iter().chain([wire.len()]) {
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                prop_assert_eq!(reader.take(piece), Ok([].as_slice()));
                rest = after;
            }
            prop_assert!(reader.is_done());
            prop_assert_eq!(reader.into_body(), body.concat());
        }

        #[test]
        fn no_body_is_a_trap(bytes: Vec<u8>) {
            let mut reader = BodyReader::new(Framing::Chunked);
            let _ = reader.take(&bytes);
            let _ = reader.close();
        }
    }
}
