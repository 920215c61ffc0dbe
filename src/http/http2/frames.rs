//! The frames of HTTP/2 as they pass (RFC 9113, section 4): which requests have left, and what came first.

/// What a client sends before its first frame (RFC 9113, section 3.4).
const PREFACE: usize = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len();

/// Bytes of the header of a frame.
const HEADER: usize = 9;

const DATA: u8 = 0x0;
const HEADERS: u8 = 0x1;
const SETTINGS: u8 = 0x4;
const CONTINUATION: u8 = 0x9;

const END_STREAM: u8 = 0x1;
const END_HEADERS: u8 = 0x4;

/// Something about the request of a stream that has passed completely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) struct Passed {
    pub(in crate::http) stream: u32,
    /// Its head has.
    pub(in crate::http) head: bool,
    /// All of it has.
    pub(in crate::http) end: bool,
}

/// Follows the bytes that a client sends.
#[derive(Debug)]
pub(in crate::http) struct Sent {
    /// Bytes to skip: of the preface, or of the frame that passes.
    left: usize,
    header: [u8; HEADER],
    filled: usize,
    /// The frame that passes, if it is one of interest.
    passing: Option<Passed>,
    /// Whether the stream ends with the block of headers that passes.
    ends: bool,
}

impl Sent {
    /// Nothing has passed, not even the preface.
    pub(in crate::http) fn new() -> Self {
        Self { left: PREFACE, header: [0; HEADER], filled: 0, passing: None, ends: false }
    }

    /// The next bytes, however they are cut; `passed` is told what ends within them.
    pub(in crate::http) fn feed(&mut self, mut bytes: &[u8], mut passed: impl FnMut(Passed)) {
        loop {
            let skipped = self.left.min(bytes.len());
            self.left -= skipped;
            bytes = &bytes[skipped..];
            if self.left > 0 {
                return;
            }
            if let Some(frame) = self.passing.take() {
                passed(frame);
            }
            let count = (HEADER - self.filled).min(bytes.len());
            self.header[self.filled..self.filled + count].copy_from_slice(&bytes[..count]);
            self.filled += count;
            bytes = &bytes[count..];
            if self.filled < HEADER {
                return;
            }
            self.begin();
        }
    }

    /// A header is complete: what follows is its frame.
    fn begin(&mut self) {
        let [a, b, c, kind, flags, d, e, f, g] = self.header;
        self.filled = 0;
        self.left = u32::from_be_bytes([0, a, b, c]) as usize;
        let stream = u32::from_be_bytes([d & 0x7f, e, f, g]);
        self.passing = match kind {
            HEADERS | CONTINUATION => {
                if kind == HEADERS {
                    self.ends = flags & END_STREAM != 0;
                }
                let whole = flags & END_HEADERS != 0;
                whole.then_some(Passed { stream, head: true, end: self.ends })
            }
            DATA if flags & END_STREAM != 0 => Some(Passed { stream, head: false, end: true }),
            _ => None,
        };
    }
}

/// What a server says first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Greeting {
    /// So many bytes that may be the beginning of settings.
    Begun(usize),
    /// Settings, as it must (RFC 9113, section 3.4).
    Settings,
    /// Something else: it does not speak HTTP/2.
    Other,
}

impl Greeting {
    /// What it is after the next bytes.
    pub(in crate::http) fn after(self, bytes: &[u8]) -> Self {
        // The kind of a frame is behind the three bytes of its length. Other protocols begin with letters, which would
        // be the length of a frame of megabytes.
        const KIND: usize = 3;
        match self {
            Self::Begun(count) if count == 0 && bytes.first().is_some_and(|first| *first != 0) => Self::Other,
            Self::Begun(count) => match bytes.get(KIND - count) {
                Some(&SETTINGS) => Self::Settings,
                Some(_) => Self::Other,
                None => Self::Begun(count + bytes.len()),
            },
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Greeting, PREFACE, Passed, Sent};
    use proptest::prelude::*;

    fn frame(length: usize, kind: u8, flags: u8, stream: u32) -> Vec<u8> {
        let mut bytes = vec![(length >> 16) as u8, (length >> 8) as u8, length as u8, kind, flags];
        bytes.extend(stream.to_be_bytes());
        bytes.resize(bytes.len() + length, 0xff);
        bytes
    }

    /// A preface, settings, a request without a body, one whose head comes in two pieces, and the end of its body.
    fn conversation() -> Vec<u8> {
        let mut wire = vec![b'x'; PREFACE];
        wire.extend(frame(6, 4, 0, 0));
        wire.extend(frame(30, 1, 0x5, 1));
        wire.extend(frame(50, 1, 0x0, 3));
        wire.extend(frame(10, 9, 0x4, 3));
        wire.extend(frame(4, 8, 0, 0));
        wire.extend(frame(300, 0, 0x0, 3));
        wire.extend(frame(0, 0, 0x1, 3));
        wire.extend(frame(0, 1, 0x5, 5));
        wire
    }

    const EXPECTED: [Passed; 4] = [
        Passed { stream: 1, head: true, end: true },
        Passed { stream: 3, head: true, end: false },
        Passed { stream: 3, head: false, end: true },
        Passed { stream: 5, head: true, end: true },
    ];

    proptest! {
        #[test]
        fn what_has_passed_is_the_same_however_it_is_cut(cuts in prop::collection::vec(1_usize..40, 0..60)) {
            let wire = conversation();
            let mut sent = Sent::new();
            let mut seen = Vec::new();
            let mut rest = wire.as_slice();
            for cut in cuts.into_iter().chain([wire.len()]) {
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                sent.feed(piece, |passed| seen.push(passed));
                rest = after;
            }
            prop_assert_eq!(seen, EXPECTED);
        }

        #[test]
        fn a_greeting_is_the_same_however_it_is_cut(bytes in prop::collection::vec(any::<u8>(), 4..12), cut in 0_usize..4) {
            let whole = Greeting::Begun(0).after(&bytes);
            let (first, second) = bytes.split_at(cut);
            prop_assert_eq!(Greeting::Begun(0).after(first).after(second), whole);
        }
    }

    #[test]
    fn a_head_has_not_passed_before_its_last_byte() {
        let wire = conversation();
        let head_of_first = PREFACE + 9 + 6 + 9 + 30;
        let mut sent = Sent::new();
        let mut seen = 0;
        sent.feed(&wire[..head_of_first - 1], |_| seen += 1);
        assert_eq!(seen, 0);
        sent.feed(&wire[head_of_first - 1..head_of_first], |_| seen += 1);
        assert_eq!(seen, 1);
    }

    #[test]
    fn what_greets_by_settings_speaks_http2() {
        for (bytes, expected) in [
            (&b"\0\0\x06\x04\0\0\0\0\0"[..], Greeting::Settings),
            (b"\0\0", Greeting::Begun(2)),
            (b"\0\0\x06\x07\0", Greeting::Other),
            (b"HTTP/1.1 400 Bad Request", Greeting::Other),
            (b"H", Greeting::Other),
            (b"", Greeting::Begun(0)),
        ] {
            assert_eq!(Greeting::Begun(0).after(bytes), expected, "{bytes:?}");
        }
    }
}
