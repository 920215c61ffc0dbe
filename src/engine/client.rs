//! The engine's side of [`script::Host`](crate::script::Host): one user's client, and the shard's recorder.

use super::diary::Pages;
use super::message::Report;
use crate::http::{self, Client, ClientOptions, NoProxy, Proxy, Shared, TransportError, Url};
use crate::plan::{Event, UserClass};
use crate::script::{Exception, Host, Phased, Sample, World};
use crate::stats::{self, PhaseSample, Recorder, RunCounters};
use crate::util::Diagnostic;
use ::http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

/// What the users of a shard count into.
pub(super) struct Ledger {
    pub(super) recorder: RefCell<Recorder>,
    /// When the run started: samples carry the time since then.
    pub(super) started: Instant,
    /// Knows the secrets that no report may show.
    pub(super) world: Arc<World>,
    /// Requests that were never sent, redirects that were followed, requests that were cut off in flight.
    pub(super) counters: RefCell<RunCounters>,
    /// What users do, where a trace is written.
    pub(super) trace: Option<Pages>,
    /// Whether the phases of requests are counted.
    pub(super) phases: bool,
}

impl Ledger {
    pub(super) fn since_start(&self, moment: Instant) -> Duration {
        moment.saturating_duration_since(self.started)
    }

    /// Counts what this machine ran out of.
    fn count_shortage(&self, error: TransportError) {
        let mut counters = self.counters.borrow_mut();
        match error {
            TransportError::TooManyOpenFiles => counters.out_of_descriptors += 1,
            TransportError::NoFreePort => counters.out_of_ports += 1,
            _ => {}
        }
    }

    /// Counts what a script function threw; `task` is what it is to the user of the program.
    pub(super) fn exception(&self, exception: &Exception, task: &str) {
        let now = self.since_start(Instant::now());
        let message = self.world.mask(&exception.message);
        self.recorder.borrow_mut().exception(&message, &exception.place, task, now);
        tracing::debug!(target: "script", "exception in `{task}`\n{}", self.world.mask(&exception.diagnostic));
    }

    /// Counts what a hook threw, and says so: a hook runs seldom, and what it was to prepare is missing.
    pub(super) fn hook_failed(&self, event: Event, exception: &Exception) {
        let name = event.name();
        self.exception(exception, &format!("on({name})"));
        // These two may come with every request.
        if !matches!(event, Event::Request | Event::UserError) {
            tracing::error!("a hook of `{name}` failed\n{}", self.world.mask(&exception.diagnostic));
        }
    }
}

/// One user's way to the world.
pub(super) struct UserHost {
    pub(super) client: Client,
    pub(super) network: Rc<Shared>,
    pub(super) ledger: Rc<Ledger>,
    pub(super) reports: UnboundedSender<Report>,
}

/// A request on its way. When it is over, answered or dropped, it is accounted for, so that what was written to the
/// wire and what is in the rows agree.
struct InFlight<'a> {
    ledger: &'a Ledger,
    /// How many heads were written for it: one, and one more for each redirect.
    heads: u64,
    answered: bool,
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        let mut counters = self.ledger.counters.borrow_mut();
        counters.redirects += self.heads.saturating_sub(1);
        match (self.answered, self.heads) {
            (true, 0) => counters.never_sent += 1,
            // Cut off before anything was sent, it is in no row and on no wire.
            (true, _) | (false, 0) => {}
            (false, _) => counters.cut_off += 1,
        }
    }
}

impl UserHost {
    /// Waits for the answer to a request, which is accounted for whatever comes of it.
    async fn in_flight<T>(&self, answer: impl Future<Output = T>) -> T {
        let mut in_flight = InFlight { ledger: &self.ledger, heads: 0, answered: false };
        let mut answer = pin!(answer);
        let on_wire = &self.network.counters.wire_requests;
        poll_fn(|context| {
            // Nothing else of this shard is polled meanwhile: the difference is this request's.
            let before = on_wire.get();
            let answer = answer.as_mut().poll(context);
            in_flight.heads += on_wire.get() - before;
            in_flight.answered = answer.is_ready();
            answer
        })
        .await
    }
}

