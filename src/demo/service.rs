//! From a request head to its answer.

use super::ledger::Counters;
use super::probes::{self, Fixed};
use super::refusal::Refusal;
use super::reply::{self, Reply};
use super::routes::{self, Found, Route, Verb};
use super::shop::{Call, Shop};
use super::{account, items, sale};
use bytes::{Bytes, BytesMut};
use http::header::{ALLOW, HeaderValue};
use http::request::Parts;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A body that is kept to be looked at.
const LARGEST_BODY: usize = 1024 * 1024;
/// A body that is still read, and thrown away, so that its sender gets to see the answer 413.
const LARGEST_DRAINED: usize = 64 * 1024 * 1024;

/// What all connections share. They all live on one thread.
pub(super) struct Service {
    pub(super) counters: Arc<Counters>,
    pub(super) shop: RefCell<Shop>,
    pub(super) fixed: Fixed,
}

/// The connection is to be closed without an answer.
#[derive(Debug)]
pub(super) struct Hangup;

impl fmt::Display for Hangup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("closed without an answer")
    }
}

impl std::error::Error for Hangup {}

impl Service {
    /// Answers one request; it has been counted already.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Result<Reply, Hangup> {
        let (head, body) = request.into_parts();
        let Some(body) = read(body).await? else {
            return Ok(Refusal::too_large("a body is at most 1 MiB").into_reply());
        };
        let (verb, found) = place(&head);
        let call = Call { head: &head, verb, found, body: &body };
        match found.route {
            route if !route.allows(verb) => Ok(allowed(StatusCode::METHOD_NOT_ALLOWED, route)),
            route if verb == Verb::Options && !matches!(route, Route::Echo | Route::Unknown) => {
                Ok(allowed(StatusCode::NO_CONTENT, route))
            }
            Route::Close => Err(Hangup),
            Route::Delay => {
                let ms = probes::delay_ms(&call);
                tokio::time::sleep(Duration::from_millis(ms.unwrap_or(0))).await;
                Ok(probes::delayed(ms))
            }
            _ => Ok(self.handle(&call)),
        }
    }

    /// Counts a request, whose head has just been read.
    pub(super) fn count(&self, request: &Request<Incoming>) {
        self.counters.count(routes::find(request.uri().path()), Verb::of(request.method()));
    }

    fn handle(&self, call: &Call<'_>) -> Reply {
        let shop = &mut *self.shop.borrow_mut();
        match call.found.route {
            Route::Items => granted(items::collection(&mut shop.catalogue, call)),
            Route::Item => granted(items::single(&mut shop.catalogue, call)),
            Route::Login => granted(account::login(&mut shop.sessions, call)),
            Route::Private => granted(account::private(&mut shop.sessions, call)),
            Route::Me => granted(account::me(&mut shop.sessions, call)),
            Route::Cart => granted(sale::cart(shop, call)),
            Route::Orders => granted(sale::orders(shop, call)),
            Route::Order => granted(sale::order(shop, call)),
            Route::Index => self.fixed.index(),
            Route::Html => probes::html(),
            Route::Status => probes::status(call),
            Route::Bytes => self.fixed.bytes(call),
            Route::Events => probes::events(call),
            Route::Redirect => probes::redirect(call),
            Route::Cookies => probes::cookies(call),
            Route::CookiesSet => probes::set_cookies(call),
            Route::Gzip => self.fixed.gzip(),
            Route::Deflate => self.fixed.deflate(),
            Route::Echo => probes::echo(call),
            Route::Ledger => reply::value(StatusCode::OK, &self.counters.snapshot()),
            Route::LedgerReset => {
                self.counters.reset();
                reply::empty(StatusCode::NO_CONTENT)
            }
            Route::Close | Route::Delay | Route::Unknown => {
                Refusal::not_found("no such path; GET / lists them").into_reply()
            }
        }
    }
}

fn granted(answer: Result<Reply, Refusal>) -> Reply {
    answer.unwrap_or_else(Refusal::into_reply)
}

fn place(head: &Parts) -> (Verb, Found<'_>) {
    (Verb::of(&head.method), routes::find(head.uri.path()))
}

/// An answer that says which methods there are.
fn allowed(status: StatusCode, route: Route) -> Reply {
    let mut reply = match status {
        StatusCode::NO_CONTENT => reply::empty(status),
        _ => reply::error(status, &format!("{} knows only {}", route.pattern(), route.allow())),
    };
    let allow = HeaderValue::try_from(route.allow()).expect("method names are ASCII");
    reply.headers_mut().insert(ALLOW, allow);
    reply
}

/// The whole body; nothing if it is too large to be kept, an error if it breaks off or never ends.
async fn read(mut body: Incoming) -> Result<Option<Bytes>, Hangup> {
    if body.is_end_stream() {
        return Ok(Some(Bytes::new()));
    }
    let mut kept = BytesMut::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Hangup)?.into_data() else { continue };
        length += data.len();
        if length > LARGEST_DRAINED {
            return Err(Hangup);
        }
        if length <= LARGEST_BODY {
            kept.extend_from_slice(&data);
        }
    }
    Ok((length <= LARGEST_BODY).then(|| kept.freeze()))
}
