//! Which hosts may be called: a load test must not reach what it was not meant for.

use super::url::{Origin, Url};
use crate::util::fits;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A pattern of hosts: `shop.example.com`, `*.example.com`, `127.0.0.1:8080`, `[::1]:8080`. `*` stands for any characters,
/// dots included; without a port every port is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPattern {
    /// In lower case, an IPv6 address without brackets.
    host: String,
    port: Option<u16>,
}

impl HostPattern {
    fn matches(&self, origin: &Origin) -> bool {
        let host = origin.host();
        self.port.is_none_or(|port| port == origin.port())
            && fits(&self.host, host.strip_suffix('.').unwrap_or(host))
    }
}

impl FromStr for HostPattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.contains('/') {
            let host = text.split_once("://").map_or(text, |(_, rest)| rest);
            let host = host.split('/').next().unwrap_or_default();
            return Err(format!("`{text}` is a url, not a host; write `{host}`"));
        }
        let (host, port) = split(text).ok_or_else(|| format!("`{text}` is not a host; {EXAMPLES}"))?;
        let port = match port {
            None => None,
            Some(port) => {
                Some(port.parse().map_err(|_| format!("`{port}` of `{text}` is not a port; {EXAMPLES}"))?)
            }
        };
        let host = host.strip_suffix('.').unwrap_or(host).to_lowercase();
        let host = if host.contains('*') {
            let known = |c: char| c.is_ascii_alphanumeric() || "*.-_:".contains(c);
            host.chars().all(known).then_some(host)
        } else {
            // As the hosts of urls are read, so that one host has one spelling.
            let bracketed = if host.contains(':') { format!("[{host}]") } else { host };
            url::Host::parse(&bracketed).ok().map(|host| host.to_string().trim_matches(['[', ']']).to_owned())
        };
        let host = host.ok_or_else(|| format!("`{text}` is not a host; {EXAMPLES}"))?;
        Ok(Self { host, port })
    }
}

const EXAMPLES: &str = "write shop.example.com, *.example.com or 127.0.0.1:8080";

/// Host and port as they stand there; none where there is no host.
fn split(text: &str) -> Option<(&str, Option<&str>)> {
    let (host, rest) = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        // More than one colon is an IPv6 address without brackets, which can have no port.
        None if text.matches(':').count() == 1 => text.split_at(text.find(':')?),
        None => (text, ""),
    };
    let port = if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) };
    (!host.is_empty()).then_some((host, port))
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.port, self.host.contains(':')) {
            (None, _) => f.write_str(&self.host),
            (Some(port), true) => write!(f, "[{}]:{port}", self.host),
            (Some(port), false) => write!(f, "{}:{port}", self.host),
        }
    }
}

/// The hosts that may be called. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHosts(Arc<[HostPattern]>);

impl AllowedHosts {
    /// Those that one of `patterns` matches; none where there are no patterns, since then all hosts may be called.
    #[must_use]
    pub fn new(patterns: &[HostPattern]) -> Option<Self> {
        (!patterns.is_empty()).then(|| Self(patterns.into()))
    }

    /// Whether connections may lead there.
    #[must_use]
    pub fn permit(&self, origin: &Origin) -> bool {
        self.0.iter().any(|pattern| pattern.matches(origin))
    }

    /// Why a request to `url` is not sent; none where it may be.
    #[must_use]
    pub fn refusal(&self, url: &Url) -> Option<String> {
        let origin = url.origin();
        (!self.permit(origin)).then(|| {
            let bracketed = if origin.host().contains(':') { ["[", "]"] } else { ["", ""] };
            let host = bracketed.join(origin.host());
            format!("{host}:{} is not an allowed host; --allow-host permits {self}", origin.port())
        })
    }
}

impl fmt::Display for AllowedHosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let patterns: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&patterns.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::{AllowedHosts, HostPattern};
    use crate::http::Url;
    use proptest::prelude::*;

    fn permits(patterns: &[&str], url: &str) -> bool {
        let patterns: Vec<HostPattern> =
            patterns.iter().map(|pattern| pattern.parse().expect("a pattern")).collect();
        let allowed = AllowedHosts::new(&patterns).expect("some");
        allowed.permit(Url::parse_absolute(url).expect("a url").origin())
    }

    #[test]
    fn hosts_and_ports() {
        for (pattern, url, permitted) in [
            ("shop.example.com", "https://shop.example.com/x", true),
            ("Shop.Example.Com.", "https://SHOP.example.com./x", true),
            ("shop.example.com", "https://shop.example.com.evil.net/", false),
            ("example.com", "https://shop.example.com/", false),
            ("*.example.com", "https://a.b.example.com/", true),
            ("*.example.com", "https://example.com/", false),
            ("*.example.com", "https://notexample.com/", false),
            ("*example.com", "https://notexample.com/", true),
            ("api-*.example.com", "https://api-7.example.com:8443/", true),
            ("example.com:8443", "https://example.com:8443/", true),
            ("example.com:8443", "https://example.com/", false),
            ("example.com:443", "https://example.com/", true),
            ("example.com:80", "http://user:pass@example.com/", true),
            ("127.0.0.1", "http://127.0.0.1:9999/", true),
            ("127.0.0.1", "http://localhost:9999/", false),
            ("*:8080", "http://anything:8080/", true),
            ("*:8080", "http://anything:8081/", false),
            ("::1", "http://[::1]:7/", true),
            ("[::1]:7", "http://[::1]:7/", true),
            ("[::1]:7", "http://[::1]:8/", false),
            ("bücher.example", "http://xn--bcher-kva.example/", true),
        ] {
            assert_eq!(permits(&[pattern], url), permitted, "{pattern} {url}");
        }
        assert!(permits(&["a.example", "b.example"], "http://b.example/"));
    }

    #[test]
    fn what_is_no_pattern_is_said() {
        let error = |text: &str| text.parse::<HostPattern>().expect_err(text);
        assert_eq!(error("http://h:80/x"), "`http://h:80/x` is a url, not a host; write `h:80`");
        for text in ["", ":80", "[::1", "[::1]x", "a b", "a b*", "user@host"] {
            assert!(error(text).contains("is not a host; write shop.example.com"), "{text}: {}", error(text));
        }
        assert!(error("h:http").contains("`http` of `h:http` is not a port"));
        assert!(error("h:99999").contains("is not a port"));
    }

    #[test]
    fn a_refusal_names_host_and_patterns() {
        let patterns = ["*.example.com", "[::1]:80"].map(|text| text.parse().expect("a pattern"));
        let allowed = AllowedHosts::new(&patterns).expect("some");
        let refusal = |url: &str| allowed.refusal(&Url::parse_absolute(url).expect("a url"));
        assert_eq!(
            refusal("http://u:pass@evil.net/x?key=1").as_deref(),
            Some("evil.net:80 is not an allowed host; --allow-host permits *.example.com, [::1]:80")
        );
        assert_eq!(refusal("https://a.example.com/"), None);
        assert!(AllowedHosts::new(&[]).is_none());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,24}") {
            let _ = text.parse::<HostPattern>();
        }
    }
}
