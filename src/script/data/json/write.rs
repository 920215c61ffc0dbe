//! Script values to JSON.

use crate::script::data::rows::{Row, Rows};
use crate::script::value::args::describe;
use rhai::{Array, Blob, Dynamic, EvalAltResult, ImmutableString, Map};
use serde::ser::{Error as _, Serialize, SerializeMap, SerializeSeq, Serializer};

/// The deepest nesting that is written; reading has the same limit from `serde_json`. It bounds the stack that a fiber
/// needs.
pub(in crate::script) const MAX_DEPTH: usize = 127;

/// Writes `value` as compact JSON: `()` is `null`, characters are strings, blobs are base64 strings, rows of data files
/// are objects.
///
/// # Errors
///
/// What JSON cannot say: functions, timestamps, other native values, floats that are not numbers, more than
/// [`MAX_DEPTH`] levels.
pub(in crate::script) fn to_text(value: &Dynamic) -> Result<String, Box<EvalAltResult>> {
    serde_json::to_string(&Text { value, depth: 0 }).map_err(|error| error.to_string().into())
}

/// Like [`to_text`], over several lines with `indent` spaces per level.
///
/// # Errors
///
/// As [`to_text`].
pub(in crate::script) fn to_pretty_text(
    value: &Dynamic,
    indent: usize,
) -> Result<String, Box<EvalAltResult>> {
    let indent = " ".repeat(indent);
    let formatter = serde_json::ser::PrettyFormatter::with_indent(indent.as_bytes());
    let mut text = Vec::new();
    let mut writer = serde_json::Serializer::with_formatter(&mut text, formatter);
    Text { value, depth: 0 }.serialize(&mut writer).map_err(|error| error.to_string())?;
    Ok(String::from_utf8(text).expect("JSON is UTF-8"))
}

/// Writes a value that sits `depth` levels deep.
struct Text<'a> {
    value: &'a Dynamic,
    depth: usize,
}

impl<'a> Text<'a> {
    fn inner<'b>(&self, value: &'b Dynamic) -> Text<'b> {
        Text { value, depth: self.depth + 1 }
    }
}

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        let value = self.value;
        if value.is_locked() {
            return Err(S::Error::custom("a value that is in use elsewhere cannot be written as JSON"));
        }
        if let Some(text) = value.read_lock::<ImmutableString>() {
            writer.serialize_str(&text)
        } else if let Some(map) = value.read_lock::<Map>() {
            self.check_depth()?;
            writer.collect_map(map.iter().map(|(key, value)| (key.as_str(), self.inner(value))))
        } else if let Some(array) = value.read_lock::<Array>() {
            self.check_depth()?;
            writer.collect_seq(array.iter().map(|value| self.inner(value)))
        } else {
            self.serialize_leaf(writer)
        }
    }
}

impl Text<'_> {
    fn check_depth<E: serde::ser::Error>(&self) -> Result<(), E> {
        if self.depth < MAX_DEPTH {
            return Ok(());
        }
        Err(E::custom(format!(
            "the value is nested more than {MAX_DEPTH} levels deep; JSON bodies may not be"
        )))
    }

    fn serialize_leaf<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        let value = self.value;
        if let Ok(number) = value.as_int() {
            writer.serialize_i64(number)
        } else if let Ok(number) = value.as_float() {
            if !number.is_finite() {
                return Err(S::Error::custom(format!("JSON has no number {number}")));
            }
            writer.serialize_f64(number)
        } else if let Ok(truth) = value.as_bool() {
            writer.serialize_bool(truth)
        } else if value.is_unit() {
            writer.serialize_unit()
        } else if let Ok(character) = value.as_char() {
            writer.serialize_char(character)
        } else if let Some(blob) = value.read_lock::<Blob>() {
            writer.serialize_str(&data_encoding::BASE64.encode(&blob))
        } else if let Some(row) = value.read_lock::<Row>() {
            self.serialize_row(&row, writer)
        } else if let Some(rows) = value.read_lock::<Rows>() {
            self.serialize_rows(&rows, writer)
        } else {
            let kind = describe(value);
            Err(S::Error::custom(format!("{kind} cannot be written as JSON")))
        }
    }

    /// A row is an object, or an array if its file has no header.
    fn serialize_row<S: Serializer>(&self, row: &Row, writer: S) -> Result<S::Ok, S::Error> {
        if row.columns().is_empty() {
            let mut list = writer.serialize_seq(None)?;
            for value in row.values() {
                list.serialize_element(&self.inner(&value))?;
            }
            return list.end();
        }
        let mut object = writer.serialize_map(None)?;
        for (column, value) in row.columns().iter().zip(row.values()) {
            object.serialize_entry(column, &self.inner(&value))?;
        }
        object.end()
    }

    fn serialize_rows<S: Serializer>(&self, rows: &Rows, writer: S) -> Result<S::Ok, S::Error> {
        let mut list = writer.serialize_seq(Some(rows.len()))?;
        for row in rows.clone() {
            let row = row.map_err(S::Error::custom)?;
            list.serialize_element(&self.inner(&row))?;
        }
        list.end()
    }
}
