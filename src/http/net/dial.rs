//! From addresses to open sockets.

use super::dns::{Addresses, in_turn};
use super::network::{NoSource, Sources};
use crate::http::error::TransportError;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream, UnixStream};
use tokio::time::sleep;

/// Connects to the first address that can be connected to, in the order for the user whose `turn` this is, from that
/// user's local address.
pub(in crate::http) async fn connect(
    addresses: &Addresses,
    sources: &Sources,
    turn: usize,
) -> Result<TcpStream, TransportError> {
    let mut failure = None;
    for address in in_turn(addresses, turn) {
        let connected = match sources.of(address.ip(), turn) {
            Ok(None) => connect_any(*address).await,
            Ok(Some(source)) => connect_from(source, *address).await,
            Err(NoSource) => Err(TransportError::Unreachable),
        };
        match connected {
            Ok(stream) => {
                // Small writes must leave at once; a socket that refuses the option still works.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            // An address that this machine cannot reach at all says nothing about the server at another.
            Err(error) if failure.is_none() || error != TransportError::Unreachable => failure = Some(error),
            Err(_) => {}
        }
    }
    Err(failure.unwrap_or(TransportError::Dns))
}

async fn connect_any(address: SocketAddr) -> Result<TcpStream, TransportError> {
    TcpStream::connect(address).await.map_err(|error| connect_error(&error, None, &address))
}

async fn connect_from(source: IpAddr, address: SocketAddr) -> Result<TcpStream, TransportError> {
    let socket = if source.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
    let socket = socket.map_err(|error| TransportError::connecting(&error))?;
    choose_port_late(&socket);
    socket.bind(SocketAddr::new(source, 0)).map_err(|error| bind_error(&error))?;
    socket.connect(address).await.map_err(|error| connect_error(&error, Some(source), &address))
}

/// A port that is chosen when the socket is bound is taken for all remote addresses; chosen by connect, it may be used
/// once for each of them.
#[cfg(target_os = "linux")]
fn choose_port_late(socket: &TcpSocket) {
    use nix::sys::socket::{setsockopt, sockopt::IpBindAddressNoPort};
    // A system that does not know the option runs out of ports earlier, and that is told.
    let _ = setsockopt(socket, IpBindAddressNoPort, &true);
}

#[cfg(not(target_os = "linux"))]
fn choose_port_late(_: &TcpSocket) {}

/// Connects to a Unix socket. Where its server has a full queue the system refuses at once what over TCP would wait.
pub(in crate::http) async fn connect_unix(path: &Path) -> Result<UnixStream, TransportError> {
    loop {
        match UnixStream::connect(path).await {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => sleep(UNIX_PAUSE).await,
            connected => return connected.map_err(|error| TransportError::connecting_to_socket(&error)),
        }
    }
}

/// After this time a Unix socket whose queue was full is asked again.
const UNIX_PAUSE: Duration = Duration::from_millis(1);

/// What it means that a socket cannot be bound: an address that this machine does not have any more, or no port left.
fn bind_error(error: &io::Error) -> TransportError {
    match error.kind() {
        io::ErrorKind::AddrNotAvailable => TransportError::NoSourceAddress,
        _ => TransportError::connecting(error),
    }
}

/// What a failed connect means. The system says the same of a machine without a free port and of one without an address
/// of the family, as where IPv6 is switched off; only the latter cannot name a source address either.
fn connect_error(error: &io::Error, source: Option<IpAddr>, address: &SocketAddr) -> TransportError {
    let meaning = TransportError::connecting(error);
    if meaning == TransportError::NoFreePort && !has_way(source, address) {
        return TransportError::Unreachable;
    }
    meaning
}

/// Whether this machine has an address to reach `address` from. Nothing is sent: a datagram socket only looks up the way.
fn has_way(source: Option<IpAddr>, address: &SocketAddr) -> bool {
    let any: IpAddr = match address {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    UdpSocket::bind((source.unwrap_or(any), 0)).and_then(|socket| socket.connect(address)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::{bind_error, connect_error};
    use crate::http::TransportError;
    use nix::errno::Errno;
    use std::io;

    #[test]
    fn a_missing_port_is_told_from_a_missing_address() {
        let error = io::Error::from_raw_os_error(Errno::EADDRNOTAVAIL as i32);
        let here = "127.0.0.1:80".parse().expect("an address");
        assert_eq!(connect_error(&error, None, &here), TransportError::NoFreePort);
        let source = "127.0.0.2".parse().ok();
        assert_eq!(connect_error(&error, source, &here), TransportError::NoFreePort);
        // A link-local address without its link: there is no way to it, on any machine.
        let nowhere = "[fe80::1]:80".parse().expect("an address");
        assert_eq!(connect_error(&error, None, &nowhere), TransportError::Unreachable);
        assert_eq!(bind_error(&error), TransportError::NoSourceAddress);
        let taken = io::Error::from_raw_os_error(Errno::EADDRINUSE as i32);
        assert_eq!(bind_error(&taken), TransportError::NoFreePort);
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
            assert_eq!(connect_error(&error, None, &here), meaning);
        }
        for (errno, meaning) in [
            (Errno::ENOENT, TransportError::NoSuchSocket),
            (Errno::EACCES, TransportError::SocketDenied),
            (Errno::ECONNREFUSED, TransportError::ConnectionRefused),
            (Errno::EMFILE, TransportError::TooManyOpenFiles),
        ] {
            let error = io::Error::from_raw_os_error(errno as i32);
            assert_eq!(TransportError::connecting_to_socket(&error), meaning);
        }
    }
}
