//! The client of one user: its connections, its cookies, and how a request becomes an answer.

use super::connection::{Connection, tls_for, within};
use super::cookies::Jar;
use super::error::TransportError;
use super::exchange::{Answer, Phases};
use super::options::ClientOptions;
use super::redirect;
use super::request::Request;
use super::response::{Hop, Response};
use super::shared::{Shared, add};
use super::url::{Origin, Url};
use crate::util::Diagnostic;
use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, HOST, HeaderMap, HeaderValue, USER_AGENT};
use http::uri::PathAndQuery;
use http::{Method, Uri};
use http_body_util::Full;
use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// How many connections a user keeps, at most one for each of so many hosts.
const KEPT_CONNECTIONS: usize = 8;

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
    /// When the certificates of `ca` cannot be read.
    pub fn new(shared: Rc<Shared>, options: Rc<ClientOptions>) -> Result<Self, Diagnostic> {
        if options.ca.is_some() {
            shared.configurations.get(options.verify, options.ca.as_deref())?;
        }
        Ok(Self { shared, options, kept: RefCell::default(), jar: Jar::default(), timer: RefCell::default() })
    }

    /// Sends a request and reads the whole answer, following redirects.
    pub async fn send(&self, request: Request) -> Response {
        let begun = Instant::now();
        let deadline = begun + request.timeout.unwrap_or(self.options.timeout);
        let mut chain = Chain { request, history: Vec::new(), phases: Phases::default() };
        let result = self.until(deadline, self.follow(&mut chain)).await;
        chain.conclude(result, begun)
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
        future: impl Future<Output = Result<T, TransportError>>,
    ) -> Result<T, TransportError> {
        let mut future = pin!(future);
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
            let answer = self.hop(&chain.request, &mut chain.phases).await?;
            self.jar.keep(&chain.request.url, &answer.head.headers);
            let status = answer.head.status.as_u16();
            if !follows || answer.error.is_some() {
                return Ok(answer);
            }
            let Some(target) = redirect::target(status, &chain.request.url, &answer.head.headers) else {
                return Ok(answer);
            };
            let target = target?;
            chain.history.push(Hop { status, url: chain.request.url.clone() });
            if chain.history.len() > self.options.max_redirects {
                return Err(TransportError::TooManyRedirects);
            }
            redirect::follow(&mut chain.request, status, target);
        }
    }

    /// One request and its answer, on a kept connection or a new one.
    async fn hop(&self, request: &Request, phases: &mut Phases) -> Result<Answer, TransportError> {
        let origin = request.url.origin();
        while let Some(mut connection) = self.take_kept(origin) {
            if !connection.is_open().await {
                add(&self.shared.counters.reconnects, 1);
                continue;
            }
            let result = self.exchange(&mut connection, request, phases).await;
            match result {
                // Closed in the moment between the look and the first byte: nothing was sent, so it may be sent anew.
                Err(_) if !connection.wrote() => add(&self.shared.counters.reconnects, 1),
                result => return self.keep_after(connection, result),
            }
        }
        let mut connection = self.open(origin, phases).await?;
        let result = self.exchange(&mut connection, request, phases).await;
        self.keep_after(connection, result)
    }

    async fn exchange(
        &self,
        connection: &mut Connection,
        request: &Request,
        phases: &mut Phases,
    ) -> Result<Answer, TransportError> {
        connection.exchange(self.on_the_wire(request)?, phases).await
    }

    async fn open(&self, origin: &Rc<Origin>, phases: &mut Phases) -> Result<Connection, TransportError> {
        let tls = tls_for(origin, &self.shared, &self.options)?;
        within(self.options.connect_timeout, Connection::open(&self.shared, origin, tls, phases)).await
    }

    fn take_kept(&self, origin: &Rc<Origin>) -> Option<Connection> {
        let mut kept = self.kept.borrow_mut();
        let index = kept.iter().position(|connection| connection.leads_to(origin))?;
        Some(kept.swap_remove(index))
    }

    /// Keeps the connection for the next request, if it can carry one.
    fn keep_after(
        &self,
        connection: Connection,
        result: Result<Answer, TransportError>,
    ) -> Result<Answer, TransportError> {
        let whole = result.as_ref().is_ok_and(|answer| answer.error.is_none());
        if whole && self.options.keep_alive && !connection.has_ended() {
            let mut kept = self.kept.borrow_mut();
            if kept.len() == KEPT_CONNECTIONS {
                kept.remove(0);
            }
            kept.push(connection);
        }
        result
    }

    /// The request as hyper takes it, with the headers that it does not bring itself.
    fn on_the_wire(&self, request: &Request) -> Result<http::Request<Full<Bytes>>, TransportError> {
        let target = PathAndQuery::try_from(request.url.path_and_query());
        let mut uri = http::uri::Parts::default();
        uri.path_and_query = Some(target.map_err(|_| TransportError::InvalidRequest)?);
        let mut wire = http::Request::new(Full::new(request.body.clone()));
        *wire.method_mut() = request.method.clone();
        *wire.uri_mut() = Uri::from_parts(uri).map_err(|_| TransportError::InvalidRequest)?;
        let headers = wire.headers_mut();
        headers.reserve(4 + self.options.headers.len() + request.headers.len());
        headers.insert(HOST, request.url.origin().authority().clone());
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("katydid/", env!("CARGO_PKG_VERSION"))));
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip, deflate, br, zstd"));
        overlay(headers, &self.options.headers);
        overlay(headers, &request.headers);
        self.jar.apply(&request.url, headers);
        if !self.options.keep_alive {
            headers.insert(http::header::CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(wire)
    }
}

/// Headers of `over` replace those of the same name.
fn overlay(headers: &mut HeaderMap, over: &HeaderMap) {
    for name in over.keys() {
        headers.remove(name);
        for value in over.get_all(name) {
            let mut value = value.clone();
            value.set_sensitive(*name == AUTHORIZATION);
            headers.append(name.clone(), value);
        }
    }
}

/// A request on its way through redirects.
struct Chain {
    request: Request,
    history: Vec<Hop>,
    phases: Phases,
}

impl Chain {
    fn conclude(self, result: Result<Answer, TransportError>, begun: Instant) -> Response {
        let ended = match &result {
            Ok(answer) => answer.ended,
            Err(_) => Instant::now(),
        };
        let elapsed: Duration = ended.saturating_duration_since(begun);
        let timings = self.phases.timings(elapsed);
        let (url, history) = (self.request.url, self.history);
        let (answer, error) = match result {
            Ok(answer) => (Some(answer.head), (answer.body, answer.error)),
            Err(error) => (None, (Bytes::new(), Some(error))),
        };
        let (body, error) = error;
        let reason = answer.as_ref().and_then(|head| head.extensions.get::<hyper::ext::ReasonPhrase>());
        let reason = reason.map(|phrase| String::from_utf8_lossy(phrase.as_bytes()).into_owned());
        let status = answer.as_ref().filter(|_| error.is_none()).map_or(0, |head| head.status.as_u16());
        let headers = answer.map(|head| head.headers).unwrap_or_default();
        Response { status, reason, headers, body, error, url, history, elapsed, timings, ended }
    }
}
