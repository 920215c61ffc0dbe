//! A stream that is being read: its parts, their times, and its end.

use super::cutter::{Cut, Cutter, Event, Part};
use crate::http::{self, BodyStream, TransportError};
use crate::script::fiber;
use crate::script::request::response::default_failure;
use crate::script::user::User;
use crate::script::user::host::{Phased, Sample};
use crate::script::user::listeners::{Details, Remarks};
use crate::script::user::site::CallSite;
use crate::script::user::verdict::{Tally, TallyId, Word};
use crate::script::value::convert::refuse;
use ::http::HeaderMap;
use ::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName};
use bytes::Bytes;
use rhai::{Dynamic, EvalAltResult, ImmutableString};
use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

type Result<T> = std::result::Result<T, Box<EvalAltResult>>;

/// The type of the entry for the time to the first byte of an answer.
const TO_FIRST_BYTE: &str = "TTFB";
/// The type of the entry for the time to the first event or line.
const TO_FIRST_EVENT: &str = "TTFE";
/// The type of the entry for the time from one event or line to the next.
const GAP: &str = "GAP";

/// The user has waited for an answer so long.
pub(super) fn add_time(user: &User, time: Duration) {
    if let Some(transaction) = user.0.verdicts.transaction.get() {
        transaction.add_time(time);
    }
}

/// What was asked for.
pub(super) struct Asked {
    pub(super) method: ImmutableString,
    pub(super) name: ImmutableString,
    pub(super) site: CallSite,
    pub(super) remarks: Option<Box<Remarks>>,
}

/// A handle to a stream. Its request is counted when the last one is gone, or when the task ends.
#[derive(Clone)]
pub(super) struct Stream(pub(super) Rc<Reading>);

/// A stream that is being read.
pub(in crate::script) struct Reading {
    user: User,
    tally: TallyId,
    pub(super) name: ImmutableString,
    /// The call that asked for it.
    site: CallSite,
    /// The answer without its body.
    pub(super) answer: http::Response,
    pub(super) begun: Instant,
    lateness: Duration,
    /// Whether its parts are entries.
    timed: bool,
    pub(super) state: RefCell<State>,
}

pub(super) struct State {
    pub(super) open: bool,
    /// None also while somebody waits for it.
    body: Option<BodyStream>,
    pub(super) cutter: Cutter,
    pub(super) size: u64,
    pub(super) error: Option<TransportError>,
    /// From the start of the request to its end, where it has ended.
    pub(super) elapsed: Duration,
    /// What was read since the head.
    wire: http::WireBytes,
    /// When the piece came that is being cut, and when that of the last part came.
    piece_at: Instant,
    part_at: Option<Instant>,
}

impl Stream {
    pub(super) fn new(
        user: &User,
        asked: Asked,
        cut: Option<Cut>,
        answer: http::Response,
        body: Option<BodyStream>,
    ) -> Self {
        let Asked { method, name, site, remarks } = asked;
        let transaction = user.0.verdicts.transaction.get();
        let lateness = user.take_lateness();
        if let Some(transaction) = &transaction {
            transaction.add_lateness(lateness);
        }
        let cut = cut.unwrap_or_else(|| Cut::of(text_of(answer.headers(), &CONTENT_TYPE)));
        let tally = user.0.verdicts.open(Tally {
            method,
            name: name.clone(),
            response_time: lateness + answer.elapsed,
            lateness,
            size: 0,
            default_failure: default_failure(&answer),
            ended: answer.ended,
            word: Word::None,
            site: site.clone(),
            transaction,
            phases: user
                .0
                .host
                .counts_phases()
                .then(|| Box::new(Phased { timings: answer.timings, wire: answer.wire })),
            details: user
                .is_heard()
                .then(|| Box::new(Details { answer: Some(Box::new(answer.clone())), remarks })),
            stream: None,
        });
        let encoding = text_of(answer.headers(), &CONTENT_ENCODING).trim().to_ascii_lowercase();
        let encoded = cut != Cut::Pieces && !matches!(encoding.as_str(), "" | "identity");
        let state = State {
            open: body.is_some(),
            cutter: Cutter::new(cut, body.as_ref().map_or(0, BodyStream::most)),
            body,
            size: 0,
            error: answer.error,
            elapsed: answer.elapsed,
            wire: http::WireBytes::default(),
            piece_at: answer.ended,
            part_at: None,
        };
        let (timed, begun) = (cut != Cut::Pieces, answer.ended - answer.elapsed);
        let state = RefCell::new(state);
        let user = user.clone();
        let stream =
            Self(Rc::new(Reading { user, tally, name, site, answer, begun, lateness, timed, state }));
        if stream.0.state.borrow().open {
            let reading = Rc::downgrade(&stream.0);
            stream.0.user.0.verdicts.amend(tally, |tally| tally.stream = Some(reading));
            stream.0.measure(
                TO_FIRST_BYTE,
                lateness + stream.0.answer.elapsed,
                lateness,
                stream.0.answer.ended,
            );
            if encoded {
                stream.0.end(Some(TransportError::EncodedStream), Instant::now());
            }
        }
        stream
    }

