//! Columns of a terminal, which are not characters: `項` takes two, an accent that is a character of its own none.
//!
//! They are counted character by character, as terminals do it: what these make of joined emoji differs.

use std::borrow::Cow;
use unicode_width::UnicodeWidthChar;

/// How many columns a text takes.
#[must_use]
pub fn columns_of(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().map(columns_of_char).sum() }
}

/// As much of the beginning as fits into so many columns.
#[must_use]
pub fn beginning(text: &str, columns: usize) -> &str {
    let mut taken = 0;
    let end = text.char_indices().find(|(_, c)| {
        taken += columns_of_char(*c);
        taken > columns
    });
    end.map_or(text, |(at, _)| &text[..at])
}

/// The text, no wider than so many columns. What is cut off is the beginning, because names differ at their end; `…` says so.
#[must_use]
pub fn ending(text: &str, columns: usize) -> Cow<'_, str> {
    if columns_of(text) <= columns {
        return Cow::Borrowed(text);
    }
    let Some(room) = columns.checked_sub(1) else { return Cow::Borrowed("") };
    let mut taken = 0;
    let fitting = text.char_indices().rev().take_while(|(_, c)| {
        taken += columns_of_char(*c);
        taken <= room
    });
    let tail = fitting.last().map_or("", |(at, _)| &text[at..]);
    // An accent would sit on the `…`: its letter is cut off.
    Cow::Owned(format!("…{}", tail.trim_start_matches(|c| columns_of_char(c) == 0)))
}

/// The text, filled up with spaces to so many columns; a wider one as it is.
#[must_use]
pub fn filled(text: &str, columns: usize) -> String {
    let gap = columns.saturating_sub(columns_of(text));
    format!("{text}{:gap$}", "")
}

fn columns_of_char(c: char) -> usize {
    c.width().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{beginning, columns_of, ending, filled};
    use proptest::prelude::*;

    #[test]
    fn wide_characters_take_two_columns_and_accents_none() {
        for (text, columns) in [
            ("", 0),
            ("abc", 3),
            ("größe", 5),
            ("項目", 4),
            ("e\u{301}te\u{301}", 3),
            ("/🛒", 3),
            ("/منتجات", 7),
            ("/\u{200f}א", 2),
            ("ｱﾞ", 2),
        ] {
            assert_eq!(columns_of(text), columns, "{text}");
        }
    }

    #[test]
    fn names_keep_their_end() {
        assert_eq!(ending("/項目/一", 6), "…目/一");
        assert_eq!(ending("/項目/一", 7), "…目/一");
        assert_eq!(ending("/項目/一", 8), "/項目/一");
        assert_eq!((ending("/a", 1), ending("/a", 0)), ("…".into(), "".into()));
        assert_eq!(ending("/cafe\u{301}s", 2), "…s");
        assert_eq!(filled(&ending("/項目/一", 5), 5), "…/一 ");
    }

    #[test]
    fn beginnings_keep_their_accents() {
        assert_eq!(beginning("e\u{301}te\u{301}", 1), "e\u{301}");
        assert_eq!((beginning("/項目", 2), beginning("/項目", 3)), ("/", "/項"));
    }

    proptest! {
        #[test]
        fn what_is_cut_fits_and_what_is_filled_fills(text in "[a項é\u{301}🛒א\u{200d}/]{0,12}", columns in 0..12_usize) {
            let (first, last) = (beginning(&text, columns), ending(&text, columns));
            prop_assert!(columns_of(first) <= columns && text.starts_with(first));
            prop_assert!(columns_of(&last) <= columns && text.ends_with(last.trim_start_matches('…')));
            prop_assert_eq!(columns_of(&filled(&last, columns)), columns);
            if columns_of(&text) <= columns {
                prop_assert_eq!((first, &*last), (&*text, &*text));
            }
        }
    }
}
