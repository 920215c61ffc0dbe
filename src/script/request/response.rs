//! The response that a request gives back to its script.

use super::headers::Headers;
use crate::http;
use crate::script::data::json;
use crate::script::user::User;
use crate::script::user::host::Phased;
use crate::script::user::listeners::Details;
use crate::script::user::listeners::Remarks;
use crate::script::user::site::{CallSite, Charge};
use crate::script::user::verdict::{Tally, TallyId, Word};
use crate::script::value::convert::refuse;
use ::http::{StatusCode, Version};
use rhai::{Array, Blob, Dynamic, Engine, EvalAltResult, ImmutableString, Map, NativeCallContext};
use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use std::time::Duration;

type Result<T> = std::result::Result<T, Box<EvalAltResult>>;

/// A handle to a response. The verdict of its request falls when the last handle is gone, or when the task ends.
#[derive(Clone)]
pub(in crate::script) struct Response(Rc<Inner>);

struct Inner {
    user: User,
    tally: TallyId,
    name: RefCell<ImmutableString>,
    answer: Box<http::Response>,
    /// The parsed body, kept from the second reading on: most responses are read once, and what is parsed once need
    /// not be copied.
    json: OnceCell<Dynamic>,
    json_read: std::cell::Cell<bool>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.user.0.verdicts.settle(self.tally, |sample, details| self.user.count(sample, details));
    }
}

impl Response {
    /// The response to a request of `user`, with its verdict open. Its time is not yet in the transaction around it:
    /// requests may overlap.
    pub(super) fn new(
        user: User,
        method: ImmutableString,
        name: ImmutableString,
        answer: Box<http::Response>,
        remarks: Option<Box<Remarks>>,
        site: CallSite,
    ) -> Self {
        let size = answer.size;
        let transaction = user.0.verdicts.transaction.get();
        let lateness = user.take_lateness();
        if let Some(transaction) = &transaction {
            transaction.add_size(size);
            transaction.add_lateness(lateness);
        }
        let details = user.is_heard().then(|| Box::new(Details { answer: Some(answer.clone()), remarks }));
        let phased = || Box::new(Phased { timings: answer.timings, wire: answer.wire });
        let phases = user.0.host.counts_phases().then(phased);
        let tally = user.0.verdicts.open(Tally {
            method,
            name: name.clone(),
            response_time: lateness + answer.elapsed,
            lateness,
            size,
            default_failure: default_failure(&answer),
            phases,
            ended: answer.ended,
            word: Word::None,
            site,
            transaction,
            details,
            stream: None,
        });
        Self::of(user, tally, name, answer)
    }

    /// The response to a request of `user` that was counted: nothing can be said of it any more.
    pub(in crate::script) fn counted(user: User, name: ImmutableString, answer: Box<http::Response>) -> Self {
        Self::of(user, TallyId::NONE, name, answer)
    }

    fn of(user: User, tally: TallyId, name: ImmutableString, answer: Box<http::Response>) -> Self {
        Self(Rc::new(Inner {
            user,
            tally,
            name: RefCell::new(name),
            answer,
            json: OnceCell::new(),
            json_read: false.into(),
        }))
    }

    fn say(&self, word: Word) -> Result<()> {
        self.amend("its verdict", |tally| tally.word = word)
    }

    fn set_name(&self, name: ImmutableString) -> Result<()> {
        self.amend("its name", |tally| tally.name = name.clone())?;
        self.0.name.replace(name);
        Ok(())
    }

    /// Changes `what` is counted of the request, as long as it is not.
    fn amend(&self, what: &str, change: impl FnOnce(&mut Tally)) -> Result<()> {
        if self.0.user.0.verdicts.amend(self.0.tally, change) {
            return Ok(());
        }
        Err(refuse(format!(
            "too late to change {what}: the request `{}` was counted when its task ended, or before a hook heard of it; \
             say it in the task that sent it",
            self.label()
        )))
    }

    fn decoded(&self) -> Result<bytes::Bytes> {
        self.0.answer.decoded().map_err(|error| self.unreadable(&error))
    }

    fn unreadable(&self, error: &http::DecodeError) -> Box<EvalAltResult> {
        let name = self.label();
        refuse(match error {
            http::DecodeError::NotKept => {
                format!(
                    "the body of {name} was not kept, as `keep_body` is false; give the request `keep_body: true`"
                )
            }
            error => format!("the body of {name} cannot be decoded: {error}"),
        })
    }

    fn text(&self) -> Result<ImmutableString> {
        match self.0.answer.text() {
            Ok(text) => Ok(text.into()),
            Err(error) => Err(self.unreadable(&error)),
        }
    }

    fn json(&self) -> Result<Dynamic> {
        if let Some(value) = self.0.json.get() {
            return Ok(value.clone());
        }
        let value = json::to_dynamic(&self.decoded()?).map_err(|error| {
            refuse(format!("the response of {} is not valid JSON: {error}", self.label()))
        })?;
        if self.0.json_read.replace(true) {
            return Ok(self.0.json.get_or_init(|| value.into_shared()).clone());
        }
        Ok(value)
    }

    /// The response as messages name it: by the name that groups, never by an id.
    fn label(&self) -> ImmutableString {
        self.0.name.borrow().clone()
    }

    pub(super) fn headers(&self) -> &::http::HeaderMap {
        self.0.answer.headers()
    }

