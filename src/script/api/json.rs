//! `json::`: text to values and back, and ways into a document.

use super::namespace::Namespace;
use crate::script::data::json::{MAX_DEPTH, to_dynamic, to_pretty_text, to_text};
use crate::script::data::rows::{Row, Rows, position};
use crate::script::value::args::{Answer, count, describe, fail, text};
use rhai::{Array, Dynamic, Engine, ImmutableString, Map};

/// Adds the namespace to `engine`.
pub(in crate::script) fn register(engine: &mut Engine) {
    Namespace::new("json")
        .function("parse", parse)
        .function("stringify", |value: &mut Dynamic| to_text(value))
        .function("stringify", stringify_pretty)
        .function("pointer", pointer)
        .register(engine);
}

/// `json::parse(text)`: the value that the text (or blob) writes; throws where it is not JSON.
fn parse(source: &mut Dynamic) -> Answer<Dynamic> {
    let parsed = if let Some(text) = source.read_lock::<ImmutableString>() {
        to_dynamic(text.as_bytes())
    } else if let Some(blob) = source.read_lock::<rhai::Blob>() {
        to_dynamic(&blob)
    } else {
        return fail(format!("json::parse(text): `text` must be a string, not {}", describe(source)));
    };
    parsed.or_else(|error| fail(format!("json::parse(text): {error}")))
}

/// `json::stringify(value, indent)`: as JSON over several lines, `indent` spaces per level; without `indent`, compact.
#[expect(clippy::needless_pass_by_value, reason = "the shape of native functions")]
fn stringify_pretty(value: &mut Dynamic, indent: Dynamic) -> Answer<String> {
    to_pretty_text(value, count(&indent, 16, "json::stringify(value, indent)", "indent")?)
}

/// `json::pointer(document, "/a/0")`: the value at a JSON pointer (RFC 6901), `()` if there is none.
#[expect(clippy::needless_pass_by_value, reason = "the shape of native functions")]
fn pointer(document: &mut Dynamic, path: Dynamic) -> Answer<Dynamic> {
    const CALL: &str = "json::pointer(document, pointer)";
    let path = text(&path, CALL, "pointer")?;
    let mut tokens = path.split('/');
    if tokens.next() != Some("") {
        return fail(format!("{CALL}: `{path}` must be empty or begin with `/`, as in \"/items/0/id\""));
    }
    let tokens: Vec<String> = tokens.map(|token| token.replace("~1", "/").replace("~0", "~")).collect();
    // No document is deeper, and the walk takes stack for every step.
    if tokens.len() > MAX_DEPTH {
        return Ok(Dynamic::UNIT);
    }
    Ok(walk(document, &tokens).unwrap_or(Dynamic::UNIT))
}

/// The value below `value` at the end of `tokens`, copied only there.
fn walk(value: &Dynamic, tokens: &[String]) -> Option<Dynamic> {
    let Some((token, rest)) = tokens.split_first() else {
        return Some(value.flatten_clone());
    };
    if let Some(map) = value.read_lock::<Map>() {
        walk(map.get(token.as_str())?, rest)
    } else if let Some(array) = value.read_lock::<Array>() {
        walk(array.get(index(token)?)?, rest)
    } else if let Some(row) = value.read_lock::<Row>() {
        walk(&row.by_name(token).ok()?, rest)
    } else if let Some(rows) = value.read_lock::<Rows>() {
        let place = position(i64::try_from(index(token)?).ok()?, rows.len())?;
        walk(&rows.row(place).ok()?, rest)
    } else {
        None
    }
}

/// An array index as RFC 6901 writes it: digits without a leading zero.
fn index(token: &str) -> Option<usize> {
    let plain = token.bytes().all(|byte| byte.is_ascii_digit()) && (token == "0" || !token.starts_with('0'));
    if plain { token.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use crate::script::test_support::{error, value};

    #[test]
    fn parses_and_writes() {
        let script = r#"let v = json::parse(`{"a": [1, 2.5, null], "b": {"c": "x"}}`); v.a[0] += 1; json::stringify(v)"#;
        assert_eq!(value(script).to_string(), r#"{"a":[2,2.5,null],"b":{"c":"x"}}"#);
        insta::assert_snapshot!(value("json::stringify(#{ a: [1], b: () }, 2)"), @r#"
        {
          "a": [
            1
          ],
          "b": null
        }
        "#);
        assert_eq!(value(r#"json::parse("7".to_blob())"#).as_int(), Ok(7));
    }

    #[test]
    fn captured_values_are_written_too() {
        let script = "let n = [1]; let f = |x| { n.push(x); }; f.call(2); json::stringify(#{ n: n })";
        assert_eq!(value(script).to_string(), r#"{"n":[1,2]}"#);
    }

    #[test]
    fn follows_the_pointers_of_rfc_6901() {
        let document =
            r#"let d = json::parse(`{"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "m~n": 8, " ": 7}`);"#;
        for (pointer, expected) in [
            ("/foo", r#"["bar", "baz"]"#),
            ("/foo/0", "bar"),
            ("/foo/1", "baz"),
            ("/", "0"),
            ("/a~1b", "1"),
            ("/c%d", "2"),
            ("/ ", "7"),
            ("/m~0n", "8"),
            ("/foo/2", ""),
            ("/foo/01", ""),
            ("/foo/-", ""),
            ("/foo/x", ""),
            ("/foo/0/x", ""),
            ("/none/x", ""),
        ] {
            let script = format!(r#"{document} json::pointer(d, "{pointer}")"#);
            assert_eq!(value(&script).to_string(), expected, "{pointer}");
        }
        assert!(value(r#"json::pointer(#{}, "/x")"#).is_unit());
        assert_eq!(value(r#"json::pointer(7, "")"#).as_int(), Ok(7));
        assert!(
            value(r#"let p = ""; for i in 0..100000 { p += "/a"; } json::pointer(#{ a: 1 }, p)"#).is_unit()
        );
    }

    #[test]
    fn mistakes_are_exceptions_that_say_so() {
        let scripts = [
            r#"json::parse("{\"a\": }")"#,
            "json::parse(7)",
            "json::stringify(|x| x)",
            "json::stringify([0.0 / 0.0])",
            "json::stringify(1, 99)",
            r#"json::pointer(#{}, "a/b")"#,
            "json::pointer(#{}, 1)",
        ];
        insta::assert_snapshot!(scripts.map(error).join("\n"), @r#"
        Runtime error: json::parse(text): expected value at line 1 column 7 (line 1, position 7)
        Runtime error: json::parse(text): `text` must be a string, not 7 (line 1, position 7)
        Runtime error: a function cannot be written as JSON (line 1, position 7)
        Runtime error: JSON has no number NaN (line 1, position 7)
        Runtime error: json::stringify(value, indent): `indent` must be from 0 to 16, not 99 (line 1, position 7)
        Runtime error: json::pointer(document, pointer): `a/b` must be empty or begin with `/`, as in "/items/0/id" (line 1, position 7)
        Runtime error: json::pointer(document, pointer): `pointer` must be a string, not 1 (line 1, position 7)
        "#);
    }
}
