//! Tables, as wide as their texts are.

/// Rows of a table at most: nobody reads more in a comment.
const MOST_ROWS: usize = 100;

/// What the rows of all tables of a page may take. A comment on GitHub has 65,536 characters, and the rest of the page
/// needs some of them.
pub(super) const ROOM: usize = 50_000;

/// How a column stands.
#[derive(Clone, Copy)]
pub(super) enum Side {
    Left,
    Right,
}

/// A table under a heading; nothing without rows. The cells are Markdown. What is beyond the bound of rows, or beyond the
/// room that is left on the page, is told by its number.
pub(super) fn table<const N: usize>(
    heading: &str,
    columns: [(&str, Side); N],
    rows: &[[String; N]],
    what: &str,
    room: &mut usize,
) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let join = |cells: [&str; N]| format!("| {} |\n", cells.join(" | "));
    let rulers = columns.map(|(_, side)| match side {
        Side::Left => "---",
        Side::Right => "---:",
    });
    let mut text = format!("### {heading}\n\n{}{}", join(columns.map(|(title, _)| title)), join(rulers));
    let mut shown = 0;
    for row in rows.iter().take(MOST_ROWS) {
        let line = join(std::array::from_fn(|column| row[column].as_str()));
        if line.len() > *room {
            break;
        }
        *room -= line.len();
        shown += 1;
        text.push_str(&line);
    }
    if shown < rows.len() {
        text.push_str(&format!("\n… and {} more {what}.\n", rows.len() - shown));
    }
    text
}
