//! One connection, driven by whoever uses it.
//!
//! hyper splits a connection into a part that sends requests, a part that gives bodies, and a future that moves the
//! bytes. That future is usually spawned as a task of its own, and the parts wake each other through the scheduler. Here
//! all of them belong to one user, so whoever waits for the answer also drives the connection: the parts wake each other
//! through a flag, the flag says "go round once more", and only the socket wakes the task.

use super::error::TransportError;
use super::exchange::{Answer, Phases};
use super::metered::{Meter, Metered, Transport};
use super::shared::{Shared, add};
use super::tls;
use super::url::Origin;
use bytes::{Bytes, BytesMut};
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::Instant;

/// Larger heads of answers are refused.
const MAX_HEAD: usize = 256 * 1024;

/// More headers than this are refused.
const MAX_HEADERS: usize = 1000;

/// "Go round once more."
#[derive(Debug, Default)]
struct Nudge(AtomicBool);

impl Wake for Nudge {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

thread_local! {
    static NUDGE: (Arc<Nudge>, Waker) = {
        let nudge = Arc::new(Nudge::default());
        (nudge.clone(), Waker::from(nudge))
    };
}

type Driver = http1::Connection<TokioIo<Metered>, Full<Bytes>>;

/// An open connection.
pub(super) struct Connection {
    origin: Rc<Origin>,
    sender: SendRequest<Full<Bytes>>,
    driver: Pin<Box<Driver>>,
    /// The driver has ended: nothing more can be sent.
    ended: bool,
    meter: Rc<Meter>,
}

impl Connection {
    /// Connects to an origin, over TLS where it asks for that.
    pub(super) async fn open(
        shared: &Rc<Shared>,
        origin: &Rc<Origin>,
        tls: Option<Arc<rustls::ClientConfig>>,
        phases: &mut Phases,
    ) -> Result<Self, TransportError> {
        let begun = Instant::now();
        let addresses = shared.names.addresses(origin).await?;
        phases.dns += begun.elapsed();
        let begun = Instant::now();
        let stream = connect(&addresses).await;
        phases.connect += begun.elapsed();
        let stream = stream?;
        add(&shared.counters.connections, 1);
        let transport = match tls {
            None => Transport::Tcp(stream),
            Some(configuration) => {
                let begun = Instant::now();
                let stream = encrypt(stream, origin, configuration).await;
                phases.tls += begun.elapsed();
                Transport::Tls(Box::new(stream?))
            }
        };
        let meter = Rc::new(Meter::new(shared.clone()));
        let io = TokioIo::new(Metered::new(transport, meter.clone()));
        let handshake = http1::Builder::new()
            .writev(false)
            .max_headers(MAX_HEADERS)
            .max_header_size(MAX_HEAD)
            .handshake(io)
            .await;
        let (sender, driver) = handshake.map_err(|error| TransportError::exchanging(&error, false))?;
        Ok(Self { origin: origin.clone(), sender, driver: Box::pin(driver), ended: false, meter })
    }

    /// Whether it leads there.
    pub(super) fn leads_to(&self, origin: &Rc<Origin>) -> bool {
        Rc::ptr_eq(&self.origin, origin) || *self.origin == **origin
    }

    /// Whether another request can be sent. Looks at the socket: the other side may have closed it meanwhile.
    pub(super) async fn is_open(&mut self) -> bool {
        poll_fn(|context| {
            let ready = self.drive(context, |sender, inner| sender.poll_ready(inner));
            Poll::Ready(matches!(ready, Poll::Ready(Ok(()))))
        })
        .await
            && !self.ended
    }

    /// Whether the other side has closed it, as far as is known.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Whether a byte of the last request was written.
    pub(super) fn wrote(&self) -> bool {
        self.meter.wrote.get()
    }

