//! Whatever a server sends: it is an answer or an error, never a panic, a hang or more memory than was allowed.

use super::NoProxy;
use super::Proxy;
use super::TransportError;
use super::cookies::Jar;
use super::decode;
use super::http1::body::Plan;
use super::http1::incoming::{Answer, Incoming};
use super::parse_addresses;
use super::redirect;
use super::response::Response;
use super::url::{Base, Url};
use crate::util::fuzz::fuzz;
use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, SET_COOKIE};
use std::io::Write;
use tokio::time::Instant;

/// Answers of servers in the wild, as they came.
const ANSWERS: [&[u8]; 14] = [
    b"HTTP/1.1 200 OK\r\nServer: nginx/1.24.0\r\nDate: Sat, 21 Nov 2026 10:00:00 GMT\r\nContent-Type: text/html\r\nContent-Length: 15\r\nLast-Modified: Tue, 11 Apr 2023 01:45:34 GMT\r\nConnection: keep-alive\r\nETag: \"6434bbbe-267\"\r\nAccept-Ranges: bytes\r\n\r\n<!DOCTYPE html>",
    b"HTTP/1.1 200 OK\r\nDate: Sat, 21 Nov 2026 10:00:00 GMT\r\nServer: Apache/2.4.57 (Unix)\r\nVary: Accept-Encoding\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json; charset=iso-8859-1\r\n\r\n7\r\n{\"a\": 1\r\n2;ext=\"v\"\r\n}\n\r\n0\r\nExpires: 0\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: https://www.example.org/login?next=%2Fa&x=1#top\r\nSet-Cookie: SID=31d4d96e407aad42; Path=/; Secure; HttpOnly; SameSite=Lax\r\nSet-Cookie: lang=en-US; Expires=Wed, 09 Jun 2027 10:18:14 GMT; Domain=h\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 204 No Content\r\nServer: Cowboy\r\n\r\n",
    b"HTTP/1.1 304 Not Modified\r\nContent-Length: 512\r\nETag: W/\"0\"\r\n\r\n",
    b"HTTP/1.0 200 OK\r\nServer: SimpleHTTP/0.6 Python/3.11.2\r\nContent-type: text/plain\r\n\r\nuntil the end",
    b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\nWWW-Authenticate: Bearer\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\noops",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x05hello",
    b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
    b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-4/10\r\nContent-Encoding: gzip, br\r\nContent-Length: 5\r\n\r\nhello",
    b"\x15\x03\x03\x00\x02\x02\x46",
    b"SSH-2.0-OpenSSH_9.6\r\n",
];

/// The words of heads and chunks.
const WORDS: [&str; 32] = [
    "\r\n",
    "\n",
    "\r",
    "\r\n\r\n",
    ": ",
    ";",
    ",",
    "\0",
    "\t",
    " ",
    "\u{fffd}",
    "ü",
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.0 ",
    "HTTP/1.1 100 Continue\r\n\r\n",
    "Content-Length: 5\r\n",
    "Content-Length: 18446744073709551615\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: identity\r\n",
    "Connection: close\r\n",
    "Connection: keep-alive\r\n",
    "Content-Encoding: gzip\r\n",
    "Content-Encoding: zstd, br, deflate\r\n",
    "Set-Cookie: a=b; Max-Age=0\r\n",
    "Location: //\r\n",
    "Location: http://[::1\r\n",
    "0\r\n\r\n",
    "ffffffffffffffff\r\n",
    "1\r\nx\r\n",
    "Content-Type: text/plain; charset=\"shift_jis\"\r\n",
    " folded\r\n",
    "999",
];

/// No body may be longer.
const MAX_BODY: u64 = 10_000;

/// What `wire` is, in pieces of this size; then the connection is closed.
fn read(wire: &[u8], size: usize, to_head: bool, keep: bool) -> Result<Answer, TransportError> {
    let mut incoming = Incoming::new(to_head, Plan { keep, max: MAX_BODY, pause: false });
    for piece in wire.chunks(size) {
        if !incoming.is_done() {
            incoming.feed(piece);
        }
    }
    if !incoming.is_done() {
        incoming.close();
    }
    incoming.into_answer(Instant::now())
}

