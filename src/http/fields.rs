//! Header fields in the order in which they are sent.

use http::header::{HeaderName, HeaderValue};

/// Header fields as a script gives them: in its order, and as often as it names them. A `HeaderMap` would send fields of
/// one name together.
///
/// There are only ever a few, so a name is looked for by going through them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<(HeaderName, HeaderValue)>);

impl Fields {
    /// No fields.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a field behind all others.
    pub fn append(&mut self, name: HeaderName, value: HeaderValue) {
        self.0.push((name, value));
    }

    /// Adds a field behind all others, in place of those of its name.
    pub fn insert(&mut self, name: HeaderName, value: HeaderValue) {
        self.remove(&name);
        self.append(name, value);
    }

    /// Removes all fields of this name.
    pub fn remove(&mut self, name: &HeaderName) {
        self.0.retain(|(known, _)| known != name);
    }

    /// Whether there is a field of this name.
    #[must_use]
    pub fn contains(&self, name: &HeaderName) -> bool {
        self.get(name).is_some()
    }

    /// The first field of this name.
    #[must_use]
    pub fn get(&self, name: &HeaderName) -> Option<&HeaderValue> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// All fields of this name, in order.
    pub fn get_all<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a HeaderValue> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value)
    }

    /// All fields, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.0.iter().map(|(name, value)| (name, value))
    }
}

#[cfg(test)]
mod tests {
    use super::Fields;
    use http::header::{HeaderName, HeaderValue};

    #[test]
    fn fields_keep_their_order_and_repeat() {
        let name = HeaderName::from_static;
        let value = HeaderValue::from_static;
        let mut fields = Fields::new();
        for (key, text) in [("a", "1"), ("b", "2"), ("a", "3")] {
            fields.append(name(key), value(text));
        }
        let text = |fields: &Fields| -> Vec<String> {
            fields.iter().map(|(name, value)| format!("{name}={}", value.to_str().expect("ASCII"))).collect()
        };
        assert_eq!(text(&fields), ["a=1", "b=2", "a=3"]);
        assert_eq!(fields.get_all(&name("a")).collect::<Vec<_>>(), ["1", "3"]);
        assert_eq!(fields.get(&name("a")), Some(&value("1")));
        fields.insert(name("a"), value("4"));
        assert_eq!(text(&fields), ["b=2", "a=4"]);
        fields.remove(&name("b"));
        assert!(!fields.contains(&name("b")) && !fields.is_empty());
    }
}
