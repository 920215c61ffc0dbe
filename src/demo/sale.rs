//! `/cart`, `/orders` and `/orders/{id}`: all of them belong to the holder of a bearer token.
//!
//! To order does not lower the stock: a load test would soon have sold out the shop.

use super::catalogue::Catalogue;
use super::refusal::Refusal;
use super::reply::{self, Reply};
use super::routes::Verb;
use super::sessions::Session;
use super::shop::{Call, Shop};
use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// Of one item in one request.
const GREATEST_QUANTITY: u64 = 1_000;

/// `GET`, `POST` and `DELETE /cart`
pub(super) fn cart(shop: &mut Shop, call: &Call<'_>) -> Result<Reply, Refusal> {
    let (_, session) = call.session(&mut shop.sessions)?;
    match call.verb {
        Verb::Post => {
            let (item, quantity) = wish(&shop.catalogue, &call.json_object()?)?;
            session.put_in_cart(item, quantity);
        }
        Verb::Delete => {
            session.cart.clear();
            return Ok(reply::empty(StatusCode::NO_CONTENT));
        }
        _ => {}
    }
    Ok(reply::value(StatusCode::OK, &shown(&shop.catalogue, session)))
}

/// `GET` and `POST /orders`
pub(super) fn orders(shop: &mut Shop, call: &Call<'_>) -> Result<Reply, Refusal> {
    let (number, session) = call.session(&mut shop.sessions)?;
    if call.verb == Verb::Post {
        let (item, quantity) = wish(&shop.catalogue, &call.json_object()?)?;
        let total = cost(&shop.catalogue, item, quantity);
        let write = |id| {
            let user = &session.user;
            reply::to_json(&Order { id, item, quantity, total, user })
        };
        let (id, json) = shop.orders.place(number, write);
        session.remember_order(id);
        return Ok(call.created(&format!("/orders/{id}"), json));
    }
    let kept: Vec<_> = session.orders.iter().filter_map(|id| shop.orders.json(number, *id)).collect();
    let things: Vec<_> = kept.iter().collect();
    Ok(reply::json(StatusCode::OK, reply::page(&things, things.len(), None)))
}

/// `GET /orders/{id}`
pub(super) fn order(shop: &mut Shop, call: &Call<'_>) -> Result<Reply, Refusal> {
    let (session, _) = call.session(&mut shop.sessions)?;
    let json = call.number().and_then(|id| shop.orders.json(session, id));
    json.map(|json| reply::json(StatusCode::OK, json)).ok_or_else(|| Refusal::not_found("no such order"))
}

#[derive(Serialize)]
struct Order<'a> {
    id: u64,
    item: u64,
    quantity: u64,
    total: f64,
    user: &'a str,
}

/// The item and the quantity that a request asks for.
fn wish(catalogue: &Catalogue, fields: &Map<String, Value>) -> Result<(u64, u64), Refusal> {
    let item = fields.get("item").and_then(Value::as_u64);
    let item = item.ok_or_else(|| Refusal::unprocessable("`item` must be the number of an item"))?;
    let quantity = fields.get("quantity").map_or(Some(1), Value::as_u64);
    let quantity = quantity.filter(|quantity| (1..=GREATEST_QUANTITY).contains(quantity));
    let quantity = quantity.ok_or_else(|| Refusal::unprocessable("`quantity` must be 1 to 1000"))?;
    catalogue.item(item).ok_or_else(|| Refusal::not_found("no such item"))?;
    Ok((item, quantity))
}

/// What so many of an item cost; nothing when it has gone in the meantime.
fn cost(catalogue: &Catalogue, item: u64, quantity: u64) -> f64 {
    let price = catalogue.item(item).map_or(0.0, |item| item.price);
    #[expect(clippy::cast_precision_loss, reason = "quantities in a cart are far below 2^53")]
    let exact = price * quantity as f64;
    cents(exact)
}

fn cents(amount: f64) -> f64 {
    (amount * 100.0).round() / 100.0
}

/// A cart as JSON.
fn shown(catalogue: &Catalogue, session: &Session) -> Value {
    let line = |(item, quantity): &(u64, u64)| json!({ "item": item, "quantity": quantity });
    let items: Vec<_> = session.cart.iter().map(line).collect();
    let total = session.cart.iter().map(|(item, quantity)| cost(catalogue, *item, *quantity)).sum();
    json!({ "items": items, "total": cents(total) })
}
