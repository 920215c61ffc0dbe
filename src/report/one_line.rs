//! Texts that a script, a server or a file made, where a line of a report holds them.

use std::borrow::Cow;

/// The text with what would end the line, steer the terminal or turn round what is read written as escapes.
pub(super) fn one_line(text: &str) -> Cow<'_, str> {
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

/// Control characters, line and paragraph separators, and what overrides the direction of text.
pub(super) fn is_unseen(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn nothing_steers_who_reads() {
        assert_eq!(one_line("a\nb\u{1b}[31m"), "a\\nb\\u{1b}[31m");
        assert_eq!(one_line("/a\u{202e}dessap\u{2028}"), "/a\\u{202e}dessap\\u{2028}");
        assert_eq!(one_line("/größe/項目/منتجات"), "/größe/項目/منتجات");
    }
}
