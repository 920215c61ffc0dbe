//! Characters that nobody sees, and that change what is seen.

/// Whether a character is to be shown as an escape: control characters, line and paragraph separators, and what
/// overrides the direction of text.
pub(in crate::report) fn is_unseen(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
