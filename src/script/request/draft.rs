//! A request as its options describe it, before it has a host.

use super::auth::Auth;
use super::header_fields::HeaderFields;
use super::uploads;
use super::urls::{fill_path, without_origin};
use crate::http::{self, Finished, Tls, TlsChoice, Upload};
use crate::script::data::json;
use crate::script::options::REQUEST_OPTIONS;
use crate::script::user::listeners::Remarks;
use crate::script::value::convert::{boolean, duration, refuse, string, strings, type_text};
use crate::script::value::pairs::{cookies, form_text, scalar};
use crate::util::nearest;
use ::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE};
use bytes::Bytes;
use rhai::{Blob, Dynamic, EvalAltResult, ImmutableString, Map};
use std::path::PathBuf;
use std::time::Duration;

type Result<T> = std::result::Result<T, Box<EvalAltResult>>;

/// A request as options describe it, before it has a host.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) name: Option<ImmutableString>,
    /// Name and value, not escaped; appended to the query.
    query: String,
    path: Option<Map>,
    headers: HeaderFields,
    body: Bytes,
    upload: Option<Box<Upload>>,
    /// The option that gave the body.
    body_option: Option<&'static str>,
    timeout: Option<Duration>,
    allow_redirects: Option<bool>,
    /// What it says about TLS; none for most.
    pub(super) tls: Option<Box<TlsChoice>>,
    /// How TLS is spoken then.
    pub(super) spoken: Option<Tls>,
    keep_body: Option<bool>,
    /// What the script wants to be known of the request.
    pub(super) remarks: Option<Box<Remarks>>,
}

impl Draft {
    /// Reads an options map. `session` are the user's own headers: the request's win over them.
    pub(super) fn read(options: Option<Map>, session: Option<&Dynamic>) -> Result<Self> {
        let mut draft = Self::default();
        if let Some(session) = session {
            draft.headers.give("user.headers", session)?;
        }
        for (key, value) in options.into_iter().flatten() {
            // An option set to `()` is as if it were not given.
            if !value.is_unit() {
                draft.apply(&key, value)?;
            }
        }
        Ok(draft)
    }

    /// Options come in the order of their names, so that `headers` are known where `json` and its like say their type,
    /// and win over `auth` and `cookies`.
    fn apply(&mut self, key: &str, value: Dynamic) -> Result<()> {
        match key {
            "name" => self.name = Some(string("`name`", &value)?),
            "params" => self.query = form_text("params", &value)?,
            "json" => {
                let text = json::to_text(&value)?;
                self.set_body("json", text.into(), Some("application/json"))?;
            }
            "form" => {
                let text = form_text("form", &value)?;
                self.set_body("form", text.into(), Some("application/x-www-form-urlencoded"))?;
            }
            "body" => self.read_body(value)?,
            "multipart" => self.read_multipart(&value)?,
            "headers" => self.headers.give("headers", &value)?,
            "auth" => self.headers.set(AUTHORIZATION, &Auth::read(&value)?.header())?,
            "cookies" => {
                let cookies = cookies("cookies", &value)?;
                let text: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
                self.headers.set(COOKIE, &text.join("; "))?;
            }
            "path" => {
                self.path = Some(value.try_cast::<Map>().ok_or_else(|| refuse("`path` must be a map"))?);
            }
            "context" => {
                let context = value.try_cast::<Map>().ok_or_else(|| refuse("`context` must be a map"))?;
                self.remarks.get_or_insert_default().context = Some(context);
            }
            "verify" => self.tls().verify = Some(boolean("`verify`", &value)?),
            "cert" => self.tls().cert = Some(file("cert", &value)?),
            "key" => self.tls().key = Some(file("key", &value)?),
            "tags" => self.remarks.get_or_insert_default().tags = read_tags(value)?,
            "timeout" => self.timeout = Some(duration("`timeout`", &value)?),
            "keep_body" => self.keep_body = Some(boolean("`keep_body`", &value)?),
            "allow_redirects" => self.allow_redirects = Some(boolean("`allow_redirects`", &value)?),
            _ => return Err(unknown_option(key)),
        }
        Ok(())
    }

