//! Urls, cheap where it counts: the origin is parsed once, a request only brings its path.

use http::HeaderValue;
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::cell::OnceCell;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// What may not stand in a request target as it is. A `%` may: it is taken to begin an escape.
const TARGET: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// What is escaped in the path of a socket: all that is not unreserved (RFC 3986, section 2.3).
const SOCKET: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Why a text is not a url that can be requested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UrlError {
    /// Neither `http://` nor `https://` nor `http+unix://`.
    Scheme,
    /// No host between scheme and path.
    NoHost,
    /// The url of a Unix socket, without the path of the socket.
    NoSocket,
    /// Anything else, in the words of the parser.
    Malformed(String),
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scheme => f.write_str("it must begin with http:// or https://"),
            Self::NoHost => f.write_str("it has no host"),
            Self::NoSocket => f.write_str(
                "it has no socket; write the path of the socket with %2F for each slash, as in http+unix://%2Frun%2Fapp.sock",
            ),
            Self::Malformed(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for UrlError {}

/// A url as messages may show it: without the password, whether or not the rest can be read.
#[must_use]
pub fn without_password(text: &str) -> String {
    let shown = text.split_once("://").and_then(|(scheme, rest)| {
        let authority = rest.split(['/', '?', '#']).next()?;
        let (userinfo, _) = authority.rsplit_once('@')?;
        let (user, _) = userinfo.split_once(':')?;
        Some(format!("{scheme}://{user}:***{}", &rest[userinfo.len()..]))
    });
    shown.unwrap_or_else(|| text.to_owned())
}

/// Whether a text is an absolute url, and no path to be appended to a host.
#[must_use]
pub fn is_absolute(text: &str) -> bool {
    [HTTP, HTTPS, HTTP_UNIX].iter().any(|scheme| begins_with(text, scheme))
}

const HTTP: &str = "http://";
const HTTPS: &str = "https://";

/// Requests over a Unix socket, whose path is the host, escaped.
const HTTP_UNIX: &str = "http+unix://";

fn begins_with(text: &str, scheme: &str) -> bool {
    text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

/// What must be hidden of a url: its password as it stands there and as it is meant, and both credentials as the header
/// of basic authentication carries them. Empty where there is no password, and where the text is no url.
#[must_use]
pub fn secrets_of(text: &str) -> Vec<String> {
    let Ok(url) = url::Url::parse(text) else { return Vec::new() };
    let Some(password) = url.password() else { return Vec::new() };
    let meant = percent_encoding::percent_decode_str(password).decode_utf8_lossy().into_owned();
    let user = percent_encoding::percent_decode_str(url.username()).decode_utf8_lossy();
    let header = data_encoding::BASE64.encode(format!("{user}:{meant}").as_bytes());
    vec![password.to_owned(), meant, header]
}

/// Where a connection leads: scheme, host and port, or a Unix socket. Two are equal if these are.
#[derive(Debug)]
pub struct Origin {
    https: bool,
    /// The Unix socket; its host is `localhost`.
    socket: Option<Box<Path>>,
    /// In lower case; an IPv6 address without brackets.
    host: String,
    port: u16,
    /// What the `Host` header says: the port only if it is not the scheme's own.
    authority: HeaderValue,
    /// The `Authorization` header for user and password of the url; never shown.
    credentials: Option<HeaderValue>,
    /// What heads of requests to it have in common where nobody asked for anything else.
    usual_lines: OnceCell<Box<[u8]>>,
}

impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        (self.https, self.port, &self.host, &self.socket)
            == (other.https, other.port, &other.host, &other.socket)
    }
}

impl Eq for Origin {}

impl Origin {
    fn of(url: &url::Url) -> Result<Self, UrlError> {
        let https = match url.scheme() {
            "http" => false,
            "https" => true,
            _ => return Err(UrlError::Scheme),
        };
        let shown = url.host_str().filter(|host| !host.is_empty()).ok_or(UrlError::NoHost)?;
        let host = shown.trim_matches(['[', ']']).to_owned();
        let port = url.port_or_known_default().ok_or(UrlError::NoHost)?;
        let authority = match url.port() {
            Some(port) => format!("{shown}:{port}"),
            None => shown.to_owned(),
        };
        let authority =
            HeaderValue::try_from(authority).map_err(|error| UrlError::Malformed(error.to_string()))?;
        let credentials = credentials(url);
        Ok(Self { https, socket: None, host, port, authority, credentials, usual_lines: OnceCell::new() })
    }

    fn of_parsed(parsed: Parsed) -> Result<Self, UrlError> {
        Ok(Self { socket: parsed.socket.map(Into::into), ..Self::of(&parsed.url)? })
    }

    /// Whether connections to it speak TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// The Unix socket that connections to it are made by.
    #[must_use]
    pub fn socket(&self) -> Option<&Path> {
        self.socket.as_deref()
    }

    /// The host, without the brackets of an IPv6 address; `localhost` for a Unix socket.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The host as an address, where it is one.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// The value of the `Host` header.
    pub(super) fn authority(&self) -> &HeaderValue {
        &self.authority
    }

    /// The lines that a head usually begins with, written once.
    pub(super) fn usual_lines(&self, write: impl FnOnce(&mut Vec<u8>)) -> &[u8] {
        self.usual_lines.get_or_init(|| {
            let mut lines = Vec::new();
            write(&mut lines);
            lines.into()
        })
    }

    /// The value of the `Authorization` header where nobody gives another.
    pub(super) fn credentials(&self) -> Option<&HeaderValue> {
        self.credentials.as_ref()
    }
}

/// User and password of a url as basic authentication (RFC 7617).
fn credentials(url: &url::Url) -> Option<HeaderValue> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let mut plain: Vec<u8> = percent_encoding::percent_decode_str(url.username()).collect();
    plain.push(b':');
    plain.extend(percent_encoding::percent_decode_str(url.password().unwrap_or_default()));
    let mut value = HeaderValue::try_from(format!("Basic {}", data_encoding::BASE64.encode(&plain))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(socket) = &self.socket {
            return write!(f, "{HTTP_UNIX}{}", utf8_percent_encode(&socket.to_string_lossy(), SOCKET));
        }
        let scheme = if self.https { HTTPS } else { HTTP };
        write!(f, "{scheme}{}", self.authority.to_str().unwrap_or(&self.host))
    }
}

