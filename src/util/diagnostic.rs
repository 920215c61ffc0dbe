//! A message to a user about something the user wrote: what is wrong, where, and how to mend it.

use super::columns::columns_of;
use super::passwords::hide_passwords;
use anstyle::{AnsiColor, Style};
use std::borrow::Cow;
use std::fmt::{self, Write};

/// How much a [`Diagnostic`] weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The run cannot start; exit code 2.
    Error,
    /// The run starts; the user should know.
    Warning,
}

/// A place in a file of the user's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file as the user named it.
    pub file: String,
    /// Line, from 1; 0 where only the file is known.
    pub line: usize,
    /// Column in characters, from 1; 0 where only the line is known.
    pub column: usize,
    /// How many characters the caret underlines, at least 1.
    pub width: usize,
    /// The text of the line, without its end.
    pub source_line: Option<String>,
}

impl Place {
    /// The place at `line` and `column` of `text`, the contents of `file`; the caret underlines the word there.
    #[must_use]
    pub fn in_text(file: &str, text: &str, line: usize, column: usize) -> Self {
        let source_line = line.checked_sub(1).and_then(|index| text.lines().nth(index)).map(str::to_owned);
        let width = source_line.as_deref().map_or(1, |source| word_width(source, column));
        Self { file: file.to_owned(), line, column, width, source_line }
    }

    /// A whole file, where no line is to blame.
    #[must_use]
    pub fn file(file: &str) -> Self {
        Self { file: file.to_owned(), line: 0, column: 0, width: 1, source_line: None }
    }
}

impl Place {
    /// What stands before the place in its line, and what the caret underlines. The place may lie behind the end of the line.
    fn split<'a>(&self, line: &'a str) -> (&'a str, &'a str) {
        let at = |text: &str, characters: usize| {
            text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at)
        };
        let (before, rest) = line.split_at(at(line, self.column.saturating_sub(1)));
        (before, &rest[..at(rest, self.width)])
    }
}

/// Length of the identifier that starts at `column` (from 1), or 1.
fn word_width(line: &str, column: usize) -> usize {
    let word = |c: &char| c.is_alphanumeric() || *c == '_';
    line.chars().skip(column.saturating_sub(1)).take_while(word).count().max(1)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
            if self.column > 0 {
                write!(f, ":{}", self.column)?;
            }
        }
        Ok(())
    }
}

/// What is wrong, where, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// What is wrong: one sentence fragment in lower case, without a full stop.
    pub message: String,
    /// Where, if a place is to blame.
    pub place: Option<Place>,
    /// Further facts, one line each: the chain of calls, the list of known names.
    pub notes: Vec<String>,
    /// How to mend it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error without a place yet.
    #[must_use]
    pub fn error(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            message: message.into(),
            place: None,
            notes: Vec::new(),
            help: None,
        }
    }

    /// A warning without a place yet.
    #[must_use]
    pub fn warning(message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(message) }
    }

    /// The same, at `place`.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// The same, with one more fact.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// The same, with a way to mend it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// The styles of the parts of a message.
struct Styles {
    severity: Style,
    message: Style,
    caret: Style,
    help: Style,
}

impl Diagnostic {
    /// The text with colours, as escapes for a terminal.
    #[must_use]
    pub fn styled(&self) -> String {
        let colour = match self.severity {
            Severity::Error => AnsiColor::Red,
            Severity::Warning => AnsiColor::Yellow,
        };
        let severity = colour.on_default().bold();
        let mut text = String::new();
        let help = AnsiColor::Cyan.on_default();
        let styles = Styles { severity, message: Style::new().bold(), caret: severity, help };
        self.write(&mut text, &styles).expect("a String takes everything");
        text
    }

    /// The layout that rustc made familiar: message, place, source line, caret, notes, help.
    fn write(&self, f: &mut dyn Write, styles: &Styles) -> fmt::Result {
        let word = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let Styles { severity, message, caret, help } = styles;
        write!(f, "{severity}{word}{severity:#}{message}: {}{message:#}", self.message)?;
        let margin = self.place.as_ref().map_or(1, |place| place.line.max(1).to_string().len());
        if let Some(place) = &self.place {
            write!(f, "\n{:margin$}--> {place}", "")?;
            if let Some(source) = &place.source_line {
                // Who reads a log may not be who wrote the line.
                let source = hide_passwords(&source.replace('\t', " "));
                let (source, place) = &window(&source, place);
                write!(f, "\n{:margin$} |\n{} | {source}", "", place.line)?;
                if place.column > 0 {
                    let (before, marked) = place.split(source);
                    let indent = columns_of(before);
                    let line = "^".repeat(columns_of(marked).max(1));
                    write!(f, "\n{:margin$} | {:indent$}{caret}{line}{caret:#}", "", "")?;
                }
            }
        }
        for note in &self.notes {
            write!(f, "\n{:margin$} = note: {note}", "")?;
        }
        if let Some(advice) = &self.help {
            write!(f, "\n{:margin$} = {help}help{help:#}: {advice}", "")?;
        }
        Ok(())
    }
}