    fn tls(&mut self) -> &mut TlsChoice {
        self.tls.get_or_insert_default()
    }

    /// A body of this type; a type that the script gives in `headers` wins over it.
    fn set_body(&mut self, option: &'static str, body: Bytes, content_type: Option<&str>) -> Result<()> {
        if let Some(other) = self.body_option.replace(option) {
            return Err(refuse(format!("`{other}` and `{option}` both give the body; a request has one")));
        }
        self.body = body;
        match content_type {
            Some(content_type) => self.headers.set_default(CONTENT_TYPE, content_type),
            None => Ok(()),
        }
    }

    /// `body: ..`: text, a blob or a file.
    fn read_body(&mut self, value: Dynamic) -> Result<()> {
        if let Some(options) = value.read_lock::<Map>() {
            let (upload, content_type) = uploads::body_file(&options)?;
            self.upload = Some(Box::new(upload));
            return self.set_body("body", Bytes::new(), Some(&content_type));
        }
        let bytes = if value.is_blob() {
            Bytes::from(value.cast::<Blob>())
        } else {
            let text = value.into_immutable_string().map_err(|_| {
                refuse("`body` must be a string, a blob or a file `#{ path: \"..\" }`; for a value write `json: ..`")
            })?;
            Bytes::from(text.into_owned())
        };
        self.set_body("body", bytes, None)
    }

    fn read_multipart(&mut self, value: &Dynamic) -> Result<()> {
        let (boundary, content_type) = uploads::boundary(self.headers.fields.get(&CONTENT_TYPE));
        let finished = uploads::multipart(value, boundary)?;
        self.set_body("multipart", Bytes::new(), None)?;
        match finished {
            Finished::Bytes(bytes) => self.body = bytes,
            Finished::Upload(upload) => self.upload = Some(Box::new(upload)),
        }
        match content_type {
            Some(content_type) if !self.headers.omit.contains(&CONTENT_TYPE) => {
                self.headers.set(CONTENT_TYPE, &content_type)
            }
            _ => Ok(()),
        }
    }

