//! What native functions make of their arguments, and the errors that say which one was wrong and what it was.

use rhai::{Array, Dynamic, EvalAltResult, ImmutableString, Map, Position};

/// What a native function gives: a value, or an exception that a script can catch.
pub(in crate::script) type Answer<T> = Result<T, Box<EvalAltResult>>;

/// An exception with `text`; Rhai adds the place of the call.
pub(in crate::script) fn fail<T>(text: impl Into<String>) -> Answer<T> {
    Err(EvalAltResult::ErrorRuntime(text.into().into(), Position::NONE).into())
}

/// 2 to the 63rd: the first float above the range of integers.
const ABOVE_INTEGERS: f64 = 9_223_372_036_854_775_808.0;

/// `value` as a whole number; a float counts if it is one.
pub(in crate::script) fn whole(value: &Dynamic, call: &str, name: &str) -> Answer<i64> {
    if let Ok(number) = value.as_int() {
        return Ok(number);
    }
    match value.as_float() {
        Ok(number) if number.fract() == 0.0 && (-ABOVE_INTEGERS..ABOVE_INTEGERS).contains(&number) =>
        {
            #[expect(clippy::cast_possible_truncation, reason = "whole and in range, as just checked")]
            Ok(number as i64)
        }
        _ => wrong(value, call, name, "a whole number"),
    }
}

/// `value` as a finite number.
pub(in crate::script) fn number(value: &Dynamic, call: &str, name: &str) -> Answer<f64> {
    let number = match value.as_int() {
        #[expect(clippy::cast_precision_loss, reason = "a float is what is asked for")]
        Ok(number) => Some(number as f64),
        Err(_) => value.as_float().ok(),
    };
    match number {
        Some(number) if number.is_finite() => Ok(number),
        _ => wrong(value, call, name, "a number"),
    }
}

/// `value` as a count from 0 to `most`.
pub(in crate::script) fn count(value: &Dynamic, most: usize, call: &str, name: &str) -> Answer<usize> {
    let number = whole(value, call, name)?;
    match usize::try_from(number) {
        Ok(count) if count <= most => Ok(count),
        _ => wrong(value, call, name, &format!("from 0 to {most}")),
    }
}

/// `value` as text; a character counts.
pub(in crate::script) fn text(value: &Dynamic, call: &str, name: &str) -> Answer<ImmutableString> {
    if let Ok(character) = value.as_char() {
        return Ok(character.to_string().into());
    }
    match value.read_lock::<ImmutableString>() {
        Some(text) => Ok(text.clone()),
        None => wrong(value, call, name, "a string"),
    }
}

/// The bytes of a string or a blob.
pub(in crate::script) fn bytes(value: &Dynamic, call: &str, name: &str) -> Answer<Vec<u8>> {
    if let Some(blob) = value.read_lock::<rhai::Blob>() {
        return Ok(blob.clone());
    }
    match value.read_lock::<ImmutableString>() {
        Some(text) => Ok(text.as_bytes().to_vec()),
        None => wrong(value, call, name, "a string or a blob"),
    }
}

/// Calls `f` with the elements of `value`, an array.
pub(in crate::script) fn with_list<T>(
    value: &Dynamic,
    call: &str,
    name: &str,
    f: impl FnOnce(&Array) -> Answer<T>,
) -> Answer<T> {
    match value.read_lock::<Array>() {
        Some(list) => f(&list),
        None => wrong(value, call, name, "an array"),
    }
}

/// `options` as a map with none but the `known` keys; keys set to `()` are dropped, as if not given.
pub(in crate::script) fn options(value: &Dynamic, call: &str, known: &[&str]) -> Answer<Map> {
    if value.is_unit() {
        return Ok(Map::new());
    }
    let Some(map) = value.read_lock::<Map>() else {
        return wrong(value, call, "options", "a map `#{ .. }`");
    };
    if let Some(key) = map.keys().find(|key| !known.contains(&key.as_str())) {
        return fail(format!("{call}: {}", unknown("option", key, known)));
    }
    Ok(map
        .iter()
        .filter(|(_, value)| !value.is_unit())
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect())
}

/// `value` as true or false.
pub(in crate::script) fn truth(value: &Dynamic, call: &str, name: &str) -> Answer<bool> {
    value.as_bool().or_else(|_| wrong(value, call, name, "`true` or `false`"))
}