    /// The next part; none at the end of the stream, or when nothing more came within `patience`.
    pub(super) fn next(&self, patience: Option<Duration>) -> Result<Option<Dynamic>> {
        let deadline = patience.and_then(|patience| Instant::now().checked_add(patience));
        loop {
            if let Some(part) = self.0.cut_next() {
                return Ok(Some(part));
            }
            let Some(mut body) = self.0.take_body()? else { return Ok(None) };
            let begun = Instant::now();
            let waited = fiber::wait(until(deadline, body.piece()))?;
            add_time(&self.0.user, begun.elapsed());
            self.0.state.borrow_mut().wire = body.wire;
            let Some(piece) = waited else {
                self.0.state.borrow_mut().body = Some(body);
                return Ok(None);
            };
            match piece {
                Ok(Some(piece)) => self.0.take_piece(piece, body),
                Ok(None) => {
                    let ended = body.last_byte_at;
                    self.0.user.0.host.put_back(body);
                    let last = self.0.state.borrow_mut().cutter.finish();
                    let last = last.map(|part| self.0.note(part));
                    self.0.end(None, ended);
                    return Ok(last);
                }
                Err(error) => self.0.end(Some(error), Instant::now()),
            }
        }
    }

    pub(super) fn say(&self, word: Word) {
        self.0.user.0.verdicts.amend(self.0.tally, |tally| tally.word = word);
    }
}

/// The first value of a header; empty where there is none.
fn text_of<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Waits for `future` until `deadline`, if there is one.
async fn until<T>(deadline: Option<Instant>, future: impl Future<Output = T>) -> Option<T> {
    match deadline {
        None => Some(future.await),
        Some(deadline) => timeout_at(deadline, future).await.ok(),
    }
}

impl Reading {
    /// What is complete of what has come.
    fn cut_next(&self) -> Option<Dynamic> {
        let part = self.state.borrow_mut().cutter.next();
        match part {
            Ok(part) => part.map(|part| self.note(part)),
            Err(_) => {
                self.end(Some(TransportError::BodyTooLarge), Instant::now());
                None
            }
        }
    }

    fn take_body(&self) -> Result<Option<BodyStream>> {
        let mut state = self.state.borrow_mut();
        if !state.open {
            return Ok(None);
        }
        let body = state.body.take();
        body.map(Some).ok_or_else(|| refuse("somebody else waits for the next part of this stream"))
    }

    fn take_piece(&self, piece: Bytes, body: BodyStream) {
        let mut state = self.state.borrow_mut();
        state.size += piece.len() as u64;
        state.piece_at = body.last_byte_at;
        state.cutter.give(piece);
        state.body = Some(body);
    }

    /// Times a part, and makes of it what the script gets.
    fn note(&self, part: Part) -> Dynamic {
        if self.timed {
            let mut state = self.state.borrow_mut();
            let at = state.piece_at;
            let before = state.part_at.replace(at);
            drop(state);
            match before {
                None => self.measure(TO_FIRST_EVENT, self.lateness + (at - self.begun), self.lateness, at),
                Some(before) => self.measure(GAP, at - before, Duration::ZERO, at),
            }
        }
        match part {
            Part::Event(Event { kind, data, id }) => {
                let fields = [("event", kind), ("data", data), ("id", id)];
                Dynamic::from_map(fields.into_iter().map(|(name, text)| (name.into(), text.into())).collect())
            }
            Part::Line(line) => line.into(),
            Part::Piece(piece) => Dynamic::from_blob(piece.into()),
        }
    }

    /// An entry beside the request.
    fn measure(&self, kind: &'static str, time: Duration, lateness: Duration, ended: Instant) {
        self.user.0.host.record(Sample {
            method: kind.into(),
            name: self.name.clone(),
            response_time: Some(time),
            lateness,
            size: 0,
            failure: None,
            phases: None,
            ended,
            site: self.site.clone(),
            charge: None,
        });
    }

    /// It has ended at `ended`, or is closed: no more is read, and the request took until now.
    pub(super) fn end(&self, error: Option<TransportError>, ended: Instant) {
        let mut state = self.state.borrow_mut();
        if !state.open {
            return;
        }
        let elapsed = ended.saturating_duration_since(self.begun);
        (state.open, state.error, state.elapsed) = (false, error, elapsed);
        state.cutter.give(Bytes::new());
        let (body, size, wire) = (state.body.take(), state.size, state.wire);
        drop(state);
        drop(body);
        self.user.0.verdicts.amend(self.tally, |tally| {
            tally.stream = None;
            (tally.response_time, tally.size, tally.ended) = (self.lateness + elapsed, size, ended);
            if let Some(error) = error {
                tally.default_failure = Some(error.to_string());
            }
            if let Some(transaction) = &tally.transaction {
                transaction.add_size(size);
            }
            if let Some(phases) = &mut tally.phases {
                phases.timings.receive += elapsed.saturating_sub(self.answer.elapsed);
                phases.wire.sent += wire.sent;
                phases.wire.received += wire.received;
            }
            if let Some(answer) = tally.details.as_mut().and_then(|details| details.answer.as_mut()) {
                (answer.elapsed, answer.size, answer.ended) = (elapsed, size, ended);
                answer.error = error;
            }
        });
    }

    /// The task has ended, and with it the stream. Where it was cut off, so was the request.
    pub(in crate::script) fn end_with_task(&self, cut: bool) {
        if !cut {
            self.end(None, Instant::now());
            return;
        }
        let mut state = self.state.borrow_mut();
        if std::mem::take(&mut state.open) {
            let body = state.body.take();
            drop(state);
            drop(body);
            self.user.0.verdicts.discard(self.tally);
            self.user.0.host.cut_off();
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.end_with_task(fiber::is_cut());
        self.user.0.verdicts.settle(self.tally, |sample, details| self.user.count(sample, details));
    }
}

/// The parts of a stream, for `for`.
pub(super) struct Parts(Stream);

impl Iterator for Parts {
    type Item = Result<Dynamic>;

    fn next(&mut self) -> Option<Result<Dynamic>> {
        self.0.next(None).transpose()
    }
}

impl IntoIterator for Stream {
    type Item = Result<Dynamic>;
    type IntoIter = Parts;

    fn into_iter(self) -> Parts {
        Parts(self)
    }
}
