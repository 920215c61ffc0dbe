//! From the words of the command line to what is to be done.

use super::args;
use super::options::Verb;
use super::report::{self, ReportSettings};
use super::resolve::{self, DemoSettings, ListSettings, RunSettings, ScriptSettings, VerifySettings};
use crate::cli::compare::{self, CompareSettings};
use crate::cli::merge::{self, MergeSettings};
use crate::util::Diagnostic;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

/// What the user wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// Run scripts.
    Run(Box<RunSettings>),
    /// Find what is wrong with scripts.
    Check(ScriptSettings),
    /// Show what scripts declare.
    List(ListSettings),
    /// Write a saved result in other forms.
    Report(ReportSettings),
    /// Judge a result by manifests.
    Verify(VerifySettings),
    /// Show what changed between results.
    Compare(CompareSettings),
    /// Make one result of those of several generators.
    Merge(MergeSettings),
    /// Serve the built-in shop.
    Demo(DemoSettings),
}

/// Why nothing is done.
#[derive(Debug)]
pub enum Refusal {
    /// Unknown words, or help that was asked for: clap prints it and knows the exit code, 2 or 0.
    Usage(clap::Error),
    /// A setting is wrong; exit code 2.
    Setting(Diagnostic),
}

/// Reads the command line, `words` with the name of the program first, and resolves its settings with `environment` and
/// the configuration files, of which one is looked for in `folder`.
///
/// # Errors
///
/// See [`Refusal`].
pub fn wish(
    words: impl IntoIterator<Item = OsString>,
    environment: &BTreeMap<String, String>,
    folder: &Path,
) -> Result<Wish, Refusal> {
    let matches = args::command().try_get_matches_from(words).map_err(Refusal::Usage)?;
    let (name, matches) = matches.subcommand().expect("clap demands a verb");
    match name {
        "compare" => return compare::settings(matches).map(Wish::Compare).map_err(Refusal::Setting),
        "merge" => return Ok(Wish::Merge(merge::settings(matches))),
        _ => {}
    }
    let verb = match name {
        "run" => Verb::Run,
        "check" => Verb::Check,
        "list" => Verb::List,
        "report" => Verb::Report,
        "verify" => Verb::Verify,
        _ => Verb::Demo,
    };
    let given = args::given(verb, matches);
    let script = || resolve::resolve_script(&given, environment, folder);
    let wish = match verb {
        Verb::Run => resolve::resolve(&given, environment, folder).map(|run| Wish::Run(Box::new(run))),
        Verb::Check => script().map(Wish::Check),
        Verb::List => resolve::resolve_list(&given, environment, folder).map(Wish::List),
        Verb::Report => report::resolve_report(&given, args::named_result(matches)).map(Wish::Report),
        Verb::Verify => {
            let data = args::verified_data(matches).unwrap_or_default();
            resolve::resolve_verify(&given, data, environment, folder).map(Wish::Verify)
        }
        Verb::Demo => resolve::resolve_demo(&given, environment, folder).map(Wish::Demo),
    };
    wish.map_err(Refusal::Setting)
}

#[cfg(test)]
mod tests {
    use super::{Refusal, Wish, wish};
    use std::collections::BTreeMap;
    use std::path::{Path, PathBuf};

    fn read(words: &[&str]) -> Result<Wish, Refusal> {
        let words = ["katydid"].iter().chain(words).map(Into::into);
        wish(words, &BTreeMap::new(), Path::new("/nonexistent"))
    }

    fn usage(words: &[&str]) -> (i32, String) {
        match read(words) {
            Err(Refusal::Usage(error)) => (error.exit_code(), error.to_string()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_verb_is_read() {
        assert!(matches!(read(&["run", "a.rhai"]), Ok(Wish::Run(_))));
        assert!(matches!(read(&["check", "a.rhai"]), Ok(Wish::Check(_))));
        assert!(matches!(read(&["list", "-f", "a.rhai"]), Ok(Wish::List(_))));
        assert!(matches!(read(&["report", "r.json", "--json=x"]), Ok(Wish::Report(_))));
        let Ok(Wish::Verify(verify)) =
            read(&["verify", "a.yaml", "b.yaml", "--manifest", "c.yaml", "r.json"])
        else {
            panic!("a verb")
        };
        assert_eq!(verify.manifests, ["a.yaml", "b.yaml", "c.yaml"].map(PathBuf::from));
        assert_eq!((verify.data, verify.allow_saturation), (PathBuf::from("r.json"), false));
        assert!(matches!(read(&["demo"]), Ok(Wish::Demo(settings)) if settings.port == 8080));
        assert!(matches!(read(&["demo", "--port", "0"]), Ok(Wish::Demo(settings)) if settings.port == 0));
    }

    #[test]
    fn slips_are_exit_code_2_with_a_suggestion() {
        let (code, text) = usage(&["run", "a.rhai", "--user", "3"]);
        assert!(code == 2 && text.contains("'--users'"), "{text}");
        let (code, text) = usage(&["chek", "a.rhai"]);
        assert!(code == 2 && text.contains("'check'"), "{text}");
        assert_eq!(usage(&[]).0, 2);
        assert_eq!(usage(&["check", "a.rhai", "--users", "3"]).0, 2, "users are nothing to check");
    }

    #[test]
    fn part_of_a_flag_is_not_the_flag() {
        assert_eq!(usage(&["run", "a.rhai", "--headles"]).0, 2);
    }

    #[test]
    fn help_and_version_are_no_errors() {
        assert_eq!(usage(&["--help"]).0, 0);
        assert_eq!(usage(&["run", "--help"]).0, 0);
        assert_eq!(usage(&["--version"]), (0, format!("katydid {}\n", env!("CARGO_PKG_VERSION"))));
    }

    #[test]
    fn a_wrong_setting_is_a_diagnostic() {
        match read(&["demo", "--port", "70000"]) {
            Err(Refusal::Setting(diagnostic)) => {
                assert_eq!(diagnostic.message, "--port: `70000` is not a whole number from 0 to 65535");
            }
            other => panic!("{other:?}"),
        }
    }
}
