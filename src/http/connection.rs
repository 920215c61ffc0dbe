//! An open connection: how it is made, and whether it can still be used.

use super::dial;
use super::dns::{Addresses, in_turn};
use super::error::TransportError;
use super::options::ClientOptions;
use super::phases::{Phases, Stopwatch};
use super::proxy::Proxy;
use super::shared::{Shared, add};
use super::transport::Transport;
use super::tunnel::{self, Target};
use super::url::Origin;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use tokio::net::TcpStream;
use tokio::task::unconstrained;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// An open connection to an origin. While nobody uses it, it holds no buffers.
#[derive(Debug)]
pub(super) struct Connection {
    origin: Rc<Origin>,
    /// Whether it ends at a proxy that is asked for whole urls.
    pub(super) forwarded: bool,
    pub(super) transport: Transport,
}

impl Connection {
    /// Connects to an origin, through its proxy if it has one, over TLS where it asks for that. `turn` says which of
    /// several addresses are this user's.
    pub(super) async fn open(
        shared: &Shared,
        origin: &Rc<Origin>,
        options: &ClientOptions,
        turn: usize,
        phases: &mut Phases,
    ) -> Result<Self, TransportError> {
        let tls = tls_for(origin, shared, options)?;
        let mut way = Way { shared, turn, phases };
        let proxy = options.proxy_for(origin);
        let stream = match (origin.socket(), proxy) {
            (Some(path), _) => {
                let watch = Stopwatch::start(&mut way.phases.connect);
                let stream = dial::connect_unix(path).await?;
                drop(watch);
                add(&shared.counters.connections, 1);
                return Ok(Self {
                    origin: origin.clone(),
                    forwarded: false,
                    transport: Transport::Unix(stream),
                });
            }
            (None, None) => way.to(origin.host(), origin.port()).await?,
            (None, Some(proxy)) => way.through(proxy, origin).await?,
        };
        add(&shared.counters.connections, 1);
        let transport = match tls {
            None => Transport::Tcp(stream),
            Some(configuration) => {
                let _watch = Stopwatch::start(&mut phases.tls);
                Transport::Tls(Box::new(encrypt(stream, origin, configuration).await?))
            }
        };
        let forwarded = proxy.is_some_and(|proxy| proxy.forwards(origin));
        Ok(Self { origin: origin.clone(), forwarded, transport })
    }

    /// Where it leads.
    pub(super) fn origin(&self) -> &Rc<Origin> {
        &self.origin
    }

    /// Whether it leads there.
    pub(super) fn leads_to(&self, origin: &Rc<Origin>) -> bool {
        Rc::ptr_eq(&self.origin, origin) || *self.origin == **origin
    }

    /// Whether nothing has come since the last answer: neither its end nor bytes that nobody asked for.
    pub(super) async fn is_open(&mut self) -> bool {
        let mut byte = [0];
        let look = poll_fn(|context| Poll::Ready(self.transport.poll_read(context, &mut byte).is_pending()));
        // A task that has used up its turn would be told that nothing has come.
        unconstrained(look).await
    }
}

/// How a connection is made, and how long the parts of that take.
struct Way<'a> {
    shared: &'a Shared,
    turn: usize,
    phases: &'a mut Phases,
}

impl Way<'_> {
    /// A connection to a host.
    async fn to(&mut self, host: &str, port: u16) -> Result<TcpStream, TransportError> {
        let addresses = self.look_up(host, port).await?;
        let _watch = Stopwatch::start(&mut self.phases.connect);
        dial::connect(&addresses, &self.shared.network.sources, self.turn).await
    }

    async fn look_up(&mut self, host: &str, port: u16) -> Result<Addresses, TransportError> {
        let _watch = Stopwatch::start(&mut self.phases.dns);
        self.shared.names.addresses(&self.shared.network, host, port).await
    }

    /// A connection to an origin through a proxy, or to the proxy where that is asked for whole urls.
    async fn through(&mut self, proxy: &Proxy, origin: &Origin) -> Result<TcpStream, TransportError> {
        if proxy.forwards(origin) {
            return self.to(proxy.host(), proxy.port()).await.map_err(TransportError::at_proxy);
        }
        if !proxy.wants_addresses() {
            return self.dig(proxy, origin, Target::Name).await;
        }
        let addresses = self.look_up(origin.host(), origin.port()).await?;
        let mut failure = TransportError::Dns;
        for address in in_turn(&addresses, self.turn) {
            match self.dig(proxy, origin, Target::Address(*address)).await {
                Err(error @ TransportError::ProxyHostUnreachable) => failure = error,
                other => return other,
            }
        }
        Err(failure)
    }

    async fn dig(
        &mut self,
        proxy: &Proxy,
        origin: &Origin,
        target: Target,
    ) -> Result<TcpStream, TransportError> {
        let stream = self.to(proxy.host(), proxy.port()).await;
        let mut stream = stream.map_err(TransportError::at_proxy)?;
        let _watch = Stopwatch::start(&mut self.phases.connect);
        tunnel::dig(&mut stream, proxy, origin, target).await?;
        Ok(stream)
    }
}

async fn encrypt(
    stream: TcpStream,
    origin: &Origin,
    configuration: Arc<ClientConfig>,
) -> Result<TlsStream<TcpStream>, TransportError> {
    let name =
        ServerName::try_from(origin.host().to_owned()).map_err(|_| TransportError::CertificateWrongHost)?;
    let connector = TlsConnector::from(configuration);
    connector.connect(name, stream).await.map_err(|error| TransportError::handshaking(&error))
}

/// The TLS configuration that an origin needs.
fn tls_for(
    origin: &Origin,
    shared: &Shared,
    options: &ClientOptions,
) -> Result<Option<Arc<ClientConfig>>, TransportError> {
    if !origin.is_https() {
        return Ok(None);
    }
    let found = shared.configurations.get(options);
    // The files were read when the client was made; what is wrong with them was said then.
    found.map(Some).map_err(|_| TransportError::TlsHandshake)
}
