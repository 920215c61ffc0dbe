//! An open connection: how it is made, and whether it can still be used.

use super::dial;
use super::dns::{Addresses, in_turn};
use super::proxy::Proxy;
use super::transport::Transport;
use super::tunnel::{self, Target};
use crate::http::error::TransportError;
use crate::http::http2::multiplexed::Multiplexed;
use crate::http::options::ClientOptions;
use crate::http::phases::{Phases, Stopwatch};
use crate::http::shared::{Shared, add};
use crate::http::tls::configuration::Tls;
use crate::http::url::Origin;
use crate::http::versions::HttpVersion;
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
pub(in crate::http) struct Connection {
    origin: Rc<Origin>,
    /// How TLS is spoken, if it is.
    tls: Option<Tls>,
    /// Whether it ends at a proxy that is asked for whole urls.
    pub(in crate::http) forwarded: bool,
    pub(in crate::http) transport: Transport,
}

/// What TLS is spoken with: what tells one connection from another, and the user's own, with sessions.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) struct Speaks<'a> {
    pub(in crate::http) tls: &'a Tls,
    pub(in crate::http) own: &'a Tls,
}

/// A new connection.
#[derive(Debug)]
pub(in crate::http) enum Opened {
    /// It speaks HTTP/1.1.
    Single(Connection),
    /// It speaks HTTP/2.
    Shared(Rc<Multiplexed>),
}

impl Connection {
    /// Connects to an origin, through its proxy if it has one, over TLS if it is said how. `turn` says which of several
    /// addresses are this user's.
    pub(in crate::http) async fn open(
        shared: &Rc<Shared>,
        origin: &Rc<Origin>,
        options: &ClientOptions,
        speaks: Option<Speaks<'_>>,
        turn: usize,
        phases: &mut Phases,
    ) -> Result<Opened, TransportError> {
        let mut way = Way { shared, turn, phases };
        let proxy = options.proxy_for(origin);
        let transport = match (origin.socket(), proxy) {
            (Some(path), _) => {
                let _watch = Stopwatch::start(&mut way.phases.connect);
                Transport::Unix(dial::connect_unix(path).await?)
            }
            (None, None) => Transport::Tcp(way.to(origin.host(), origin.port()).await?),
            (None, Some(proxy)) => Transport::Tcp(way.through(proxy, origin).await?),
        };
        add(&shared.counters.connections, 1);
        let transport = match (speaks, transport) {
            (Some(Speaks { own, .. }), Transport::Tcp(stream)) => {
                let _watch = Stopwatch::start(&mut phases.tls);
                Transport::Tls(Box::new(encrypt(stream, origin, own.0.clone()).await?))
            }
            (_, plain) => plain,
        };
        let forwarded = origin.socket().is_none() && proxy.is_some_and(|proxy| proxy.forwards(origin));
        let tls = speaks.map(|speaks| speaks.tls);
        let agreed = match options.http_version {
            // Without TLS nothing is agreed on: it is known before.
            HttpVersion::Http2 if tls.is_none() => !forwarded,
            _ => transport.speaks_http2(),
        };
        if agreed {
            return Multiplexed::start(shared, transport, origin, tls).await.map(Opened::Shared);
        }
        if options.http_version == HttpVersion::Http2 {
            return Err(TransportError::NoHttp2);
        }
        Ok(Opened::Single(Self { origin: origin.clone(), tls: tls.cloned(), forwarded, transport }))
    }

    /// Where it leads.
    pub(in crate::http) fn origin(&self) -> &Rc<Origin> {
        &self.origin
    }

    /// How TLS is spoken, if it is.
    pub(in crate::http) fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }

    /// Whether it leads there, and TLS is spoken like that.
    pub(in crate::http) fn leads_to(&self, origin: &Rc<Origin>, tls: Option<&Tls>) -> bool {
        (Rc::ptr_eq(&self.origin, origin) || *self.origin == **origin) && Tls::alike(self.tls(), tls)
    }

    /// Whether nothing has come since the last answer: neither its end nor bytes that nobody asked for.
    pub(in crate::http) async fn is_open(&mut self) -> bool {
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