impl Host for UserHost {
    fn send(&self, request: http::Request) -> Pin<Box<dyn Future<Output = http::Response> + '_>> {
        Box::pin(async move {
            let response = self.in_flight(self.client.send(request)).await;
            if let Some(error) = response.error {
                self.ledger.count_shortage(error);
            }
            response
        })
    }

    fn stream(&self, request: http::Request) -> Pin<Box<dyn Future<Output = http::Streamed> + '_>> {
        Box::pin(async move {
            let streamed = self.in_flight(self.client.stream(request)).await;
            if let Some(error) = streamed.response.error {
                self.ledger.count_shortage(error);
            }
            streamed
        })
    }

    fn put_back(&self, body: http::BodyStream) {
        self.client.put_back(body);
    }

    fn cut_off(&self) {
        self.ledger.counters.borrow_mut().cut_off += 1;
    }

    fn refusal(&self, url: &Url) -> Option<String> {
        self.client.refusal(url)
    }

    fn record(&self, sample: Sample) {
        let failure = sample.failure.as_deref().map(|text| self.ledger.world.mask(text));
        let counted = stats::Sample {
            method: &sample.method,
            name: &sample.name,
            response_time: sample.response_time,
            service_time: sample.service_time(),
            size: sample.size,
            failure: failure.as_deref(),
            ended: self.ledger.since_start(sample.ended),
        };
        let phases = sample.phases.as_deref().map(phase_sample);
        self.ledger.recorder.borrow_mut().record_phased(&counted, phases.as_ref());
    }

    fn counts_phases(&self) -> bool {
        self.ledger.phases
    }

    fn hook_failed(&self, event: Event, exception: &Exception) {
        self.ledger.hook_failed(event, exception);
    }

    fn stop_test(&self, reason: &str) {
        let _ = self.reports.send(Report::StopTest { reason: reason.to_owned() });
    }

    fn max_connections(&self) -> usize {
        self.client.max_connections()
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

fn phase_sample(Phased { timings, wire }: &Phased) -> PhaseSample {
    let http::Timings { dns, connect, tls, send, wait, receive } = *timings;
    PhaseSample {
        durations: [dns, connect, tls, send, wait, receive],
        bytes_sent: wire.sent,
        bytes_received: wire.received,
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
    "keep_body",
    "max_body",
    "max_connections",
    "max_idle_connections",
    "max_redirects",
    "no_proxy",
    "proxy",
    "timeout",
    "verify",
];

fn apply(options: &mut ClientOptions, key: &str, value: &Value) -> Result<(), String> {
    let flag = || value.as_bool().ok_or_else(|| "must be true or false".to_owned());
    match key {
        "allow_redirects" => options.allow_redirects = flag()?,
        "keep_alive" => options.keep_alive = flag()?,
        "keep_body" => options.keep_body = flag()?,
        "max_body" => options.max_body = Some(size(value)?),
        "verify" => options.verify = flag()?,
        "timeout" => options.timeout = duration(value)?,
        "connect_timeout" => options.connect_timeout = Some(duration(value)?),
        "max_redirects" => {
            let count = value.as_u64().and_then(|count| usize::try_from(count).ok());
            options.max_redirects = count.ok_or("must be a whole number of at least 0")?;
        }
        "max_connections" => options.max_connections = at_least_one(value)?,
        "max_idle_connections" => options.max_idle_connections = at_least_one(value)?,
        "proxy" => {
            let url = value.as_str().ok_or("must be the url of a proxy")?;
            options.proxy = Some(Arc::new(Proxy::parse(url)?));
        }
        "no_proxy" => options.no_proxy = exceptions(value)?,
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

fn at_least_one(value: &Value) -> Result<usize, String> {
    let count = value.as_u64().and_then(|count| usize::try_from(count).ok()).filter(|count| *count > 0);
    count.ok_or_else(|| "must be a whole number of at least 1".to_owned())
}

/// Hosts that are reached without the proxy: one text with commas, or several.
fn exceptions(value: &Value) -> Result<NoProxy, String> {
    let refuse = || "must be a host or an array of hosts".to_owned();
    let one = |value: &Value| value.as_str().map(str::to_owned).ok_or_else(refuse);
    let hosts = match value {
        Value::Array(hosts) => hosts.iter().map(one).collect::<Result<Vec<_>, _>>()?,
        one_host => vec![one(one_host)?],
    };
    NoProxy::parse(hosts.iter().map(String::as_str))
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

fn size(value: &Value) -> Result<u64, String> {
    match (value.as_u64(), value.as_str()) {
        (Some(bytes), _) => Ok(bytes),
        (_, Some(text)) => crate::util::parse_size(text),
        _ => Err("must be a number of bytes, or a string such as \"1MiB\"".to_owned()),
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
