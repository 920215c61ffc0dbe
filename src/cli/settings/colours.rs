//! Whether anybody refused colours: known before anything else is, because the first thing that is said may be an error.

use super::args::{Given, Raw};
use super::layers::{Environment, Layers};
use super::options::CONFIG;
use std::ffi::OsString;
use std::path::Path;

/// The option.
pub(in crate::cli) const NO_COLOR: &str = "no-color";

/// Whether the flag, the variable, a configuration file or the kind of the terminal says that there are to be no colours.
/// What is wrong with any of these is found by whoever reads them all.
pub(in crate::cli) fn are_refused(words: &[OsString], environment: &Environment, folder: &Path) -> bool {
    is_dumb(environment) || are_unwanted(words, environment, folder)
}

/// Whether the terminal knows no escapes and nobody insists on them. `anstream` looks at this too, but not where `CI` is set.
fn is_dumb(environment: &Environment) -> bool {
    let forced = environment.get("CLICOLOR_FORCE").is_some_and(|text| !text.is_empty());
    environment.get("TERM").is_some_and(|kind| kind == "dumb") && !forced
}

fn are_unwanted(words: &[OsString], environment: &Environment, folder: &Path) -> bool {
    let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
    let mut given = Given::new();
    for (index, word) in words.iter().enumerate() {
        let (flag, value) = word.split_once('=').map_or((*word, None), |(flag, value)| (flag, Some(value)));
        let found = match flag.strip_prefix("--") {
            Some(NO_COLOR) => Some((NO_COLOR, value.unwrap_or("yes"))),
            Some(CONFIG) => value.or(words.get(index + 1).copied()).map(|file| (CONFIG, file)),
            _ => None,
        };
        given.extend(found.map(|(key, text)| (key, Raw::One(text.to_owned()))));
    }
    let read = Layers::new(&given, environment, folder).and_then(|mut layers| layers.switch(NO_COLOR));
    read.unwrap_or_else(|_| given.contains_key(NO_COLOR))
}

#[cfg(test)]
mod tests {
    use super::are_refused;
    use std::collections::BTreeMap;

    #[test]
    fn a_dumb_terminal_has_none_unless_they_are_forced() {
        let refused = |variables: &[(&str, &str)]| {
            let variables = variables.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
            are_refused(&[], &variables.collect(), std::path::Path::new("."))
        };
        assert!(!refused(&[("TERM", "xterm"), ("CI", "true")]));
        assert!(refused(&[("TERM", "dumb")]));
        assert!(refused(&[("TERM", "dumb"), ("CI", "true")]));
        assert!(refused(&[("TERM", "dumb"), ("CLICOLOR_FORCE", "")]));
        assert!(!refused(&[("TERM", "dumb"), ("CLICOLOR_FORCE", "1")]));
    }

    #[test]
    fn flags_beat_variables_and_those_beat_files() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |words: &[&str], variable: Option<&str>| {
            let words: Vec<_> = words.iter().map(Into::into).collect();
            let variable = variable.map(|text| ("KATYDID_NO_COLOR".to_owned(), text.to_owned()));
            are_refused(&words, &variable.into_iter().collect::<BTreeMap<_, _>>(), folder.path())
        };
        assert!(!refused(&["katydid", "run", "a.rhai"], None));
        assert!(refused(&["katydid", "run", "a.rhai", "--no-color"], None));
        assert!(refused(&["katydid", "rnu", "--no-color=yes", "--nonsense"], None), "whatever else is said");
        assert!(refused(&["katydid", "check"], Some("yes")));
        assert!(!refused(&["katydid", "check", "--no-color=no"], Some("yes")));
        std::fs::write(folder.path().join("plain.toml"), "no-color = true").unwrap();
        assert!(refused(&["katydid", "list", "--config", "plain.toml"], None));
        assert!(refused(&["katydid", "list", "--config=plain.toml"], None));
        std::fs::write(folder.path().join("katydid.toml"), "no-color = true").unwrap();
        assert!(refused(&["katydid", "demo"], None));
        assert!(!refused(&["katydid", "demo"], Some("no")));
        std::fs::write(folder.path().join("katydid.toml"), "nonsense").unwrap();
        assert!(refused(&["katydid", "demo", "--no-color"], None), "the file is wrong, the flag is not");
    }
}