#[test]
fn fuzz_answers() {
    fuzz("answers", &ANSWERS, &WORDS, |wire| {
        let url = Url::parse_absolute("http://h/a").expect("a url");
        let jar = Jar::default();
        let mut seen = Vec::new();
        for (size, to_head, keep) in
            [(usize::MAX, false, true), (1, false, true), (7, false, false), (usize::MAX, true, true)]
        {
            let answer = match read(wire, size, to_head, keep) {
                Ok(answer) => answer,
                Err(error) => {
                    seen.push((0, 0, Some(error), false));
                    continue;
                }
            };
            assert!((100..1000).contains(&answer.head.status));
            assert!(answer.size <= MAX_BODY && answer.head_bytes.len() <= wire.len());
            assert_eq!(answer.body.len() as u64, if keep { answer.size } else { 0 });
            assert!(!(answer.reusable && answer.error.is_some()));
            assert!(!to_head || answer.size == 0);
            seen.push((answer.head.status, answer.size, answer.error, answer.reusable));
            let response = Response {
                status: answer.head.status,
                reason: answer.head.reason,
                head: answer.head_bytes,
                encoded: answer.head.encoded,
                body: answer.body,
                size: answer.size,
                plan: Plan { keep, max: MAX_BODY, pause: false },
                trailers: answer.trailers,
                error: answer.error,
                ..Response::empty(url.clone(), answer.ended)
            };
            look_at_everything(&response, &jar, &url);
        }
        for pieces in &seen[1..3] {
            let (status, length, error, reusable) = seen[0];
            assert_eq!((status, error), (pieces.0, pieces.2), "the pieces make a difference");
            // Of a body that is too long or broken, more or less may have come before that showed; and what comes behind
            // an answer shows later.
            assert!(
                error.is_some() || length == pieces.1 && (!reusable || pieces.3),
                "{:?} {pieces:?}",
                seen[0]
            );
        }
        (seen[0].0 / 100, seen[0].2, seen[0].3, seen[0].1.min(2))
    });
}

fn look_at_everything(response: &Response, jar: &Jar, url: &Url) {
    let _ = (response.reason(), response.text(), response.cookies());
    jar.keep(url, response.headers());
    jar.header(url, std::iter::empty::<&http::HeaderValue>);
    if let Some(Ok(target)) = redirect::target(response.status, url, response.headers()) {
        assert!(is_target(target.path_and_query()), "{target}");
    }
}

/// Whether it can stand in a request line (RFC 9112, section 3.2.1).
fn is_target(text: &str) -> bool {
    text.starts_with('/') && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(plain).expect("memory");
    encoder.finish().expect("memory")
}

fn zlib(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(plain).expect("memory");
    encoder.finish().expect("memory")
}

#[test]
fn fuzz_decoders() {
    let plain = b"hello hello hello, {\"id\": 7, \"name\": \"Kettle\", \"tags\": [\"a\", \"b\"]}".as_slice();
    let zeros = vec![0; 100_000];
    let fast = ruzstd::encoding::CompressionLevel::Fastest;
    // `hello hello hello` by the reference encoder of brotli, and an empty body.
    let brotli = [27, 16, 0, 248, 141, 148, 110, 222, 68, 85, 134, 150, 108, 32, 111, 1, 79, 28, 96, 28];
    let bodies = [
        gzip(plain),
        gzip(&zeros),
        [gzip(plain), gzip(plain)].concat(),
        zlib(plain),
        zlib(&zeros)[2..].to_vec(),
        ruzstd::encoding::compress_to_vec(plain, fast),
        ruzstd::encoding::compress_to_vec(zeros.as_slice(), fast),
        brotli.to_vec(),
        vec![0x3b],
        plain.to_vec(),
    ];
    // The first byte says how the rest is encoded.
    let corpus: Vec<Vec<u8>> = bodies
        .iter()
        .flat_map(|body| (0..ENCODINGS.len()).map(move |which| [&[which as u8], body.as_slice()].concat()))
        .collect();
    let corpus: Vec<&[u8]> = corpus.iter().map(Vec::as_slice).collect();
    fuzz("decoders", &corpus, &["\u{1f}\u{8b}", "\0\0\0\0"], |input| {
        let Some((which, body)) = input.split_first() else { return (0, Ok(0)) };
        let which = usize::from(*which) % ENCODINGS.len();
        let value = ENCODINGS[which].parse().expect("a value");
        let headers = HeaderMap::from_iter([(CONTENT_ENCODING, value)]);
        let decoded = decode::decoded(&headers, &Bytes::copy_from_slice(body), MAX_DECODED);
        if let Ok(decoded) = &decoded {
            assert!(decoded.len() as u64 <= MAX_DECODED);
            let _ = decode::text(&headers, decoded);
        }
        (which, decoded.map(|decoded| decoded.len().min(2)))
    });
}

