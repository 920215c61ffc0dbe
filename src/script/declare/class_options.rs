//! `.http(#{ .. })`: the options of a class's clients, read where they are declared.
//!
//! The plan carries them as plain data in one form, whichever way the script wrote them: times in seconds, files as they
//! are found from the working folder, headers and cookies as arrays of `[name, value]`, `auth` as the header's value.

use crate::http;
use crate::script::context::current;
use crate::script::data::files;
use crate::script::options::{CLASS_OPTIONS, ClassOption, class_option_names};
use crate::script::request::auth::Auth;
use crate::script::request::header_fields::HeaderFields;
use crate::script::value::convert::{boolean, duration, refuse, string, strings, whole};
use crate::script::value::pairs::cookies;
use crate::util::{nearest, parse_size};
use rhai::{Dynamic, EvalAltResult, Map};
use serde_json::{Value, json};
use std::fs::File;
use std::str::FromStr;

type Result<T> = std::result::Result<T, Box<EvalAltResult>>;

/// The options in their one form.
///
/// # Errors
///
/// When an option is unknown, has a value of the wrong kind, or names a file that cannot be read.
pub(super) fn read(options: &Map) -> Result<serde_json::Map<String, Value>> {
    let mut read = serde_json::Map::new();
    // An option set to `()` is as if it were not given.
    for (key, value) in options.iter().filter(|(_, value)| !value.is_unit()) {
        let Some((_, kind)) = CLASS_OPTIONS.iter().find(|(name, _)| *name == key.as_str()) else {
            return Err(refuse(unknown(key)));
        };
        read.insert(key.to_string(), read_option(key, *kind, value)?);
    }
    if read.contains_key("key") && !read.contains_key("cert") {
        return Err(refuse("`key` of .http(..) is the key of a certificate; give `cert` too"));
    }
    Ok(read)
}

fn unknown(key: &str) -> String {
    let hint = match nearest(key, class_option_names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known are {}", class_option_names().collect::<Vec<_>>().join(", ")),
    };
    format!("unknown client option `{key}`; {hint}")
}

fn read_option(key: &str, kind: ClassOption, value: &Dynamic) -> Result<Value> {
    let what = format!("`{key}` of .http(..)");
    Ok(match kind {
        ClassOption::Switch => boolean(&what, value)?.into(),
        ClassOption::Time => duration(&what, value)?.as_secs_f64().into(),
        ClassOption::Count => count(&what, value)?.into(),
        ClassOption::Size if value.is_string() => {
            parse_size(&string(&what, value)?).map_err(|error| refuse(format!("{what}: {error}")))?.into()
        }
        ClassOption::Size => count(&what, value)?.into(),
        ClassOption::Positive => match count(&what, value)? {
            0 => return Err(refuse(format!("{what} must be at least 1"))),
            count => count.into(),
        },
        ClassOption::Hosts => {
            let hosts = strings(&what, value)?;
            let checked = http::NoProxy::parse(hosts.iter().map(String::as_str));
            checked.map_err(|error| refuse(format!("{what}: {error}")))?;
            hosts.into()
        }
        ClassOption::HttpVersion => word::<http::HttpVersion>(&what, value)?,
        ClassOption::TlsVersion => word::<http::TlsVersion>(&what, value)?,
        ClassOption::Proxy => {
            let url = string(&what, value)?;
            http::Proxy::parse(&url).map_err(|error| refuse(format!("{what}: {error}")))?;
            url.as_str().into()
        }
        ClassOption::File => file(&what, value)?,
        ClassOption::Headers => {
            let mut headers = HeaderFields::default();
            headers.give(key, value)?;
            let sent = headers
                .fields
                .iter()
                .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]));
            let omitted = headers.omit.iter().map(|name| json!([name.as_str(), null]));
            sent.chain(omitted).collect()
        }
        ClassOption::Auth => {
            let mut checked = HeaderFields::default();
            let header = Auth::read(value)?.header();
            checked.set(::http::header::AUTHORIZATION, &header)?;
            header.as_str().into()
        }
        ClassOption::Cookies => {
            cookies(key, value)?.into_iter().map(|(name, value)| json!([name, value])).collect()
        }
    })
}

/// Text that is one of the words for a `T`; versions may be written as numbers.
fn word<T: FromStr<Err = String>>(what: &str, value: &Dynamic) -> Result<Value> {
    let is_number = value.is_int() || value.is_float();
    let text = if is_number { value.to_string().into() } else { string(what, value)? };
    text.parse::<T>().map_err(|error| refuse(format!("{what}: {error}")))?;
    Ok(text.as_str().into())
}

/// A whole number of at least 0.
fn count(what: &str, value: &Dynamic) -> Result<u64> {
    u64::try_from(whole(what, value)?)
        .map_err(|_| refuse(format!("{what} must not be negative, but is {value}")))
}

/// The path of a file that can be read, from the working folder.
fn file(what: &str, value: &Dynamic) -> Result<Value> {
    let path = string(what, value)?;
    let folder = &current::world().folder;
    let found = folder.join(path.as_str());
    match File::open(&found) {
        Ok(_) => Ok(found.to_string_lossy().into()),
        Err(error) => Err(refuse(format!("{what}: {}", files::cannot_read(&path, folder, &error)))),
    }
}
