//! An open connection: how it is made, and whether it can still be used.

use super::error::TransportError;
use super::exchange::Phases;
use super::multiplexed::Multiplexed;
use super::options::HttpVersion;
use super::shared::{Shared, add};
use super::tls::Tls;
use super::transport::Transport;
use super::url::Origin;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use tokio::net::TcpStream;
use tokio::task::unconstrained;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// An open connection to an origin. While nobody uses it, it holds no buffers.
#[derive(Debug)]
pub(super) struct Connection {
    origin: Rc<Origin>,
    /// How TLS is spoken, if it is.
    tls: Option<Tls>,
    pub(super) transport: Transport,
}

/// What TLS is spoken with: what tells one connection from another, and the user's own, with sessions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Speaks<'a> {
    pub(super) tls: &'a Tls,
    pub(super) own: &'a Tls,
}

/// A new connection.
#[derive(Debug)]
pub(super) enum Opened {
    /// It speaks HTTP/1.1.
    Single(Connection),
    /// It speaks HTTP/2.
    Shared(Rc<Multiplexed>),
}

impl Connection {
    /// Connects to an origin, over TLS if it is said how.
    pub(super) async fn open(
        shared: &Rc<Shared>,
        origin: &Rc<Origin>,
        speaks: Option<Speaks<'_>>,
        version: HttpVersion,
        phases: &mut Phases,
    ) -> Result<Opened, TransportError> {
        let begun = Instant::now();
        let addresses = shared.names.addresses(origin).await?;
        phases.dns += begun.elapsed();
        let begun = Instant::now();
        let stream = connect(&addresses).await;
        phases.connect += begun.elapsed();
        let stream = stream?;
        add(&shared.counters.connections, 1);
        let transport = match speaks {
            None => Transport::Tcp(stream),
            Some(Speaks { own, .. }) => {
                let begun = Instant::now();
                let stream = encrypt(stream, origin, own.0.clone()).await;
                phases.tls += begun.elapsed();
                Transport::Tls(Box::new(stream?))
            }
        };
        let tls = speaks.map(|speaks| speaks.tls);
        let agreed = match version {
            HttpVersion::Http2 if speaks.is_none() => true,
            _ => transport.speaks_http2(),
        };
        match (agreed, version) {
            (true, _) => Multiplexed::start(shared, transport, origin, tls).await.map(Opened::Shared),
            (false, HttpVersion::Http2) => Err(TransportError::NoHttp2),
            (false, _) => Ok(Opened::Single(Self { origin: origin.clone(), tls: tls.cloned(), transport })),
        }
    }

    /// Where it leads.
    pub(super) fn origin(&self) -> &Rc<Origin> {
        &self.origin
    }

    /// How TLS is spoken, if it is.
    pub(super) fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }

    /// Whether it leads there, and TLS is spoken like that.
    pub(super) fn leads_to(&self, origin: &Rc<Origin>, tls: Option<&Tls>) -> bool {
        (Rc::ptr_eq(&self.origin, origin) || *self.origin == **origin)
            && match (&self.tls, tls) {
                (None, None) => true,
                (Some(one), Some(other)) => one.is(other),
                _ => false,
            }
    }

    /// Whether nothing has come since the last answer: neither its end nor bytes that nobody asked for.
    pub(super) async fn is_open(&mut self) -> bool {
        let mut byte = [0];
        let look = poll_fn(|context| Poll::Ready(self.transport.poll_read(context, &mut byte).is_pending()));
        // A task that has used up its turn would be told that nothing has come.
        unconstrained(look).await
    }
}

async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, TransportError> {
    let mut failure = None;
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // Small writes must leave at once; a socket that refuses the option still works.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => {
                let error = connect_error(&error, address);
                // An address that this machine cannot reach at all says nothing about the server at another.
                if failure.is_none() || error != TransportError::Unreachable {
                    failure = Some(error);
                }
            }
        }
    }
    Err(failure.unwrap_or(TransportError::Dns))
}

/// What a failed connect means. The system says the same of a machine without a free port and of one without an address
/// of the family, as where IPv6 is switched off; only the latter cannot name a source address either.
fn connect_error(error: &io::Error, address: &SocketAddr) -> TransportError {
    let meaning = TransportError::connecting(error);
    if meaning == TransportError::NoFreePort && !has_source_for(address) {
        return TransportError::Unreachable;
    }
    meaning
}

/// Whether this machine has an address to reach `address` from. Nothing is sent: a datagram socket only looks up the way.
fn has_source_for(address: &SocketAddr) -> bool {
    let any: IpAddr = match address {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    UdpSocket::bind((any, 0)).and_then(|socket| socket.connect(address)).is_ok()
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

#[cfg(test)]
mod tests {
    use super::connect_error;
    use crate::http::TransportError;
    use nix::errno::Errno;
    use std::io;

    #[test]
    fn a_missing_port_is_told_from_a_missing_address() {
        let error = io::Error::from_raw_os_error(Errno::EADDRNOTAVAIL as i32);
        let here = "127.0.0.1:80".parse().expect("an address");
        assert_eq!(connect_error(&error, &here), TransportError::NoFreePort);
        // A link-local address without its link: there is no way to it, on any machine.
        let nowhere = "[fe80::1]:80".parse().expect("an address");
        assert_eq!(connect_error(&error, &nowhere), TransportError::Unreachable);
    }

    #[test]
    fn what_the_machine_lacks_is_told_apart() {
        let here = "127.0.0.1:80".parse().expect("an address");
        for (errno, meaning) in [
            (Errno::EMFILE, TransportError::TooManyOpenFiles),
            (Errno::ENFILE, TransportError::TooManyOpenFiles),
            (Errno::EADDRNOTAVAIL, TransportError::NoFreePort),
            (Errno::ECONNREFUSED, TransportError::ConnectionRefused),
        ] {
            let error = io::Error::from_raw_os_error(errno as i32);
            assert_eq!(connect_error(&error, &here), meaning);
        }
    }
}
