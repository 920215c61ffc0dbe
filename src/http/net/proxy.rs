//! Proxies: which one a connection goes through, and what the one who runs them wrote about that.

use super::addresses::Block;
use crate::http::url::{Origin, without_password};
use http::HeaderValue;
use percent_encoding::percent_decode_str;
use std::fmt;
use std::net::IpAddr;

/// What is spoken to a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Protocol {
    /// Requests with the whole url to `http` hosts, tunnels by CONNECT to `https` hosts (RFC 9110, sections 7.1 and 9.3.6).
    Http,
    /// SOCKS version 5 (RFC 1928); the client looks names up.
    Socks5,
    /// The same; the proxy looks names up.
    Socks5h,
}

/// A proxy, as `http://user:password@host:port` names it.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    protocol: Protocol,
    host: String,
    port: u16,
    /// User and password.
    user: Option<(String, String)>,
    /// The `Proxy-Authorization` header that says the same.
    authorization: Option<HeaderValue>,
}

impl Proxy {
    /// What no output may show of it: the password, and user and password as a header carries them.
    #[must_use]
    pub fn secrets(&self) -> Vec<String> {
        let Some((user, password)) = &self.user else { return Vec::new() };
        vec![password.clone(), data_encoding::BASE64.encode(format!("{user}:{password}").as_bytes())]
    }

    /// Reads the url of a proxy.
    ///
    /// # Errors
    ///
    /// A sentence fragment that quotes the text, without its password, and says what is accepted.
    pub fn parse(text: &str) -> Result<Self, String> {
        let shown = without_password(text);
        let refuse = |why: &str| Err(format!("`{shown}` is not a proxy: {why}"));
        let Some((scheme, _)) = text.split_once("://") else {
            return refuse(&format!(
                "it must begin with http://, socks5:// or socks5h://; did you mean `http://{shown}`?"
            ));
        };
        let (protocol, usual_port) = match scheme.to_ascii_lowercase().as_str() {
            "http" => (Protocol::Http, 80),
            "socks5" => (Protocol::Socks5, 1080),
            "socks5h" => (Protocol::Socks5h, 1080),
            "socks" | "socks4" | "socks4a" => {
                return refuse("of SOCKS only version 5 is spoken: socks5:// or socks5h://");
            }
            "https" => {
                return refuse(
                    "TLS to the proxy itself is not spoken; an http:// proxy tunnels https hosts, too",
                );
            }
            _ => return refuse("it must begin with http://, socks5:// or socks5h://"),
        };
        let url = match url::Url::parse(text) {
            Ok(url) => url,
            Err(url::ParseError::EmptyHost) => return refuse("it has no host"),
            Err(error) => return refuse(&error.to_string()),
        };
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        if host.is_empty() {
            return refuse("it has no host");
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return refuse("nothing may follow its host and port");
        }
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let user = (!url.username().is_empty() || url.password().is_some())
            .then(|| (decoded(url.username()), decoded(url.password().unwrap_or_default())));
        // RFC 1929 has one byte for each length.
        let longest = |(user, password): &(String, String)| user.len().max(password.len());
        if protocol != Protocol::Http && user.as_ref().map_or(0, longest) > 255 {
            return refuse("SOCKS has room for 255 bytes of a user or password");
        }
        let authorization = user.as_ref().map(basic);
        Ok(Self { protocol, host, port: url.port().unwrap_or(usual_port), user, authorization })
    }

    /// Where it is.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    pub(in crate::http) fn protocol(&self) -> Protocol {
        self.protocol
    }

    pub(in crate::http) fn user(&self) -> Option<&(String, String)> {
        self.user.as_ref()
    }

    /// The value of the `Proxy-Authorization` header.
    pub(in crate::http) fn authorization(&self) -> Option<&HeaderValue> {
        self.authorization.as_ref()
    }

    /// Whether it is asked for whole urls of this origin, instead of for a way there.
    pub(in crate::http) fn forwards(&self, origin: &Origin) -> bool {
        self.protocol == Protocol::Http && !origin.is_https()
    }

    /// Whether names of hosts are looked up before the proxy is asked.
    pub(in crate::http) fn wants_addresses(&self) -> bool {
        self.protocol == Protocol::Socks5
    }
}

