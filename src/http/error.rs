//! Why a request got no answer: a closed list of texts that group.

use super::codes::{alert_name, http2_error_name};
use super::tls::trust::SelfSigned;
use std::error::Error;
use std::fmt;
use std::io;

/// Why there is no answer, or not a whole one. Its text never contains a port, an address or an id, so that failures of
/// one kind are one row of the error report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportError {
    /// The host's name could not be looked up.
    Dns,
    /// Nobody listens there.
    ConnectionRefused,
    /// The network has no way there.
    Unreachable,
    /// No connection in time.
    ConnectTimedOut,
    /// This machine may open no more files.
    TooManyOpenFiles,
    /// This machine has no local port left for the connection.
    NoFreePort,
    /// This machine has none of the local addresses that the connection was to come from.
    NoSourceAddress,
    /// There is no Unix socket at this path.
    NoSuchSocket,
    /// The Unix socket may not be used by who runs this.
    SocketDenied,
    /// Another failure to connect.
    ConnectFailed,
    /// The proxy's name is unknown, nobody listens there, or there is no way.
    ProxyUnreachable,
    /// The proxy asks for a user and a password, or for others.
    ProxyAuthentication,
    /// The proxy does not let the connection through.
    ProxyRefused,
    /// The proxy has no way to the host.
    ProxyHostUnreachable,
    /// The proxy closed the connection before it had answered.
    ProxyClosed,
    /// What the proxy said is not its protocol.
    ProxyMalformed,
    /// The TLS handshake failed for a reason that has no name of its own here.
    TlsHandshake,
    /// What answered does not speak TLS.
    NotTls,
    /// The connection was closed within the TLS handshake.
    ClosedInHandshake,
    /// The server refused by a TLS alert of this code (RFC 8446, section 6).
    TlsAlert(u8),
    /// The certificate's issuer is not trusted.
    CertificateNotTrusted,
    /// The certificate is its own issuer, and not trusted.
    CertificateSelfSigned,
    /// The certificate was revoked.
    CertificateRevoked,
    /// The certificate is past its time.
    CertificateExpired,
    /// The certificate is before its time.
    CertificateNotYetValid,
    /// The certificate is for another host.
    CertificateWrongHost,
    /// The certificate is wrong in another way.
    CertificateInvalid,
    /// The connection was reset by the other side.
    ConnectionReset,
    /// The connection was closed before the first byte of an answer.
    ClosedBeforeResponse,
    /// The connection was closed within the head, or before the announced end of the body.
    ResponseEndedEarly,
    /// What came is not HTTP.
    MalformedResponse,
    /// HTTP/2 was asked for, and what answered does not speak it.
    NoHttp2,
    /// The server ended the stream of the request by an error of this code (RFC 9113, section 7).
    StreamReset(u8),
    /// The server shut the connection down before it processed the request (RFC 9113, section 6.8).
    ShutDown(u8),
    /// The head of the answer is larger than any reasonable one.
    ResponseHeadTooLarge,
    /// A stream of events or lines has a `Content-Encoding`.
    EncodedStream,
    /// The body is longer than the client's `max_body`.
    BodyTooLarge,
    /// A file of the request's body cannot be read any more.
    BodyFileUnreadable,
    /// A file of the request's body became shorter before it was sent.
    BodyFileShorter,
    /// No whole answer in time.
    TimedOut,
    /// More redirects than allowed.
    TooManyRedirects,
    /// A redirect without a place to go, or to one that is not http.
    InvalidRedirect,
    /// A redirect to a host that may not be called.
    RedirectNotAllowed,
    /// Anything else that went wrong while sending or receiving.
    Broken,
}

