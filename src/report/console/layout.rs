//! Widths and texts that the tables share.

use crate::report::one_line::one_line;
use crate::util::{ending, filled};

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

/// A text for one cell of `width` columns of a terminal: no line breaks or other control characters, and on a terminal not
/// wider than the cell, as [`ending`] cuts it. Where there is no terminal nothing is cut, and a long name pushes the rest of
/// its line to the right, as Locust's do.
pub(in crate::report) fn cell(text: &str, width: usize, columns: Option<usize>) -> String {
    let text = one_line(text);
    if columns.is_none() { filled(&text, width) } else { filled(&ending(&text, width), width) }
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
        assert_eq!((cell("größe", 5, Some(80)), cell("größe", 7, None)), ("größe".into(), "größe  ".into()));
        assert_eq!(cell("/商品/一覧", 7, Some(80)), "…/一覧 ");
        assert_eq!(cell("/商品/一覧", 12, Some(80)), "/商品/一覧  ");
        assert_eq!(cell("a\nb", 4, None), "a\\nb");
    }
}