/// Basic authentication (RFC 7617).
fn basic((user, password): &(String, String)) -> HeaderValue {
    let plain = format!("{user}:{password}");
    let encoded = format!("Basic {}", data_encoding::BASE64.encode(plain.as_bytes()));
    let mut value = HeaderValue::try_from(encoded).expect("base64 is made of letters that headers may have");
    value.set_sensitive(true);
    value
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.protocol {
            Protocol::Http => "http",
            Protocol::Socks5 => "socks5",
            Protocol::Socks5h => "socks5h",
        };
        let brackets = if self.host.contains(':') { ["[", "]"] } else { [""; 2] };
        write!(f, "{scheme}://{}{}{}:{}", brackets[0], self.host, brackets[1], self.port)
    }
}

/// User and password are not shown.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Hosts that are reached without the proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoProxy(Vec<Exception>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Exception {
    /// `*`
    Everything,
    /// A host, and the hosts below it; with a port only that.
    Host(String, Option<u16>),
    /// An address or a block of them.
    Block(Block),
}

impl NoProxy {
    /// Reads a list of `*`, `example.com` (which means the hosts below it, too), `.example.com` (the same),
    /// `example.com:8080`, addresses and blocks as `10.0.0.0/8`.
    ///
    /// # Errors
    ///
    /// A sentence fragment that quotes the entry and says what is accepted.
    pub fn parse<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let entries = entries.into_iter().flat_map(|list| list.split(',')).map(str::trim);
        entries.filter(|entry| !entry.is_empty()).map(Exception::parse).collect::<Result<_, _>>().map(Self)
    }

    /// Whether this host is reached without the proxy.
    fn has(&self, origin: &Origin) -> bool {
        self.0.iter().any(|exception| exception.fits(origin.host(), origin.port()))
    }
}

impl Exception {
    fn parse(text: &str) -> Result<Self, String> {
        if text == "*" {
            return Ok(Self::Everything);
        }
        if let Some(block) = Block::parse(text) {
            return Ok(Self::Block(block));
        }
        let refuse = || {
            format!(
                "`{text}` is not a host; write example.com, .example.com, example.com:8080, 10.0.0.0/8 or *"
            )
        };
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().map_err(|_| refuse())?)),
            None => (text, None),
        };
        let host = host.trim_start_matches("*.").trim_matches('.').trim_matches(['[', ']']).to_lowercase();
        let fits = |c: char| c.is_alphanumeric() || "-_.:".contains(c);
        if host.is_empty() || !host.chars().all(fits) { Err(refuse()) } else { Ok(Self::Host(host, port)) }
    }

    fn fits(&self, host: &str, port: u16) -> bool {
        match self {
            Self::Everything => true,
            Self::Host(own, own_port) => {
                let below = host
                    .strip_suffix(own.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
                below && own_port.is_none_or(|own| own == port)
            }
            Self::Block(block) => host.parse::<IpAddr>().is_ok_and(|address| block.contains(address)),
        }
    }
}

/// The proxy for connections to `origin`, if there is one.
pub(in crate::http) fn proxy_for<'a>(
    proxy: Option<&'a Proxy>,
    exceptions: &NoProxy,
    origin: &Origin,
) -> Option<&'a Proxy> {
    proxy.filter(|_| origin.socket().is_none() && !exceptions.has(origin))
}

/// The name, with its port, that must be looked up for a connection to `origin`: its own, or that of the proxy.
pub(in crate::http) fn first_name<'a>(
    proxy: Option<&'a Proxy>,
    origin: &'a Origin,
) -> Option<(&'a str, u16)> {
    if origin.socket().is_some() {
        return None;
    }
    Some(match proxy {
        Some(proxy) if !proxy.wants_addresses() => (proxy.host(), proxy.port()),
        _ => (origin.host(), origin.port()),
    })
}

