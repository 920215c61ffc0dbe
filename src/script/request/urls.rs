//! Urls as scripts write them.

use crate::script::value::convert::refuse;
use crate::script::value::pairs::scalar;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rhai::{EvalAltResult, ImmutableString, Map};

/// What may stand unescaped in a path segment (RFC 3986, `unreserved`).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Whether a url begins with a scheme (RFC 3986, section 3.1).
pub(super) fn has_scheme(url: &str) -> bool {
    !url.starts_with('/')
        && url.split_once("://").is_some_and(|(scheme, _)| {
            scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        })
}

/// A url as a name: without its host, where it has one, and so without a password.
pub(super) fn without_origin(url: &ImmutableString) -> ImmutableString {
    if !has_scheme(url) {
        return url.clone();
    }
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    rest.find(['/', '?']).map_or("/", |path| &rest[path..]).into()
}

/// Replaces each `{name}` of `template` by its escaped value.
pub(super) fn fill_path(template: &str, values: &Map) -> Result<String, Box<EvalAltResult>> {
    let mut filled = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after
            .split_once('}')
            .ok_or_else(|| refuse(format!("`{template}` has a `{{` without its `}}`")))?;
        let value = values.get(name).filter(|value| !value.is_unit());
        let value =
            value.ok_or_else(|| refuse(format!("`path` has no value for `{{{name}}}` of `{template}`")))?;
        filled.push_str(before);
        filled.extend(utf8_percent_encode(&scalar("path", value)?, SEGMENT));
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}
