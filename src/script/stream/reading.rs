//! `user.stream(..)`: an answer that is read while it comes, event by event or line by line.
//!
//! It is one request, which lasts until its stream ends or is closed; a task that ends closes what it left open. How long
//! the first byte and the first event took, and the gaps between events, are entries of their own.

use super::cutter::{Cut, Cutter, Event, Part};
use crate::http::{self, BodyStream, TransportError};
use crate::script::fiber;
use crate::script::options::STREAM_CUTS;
use crate::script::request::headers::Headers;
use crate::script::request::response::{default_failure, is_ok, milliseconds};
use crate::script::request::send::{Prepared, parse_method, prepare};
use crate::script::user::User;
use crate::script::user::host::{Phased, Sample};
use crate::script::user::listeners::Details;
use crate::script::user::listeners::Remarks;
use crate::script::user::site::{CallSite, Charge};
use crate::script::user::verdict::{Tally, TallyId, Word};
use crate::script::value::convert::{duration, refuse, string};
use crate::util::nearest;
use ::http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue};
use ::http::{HeaderMap, Method};
use bytes::Bytes;
use rhai::{Dynamic, Engine, EvalAltResult, ImmutableString, Map, NativeCallContext};
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

/// Sends a request and waits for the head of its answer, as `user`.
fn stream(
    context: &NativeCallContext<'_>,
    user: &User,
    method: Method,
    url: &ImmutableString,
    options: Option<Map>,
) -> Result<Stream> {
    user.tell()?;
    let mut options = options.unwrap_or_default();
    let cut = options.remove("as").filter(|value| !value.is_unit()).map(|value| cut(&value)).transpose()?;
    if options.get("keep_body").is_some_and(|value| !value.is_unit()) {
        return Err(refuse("`keep_body` says nothing about a stream, which is never kept; leave it out"));
    }
    let Prepared { kind, name, mut request, remarks } = prepare(user, method, url, Some(options))?;
    // An encoder may hold events back, and what is compressed has no events to tell apart.
    set_default(&mut request, ACCEPT_ENCODING, "identity");
    if cut == Some(Cut::Events) {
        set_default(&mut request, ACCEPT, "text/event-stream");
    }
    let begun = Instant::now();
    let http::Streamed { response, body } = fiber::wait(user.0.host.stream(request))?;
    add_time(user, begun.elapsed());
    let site = CallSite::of(context);
    Ok(Stream::new(user, Asked { method: kind, name, site, remarks }, cut, response, body))
}

fn set_default(request: &mut http::Request, name: HeaderName, value: &'static str) {
    if !request.omit.contains(&name) && !request.headers.contains(&name) {
        request.headers.append(name, HeaderValue::from_static(value));
    }
}

/// What the option `as` means.
fn cut(value: &Dynamic) -> Result<Cut> {
    let text = string("`as`", value)?;
    match text.as_str() {
        "events" => Ok(Cut::Events),
        "lines" => Ok(Cut::Lines),
        "bytes" => Ok(Cut::Pieces),
        other => Err(refuse(match nearest(other, STREAM_CUTS.iter().copied()) {
            Some(near) => format!("`as` cannot be `{other}`; did you mean `{near}`?"),
            None => format!("`as` cannot be `{other}`; it is one of {}", STREAM_CUTS.join(", ")),
        })),
    }
}

/// The user has waited for an answer so long.
fn add_time(user: &User, time: Duration) {
    if let Some(transaction) = user.0.verdicts.transaction.get() {
        transaction.add_time(time);
    }
}

/// What was asked for.
struct Asked {
    method: ImmutableString,
    name: ImmutableString,
    site: CallSite,
    remarks: Option<Box<Remarks>>,
}

/// A handle to a stream. Its request is counted when the last one is gone, or when the task ends.
#[derive(Clone)]
pub(super) struct Stream(Rc<Reading>);

/// A stream that is being read.
pub(in crate::script) struct Reading {
    user: User,
    tally: TallyId,
    name: ImmutableString,
    /// The call that asked for it.
    site: CallSite,
    /// The answer without its body.
    answer: http::Response,
    begun: Instant,
    lateness: Duration,
    /// Whether its parts are entries.
    timed: bool,
    state: RefCell<State>,
}

struct State {
    open: bool,
    /// None also while somebody waits for it.
    body: Option<BodyStream>,
    cutter: Cutter,
    size: u64,
    error: Option<TransportError>,
    /// From the start of the request to its end, where it has ended.
    elapsed: Duration,
    /// What was read since the head.
    wire: http::WireBytes,
    /// When the piece came that is being cut, and when that of the last part came.
    piece_at: Instant,
    part_at: Option<Instant>,
}

