//! A way through a proxy: what is said to it before the connection is the host's.

use super::proxy::{Protocol, Proxy};
use crate::http::error::TransportError;
use crate::http::url::Origin;
use std::io;
use std::net::{IpAddr, SocketAddr};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// A longer answer to CONNECT is none.
const LONGEST_HEAD: usize = 64 * 1024;

/// Headers of an answer to CONNECT; nobody looks at them.
const MOST_HEADERS: usize = 128;

/// Where a proxy is to connect to.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) enum Target {
    /// A host that the proxy looks up.
    Name,
    /// An address that was looked up here.
    Address(SocketAddr),
}

/// A connection to a proxy.
pub(in crate::http) trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for S {}

/// Asks a proxy, to which `stream` is open, for the way to `origin`. Afterwards the stream is the way.
pub(in crate::http) async fn dig(
    stream: &mut impl Stream,
    proxy: &Proxy,
    origin: &Origin,
    target: Target,
) -> Result<(), TransportError> {
    match proxy.protocol() {
        Protocol::Http => connect(stream, proxy, origin).await,
        Protocol::Socks5 | Protocol::Socks5h => socks(stream, proxy, origin, target).await,
    }
}

/// The CONNECT method (RFC 9110, section 9.3.6).
async fn connect(stream: &mut impl Stream, proxy: &Proxy, origin: &Origin) -> Result<(), TransportError> {
    let brackets = if origin.host().contains(':') { ["[", "]"] } else { [""; 2] };
    let authority = format!("{}{}{}:{}", brackets[0], origin.host(), brackets[1], origin.port());
    let mut head = format!("CONNECT {authority} HTTP/1.1\r\nhost: {authority}\r\n").into_bytes();
    if let Some(authorization) = proxy.authorization() {
        head.extend_from_slice(b"proxy-authorization: ");
        head.extend_from_slice(authorization.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    stream.write_all(&head).await.map_err(|error| TransportError::asking_proxy(&error))?;
    match read_status(stream).await? {
        200..300 => Ok(()),
        407 => Err(TransportError::ProxyAuthentication),
        // That it could not connect, or not in time (RFC 9110, section 15.6).
        502..=504 => Err(TransportError::ProxyHostUnreachable),
        _ => Err(TransportError::ProxyRefused),
    }
}

/// Reads the head of the answer to CONNECT. What follows it is the host's already, and a host behind TLS does not speak
/// before it is spoken to.
async fn read_status(stream: &mut impl Stream) -> Result<u16, TransportError> {
    let mut bytes = Vec::new();
    loop {
        if bytes.len() > LONGEST_HEAD {
            return Err(TransportError::ProxyMalformed);
        }
        let read = stream.read_buf(&mut bytes).await.map_err(|error| TransportError::asking_proxy(&error))?;
        if read == 0 {
            return Err(TransportError::ProxyClosed);
        }
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut head = httparse::Response::new(&mut headers);
        match head.parse(&bytes) {
            Ok(httparse::Status::Partial) => {}
            Ok(httparse::Status::Complete(length)) => {
                let status = head.code.ok_or(TransportError::ProxyMalformed)?;
                let too_much = (200..300).contains(&status) && length < bytes.len();
                return if too_much { Err(TransportError::ProxyMalformed) } else { Ok(status) };
            }
            Err(_) => return Err(TransportError::ProxyMalformed),
        }
    }
}

const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;
const NO_ACCEPTABLE_METHOD: u8 = 0xff;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// SOCKS version 5 (RFC 1928), with users and passwords (RFC 1929).
async fn socks(
    stream: &mut impl Stream,
    proxy: &Proxy,
    origin: &Origin,
    target: Target,
) -> Result<(), TransportError> {
    let broken = |error: io::Error| TransportError::asking_proxy(&error);
    let greeting: &[u8] = match proxy.user() {
        None => &[VERSION, 1, NO_AUTHENTICATION],
        Some(_) => &[VERSION, 2, NO_AUTHENTICATION, USER_AND_PASSWORD],
    };
    stream.write_all(greeting).await.map_err(broken)?;
    let mut answer = [0; 2];
    stream.read_exact(&mut answer).await.map_err(broken)?;
    match (answer, proxy.user()) {
        ([VERSION, NO_AUTHENTICATION], _) => {}
        ([VERSION, USER_AND_PASSWORD], Some((user, password))) => {
            let mut message = vec![1];
            for text in [user, password] {
                // Both were measured when the proxy was read.
                message.push(u8::try_from(text.len()).map_err(|_| TransportError::ProxyAuthentication)?);
                message.extend_from_slice(text.as_bytes());
            }
            stream.write_all(&message).await.map_err(broken)?;
            stream.read_exact(&mut answer).await.map_err(broken)?;
            if answer[1] != 0 {
                return Err(TransportError::ProxyAuthentication);
            }
        }
        ([VERSION, NO_ACCEPTABLE_METHOD], _) => return Err(TransportError::ProxyAuthentication),
        _ => return Err(TransportError::ProxyMalformed),
    }
    stream.write_all(&request(origin, target)?).await.map_err(broken)?;
    read_reply(stream).await
}

/// The request to connect: version, command, a zero, the address, the port.
fn request(origin: &Origin, target: Target) -> Result<Vec<u8>, TransportError> {
    let mut message = vec![VERSION, CONNECT, 0];
    let literal = origin.address().map(|address| SocketAddr::new(address, origin.port()));
    let address = match target {
        Target::Address(address) => Some(address),
        Target::Name => literal,
    };
    match address.map(|address| address.ip()) {
        Some(IpAddr::V4(address)) => {
            message.push(IPV4);
            message.extend_from_slice(&address.octets());
        }
        Some(IpAddr::V6(address)) => {
            message.push(IPV6);
            message.extend_from_slice(&address.octets());
        }
        None => {
            message.push(NAME);
            // No name that can be looked up is as long.
            message.push(u8::try_from(origin.host().len()).map_err(|_| TransportError::Dns)?);
            message.extend_from_slice(origin.host().as_bytes());
        }
    }
    message.extend_from_slice(&origin.port().to_be_bytes());
    Ok(message)
}

/// Reads the reply, and the address in it that nobody needs.
async fn read_reply(stream: &mut impl Stream) -> Result<(), TransportError> {
    let broken = |error: io::Error| TransportError::asking_proxy(&error);
    let mut reply = [0; 4];
    stream.read_exact(&mut reply).await.map_err(broken)?;
    let [version, code, _, kind] = reply;
    if version != VERSION {
        return Err(TransportError::ProxyMalformed);
    }
    match code {
        0 => {}
        // Network, host: no way; refused; time to live expired.
        3..=6 => return Err(TransportError::ProxyHostUnreachable),
        _ => return Err(TransportError::ProxyRefused),
    }
    let length = match kind {
        IPV4 => 4,
        IPV6 => 16,
        NAME => usize::from(stream.read_u8().await.map_err(broken)?),
        _ => return Err(TransportError::ProxyMalformed),
    };
    let mut bound = [0; 255 + 2];
    stream.read_exact(&mut bound[..length + 2]).await.map_err(broken)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Target, dig};
    use crate::http::{Proxy, TransportError, Url};
    use proptest::prelude::*;
    use tokio::io::AsyncWriteExt;

    /// What comes of a proxy that says these bytes and then closes.
    fn says(proxy: &str, bytes: &[u8]) -> Result<(), TransportError> {
        let proxy = Proxy::parse(proxy).expect("a proxy");
        let url = Url::parse_absolute("https://h").expect("a url");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let (mut here, mut there) = tokio::io::duplex(1 << 20);
            there.write_all(bytes).await.expect("room for all");
            there.shutdown().await.expect("an open stream");
            dig(&mut here, &proxy, url.origin(), Target::Name).await
        })
    }

    const NO_PASSWORD: &str = "socks5h://p";
    const PASSWORD: &str = "socks5h://me:pw@p";

    #[test]
    fn what_is_right_opens_the_way() {
        assert_eq!(says("http://p", b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"), Ok(()));
        assert_eq!(says(NO_PASSWORD, b"\x05\x00\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50"), Ok(()));
        assert_eq!(says(PASSWORD, b"\x05\x02\x01\x00\x05\x00\x00\x03\x01h\x00\x50"), Ok(()));
    }

    proptest! {
        #[test]
        fn whatever_a_proxy_says_has_an_end(
            any in prop::collection::vec(any::<u8>(), 0..80),
            status in 0u16..1000,
            code in any::<u8>(),
            kind in 0u8..6,
        ) {
            for proxy in ["http://p", NO_PASSWORD, PASSWORD] {
                let _ = says(proxy, &any);
            }
            let head = [format!("HTTP/1.1 {status} X\r\n").as_bytes(), &any].concat();
            prop_assert!(status / 100 == 2 || says("http://p", &head).is_err());
            let reply = [&[5, 0, 5, code, 0, kind][..], &any].concat();
            prop_assert!(code == 0 || says(NO_PASSWORD, &reply).is_err());
            let reply = [&[5, 2, 1, code, 5, 0, 0, kind][..], &any].concat();
            prop_assert!(code == 0 || says(PASSWORD, &reply) == Err(TransportError::ProxyAuthentication));
        }
    }
}
