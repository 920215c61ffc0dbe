//! The engine's side of [`script::Host`](crate::script::Host): one user's client, and the shard's recorder.

use super::debug::Eye;
use super::diary::Pages;
use super::message::Report;
use crate::http::{
    self, Base, Client, ClientOptions, NoProxy, Origin, Proxy, Shared, Tls, TlsChoice, TransportError, Url,
};
use crate::plan::{Event, UserClass};
use crate::script::{CallSite, Cut, Exception, Host, Mask, Phased, Sample, WaitForResponse, World};
use crate::stats::{self, PhaseSample, Recorder, RunCounters};
use crate::util::Diagnostic;
use ::http::header::{AUTHORIZATION, HeaderName, HeaderValue};
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
    /// The same secrets, to be asked for every request.
    pub(super) mask: Mask,
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
        let task = &self.mask.apply(task);
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
    /// Who looks at this user's requests.
    pub(super) eye: Option<Rc<Eye>>,
}

impl UserHost {
    /// Puts the cookies of the class into the jar, for the host of the user.
    pub(super) fn start_with_cookies(&self, base: &Base, cookies: &[(String, String)]) {
        if cookies.is_empty() {
            return;
        }
        let url = Url::with_path(base.origin.clone(), "/");
        for (name, value) in cookies {
            self.client.set_cookie(&url, name, value);
        }
    }
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
    ///
    /// `answer` is pinned by the caller: a future that is handed over is kept twice, where it came in and where it is polled.
    async fn in_flight<T>(&self, mut answer: Pin<&mut impl Future<Output = T>>) -> T {
        let mut in_flight = InFlight { ledger: &self.ledger, heads: 0, answered: false };
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

impl UserHost {
    async fn answer_to(&self, mut request: http::Request) -> Box<http::Response> {
        if self.eye.is_some() {
            request.transcript = Some(Rc::default());
        }
        let transcript = request.transcript.clone();
        let response = self.in_flight(pin!(self.client.send(request))).await;
        if let Some(error) = response.error {
            self.ledger.count_shortage(error);
        }
        if let (Some(eye), Some(transcript)) = (&self.eye, &transcript) {
            eye.view.exchanged(&eye.watched, transcript, &response);
        }
        response
    }
}

impl Host for UserHost {
    fn send(&self, request: http::Request) -> Pin<Box<dyn Future<Output = Box<http::Response>> + '_>> {
        Box::pin(self.answer_to(request))
    }

    fn send_by(&self, request: http::Request, wait: WaitForResponse) -> Result<Box<http::Response>, Cut> {
        wait(pin!(self.answer_to(request)))
    }

    fn stream(&self, request: http::Request) -> Pin<Box<dyn Future<Output = http::Streamed> + '_>> {
        Box::pin(async move {
            let streamed = self.in_flight(pin!(self.client.stream(request))).await;
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
        let name = self.ledger.mask.apply(&sample.name);
        if let Some(eye) = &self.eye {
            eye.view.judged(&eye.watched, &sample.method, &name, failure.as_deref());
        }
        let counted = stats::Sample {
            method: &sample.method,
            name: &name,
            response_time: sample.response_time,
            service_time: sample.service_time(),
            size: sample.size,
            failure: failure.as_deref(),
            ended: self.ledger.since_start(sample.ended),
        };
        let phases = sample.phases.as_deref().map(phase_sample);
        let charge = sample.charge.as_deref();
        let circumstances = stats::Circumstances {
            call: call_site(&sample.site),
            failure: charge.and_then(|charge| call_site(&charge.site)),
            url: charge.map(|charge| charge.url.as_str()),
        };
        self.ledger.recorder.borrow_mut().record_in(&counted, phases.as_ref(), &circumstances);
    }

    fn counts_phases(&self) -> bool {
        self.ledger.phases
    }

    fn hook_failed(&self, event: Event, exception: &Exception) {
        self.ledger.hook_failed(event, exception);
    }

    fn stop_test(&self, reason: &str) {
        let reason = self.ledger.world.mask(reason).into_owned();
        let _ = self.reports.send(Report::StopTest { reason });
    }

    fn tls(&self, choice: &TlsChoice) -> Result<Tls, Diagnostic> {
        self.client.tls(choice)
    }

    fn shares_connection(&self, origin: &Rc<Origin>) -> bool {
        self.client.shares_connection(origin)
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

fn call_site(site: &CallSite) -> Option<stats::CallSite<'_>> {
    let (file, line, column) = site.parts()?;
    Some(stats::CallSite { file, line, column })
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
/// When an option has a value of the wrong kind; the script room lets none pass.
pub fn client_options_of(run: &ClientOptions, class: &UserClass) -> Result<ClientOptions, Diagnostic> {
    let mut options = run.clone();
    for (key, value) in &class.http {
        apply(&mut options, key, value).ok_or_else(|| {
            Diagnostic::error(format!("option `{key}` of .http(..) cannot be {value}"))
                .note(format!("user class `{}`, declared at {}", class.name, class.declared_at))
        })?;
    }
    Ok(options)
}

/// Sets one option, in the form in which [`UserClass::http`] has it; none if the value is of another form.
fn apply(options: &mut ClientOptions, key: &str, value: &Value) -> Option<()> {
    let time = || Duration::try_from_secs_f64(value.as_f64()?).ok();
    let file = || value.as_str().map(PathBuf::from);
    match key {
        "allow_redirects" => options.allow_redirects = value.as_bool()?,
        "keep_alive" => options.keep_alive = value.as_bool()?,
        "keep_body" => options.keep_body = value.as_bool()?,
        "verify" => options.verify = value.as_bool()?,
        "timeout" => options.timeout = time()?,
        "connect_timeout" => options.connect_timeout = Some(time()?),
        "max_redirects" => options.max_redirects = usize::try_from(value.as_u64()?).ok()?,
        "max_body" => options.max_body = Some(value.as_u64()?),
        "max_connections" => options.max_connections = usize::try_from(value.as_u64()?).ok()?,
        "max_idle_connections" => {
            options.max_idle_connections = usize::try_from(value.as_u64()?).ok()?;
        }
        "http_version" => options.http_version = value.as_str()?.parse().ok()?,
        "tls_min" => options.tls_min = value.as_str()?.parse().ok()?,
        "tls_resumption" => options.tls_resumption = value.as_bool()?,
        "no_proxy" => {
            let hosts = value.as_array()?.iter().map(Value::as_str).collect::<Option<Vec<_>>>()?;
            options.no_proxy = NoProxy::parse(hosts).ok()?;
        }
        "proxy" => options.proxy = Some(Arc::new(Proxy::parse(value.as_str()?).ok()?)),
        "ca" => options.ca = Some(file()?),
        // A key belongs to the certificate that it was given with.
        "cert" => (options.cert, options.key) = (Some(file()?), None),
        "key" => options.key = Some(file()?),
        "auth" => options.headers.insert(AUTHORIZATION, HeaderValue::from_str(value.as_str()?).ok()?),
        "headers" => headers(options, value)?,
        "cookies" => {
            let cookie = |(name, value): (&str, Option<&str>)| Some((name.to_owned(), value?.to_owned()));
            options.cookies = pairs(value)?.into_iter().map(cookie).collect::<Option<_>>()?;
        }
        _ => return None,
    }
    Some(())
}

/// The class's headers, in place of the run's of the same names; one without a value is not sent.
fn headers(options: &mut ClientOptions, value: &Value) -> Option<()> {
    let read = |(name, value): (&str, Option<&str>)| {
        let value = value.map(|value| HeaderValue::from_bytes(value.as_bytes())).transpose();
        Some((HeaderName::from_bytes(name.as_bytes()).ok()?, value.ok()?))
    };
    let headers = pairs(value)?.into_iter().map(read).collect::<Option<Vec<_>>>()?;
    for (name, _) in &headers {
        options.headers.remove(name);
    }
    for (name, value) in headers {
        match value {
            Some(value) => options.headers.append(name, value),
            None => options.omit.push(name),
        }
    }
    Some(())
}

/// Names with a value, or without one.
fn pairs(value: &Value) -> Option<Vec<(&str, Option<&str>)>> {
    fn pair(value: &Value) -> Option<(&str, Option<&str>)> {
        let [name, value] = value.as_array()?.as_slice() else { return None };
        Some((name.as_str()?, value.as_str()))
    }
    value.as_array()?.iter().map(pair).collect()
}
