//! The engine's side of [`script::Host`](crate::script::Host): one user's client, and the shard's recorder.

use crate::http::{self, Client, ClientOptions, Url};
use crate::plan::UserClass;
use crate::script::{Host, Sample, World};
use crate::stats::{self, Recorder};
use crate::util::Diagnostic;
use ::http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// What the users of a shard count into.
pub(super) struct Ledger {
    pub(super) recorder: RefCell<Recorder>,
    /// When the run started: samples carry the time since then.
    pub(super) started: Instant,
    /// Requests that were cut off in flight.
    pub(super) cut_off: Cell<u64>,
    /// Redirects that were followed.
    pub(super) redirects: Cell<u64>,
    /// Knows the secrets that no report may show.
    pub(super) world: Arc<World>,
}

impl Ledger {
    pub(super) fn since_start(&self, moment: Instant) -> Duration {
        moment.saturating_duration_since(self.started)
    }
}

/// One user's way to the world.
pub(super) struct UserHost {
    pub(super) client: Client,
    pub(super) ledger: Rc<Ledger>,
}

/// Counts a request as cut off if it is dropped before its answer.
struct InFlight<'a>(Option<&'a Ledger>);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if let Some(ledger) = self.0 {
            ledger.cut_off.set(ledger.cut_off.get() + 1);
        }
    }
}

impl Host for UserHost {
    fn send(&self, request: http::Request) -> Pin<Box<dyn Future<Output = http::Response> + '_>> {
        Box::pin(async move {
            let mut in_flight = InFlight(Some(&self.ledger));
            let answer = self.client.send(request).await;
            in_flight.0 = None;
            self.ledger.redirects.set(self.ledger.redirects.get() + answer.history.len() as u64);
            answer
        })
    }

    fn record(&self, sample: Sample) {
        let failure = sample.failure.as_deref().map(|text| self.ledger.world.mask(text));
        self.ledger.recorder.borrow_mut().record(&stats::Sample {
            method: &sample.method,
            name: &sample.name,
            response_time: Some(sample.response_time),
            size: sample.size,
            failure: failure.as_deref(),
            ended: self.ledger.since_start(sample.ended),
        });
    }

    fn cookies(&self, url: &Url) -> Vec<(String, String)> {
        self.client.cookies(url)
    }

    fn set_cookie(&self, url: &Url, name: &str, value: &str) {
        self.client.set_cookie(url, name, value);
    }

    fn clear_cookies(&self) {
        self.client.clear_cookies();
    }
}

/// The client options of a class: the run's, with what `.http(#{..})` says over them.
///
/// # Errors
///
/// When an option is unknown or has a value of the wrong kind.
pub fn client_options_of(run: &ClientOptions, class: &UserClass) -> Result<ClientOptions, Diagnostic> {
    let mut options = run.clone();
    for (key, value) in &class.http {
        if value.is_null() {
            continue;
        }
        apply(&mut options, key, value).map_err(|message| {
            Diagnostic::error(format!("option `{key}` of .http(..): {message}"))
                .note(format!("user class `{}`, declared at {}", class.name, class.declared_at))
        })?;
    }
    Ok(options)
}

/// The keys of `.http(#{..})`.
const CLASS_OPTIONS: &[&str] = &[
    "allow_redirects",
    "auth",
    "ca",
    "connect_timeout",
    "headers",
    "keep_alive",
    "max_redirects",
    "timeout",
    "verify",
];

fn apply(options: &mut ClientOptions, key: &str, value: &Value) -> Result<(), String> {
    let flag = || value.as_bool().ok_or_else(|| "must be true or false".to_owned());
    match key {
        "allow_redirects" => options.allow_redirects = flag()?,
        "keep_alive" => options.keep_alive = flag()?,
        "verify" => options.verify = flag()?,
        "timeout" => options.timeout = duration(value)?,
        "connect_timeout" => options.connect_timeout = Some(duration(value)?),
        "max_redirects" => {
            let count = value.as_u64().and_then(|count| usize::try_from(count).ok());
            options.max_redirects = count.ok_or("must be a whole number of at least 0")?;
        }
        "ca" => options.ca = Some(PathBuf::from(value.as_str().ok_or("must be the path of a PEM file")?)),
        "headers" => headers(&mut options.headers, value)?,
        "auth" => {
            let token = value.as_str().ok_or("must be a bearer token")?;
            set_header(&mut options.headers, AUTHORIZATION.as_str(), &format!("Bearer {token}"))?;
        }
        unknown => {
            return Err(match crate::util::nearest(unknown, CLASS_OPTIONS.iter().copied()) {
                Some(near) => format!("there is no such option; did you mean `{near}`?"),
                None => format!("there is no such option; known are {}", CLASS_OPTIONS.join(", ")),
            });
        }
    }
    Ok(())
}

fn duration(value: &Value) -> Result<Duration, String> {
    match (value.as_f64(), value.as_str()) {
        (Some(seconds), _) => {
            Duration::try_from_secs_f64(seconds).map_err(|_| "must not be negative".to_owned())
        }
        (_, Some(text)) => crate::util::parse_timespan(text),
        _ => Err("must be a number of seconds, or a string such as \"500ms\"".to_owned()),
    }
}

fn headers(headers: &mut HeaderMap, value: &Value) -> Result<(), String> {
    let map = value.as_object().ok_or("must be a map")?;
    for (name, value) in map {
        match value {
            Value::String(text) => set_header(headers, name, text)?,
            Value::Null => {
                headers.remove(name.as_str());
            }
            other => set_header(headers, name, &other.to_string())?,
        }
    }
    Ok(())
}

fn set_header(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), String> {
    let name = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| format!("`{name}` cannot be the name of a header"))?;
    let value = HeaderValue::from_str(value)
        .map_err(|_| format!("the value of `{name}` has a character that no header may have"))?;
    headers.insert(name, value);
    Ok(())
}