/// Of a longer line only what is around the column is shown: it may be a script that a program wrote, or a document.
const LONGEST_LINE: usize = 200;

/// The part of a line to show, and where the place is in it.
fn window<'a>(line: &'a str, place: &Place) -> (Cow<'a, str>, Place) {
    let length = line.chars().count();
    if length <= LONGEST_LINE {
        return (Cow::Borrowed(line), place.clone());
    }
    let column = place.column.min(length + 1);
    // What comes before tells more than what comes after.
    let begin = column.saturating_sub(LONGEST_LINE * 2 / 3).min(length - LONGEST_LINE);
    let shown: String = line.chars().skip(begin).take(LONGEST_LINE).collect();
    let cut = if begin + LONGEST_LINE < length { "…" } else { "" };
    let (shown, column) = match begin {
        0 => (format!("{shown}{cut}"), column),
        _ => (format!("…{shown}{cut}"), column - begin + 1),
    };
    (shown.into(), Place { column, ..place.clone() })
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = Style::new();
        self.write(f, &Styles { severity: plain, message: plain, caret: plain, help: plain })
    }
}

impl std::error::Error for Diagnostic {}

#[cfg(test)]
mod tests {
    use super::{Diagnostic, Place};

    #[test]
    fn shows_the_line_the_caret_and_the_help() {
        let text = "fn f(user) {\n    user.get(\"/\", #{ parms: 1 });\n}";
        let diagnostic = Diagnostic::error("unknown option `parms`")
            .at(Place::in_text("a.rhai", text, 2, 22))
            .help("did you mean `params`?");
        insta::assert_snapshot!(diagnostic, @r#"
        error: unknown option `parms`
         --> a.rhai:2:22
          |
        2 |     user.get("/", #{ parms: 1 });
          |                      ^^^^^
          = help: did you mean `params`?
        "#);
    }

    #[test]
    fn in_colours_it_says_the_same() {
        let text = "user.get(7)";
        let diagnostic =
            Diagnostic::warning("odd").at(Place::in_text("a.rhai", text, 1, 6)).note("so").help("do");
        let styled = diagnostic.styled();
        assert!(styled.starts_with("\u{1b}[1m\u{1b}[33mwarning\u{1b}[0m"), "{styled:?}");
        assert!(styled.contains("\u{1b}[33m^^^\u{1b}[0m"), "{styled:?}");
        assert_eq!(anstream::adapter::strip_str(&styled).to_string(), diagnostic.to_string());
    }

    #[test]
    fn of_a_long_line_the_part_around_the_caret_is_shown() {
        let text = format!("{}user.gett(1);{}", "x;".repeat(150), "y;".repeat(1_000));
        for (place, shown) in [
            (Place::in_text("a.rhai", &text, 1, 306), "user.gett(1);y;"),
            (Place::in_text("a.rhai", &text, 1, 1), "x;x;"),
            (Place::in_text("a.rhai", &text, 1, 2_312), "y;y;"),
        ] {
            let message = Diagnostic::error("no").at(place.clone()).to_string();
            let lines: Vec<&str> = message.lines().collect();
            assert!(lines[3].contains(shown) && lines[3].chars().count() < 220, "{message}");
            let caret = lines[4].chars().position(|c| c == '^').expect("a caret");
            let under = lines[3].chars().nth(caret);
            assert_eq!(under, text.chars().nth(place.column - 1), "{message}");
        }
        let beyond = Place { line: 1, column: 9_999, width: 1, ..Place::in_text("a.rhai", &text, 1, 1) };
        assert!(Diagnostic::error("no").at(beyond).to_string().len() < 600);
    }

    #[test]
    fn a_file_alone_has_no_line() {
        let diagnostic = Diagnostic::error("cannot read the script").at(Place::file("missing.rhai"));
        insta::assert_snapshot!(diagnostic, @r"
        error: cannot read the script
         --> missing.rhai
        ");
    }
}