    /// The url with `path` filled in and `params` appended; `url` itself where there is neither.
    pub(super) fn complete_url(&mut self, url: &ImmutableString) -> Result<ImmutableString> {
        let mut complete = match &self.path {
            Some(values) => {
                self.name.get_or_insert_with(|| without_origin(url));
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
            headers: self.headers.fields,
            omit: self.headers.omit,
            body: self.body,
            upload: self.upload,
            timeout: self.timeout,
            allow_redirects: self.allow_redirects,
            tls: self.spoken,
            transcript: None,
            keep_body: self.keep_body,
        }
    }
}

/// The name of a file, as the script wrote it.
fn file(what: &str, value: &Dynamic) -> Result<PathBuf> {
    Ok(PathBuf::from(string(&format!("`{what}`"), value)?.as_str()))
}

fn unknown_option(key: &str) -> Box<EvalAltResult> {
    let hint = match nearest(key, REQUEST_OPTIONS.iter().copied()) {
        Some(known) => format!("did you mean `{known}`?"),
        None => format!("known are {}", REQUEST_OPTIONS.join(", ")),
    };
    refuse(format!("unknown option `{key}`; {hint}"))
}

/// Words, or names with plain values.
fn read_tags(value: Dynamic) -> Result<Dynamic> {
    if let Some(map) = value.read_lock::<Map>() {
        for value in map.values().filter(|value| !value.is_unit()) {
            scalar("tags", value)?;
        }
    } else if value.is_array() {
        strings("`tags`", &value)?;
    } else {
        return Err(refuse(format!(
            "`tags` must be an array of strings or a map, not {}",
            type_text(&value)
        )));
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::Draft;
    use rhai::{Dynamic, Engine, Map};

    fn draft(options: &str, session: &str) -> Result<Draft, String> {
        let map = |text: &str| Engine::new().eval::<Map>(text).expect(text);
        let draft = Draft::read(Some(map(options)), Some(&Dynamic::from_map(map(session))));
        draft.map_err(|error| error.to_string())
    }

    /// The headers that are sent, and those that are not, for a request with these options and session headers.
    fn headers(options: &str, session: &str) -> (Vec<String>, Vec<String>) {
        let draft = draft(options, session).expect(options);
        let name = |name: &http::HeaderName| name.as_str().to_owned();
        let headers = draft.headers;
        (headers.fields.iter().map(|(key, _)| name(key)).collect(), headers.omit.iter().map(name).collect())
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
            ("#{ multipart: #{}, headers: #{ \"content-type\": () } }", "#{}", vec![], vec!["content-type"]),
            ("#{ json: #{} }", "#{}", vec!["content-type"], vec![]),
            ("#{ multipart: #{} }", "#{}", vec!["content-type"], vec![]),
        ] {
            let expected: (Vec<_>, Vec<_>) = (
                sent.into_iter().map(str::to_owned).collect(),
                omitted.into_iter().map(str::to_owned).collect(),
            );
            assert_eq!(headers(options, session), expected, "{options} {session}");
        }
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        for (options, expected) in [
            ("#{ body: \"a\", json: 1 }", "`body` and `json` both give the body; a request has one"),
            ("#{ form: #{}, multipart: #{} }", "`form` and `multipart` both give the body"),
            ("#{ body: 7 }", "`body` must be a string, a blob or a file `#{ path: \"..\" }`"),
            ("#{ body: #{} }", "`body` has no `path`; write `body: #{ path: \"file\" }`"),
            ("#{ body: #{ pth: \"a\" } }", "unknown key `pth` in `body`; did you mean `path`?"),
            (
                "#{ multipart: 1 }",
                "`multipart` must be a map or an array of [name, value] pairs, not an integer",
            ),
            (
                "#{ multipart: [1] }",
                "`multipart` must be a map or an array of [name, value] pairs, and has an",
            ),
            ("#{ multipart: #{ a: #{} } }", "a map in `multipart` must have a `path`"),
            ("#{ multipart: #{ a: #{ path: \"x\", data: 1 } } }", "both `path` and `data`; give one of them"),
            (
                "#{ multipart: #{ a: #{ data: #{} } } }",
                "`data` in `multipart` must be text or a blob, not a map",
            ),
            (
                "#{ multipart: #{ a: #{ data: 1, nmae: 2 } } }",
                "unknown key `nmae` in `multipart`; did you mean `name`?",
            ),
            (
                "#{ multipart: #{ a: #{ data: 1, type: \"a\\nb\" } } }",
                "`type` in `multipart` has a control character",
            ),
            (
                "#{ multipart: #{ a: [[]] } }",
                "a value of `multipart` must be text, a number, a boolean, a blob",
            ),
            (
                "#{ headers: #{ a: #{} } }",
                "a value of `headers` must be a string, a number or a boolean, not a map",
            ),
            ("#{ headers: #{ \"a b\": 1 } }", "`a b` cannot be the name of a header"),
            ("#{ headers: #{ a: \"x\\ny\" } }", "the value of header `a` has a line break"),
            ("#{ headers: [[1, 2]] }", "a name in `headers` must be a string, not an integer"),
            ("#{ tags: \"a\" }", "`tags` must be an array of strings or a map, not a string"),
            ("#{ tags: [1] }", "`tags` must be a string, not an integer"),
            (
                "#{ tags: #{ a: [] } }",
                "a value of `tags` must be a string, a number or a boolean, not an array",
            ),
            ("#{ heders: #{} }", "unknown option `heders`; did you mean `headers`?"),
        ] {
            let error = draft(options, "#{}").expect_err(options);
            assert!(error.contains(expected), "{options}: {error}");
        }
    }
}