impl Stream {
    fn new(
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
    fn next(&self, patience: Option<Duration>) -> Result<Option<Dynamic>> {
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

    fn say(&self, word: Word) {
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
    fn end(&self, error: Option<TransportError>, ended: Instant) {
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

/// Registers the method of `user`, and the type with its properties and methods.
pub(in crate::script) fn register(engine: &mut Engine) {
    engine.register_fn("stream", |context: NativeCallContext<'_>, user: &mut User, url: ImmutableString| {
        stream(&context, user, Method::GET, &url, None)
    });
    engine.register_fn(
        "stream",
        |context: NativeCallContext<'_>, user: &mut User, url: ImmutableString, options: Map| {
            stream(&context, user, Method::GET, &url, Some(options))
        },
    );
    engine.register_fn(
        "stream",
        |context: NativeCallContext<'_>, user: &mut User, method: ImmutableString, url: ImmutableString| {
            stream(&context, user, parse_method(&method)?, &url, None)
        },
    );
    engine.register_fn(
        "stream",
        |context: NativeCallContext<'_>,
         user: &mut User,
         method: ImmutableString,
         url: ImmutableString,
         options: Map| { stream(&context, user, parse_method(&method)?, &url, Some(options)) },
    );
    engine.register_type_with_name::<Stream>("Stream");
    engine.register_iterator_result::<Stream, Dynamic>();
    engine.register_fn("next", |stream: &mut Stream| {
        Ok::<_, Box<EvalAltResult>>(stream.next(None)?.unwrap_or_default())
    });
    engine.register_fn("next", |stream: &mut Stream, seconds: Dynamic| -> Result<Dynamic> {
        let patience = duration("how long to wait", &seconds)?;
        Ok(stream.next(Some(patience))?.unwrap_or_default())
    });
    engine.register_fn("close", |stream: &mut Stream| stream.0.end(None, Instant::now()));
    engine.register_fn("success", |stream: &mut Stream| stream.say(Word::Success));
    engine.register_fn("failure", |context: NativeCallContext<'_>, stream: &mut Stream, message: Dynamic| {
        let url = stream.0.answer.url.to_string();
        let charge = Charge { site: CallSite::of(&context), url };
        stream.say(Word::Failure(message.to_string().into(), Box::new(charge)));
    });
    register_properties(engine);
}

fn register_properties(engine: &mut Engine) {
    let show = |stream: &mut Stream| {
        let bytes = stream.0.state.borrow().size;
        format!("{} {} ({bytes} bytes)", stream.0.answer.status, stream.0.name)
    };
    engine.register_fn("to_string", show);
    engine.register_fn("to_debug", show);
    engine.register_get("status", |stream: &mut Stream| i64::from(stream.0.answer.status));
    engine.register_get("reason", |stream: &mut Stream| ImmutableString::from(stream.0.answer.reason()));
    engine.register_get("ok", |stream: &mut Stream| {
        is_ok(stream.0.answer.status, stream.0.state.borrow().error)
    });
    engine.register_get("headers", |stream: &mut Stream| Headers::of(stream.0.answer.headers().clone()));
    engine.register_get("url", |stream: &mut Stream| stream.0.answer.url.to_string());
    engine.register_get("name", |stream: &mut Stream| stream.0.name.clone());
    engine.register_get("error", |stream: &mut Stream| -> Dynamic {
        stream.0.state.borrow().error.map_or(Dynamic::UNIT, |error| error.to_string().into())
    });
    engine.register_get("open", |stream: &mut Stream| stream.0.state.borrow().open);
    engine.register_get("ttfb_ms", |stream: &mut Stream| milliseconds(stream.0.answer.elapsed));
    engine.register_get("elapsed_ms", |stream: &mut Stream| {
        let state = stream.0.state.borrow();
        milliseconds(if state.open { stream.0.begun.elapsed() } else { state.elapsed })
    });
    engine.register_get("size", |stream: &mut Stream| {
        i64::try_from(stream.0.state.borrow().size).unwrap_or(i64::MAX)
    });
    engine.register_get("retry_ms", |stream: &mut Stream| -> Dynamic {
        let retry = stream.0.state.borrow().cutter.retry;
        retry.map_or(Dynamic::UNIT, |retry| i64::try_from(retry).unwrap_or(i64::MAX).into())
    });
}
