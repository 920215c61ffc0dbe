//! A body cut into what a script reads one by one: server-sent events, lines, or the pieces as they come.
//!
//! Nothing is cut ahead of being asked for, so what is held is the last piece and the event or line that is not complete.

use bytes::{Buf, Bytes};
use std::mem;

/// What a stream is cut into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::script) enum Cut {
    /// Server-sent events (the HTML Standard, section 9.2).
    Events,
    /// Lines that end with LF or CRLF, as NDJSON.
    Lines,
    /// Whatever came together.
    Pieces,
}

impl Cut {
    /// How the content of this type is cut where nobody says so.
    pub(super) fn of(content_type: &str) -> Self {
        let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.as_str() {
            "text/event-stream" => Self::Events,
            "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/x-jsonl"
            | "application/jsonlines"
            | "application/json-lines"
            | "application/stream+json" => Self::Lines,
            other if other.starts_with("text/") => Self::Lines,
            _ => Self::Pieces,
        }
    }
}

/// One thing of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::script) enum Part {
    Event(Event),
    /// Without its end.
    Line(String),
    Piece(Bytes),
}

/// A server-sent event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::script) struct Event {
    /// Its type, `message` where it has none.
    pub(super) kind: String,
    pub(super) data: String,
    /// The last id that the stream has given, with this event or before.
    pub(super) id: String,
}

/// An event or a line is longer than allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::script) struct TooLong;

/// Cuts the bytes of one stream.
#[derive(Debug)]
pub(in crate::script) struct Cutter {
    cut: Cut,
    /// Most bytes of an event or a line.
    most: u64,
    /// What has come and was not looked at.
    pending: Bytes,
    /// The line that is not complete.
    line: Vec<u8>,
    /// The last line ended with CR: an LF that follows belongs to its end.
    after_cr: bool,
    /// No line was complete yet: a byte order mark may be the first of it.
    at_start: bool,
    kind: String,
    /// The lines of data, each with an LF.
    data: String,
    id: String,
    /// Milliseconds after which the server wants to be asked again.
    pub(super) retry: Option<u64>,
}

impl Cutter {
    /// A cutter for a stream, of which nothing has come.
    pub(in crate::script) fn new(cut: Cut, most: u64) -> Self {
        Self {
            cut,
            most,
            pending: Bytes::new(),
            line: Vec::new(),
            after_cr: false,
            at_start: true,
            kind: String::new(),
            data: String::new(),
            id: String::new(),
            retry: None,
        }
    }

    /// What has come next. Everything before must have been taken.
    pub(in crate::script) fn give(&mut self, piece: Bytes) {
        self.pending = piece;
    }

    /// What is complete now; none until more has come.
    ///
    /// # Errors
    ///
    /// When what is not complete is longer than allowed.
    pub(in crate::script) fn next(&mut self) -> Result<Option<Part>, TooLong> {
        if self.cut == Cut::Pieces {
            let piece = mem::take(&mut self.pending);
            return Ok((!piece.is_empty()).then_some(Part::Piece(piece)));
        }
        while let Some(line) = self.next_line()? {
            match self.cut {
                Cut::Lines => return Ok(Some(Part::Line(line))),
                _ => {
                    if let Some(event) = self.field(&line) {
                        return Ok(Some(Part::Event(event)));
                    }
                }
            }
        }
        Ok(None)
    }

    /// What is left at the end: a line without an end is one, an event without an end is none.
    pub(in crate::script) fn finish(&mut self) -> Option<Part> {
        if self.cut != Cut::Lines || self.line.is_empty() {
            return None;
        }
        let line = self.end_line();
        (!line.is_empty()).then_some(Part::Line(line))
    }

    fn next_line(&mut self) -> Result<Option<String>, TooLong> {
        if mem::take(&mut self.after_cr) {
            match self.pending.first() {
                Some(b'\n') => self.pending.advance(1),
                Some(_) => {}
                None => self.after_cr = true,
            }
        }
        let ends_line = |byte: &u8| *byte == b'\n' || *byte == b'\r' && self.cut == Cut::Events;
        let end = self.pending.iter().position(ends_line);
        let mine = end.unwrap_or(self.pending.len());
        if (self.line.len() + self.data.len() + mine) as u64 > self.most {
            self.pending.clear();
            return Err(TooLong);
        }
        self.line.extend_from_slice(&self.pending[..mine]);
        self.pending.advance(mine);
        if end.is_none() {
            return Ok(None);
        }
        self.after_cr = self.pending[0] == b'\r';
        self.pending.advance(1);
        Ok(Some(self.end_line()))
    }

    fn end_line(&mut self) -> String {
        let mut line = mem::take(&mut self.line);
        if self.cut == Cut::Lines && line.last() == Some(&b'\r') {
            line.pop();
        }
        let marked = mem::take(&mut self.at_start) && line.starts_with(b"\xEF\xBB\xBF");
        let text = if marked { &line[3..] } else { &line[..] };
        String::from_utf8_lossy(text).into_owned()
    }

    /// Takes a line of an event stream; the event that it completes.
    fn field(&mut self, line: &str) -> Option<Event> {
        if line.is_empty() {
            let (kind, mut data) = (mem::take(&mut self.kind), mem::take(&mut self.data));
            data.pop()?;
            let kind = if kind.is_empty() { "message".to_owned() } else { kind };
            return Some(Event { kind, data, id: self.id.clone() });
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "event" => value.clone_into(&mut self.kind),
            "data" => {
                self.data.push_str(value);
                self.data.push('\n');
            }
            "id" if !value.contains('\0') => value.clone_into(&mut self.id),
            "retry" if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                self.retry = value.parse().ok().or(self.retry);
            }
            // A comment has no name.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests;
