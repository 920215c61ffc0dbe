//! `/items` and `/items/{id}`.

use super::catalogue::{Catalogue, Item, Page};
use super::refusal::Refusal;
use super::reply::{self, Reply};
use super::routes::Verb;
use super::shop::Call;
use http::StatusCode;
use serde_json::{Map, Value};

/// Items on a page when the request does not say.
const DEFAULT_LIMIT: usize = 20;
/// More are never on one page.
const GREATEST_LIMIT: usize = 1_000;
/// Characters of a name.
const LONGEST_NAME: usize = 200;

/// `GET` and `POST /items`
pub(super) fn collection(catalogue: &mut Catalogue, call: &Call<'_>) -> Result<Reply, Refusal> {
    if call.verb != Verb::Post {
        return Ok(reply::json(StatusCode::OK, catalogue.page(page(call)?)));
    }
    let blank = Item { name: String::new(), price: -1.0, stock: 0 };
    let id = catalogue.create(changed(blank, &call.json_object()?)?);
    let json = catalogue.json(id).ok_or_else(|| Refusal::not_found("no such item"))?;
    Ok(call.created(&format!("/items/{id}"), json))
}

/// `GET`, `PUT`, `PATCH` and `DELETE /items/{id}`
pub(super) fn single(catalogue: &mut Catalogue, call: &Call<'_>) -> Result<Reply, Refusal> {
    let missing = || Refusal::not_found("no such item");
    let id = call.number().ok_or_else(missing)?;
    let old = match call.verb {
        Verb::Put => catalogue.item(id).map(|_| Item { name: String::new(), price: -1.0, stock: 0 }),
        Verb::Patch => catalogue.item(id).cloned(),
        Verb::Delete if catalogue.remove(id) => return Ok(reply::empty(StatusCode::NO_CONTENT)),
        Verb::Delete => return Err(missing()),
        _ => return catalogue.json(id).map(|json| reply::json(StatusCode::OK, json)).ok_or_else(missing),
    };
    catalogue.replace(id, changed(old.ok_or_else(missing)?, &call.json_object()?)?);
    catalogue.json(id).map(|json| reply::json(StatusCode::OK, json)).ok_or_else(missing)
}

/// The part of the list that the query asks for.
fn page(call: &Call<'_>) -> Result<Page, Refusal> {
    let mut page = Page { limit: DEFAULT_LIMIT, after: 0, offset: 0 };
    let mut number = None;
    for (name, value) in call.query() {
        let refuse = || Refusal::bad_request(format!("`{name}` must be a whole number, not `{value}`"));
        match &*name {
            "limit" => page.limit = value.parse().map_err(|_| refuse())?,
            "offset" => page.offset = value.parse().map_err(|_| refuse())?,
            "after" => page.after = value.parse().map_err(|_| refuse())?,
            "page" => number = Some(value.parse::<usize>().map_err(|_| refuse())?),
            _ => {}
        }
    }
    page.limit = page.limit.clamp(1, GREATEST_LIMIT);
    if let Some(number) = number {
        page.offset = number.saturating_sub(1).saturating_mul(page.limit);
    }
    Ok(page)
}

/// `old` with the fields that the request names.
fn changed(old: Item, fields: &Map<String, Value>) -> Result<Item, Refusal> {
    let name = match fields.get("name") {
        None => old.name,
        Some(name) => name.as_str().unwrap_or("").to_owned(),
    };
    let price = fields.get("price").map_or(Some(old.price), Value::as_f64).unwrap_or(-1.0);
    let stock = fields.get("stock").map_or(Some(old.stock), Value::as_u64);
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        return Err(Refusal::unprocessable("`name` must be a text of 1 to 200 characters"));
    }
    if price < 0.0 {
        return Err(Refusal::unprocessable("`price` must be a number, 0 or more"));
    }
    let stock = stock.ok_or_else(|| Refusal::unprocessable("`stock` must be a whole number, 0 or more"))?;
    Ok(Item { name, price, stock })
}
