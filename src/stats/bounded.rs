//! Rows found by key, of a bounded number: what comes after the bound is counted together in one row that says so. And
//! texts of a bounded length.

use hashbrown::{DefaultHashBuilder, HashTable};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::hash::BuildHasher;

/// Distinct (method, name) that are kept apart.
pub const NAMES_KEPT: usize = 10_000;
/// Distinct failure texts, and distinct exceptions, that are kept apart.
pub const FAILURES_KEPT: usize = 500;

/// Bytes of a name, a failure text or an exception that are kept: a script may say `failure(resp.text())` of a megabyte.
pub const TEXT_KEPT: usize = 1024;

/// What ends a text that was cut.
const CUT: &str = " … (cut)";

/// The text, or its beginning with a mark, so that it is no longer than [`TEXT_KEPT`].
pub(super) fn clip(text: &str) -> Cow<'_, str> {
    if text.len() <= TEXT_KEPT {
        return Cow::Borrowed(text);
    }
    let end = text.floor_char_boundary(TEXT_KEPT - CUT.len());
    Cow::Owned(format!("{}{CUT}", &text[..end]))
}

/// A row that can be found by its key and added to another of the same key.
pub(super) trait Row: Clone {
    /// How many rows of the kind are kept.
    const KEPT: usize;
    /// The texts that make it what it is; unused ones are empty.
    fn key(&self) -> [&str; 3];
    /// An empty row with this key.
    fn empty(key: [&str; 3]) -> Self;
    /// The key of the row for everything beyond [`Row::KEPT`].
    const BEYOND: [&'static str; 3];
    /// Adds what `other` counted.
    fn merge(&mut self, other: &Self);
}

/// At most [`Row::KEPT`] rows, first come first kept, and one for the rest.
///
/// Up to that number merging is associative and commutative; beyond it sums stay exact, and which rows are kept apart
/// depends on the order of arrival.
#[derive(Clone, Debug)]
pub(super) struct Bounded<R> {
    rows: Vec<R>,
    rest: Option<R>,
    index: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl<R> Default for Bounded<R> {
    fn default() -> Self {
        Self { rows: Vec::new(), rest: None, index: HashTable::new(), hasher: DefaultHashBuilder::default() }
    }
}

/// Where a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Spot {
    Kept(usize),
    Rest,
}

impl<R: Row> Bounded<R> {
    /// Where the row of `key` is, made if need be. One lookup; a known key allocates nothing.
    pub(super) fn spot(&mut self, key: [&str; 3]) -> Spot {
        let Self { rows, index, hasher, .. } = self;
        let hash = hasher.hash_one(key);
        if let Some(found) = index.find(hash, |&at| rows[at as usize].key() == key) {
            return Spot::Kept(*found as usize);
        }
        if rows.len() >= R::KEPT {
            return Spot::Rest;
        }
        let at = u32::try_from(rows.len()).expect("the bound is far below");
        rows.push(R::empty(key));
        index.insert_unique(hash, at, |&at| hasher.hash_one(rows[at as usize].key()));
        Spot::Kept(at as usize)
    }

    /// The row at a spot.
    pub(super) fn at(&mut self, spot: Spot) -> &mut R {
        match spot {
            Spot::Kept(at) => &mut self.rows[at],
            Spot::Rest => self.rest.get_or_insert_with(|| R::empty(R::BEYOND)),
        }
    }

    /// The row of `key`, made if there is room for it.
    pub(super) fn row_if_room(&mut self, key: [&str; 3]) -> Option<&mut R> {
        match self.spot(key) {
            Spot::Kept(at) => self.rows.get_mut(at),
            Spot::Rest => None,
        }
    }

    /// How many rows are kept apart.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The row of `key`, if there is one.
    pub(super) fn get(&self, key: [&str; 3]) -> Option<&R> {
        if key == R::BEYOND {
            return self.rest.as_ref();
        }
        let found = self.index.find(self.hasher.hash_one(key), |&at| self.rows[at as usize].key() == key);
        found.and_then(|&at| self.rows.get(at as usize))
    }

    /// Adds a row, or the one for the rest; says where it was counted.
    pub(super) fn add(&mut self, row: &R) -> Spot {
        let spot = if row.key() == R::BEYOND { Spot::Rest } else { self.spot(row.key()) };
        self.at(spot).merge(row);
        spot
    }

    /// All rows in the order of their coming, the one for the rest last.
    pub(super) fn iter(&self) -> impl Iterator<Item = &R> {
        self.rows.iter().chain(&self.rest)
    }

    /// All rows by key, so that equal contents are equal sequences; the one for the rest last.
    fn sorted(&self) -> Vec<&R> {
        let mut rows: Vec<&R> = self.rows.iter().collect();
        rows.sort_unstable_by(|a, b| a.key().cmp(&b.key()));
        rows.extend(&self.rest);
        rows
    }
}

impl<R: Row + PartialEq> PartialEq for Bounded<R> {
    fn eq(&self, other: &Self) -> bool {
        self.sorted() == other.sorted()
    }
}

impl<R: Row + Serialize> Serialize for Bounded<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.sorted())
    }
}

impl<'de, R: Row + Deserialize<'de>> Deserialize<'de> for Bounded<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut bounded = Self::default();
        Vec::<R>::deserialize(deserializer)?.iter().for_each(|row| {
            bounded.add(row);
        });
        Ok(bounded)
    }
}

#[cfg(test)]
mod tests {
    use super::{TEXT_KEPT, clip};

    #[test]
    fn a_long_text_is_cut_at_a_character_and_says_so() {
        let fits = "x".repeat(TEXT_KEPT);
        assert_eq!(clip(&fits), fits);
        for long in ["x".repeat(TEXT_KEPT + 1), "ü".repeat(500_000), "€".repeat(400)] {
            let cut = clip(&long);
            assert!(cut.len() <= TEXT_KEPT && cut.len() > TEXT_KEPT - 4, "{}", cut.len());
            let kept = cut.strip_suffix(" … (cut)").unwrap();
            assert!(long.starts_with(kept));
        }
    }
}
