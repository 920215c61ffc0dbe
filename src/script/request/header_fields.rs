//! Headers as scripts give them, on several levels: what is said later wins over what was said before.

use crate::http::Fields;
use crate::script::value::convert::refuse;
use crate::script::value::pairs::{entries, scalar};
use ::http::header::{HeaderName, HeaderValue};
use rhai::{Dynamic, EvalAltResult};

type Result<T> = std::result::Result<T, Box<EvalAltResult>>;

/// Which headers are sent, and which are not.
#[derive(Debug, Default)]
pub(in crate::script) struct HeaderFields {
    pub(in crate::script) fields: Fields,
    /// Headers set to `()`: not sent, though they are the class's or sent by default.
    pub(in crate::script) omit: Vec<HeaderName>,
}

impl HeaderFields {
    /// Reads `headers`, a map or an array of pairs, which `what` gave. Its names, in any case, win over those that are here;
    /// a name that it has twice is sent twice.
    pub(in crate::script) fn give(&mut self, what: &str, headers: &Dynamic) -> Result<()> {
        // In a map two spellings of a name are a mistake of the case, in pairs they are meant.
        let repeats = headers.is_array();
        let mut given = Vec::new();
        for (name, values) in entries(what, headers, |value| scalar(what, value))? {
            let name = header_name(&name)?;
            if !repeats || values.is_empty() || !given.contains(&name) {
                self.forget(&name);
            }
            if values.is_empty() {
                self.omit.push(name);
                continue;
            }
            self.omit.retain(|omitted| *omitted != name);
            for value in &values {
                self.fields.append(name.clone(), header_value(&name, value)?);
            }
            given.push(name);
        }
        Ok(())
    }

    /// Sets one header, in place of all of its name.
    pub(in crate::script) fn set(&mut self, name: HeaderName, value: &str) -> Result<()> {
        let value = header_value(&name, value)?;
        self.forget(&name);
        self.fields.append(name, value);
        Ok(())
    }

    /// Sets one header, unless it was said what it is, or that it is not sent.
    pub(super) fn set_default(&mut self, name: HeaderName, value: &str) -> Result<()> {
        if self.omit.contains(&name) || self.fields.contains(&name) {
            return Ok(());
        }
        self.set(name, value)
    }

    fn forget(&mut self, name: &HeaderName) {
        self.fields.remove(name);
        self.omit.retain(|omitted| omitted != name);
    }
}

fn header_name(name: &str) -> Result<HeaderName> {
    HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| refuse(format!("`{name}` cannot be the name of a header")))
}

/// RFC 9110, section 5.5: anything but control characters; what is not ASCII is sent as UTF-8.
fn header_value(name: &HeaderName, value: &str) -> Result<HeaderValue> {
    HeaderValue::from_bytes(value.as_bytes()).map_err(|_| {
        refuse(format!(
            "the value of header `{name}` has a line break or another control character, which no header may have"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::HeaderFields;
    use rhai::{Dynamic, Engine};

    /// The headers that are sent, and the names of those that are not, after these were given one after the other.
    fn given(levels: &[&str]) -> (String, String) {
        let mut headers = HeaderFields::default();
        for level in levels {
            let level = Engine::new().eval::<Dynamic>(level).expect(level);
            headers.give("headers", &level).expect("headers");
        }
        let sent =
            headers.fields.iter().map(|(name, value)| format!("{name}={}", value.to_str().expect("text")));
        let omitted = headers.omit.iter().map(ToString::to_string);
        (sent.collect::<Vec<_>>().join(" "), omitted.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn later_levels_win_in_any_case() {
        for (levels, sent, omitted) in [
            (&["#{ A: 1, b: 2 }", "#{ a: 3 }"][..], "b=2 a=3", ""),
            (&["#{ a: 1 }", "#{ A: () }"], "", "a"),
            (&["#{ a: () }", "#{ A: 1 }"], "a=1", ""),
            (&[r#"[["b", 1], ["a", 2], ["B", true]]"#], "b=1 a=2 b=true", ""),
            (&["#{ b: 9 }", r#"[["b", 1], ["a", 2], ["B", 3]]"#], "b=1 a=2 b=3", ""),
            (&[r#"[["a", [1, (), 2.5]]]"#], "a=1 a=2.5", ""),
            (&[r#"[["a", 1], ["a", ()]]"#], "", "a"),
            (&[r#"[["a", ()], ["a", 1]]"#], "a=1", ""),
            (&["#{ A: 1, a: 2 }"], "a=2", ""),
        ] {
            assert_eq!(given(levels), (sent.to_owned(), omitted.to_owned()), "{levels:?}");
        }
    }
}
