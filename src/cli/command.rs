//! From the words of the command line to an exit code.

use super::settings::colours;
use super::settings::{Refusal, Wish, wish};
use super::terminal::show;
use super::{check, compare, demo, exit, list, merge, report, run, signals, verify};
use crate::script::Mask;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

/// Does what `words` say, the name of the program first, and returns the exit code. Reads the environment, once.
pub fn main(words: impl IntoIterator<Item = OsString>) -> u8 {
    signals::outlive_size_limits();
    let folder = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    let environment = environment();
    show::hide(Mask::of_environment(&environment));
    let words: Vec<OsString> = words.into_iter().collect();
    if colours::are_refused(&words, &environment, &folder) {
        show::without_colours();
    }
    let result = match wish(words, &environment, &folder) {
        Ok(Wish::Run(settings)) => run::run(*settings),
        Ok(Wish::Check(settings)) => check::check(&settings),
        Ok(Wish::List(settings)) => list::list(&settings),
        Ok(Wish::Report(settings)) => report::report(&settings),
        Ok(Wish::Verify(settings)) => verify::verify(&settings),
        Ok(Wish::Compare(settings)) => compare::compare(&settings),
        Ok(Wish::Merge(settings)) => merge::merge(&settings),
        Ok(Wish::Demo(settings)) => demo::demo(&settings),
        Err(Refusal::Usage(error)) => {
            show::usage(&error);
            return u8::try_from(error.exit_code()).unwrap_or(exit::REFUSED);
        }
        Err(Refusal::Setting(diagnostic)) => Err(vec![diagnostic]),
    };
    result.unwrap_or_else(|diagnostics| {
        show::diagnostics(&diagnostics);
        exit::REFUSED
    })
}

/// The environment; what is not text cannot have been meant for us.
fn environment() -> BTreeMap<String, String> {
    let variables = std::env::vars_os();
    variables
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}
