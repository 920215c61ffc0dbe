//! Syntax errors: what the parser says, and what people who think in another language meant.

use crate::util::{Diagnostic, Place};
use rhai::{LexError, ParseErrorType};

pub(super) fn explain(error: &ParseErrorType, place: &Place) -> Diagnostic {
    let diagnostic = Diagnostic::error(message(error));
    match help(error, place) {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

/// The parser's own words, as a fragment in lower case.
pub(super) fn message(error: &ParseErrorType) -> String {
    match error {
        ParseErrorType::Reserved(word) => format!("`{word}` is a keyword"),
        ParseErrorType::UnexpectedEOF => "the script ends in the middle of something".to_owned(),
        ParseErrorType::BadInput(LexError::UnexpectedInput(input)) if input == "{EOF}" => {
            "the script ends in the middle of something".to_owned()
        }
        ParseErrorType::BadInput(LexError::UnexpectedInput(input)) => format!("unexpected `{input}`"),
        ParseErrorType::BadInput(LexError::ImproperSymbol(_, why)) if why.contains("typo of '=='") => {
            "`=` sets a value; to compare two is `==`".to_owned()
        }
        ParseErrorType::MissingToken(token, why) => format!("expecting `{token}` {why}"),
        ParseErrorType::VariableUndefined(name) => format!("no variable `{name}`"),
        other => lower(&other.to_string()),
    }
}

/// The text with its first letter small, unless the first word is a name.
pub(super) fn lower(text: &str) -> String {
    let mut letters = text.chars();
    let Some(first) = letters.next() else { return String::new() };
    let rest = letters.as_str();
    if rest.starts_with(|next: char| next.is_lowercase() || next == ' ') {
        first.to_lowercase().chain(rest.chars()).collect()
    } else {
        text.to_owned()
    }
}

fn help(error: &ParseErrorType, place: &Place) -> Option<String> {
    let word = word_at(place);
    let before = text_before(place);
    let help = match error {
        ParseErrorType::Reserved(word) => {
            format!("a keyword is no name: choose another one, or write `x[\"{word}\"]` for a key")
        }
        ParseErrorType::WrongFnDefinition => {
            "move the `fn` to the top level, or write a closure: `let name = |x| { .. };`".to_owned()
        }
        ParseErrorType::BadInput(LexError::MalformedChar(_)) => {
            "single quotes hold one character; a string takes double quotes or backticks".to_owned()
        }
        ParseErrorType::BadInput(LexError::UnterminatedString) => {
            "close the string on its line, or use backticks for a string of several lines".to_owned()
        }
        ParseErrorType::FnMissingName if rhai::is_valid_identifier(&word) => {
            format!(
                "`{word}` is reserved: choose another name; a task may be called so, `.task(\"{word}\", f)`"
            )
        }
        ParseErrorType::BadInput(LexError::UnexpectedInput(input))
            if matches!(input.as_str(), ";" | "," | ")" | "]" | "}") =>
        {
            "something is missing before it, or a bracket was closed too early".to_owned()
        }
        ParseErrorType::MissingToken(token, _) if token == "," && rest_of(place).starts_with("=>") => {
            "a closure is written `|user| ..`".to_owned()
        }
        ParseErrorType::MissingToken(token, why) if token == "," && why.contains("arguments") => {
            "close the call with `)`, or separate its arguments with `,`".to_owned()
        }
        ParseErrorType::WrongSwitchDefaultCase => "put the case `_ => ..` last".to_owned(),
        ParseErrorType::AssignmentToConstant(_) => {
            "declare it by `let`, or keep the value in `user`".to_owned()
        }
        ParseErrorType::WrongExport => "`export` works at the top level of a library only".to_owned(),
        ParseErrorType::VariableExpected | ParseErrorType::PropertyExpected if is_keyword(&word) => {
            format!("`{word}` is a keyword, and no name")
        }
        ParseErrorType::MissingToken(token, _) if token == ";" => missing_semicolon(&before)?,
        ParseErrorType::MissingToken(token, _) if token == "}" && place.source_line.is_none() => {
            "a `{` was opened and not closed".to_owned()
        }
        ParseErrorType::MissingToken(token, _) if token == "=>" => {
            "a case of a switch is `value => result,`".to_owned()
        }
        _ => return None,
    };
    Some(help)
}

/// The statement before ended without `;`, or its first word is from another language.
fn missing_semicolon(before: &str) -> Option<String> {
    let first = before.split_whitespace().next().unwrap_or_default();
    match first {
        "function" | "def" | "func" => Some("a function is `fn name(a, b) { .. }`".to_owned()),
        "var" | "mut" => Some("a variable is `let name = value;`".to_owned()),
        "elif" | "elsif" => Some("another branch is `else if condition { .. }`".to_owned()),
        "new" => Some("there are no classes: call the function that makes the thing".to_owned()),
        "use" | "from" => Some("a library is imported by `import \"path\" as name;`".to_owned()),
        _ if before.trim().is_empty() => Some("end the line before with `;`".to_owned()),
        _ => None,
    }
}

fn text_before(place: &Place) -> String {
    let line = place.source_line.as_deref().unwrap_or_default();
    line.chars().take(place.column.saturating_sub(1)).collect()
}

fn rest_of(place: &Place) -> String {
    let line = place.source_line.as_deref().unwrap_or_default();
    line.chars().skip(place.column.saturating_sub(1)).collect()
}

fn word_at(place: &Place) -> String {
    let line = place.source_line.as_deref().unwrap_or_default();
    let rest = line.chars().skip(place.column.saturating_sub(1));
    rest.take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

fn is_keyword(word: &str) -> bool {
    rhai::Token::lookup_symbol_from_syntax(word).is_some()
}