#[cfg(test)]
mod tests {
    use super::{NoProxy, Proxy};
    use crate::http::Url;
    use proptest::prelude::*;

    #[test]
    fn proxies_are_read_and_their_passwords_never_shown() {
        for (text, shown) in [
            ("http://proxy", "http://proxy:80"),
            ("HTTP://Me:s3cret@Proxy:3128/", "http://proxy:3128"),
            ("socks5://me:s3cret@[::1]", "socks5://[::1]:1080"),
            ("socks5h://127.0.0.1:9050", "socks5h://127.0.0.1:9050"),
        ] {
            let proxy = Proxy::parse(text).expect(text);
            assert_eq!((proxy.to_string().as_str(), format!("{proxy:?}").as_str()), (shown, shown));
        }
        let proxy = Proxy::parse("http://me%40x:p%3Aq@h").expect("a proxy");
        assert_eq!(proxy.user(), Some(&("me@x".to_owned(), "p:q".to_owned())));
        assert_eq!(proxy.authorization().and_then(|value| value.to_str().ok()), Some("Basic bWVAeDpwOnE="));
    }

    #[test]
    fn what_is_no_proxy_is_refused_without_its_password() {
        let refused = |text: &str| Proxy::parse(text).expect_err(text);
        insta::assert_snapshot!(refused("localhost:3128"), @"`localhost:3128` is not a proxy: it must begin with http://, socks5:// or socks5h://; did you mean `http://localhost:3128`?");
        insta::assert_snapshot!(refused("https://me:s3cret@h"), @"`https://me:***@h` is not a proxy: TLS to the proxy itself is not spoken; an http:// proxy tunnels https hosts, too");
        insta::assert_snapshot!(refused("socks4://h"), @"`socks4://h` is not a proxy: of SOCKS only version 5 is spoken: socks5:// or socks5h://");
        insta::assert_snapshot!(refused("http://me:s3cret@h:1/pac"), @"`http://me:***@h:1/pac` is not a proxy: nothing may follow its host and port");
        insta::assert_snapshot!(refused("http://me:s3cret@h:99999"), @"`http://me:***@h:99999` is not a proxy: invalid port number");
        let long = format!("socks5://me:{}@h", "x".repeat(256));
        assert!(refused(&long).ends_with("SOCKS has room for 255 bytes of a user or password"));
        for text in ["", "?", "http://", "socks5://", "ftp://h"] {
            assert!(refused(text).contains("is not a proxy: "), "{text}");
        }
    }

    #[test]
    fn exceptions_are_hosts_ports_and_blocks() {
        let listed = ["example.com, .internal,api.test:8080", "10.0.0.0/8", "::1", "[fd00::1]:81"];
        let list = NoProxy::parse(listed).expect("a list");
        for (url, direct) in [
            ("http://example.com", true),
            ("https://a.b.Example.com:99", true),
            ("http://notexample.com", false),
            ("http://x.internal", true),
            ("http://api.test:8080", true),
            ("http://api.test", false),
            ("http://10.9.9.9", true),
            ("http://11.0.0.1", false),
            ("http://[::1]:5", true),
            ("http://[fd00::1]:81", true),
            ("http://[fd00::1]", false),
        ] {
            let url = Url::parse_absolute(url).expect("a url");
            assert_eq!(list.has(url.origin()), direct, "{url}");
        }
        let all = NoProxy::parse(["*"]).expect("a list");
        assert!(all.has(Url::parse_absolute("http://x").expect("a url").origin()));
        for text in ["?", "http://h", "a b", ":80", "h:x"] {
            assert!(NoProxy::parse([text]).expect_err(text).contains("is not a host"), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_them_panic(text in ".{0,30}", url in "(http|socks5)://[a-z:@%0-9./\\[\\]]{0,20}") {
            let _ = (Proxy::parse(&text), Proxy::parse(&url), NoProxy::parse([text.as_str(), url.as_str()]));
        }
    }
}
