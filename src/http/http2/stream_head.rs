//! Heads between the two versions: HTTP/2 says the same in other words (RFC 9113, section 8.3).

use crate::http::error::TransportError;
use crate::http::http1::head::{Framing, Head, MAX_HEAD, MAX_HEADERS};
use crate::http::url::{Origin, Url};
use bytes::Bytes;
use http::header::{
    CONNECTION, CONTENT_ENCODING, HOST, HeaderMap, HeaderName, HeaderValue, SET_COOKIE, TE,
    TRANSFER_ENCODING, UPGRADE,
};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Method, Request, Response, Uri, Version};

/// Headers that speak of the connection, which HTTP/2 has other means for (RFC 9113, section 8.2.2).
const OF_CONNECTIONS: [HeaderName; 5] = [
    CONNECTION,
    HeaderName::from_static("proxy-connection"),
    HeaderName::from_static("keep-alive"),
    TRANSFER_ENCODING,
    UPGRADE,
];

/// The request whose head is `head` in HTTP/1.1. `Host` becomes the authority.
pub(in crate::http) fn request(method: Method, url: &Url, head: &[u8]) -> Request<()> {
    let (mut headers, mut host) = (HeaderMap::new(), None);
    for line in head.split(|byte| *byte == b'\n').skip(1) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        // They were valid when they were written.
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value))
            && !OF_CONNECTIONS.contains(&name)
            && (name != TE || value == "trailers")
        {
            // To take it out of the map would change the order of the others.
            if name == HOST {
                host = Some(value);
            } else {
                headers.append(name, value);
            }
        }
    }
    let authority = authority(host, &mut headers, url.origin());
    let mut request = Request::new(());
    *request.method_mut() = method;
    *request.version_mut() = Version::HTTP_2;
    *request.uri_mut() = uri(url, authority);
    *request.headers_mut() = headers;
    request
}

/// What `Host` says, or else the origin. A host that cannot be an authority stays a header beside it.
fn authority(host: Option<HeaderValue>, headers: &mut HeaderMap, origin: &Origin) -> Option<Authority> {
    let given = host.as_ref().and_then(|host| Authority::try_from(host.as_bytes()).ok());
    if let (Some(host), None) = (host, &given) {
        headers.append(HOST, host);
    }
    given.or_else(|| Authority::try_from(origin.authority().as_bytes()).ok())
}

fn uri(url: &Url, authority: Option<Authority>) -> Uri {
    let mut parts = http::uri::Parts::default();
    parts.scheme = Some(if url.origin().is_https() { Scheme::HTTPS } else { Scheme::HTTP });
    parts.authority = authority;
    parts.path_and_query = PathAndQuery::try_from(url.path_and_query()).ok();
    Uri::from_parts(parts).unwrap_or_default()
}

/// The head of an answer, and the same as HTTP/1.1 would have written it, so that it can be read as all others are.
///
/// # Errors
///
/// When it is larger than any reasonable one.
pub(in crate::http) fn answer(response: &Response<impl Sized>) -> Result<(Head, Bytes), TransportError> {
    let (status, headers) = (response.status(), response.headers());
    if headers.len() > MAX_HEADERS {
        return Err(TransportError::ResponseHeadTooLarge);
    }
    let mut text = format!("HTTP/1.1 {}\r\n", status.as_str()).into_bytes();
    for (name, value) in headers {
        text.extend_from_slice(name.as_str().as_bytes());
        text.extend_from_slice(b": ");
        text.extend_from_slice(value.as_bytes());
        text.extend_from_slice(b"\r\n");
    }
    text.extend_from_slice(b"\r\n");
    if text.len() > MAX_HEAD {
        return Err(TransportError::ResponseHeadTooLarge);
    }
    let head = Head {
        version: Version::HTTP_2,
        status: status.as_u16(),
        reason: None,
        length: text.len(),
        framing: Framing::None,
        keep_alive: true,
        sets_cookies: headers.contains_key(SET_COOKIE),
        encoded: headers.contains_key(CONTENT_ENCODING),
    };
    Ok((head, text.into()))
}

#[cfg(test)]
mod tests {
    use super::{answer, request};
    use crate::http::Url;
    use crate::http::http1::head::headers;
    use http::{Method, Response};

    fn made(url: &str, head: &str) -> (String, Vec<String>) {
        let made = request(Method::GET, &Url::parse_absolute(url).expect(url), head.as_bytes());
        let shown = made.headers().iter();
        let lines = shown.map(|(name, value)| format!("{name}: {}", value.to_str().expect("ASCII")));
        // The map that they are sent from knows no order.
        let mut lines: Vec<_> = lines.collect();
        lines.sort_unstable();
        (made.uri().to_string(), lines)
    }

    #[test]
    fn host_becomes_the_authority_and_headers_of_the_connection_go() {
        let (uri, lines) = made(
            "https://h:8443/a?b=c",
            "GET /a?b=c HTTP/1.1\r\nhost: h:8443\r\naccept: */*\r\nconnection: close\r\nTransfer-Encoding: chunked\r\n\
             keep-alive: 5\r\nupgrade: x\r\nte: gzip\r\nX-Case: Kept Value:1\r\ncookie: a=b; c=d\r\n\r\n",
        );
        assert_eq!(uri, "https://h:8443/a?b=c");
        assert_eq!(lines, ["accept: */*", "cookie: a=b; c=d", "x-case: Kept Value:1"]);
    }

    #[test]
    fn another_host_is_the_authority_if_it_can_be() {
        let (uri, lines) = made("http://h/", "GET / HTTP/1.1\r\nHost: other.test\r\nte: trailers\r\n\r\n");
        assert_eq!((uri.as_str(), lines), ("http://other.test/", vec!["te: trailers".to_owned()]));
        let (uri, lines) = made("http://h/", "GET / HTTP/1.1\r\nHost: not a host\r\n\r\n");
        assert_eq!((uri.as_str(), lines), ("http://h/", vec!["host: not a host".to_owned()]));
        let (uri, lines) = made("http://h/", "GET / HTTP/1.1\r\n\r\n");
        assert_eq!((uri.as_str(), lines.len()), ("http://h/", 0));
    }

    #[test]
    fn an_answer_can_be_read_as_one_of_http1() {
        let response = Response::builder()
            .status(404)
            .header("set-cookie", "a=b")
            .header("set-cookie", "c=d")
            .header("content-encoding", "gzip")
            .header("x", "  ")
            .body(())
            .expect("valid");
        let (head, bytes) = answer(&response).expect("small");
        assert_eq!((head.status, head.sets_cookies, head.encoded), (404, true, true));
        let read = headers(&bytes);
        assert_eq!(read.get_all("set-cookie").iter().collect::<Vec<_>>(), ["a=b", "c=d"]);
        assert_eq!(read.len(), 4);
    }
}
