//! Script values and types as people read them: short, and without anything that differs from run to run.

use rhai::{Array, Dynamic, FnPtr, ImmutableString, Map};

/// Longer values are cut.
const LONGEST: usize = 200;

/// A thrown value: a string as it is, anything else as a script would write it.
pub(super) fn value(value: &Dynamic) -> String {
    let mut text = String::new();
    match value.read_lock::<ImmutableString>() {
        Some(string) => text.push_str(&string),
        None => write(&mut text, value, 0),
    }
    cut(text)
}

fn cut(text: String) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

fn write(out: &mut String, value: &Dynamic, depth: usize) {
    if out.len() > 4 * LONGEST || depth > 8 {
        out.push_str("..");
    } else if value.is_unit() {
        out.push_str("()");
    } else if let Some(string) = value.read_lock::<ImmutableString>() {
        out.push_str(&format!("{:?}", string.as_str()));
    } else if let Some(array) = value.read_lock::<Array>() {
        out.push('[');
        for (index, item) in array.iter().enumerate() {
            out.push_str(if index > 0 { ", " } else { "" });
            write(out, item, depth + 1);
        }
        out.push(']');
    } else if let Some(map) = value.read_lock::<Map>() {
        write_map(out, &map, depth);
    } else if let Some(pointer) = value.read_lock::<FnPtr>() {
        let name = pointer.fn_name();
        out.push_str(if pointer.is_anonymous() { "closure" } else { name });
    } else if is_plain(value) {
        out.push_str(&value.to_string());
    } else {
        out.push_str(&type_name(value.type_name()));
    }
}

fn write_map(out: &mut String, map: &Map, depth: usize) {
    out.push_str("#{");
    for (index, (key, item)) in map.iter().enumerate() {
        out.push_str(if index > 0 { ", " } else { " " });
        let quoted = format!("{:?}", key.as_str());
        out.push_str(if rhai::is_valid_identifier(key) { key.as_str() } else { &quoted });
        out.push_str(": ");
        write(out, item, depth + 1);
    }
    out.push_str(" }");
}

fn is_plain(value: &Dynamic) -> bool {
    value.is_int() || value.is_float() || value.is_bool() || value.is_char()
}

/// `alloc::string::String` is `string`, `i64` is `int`, a type of ours its last word.
pub(super) fn type_name(name: &str) -> String {
    match name.trim() {
        "i64" => "int".to_owned(),
        "f64" => "float".to_owned(),
        "&str | ImmutableString | String" | "&str" | "ImmutableString" | "String" => "string".to_owned(),
        "Fn" => "function".to_owned(),
        other => other.rsplit("::").next().unwrap_or(other).trim_end_matches('>').to_owned(),
    }
}

/// `f (i64, map)` is `f(int, map)`.
pub(super) fn signature(text: &str) -> String {
    let Some((name, arguments)) = text.split_once(" (") else { return text.to_owned() };
    let arguments = arguments.trim_end_matches(')');
    let types: Vec<_> = arguments.split(", ").filter(|name| !name.is_empty()).map(unit_or_type).collect();
    format!("{name}({})", types.join(", "))
}

/// The closing bracket of the signature was cut off a trailing `()` too.
fn unit_or_type(name: &str) -> String {
    if name == "(" { "()".to_owned() } else { type_name(name) }
}

#[cfg(test)]
mod tests {
    use super::{signature, value};
    use rhai::{Dynamic, Engine};

    fn thrown(script: &str) -> String {
        value(&Engine::new().eval::<Dynamic>(script).unwrap())
    }

    #[test]
    fn values_read_like_script() {
        assert_eq!(thrown("\"wrong item\""), "wrong item");
        assert_eq!(
            thrown("#{ code: 3, why: \"x\", list: [1, 2.5, 'c', true, ()] }"),
            r#"#{ code: 3, list: [1, 2.5, c, true, ()], why: "x" }"#
        );
        assert_eq!(thrown("#{ f: |x| x, \"a b\": Fn(\"abs\") }"), r#"#{ "a b": abs, f: closure }"#);
        assert_eq!(thrown("[]"), "[]");
        assert_eq!(thrown("timestamp()"), "timestamp");
        let long = thrown("let s = \"\"; for i in 0..500 { s += \"x\"; } s");
        assert_eq!(long.chars().count(), 203);
    }

    #[test]
    fn signatures_read_like_calls() {
        assert_eq!(signature("f (i64, &str | ImmutableString | String, map)"), "f(int, string, map)");
        assert_eq!(signature("f ()"), "f()");
        assert_eq!(signature("f (())"), "f(())");
        assert_eq!(signature("f ((), katydid::script::user::User, f64)"), "f((), User, float)");
        assert_eq!(signature("plain"), "plain");
    }
}
