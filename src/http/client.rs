//! The client of one user: its connections, its cookies, and how a request becomes an answer.

use super::body_stream::{BodyStream, Streamed};
use super::chain::{Chain, Leg};
use super::cookies::Jar;
use super::error::TransportError;
use super::http1::body::Plan;
use super::http1::exchange::{self, Failure};
use super::http1::incoming::{Answer, Rest};
use super::http1::wire::Headers;
use super::http1::{head, wire};
use super::http2::multiplexed::Multiplexed;
use super::http2::stream;
use super::net::connection::{Connection, Opened, Speaks};
use super::options::{ClientOptions, MAX_BODY};
use super::phases::Phases;
use super::pool::Pool;
use super::redirect;
use super::request::Request;
use super::response::{Hop, Response, WireBytes};
use super::secure::{Secure, Wished};
use super::shared::{Shared, add};
use super::tls::configuration::{Tls, TlsChoice};
use super::url::{Origin, Url};
use super::versions::HttpVersion;
use crate::util::Diagnostic;
use http::Method;
use http::header::COOKIE;
use std::cell::{Cell, OnceCell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;
use tokio::task::coop::has_budget_remaining;
use tokio::time::{Instant, Sleep, sleep_until};

/// As good as no deadline, and still a moment that a clock can name.
const NEVER: Duration = Duration::from_secs(60 * 60 * 24 * 365 * 30);

/// One user's client. Requests of one client may overlap; each has a connection for itself while it runs.
pub struct Client {
    shared: Rc<Shared>,
    options: Rc<ClientOptions>,
    pool: Pool,
    /// Which of several addresses are this user's; dealt when it first connects.
    turn: Cell<Option<usize>>,
    jar: Jar,
    timer: RefCell<Option<Pin<Box<Sleep>>>>,
    secure: OnceCell<Box<Secure>>,
}

impl Client {
    /// A client without connections.
    ///
    /// # Errors
    ///
    /// When the files of `ca`, `cert` or `key` cannot be read.
    pub fn new(shared: Rc<Shared>, options: Rc<ClientOptions>) -> Result<Self, Diagnostic> {
        if options.ca.is_some() || options.cert.is_some() || options.key.is_some() {
            shared.configurations.get(&options, &TlsChoice::default())?;
        }
        Ok(Self {
            shared,
            options,
            pool: Pool::default(),
            turn: Cell::default(),
            jar: Jar::default(),
            timer: RefCell::default(),
            secure: OnceCell::new(),
        })
    }

    /// How TLS is spoken by requests that say so much about it; see [`Request::tls`].
    ///
    /// # Errors
    ///
    /// When a file cannot be used.
    pub fn tls(&self, choice: &TlsChoice) -> Result<Tls, Diagnostic> {
        self.shared.configurations.get(&self.options, choice)
    }

    /// Sends a request and reads the whole answer, following redirects.
    pub async fn send(&self, request: Request) -> Box<Response> {
        let begun = Instant::now();
        let timeout = request.timeout.unwrap_or(self.options.timeout);
        let deadline = begun.checked_add(timeout).unwrap_or_else(|| begun + NEVER);
        let plan = self.plan_for(&request);
        let mut chain = Chain::new(begun, request, plan);
        let mut wire = WireBytes::default();
        let result = self.until(deadline, pin!(self.follow(&mut chain)), &mut wire).await;
        chain.conclude(result, wire)
    }

    /// Sends a request and reads the head of the answer, following redirects. The body is read from what comes with it.
    ///
    /// The timeout bounds the time to the head, and then every wait for a piece of the body: a stream has no other end.
    pub async fn stream(&self, request: Request) -> Streamed {
        let begun = Instant::now();
        let timeout = request.timeout.unwrap_or(self.options.timeout);
        let deadline = begun.checked_add(timeout).unwrap_or_else(|| begun + NEVER);
        let mut chain = Chain::new(begun, request, Plan::PIECES);
        let mut wire = WireBytes::default();
        let mut result = self.until(deadline, pin!(self.follow(&mut chain)), &mut wire).await;
        let rest = result.as_mut().ok().and_then(|answer| answer.rest.take());
        let most = self.options.max_body.unwrap_or(MAX_BODY);
        let response = *chain.conclude(result, wire);
        let body =
            rest.map(|rest| BodyStream::new(self.shared.clone(), *rest, response.ended, timeout, most));
        Streamed { response, body }
    }

    /// Takes back a body that was read to its end: its connection may carry another request.
    pub fn put_back(&self, body: BodyStream) {
        if let Some(connection) = body.into_reusable() {
            self.pool.keep(connection, &self.options);
        }
    }

    /// How many connections to one host it has at a time.
    #[must_use]
    pub fn max_connections(&self) -> usize {
        self.options.max_connections
    }

    /// Why a request to `url` must not be sent; none where it may be.
    #[must_use]
    pub fn refusal(&self, url: &Url) -> Option<String> {
        self.options.allowed_hosts.as_ref().and_then(|allowed| allowed.refusal(url))
    }

    /// Whether there is a connection to `origin` that carries any number of requests at a time.
    #[must_use]
    pub fn shares_connection(&self, origin: &Rc<Origin>) -> bool {
        self.secure.get().is_some_and(|secure| secure.shares(origin))
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

    /// Waits for `future` until `deadline`, and counts what it sends and receives into `wire`.
    ///
    /// The client keeps one timer for all its requests and moves it only when it fires: a request that is answered in
    /// time costs no entry in the timer wheel.
    async fn until<T>(
        &self,
        deadline: Instant,
        mut future: Pin<&mut impl Future<Output = Result<T, TransportError>>>,
        wire: &mut WireBytes,
    ) -> Result<T, TransportError> {
        let mut timer = self.timer.borrow_mut().take().unwrap_or_else(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() > deadline {
            timer.as_mut().reset(deadline);
        }
        let result = poll_fn(|context| {
            // Nothing else of this thread is polled meanwhile: the difference is this request's.
            let before = self.shared.counters.wire();
            let polled = future.as_mut().poll(context);
            let after = self.shared.counters.wire();
            // The counters begin anew with each snapshot, but not in between.
            wire.sent += after.sent - before.sent;
            wire.received += after.received - before.received;
            if polled.is_ready() {
                return polled;
            }
            // Who sends faster than is read uses up the task's turn, and without one the timer never fires.
            if !has_budget_remaining() && Instant::now() >= deadline {
                return Poll::Ready(Err(TransportError::TimedOut));
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
            let mut answer = self.hop(chain).await?;
            if let Some(transcript) = &chain.request.transcript {
                transcript.answered(&answer.head_bytes, &answer.body, answer.size, answer.error);
            }
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
            if self.options.allowed_hosts.as_ref().is_some_and(|allowed| !allowed.permit(target.origin())) {
                return Err(TransportError::RedirectNotAllowed);
            }
            if answer.rest.is_some() {
                answer = Box::pin(self.read_rest(answer)).await?;
                if answer.error.is_some() {
                    return Ok(answer);
                }
            }
            chain.history.push(Hop {
                status,
                url: chain.request.url.clone(),
                elapsed: answer.ended.saturating_duration_since(chain.leg_begun),
                head: answer.head_bytes,
            });
            if chain.history.len() > self.options.max_redirects {
                return Err(TransportError::TooManyRedirects);
            }
            chain.leg_begun = answer.ended;
            chain.astray |= redirect::follow(&mut chain.request, status, target);
        }
    }

    /// One request and its answer, on a kept connection or a new one.
    async fn hop(&self, chain: &mut Chain) -> Result<Answer, TransportError> {
        let (leg, phases) = chain.leg();
        let origin = leg.request.url.origin();
        let tls = self.tls_of(leg.request)?;
        let tls = tls.as_ref();
        if self.secure.get().is_some_and(|secure| secure.find(origin, tls).is_some())
            && let Some(answer) = Box::pin(self.on_shared(leg, tls, phases)).await
        {
            return answer;
        }
        while let Some(mut connection) = self.pool.take(origin, tls) {
            if !connection.is_open().await {
                add(&self.shared.counters.reconnects, 1);
                continue;
            }
            match self.exchange(&mut connection, leg, phases).await {
                Ok(answer) => return Ok(self.keep_after(connection, answer)),
                // Closed in the moment between the look and the first byte: nothing was sent, so it may be sent anew.
                Err(failure) if !failure.wrote => add(&self.shared.counters.reconnects, 1),
                Err(failure) => return Err(failure.error),
            }
        }
        // Boxed, because connecting is rare and large: every request would carry the room for it.
        match Box::pin(self.connect(origin, tls, phases)).await? {
            Opened::Single(mut connection) => match self.exchange(&mut connection, leg, phases).await {
                Ok(answer) => Ok(self.keep_after(connection, answer)),
                Err(failure) => Err(failure.error),
            },
            Opened::Shared(connection) => {
                let sent = Box::pin(self.exchange_on_stream(&connection, leg, phases)).await;
                sent.map_err(|failure| failure.error)
            }
        }
    }

    /// The same on a connection with HTTP/2; none if there is none that takes the request.
    async fn on_shared(
        &self,
        leg: Leg<'_>,
        tls: Option<&Tls>,
        phases: &mut Phases,
    ) -> Option<Result<Answer, TransportError>> {
        let secure = self.secure.get()?;
        while let Some(connection) = secure.find(leg.request.url.origin(), tls) {
            if connection.is_open().await {
                match self.exchange_on_stream(&connection, leg, phases).await {
                    Ok(answer) => return Some(Ok(answer)),
                    // Shut down in the moment between the look and the first byte.
                    Err(failure) if !failure.wrote && !connection.is_open().await => {}
                    Err(failure) => return Some(Err(failure.error)),
                }
            }
            secure.forget(&connection);
            add(&self.shared.counters.reconnects, 1);
        }
        None
    }

    async fn exchange_on_stream(
        &self,
        connection: &Rc<Multiplexed>,
        Leg { request, astray, plan }: Leg<'_>,
        phases: &mut Phases,
    ) -> Result<Answer, Failure> {
        let options = &*self.options;
        let headers = Headers::new(request, options, astray);
        let cookies = self.cookie_line(request, &headers);
        let write_head = |out: &mut Vec<u8>| wire::head(out, &headers, None, true, cookies.as_deref());
        stream::exchange(connection, request, plan, write_head, phases).await
    }

    fn cookie_line(&self, request: &Request, headers: &Headers<'_>) -> Option<Vec<u8>> {
        if headers.wants_cookies() { self.jar.header(&request.url, || headers.own(&COOKIE)) } else { None }
    }

    /// How TLS is spoken for a request; none where it is not.
    fn tls_of(&self, request: &Request) -> Result<Option<Tls>, TransportError> {
        if !request.url.origin().is_https() {
            return Ok(None);
        }
        if let Some(own) = &request.tls {
            return Ok(Some(own.clone()));
        }
        let known = &self.secure().tls;
        if let Some(known) = known.get() {
            return Ok(Some(known.clone()));
        }
        let found = self.shared.configurations.get(&self.options, &TlsChoice::default());
        // The files were read when the client was made; what is wrong with them was said then.
        let found = found.map_err(|_| TransportError::TlsHandshake)?;
        Ok(Some(known.get_or_init(|| found).clone()))
    }

    fn secure(&self) -> &Secure {
        self.secure.get_or_init(Box::default)
    }

    async fn exchange(
        &self,
        connection: &mut Connection,
        Leg { request, astray, plan }: Leg<'_>,
        phases: &mut Phases,
    ) -> Result<Answer, Failure> {
        let options = &*self.options;
        let headers = Headers::new(request, options, astray);
        let cookies = self.cookie_line(request, &headers);
        let proxy = if connection.forwarded { options.proxy.as_deref() } else { None };
        let write_head = |out: &mut Vec<u8>| {
            wire::head(out, &headers, proxy, options.keep_alive, cookies.as_deref());
            if let Some(transcript) = &request.transcript {
                transcript.asked(out, &request.body);
            }
        };
        let transport = &mut connection.transport;
        exchange::exchange(&self.shared, transport, request, plan, write_head, phases).await
    }

    /// What becomes of the body of the answer to `request`.
    fn plan_for(&self, request: &Request) -> Plan {
        let keep = request.keep_body.unwrap_or(self.options.keep_body);
        let most = if keep { MAX_BODY } else { u64::MAX };
        Plan { keep, max: self.options.max_body.unwrap_or(most), pause: false }
    }

    /// A new connection, or the one with HTTP/2 that another request of this user opens at this moment.
    async fn connect(
        &self,
        origin: &Rc<Origin>,
        tls: Option<&Tls>,
        phases: &mut Phases,
    ) -> Result<Opened, TransportError> {
        let offers = match self.options.http_version {
            HttpVersion::Auto => tls.is_some(),
            HttpVersion::Http1 => false,
            HttpVersion::Http2 => true,
        };
        let known_not_to = || self.shared.without_http2.borrow().contains(origin);
        if !offers || !self.options.keep_alive || known_not_to() {
            return self.open_alone(origin, tls, phases).await;
        }
        phases.waits_since = Some(Instant::now());
        let opening = async {
            phases.waits_since = None;
            self.open(origin, tls, phases).await
        };
        let wished = self.secure().wish(origin, tls, opening).await;
        phases.end_wait(Instant::now());
        match wished? {
            Wished::Shared(connection) => Ok(Opened::Shared(connection)),
            Wished::Single(connection) => {
                if !known_not_to() {
                    self.shared.without_http2.borrow_mut().push(origin.clone());
                }
                Ok(Opened::Single(connection))
            }
            Wished::Alone => self.open_alone(origin, tls, phases).await,
        }
    }

    /// A new connection that no other request waits for.
    async fn open_alone(
        &self,
        origin: &Rc<Origin>,
        tls: Option<&Tls>,
        phases: &mut Phases,
    ) -> Result<Opened, TransportError> {
        let opened = self.open(origin, tls, phases).await?;
        // A server may have learnt HTTP/2 since it was asked last.
        if let Opened::Shared(connection) = &opened
            && self.options.keep_alive
        {
            self.secure().keep(connection.clone());
        }
        Ok(opened)
    }

    async fn open(
        &self,
        origin: &Rc<Origin>,
        tls: Option<&Tls>,
        phases: &mut Phases,
    ) -> Result<Opened, TransportError> {
        let own = tls.map(|tls| self.secure().own.of(tls, self.options.tls_resumption));
        let speaks = tls.zip(own.as_ref()).map(|(tls, own)| Speaks { tls, own });
        let turn = self.turn.get().unwrap_or_else(|| self.shared.next_turn());
        self.turn.set(Some(turn));
        let open = Connection::open(&self.shared, origin, &self.options, speaks, turn, phases);
        match self.options.connect_timeout {
            None => open.await,
            Some(limit) => {
                tokio::time::timeout(limit, open).await.unwrap_or(Err(TransportError::ConnectTimedOut))
            }
        }
    }

    /// Keeps the connection for the next request, if it can carry one.
    fn keep_after(&self, connection: Connection, mut answer: Answer) -> Answer {
        if answer.reusable {
            self.pool.keep(connection, &self.options);
        } else if let Some(Rest::Single(_, source)) = answer.rest.as_deref_mut() {
            *source = Some(connection);
        }
        answer
    }

    /// Reads the rest of an answer that nobody wants to see, as its connection is needed.
    async fn read_rest(&self, answer: Answer) -> Result<Answer, TransportError> {
        // A stream of HTTP/2 is reset when it is dropped, and its connection goes on.
        let Some(Rest::Single(mut incoming, Some(mut connection))) = answer.rest.map(|rest| *rest) else {
            return Ok(Answer { rest: None, ..answer });
        };
        incoming.skip_rest();
        let transport = &mut connection.transport;
        poll_fn(|context| incoming.poll_receive(&self.shared, transport, context)).await;
        let ended = incoming.last_byte_at.unwrap_or(answer.ended);
        Ok(self.keep_after(connection, incoming.into_answer(ended)?))
    }
}

#[cfg(test)]
mod tests {
    use super::{Client, ClientOptions, Shared, TransportError, WireBytes};
    use std::future::pending;
    use std::pin::pin;
    use std::rc::Rc;
    use std::time::Duration;
    use tokio::task::consume_budget;
    use tokio::time::{Instant, timeout};

    #[tokio::test]
    async fn a_deadline_holds_where_there_is_always_something_to_read() {
        let client = Client::new(Shared::new(), Rc::new(ClientOptions::default())).unwrap();
        let mut wire = WireBytes::default();
        let flood = pin!(async {
            loop {
                consume_budget().await;
            }
        });
        let until = client.until::<()>(Instant::now() + Duration::from_millis(20), flood, &mut wire);
        let ended = timeout(Duration::from_secs(30), until).await;
        assert_eq!(ended.expect("it ends").unwrap_err(), TransportError::TimedOut);

        let silence = pin!(pending());
        let until = client.until::<()>(Instant::now() + Duration::from_millis(20), silence, &mut wire);
        assert_eq!(until.await.unwrap_err(), TransportError::TimedOut);
    }
}
