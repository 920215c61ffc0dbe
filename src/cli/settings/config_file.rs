//! Configuration files: TOML with the names of the options as keys.

use super::args::Raw;
use super::options::{OPTION, OPTIONS};
use crate::util::{Diagnostic, Place, nearest};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeInteger, DeString, DeTable, DeValue};

/// The file that is read when it lies in the working folder.
pub(super) const USUAL: &str = "katydid.toml";

/// What one file says.
#[derive(Debug, Default, PartialEq)]
pub(super) struct ConfigFile {
    /// By the key of the option, with the place of the value.
    pub(super) values: BTreeMap<&'static str, (Raw, Place)>,
    /// Values for options of scripts, from the table `[option]`, each with its place.
    pub(super) options: Vec<(String, String, Place)>,
}

/// Reads the file at `path`, which messages call `name`.
///
/// # Errors
///
/// It cannot be read, it is not TOML, or it has a key that no option has.
pub(super) fn read(path: &Path, name: &str) -> Result<ConfigFile, Diagnostic> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Diagnostic::error(format!("cannot read the configuration file: {error}"))
            .at(Place::file(name))
            .help("--config takes a TOML file, by its path from the working folder")
    })?;
    parse(name, &text)
}

/// Reads `text`, the contents of the file `name`.
///
/// # Errors
///
/// It is not TOML, or it has a key that no option has.
pub(super) fn parse(name: &str, text: &str) -> Result<ConfigFile, Diagnostic> {
    let source = Source { name, text };
    let table = DeTable::parse(text).map_err(|error| {
        let place = error.span().map_or_else(|| Place::file(name), |span| source.place(&span));
        Diagnostic::error(format!("this is not TOML: {}", error.message())).at(place)
    })?;
    let mut file = ConfigFile::default();
    // In the order of the text, so that the first mistake is told first.
    let mut entries: Vec<_> = table.get_ref().iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    for (key, value) in entries {
        let known = source.key(key)?;
        if let (OPTION, DeValue::Table(table)) = (known, value.get_ref()) {
            file.options = source.options(table)?;
            continue;
        }
        let raw = source.value(known, value)?;
        let place = source.place(&value.span());
        if file.values.insert(known, (raw, place)).is_some() {
            return Err(Diagnostic::error(format!("`{known}` is given twice")).at(source.place(&key.span())));
        }
    }
    Ok(file)
}

struct Source<'a> {
    name: &'a str,
    text: &'a str,
}

