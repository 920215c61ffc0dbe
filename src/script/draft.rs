//! A request as its options describe it, before it has a host.

use super::auth::Auth;
use super::convert::{boolean, duration, refuse, string, type_text};
use super::json;
use super::options::REQUEST_OPTIONS;
use crate::http;
use crate::util::nearest;
use ::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue};
use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rhai::{Array, Blob, Dynamic, EvalAltResult, ImmutableString, Map};
use std::time::Duration;
use url::form_urlencoded;

type Result<T> = std::result::Result<T, Box<EvalAltResult>>;

/// What may stand unescaped in a path segment (RFC 3986, `unreserved`).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A request as options describe it, before it has a host.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) name: Option<ImmutableString>,
    /// Name and value, not escaped; appended to the query.
    query: String,
    path: Option<Map>,
    pub(super) headers: HeaderMap,
    /// Headers set to `()`: not sent, though they are the class's or sent by default.
    omit: Vec<HeaderName>,
    pub(super) body: Bytes,
    pub(super) timeout: Option<Duration>,
    pub(super) allow_redirects: Option<bool>,
    pub(super) keep_body: Option<bool>,
    /// What the script wants the hooks of requests to know.
    pub(super) context: Option<Map>,
}

impl Draft {
    /// Reads an options map. `session` are the user's own headers: the request's win over them.
    pub(super) fn read(options: Option<Map>, session: Option<&Dynamic>) -> Result<Self> {
        let mut draft = Self::default();
        if let Some(session) = session {
            draft.set_headers(session)?;
        }
        for (key, value) in options.into_iter().flatten() {
            // An option set to `()` is as if it were not given.
            if !value.is_unit() {
                draft.apply(&key, value)?;
            }
        }
        Ok(draft)
    }

    fn apply(&mut self, key: &str, value: Dynamic) -> Result<()> {
        match key {
            "name" => self.name = Some(string("`name`", &value)?),
            "params" => self.query = form_text("params", &value)?,
            "json" => self.set_body("application/json", json::to_text(&value)?),
            "form" => self.set_body("application/x-www-form-urlencoded", form_text("form", &value)?),
            "body" => self.body = raw_body(value)?,
            "headers" => self.set_headers(&value)?,
            "auth" => self.set_header(AUTHORIZATION, &Auth::read(&value)?.header())?,
            "cookies" => {
                let cookies = pairs("cookies", &value)?;
                let text: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
                self.set_header(COOKIE, &text.join("; "))?;
            }
            "path" => {
                self.path = Some(value.try_cast::<Map>().ok_or_else(|| refuse("`path` must be a map"))?);
            }
            "context" => {
                self.context =
                    Some(value.try_cast::<Map>().ok_or_else(|| refuse("`context` must be a map"))?);
            }
            "timeout" => self.timeout = Some(duration("`timeout`", &value)?),
            "keep_body" => self.keep_body = Some(boolean("`keep_body`", &value)?),
            "allow_redirects" => self.allow_redirects = Some(boolean("`allow_redirects`", &value)?),
            _ => return Err(unknown_option(key)),
        }
        Ok(())
    }

    /// A body of this type; a type that the script gives in `headers` wins over it.
    fn set_body(&mut self, content_type: &'static str, text: String) {
        self.body = Bytes::from(text);
        if !self.omit.contains(&CONTENT_TYPE) {
            self.headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(content_type));
        }
    }

    fn set_headers(&mut self, headers: &Dynamic) -> Result<()> {
        for (name, values) in entries("headers", headers)? {
            let name = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| refuse(format!("`{name}` cannot be the name of a header")))?;
            self.headers.remove(&name);
            self.omit.retain(|omitted| *omitted != name);
            if values.is_empty() {
                self.omit.push(name);
                continue;
            }
            for value in &values {
                let value = HeaderValue::from_str(value).map_err(|_| {
                    refuse(format!("the value of header `{name}` has a character that no header may have"))
                })?;
                self.headers.append(name.clone(), value);
            }
        }
        Ok(())
    }

    fn set_header(&mut self, name: HeaderName, value: &str) -> Result<()> {
        let value = HeaderValue::from_str(value).map_err(|_| {
            refuse(format!("the value of header `{name}` has a character that no header may have"))
        })?;
        self.omit.retain(|omitted| *omitted != name);
        self.headers.insert(name, value);
        Ok(())
    }

    /// The url with `path` filled in and `params` appended; `url` itself where there is neither.
    pub(super) fn complete_url(&mut self, url: &ImmutableString) -> Result<ImmutableString> {
        let mut complete = match &self.path {
            Some(values) => {
                self.name.get_or_insert_with(|| url.clone());
                fill_path(url, values)?
            }
            None if self.query.is_empty() => return Ok(url.clone()),
            None => url.to_string(),
        };
        if !self.query.is_empty() {
            let (before, fragment) = complete.split_once('#').unwrap_or((&complete, ""));
            let joint = match before.split_once('?') {
                None => "?",
                Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
                Some(_) => "&",
            };
            let hash = if fragment.is_empty() { "" } else { "#" };
            complete = format!("{before}{joint}{}{hash}{fragment}", self.query);
        }
        Ok(complete.into())
    }

    /// The finished request.
    pub(super) fn finish(self, method: ::http::Method, url: http::Url) -> http::Request {
        http::Request {
            method,
            url,
            headers: self.headers,
            omit: self.omit,
            body: self.body,
            timeout: self.timeout,
            allow_redirects: self.allow_redirects,
            tls: None,
            keep_body: self.keep_body,
        }
    }
}

