//! Names with their values, in order: what `params`, `form`, `headers`, `cookies` and `multipart` are given as.

use super::convert::{refuse, string, type_text};
use rhai::{Array, Dynamic, EvalAltResult, Map};
use url::form_urlencoded;

type Result<T> = std::result::Result<T, Box<EvalAltResult>>;

/// A string, number, boolean or character as it stands in a query, form or header.
pub(in crate::script) fn scalar(what: &str, value: &Dynamic) -> Result<String> {
    if is_scalar(value) {
        return Ok(value.to_string());
    }
    Err(refuse(format!(
        "a value of `{what}` must be a string, a number or a boolean, not {}",
        type_text(value)
    )))
}

/// Whether [`scalar`] takes this value.
pub(in crate::script) fn is_scalar(value: &Dynamic) -> bool {
    value.is_string() || value.is_int() || value.is_float() || value.is_bool() || value.is_char()
}

/// Names with their values as `read` reads them, in order: from a map, or from an array of `[name, value]` pairs. An array
/// value repeats the name; `()` leaves no value.
pub(in crate::script) fn entries<T>(
    what: &str,
    value: &Dynamic,
    read: impl Fn(&Dynamic) -> Result<T>,
) -> Result<Vec<(String, Vec<T>)>> {
    let values = |value: &Dynamic| -> Result<Vec<T>> {
        if value.is_unit() {
            return Ok(Vec::new());
        }
        match value.read_lock::<Array>() {
            Some(items) => items.iter().filter(|item| !item.is_unit()).map(&read).collect(),
            None => Ok(vec![read(value)?]),
        }
    };
    if let Some(map) = value.read_lock::<Map>() {
        return map.iter().map(|(name, value)| Ok((name.to_string(), values(value)?))).collect();
    }
    let wrong = |found: &Dynamic| {
        let found = type_text(found);
        refuse(format!("`{what}` must be a map or an array of [name, value] pairs, and has {found} there"))
    };
    let array = value.read_lock::<Array>().ok_or_else(|| {
        let found = type_text(value);
        refuse(format!("`{what}` must be a map or an array of [name, value] pairs, not {found}"))
    })?;
    array
        .iter()
        .map(|item| {
            let pair = item.read_lock::<Array>().filter(|pair| pair.len() == 2).ok_or_else(|| wrong(item))?;
            Ok((string(&format!("a name in `{what}`"), &pair[0])?.into(), values(&pair[1])?))
        })
        .collect()
}

/// Names with one plain value each: a name with several values comes several times.
pub(super) fn pairs(what: &str, value: &Dynamic) -> Result<Vec<(String, String)>> {
    let entries = entries(what, value, |value| scalar(what, value))?;
    let flat =
        entries.into_iter().flat_map(|(name, values)| values.into_iter().map(move |v| (name.clone(), v)));
    Ok(flat.collect())
}

/// Cookies by name, as a `Cookie` header can hold them.
pub(in crate::script) fn cookies(what: &str, value: &Dynamic) -> Result<Vec<(String, String)>> {
    let cookies = pairs(what, value)?;
    for (name, value) in &cookies {
        let ends_it = |c: char| c == ';' || c.is_control();
        if name.is_empty() || name.contains(|c: char| c == '=' || c.is_whitespace() || ends_it(c)) {
            return Err(refuse(format!("`{name}` in `{what}` cannot be the name of a cookie")));
        }
        if value.contains(ends_it) {
            return Err(refuse(format!(
                "the value of cookie `{name}` has a `;` or a control character, where it would end"
            )));
        }
    }
    Ok(cookies)
}

/// Names with their values as the text of a query or a form; a string is taken as it is.
pub(in crate::script) fn form_text(what: &str, value: &Dynamic) -> Result<String> {
    if value.is_string() {
        return Ok(string(what, value)?.into());
    }
    let mut text = form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(pairs(what, value)?);
    Ok(text.finish())
}