    fn ok(&self) -> bool {
        is_ok(self.0.answer.status, self.0.answer.error)
    }
}

/// What the failure of a request is called if the script says nothing; none if it passes.
pub(in crate::script) fn default_failure(answer: &http::Response) -> Option<String> {
    match (&answer.error, answer.status) {
        (Some(error), _) => Some(error.to_string()),
        (None, 400..) => Some(status_text(answer.status)),
        _ => None,
    }
}

/// What `ok` says, whatever the script said.
pub(in crate::script) fn is_ok(status: u16, error: Option<http::TransportError>) -> bool {
    error.is_none() && (1..400).contains(&status)
}

/// What a failed status is called: by its standard reason, never by the server's own words, which may differ from server
/// to server and hold anything.
fn status_text(status: u16) -> String {
    match StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()) {
        Some(reason) => format!("{status} {reason}"),
        None => status.to_string(),
    }
}

/// What a failure is called: of an error that Rhai itself has thrown, which is caught as a map with its place, the message
/// alone, so that it groups.
fn words(message: &Dynamic) -> ImmutableString {
    let thrown = message.read_lock::<Map>().and_then(|map| {
        let text = map.get("message").filter(|_| map.contains_key("error"))?;
        text.clone().into_immutable_string().ok()
    });
    thrown.unwrap_or_else(|| message.to_string().into())
}

pub(in crate::script) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn timings(response: &mut Response) -> Map {
    let timings = &response.0.answer.timings;
    let parts = [
        ("dns", timings.dns),
        ("connect", timings.connect),
        ("tls", timings.tls),
        ("send", timings.send),
        ("wait", timings.wait),
        ("receive", timings.receive),
    ];
    parts.into_iter().map(|(name, duration)| (name.into(), milliseconds(duration).into())).collect()
}

fn history(response: &mut Response) -> Array {
    let hops = response.0.answer.history.iter();
    hops.map(|hop| {
        let mut map = Map::new();
        map.insert("status".into(), i64::from(hop.status).into());
        map.insert("url".into(), hop.url.to_string().into());
        map.insert("elapsed_ms".into(), milliseconds(hop.elapsed).into());
        map.insert("headers".into(), Dynamic::from(Headers::of(hop.headers())));
        Dynamic::from_map(map)
    })
    .collect()
}

fn cookies(response: &mut Response) -> Map {
    let cookies = response.0.answer.cookies();
    cookies.into_iter().map(|(name, value)| (name.into(), value.into())).collect()
}

fn version_name(version: Version) -> &'static str {
    match version {
        Version::HTTP_2 => "2",
        Version::HTTP_10 => "1.0",
        _ => "1.1",
    }
}

/// Registers the type with its properties and methods.
pub(in crate::script) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Response>("Response");
    let show = |response: &mut Response| {
        format!("{} {} ({} bytes)", response.0.answer.status, response.label(), response.0.answer.size)
    };
    engine.register_fn("to_string", show);
    engine.register_fn("to_debug", show);
    engine.register_get("status", |response: &mut Response| i64::from(response.0.answer.status));
    engine.register_get("ok", |response: &mut Response| response.ok());
    engine
        .register_get("reason", |response: &mut Response| ImmutableString::from(response.0.answer.reason()));
    engine.register_get("headers", |response: &mut Response| Headers::of_response(response));
    engine.register_get("trailers", |response: &mut Response| {
        Headers::of(response.0.answer.trailers().cloned().unwrap_or_default())
    });
    engine.register_get("elapsed_ms", |response: &mut Response| milliseconds(response.0.answer.elapsed));
    engine.register_get("timings", timings);
    engine.register_get("url", |response: &mut Response| response.0.answer.url.to_string());
    engine.register_get_set(
        "name",
        |response: &mut Response| response.label(),
        |response: &mut Response, name: ImmutableString| response.set_name(name),
    );
    engine.register_get("size", |response: &mut Response| {
        i64::try_from(response.0.answer.size).unwrap_or(i64::MAX)
    });
    engine.register_get("cookies", cookies);
    engine.register_get("history", history);
    engine.register_get("error", |response: &mut Response| -> Dynamic {
        response.0.answer.error.as_ref().map_or(Dynamic::UNIT, |error| error.to_string().into())
    });
    engine.register_get("http_version", |response: &mut Response| -> Dynamic {
        response.0.answer.version.map_or(Dynamic::UNIT, |version| version_name(version).into())
    });
    // That the body was not kept is the script's own doing: an empty map would hide it.
    engine.register_get("js", |response: &mut Response| match response.json() {
        Err(error) if !response.0.answer.is_kept() => Err(error),
        json => Ok(json.unwrap_or_else(|_| Dynamic::from_map(Map::new()))),
    });
    engine.register_fn("json", |response: &mut Response| response.json());
    engine.register_fn("text", |response: &mut Response| response.text());
    engine
        .register_fn("bytes", |response: &mut Response| -> Result<Blob> { Ok(response.decoded()?.to_vec()) });
    engine.register_fn("success", |response: &mut Response| response.say(Word::Success));
    engine.register_fn(
        "failure",
        |context: NativeCallContext<'_>, response: &mut Response, message: Dynamic| {
            let url = response.0.answer.url.to_string();
            let charge = Charge { site: CallSite::of(&context), url };
            response.say(Word::Failure(words(&message), Box::new(charge)))
        },
    );
}