impl Source<'_> {
    /// The place of a span of bytes; the caret underlines as much of it as lies on its first line.
    fn place(&self, span: &Range<usize>) -> Place {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let line = before.matches('\n').count() + 1;
        let column = before[line_start..].chars().count() + 1;
        let marked = self.text.get(span.clone()).and_then(|text| text.lines().next()).unwrap_or("");
        let width = marked.chars().count().max(1);
        Place { width, ..Place::in_text(self.name, self.text, line, column) }
    }

    /// The option that a key means; `spawn_rate` is as good as `spawn-rate`.
    fn key(&self, key: &Spanned<DeString<'_>>) -> Result<&'static str, Diagnostic> {
        let given: &str = key.get_ref();
        let wanted = given.replace('_', "-");
        let keys = || OPTIONS.iter().filter(|spec| spec.is_key()).map(|spec| spec.key);
        keys().find(|known| *known == wanted).ok_or_else(|| {
            let diagnostic =
                Diagnostic::error(format!("no option is called `{given}`")).at(self.place(&key.span()));
            match nearest(&wanted, keys()) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None => diagnostic.help("keys are the long options of `katydid run --help`, without a table"),
            }
        })
    }

    /// The table of values for options of scripts.
    fn options(&self, table: &DeTable<'_>) -> Result<Vec<(String, String, Place)>, Diagnostic> {
        let read = |(name, value): (&Spanned<DeString<'_>>, &Spanned<DeValue<'_>>)| {
            let name = name.get_ref().to_string();
            let text = self.scalar(&name, value)?;
            Ok((name, text, self.place(&value.span())))
        };
        table.iter().map(read).collect()
    }

    fn value(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Result<Raw, Diagnostic> {
        if let DeValue::Array(items) = value.get_ref() {
            let items: Result<_, _> = items.iter().map(|item| self.scalar(key, item)).collect();
            return Ok(Raw::Many(items?));
        }
        Ok(Raw::One(self.scalar(key, value)?))
    }

    fn scalar(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Result<String, Diagnostic> {
        let refuse =
            |what: &str| Err(Diagnostic::error(format!("{key}: {what}")).at(self.place(&value.span())));
        match value.get_ref() {
            DeValue::String(text) => Ok(text.to_string()),
            DeValue::Integer(number) => {
                integer(number).map_or_else(|| refuse("this number is too large"), Ok)
            }
            DeValue::Float(number) => Ok(number.as_str().to_owned()),
            DeValue::Boolean(yes) => Ok(yes.to_string()),
            other => {
                refuse(&format!("the value is {}, not a text, a number, true or false", with_article(other)))
            }
        }
    }
}

fn with_article(value: &DeValue<'_>) -> String {
    match value {
        DeValue::Array(_) => "an array".to_owned(),
        other => format!("a {}", other.type_str()),
    }
}

fn integer(number: &DeInteger<'_>) -> Option<String> {
    i128::from_str_radix(number.as_str(), number.radix()).ok().map(|number| number.to_string())
}

#[cfg(test)]
mod tests {
    use super::{Raw, parse};
    use proptest::prelude::*;

    fn error(text: &str) -> String {
        parse("katydid.toml", text).unwrap_err().to_string()
    }

    #[test]
    fn reads_every_kind_of_value() {
        let text = "users = 1_000\nspawn_rate = 2.5\nhost = \"http://h\"\ntags = [\"a\", 'b', 3]\ninsecure = true\nseed = 0xff";
        let file = parse("katydid.toml", text).unwrap();
        let one = |text: &str| Raw::One(text.to_owned());
        let value = |key: &str| file.values[key].0.clone();
        assert_eq!(value("users"), one("1000"));
        assert_eq!(value("spawn-rate"), one("2.5"));
        assert_eq!(value("host"), one("http://h"));
        assert_eq!(value("tags"), Raw::Many(vec!["a".to_owned(), "b".to_owned(), "3".to_owned()]));
        assert_eq!(value("insecure"), one("true"));
        assert_eq!(value("seed"), one("255"));
        assert_eq!(file.values["host"].1.to_string(), "katydid.toml:3:8");
    }

    #[test]
    fn an_unknown_key_names_the_nearest() {
        insta::assert_snapshot!(error("users = 3\nspawnrate = 2\n"), @r"
        error: no option is called `spawnrate`
         --> katydid.toml:2:1
          |
        2 | spawnrate = 2
          | ^^^^^^^^^
          = help: did you mean `spawn-rate`?
        ");
        insta::assert_snapshot!(error("[run]\nusers = 3\n"), @r"
        error: no option is called `run`
         --> katydid.toml:1:2
          |
        1 | [run]
          |  ^^^
          = help: keys are the long options of `katydid run --help`, without a table
        ");
    }

    #[test]
    fn a_file_cannot_name_another_file() {
        assert!(error("config = \"x\"").starts_with("error: no option is called `config`"));
    }

    #[test]
    fn one_option_twice_is_an_error_in_either_spelling() {
        assert!(error("spawn-rate = 1\nspawn_rate = 2").starts_with("error: `spawn-rate` is given twice"));
    }

    #[test]
    fn what_is_no_value_is_an_error() {
        insta::assert_snapshot!(error("tags = [\"a\", [\"ü\"]]"), @r#"
        error: tags: the value is an array, not a text, a number, true or false
         --> katydid.toml:1:14
          |
        1 | tags = ["a", ["ü"]]
          |              ^^^^^
        "#);
    }

    #[test]
    fn broken_toml_shows_the_place() {
        insta::assert_snapshot!(error("users = \nhost = \"x\""), @r"
        error: this is not TOML: string values must be quoted, expected literal string
         --> katydid.toml:1:9
          |
        1 | users = 
          |         ^
        ");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s).{0,40}", line in "[a-z-]{1,8} *= *[\\[\\]\"0-9a-zé.#]{0,10}\n?") {
            let _ = parse("katydid.toml", &text);
            let _ = parse("katydid.toml", &format!("{line}{text}"));
        }
    }
}
