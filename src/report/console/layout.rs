//! Widths and texts that the tables share.

use crate::report::unseen::is_unseen;
use std::borrow::Cow;

/// Width of the type column.
pub(super) const TYPE_WIDTH: usize = 8;
/// Width of the name column where there is no terminal, and at most.
pub(super) const NAME_WIDTH: usize = 80;
/// A name column narrower than this would show nothing; the lines of a small terminal wrap instead.
pub(super) const NARROWEST: usize = 20;

/// Locust's name column: 80 characters, or what a terminal of `columns` leaves for it.
pub(super) fn name_width(columns: Option<usize>) -> usize {
    columns.map_or(NAME_WIDTH, |columns| columns.saturating_sub(80).clamp(NARROWEST, NAME_WIDTH))
}

/// A text for one cell of `width` characters: no line breaks or other control characters, and on a terminal not longer
/// than the cell. What is cut is the beginning, because names differ at their end; `…` says so. Where there is no
/// terminal nothing is cut, and a long name pushes the rest of its line to the right, as Locust's do.
pub(in crate::report) fn cell(text: &str, width: usize, columns: Option<usize>) -> Cow<'_, str> {
    let text = one_line(text);
    let length = text.chars().count();
    if columns.is_none() || length <= width {
        return text;
    }
    let tail: String = text.chars().skip(length + 1 - width).collect();
    Cow::Owned(format!("…{tail}"))
}

/// The text with control characters, and what overrides its direction, written as escapes.
pub(in crate::report) fn one_line(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unseen) {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_unseen(c) {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    Cow::Owned(line)
}

/// The line under a header: runs of `-` of these widths, joined by `|`.
pub(super) fn ruler(widths: &[usize]) -> String {
    widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>().join("|")
}

#[cfg(test)]
mod tests {
    use super::{cell, name_width};

    #[test]
    fn the_name_column_follows_the_terminal() {
        assert_eq!([None, Some(200), Some(160), Some(120), Some(40)].map(name_width), [80, 80, 80, 40, 20]);
    }

    #[test]
    fn a_cell_keeps_the_end_and_is_one_line() {
        assert_eq!(cell("/api/v1/items/[id]", 10, Some(80)), "…tems/[id]");
        assert_eq!(cell("/api/v1/items/[id]", 10, None), "/api/v1/items/[id]");
        assert_eq!(cell("größe", 5, Some(80)), "größe");
        assert_eq!(cell("a\nb\u{1b}[31m", 80, None), "a\\nb\\u{1b}[31m");
        assert_eq!(cell("gpj\u{202e}.exe", 80, None), "gpj\\u{202e}.exe");
    }
}