    /// Polls the driver and then `part`, as long as one of them nudges the other.
    fn drive<T>(
        &mut self,
        context: &mut Context<'_>,
        mut part: impl FnMut(&mut SendRequest<Full<Bytes>>, &mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        self.meter.wake(context.waker());
        NUDGE.with(|(nudge, waker)| {
            let inner = &mut Context::from_waker(waker);
            loop {
                nudge.0.store(false, Ordering::Relaxed);
                if !self.ended {
                    // How it ended is told to the part that waits.
                    self.ended = self.driver.as_mut().poll(inner).is_ready();
                }
                if let Poll::Ready(output) = part(&mut self.sender, inner) {
                    return Poll::Ready(output);
                }
                if !nudge.0.load(Ordering::Relaxed) {
                    return Poll::Pending;
                }
            }
        })
    }

    /// Sends a request and reads the whole answer.
    pub(super) async fn exchange(
        &mut self,
        request: http::Request<Full<Bytes>>,
        phases: &mut Phases,
    ) -> Result<Answer, TransportError> {
        let begun = Instant::now();
        self.meter.begin();
        let mut response = pin!(self.sender.send_request(request));
        let head = poll_fn(|context| self.drive(context, |_, inner| response.as_mut().poll(inner))).await;
        phases.note_sent(begun, &self.meter);
        let head = head.map_err(|error| TransportError::exchanging(&error, false))?;
        let (head, body) = head.into_parts();
        let body = self.read(body).await;
        let ended = Instant::now();
        phases.note_received(begun, &self.meter, ended);
        // One more look, so that a server's `Connection: close` is known before the next request.
        poll_fn(|context| Poll::Ready(self.drive(context, |_, _| Poll::<()>::Pending))).await;
        match body {
            Ok(body) => Ok(Answer { head, body, error: None, ended }),
            Err(error) => Ok(Answer { head, body: Bytes::new(), error: Some(error), ended }),
        }
    }

    /// Collects a body; one that came in one piece is not copied.
    async fn read(&mut self, mut body: Incoming) -> Result<Bytes, TransportError> {
        let mut first = Bytes::new();
        let mut rest: Option<BytesMut> = None;
        loop {
            if body.is_end_stream() {
                break;
            }
            let mut pinned = Pin::new(&mut body);
            let frame =
                poll_fn(|context| self.drive(context, |_, inner| pinned.as_mut().poll_frame(inner))).await;
            let Some(frame) = frame else { break };
            let frame = frame.map_err(|error| TransportError::exchanging(&error, true))?;
            let Ok(data) = frame.into_data() else { continue };
            match &mut rest {
                None if first.is_empty() => first = data,
                None => {
                    let mut joined = BytesMut::with_capacity((first.len() + data.len()) * 2);
                    joined.extend_from_slice(&first);
                    joined.extend_from_slice(&data);
                    rest = Some(joined);
                }
                Some(joined) => joined.extend_from_slice(&data),
            }
        }
        Ok(rest.map_or(first, BytesMut::freeze))
    }
}

async fn connect(addresses: &[std::net::SocketAddr]) -> Result<TcpStream, TransportError> {
    let mut last = TransportError::Dns;
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // Small writes must leave at once; a socket that refuses the option still works.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => last = TransportError::connecting(&error),
        }
    }
    Err(last)
}

async fn encrypt(
    stream: TcpStream,
    origin: &Origin,
    configuration: Arc<rustls::ClientConfig>,
) -> Result<tokio_rustls::client::TlsStream<TcpStream>, TransportError> {
    let name =
        ServerName::try_from(origin.host().to_owned()).map_err(|_| TransportError::CertificateWrongHost)?;
    let connector = tokio_rustls::TlsConnector::from(configuration);
    connector.connect(name, stream).await.map_err(|error| TransportError::handshaking(&error))
}

/// Waits for `future` at most until `timeout` has passed.
pub(super) async fn within<T>(
    timeout: Option<Duration>,
    future: impl Future<Output = Result<T, TransportError>>,
) -> Result<T, TransportError> {
    match timeout {
        None => future.await,
        Some(timeout) => {
            tokio::time::timeout(timeout, future).await.unwrap_or(Err(TransportError::ConnectTimedOut))
        }
    }
}

/// The TLS configuration that an origin needs.
pub(super) fn tls_for(
    origin: &Origin,
    shared: &Shared,
    options: &super::ClientOptions,
) -> Result<Option<Arc<rustls::ClientConfig>>, TransportError> {
    if !origin.is_https() {
        return Ok(None);
    }
    let configurations: &tls::Configurations = &shared.configurations;
    let found = configurations.get(options.verify, options.ca.as_deref());
    found.map(Some).map_err(|_| TransportError::TlsHandshake)
}
