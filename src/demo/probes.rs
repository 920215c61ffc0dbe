//! The routes that are there to test clients: statuses, sizes, redirects, cookies, encodings, echo.

use super::refusal::Refusal;
use super::reply::{self, Payload, Reply};
use super::routes::{ROWS, Route};
use super::shop::Call;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use http::header::{
    ALLOW, CONTENT_ENCODING, CONTENT_TYPE, COOKIE, HeaderMap, HeaderValue, LOCATION, SET_COOKIE,
};
use http::{Response, StatusCode};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::io::Write as _;

/// One gibibyte.
const MOST_BYTES: u64 = 1 << 30;
/// Ten minutes.
const LONGEST_DELAY_MS: u64 = 600_000;
const MOST_EVENTS: u64 = 1_000_000;
const MOST_REDIRECTS: u64 = 1_000;

/// Bodies that are the same for everyone, made once.
pub(super) struct Fixed {
    index: Bytes,
    gzip: Bytes,
    deflate: Bytes,
    filler: Bytes,
}

impl Fixed {
    pub(super) fn new() -> Self {
        let text = |encoding: &str| {
            reply::to_json(&json!({ "encoding": encoding, "text": "stridulate ".repeat(40) }))
        };
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        let mut deflate = ZlibEncoder::new(Vec::new(), Compression::default());
        let gzip = gzip.write_all(&text("gzip")).and_then(|()| gzip.finish());
        let deflate = deflate.write_all(&text("deflate")).and_then(|()| deflate.finish());
        Self {
            index: index().into(),
            gzip: gzip.expect("writing to memory cannot fail").into(),
            deflate: deflate.expect("writing to memory cannot fail").into(),
            filler: Bytes::from(vec![b'x'; 64 * 1024]),
        }
    }

    /// `GET /`
    pub(super) fn index(&self) -> Reply {
        reply::content(StatusCode::OK, "text/plain; charset=utf-8", self.index.clone())
    }

    /// `GET /gzip`
    pub(super) fn gzip(&self) -> Reply {
        encoded(self.gzip.clone(), "gzip")
    }

    /// `GET /deflate`
    pub(super) fn deflate(&self) -> Reply {
        encoded(self.deflate.clone(), "deflate")
    }

    /// `GET /bytes/{n}`
    pub(super) fn bytes(&self, call: &Call<'_>) -> Reply {
        match call.number() {
            Some(size @ ..=MOST_BYTES) => Response::new(Payload::repeated(self.filler.clone(), size)),
            _ => Refusal::bad_request("a size is 0 to 1073741824 bytes").into_reply(),
        }
    }
}

/// `GET /events/{n}`
pub(super) fn events(call: &Call<'_>) -> Reply {
    const EVENT: &[u8] = b"event: chirp\ndata: katy did\n\n";
    match call.number() {
        Some(count @ ..=MOST_EVENTS) => {
            let body = Payload::repeated(Bytes::from_static(EVENT), count * EVENT.len() as u64);
            let mut reply = Response::new(body);
            reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
            reply
        }
        _ => Refusal::bad_request("a number of events is 0 to 1000000").into_reply(),
    }
}

fn encoded(body: Bytes, encoding: &'static str) -> Reply {
    let mut reply = reply::json(StatusCode::OK, body);
    reply.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    reply
}

/// The list of all routes as text.
fn index() -> String {
    let mut text = String::from("katydid's demo shop\n\nThe shop, also under /api:\n");
    for row in &ROWS {
        if row.route == Route::Index {
            text.push_str("\nTo test clients:\n");
        }
        let verbs: Vec<_> = row.verbs.iter().map(|verb| verb.name()).collect();
        let verbs = if verbs.len() > 4 { "any".to_owned() } else { verbs.join(" ") };
        writeln!(text, "  {:<16} {:<22} {}", row.pattern, verbs, row.about).expect("a string takes any text");
    }
    text
}

/// `GET /html`
pub(super) fn html() -> Reply {
    const PAGE: &str = include_str!("page.html");
    reply::content(StatusCode::OK, "text/html; charset=utf-8", Bytes::from_static(PAGE.as_bytes()))
}

/// `/status/{code}`
pub(super) fn status(call: &Call<'_>) -> Reply {
    let code = call.number().and_then(|code| u16::try_from(code).ok()).filter(|code| *code >= 200);
    match code.and_then(|code| StatusCode::from_u16(code).ok()) {
        Some(code @ (StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED)) => {
            reply::empty(code)
        }
        Some(code) => reply::value(code, &json!({ "status": code.as_u16() })),
        None => Refusal::bad_request("a status is 200 to 999").into_reply(),
    }
}

