//! One line of a terminal: texts in styles, cut to the columns that there are.

use anstyle::Style;
use std::fmt::Write;
use unicode_width::UnicodeWidthChar;

/// Texts that follow each other, each in a style.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    spans: Vec<(Style, String)>,
}

impl Line {
    /// The line with one more text.
    pub(super) fn and(mut self, style: Style, text: impl Into<String>) -> Self {
        self.spans.push((style, text.into()));
        self
    }

    /// The line with one more text in no style.
    pub(super) fn plain(self, text: impl Into<String>) -> Self {
        self.and(Style::new(), text)
    }

    /// How many columns it takes.
    pub(super) fn width(&self) -> usize {
        self.spans.iter().map(|(_, text)| width(text)).sum()
    }

    /// The line with `right` at the end of so many columns; none if there is no room for both.
    pub(super) fn with_right(mut self, right: Self, columns: usize) -> Option<Self> {
        let gap = columns.checked_sub(self.width() + right.width()).filter(|gap| *gap >= 2)?;
        self.spans.push((Style::new(), " ".repeat(gap)));
        self.spans.extend(right.spans);
        Some(self)
    }

    /// The text with its styles, no wider than `columns`; `…` says where something is cut off.
    pub(super) fn render(&self, columns: usize) -> String {
        let mut text = String::new();
        let cut = self.width() > columns;
        let mut left = if cut { columns.saturating_sub(1) } else { columns };
        for (style, span) in &self.spans {
            let fitting = beginning(span, left);
            if !fitting.is_empty() {
                write!(text, "{style}{fitting}{style:#}").expect("a String takes everything");
            }
            left -= width(fitting);
            if fitting.len() < span.len() {
                break;
            }
        }
        if cut && columns > 0 {
            text.push('…');
        }
        text
    }
}

/// How many columns a text takes.
pub(super) fn width(text: &str) -> usize {
    // Character by character, as terminals do it: what they make of joined emoji differs.
    if text.is_ascii() { text.len() } else { text.chars().map(|c| c.width().unwrap_or(0)).sum() }
}

/// As much of the beginning as fits into so many columns.
fn beginning(text: &str, columns: usize) -> &str {
    let mut taken = 0;
    let end = text.char_indices().find(|(_, c)| {
        taken += c.width().unwrap_or(0);
        taken > columns
    });
    end.map_or(text, |(at, _)| &text[..at])
}

/// The text in so many columns exactly: filled up, or without its beginning, since names differ at their end.
pub(super) fn column(text: &str, columns: usize) -> String {
    let all = width(text);
    if all <= columns {
        return format!("{text}{}", " ".repeat(columns - all));
    }
    let Some(room) = columns.checked_sub(1) else { return String::new() };
    let mut taken = 0;
    let start = text.char_indices().rev().take_while(|(_, c)| {
        taken += c.width().unwrap_or(0);
        taken <= room
    });
    let tail = start.last().map_or("", |(at, _)| &text[at..]);
    format!("…{tail}{}", " ".repeat(room - width(tail)))
}

#[cfg(test)]
mod tests {
    use super::{Line, column, width};

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!((width("abc"), width("項目"), width("größe"), width("e\u{301}")), (3, 4, 5, 1));
        assert_eq!(column("/項目/一", 5), "…/一 ");
        assert_eq!(width(&column("/項目/一", 5)), 5);
        assert_eq!(column("/a", 5), "/a   ");
        assert_eq!((column("/a", 1), column("/a", 0)), ("…".to_owned(), String::new()));
    }

    #[test]
    fn a_line_is_cut_where_the_terminal_ends() {
        let line = Line::default().plain("/項目/").plain("abc");
        assert_eq!(line.width(), 9);
        let cut: Vec<_> = (0..=9).rev().map(|columns| line.render(columns)).collect();
        assert_eq!(cut, ["/項目/abc", "/項目/a…", "/項目/…", "/項目…", "/項…", "/項…", "/…", "/…", "…", ""]);
    }
}
