//! A connection that speaks HTTP/2 and carries many requests at a time (RFC 9113).

use super::frames::Greeting;
use super::tap::{Log, Tapped};
use crate::http::error::TransportError;
use crate::http::net::transport::Transport;
use crate::http::shared::Shared;
use crate::http::tls::configuration::Tls;
use crate::http::url::Origin;
use bytes::Bytes;
use h2::client::{Builder, Connection, SendRequest};
use std::cell::RefCell;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker, ready};
use tokio::task::unconstrained;

/// How much of a body a server may send before it is told that there is room for more. What comes is taken at once, so
/// this costs no memory, and it is enough for a gigabit over fifteen milliseconds.
const STREAM_WINDOW: u32 = 2 << 20;

/// The same for all bodies of a connection together.
const CONNECTION_WINDOW: u32 = 8 << 20;

/// The largest head that is read at all. What is larger than [`MAX_HEAD`](crate::http::http1::head::MAX_HEAD) is refused then, and
/// named; the library ends the connection, or calls it malformed.
const HEADER_LIST: u32 = 1 << 20;

/// An open connection that speaks HTTP/2. It is driven by a task of its own, so that pings are answered also while its
/// user waits, and by whoever sends on it, so that a request leaves when it is sent. It is closed when it is dropped.
pub(in crate::http) struct Multiplexed {
    origin: Rc<Origin>,
    tls: Option<Tls>,
    pub(in crate::http) requests: SendRequest<Bytes>,
    pub(in crate::http) log: Rc<Log>,
    /// None when it has ended.
    connection: RefCell<Option<Connection<Tapped, Bytes>>>,
    /// Wakes the task that drives it.
    driver: RefCell<Option<Waker>>,
}

impl Multiplexed {
    /// Speaks HTTP/2 on `transport`, which leads to `origin`.
    pub(in crate::http) async fn start(
        shared: &Rc<Shared>,
        transport: Transport,
        origin: &Rc<Origin>,
        tls: Option<&Tls>,
    ) -> Result<Rc<Self>, TransportError> {
        let log = Rc::new(Log::new(shared.clone()));
        let mut builder = Builder::new();
        builder
            .enable_push(false)
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_header_list_size(HEADER_LIST);
        let started = builder.handshake(Tapped::new(transport, log.clone())).await;
        let (requests, connection) = match started {
            Ok(both) => both,
            Err(error) => return Err(meaning(&log, &error, false)),
        };
        let this = Rc::new(Self {
            origin: origin.clone(),
            tls: tls.cloned(),
            requests,
            log,
            connection: RefCell::new(Some(connection)),
            driver: RefCell::default(),
        });
        tokio::task::spawn_local(drive(Rc::downgrade(&this)));
        Ok(this)
    }

    /// Whether it leads to `origin`, and TLS is spoken like that.
    pub(in crate::http) fn leads_to(&self, origin: &Rc<Origin>, tls: Option<&Tls>) -> bool {
        self.leads_to_origin(origin) && Tls::alike(self.tls.as_ref(), tls)
    }

    pub(in crate::http) fn leads_to_origin(&self, origin: &Rc<Origin>) -> bool {
        Rc::ptr_eq(&self.origin, origin) || *self.origin == **origin
    }

    /// Whether it takes another request: the server has neither closed it nor said that it will.
    pub(in crate::http) async fn is_open(&self) -> bool {
        // A task that has used up its turn would be told that nothing has come.
        unconstrained(async { self.run() }).await;
        let mut requests = self.requests.clone();
        let ready = poll_fn(|context| Poll::Ready(requests.poll_ready(context))).await;
        self.connection.borrow().is_some() && !matches!(ready, Poll::Ready(Err(_)))
    }

    /// Reads and writes what can be, on behalf of the task that drives it.
    pub(in crate::http) fn run(&self) {
        let waker = self.driver.borrow().clone();
        let waker = waker.as_ref().unwrap_or_else(|| Waker::noop());
        let _ = self.poll(&mut Context::from_waker(waker));
    }

    fn poll(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut connection = self.connection.borrow_mut();
        let Some(open) = connection.as_mut() else { return Poll::Ready(()) };
        let ended = ready!(Pin::new(open).poll(context));
        // Its streams know that it ended, but those that the server may have processed not why.
        if let Err(error) = ended
            && error.is_remote()
            && let Some(reason) = error.reason()
        {
            self.log.broken.set(Some(TransportError::shut_down(reason)));
        }
        *connection = None;
        Poll::Ready(())
    }

    /// What an error of the library means; `answered` if the head of an answer had come.
    pub(in crate::http) fn meaning(&self, error: &h2::Error, answered: bool) -> TransportError {
        meaning(&self.log, error, answered)
    }
}

impl Drop for Multiplexed {
    fn drop(&mut self) {
        if let Some(driver) = self.driver.take() {
            driver.wake();
        }
    }
}

impl fmt::Debug for Multiplexed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Multiplexed").field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// Drives a connection until it ends, or nobody has it any more.
async fn drive(connection: Weak<Multiplexed>) {
    poll_fn(|context| {
        let Some(connection) = connection.upgrade() else { return Poll::Ready(()) };
        let mut driver = connection.driver.borrow_mut();
        if !driver.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
            *driver = Some(context.waker().clone());
        }
        drop(driver);
        connection.poll(context)
    })
    .await;
}

fn meaning(log: &Log, error: &h2::Error, answered: bool) -> TransportError {
    let reason = error.reason();
    match reason {
        _ if log.greeting.get() == Greeting::Other => TransportError::NoHttp2,
        Some(reason) if error.is_remote() && error.is_reset() => TransportError::stream_reset(reason),
        Some(reason) if error.is_remote() => TransportError::shut_down(reason),
        // The library refuses a head that is much larger than it was told to expect.
        Some(h2::Reason::ENHANCE_YOUR_CALM) if error.is_library() => TransportError::ResponseHeadTooLarge,
        Some(_) => TransportError::MalformedResponse,
        None => match (log.broken.get(), log.closed.get()) {
            (Some(broken), _) => broken,
            (None, true) if answered => TransportError::ResponseEndedEarly,
            (None, true) => TransportError::ClosedBeforeResponse,
            (None, false) => TransportError::Broken,
        },
    }
}