/// How long `/delay/{ms}` waits, in milliseconds; nothing when it cannot.
pub(super) fn delay_ms(call: &Call<'_>) -> Option<u64> {
    call.number().filter(|ms| *ms <= LONGEST_DELAY_MS)
}

/// `/delay/{ms}`, after the wait.
pub(super) fn delayed(ms: Option<u64>) -> Reply {
    match ms {
        Some(ms) => reply::value(StatusCode::OK, &json!({ "delay_ms": ms })),
        None => Refusal::bad_request("a delay is 0 to 600000 milliseconds").into_reply(),
    }
}

/// `/redirect/{n}`
pub(super) fn redirect(call: &Call<'_>) -> Reply {
    let status = call.query().find(|(name, _)| name == "status").map(|(_, value)| value);
    let code = match status.as_deref() {
        None | Some("302") => StatusCode::FOUND,
        Some("301") => StatusCode::MOVED_PERMANENTLY,
        Some("303") => StatusCode::SEE_OTHER,
        Some("307") => StatusCode::TEMPORARY_REDIRECT,
        Some("308") => StatusCode::PERMANENT_REDIRECT,
        Some(_) => {
            return Refusal::bad_request("a redirect's status is 301, 302, 303, 307 or 308").into_reply();
        }
    };
    match call.number() {
        Some(0) => reply::value(StatusCode::OK, &json!({ "redirected": true })),
        Some(left @ ..=MOST_REDIRECTS) => {
            let query = status.map_or(String::new(), |status| format!("?status={status}"));
            let location = HeaderValue::try_from(format!("/redirect/{}{query}", left - 1));
            let mut reply = reply::empty(code);
            reply.headers_mut().insert(LOCATION, location.expect("a number and a known status are ASCII"));
            reply
        }
        _ => Refusal::bad_request("a number of redirects is 0 to 1000").into_reply(),
    }
}

/// `GET /cookies/set?name=value`: the pairs go into cookies as they stand in the query.
pub(super) fn set_cookies(call: &Call<'_>) -> Reply {
    let mut set = Map::new();
    let mut reply = reply::empty(StatusCode::OK);
    for pair in call.head.uri.query().unwrap_or("").split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let Ok(cookie) = HeaderValue::try_from(format!("{name}={value}; Path=/")) else {
            return Refusal::bad_request("a cookie is name=value in ASCII").into_reply();
        };
        reply.headers_mut().append(SET_COOKIE, cookie);
        set.insert(name.to_owned(), value.into());
    }
    let mut body = reply::value(StatusCode::OK, &json!({ "set": set }));
    body.headers_mut().extend(std::mem::take(reply.headers_mut()));
    body
}

/// `GET /cookies`
pub(super) fn cookies(call: &Call<'_>) -> Reply {
    let headers = call.head.headers.get_all(COOKIE).into_iter().filter_map(|header| header.to_str().ok());
    let pairs = headers.flat_map(|header| header.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let cookies: Map<_, Value> = pairs.map(|(name, value)| (name.to_owned(), value.into())).collect();
    reply::value(StatusCode::OK, &json!({ "cookies": cookies }))
}

/// `/echo`
pub(super) fn echo(call: &Call<'_>) -> Reply {
    let mut query = Map::new();
    for (name, value) in call.query() {
        add(&mut query, &name, value.into_owned());
    }
    let mut reply = reply::value(
        StatusCode::OK,
        &json!({
            "method": call.head.method.as_str(),
            "path": call.head.uri.path(),
            "query": query,
            "headers": headers(&call.head.headers),
            "body": String::from_utf8_lossy(call.body),
        }),
    );
    let allow = HeaderValue::try_from(Route::Echo.allow()).expect("method names are ASCII");
    reply.headers_mut().insert(ALLOW, allow);
    reply
}

fn headers(headers: &HeaderMap) -> Map<String, Value> {
    let mut map = Map::new();
    for (name, value) in headers {
        add(&mut map, name.as_str(), String::from_utf8_lossy(value.as_bytes()).into_owned());
    }
    map
}

/// Puts a value under its name; a name that comes again holds an array.
fn add(map: &mut Map<String, Value>, name: &str, value: String) {
    match map.get_mut(name) {
        None => {
            map.insert(name.to_owned(), value.into());
        }
        Some(Value::Array(values)) => values.push(value.into()),
        Some(first) => *first = json!([first.take(), value]),
    }
}