/// The exception for an argument that is not `wanted`.
pub(in crate::script) fn wrong<T>(value: &Dynamic, call: &str, name: &str, wanted: &str) -> Answer<T> {
    fail(format!("{call}: `{name}` must be {wanted}, not {}", describe(value)))
}

/// "unknown column `nmae`; did you mean `name`?", or the list of what there is.
pub(in crate::script) fn unknown(kind: &str, given: &str, known: &[&str]) -> String {
    match crate::util::nearest(given, known.iter().copied()) {
        Some(near) => format!("unknown {kind} `{given}`; did you mean `{near}`?"),
        None => format!("unknown {kind} `{given}`; there is {}", listed(known)),
    }
}

/// "`a`, `b`, `c`", cut after a dozen.
fn listed(names: &[&str]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    let shown: Vec<String> = names.iter().take(12).map(|name| format!("`{name}`")).collect();
    let rest = if names.len() > 12 { ", .." } else { "" };
    format!("{}{rest}", shown.join(", "))
}

/// A value as an error message names it.
pub(in crate::script) fn describe(value: &Dynamic) -> String {
    if value.is_locked() {
        return "a value in use".to_owned();
    }
    if let Some(text) = value.read_lock::<ImmutableString>() {
        let short: String = text.chars().take(40).collect();
        let rest = if short.len() < text.len() { ".." } else { "" };
        return format!("the string {short:?}{rest}");
    }
    if value.is_unit() {
        return "()".to_owned();
    }
    if value.is_int() || value.is_float() || value.is_bool() {
        return value.to_string();
    }
    match value {
        _ if value.is_array() => "an array".to_owned(),
        _ if value.is_map() => "a map".to_owned(),
        _ if value.is_blob() => "a blob".to_owned(),
        _ if value.is_fnptr() => "a function".to_owned(),
        _ if value.is_char() => format!("the character '{value}'"),
        _ if value.is_timestamp() => "a timestamp".to_owned(),
        _ => format!("a value of type {}", short_type(value.type_name())),
    }
}

/// The last part of a Rust path: how native types are called in messages.
fn short_type(name: &str) -> &str {
    name.rsplit("::").next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::{describe, number, options, text, whole};
    use rhai::{Array, Dynamic, Map};

    #[test]
    fn numbers_may_be_written_either_way() {
        assert_eq!(whole(&Dynamic::from(3.0), "f", "a").unwrap(), 3);
        assert_eq!(whole(&Dynamic::from(-7_i64), "f", "a").unwrap(), -7);
        assert_eq!(number(&Dynamic::from(2_i64), "f", "a").unwrap(), 2.0);
        for bad in [3.5, f64::NAN, f64::INFINITY, 9.3e18, -9.3e18] {
            assert!(whole(&Dynamic::from(bad), "f", "a").is_err(), "{bad}");
        }
        assert!(number(&Dynamic::from(f64::NAN), "f", "a").is_err());
    }

    #[test]
    fn says_which_argument_was_what() {
        let error = whole(&Dynamic::from("six"), "random::int(a, b)", "b").unwrap_err();
        assert_eq!(
            error.to_string(),
            "Runtime error: random::int(a, b): `b` must be a whole number, not the string \"six\""
        );
        assert!(text(&Dynamic::UNIT, "f", "a").unwrap_err().to_string().ends_with("not ()"));
        assert_eq!(describe(&Dynamic::from(Array::new())), "an array");
        assert_eq!(describe(&Dynamic::from(1.5)), "1.5");
    }

    #[test]
    fn options_refuse_unknown_keys_and_forget_units() {
        let map: Map = [("header".into(), Dynamic::UNIT), ("types".into(), Dynamic::TRUE)].into();
        let kept = options(&Dynamic::from(map), "f", &["header", "types"]).unwrap();
        assert_eq!(kept.keys().collect::<Vec<_>>(), ["types"]);
        let map: Map = [("heeder".into(), Dynamic::UNIT)].into();
        let error = options(&Dynamic::from(map), "f", &["header", "types"]).unwrap_err().to_string();
        assert!(error.ends_with("unknown option `heeder`; did you mean `header`?"), "{error}");
    }
}