/// What a body may be when it is decoded.
const MAX_DECODED: u64 = 1 << 20;

const ENCODINGS: [&str; 6] = ["gzip", "deflate", "br", "zstd", "gzip, gzip", "x"];

#[test]
fn fuzz_cookies() {
    let corpus: [&[u8]; 5] = [
        b"SID=31d4d96e407aad42; Path=/; Secure; HttpOnly",
        b"lang=en-US; Expires=Wed, 09 Jun 2027 10:18:14 GMT",
        b"a=\"b c\"; Max-Age=3600; Domain=.h; SameSite=None; Partitioned",
        b"=; ;;Path=//; Domain=",
        b"__Host-x=%C3%BC; Path=/a/b; Max-Age=-1",
    ];
    let words = [
        ";",
        "=",
        ",",
        "Max-Age=",
        "Expires=",
        "Domain=h",
        "Path=/",
        "\"",
        "ü",
        " ",
        "Thu, 01 Jan 1970 00:00:00 GMT",
    ];
    let url = Url::parse_absolute("https://h/a/b").expect("a url");
    fuzz("cookies", &corpus, &words, |text| {
        let Ok(value) = http::HeaderValue::from_bytes(text) else { return (0, 0) };
        let jar = Jar::default();
        jar.keep(&url, &HeaderMap::from_iter([(SET_COOKIE, value)]));
        let header = jar.header(&url, std::iter::empty::<&http::HeaderValue>);
        if let Some(header) = &header {
            assert!(http::HeaderValue::from_bytes(header).is_ok(), "{}", header.escape_ascii());
        }
        (jar.list(&url).len(), header.map_or(0, |header| header.len()))
    });
}

#[test]
fn fuzz_urls() {
    let corpus: [&[u8]; 8] = [
        b"http://user:p%40ss@h:8080/base/a?b=c&d=e#f",
        b"https://[2001:db8::1]:443/",
        b"//other/x/../y/./z",
        b"../../a;b=c?d",
        "/ü x?y=ž#w".as_bytes(),
        b"http://xn--bcher-kva.example/%zz",
        b"HTTP://1.2.3/0x7f",
        b"mailto:a@b",
    ];
    let words = [
        "http://", "https://", "//", "/", "?", "#", "@", ":", "[", "]", "%", "..", "\\", " ", "\t", "\n",
        "ü", "\u{202e}", "xn--", "0x",
    ];
    let base = Url::parse_absolute("http://h/a/b?c").expect("a url");
    fuzz("urls", &corpus, &words, |text| {
        let text = String::from_utf8_lossy(text);
        let sendable = |url: &Url| {
            assert!(is_target(url.path_and_query()), "{url}");
            // What is shown of a url is one.
            assert!(Url::parse_absolute(&url.to_string()).is_ok(), "{url}");
        };
        let _ = Base::parse(&text).map(|base| sendable(&Url::with_path(base.origin, &text)));
        let _ = super::without_password(&text);
        let (absolute, joined) = (Url::parse_absolute(&text), base.join(&text));
        absolute.iter().chain(&joined).for_each(sendable);
        (absolute.err(), joined.err())
    });
}

#[test]
fn fuzz_proxies_and_addresses() {
    let corpus: [&[u8]; 6] = [
        b"http://user:p%40ss@proxy.example:3128",
        b"socks5h://[::1]:1080/",
        b"localhost,.example.org,10.0.0.0/8,[2001:db8::]/32",
        b"10.0.0.1-10.0.0.20,10.1.0.0/30",
        b"127.0.0.1",
        b"*.example.org:8080",
    ];
    let words = [
        "http://",
        "socks5://",
        ":",
        "@",
        "/",
        "-",
        ",",
        "*",
        ".",
        "[",
        "]",
        "%",
        "/0",
        "/33",
        "/129",
        "0.0.0.0",
        "::",
        "ü",
        " ",
    ];
    fuzz("proxies", &corpus, &words, |text| {
        let text = String::from_utf8_lossy(text);
        let addresses = parse_addresses(&text);
        // What a user writes in one line names no more than a machine can have.
        assert!(addresses.as_ref().map_or(0, Vec::len) <= 1 << 16);
        let bypass = NoProxy::parse(text.split(','));
        (Proxy::parse(&text).is_ok(), bypass.is_ok(), addresses.map(|addresses| addresses.len().min(3)).ok())
    });
}
