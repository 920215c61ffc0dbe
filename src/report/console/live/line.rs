//! One line of a terminal: texts in styles, cut to the columns that there are.

use crate::util::{beginning, columns_of};
use anstyle::Style;
use std::fmt::Write;

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
        self.spans.iter().map(|(_, text)| columns_of(text)).sum()
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
            left -= columns_of(fitting);
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

#[cfg(test)]
mod tests {
    use super::Line;

    #[test]
    fn a_line_is_cut_where_the_terminal_ends() {
        let line = Line::default().plain("/項目/").plain("abc");
        assert_eq!(line.width(), 9);
        let cut: Vec<_> = (0..=9).rev().map(|columns| line.render(columns)).collect();
        assert_eq!(cut, ["/項目/abc", "/項目/a…", "/項目/…", "/項目…", "/項…", "/項…", "/…", "/…", "…", ""]);
    }
}
