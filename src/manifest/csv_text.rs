//! A CSV text as cells that know their place.

use crate::util::{Diagnostic, Place};
use std::borrow::Cow;

/// What some editors write before the first character.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The file that is read.
#[derive(Clone, Copy)]
pub(super) struct CsvText<'a> {
    pub(super) file: &'a str,
    /// Without a byte order mark.
    text: &'a str,
}

/// A cell, without its quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cell<'a> {
    pub(super) text: Cow<'a, str>,
    /// Where it begins in the file, and where it ends, quotes included.
    span: (usize, usize),
}

impl Cell<'_> {
    /// Where it begins in the file.
    pub(super) fn begin(&self) -> usize {
        self.span.0
    }
}

impl<'a> CsvText<'a> {
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, text: text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text) }
    }

    /// The error `message` at a cell.
    pub(super) fn error(self, cell: &Cell<'_>, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(message).at(self.place(cell.span.0, cell.span.1))
    }

    /// The line at `at`, from 1.
    pub(super) fn line(self, at: usize) -> usize {
        1 + self.text[..at].matches('\n').count()
    }

    fn place(self, from: usize, to: usize) -> Place {
        let begin = self.text[..from].rfind('\n').map_or(0, |end| end + 1);
        let line = self.line(from);
        let column = 1 + self.text[begin..from].chars().count();
        let first_line = self.text[from..to].lines().next().unwrap_or_default();
        let width = first_line.chars().count().max(1);
        Place { width, ..Place::in_text(self.file, self.text, line, column) }
    }

    /// The next row that begins at `at` or behind it, and where it ends; none at the end of the file. Rows are as in RFC
    /// 4180, with any line end. Lines without a character are skipped. What follows a closing quote belongs to the cell, as
    /// Python reads it: old versions of Locust do not double the quotes in names.
    ///
    /// # Errors
    ///
    /// A quote that is not closed.
    pub(super) fn row(self, at: usize) -> Result<Option<(Vec<Cell<'a>>, usize)>, Diagnostic> {
        let bytes = self.text.as_bytes();
        let mut at = at;
        while bytes.get(at).is_some_and(|byte| matches!(byte, b'\r' | b'\n')) {
            at += 1;
        }
        if at >= bytes.len() {
            return Ok(None);
        }
        let mut row = Vec::new();
        loop {
            let (cell, end) = self.cell(at)?;
            row.push(cell);
            match bytes.get(end) {
                Some(b',') => at = end + 1,
                _ => return Ok(Some((row, end))),
            }
        }
    }

    fn cell(self, start: usize) -> Result<(Cell<'a>, usize), Diagnostic> {
        let rest = &self.text[start..];
        let ends = |c: char| matches!(c, ',' | '\r' | '\n');
        let Some(quoted) = rest.strip_prefix('"') else {
            let end = start + rest.find(ends).unwrap_or(rest.len());
            return Ok((Cell { text: self.text[start..end].into(), span: (start, end) }, end));
        };
        let mut text = Cow::Borrowed("");
        let mut inside = quoted;
        loop {
            let Some((part, after)) = inside.split_once('"') else {
                let place = self.place(start, start + 1);
                return Err(
                    Diagnostic::error("the quote is not closed: the file may have been cut off").at(place)
                );
            };
            add(&mut text, part);
            if let Some(more) = after.strip_prefix('"') {
                add(&mut text, "\"");
                inside = more;
                continue;
            }
            let behind = after.find(ends).unwrap_or(after.len());
            add(&mut text, &after[..behind]);
            let end = self.text.len() - after.len() + behind;
            return Ok((Cell { text, span: (start, end) }, end));
        }
    }
}

fn add<'a>(text: &mut Cow<'a, str>, part: &'a str) {
    if text.is_empty() {
        *text = Cow::Borrowed(part);
    } else if !part.is_empty() {
        text.to_mut().push_str(part);
    }
}

#[cfg(test)]
mod tests {
    use super::CsvText;
    use proptest::prelude::*;

    /// All rows as text.
    fn rows(text: &str) -> Result<Vec<Vec<String>>, String> {
        let source = CsvText::new("a.csv", text);
        let (mut rows, mut at) = (Vec::new(), 0);
        while let Some((row, end)) = source.row(at).map_err(|error| error.to_string())? {
            rows.push(row.into_iter().map(|cell| cell.text.into_owned()).collect());
            at = end;
        }
        Ok(rows)
    }

    #[test]
    fn cells_are_told_apart() {
        for (text, expected) in [
            ("", vec![]),
            ("a,b\r\nc,d\r\n", vec![vec!["a", "b"], vec!["c", "d"]]),
            ("a,b\nc,d", vec![vec!["a", "b"], vec!["c", "d"]]),
            ("\u{feff}a\n\n\nb\n", vec![vec!["a"], vec!["b"]]),
            ("\"a,\n\"\"b\"\"\",ü\n,\n", vec![vec!["a,\n\"b\"", "ü"], vec!["", ""]]),
            ("\"say \"hi\"\",1", vec![vec!["say hi\"\"", "1"]]),
            ("a\"b,\"\"", vec![vec!["a\"b", ""]]),
        ] {
            assert_eq!(rows(text).unwrap(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_quote_that_is_not_closed_has_a_place() {
        insta::assert_snapshot!(rows("Type,Name\r\nGET,\"/it").unwrap_err(), @r#"
        error: the quote is not closed: the file may have been cut off
         --> a.csv:2:5
          |
        2 | GET,"/it
          |     ^
        "#);
    }

    #[test]
    fn places_count_characters_and_lines_within_cells() {
        let source = CsvText::new("a.csv", "\u{feff}x\r\n\"ä\nö\",ü,word\r\n");
        let (_, end) = source.row(0).unwrap().unwrap();
        let (row, _) = source.row(end).unwrap().unwrap();
        insta::assert_snapshot!(source.error(&row[2], "no"), @r#"
        error: no
         --> a.csv:3:6
          |
        3 | ö",ü,word
          |      ^^^^
        "#);
        assert_eq!(source.line(row[0].begin()), 2);
    }

    proptest! {
        #[test]
        fn what_the_writer_writes_is_read(
            cells in prop::collection::vec(prop::collection::vec("[a ,\"\r\nü]{0,5}", 2..5), 1..5),
        ) {
            let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
            cells.iter().for_each(|row| writer.write_record(row).unwrap());
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            prop_assert_eq!(rows(&text).unwrap(), cells);
        }

        #[test]
        fn no_text_makes_it_panic(text in "[a1,\"\r\n ü\u{feff}]{0,40}") {
            let _ = rows(&text);
        }
    }
}
