//! What people may see of requests and answers: no credentials, no control characters, JSON on lines of its own.

use std::borrow::Cow;

/// What stands in the place of a secret.
const MASK: &str = "***";

/// Parts of the names of fields and parameters whose values are secrets.
const FIELD_PARTS: [&str; 6] = ["token", "secret", "password", "passwd", "jwt", "apikey"];

/// Whether the value of a field or parameter of this name is a secret.
fn is_secret_field(name: &str) -> bool {
    let name: String = name.to_lowercase().replace(['_', '-'], "");
    FIELD_PARTS.iter().any(|part| name.contains(part))
}

/// Whether the value of a header of this name, in lower case, is a secret: as for variables of the environment.
fn is_secret_header(name: &str) -> bool {
    is_secret_field(name) || name.ends_with("-key") || name == "key"
}

/// The lines of a head without what is secret in them.
pub(super) fn head_lines(head: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.lines().take_while(|line| !line.is_empty());
    let first = lines.next().map(request_line);
    first.into_iter().chain(lines.map(header_line)).map(|line| printable(&line).into_owned()).collect()
}

/// The first line of a head; that of a request has a target.
fn request_line(line: &str) -> String {
    match line.split_once('?') {
        Some((before, after)) if !line.starts_with("HTTP/") => {
            let (query, version) = after.split_once(' ').unwrap_or((after, ""));
            format!("{before}?{} {version}", pairs(query, '&'))
        }
        _ => line.to_owned(),
    }
}

fn header_line(line: &str) -> String {
    let Some((name, value)) = line.split_once(':') else { return line.to_owned() };
    let value = value.trim();
    let shown = match name.to_ascii_lowercase().as_str() {
        "authorization" | "proxy-authorization" => match value.split_once(' ') {
            Some((scheme, _)) => format!("{scheme} {MASK}"),
            None => MASK.to_owned(),
        },
        "cookie" => cookies(value, usize::MAX),
        // What follows the first part are its attributes.
        "set-cookie" => cookies(value, 1),
        "location" | "referer" => match value.split_once('?') {
            Some((before, query)) => {
                format!("{}?{}", crate::http::without_password(before), pairs(query, '&'))
            }
            None => crate::http::without_password(value),
        },
        name if is_secret_header(name) => MASK.to_owned(),
        _ => value.to_owned(),
    };
    format!("{name}: {shown}")
}

/// The first `count` of `name=value; ..` without their values.
fn cookies(text: &str, count: usize) -> String {
    let parts = text.split(';').map(str::trim).enumerate();
    let shown = parts.map(|(index, part)| match part.split_once('=') {
        Some((name, _)) if index < count => format!("{name}={MASK}"),
        None if index < count => MASK.to_owned(),
        _ => part.to_owned(),
    });
    shown.collect::<Vec<_>>().join("; ")
}

/// `name=value` pairs of a query or a form; secret values are masked.
pub(super) fn pairs(text: &str, between: char) -> String {
    let shown = text.split(between).map(|pair| match pair.split_once('=') {
        Some((name, _)) if is_secret_field(name) => Cow::Owned(format!("{name}={MASK}")),
        _ => Cow::Borrowed(pair),
    });
    shown.collect::<Vec<_>>().join(&between.to_string())
}

/// The text with control characters, except line ends and tabs, as escapes: a server must not steer the terminal.
pub(super) fn printable(text: &str) -> Cow<'_, str> {
    let harmless = |c: char| !c.is_control() || c == '\n' || c == '\t';
    if text.chars().all(harmless) {
        return Cow::Borrowed(text);
    }
    let escaped =
        text.chars().map(|c| if harmless(c) { c.to_string() } else { c.escape_default().to_string() });
    Cow::Owned(escaped.collect())
}

/// JSON with a line for each value, in the order in which it stands there, the values of secret fields masked; none where
/// it is no JSON.
pub(super) fn json(text: &str) -> Option<String> {
    serde_json::from_str::<serde::de::IgnoredAny>(text).ok()?;
    let mut pretty = Pretty::default();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => string_end(rest),
            '{' | '}' | '[' | ']' | ',' | ':' => 1,
            _ => rest.find([',', ']', '}', ' ', '\n', '\r', '\t']).unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(length);
        rest = after.trim_start();
        pretty.token(token, rest.starts_with(['}', ']']));
    }
    Some(pretty.text)
}

