//! Texts of others in Markdown: shown as they are, whatever they hold.

use crate::report::one_line::is_unseen;
use std::borrow::Cow;
use std::fmt::Write;

/// More characters of a text are not shown: a comment has room for 65,536 in all.
const LONGEST: usize = 200;

/// A text as code, in a table or elsewhere: nothing in it is markup, a mention or a link.
///
/// A backtick ends a code span, a bar ends a cell, and a backslash before a bar is read in two ways; texts with those
/// are written as HTML, in which everything has a number.
pub(in crate::report) fn code(text: &str) -> String {
    let text = line(text);
    if text.is_empty() {
        return String::new();
    }
    let is_plain = |c: char| !matches!(c, '`' | '|' | '\\') && !is_unseen(c);
    if text.chars().all(is_plain) && text.trim().len() == text.len() {
        return format!("`{text}`");
    }
    let mut html = "<code>".to_owned();
    for c in text.chars() {
        if c.is_ascii_punctuation() && !matches!(c, '/' | ',' | ':' | '.' | '-') {
            write!(html, "&#{};", u32::from(c)).expect("a String takes everything");
        } else {
            html.push(c);
        }
    }
    html.push_str("</code>");
    html
}

/// A sentence with texts of others in it: nothing in it is markup, a mention, a link or the end of a cell.
pub(in crate::report) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' | '$' | '@' | '{' | '}' => {
                write!(escaped, "&#{};", u32::from(c)).expect("a String takes everything");
            }
            // A link that nobody marked ends with its colon.
            ':' if escaped.ends_with("http") || escaped.ends_with("https") => escaped.push_str("&#58;"),
            c if is_unseen(c) => {
                escaped.extend(c.escape_default().map(|c| if c == '\\' { '/' } else { c }));
            }
            c => escaped.push(c),
        }
    }
    escaped
}

/// The text in one line and not too long: what nobody sees as escapes, the end cut off.
fn line(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unseen) && text.len() <= LONGEST {
        return Cow::Borrowed(text);
    }
    let mut line = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == LONGEST {
            line.push('…');
            break;
        }
        if is_unseen(c) { line.extend(c.escape_default()) } else { line.push(c) }
    }
    Cow::Owned(line)
}

#[cfg(test)]
mod tests {
    use super::code;

    #[test]
    fn nothing_is_markup() {
        let shown = ["/items/[id] <b> @all #1", "a|b", "`x`", "a\\|b", " x", "a\nb*c*", ""].map(code);
        assert_eq!(
            shown,
            [
                "`/items/[id] <b> @all #1`",
                "<code>a&#124;b</code>",
                "<code>&#96;x&#96;</code>",
                "<code>a&#92;&#124;b</code>",
                "<code> x</code>",
                "<code>a&#92;nb&#42;c&#42;</code>",
                "",
            ]
        );
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(code(&"ä".repeat(300)), format!("`{}…`", "ä".repeat(200)));
        assert_eq!(code(&"x".repeat(200)), format!("`{}`", "x".repeat(200)));
    }
}