impl TransportError {
    fn text(self) -> &'static str {
        match self {
            Self::Dns => "host name lookup failed",
            Self::ConnectionRefused => "connection refused",
            Self::Unreachable => "host unreachable",
            Self::ConnectTimedOut => "connecting timed out",
            Self::TooManyOpenFiles => "too many open files",
            Self::NoFreePort => "no free local port",
            Self::NoSourceAddress => "no such source address",
            Self::NoSuchSocket => "no such socket",
            Self::SocketDenied => "permission to the socket denied",
            Self::ConnectFailed => "connection failed",
            Self::ProxyUnreachable => "proxy unreachable",
            Self::ProxyAuthentication => "proxy authentication failed",
            Self::ProxyRefused => "proxy refused the connection",
            Self::ProxyHostUnreachable => "host unreachable by the proxy",
            Self::ProxyClosed => "proxy closed the connection",
            Self::ProxyMalformed => "malformed response of the proxy",
            Self::TlsHandshake => "tls handshake failed",
            Self::NotTls => "server does not speak tls",
            Self::ClosedInHandshake => "connection closed during the tls handshake",
            Self::TlsAlert(_) => "tls alert",
            Self::CertificateSelfSigned => "certificate self-signed",
            Self::CertificateRevoked => "certificate revoked",
            Self::CertificateNotTrusted => "certificate not trusted",
            Self::CertificateExpired => "certificate expired",
            Self::CertificateNotYetValid => "certificate not yet valid",
            Self::CertificateWrongHost => "certificate is for another host",
            Self::CertificateInvalid => "certificate invalid",
            Self::ConnectionReset => "connection reset",
            Self::ClosedBeforeResponse => "connection closed before a response",
            Self::ResponseEndedEarly => "response ended early",
            Self::MalformedResponse => "malformed response",
            Self::NoHttp2 => "server does not speak http/2",
            Self::StreamReset(_) => "stream reset",
            Self::ShutDown(_) => "connection shut down",
            Self::ResponseHeadTooLarge => "response head too large",
            Self::EncodedStream => "response stream is encoded",
            Self::BodyTooLarge => "response body too large",
            Self::BodyFileUnreadable => "a file of the request body cannot be read any more",
            Self::BodyFileShorter => "a file of the request body became shorter",
            Self::TimedOut => "timed out",
            Self::TooManyRedirects => "too many redirects",
            Self::InvalidRedirect => "invalid redirect",
            Self::RedirectNotAllowed => "redirect to a host that is not allowed",
            Self::Broken => "connection broken",
        }
    }

    /// What an error while looking a name up means.
    pub(super) fn looking_up(error: &io::Error) -> Self {
        if is_out_of_files(error) { Self::TooManyOpenFiles } else { Self::Dns }
    }

    /// What an error while connecting means.
    pub(super) fn connecting(error: &io::Error) -> Self {
        use io::ErrorKind as Kind;
        match error.kind() {
            Kind::ConnectionRefused => Self::ConnectionRefused,
            Kind::TimedOut => Self::ConnectTimedOut,
            Kind::NetworkUnreachable | Kind::HostUnreachable | Kind::NetworkDown => Self::Unreachable,
            Kind::AddrNotAvailable | Kind::AddrInUse => Self::NoFreePort,
            Kind::ConnectionReset | Kind::ConnectionAborted => Self::ConnectionReset,
            _ if is_out_of_files(error) => Self::TooManyOpenFiles,
            _ => Self::ConnectFailed,
        }
    }

    /// What an error while connecting to a Unix socket means.
    pub(super) fn connecting_to_socket(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NoSuchSocket,
            io::ErrorKind::PermissionDenied => Self::SocketDenied,
            _ => Self::connecting(error),
        }
    }

    /// What a failure to reach the proxy means. What this machine lacks stays what it is.
    pub(super) fn at_proxy(self) -> Self {
        match self {
            Self::Dns
            | Self::ConnectionRefused
            | Self::Unreachable
            | Self::ConnectionReset
            | Self::ConnectFailed => Self::ProxyUnreachable,
            other => other,
        }
    }

    /// What an error while a proxy is talked to means.
    pub(super) fn asking_proxy(error: &io::Error) -> Self {
        use io::ErrorKind as Kind;
        match error.kind() {
            Kind::UnexpectedEof
            | Kind::ConnectionReset
            | Kind::ConnectionAborted
            | Kind::BrokenPipe
            | Kind::NotConnected => Self::ProxyClosed,
            _ => Self::Broken,
        }
    }

    /// What an error of the TLS handshake means.
    pub(super) fn handshaking(error: &io::Error) -> Self {
        use rustls::InvalidMessage as Message;
        match tls_error(error) {
            Some(rustls::Error::InvalidCertificate(bad)) => Self::certificate(bad),
            Some(rustls::Error::AlertReceived(alert)) => Self::TlsAlert((*alert).into()),
            // What can be wrong with the first bytes of a record, before anything in it is looked at.
            Some(rustls::Error::InvalidMessage(
                Message::InvalidContentType
                | Message::UnknownProtocolVersion
                | Message::InvalidEmptyPayload
                | Message::MessageTooLarge,
            )) => Self::NotTls,
            Some(_) => Self::TlsHandshake,
            None => match error.kind() {
                io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => Self::ConnectionReset,
                io::ErrorKind::UnexpectedEof => Self::ClosedInHandshake,
                _ => Self::TlsHandshake,
            },
        }
    }

    /// What an error while reading the body of a request means.
    pub(super) fn reading_body(error: &io::Error) -> Self {
        if is_out_of_files(error) { Self::TooManyOpenFiles } else { Self::BodyFileUnreadable }
    }

    /// Whether the rest of a request cannot be sent, whatever the server does: it waits for that, and will not answer.
    pub(super) fn is_of_request_body(self) -> bool {
        matches!(self, Self::BodyFileUnreadable | Self::BodyFileShorter | Self::TooManyOpenFiles)
    }

    /// What is wrong with a certificate.
    fn certificate(bad: &rustls::CertificateError) -> Self {
        use rustls::CertificateError as Bad;
        match bad {
            // A bad signature, or one of another kind: an issuer that only has the name of one that is trusted.
            Bad::UnknownIssuer
            | Bad::BadSignature
            | Bad::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => Self::CertificateNotTrusted,
            Bad::Expired | Bad::ExpiredContext { .. } => Self::CertificateExpired,
            Bad::NotValidYet | Bad::NotValidYetContext { .. } => Self::CertificateNotYetValid,
            Bad::NotValidForName | Bad::NotValidForNameContext { .. } => Self::CertificateWrongHost,
            Bad::Revoked => Self::CertificateRevoked,
            Bad::Other(other) if other.0.is::<SelfSigned>() => Self::CertificateSelfSigned,
            _ => Self::CertificateInvalid,
        }
    }

    /// What it means that the server ended a stream.
    pub(super) fn stream_reset(reason: h2::Reason) -> Self {
        Self::StreamReset(code(reason))
    }

    /// What it means that the server shut a connection down.
    pub(super) fn shut_down(reason: h2::Reason) -> Self {
        Self::ShutDown(code(reason))
    }

    /// What an error while sending or receiving means.
    pub(super) fn exchanging(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::NotConnected => Self::ConnectionReset,
            // With TLS 1.3 a server judges the client's certificate when the client takes the handshake for done.
            _ => match tls_error(error) {
                Some(rustls::Error::AlertReceived(alert)) => Self::TlsAlert((*alert).into()),
                _ => Self::Broken,
            },
        }
    }
}

