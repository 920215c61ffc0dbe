//! Values that scripts give, read with messages that say what was expected.

use crate::util::parse_timespan;
use rhai::{Dynamic, EvalAltResult, Position};
use std::time::Duration;

/// The longest duration that a script may ask for: a year, in seconds.
const LONGEST: f64 = 366.0 * 86_400.0;

/// A mistake of the script's, as the exception that it becomes.
pub(in crate::script) fn refuse(message: impl Into<String>) -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorRuntime(message.into().into(), Position::NONE))
}

/// What a value is called in a message.
pub(in crate::script) fn type_text(value: &Dynamic) -> &'static str {
    match value.type_name() {
        "()" => "()",
        "i64" => "an integer",
        "f64" => "a float",
        "bool" => "a boolean",
        "char" => "a character",
        "Fn" => "a function",
        _ if value.is_string() => "a string",
        _ if value.is_array() => "an array",
        _ if value.is_map() => "a map",
        _ if value.is_blob() => "a blob",
        _ => "another kind of value",
    }
}

/// A number, from an integer or a float.
pub(in crate::script) fn number(what: &str, value: &Dynamic) -> Result<f64, Box<EvalAltResult>> {
    #[expect(clippy::cast_precision_loss, reason = "numbers in scripts are counts and seconds")]
    let number = value.as_int().map(|integer| integer as f64).or_else(|_| value.as_float());
    match number {
        Ok(number) if number.is_finite() => Ok(number),
        Ok(number) => Err(refuse(format!("{what} must be a finite number, not {number}"))),
        Err(_) => Err(refuse(format!("{what} must be a number, not {}", type_text(value)))),
    }
}

/// A whole number, from an integer or a float without a fraction.
pub(in crate::script) fn whole(what: &str, value: &Dynamic) -> Result<i64, Box<EvalAltResult>> {
    if let Ok(integer) = value.as_int() {
        return Ok(integer);
    }
    match number(what, value)? {
        // Beyond 2^53 a float has no fraction, but is not exact either.
        #[expect(clippy::cast_possible_truncation, reason = "within the bounds")]
        whole if whole.fract() == 0.0 && whole.abs() <= 9e15 => Ok(whole as i64),
        other => Err(refuse(format!("{what} must be a whole number, not {other}"))),
    }
}

/// A weight: a number of at least 0.
pub(in crate::script) fn weight(value: &Dynamic) -> Result<f64, Box<EvalAltResult>> {
    match number("a weight", value)? {
        weight if weight >= 0.0 => Ok(weight),
        weight => Err(refuse(format!("a weight must not be negative, but is {weight}; 0 switches off"))),
    }
}

/// A duration: a number of seconds, or a string with a unit.
pub(in crate::script) fn duration(what: &str, value: &Dynamic) -> Result<Duration, Box<EvalAltResult>> {
    if let Ok(text) = value.clone().into_immutable_string() {
        return parse_timespan(&text).map_err(|error| refuse(format!("{what}: {error}")));
    }
    match number(what, value)? {
        seconds if (0.0..=LONGEST).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        seconds => Err(refuse(format!("{what} must be between 0 seconds and a year, but is {seconds}"))),
    }
}

/// A boolean.
pub(in crate::script) fn boolean(what: &str, value: &Dynamic) -> Result<bool, Box<EvalAltResult>> {
    value.as_bool().map_err(|_| refuse(format!("{what} must be true or false, not {}", type_text(value))))
}

/// A string.
pub(in crate::script) fn string(
    what: &str,
    value: &Dynamic,
) -> Result<rhai::ImmutableString, Box<EvalAltResult>> {
    let text = value.clone().into_immutable_string();
    text.map_err(|_| refuse(format!("{what} must be a string, not {}", type_text(value))))
}

/// A list of strings: an array, or one string.
pub(in crate::script) fn strings(what: &str, value: &Dynamic) -> Result<Vec<String>, Box<EvalAltResult>> {
    if value.is_string() {
        return Ok(vec![string(what, value)?.into()]);
    }
    match value.read_lock::<rhai::Array>() {
        Some(items) => items.iter().map(|item| string(what, item).map(Into::into)).collect(),
        None => Err(refuse(format!("{what} must be an array of strings, not {}", type_text(value)))),
    }
}
