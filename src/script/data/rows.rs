//! Rows of data files as scripts hold them: handles on what all shards share.

use super::csv_table::CsvTable;
use super::documents::Documents;
use super::files::Cursors;
use crate::script::value::args::{Answer, fail, unknown};
use rhai::{Dynamic, ImmutableString};
use std::sync::Arc;

/// A loaded file with rows.
#[derive(Debug)]
pub(in crate::script) struct Table {
    /// The path as the script wrote it.
    pub(in crate::script) name: String,
    /// Its rows.
    pub(super) content: Content,
    /// How far the process has gone through them.
    pub(in crate::script) cursors: Arc<Cursors>,
}

/// The rows of a file.
#[derive(Debug)]
pub(super) enum Content {
    /// Fields under names.
    Csv(CsvTable),
    /// JSON documents, or lines.
    Documents(Documents),
}

/// All rows of a file: what `data::csv` returns. A copy is the same rows.
#[derive(Clone, Debug)]
pub(in crate::script) struct Rows(pub(in crate::script) Arc<Table>);

impl Rows {
    /// How many there are.
    pub(in crate::script) fn len(&self) -> usize {
        match &self.0.content {
            Content::Csv(table) => table.len(),
            Content::Documents(documents) => documents.len(),
        }
    }

    /// The row number `index`, which must exist.
    ///
    /// # Errors
    ///
    /// None in practice: documents were read once when the file was loaded.
    pub(in crate::script) fn row(&self, index: usize) -> Answer<Dynamic> {
        match &self.0.content {
            Content::Csv(_) => Ok(Dynamic::from(Row { table: self.0.clone(), index })),
            Content::Documents(documents) => {
                documents.get(index).or_else(|error| fail(format!("{}: {error}", self.0.name)))
            }
        }
    }
}

/// All rows in the order of the file.
impl IntoIterator for Rows {
    type Item = Answer<Dynamic>;
    type IntoIter = Box<dyn Iterator<Item = Self::Item>>;

    fn into_iter(self) -> Self::IntoIter {
        Box::new((0..self.len()).map(move |index| self.row(index)))
    }
}

/// One row of a CSV file; its columns are properties. A copy is the same row.
#[derive(Clone, Debug)]
pub(in crate::script) struct Row {
    table: Arc<Table>,
    index: usize,
}

impl Row {
    fn csv(&self) -> &CsvTable {
        match &self.table.content {
            Content::Csv(table) => table,
            Content::Documents(_) => unreachable!("rows are made of CSV files only"),
        }
    }

    /// The names of the columns; none if the file has no header.
    pub(in crate::script) fn columns(&self) -> &[String] {
        &self.csv().columns
    }

    /// The values in the order of the file.
    pub(in crate::script) fn values(&self) -> impl Iterator<Item = Dynamic> + '_ {
        (0..self.csv().width()).map(|column| self.value(column))
    }

    fn value(&self, column: usize) -> Dynamic {
        let table = self.csv();
        let text = table.field(self.index, column);
        if table.types { typed(text) } else { text.into() }
    }

    /// The value in the column called `name`.
    ///
    /// # Errors
    ///
    /// There is no such column.
    pub(in crate::script) fn by_name(&self, name: &str) -> Answer<Dynamic> {
        match self.columns().iter().position(|column| column == name) {
            Some(column) => Ok(self.value(column)),
            None if self.columns().is_empty() => fail(format!(
                "{}: the file was read without a header, so there is no column `{name}`; columns have numbers: row[0]",
                self.table.name
            )),
            None => {
                let columns: Vec<&str> = self.columns().iter().map(String::as_str).collect();
                fail(format!("{}: {}", self.table.name, unknown("column", name, &columns)))
            }
        }
    }

    /// The value in the column number `index`, from 0; negative numbers count from the last.
    ///
    /// # Errors
    ///
    /// There is no such column.
    pub(in crate::script) fn by_number(&self, index: i64) -> Answer<Dynamic> {
        let width = self.csv().width();
        match position(index, width) {
            Some(column) => Ok(self.value(column)),
            None => fail(format!(
                "{}: there is no column number {index}; rows have {width} columns",
                self.table.name
            )),
        }
    }
}

/// The place in a list of `len` that `index` means; negative numbers count from the end.
pub(in crate::script) fn position(index: i64, len: usize) -> Option<usize> {
    let len = i64::try_from(len).ok()?;
    let index = if index < 0 { len + index } else { index };
    (0..len).contains(&index).then(|| usize::try_from(index).ok())?
}

/// A field as the number or the truth value that it writes; empty is `()`. What looks like a number and may be a code
/// (`007`, `+1`, `1e5`, more than 19 digits) stays text.
fn typed(text: &str) -> Dynamic {
    match text {
        "" => return Dynamic::UNIT,
        "true" => return Dynamic::TRUE,
        "false" => return Dynamic::FALSE,
        _ => {}
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    let padded = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
    let plain = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.ends_with(|c: char| c.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if plain && !padded {
        if let Ok(number) = text.parse::<i64>() {
            return number.into();
        }
        if let (true, Ok(number)) = (text.contains('.'), text.parse::<f64>()) {
            return number.into();
        }
    }
    ImmutableString::from(text).into()
}

#[cfg(test)]
mod tests {
    use super::{position, typed};

    #[test]
    fn only_plain_numbers_are_numbers() {
        for (text, kind) in [
            ("42", "i64"),
            ("-7", "i64"),
            ("0", "i64"),
            ("1.5", "f64"),
            ("-0.25", "f64"),
            ("true", "bool"),
            ("", "()"),
            ("007", "string"),
            ("+1", "string"),
            ("1e5", "string"),
            ("1.2.3", "string"),
            (".5", "string"),
            ("-", "string"),
            ("12 ", "string"),
            ("99999999999999999999", "string"),
            ("inf", "string"),
        ] {
            assert_eq!(typed(text).type_name(), kind, "{text:?}");
        }
    }

    #[test]
    fn places_count_from_both_ends() {
        let places = [0, 2, 3, -1, -3, -4, i64::MIN, i64::MAX].map(|index| position(index, 3));
        assert_eq!(places, [Some(0), Some(2), None, Some(2), Some(0), None, None, None]);
    }
}