/// The code of an error of HTTP/2; all that are none of the standard's are one.
fn code(reason: h2::Reason) -> u8 {
    u8::try_from(u32::from(reason)).unwrap_or(u8::MAX)
}

fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}

fn is_out_of_files(error: &io::Error) -> bool {
    use nix::errno::Errno;
    error.raw_os_error().is_some_and(|code| code == Errno::EMFILE as i32 || code == Errno::ENFILE as i32)
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())?;
        match self {
            Self::TlsAlert(code) => write!(f, ": {}", alert_name(*code)),
            Self::StreamReset(code) | Self::ShutDown(code) => write!(f, ": {}", http2_error_name(*code)),
            _ => Ok(()),
        }
    }
}

impl Error for TransportError {}

#[cfg(test)]
mod tests {
    use super::TransportError;
    use rustls::CertificateError as Bad;

    #[test]
    fn what_the_library_says_of_certificates_has_a_name() {
        for (bad, text) in [
            (Bad::UnknownIssuer, "certificate not trusted"),
            (Bad::BadSignature, "certificate not trusted"),
            (
                Bad::UnsupportedSignatureAlgorithmForPublicKeyContext {
                    signature_algorithm_id: Vec::new(),
                    public_key_algorithm_id: Vec::new(),
                },
                "certificate not trusted",
            ),
            (Bad::Expired, "certificate expired"),
            (Bad::NotValidYet, "certificate not yet valid"),
            (Bad::NotValidForName, "certificate is for another host"),
            (Bad::Revoked, "certificate revoked"),
            (Bad::BadEncoding, "certificate invalid"),
        ] {
            let error = std::io::Error::other(rustls::Error::InvalidCertificate(bad));
            assert_eq!(TransportError::handshaking(&error).to_string(), text);
        }
        let other = std::io::Error::other(rustls::Error::General("odd".to_owned()));
        assert_eq!(TransportError::handshaking(&other).to_string(), "tls handshake failed");
    }

    #[test]
    fn what_the_system_says_of_sockets_has_a_name() {
        use nix::errno::Errno;
        for (errno, text) in [
            (Errno::ENOENT, "no such socket"),
            (Errno::EACCES, "permission to the socket denied"),
            (Errno::ECONNREFUSED, "connection refused"),
        ] {
            let error = std::io::Error::from(errno);
            assert_eq!(TransportError::connecting_to_socket(&error).to_string(), text);
        }
    }

    #[test]
    fn codes_are_named_and_unknown_ones_are_one() {
        for (error, text) in [
            (TransportError::TlsAlert(40), "tls alert: handshake_failure"),
            (TransportError::TlsAlert(116), "tls alert: certificate_required"),
            (TransportError::TlsAlert(3), "tls alert: unknown"),
            (TransportError::stream_reset(h2::Reason::REFUSED_STREAM), "stream reset: REFUSED_STREAM"),
            (TransportError::stream_reset(0x1234_5678.into()), "stream reset: an unknown error"),
            (
                TransportError::shut_down(h2::Reason::ENHANCE_YOUR_CALM),
                "connection shut down: ENHANCE_YOUR_CALM",
            ),
        ] {
            assert_eq!(error.to_string(), text);
        }
    }
}
