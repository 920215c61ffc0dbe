//! `encoding::`: bytes and texts in the forms that protocols ask for.

use super::namespace::Namespace;
use crate::script::value::args::{Answer, bytes, fail, text};
use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL_NOPAD, Encoding, HEXLOWER, HEXLOWER_PERMISSIVE};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use rhai::{Dynamic, Engine};

/// What a url component need not escape (RFC 3986, unreserved).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Adds the namespace to `engine`.
pub(in crate::script) fn register(engine: &mut Engine) {
    Namespace::new("encoding")
        .function("base64", |data: Dynamic| encode(&BASE64, &data, "encoding::base64(data)"))
        .function("base64_url", |data: Dynamic| encode(&BASE64URL_NOPAD, &data, "encoding::base64_url(data)"))
        .function("base64_decode", base64_decode)
        .function("hex", |data: Dynamic| encode(&HEXLOWER, &data, "encoding::hex(data)"))
        .function("hex_decode", hex_decode)
        .function("url", url)
        .function("url_decode", url_decode)
        .register(engine);
}

/// `encoding::base64(data)`, `encoding::base64_url(data)` (the alphabet of urls and JWTs, without `=`),
/// `encoding::hex(data)`: a string or a blob in that form.
fn encode(form: &Encoding, data: &Dynamic, call: &str) -> Answer<String> {
    Ok(form.encode(&bytes(data, call, "data")?))
}

/// `encoding::base64_decode(text)`: what the text stands for, a string if it is UTF-8, otherwise a blob. Both alphabets,
/// with or without `=`.
#[expect(clippy::needless_pass_by_value, reason = "the shape of native functions")]
fn base64_decode(source: Dynamic) -> Answer<Dynamic> {
    const CALL: &str = "encoding::base64_decode(text)";
    let source = text(&source, CALL, "text")?;
    let plain = source.trim().trim_end_matches('=').replace('-', "+").replace('_', "/");
    match BASE64_NOPAD.decode(plain.as_bytes()) {
        Ok(bytes) => Ok(text_or_blob(bytes)),
        Err(error) => fail(format!("{CALL}: the text is not base64: {error}")),
    }
}

/// `encoding::hex_decode(text)`: what the digits stand for, a string if it is UTF-8, otherwise a blob.
#[expect(clippy::needless_pass_by_value, reason = "the shape of native functions")]
fn hex_decode(source: Dynamic) -> Answer<Dynamic> {
    const CALL: &str = "encoding::hex_decode(text)";
    match HEXLOWER_PERMISSIVE.decode(text(&source, CALL, "text")?.as_bytes()) {
        Ok(bytes) => Ok(text_or_blob(bytes)),
        Err(error) => fail(format!("{CALL}: the text is not hexadecimal: {error}")),
    }
}

/// `encoding::url(text)`: the text for a part of a url; all but letters, digits and `-._~` is escaped.
#[expect(clippy::needless_pass_by_value, reason = "the shape of native functions")]
fn url(source: Dynamic) -> Answer<String> {
    Ok(utf8_percent_encode(&text(&source, "encoding::url(text)", "text")?, ESCAPED).to_string())
}

/// `encoding::url_decode(text)`: the text of a part of a url; `+` stays as it is.
#[expect(clippy::needless_pass_by_value, reason = "the shape of native functions")]
fn url_decode(source: Dynamic) -> Answer<Dynamic> {
    let source = text(&source, "encoding::url_decode(text)", "text")?;
    Ok(text_or_blob(percent_decode_str(&source).collect()))
}

fn text_or_blob(bytes: Vec<u8>) -> Dynamic {
    String::from_utf8(bytes).map_or_else(|error| Dynamic::from_blob(error.into_bytes()), Dynamic::from)
}

#[cfg(test)]
mod tests {
    use crate::script::test_support::{error, value};

    #[test]
    fn there_and_back() {
        for (script, expected) in [
            (r#"encoding::base64("user:pässword?>")"#, "dXNlcjpww6Rzc3dvcmQ/Pg=="),
            (r#"encoding::base64_url("user:pässword?>")"#, "dXNlcjpww6Rzc3dvcmQ_Pg"),
            (r#"encoding::base64_decode("dXNlcjpww6Rzc3dvcmQ/Pg==")"#, "user:pässword?>"),
            (r#"encoding::base64_decode("dXNlcjpww6Rzc3dvcmQ_Pg")"#, "user:pässword?>"),
            (r#"encoding::base64_decode("/w==")"#, "[ff]"),
            (r#"encoding::base64("a".to_blob())"#, "YQ=="),
            (r#"encoding::hex("aÿ")"#, "61c3bf"),
            (r#"encoding::hex_decode("61C3bf")"#, "aÿ"),
            (r#"encoding::url("a b&c/ä~")"#, "a%20b%26c%2F%C3%A4~"),
            (r#"encoding::url_decode("a%20b+%C3%A4%")"#, "a b+ä%"),
            (r#"encoding::base64("")"#, ""),
        ] {
            assert_eq!(value(script).to_string(), expected, "{script}");
        }
    }

    #[test]
    fn mistakes_are_exceptions_that_say_so() {
        let scripts = [
            r#"encoding::base64_decode("a")"#,
            r#"encoding::hex_decode("xyz")"#,
            "encoding::base64(7)",
            "encoding::url(())",
        ];
        insta::assert_snapshot!(scripts.map(error).join("\n"), @"
        Runtime error: encoding::base64_decode(text): the text is not base64: invalid length at 0 (line 1, position 11)
        Runtime error: encoding::hex_decode(text): the text is not hexadecimal: invalid length at 2 (line 1, position 11)
        Runtime error: encoding::base64(data): `data` must be a string or a blob, not 7 (line 1, position 11)
        Runtime error: encoding::url(text): `text` must be a string, not () (line 1, position 11)
        ");
    }
}
