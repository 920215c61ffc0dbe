//! Markup under construction. Only literals of this program go in as they are; every other text is escaped, so that no name
//! that a script or a server made can become part of the page.

use crate::report::one_line::is_unseen;
use serde::Serialize;
use std::fmt::Write;

/// A piece of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Html(String);

impl Html {
    /// Markup of this program.
    pub(super) fn of(markup: &'static str) -> Self {
        Self(markup.to_owned())
    }

    /// A text of its own: what the reader sees is what the text says.
    pub(super) fn text(text: &str) -> Self {
        let mut html = Self::default();
        html.push_text(text);
        html
    }

    /// A text that somebody else wrote, kept apart in its direction from what stands around it (HTML, section 4.5.24).
    /// Beyond `most` characters only its end is shown, since names differ at their end.
    pub(super) fn foreign(text: &str, most: usize) -> Self {
        let length = text.chars().count();
        let mut html = Self::of("<bdi>");
        if length > most {
            html.push("…");
            let tail: String = text.chars().skip(length - most).collect();
            html.push_text(&tail);
        } else {
            html.push_text(text);
        }
        html.push("</bdi>");
        html
    }

    /// Adds markup of this program.
    pub(super) fn push(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Adds a text; it may stand in an attribute within double quotes too.
    pub(super) fn push_text(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                // NUL and its like are errors in HTML, line ends would vanish, and the rest may turn round what is read.
                c if is_unseen(c) => self.0.extend(c.escape_default()),
                c => self.0.push(c),
            }
        }
        self
    }

    /// Adds a piece.
    pub(super) fn push_html(&mut self, html: &Self) -> &mut Self {
        self.0.push_str(&html.0);
        self
    }

    /// Adds data for a script in an element that is never run: nothing in it ends the element or begins a comment.
    pub(super) fn push_json(&mut self, data: &impl Serialize) -> &mut Self {
        let json = serde_json::to_string(data).expect("every map in the data has text for keys");
        for c in json.chars() {
            if is_escaped_in_data(c) {
                write!(self.0, "\\u{:04x}", u32::from(c)).expect("a String takes everything");
            } else {
                self.0.push(c);
            }
        }
        self
    }

    /// Its bytes.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was added.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text of it all.
    pub(super) fn into_string(self) -> String {
        self.0
    }
}

/// A text as it may stand in an element, or in an attribute within double quotes.
pub(in crate::report) fn escaped(text: &str) -> String {
    Html::text(text).into_string()
}

/// Characters that stand in strings only, where they can be written as `\u003c` (RFC 8259, section 7).
fn is_escaped_in_data(c: char) -> bool {
    matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}')
}

/// How long JSON is as [`Html::push_json`] writes it.
pub(super) fn data_bytes(json: &str) -> usize {
    json.chars().map(|c| if is_escaped_in_data(c) { 6 } else { c.len_utf8() }).sum()
}

#[cfg(test)]
mod tests {
    use super::Html;

    #[test]
    fn no_text_becomes_markup() {
        let evil = "</script><img src=x onerror=\"alert('1')\">&amp;\0\n";
        assert_eq!(
            Html::text(evil).into_string(),
            "&lt;/script&gt;&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;amp;\\u{0}\\n"
        );
        let mut data = Html::default();
        data.push_json(&["</script><!--", "\u{2028}&"]);
        assert_eq!(data.into_string(), r#"["\u003c/script\u003e\u003c!--","\u2028\u0026"]"#);
    }

    #[test]
    fn a_long_text_keeps_its_end() {
        assert_eq!(Html::foreign("/a/b/c", 3).into_string(), "<bdi>…b/c</bdi>");
        assert_eq!(Html::foreign("größe", 5).into_string(), "<bdi>größe</bdi>");
    }
}