/// A host as users write it, `http://user:password@host:8080/base`: what relative urls are appended to. User and
/// password are sent with every request to it that has no `Authorization` of its own; they are not shown.
#[derive(Clone, Debug)]
pub struct Base {
    /// Scheme, host and port.
    pub origin: Rc<Origin>,
    /// What comes between the origin and a relative url; empty for none. Urls are appended as text.
    pub path: String,
}

impl Base {
    /// Reads a host.
    ///
    /// # Errors
    ///
    /// When it is not an absolute url of http, https or a Unix socket.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let parsed = parse(text)?;
        let path = match text.split_once("://").and_then(|(_, rest)| rest.split_once('/')) {
            Some(_) => parsed.url.path().trim_end_matches('/').to_owned(),
            None => String::new(),
        };
        Ok(Self { origin: Rc::new(Origin::of_parsed(parsed)?), path })
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.path)
    }
}

/// A url as the server at its other end would write it, and the socket that leads there.
struct Parsed {
    url: url::Url,
    socket: Option<PathBuf>,
}

fn parse(text: &str) -> Result<Parsed, UrlError> {
    if begins_with(text, HTTP_UNIX) {
        return parse_unix(text);
    }
    if !is_absolute(text) {
        return Err(UrlError::Scheme);
    }
    Ok(Parsed { url: parse_http(text)?, socket: None })
}

fn parse_http(text: &str) -> Result<url::Url, UrlError> {
    url::Url::parse(text).map_err(|error| match error {
        url::ParseError::EmptyHost => UrlError::NoHost,
        other => UrlError::Malformed(other.to_string()),
    })
}

/// The url of a Unix socket. There is no standard for it; this is the form of Docker's and of Python's clients.
fn parse_unix(text: &str) -> Result<Parsed, UrlError> {
    let rest = &text[HTTP_UNIX.len()..];
    let (authority, target) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (user, socket) = match authority.rfind('@') {
        Some(at) => authority.split_at(at + 1),
        None => ("", authority),
    };
    let socket = percent_decode_str(socket).decode_utf8().map_err(|_| UrlError::NoSocket)?;
    if socket.is_empty() || socket.contains('\0') {
        return Err(UrlError::NoSocket);
    }
    let url = parse_http(&format!("{HTTP}{user}localhost{target}"))?;
    Ok(Parsed { url, socket: Some(PathBuf::from(socket.as_ref())) })
}

/// An absolute url: an origin, and the target that the request line carries.
#[derive(Clone, Debug)]
pub struct Url {
    origin: Rc<Origin>,
    target: Rc<str>,
}

impl Url {
    /// Reads an absolute url; its fragment is left out, as it is never sent.
    ///
    /// # Errors
    ///
    /// When it is not an absolute url of http, https or a Unix socket.
    pub fn parse_absolute(text: &str) -> Result<Self, UrlError> {
        Self::of(parse(text)?)
    }

