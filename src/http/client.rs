//! The client of one user: its connections, its cookies, and how a request becomes an answer.

use super::body::Plan;
use super::body_stream::{BodyStream, Streamed};
use super::connection::Connection;
use super::cookies::Jar;
use super::error::TransportError;
use super::exchange::{self, Failure, Phases};
use super::incoming::{Answer, Rest};
use super::options::{ClientOptions, MAX_BODY};
use super::request::Request;
use super::response::{Hop, Response};
use super::shared::{Shared, add};
use super::url::{Origin, Url};
use super::wire::Headers;
use super::{head, redirect, wire};
use crate::util::Diagnostic;
use bytes::Bytes;
use http::Method;
use http::header::COOKIE;
use std::cell::{OnceCell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// How many connections to one host a user keeps for later requests: what browsers do. Only requests that overlap ever
/// need a second one.
const KEPT_PER_HOST: usize = 6;

/// How many connections a user keeps in all. The one that was kept first is closed first.
const KEPT_CONNECTIONS: usize = 24;

/// As good as no deadline, and still a moment that a clock can name.
const NEVER: Duration = Duration::from_secs(60 * 60 * 24 * 365 * 30);

/// One user's client. Requests of one client may overlap; each has a connection for itself while it runs.
pub struct Client {
    shared: Rc<Shared>,
    options: Rc<ClientOptions>,
    kept: RefCell<Vec<Connection>>,
    jar: Jar,
    timer: RefCell<Option<Pin<Box<Sleep>>>>,
}

impl Client {
    /// A client without connections.
    ///
    /// # Errors
    ///
    /// When the files of `ca`, `cert` or `key` cannot be read.
    pub fn new(shared: Rc<Shared>, options: Rc<ClientOptions>) -> Result<Self, Diagnostic> {
        if options.ca.is_some() || options.cert.is_some() {
            shared.configurations.get(&options)?;
        }
        Ok(Self { shared, options, kept: RefCell::default(), jar: Jar::default(), timer: RefCell::default() })
    }

    /// Sends a request and reads the whole answer, following redirects.
    pub async fn send(&self, request: Request) -> Response {
        let begun = Instant::now();
        let timeout = request.timeout.unwrap_or(self.options.timeout);
        let deadline = begun.checked_add(timeout).unwrap_or_else(|| begun + NEVER);
        let plan = self.plan_for(&request);
        let mut chain = Chain::new(request, plan);
        let result = self.until(deadline, pin!(self.follow(&mut chain))).await;
        chain.conclude(result, begun)
    }

    /// Sends a request and reads the head of the answer, following redirects. The body is read from what comes with it.
    ///
    /// The timeout bounds the time to the head, and then every wait for a piece of the body: a stream has no other end.
    pub async fn stream(&self, request: Request) -> Streamed {
        let begun = Instant::now();
        let timeout = request.timeout.unwrap_or(self.options.timeout);
        let deadline = begun.checked_add(timeout).unwrap_or_else(|| begun + NEVER);
        let mut chain = Chain::new(request, Plan::PIECES);
        let mut result = self.until(deadline, pin!(self.follow(&mut chain))).await;
        let rest = result.as_mut().ok().and_then(|answer| answer.rest.take());
        let most = self.options.max_body.unwrap_or(MAX_BODY);
        let body = rest.and_then(|rest| BodyStream::new(self.shared.clone(), *rest, timeout, most));
        Streamed { response: chain.conclude(result, begun), body }
    }

    /// Takes back a body that was read to its end: its connection may carry another request.
    pub fn put_back(&self, body: BodyStream) {
        if let Some(connection) = body.into_reusable() {
            self.keep(connection);
        }
    }

    /// The cookies that a request to `url` would carry.
    #[must_use]
    pub fn cookies(&self, url: &Url) -> Vec<(String, String)> {
        self.jar.list(url)
    }

    /// Sets a cookie for the host of `url`.
    pub fn set_cookie(&self, url: &Url, name: &str, value: &str) {
        self.jar.set(url, name, value);
    }

    /// Forgets all cookies.
    pub fn clear_cookies(&self) {
        self.jar.clear();
    }

    /// Waits for `future` until `deadline`.
    ///
    /// The client keeps one timer for all its requests and moves it only when it fires: a request that is answered in
    /// time costs no entry in the timer wheel.
    async fn until<T>(
        &self,
        deadline: Instant,
        mut future: Pin<&mut impl Future<Output = Result<T, TransportError>>>,
    ) -> Result<T, TransportError> {
        let mut timer = self.timer.borrow_mut().take().unwrap_or_else(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() > deadline {
            timer.as_mut().reset(deadline);
        }
        let result = poll_fn(|context| {
            if let Poll::Ready(result) = future.as_mut().poll(context) {
                return Poll::Ready(result);
            }
            while timer.as_mut().poll(context).is_ready() {
                if Instant::now() >= deadline {
                    return Poll::Ready(Err(TransportError::TimedOut));
                }
                timer.as_mut().reset(deadline);
            }
            Poll::Pending
        })
        .await;
        if !timer.is_elapsed() {
            self.timer.replace(Some(timer));
        }
        result
    }

    /// Sends, and sends again where it is redirected to.
    async fn follow(&self, chain: &mut Chain) -> Result<Answer, TransportError> {
        let follows = match chain.request.allow_redirects {
            Some(follows) => follows,
            None => self.options.allow_redirects && chain.request.method != Method::HEAD,
        };
        loop {
            let begun = Instant::now();
            let mut answer = self.hop(chain).await?;
            let status = answer.head.status;
            let redirects = matches!(status, 300..400) && follows && answer.error.is_none();
            if !redirects && !answer.head.sets_cookies {
                return Ok(answer);
            }
            let headers = head::headers(&answer.head_bytes);
            if answer.head.sets_cookies {
                self.jar.keep(&chain.request.url, &headers);
            }
            let target =
                if redirects { redirect::target(status, &chain.request.url, &headers) } else { None };
            let Some(target) = target else { return Ok(answer) };
            let target = target?;
            if answer.rest.is_some() {
                answer = Box::pin(self.read_rest(answer)).await?;
                if answer.error.is_some() {
                    return Ok(answer);
                }
            }
            chain.history.push(Hop {
                status,
                url: chain.request.url.clone(),
                elapsed: answer.ended.saturating_duration_since(begun),
                head: answer.head_bytes,
            });
            if chain.history.len() > self.options.max_redirects {
                return Err(TransportError::TooManyRedirects);
            }
            chain.astray |= redirect::follow(&mut chain.request, status, target);
        }
    }

    /// One request and its answer, on a kept connection or a new one.
    async fn hop(&self, chain: &mut Chain) -> Result<Answer, TransportError> {
        let Chain { request, astray, plan, phases, .. } = chain;
        let (request, astray, plan) = (&*request, *astray, *plan);
        let origin = request.url.origin();
        while let Some(mut connection) = self.take_kept(origin) {
            if !connection.is_open().await {
                add(&self.shared.counters.reconnects, 1);
                continue;
            }
            match self.exchange(&mut connection, request, astray, plan, phases).await {
                Ok(answer) => return Ok(self.keep_after(connection, answer)),
                // Closed in the moment between the look and the first byte: nothing was sent, so it may be sent anew.
                Err(failure) if !failure.wrote => add(&self.shared.counters.reconnects, 1),
                Err(failure) => return Err(failure.error),
            }
        }
        // Boxed, because connecting is rare and large: every request would carry the room for it.
        let mut connection = Box::pin(self.open(origin, phases)).await?;
        match self.exchange(&mut connection, request, astray, plan, phases).await {
            Ok(answer) => Ok(self.keep_after(connection, answer)),
            Err(failure) => Err(failure.error),
        }
    }

    async fn exchange(
        &self,
        connection: &mut Connection,
        request: &Request,
        astray: bool,
        plan: Plan,
        phases: &mut Phases,
    ) -> Result<Answer, Failure> {
        let options = &*self.options;
        let headers = Headers::new(request, options, astray);
        let cookies = if headers.wants_cookies() {
            self.jar.header(&request.url, || headers.own(&COOKIE))
        } else {
            None
        };
        let write_head =
            |out: &mut Vec<u8>| wire::head(out, &headers, options.keep_alive, cookies.as_deref());
        let transport = &mut connection.transport;
        exchange::exchange(&self.shared, transport, request, plan, write_head, phases).await
    }

    /// What becomes of the body of the answer to `request`.
    fn plan_for(&self, request: &Request) -> Plan {
        let keep = request.keep_body.unwrap_or(self.options.keep_body);
        let most = if keep { MAX_BODY } else { u64::MAX };
        Plan { keep, max: self.options.max_body.unwrap_or(most), pause: false }
    }

    async fn open(&self, origin: &Rc<Origin>, phases: &mut Phases) -> Result<Connection, TransportError> {
        let open = Connection::open(&self.shared, origin, &self.options, phases);
        match self.options.connect_timeout {
            None => open.await,
            Some(limit) => {
                tokio::time::timeout(limit, open).await.unwrap_or(Err(TransportError::ConnectTimedOut))
            }
        }
    }

    fn take_kept(&self, origin: &Rc<Origin>) -> Option<Connection> {
        let mut kept = self.kept.borrow_mut();
        // The one that was used last: the server had the least time to close it.
        let index = kept.iter().rposition(|connection| connection.leads_to(origin))?;
        Some(kept.remove(index))
    }

    /// Keeps the connection for the next request, if it can carry one.
    fn keep_after(&self, connection: Connection, mut answer: Answer) -> Answer {
        if answer.reusable {
            self.keep(connection);
        } else if let Some(rest) = &mut answer.rest {
            rest.connection = Some(connection);
        }
        answer
    }

    fn keep(&self, connection: Connection) {
        if !self.options.keep_alive {
            return;
        }
        let mut kept = self.kept.borrow_mut();
        if kept.len() >= KEPT_PER_HOST {
            make_room(&mut kept, &connection);
        }
        kept.push(connection);
    }

    /// Reads the rest of an answer that nobody wants to see, as its connection is needed.
    async fn read_rest(&self, answer: Answer) -> Result<Answer, TransportError> {
        let Some(rest) = answer.rest else { return Ok(answer) };
        let Rest { mut incoming, connection } = *rest;
        let Some(mut connection) = connection else { return Err(TransportError::Broken) };
        incoming.skip_rest();
        incoming.receive(&self.shared, &mut connection.transport).await;
        let ended = incoming.last_byte_at.unwrap_or(answer.ended);
        Ok(self.keep_after(connection, incoming.into_answer(ended)?))
    }
}

/// Closes connections that are one too many once `another` is kept.
#[cold]
fn make_room(kept: &mut Vec<Connection>, another: &Connection) {
    let alike = |connection: &Connection| connection.leads_to(another.origin());
    if kept.iter().filter(|connection| alike(connection)).count() >= KEPT_PER_HOST
        && let Some(oldest) = kept.iter().position(alike)
    {
        kept.remove(oldest);
    }
    if kept.len() >= KEPT_CONNECTIONS {
        kept.remove(0);
    }
}

/// A request on its way through redirects.
struct Chain {
    request: Request,
    /// Whether a redirect led to another origin.
    astray: bool,
    /// What becomes of the bodies of its answers.
    plan: Plan,
    history: Vec<Hop>,
    phases: Phases,
}

impl Chain {
    fn new(request: Request, plan: Plan) -> Self {
        Self { request, astray: false, plan, history: Vec::new(), phases: Phases::default() }
    }

    fn conclude(self, result: Result<Answer, TransportError>, begun: Instant) -> Response {
        let ended = match &result {
            Ok(answer) => answer.ended,
            Err(_) => Instant::now(),
        };
        let elapsed: Duration = ended.saturating_duration_since(begun);
        let timings = self.phases.timings(elapsed);
        let (url, history, plan) = (self.request.url, self.history, self.plan);
        let without = |error| Response {
            status: 0,
            reason: None,
            head: Bytes::new(),
            headers: OnceCell::new(),
            encoded: false,
            body: Bytes::new(),
            size: 0,
            plan,
            trailers: None,
            error: Some(error),
            url: url.clone(),
            history: history.clone(),
            elapsed,
            timings,
            ended,
        };
        match result {
            Err(error) => without(error),
            Ok(Answer { head, head_bytes, body, size, trailers, error, .. }) => Response {
                // An answer that is not whole is none, but what came of it is there to be looked at.
                status: if error.is_none() { head.status } else { 0 },
                reason: head.reason.filter(|_| error.is_none()),
                head: head_bytes,
                encoded: head.encoded,
                body,
                size,
                trailers,
                error,
                ..without(TransportError::Broken)
            },
        }
    }
}
