//! JSON to script values.

use rhai::{Array, Dynamic, ImmutableString, Map};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

/// Reads one JSON document: objects become maps, `null` becomes `()`, whole numbers beyond 64 signed bits become floats.
/// A byte order mark is skipped; of two equal keys the last counts.
///
/// # Errors
///
/// What is wrong and where (`expected value at line 1 column 5`); also nesting of more than [`MAX_DEPTH`](super::MAX_DEPTH) levels.
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
