//! The state of the shop, and what a handler is given.

use super::catalogue::Catalogue;
use super::orders::Orders;
use super::refusal::Refusal;
use super::reply::{self, Reply};
use super::routes::{Found, Verb};
use super::sessions::{Session, Sessions};
use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderValue, LOCATION};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value};
use std::borrow::Cow;
use url::form_urlencoded;

/// Everything that requests can change.
pub(super) struct Shop {
    pub(super) catalogue: Catalogue,
    pub(super) sessions: Sessions,
    pub(super) orders: Orders,
}

impl Shop {
    pub(super) fn new() -> Self {
        Self { catalogue: Catalogue::new(), sessions: Sessions::new(), orders: Orders::new() }
    }
}

/// One request that was received completely.
pub(super) struct Call<'a> {
    pub(super) head: &'a Parts,
    pub(super) verb: Verb,
    pub(super) found: Found<'a>,
    pub(super) body: &'a Bytes,
}

impl<'a> Call<'a> {
    /// The pairs of the query, decoded.
    pub(super) fn query(&self) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> {
        form_urlencoded::parse(self.head.uri.query().unwrap_or("").as_bytes())
    }

    /// The number that stands in the path, if it is one.
    pub(super) fn number(&self) -> Option<u64> {
        self.found.argument.parse().ok()
    }

    /// The body, if it is a JSON object.
    pub(super) fn json_object(&self) -> Result<Map<String, Value>, Refusal> {
        match serde_json::from_slice(self.body) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => Err(Refusal::bad_request("the body must be a JSON object")),
            Err(error) => Err(Refusal::bad_request(format!("the body is not JSON: {error}"))),
        }
    }

    /// The number and the session of the bearer token.
    pub(super) fn session<'s>(&self, sessions: &'s mut Sessions) -> Result<(u64, &'s mut Session), Refusal> {
        let found = bearer(&self.head.headers).and_then(|token| sessions.find(token));
        found.ok_or_else(|| Refusal::unauthorized("a bearer token of POST /login is needed"))
    }

    /// 201 for something new at `path`, which gets the prefix that the request came under.
    pub(super) fn created(&self, path: &str, json: Bytes) -> Reply {
        let prefix = if self.found.api { "/api" } else { "" };
        let mut reply = reply::json(StatusCode::CREATED, json);
        let location = HeaderValue::try_from(format!("{prefix}{path}"));
        reply.headers_mut().insert(LOCATION, location.expect("our own paths are ASCII"));
        reply
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