fn unknown_option(key: &str) -> Box<EvalAltResult> {
    let hint = match nearest(key, REQUEST_OPTIONS.iter().copied()) {
        Some(known) => format!("did you mean `{known}`?"),
        None => format!("known are {}", REQUEST_OPTIONS.join(", ")),
    };
    refuse(format!("unknown option `{key}`; {hint}"))
}

fn raw_body(value: Dynamic) -> Result<Bytes> {
    if value.is_blob() {
        return Ok(Bytes::from(value.cast::<Blob>()));
    }
    match value.into_immutable_string() {
        Ok(text) => Ok(Bytes::from(text.into_owned())),
        Err(_) => Err(refuse("`body` must be a string or a blob; for a map write `json: ..` or `form: ..`")),
    }
}

/// Replaces each `{name}` of `template` by its escaped value.
fn fill_path(template: &str, values: &Map) -> Result<String> {
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

/// A string, number, boolean or character as it stands in a query, form or header.
fn scalar(what: &str, value: &Dynamic) -> Result<String> {
    if value.is_string() || value.is_int() || value.is_float() || value.is_bool() || value.is_char() {
        return Ok(value.to_string());
    }
    Err(refuse(format!(
        "a value of `{what}` must be a string, a number or a boolean, not {}",
        type_text(value)
    )))
}

/// Names with their values, in order: from a map, or from an array of `[name, value]` pairs. An array value repeats
/// the name; `()` leaves no value.
fn entries(what: &str, value: &Dynamic) -> Result<Vec<(String, Vec<String>)>> {
    let values = |value: &Dynamic| -> Result<Vec<String>> {
        if value.is_unit() {
            return Ok(Vec::new());
        }
        match value.read_lock::<Array>() {
            Some(items) => items.iter().map(|item| scalar(what, item)).collect(),
            None => Ok(vec![scalar(what, value)?]),
        }
    };
    if let Some(map) = value.read_lock::<Map>() {
        return map.iter().map(|(name, value)| Ok((name.to_string(), values(value)?))).collect();
    }
    let wrong = || refuse(format!("`{what}` must be a map or an array of [name, value] pairs"));
    let array = value.read_lock::<Array>().ok_or_else(wrong)?;
    array
        .iter()
        .map(|pair| {
            let pair = pair.read_lock::<Array>().filter(|pair| pair.len() == 2).ok_or_else(wrong)?;
            Ok((string("a name", &pair[0])?.into(), values(&pair[1])?))
        })
        .collect()
}

/// The same, flat.
fn pairs(what: &str, value: &Dynamic) -> Result<Vec<(String, String)>> {
    let entries = entries(what, value)?;
    let flat =
        entries.into_iter().flat_map(|(name, values)| values.into_iter().map(move |v| (name.clone(), v)));
    Ok(flat.collect())
}

fn form_text(what: &str, value: &Dynamic) -> Result<String> {
    if value.is_string() {
        return Ok(string(what, value)?.into());
    }
    let mut text = form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(pairs(what, value)?);
    Ok(text.finish())
}

#[cfg(test)]
mod tests {
    use super::Draft;
    use rhai::{Dynamic, Engine, Map};

    /// The headers that are sent, and those that are not, for a request with these options and session headers.
    fn headers(options: &str, session: &str) -> (Vec<String>, Vec<String>) {
        let map = |text: &str| Engine::new().eval::<Map>(text).expect(text);
        let draft = Draft::read(Some(map(options)), Some(&Dynamic::from_map(map(session)))).expect(options);
        let name = |name: &http::HeaderName| name.as_str().to_owned();
        (draft.headers.keys().map(name).collect(), draft.omit.iter().map(name).collect())
    }

    #[test]
    fn a_header_set_to_unit_is_not_sent() {
        for (options, session, sent, omitted) in [
            ("#{ headers: #{ \"User-Agent\": () } }", "#{}", vec![], vec!["user-agent"]),
            ("#{ headers: #{ a: () } }", "#{ A: 1 }", vec![], vec!["a"]),
            ("#{ headers: #{ a: 2 } }", "#{ A: () }", vec!["a"], vec![]),
            ("#{ headers: [[\"a\", ()]] }", "#{}", vec![], vec!["a"]),
            ("#{ auth: \"t\" }", "#{ authorization: () }", vec!["authorization"], vec![]),
            ("#{ auth: \"t\", headers: #{ authorization: () } }", "#{}", vec![], vec!["authorization"]),
            ("#{ json: #{}, headers: #{ \"content-type\": () } }", "#{}", vec![], vec!["content-type"]),
            ("#{ form: #{}, headers: #{ \"content-type\": () } }", "#{}", vec![], vec!["content-type"]),
            ("#{ json: #{} }", "#{}", vec!["content-type"], vec![]),
        ] {
            let expected: (Vec<_>, Vec<_>) = (
                sent.into_iter().map(str::to_owned).collect(),
                omitted.into_iter().map(str::to_owned).collect(),
            );
            assert_eq!(headers(options, session), expected, "{options} {session}");
        }
    }
}