/// The length of the string that `text` begins with.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let ends = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

/// JSON as it is written.
#[derive(Default)]
struct Pretty {
    text: String,
    depth: usize,
    /// The string that came last: before a colon it is the name of a field.
    last: String,
    /// The next value is a secret.
    secret: bool,
    /// All values are, until this list ends.
    secret_list: Option<usize>,
}

impl Pretty {
    fn line(&mut self) {
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n("  ", self.depth));
    }

    fn token(&mut self, token: &str, closes_next: bool) {
        match token {
            "{" | "[" => {
                self.text.push_str(token);
                self.depth += 1;
                if token == "[" && self.secret && self.secret_list.is_none() {
                    self.secret_list = Some(self.depth);
                }
                self.secret = false;
                if !closes_next {
                    self.line();
                }
            }
            "}" | "]" => {
                if token == "]" && self.secret_list == Some(self.depth) {
                    self.secret_list = None;
                }
                self.depth = self.depth.saturating_sub(1);
                if !self.text.ends_with(['{', '[']) {
                    self.line();
                }
                self.text.push_str(token);
            }
            "," => {
                self.text.push(',');
                self.line();
            }
            ":" => {
                self.text.push_str(": ");
                self.secret = is_secret_field(&self.last);
            }
            value if self.secret || self.secret_list.is_some() => {
                // The name of a field within a secret list is none.
                let shown = if value == "null" { value } else { "\"***\"" };
                self.text.push_str(shown);
                self.secret = false;
            }
            value => {
                self.text.push_str(value);
                self.last = value.to_owned();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{head_lines, json, pairs, printable};
    use proptest::prelude::*;
    use serde_json::Value;

    #[test]
    fn heads_have_no_credentials() {
        let head = b"GET /x?token=abc&page=2&api_key=d HTTP/1.1\r\nhost: h\r\nAuthorization: Bearer abc\r\n\
            proxy-authorization: abc\r\ncookie: session=abc; theme=dark\r\nx-api-key: abc\r\nx-csrf-token: abc\r\n\
            referer: http://u:abc@h/?password=abc\r\n\r\n";
        insta::assert_snapshot!(head_lines(head).join("\n"), @r"
        GET /x?token=***&page=2&api_key=*** HTTP/1.1
        host: h
        Authorization: Bearer ***
        proxy-authorization: ***
        cookie: session=***; theme=***
        x-api-key: ***
        x-csrf-token: ***
        referer: http://u:***@h/?password=***
        ");
        let head =
            b"HTTP/1.1 200 What? token=1\r\nset-cookie: session=abc; Path=/; HttpOnly\r\nx: \x1b[31m\r\n\r\n";
        insta::assert_snapshot!(head_lines(head).join("\n"), @r"
        HTTP/1.1 200 What? token=1
        set-cookie: session=***; Path=/; HttpOnly
        x: \u{1b}[31m
        ");
    }

    #[test]
    fn json_keeps_its_order_and_hides_secrets() {
        let text = r#" {"z":1,"a":[{"accessToken":"x\"y","n":null},[],{}],"password":["p",2],"ok":true,"tokens":{"a":1}} "#;
        insta::assert_snapshot!(json(text).expect("JSON"), @r#"
        {
          "z": 1,
          "a": [
            {
              "accessToken": "***",
              "n": null
            },
            [],
            {}
          ],
          "password": [
            "***",
            "***"
          ],
          "ok": true,
          "tokens": {
            "a": 1
          }
        }
        "#);
        assert_eq!(json("not JSON"), None);
        assert_eq!(pairs("user=ada&password=x&y", '&'), "user=ada&password=***&y");
        assert_eq!(printable("a\x1b[2Jb\n"), "a\\u{1b}[2Jb\n");
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map("[a-e\"\\\\]{0,4}", inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn pretty_json_is_the_same_json(value in any_json()) {
            let pretty = json(&value.to_string()).expect("JSON");
            prop_assert_eq!(serde_json::from_str::<Value>(&pretty).expect("JSON"), value);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = head_lines(&bytes);
            let _ = json(&String::from_utf8_lossy(&bytes));
        }
    }
}