    fn of(parsed: Parsed) -> Result<Self, UrlError> {
        let target = match parsed.url.query() {
            Some(query) => format!("{}?{query}", parsed.url.path()),
            None => parsed.url.path().to_owned(),
        };
        Ok(Self::with_path(Rc::new(Origin::of_parsed(parsed)?), &target))
    }

    /// A path and query at an origin. What may not stand in a request target is escaped, the rest is left as it is; a
    /// text without a leading slash gets one.
    #[must_use]
    pub fn with_path(origin: Rc<Origin>, path_and_query: &str) -> Self {
        let fits = |byte: u8| byte.is_ascii() && byte != b'#' && !TARGET_TABLE[usize::from(byte)];
        if path_and_query.starts_with('/') && path_and_query.bytes().all(fits) {
            return Self { origin, target: path_and_query.into() };
        }
        let path_and_query = path_and_query.split('#').next().unwrap_or_default();
        let slash = if path_and_query.starts_with('/') { "" } else { "/" };
        Self { origin, target: format!("{slash}{}", utf8_percent_encode(path_and_query, TARGET)).into() }
    }

    /// Whether the other one is this one, or a clone of it.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.origin, &other.origin) && Rc::ptr_eq(&self.target, &other.target)
    }

    /// Where the connection leads.
    #[must_use]
    pub fn origin(&self) -> &Rc<Origin> {
        &self.origin
    }

    /// What the request line carries.
    #[must_use]
    pub fn path_and_query(&self) -> &str {
        &self.target
    }

    /// What `location` means as a reference from here (RFC 3986, section 5).
    ///
    /// # Errors
    ///
    /// When it is not a url, or leads elsewhere than to http and https.
    pub fn join(&self, location: &str) -> Result<Self, UrlError> {
        let base = parse_http(&self.as_the_server_writes_it())?;
        let joined = base.join(location).map_err(|error| UrlError::Malformed(error.to_string()))?;
        // A server behind a socket knows itself by the host that it is called by.
        let stays = joined.origin() == base.origin();
        let socket = self.origin.socket.as_deref().filter(|_| stays).map(Path::to_owned);
        let url = Self::of(Parsed { url: joined, socket })?;
        let same = *url.origin == *self.origin && url.origin.credentials.is_none();
        Ok(if same { Self { origin: self.origin.clone(), ..url } } else { url })
    }

    /// The url without the socket that leads to its host: what cookies and references go by.
    pub(super) fn as_the_server_writes_it(&self) -> String {
        let scheme = if self.origin.https { HTTPS } else { HTTP };
        let authority = self.origin.authority.to_str().unwrap_or(&self.origin.host);
        format!("{scheme}{authority}{}", self.target)
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.target)
    }
}

