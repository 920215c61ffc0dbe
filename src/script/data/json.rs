//! JSON to script values and back, without a value in between.

use super::rows::{Row, Rows};
use rhai::{Array, Blob, Dynamic, EvalAltResult, ImmutableString, Map};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Error as _, Serialize, SerializeMap, SerializeSeq, Serializer};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

/// The deepest nesting that is written; reading has the same limit from `serde_json`. It bounds the stack that a fiber
/// needs.
pub(in crate::script) const MAX_DEPTH: usize = 127;

/// Reads one JSON document: objects become maps, `null` becomes `()`, whole numbers beyond 64 signed bits become floats.
/// A byte order mark is skipped; of two equal keys the last counts.
///
/// # Errors
///
/// What is wrong and where (`expected value at line 1 column 5`); also nesting of more than [`MAX_DEPTH`] levels.
pub(in crate::script) fn to_dynamic(bytes: &[u8]) -> Result<Dynamic, serde_json::Error> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Seed.deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// A JSON document as the script's value.
pub(in crate::script) fn from_value(document: serde_json::Value) -> Dynamic {
    // Reading one fails only for what it does not have.
    Seed.deserialize(document).unwrap_or_default()
}

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

/// Reads any value.
struct Seed;

impl<'de> DeserializeSeed<'de> for Seed {
    type Value = Dynamic;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Dynamic, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed {
    type Value = Dynamic;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Dynamic, E> {
        Ok(Dynamic::UNIT)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Dynamic, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Dynamic, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Dynamic, E> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "integers of scripts have 63 bits; the nearest float is kept"
        )]
        Ok(i64::try_from(value).map_or_else(|_| Dynamic::from(value as f64), Dynamic::from))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Dynamic, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Dynamic, E> {
        Ok(ImmutableString::from(value).into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Dynamic, A::Error> {
        let mut array = Array::new();
        while let Some(element) = elements.next_element_seed(Seed)? {
            array.push(element);
        }
        Ok(Dynamic::from_array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Dynamic, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key_seed(KeySeed::of(&map))? {
            map.insert(key, entries.next_value_seed(Seed)?);
        }
        Ok(Dynamic::from_map(map))
    }
}

/// Reads the key of a map without a `String` in between. `K` is the key type of Rhai's maps, which has no public name.
struct KeySeed<K>(PhantomData<K>);

impl<K> KeySeed<K> {
    fn of<V>(_: &BTreeMap<K, V>) -> Self {
        Self(PhantomData)
    }
}

impl<'de, K: for<'a> From<&'a str>> DeserializeSeed<'de> for KeySeed<K> {
    type Value = K;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<K, D::Error> {
        reader.deserialize_str(self)
    }
}

impl<K: for<'a> From<&'a str>> Visitor<'_> for KeySeed<K> {
    type Value = K;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<K, E> {
        Ok(key.into())
    }
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
            let kind = crate::script::value::args::describe(value);
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

#[cfg(test)]
mod tests {
    use super::{MAX_DEPTH, to_dynamic, to_pretty_text, to_text};
    use proptest::prelude::*;
    use rhai::{Array, Dynamic, Map};
    use serde_json::{Value, json};

    fn round(text: &str) -> String {
        to_text(&to_dynamic(text.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn reads_and_writes_every_kind() {
        let text = r#"{"a":[1,-2,1.5,1e+300,true,false,null,"x\n\"é😀"],"b":{"":{}},"c":[]}"#;
        assert_eq!(round(text), text);
    }

    #[test]
    fn whole_numbers_stay_whole_and_large_ones_become_floats() {
        assert_eq!(
            round("[9223372036854775807,-9223372036854775808]"),
            "[9223372036854775807,-9223372036854775808]"
        );
        assert!(to_dynamic(b"9223372036854775807").unwrap().is_int());
        assert!(to_dynamic(b"18446744073709551615").unwrap().is_float());
        assert_eq!(round("1.0"), "1.0");
        assert_eq!(round("0.1"), "0.1");
        assert_eq!(round("1e2"), "100.0");
    }

    #[test]
    fn says_where_the_text_is_not_json() {
        let error = |text: &str| to_dynamic(text.as_bytes()).unwrap_err().to_string();
        let errors = ["", "{\"a\":\n 01}", "[1,]", "{} x", "<html>", "{\"a\"", "[1e999]"].map(error);
        insta::assert_snapshot!(errors.join("\n"), @"
        EOF while parsing a value at line 1 column 0
        invalid number at line 2 column 3
        trailing comma at line 1 column 4
        trailing characters at line 1 column 4
        expected value at line 1 column 1
        EOF while parsing an object at line 1 column 4
        number out of range at line 1 column 6
        ");
        assert!(to_dynamic(b"\"\xFF\"").is_err());
    }

    #[test]
    fn a_byte_order_mark_is_skipped_and_the_last_of_equal_keys_counts() {
        assert_eq!(to_text(&to_dynamic(b"\xEF\xBB\xBF{\"a\":1,\"a\":2}").unwrap()).unwrap(), r#"{"a":2}"#);
    }

    #[test]
    fn writes_what_scripts_have_beside_json() {
        assert_eq!(to_text(&'x'.into()).unwrap(), r#""x""#);
        assert_eq!(to_text(&Dynamic::from_blob(vec![1, 2, 255])).unwrap(), r#""AQL/""#);
        let shared = Dynamic::from(vec![Dynamic::from(1_i64)]).into_shared();
        let twice: Array = vec![shared.clone(), shared];
        assert_eq!(to_text(&twice.into()).unwrap(), "[[1],[1]]");
    }

    #[test]
    fn refuses_what_json_cannot_say() {
        let function = rhai::Engine::new().eval::<Dynamic>("|x| x").unwrap();
        let map: Map = [("f".into(), function)].into();
        let refused = [
            Dynamic::from(map),
            Dynamic::from(f64::NAN),
            Dynamic::from(f64::INFINITY),
            Dynamic::from_timestamp(std::time::Instant::now()),
            Dynamic::from(0_i64..3),
        ];
        let errors = refused.map(|value| to_text(&value).unwrap_err().to_string());
        insta::assert_snapshot!(errors.join("\n"), @"
        Runtime error: a function cannot be written as JSON
        Runtime error: JSON has no number NaN
        Runtime error: JSON has no number inf
        Runtime error: a timestamp cannot be written as JSON
        Runtime error: a value of type Range<i64> cannot be written as JSON
        ");
    }

    #[test]
    fn depth_is_limited_both_ways_and_fits_a_small_stack() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let objects = |depth: usize| format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
        let check = move || {
            assert_eq!(round(&nested(MAX_DEPTH)), nested(MAX_DEPTH));
            assert_eq!(round(&objects(MAX_DEPTH)), objects(MAX_DEPTH));
            assert!(to_dynamic(nested(MAX_DEPTH + 1).as_bytes()).is_err());
            assert!(to_dynamic(nested(100_000).as_bytes()).is_err());
            let deep = (0..MAX_DEPTH).fold(to_dynamic(b"[]").unwrap(), |inner, _| vec![inner].into());
            assert!(to_text(&deep).unwrap_err().to_string().contains("127 levels"));
        };
        // Built for tests; an optimised build takes less than 64 KiB.
        std::thread::Builder::new().stack_size(256 * 1024).spawn(check).unwrap().join().unwrap();
    }

    #[test]
    fn pretty_text_is_indented() {
        let value = to_dynamic(br#"{"a":[1,{}],"b":[]}"#).unwrap();
        insta::assert_snapshot!(to_pretty_text(&value, 2).unwrap(), @r#"
        {
          "a": [
            1,
            {}
          ],
          "b": []
        }
        "#);
    }

    fn documents() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_filter("JSON has no such number", |f| f.is_finite()).prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..8).prop_map(|map| json!(map)),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_document_survives_the_way_there_and_back(document in documents()) {
            let text = round(&document.to_string());
            prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), document);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = to_dynamic(&bytes);
        }

        #[test]
        fn reads_exactly_what_serde_json_reads(text in r#"[\[\]{}",:0-9eE+.\-ntrufalse \\]{0,24}"#) {
            let theirs = serde_json::from_str::<Value>(&text);
            prop_assert_eq!(to_dynamic(text.as_bytes()).is_ok(), theirs.is_ok(), "{}", text);
        }
    }
}
