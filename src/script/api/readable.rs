//! Values as people read them.

use crate::script::data::json;
use rhai::{Dynamic, ImmutableString, NativeCallContext};

/// Strings as they are, maps and arrays as JSON, anything that JSON cannot say as the script's own `to_string` does.
pub(super) fn readable(context: &NativeCallContext<'_>, value: &Dynamic) -> String {
    if let Some(text) = value.read_lock::<ImmutableString>() {
        return text.to_string();
    }
    if value.is_unit() {
        return "()".to_owned();
    }
    if value.is_char() {
        return value.to_string();
    }
    json::to_text(value).unwrap_or_else(|_| {
        let written = context.call_native_fn::<ImmutableString>(rhai::FUNC_TO_STRING, (value.clone(),));
        written.map_or_else(|_| value.to_string(), Into::into)
    })
}