/// [`TARGET`] as a table: looked up for every byte of every request's path.
const TARGET_TABLE: [bool; 128] = {
    let mut table = [false; 128];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = byte <= 32
            || byte == 127
            || matches!(byte as u8, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}');
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::{Base, Url, UrlError};
    use proptest::prelude::*;

    #[test]
    fn a_host_may_have_a_path_a_port_and_a_user() {
        for (text, shown, path) in [
            ("http://h", "http://h", ""),
            ("http://h/", "http://h", ""),
            ("HTTP://H:80/base/", "http://h/base", "/base"),
            ("https://h:8443/a/b", "https://h:8443/a/b", "/a/b"),
            ("http://[::1]:8080", "http://[::1]:8080", ""),
        ] {
            let base = Base::parse(text).expect(text);
            assert_eq!((base.to_string().as_str(), base.path.as_str()), (shown, path));
        }
    }

    #[test]
    fn user_and_password_are_credentials_and_never_shown() {
        for (text, expected) in [
            ("http://me:p%40ss@h", Some("Basic bWU6cEBzcw==")),
            ("http://me@h", Some("Basic bWU6")),
            ("http://:p%40ss@h", Some("Basic OnBAc3M=")),
            ("http://h", None),
            ("http://@h", None),
        ] {
            let base = Base::parse(text).expect(text);
            let credentials = base.origin.credentials().map(|value| value.to_str().expect("ASCII"));
            assert_eq!(credentials, expected, "{text}");
            let url = Url::parse_absolute(text).expect(text);
            let shown = format!("{base} {base:?} {url} {url:?}");
            assert!(shown.starts_with("http://h "), "{shown}");
            assert!(!shown.contains("ss@") && !shown.contains("Basic"), "{shown}");
        }
        let url = Url::parse_absolute("http://me:p@h/a").expect("a url");
        let credentials = |location: &str| {
            let url = url.join(location).expect("a url");
            url.origin().credentials().map(|value| value.to_str().expect("ASCII").to_owned())
        };
        assert_eq!(credentials("/b").as_deref(), Some("Basic bWU6cA=="));
        assert_eq!(credentials("http://h/b").as_deref(), Some("Basic bWU6cA=="));
        assert_eq!(credentials("http://you:q@h/b").as_deref(), Some("Basic eW91OnE="));
        assert_eq!(credentials("http://other/b"), None);
    }

    #[test]
    fn what_is_no_host_is_refused() {
        assert_eq!(Base::parse("localhost:8000").err(), Some(UrlError::Scheme));
        assert_eq!(Base::parse("ftp://h").err(), Some(UrlError::Scheme));
        assert_eq!(Base::parse("http://").err(), Some(UrlError::NoHost));
        assert!(Base::parse("http://h:99999").is_err());
    }

    #[test]
    fn locations_are_joined_as_references() {
        let url = Url::parse_absolute("http://h/a/b?c=d").expect("a url");
        for (location, target) in [
            ("/x", "http://h/x"),
            ("x", "http://h/a/x"),
            ("../x", "http://h/x"),
            ("?q=1", "http://h/a/b?q=1"),
            ("//other/x", "http://other/x"),
            ("https://other:1/x#f", "https://other:1/x"),
            ("/ü x", "http://h/%C3%BC%20x"),
        ] {
            assert_eq!(url.join(location).map(|url| url.to_string()), Ok(target.to_owned()));
        }
        assert_eq!(url.join("mailto:a@b").err(), Some(UrlError::Scheme));
    }

    #[test]
    fn a_unix_socket_is_a_host() {
        let base = Base::parse("http+unix://%2Frun%2Fmy%20app.sock/base/").expect("a host");
        assert_eq!(base.to_string(), "http+unix://%2Frun%2Fmy%20app.sock/base");
        assert_eq!(base.origin.socket(), Some(std::path::Path::new("/run/my app.sock")));
        assert_eq!(
            (base.origin.host(), base.origin.authority().to_str().ok()),
            ("localhost", Some("localhost"))
        );
        let url = Url::parse_absolute("HTTP+unix://me:p@%2Frun%2Fapp.sock?q=1").expect("a url");
        assert_eq!(url.to_string(), "http+unix://%2Frun%2Fapp.sock/?q=1");
        assert!(url.origin().credentials().is_some());
        for text in ["http+unix://", "http+unix:///run/app.sock", "http+unix://%00", "http+unix://%ff"] {
            assert_eq!(Url::parse_absolute(text).err(), Some(UrlError::NoSocket), "{text}");
        }
        assert_ne!(*url.origin(), base.origin, "another socket");
        assert_ne!(*url.origin(), Base::parse("http://localhost").expect("a host").origin);
    }

    #[test]
    fn a_redirect_stays_on_its_socket_unless_it_names_another_host() {
        let url = Url::parse_absolute("http+unix://%2Fa.sock/x/y").expect("a url");
        for (location, target) in [
            ("/z", "http+unix://%2Fa.sock/z"),
            ("z", "http+unix://%2Fa.sock/x/z"),
            ("http://localhost/z", "http+unix://%2Fa.sock/z"),
            ("http://localhost:81/z", "http://localhost:81/z"),
            ("https://localhost/z", "https://localhost/z"),
            ("//other/z", "http://other/z"),
        ] {
            assert_eq!(url.join(location).map(|url| url.to_string()), Ok(target.to_owned()));
        }
        assert_eq!(
            url.join("http+unix://%2Fb.sock/z").err(),
            Some(UrlError::Scheme),
            "no server chooses a socket"
        );
    }

    #[test]
    fn a_password_is_not_shown() {
        for (text, shown) in [
            ("http://me:pass@h:99999/x", "http://me:***@h:99999/x"),
            ("http://me:p@ss@h", "http://me:***@h"),
            ("http://me@h/a:b@c", "http://me@h/a:b@c"),
            ("localhost:8000", "localhost:8000"),
        ] {
            assert_eq!(super::without_password(text), shown);
        }
    }

    proptest! {
        #[test]
        fn a_target_can_always_be_sent(path in "\\PC*", location in "\\PC*") {
            let url = Url::parse_absolute("http://h/a").expect("a url");
            let url = Url::with_path(url.origin().clone(), &path);
            prop_assert!(url.path_and_query().starts_with('/'));
            prop_assert!(http::uri::PathAndQuery::try_from(url.path_and_query()).is_ok(), "{}", url);
            if let Ok(joined) = url.join(&location) {
                prop_assert!(http::uri::PathAndQuery::try_from(joined.path_and_query()).is_ok(), "{}", joined);
            }
        }
    }
}
