//! Why a request got no answer: a closed list of texts that group.

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
    /// Another failure to connect.
    ConnectFailed,
    /// What answered does not speak TLS, or no version or cipher in common.
    TlsHandshake,
    /// The certificate's issuer is not trusted.
    CertificateNotTrusted,
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
    /// The head of the answer is larger than any reasonable one.
    ResponseHeadTooLarge,
    /// A stream of events or lines has a `Content-Encoding`.
    EncodedStream,
    /// The body is longer than the client's `max_body`.
    BodyTooLarge,
    /// No whole answer in time.
    TimedOut,
    /// More redirects than allowed.
    TooManyRedirects,
    /// A redirect without a place to go, or to one that is not http.
    InvalidRedirect,
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
            Self::ConnectFailed => "connection failed",
            Self::TlsHandshake => "tls handshake failed",
            Self::CertificateNotTrusted => "certificate not trusted",
            Self::CertificateExpired => "certificate expired",
            Self::CertificateNotYetValid => "certificate not yet valid",
            Self::CertificateWrongHost => "certificate is for another host",
            Self::CertificateInvalid => "certificate invalid",
            Self::ConnectionReset => "connection reset",
            Self::ClosedBeforeResponse => "connection closed before a response",
            Self::ResponseEndedEarly => "response ended early",
            Self::MalformedResponse => "malformed response",
            Self::ResponseHeadTooLarge => "response head too large",
            Self::EncodedStream => "response stream is encoded",
            Self::BodyTooLarge => "response body too large",
            Self::TimedOut => "timed out",
            Self::TooManyRedirects => "too many redirects",
            Self::InvalidRedirect => "invalid redirect",
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

    /// What an error of the TLS handshake means.
    pub(super) fn handshaking(error: &io::Error) -> Self {
        use rustls::CertificateError as Bad;
        match tls_error(error) {
            Some(rustls::Error::InvalidCertificate(bad)) => match bad {
                // A bad signature: an issuer that only has the name of one that is trusted.
                Bad::UnknownIssuer | Bad::BadSignature => Self::CertificateNotTrusted,
                Bad::Expired | Bad::ExpiredContext { .. } => Self::CertificateExpired,
                Bad::NotValidYet | Bad::NotValidYetContext { .. } => Self::CertificateNotYetValid,
                Bad::NotValidForName | Bad::NotValidForNameContext { .. } => Self::CertificateWrongHost,
                _ => Self::CertificateInvalid,
            },
            Some(_) => Self::TlsHandshake,
            None => match error.kind() {
                io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => Self::ConnectionReset,
                _ => Self::TlsHandshake,
            },
        }
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
                Some(rustls::Error::AlertReceived(_)) => Self::TlsHandshake,
                _ => Self::Broken,
            },
        }
    }
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
        f.write_str(self.text())
    }
}

impl Error for TransportError {}
