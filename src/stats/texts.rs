//! What went wrong in a run, in a bounded number of rows: kept apart by their texts as long as there is room, by their
//! grouped texts from then on.

use super::bounded::{Bounded, Row, Spot};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::sync::Arc;

/// A row whose key has a text in it that may be grouped.
pub(super) trait TextRow: Row {
    /// Where in the key the text is.
    const TEXT: usize;
    /// Whether nothing was counted in it yet.
    fn is_new(&self) -> bool;
    /// The text as it is when it is grouped, where that is another.
    fn form(&self) -> Option<&Arc<str>>;
    /// Sets it.
    fn set_form(&mut self, form: Arc<str>);
    /// The first of the texts that were grouped to the row's.
    fn sample(&self) -> Option<&Arc<str>>;

    /// The first text of the row as it came: of several at the same time, the smallest.
    fn first_text(&self) -> &str {
        self.sample().map_or(self.key()[Self::TEXT], |sample| sample)
    }

    /// Whether it counts what came when there was no room for a row of its own.
    fn counts_rest(&self) -> bool {
        self.key() == Self::BEYOND
    }
}

/// Rows by their keys.
///
/// Whether texts are grouped, and the rows, follow from what was counted, in whatever order it came, up to as many grouped
/// texts as are kept apart.
#[derive(Clone, Debug)]
pub(super) struct Texts<R> {
    rows: Bounded<R>,
    /// Texts are grouped: somebody wants it, or there were too many.
    grouped: bool,
    /// There were too many.
    crowded: bool,
}

impl<R> Default for Texts<R> {
    fn default() -> Self {
        Self { rows: Bounded::default(), grouped: false, crowded: false }
    }
}

impl<R: TextRow> Texts<R> {
    /// No rows yet; their texts are to be `grouped` from the first on.
    pub(super) fn new(grouped: bool) -> Self {
        Self { grouped, ..Self::default() }
    }

    /// The row to count something in; `form` groups its text.
    pub(super) fn row<'k>(&mut self, key: [&'k str; 3], form: impl Fn() -> Cow<'k, str>) -> &mut R {
        if !self.grouped {
            let spot = self.rows.spot(key);
            if spot != Spot::Rest {
                let row = self.rows.at(spot);
                if row.is_new()
                    && let Cow::Owned(form) = form()
                    && form != key[R::TEXT]
                {
                    row.set_form(form.into());
                }
                return row;
            }
            self.group();
            self.crowded = true;
        }
        let spot = self.rows.spot(with_text::<R>(key, &form()));
        self.crowded |= spot == Spot::Rest;
        self.rows.at(spot)
    }

    /// Adds a row, grouped or not.
    pub(super) fn add(&mut self, row: &R) {
        if row.sample().is_some() || row.counts_rest() {
            self.group();
        }
        if !self.grouped {
            if let Some(ours) = self.rows.row_if_room(row.key()) {
                ours.merge(row);
                return;
            }
            self.group();
            self.crowded = true;
        }
        self.add_grouped(row);
    }

    fn add_grouped(&mut self, row: &R) {
        if row.counts_rest() {
            self.rows.add(row);
            self.crowded = true;
            return;
        }
        let key = row.key();
        let text = row.form().map_or(key[R::TEXT], |form| form);
        let spot = self.rows.spot(with_text::<R>(key, text));
        self.crowded |= spot == Spot::Rest;
        self.rows.at(spot).merge(row);
    }

    /// From now on texts are grouped, and so are those that were kept apart.
    #[cold]
    fn group(&mut self) {
        if !self.grouped {
            self.grouped = true;
            let apart = std::mem::take(&mut self.rows);
            apart.iter().for_each(|row| self.add_grouped(row));
        }
    }

    /// Adds what `other` counted.
    pub(super) fn merge(&mut self, other: &Self) {
        other.iter().for_each(|row| self.add(row));
        self.crowded |= other.crowded;
    }

    /// Whether there were more than are kept apart.
    pub(super) fn is_crowded(&self) -> bool {
        self.crowded
    }

    /// All rows, that for the rest last.
    pub(super) fn iter(&self) -> impl Iterator<Item = &R> {
        self.rows.iter()
    }
}

/// The key with another text.
fn with_text<'k, R: TextRow>(mut key: [&'k str; 3], text: &'k str) -> [&'k str; 3] {
    key[R::TEXT] = text;
    key
}

/// What the sample of a row is when it has counted a text that came `earlier` than its first.
pub(super) fn sample_with<R: TextRow>(row: &R, text: &str, earlier: bool) -> Option<Arc<str>> {
    let own = row.key()[R::TEXT];
    let differs = row.sample().is_some() || text != own;
    // What is kept is shared, not copied: this is asked of each failure.
    match row.sample() {
        Some(sample) if !earlier => Some(sample.clone()),
        _ => differs.then(|| if earlier { text } else { row.first_text() }.into()),
    }
}

/// Equal rows: the rest follows from them.
impl<R: TextRow + PartialEq> PartialEq for Texts<R> {
    fn eq(&self, other: &Self) -> bool {
        self.rows == other.rows
    }
}

impl<R: TextRow + Serialize> Serialize for Texts<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.rows.serialize(serializer)
    }
}

impl<'de, R: TextRow + Deserialize<'de>> Deserialize<'de> for Texts<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut texts = Self::default();
        Vec::<R>::deserialize(deserializer)?.iter().for_each(|row| texts.add(row));
        Ok(texts)
    }
}

#[cfg(test)]
#[path = "texts_tests.rs"]
mod tests;
