//! Values that leave their thread: plain data, copied whole.

use super::json::MAX_DEPTH;
use super::rows::Row;
use crate::script::value::args::{Answer, describe, fail};
use rhai::{Array, Blob, Dynamic, ImmutableString, Map};

/// A value of a script without anything that belongs to its thread.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::script) enum Plain {
    Unit,
    Bool(bool),
    Int(i64),
    Float(f64),
    Char(char),
    Text(Box<str>),
    Blob(Vec<u8>),
    Array(Vec<Plain>),
    /// In the order of the keys.
    Map(Vec<(Box<str>, Plain)>),
}

impl Plain {
    /// A copy of `value`, which was given to `call`.
    ///
    /// # Errors
    ///
    /// What only its own thread may have: functions, users, responses and other native values; nesting of more than
    /// [`MAX_DEPTH`] levels.
    pub(in crate::script) fn read(value: &Dynamic, call: &str) -> Answer<Self> {
        Self::read_at(value, call, 0)
    }

    fn read_at(value: &Dynamic, call: &str, depth: usize) -> Answer<Self> {
        if depth > MAX_DEPTH {
            return fail(format!("{call}: the value is nested more than {MAX_DEPTH} deep"));
        }
        if value.is_unit() {
            return Ok(Self::Unit);
        }
        if let Ok(value) = value.as_bool() {
            return Ok(Self::Bool(value));
        }
        if let Ok(value) = value.as_int() {
            return Ok(Self::Int(value));
        }
        if let Ok(value) = value.as_float() {
            return Ok(Self::Float(value));
        }
        if let Ok(value) = value.as_char() {
            return Ok(Self::Char(value));
        }
        if let Some(text) = value.read_lock::<ImmutableString>() {
            return Ok(Self::Text(text.as_str().into()));
        }
        if let Some(blob) = value.read_lock::<Blob>() {
            return Ok(Self::Blob(blob.clone()));
        }
        if let Some(items) = value.read_lock::<Array>() {
            let items = items.iter().map(|item| Self::read_at(item, call, depth + 1));
            return Ok(Self::Array(items.collect::<Answer<_>>()?));
        }
        if let Some(map) = value.read_lock::<Map>() {
            let entries = map
                .iter()
                .map(|(key, value)| Ok((key.as_str().into(), Self::read_at(value, call, depth + 1)?)));
            return Ok(Self::Map(entries.collect::<Answer<_>>()?));
        }
        if let Some(row) = value.read_lock::<Row>() {
            let columns = row.columns().iter().zip(row.values());
            let entries = columns
                .map(|(name, value)| Ok((name.as_str().into(), Self::read_at(&value, call, depth + 1)?)));
            return Ok(Self::Map(entries.collect::<Answer<_>>()?));
        }
        fail(format!(
            "{call}: {} cannot be shared; share plain data: strings, numbers, booleans, arrays, maps, blobs",
            describe(value)
        ))
    }

    /// A copy for the thread that asks.
    pub(in crate::script) fn to_dynamic(&self) -> Dynamic {
        match self {
            Self::Unit => Dynamic::UNIT,
            Self::Bool(value) => (*value).into(),
            Self::Int(value) => (*value).into(),
            Self::Float(value) => (*value).into(),
            Self::Char(value) => (*value).into(),
            Self::Text(text) => ImmutableString::from(&**text).into(),
            Self::Blob(bytes) => Dynamic::from_blob(bytes.clone()),
            Self::Array(items) => Dynamic::from_array(items.iter().map(Self::to_dynamic).collect()),
            Self::Map(entries) => Dynamic::from_map(
                entries.iter().map(|(key, value)| ((&**key).into(), value.to_dynamic())).collect(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Plain;
    use proptest::prelude::*;
    use rhai::{Dynamic, FnPtr};

    fn plain() -> impl Strategy<Value = Plain> {
        let leaf = prop_oneof![
            Just(Plain::Unit),
            any::<bool>().prop_map(Plain::Bool),
            any::<i64>().prop_map(Plain::Int),
            (-1e9..1e9).prop_map(Plain::Float),
            any::<char>().prop_map(Plain::Char),
            ".{0,8}".prop_map(|text| Plain::Text(text.into())),
            prop::collection::vec(any::<u8>(), 0..8).prop_map(Plain::Blob),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            let map = prop::collection::btree_map(".{0,4}", inner.clone(), 0..5);
            prop_oneof![
                prop::collection::vec(inner, 0..5).prop_map(Plain::Array),
                map.prop_map(|map| Plain::Map(map.into_iter().map(|(k, v)| (k.into(), v)).collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(value in plain()) {
            prop_assert_eq!(Plain::read(&value.to_dynamic(), "f").unwrap(), value);
        }
    }

    #[test]
    fn what_belongs_to_a_thread_stays_there() {
        let inside = Dynamic::from_array(vec![Dynamic::from(FnPtr::new("f").unwrap())]);
        let error = Plain::read(&inside, "store.set(key, value)").unwrap_err().to_string();
        assert_eq!(
            error,
            "Runtime error: store.set(key, value): a function cannot be shared; share plain data: strings, numbers, \
             booleans, arrays, maps, blobs"
        );
    }

    #[test]
    fn a_value_without_an_end_is_refused() {
        let mut tower = Dynamic::UNIT;
        for _ in 0..200 {
            tower = Dynamic::from_array(vec![tower]);
        }
        assert!(Plain::read(&tower, "f").unwrap_err().to_string().ends_with("nested more than 127 deep"));
    }
}
