//! Names of reports that say what was run.

use super::options::spec;
use super::parse;
use super::resolve::RunSettings;
use crate::report::Record;
use crate::util::{Diagnostic, Place};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What stands for `{u}`, `{r}` and `{t}` in the name of a report: the number of users, the spawn rate, and the run time in
/// seconds, as Locust has them. For each its text, or why nobody knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Names([Result<String, String>; 3]);

/// What is replaced, the option that it is, and how people call that.
const PARTS: [(&str, &str, &str); 3] =
    [("{u}", "users", "users"), ("{r}", "spawn-rate", "spawn rate"), ("{t}", "run-time", "run time")];

impl Names {
    /// Those of a run.
    pub(in crate::cli) fn of_run(settings: &RunSettings) -> Self {
        let texts =
            [settings.users.to_string(), settings.spawn_rate.to_string(), time_text(settings.run_time)];
        Self(texts.map(Ok))
    }

    /// Those of a run that has been: its options as they were given, or their defaults.
    pub(in crate::cli) fn of_record(record: &Record) -> Self {
        Self(PARTS.map(|(_, key, what)| {
            let mut given: Vec<&str> = Vec::new();
            for option in record.options.iter().filter(|option| option.name == key) {
                if !given.contains(&&*option.value) {
                    given.push(&option.value);
                }
            }
            let text = match *given {
                [] => spec(key).default,
                [one] => one,
                ref several => {
                    return Err(format!(
                        "its generators had different ones ({what}: {})",
                        several.join(", ")
                    ));
                }
            };
            shown(key, text).map_err(|reason| format!("the result has no {what}: {reason}"))
        }))
    }

    /// Those that several runs have in common.
    pub(in crate::cli) fn common<'a>(records: impl IntoIterator<Item = &'a Record>) -> Self {
        let all: Vec<Self> = records.into_iter().map(Self::of_record).collect();
        Self(std::array::from_fn(|part| {
            let mut texts: Vec<&str> = Vec::new();
            for names in &all {
                let text = names.0[part].as_deref().map_err(Clone::clone)?;
                if !texts.contains(&text) {
                    texts.push(text);
                }
            }
            let what = PARTS[part].2;
            match *texts {
                [one] => Ok(one.to_owned()),
                _ => Err(format!("the runs had different ones ({what}: {})", texts.join(", "))),
            }
        }))
    }

    /// None at all, for this reason.
    pub(in crate::cli) fn unknown(why: &str) -> Self {
        Self(PARTS.map(|_| Err(why.to_owned())))
    }

    /// A name with its parts replaced; anything else in braces stays. `option` gave it, as `--html`.
    ///
    /// # Errors
    ///
    /// It has a part that nobody knows.
    pub(in crate::cli) fn fill(&self, option: &str, name: &Path) -> Result<PathBuf, Diagnostic> {
        let parts = name.iter().map(|part| {
            let Some(text) = part.to_str() else { return Ok(part.to_owned()) };
            let mut text = text.to_owned();
            for ((key, ..), value) in PARTS.iter().zip(&self.0) {
                if text.contains(key) {
                    let value = value.as_ref().map_err(|why| unknown(option, name, key, why))?;
                    text = text.replace(key, value);
                }
            }
            Ok(text.into())
        });
        parts.collect()
    }
}

fn unknown(option: &str, name: &Path, key: &str, why: &str) -> Diagnostic {
    Diagnostic::error(format!("{option}: nothing stands for {key} in the name: {why}"))
        .at(Place::file(&name.to_string_lossy()))
        .help("write the name out")
}

/// The text for an option that was given so.
fn shown(key: &str, text: &str) -> Result<String, String> {
    match key {
        "users" => parse::whole(1..=usize::MAX)(text).map(|users| users.to_string()),
        "spawn-rate" => parse::rate(text).map(|rate| rate.to_string()),
        _ if text.is_empty() => Ok(time_text(None)),
        _ => parse::time(text).map(|time| time_text(Some(time))),
    }
}

/// In seconds; a run without an end of its own is `unlimited`.
fn time_text(time: Option<Duration>) -> String {
    time.map_or_else(|| "unlimited".to_owned(), |time| time.as_secs_f64().to_string())
}

#[cfg(test)]
mod tests {
    use super::Names;
    use std::path::Path;

    fn names(parts: [&str; 3]) -> Names {
        Names(parts.map(|part| Ok(part.to_owned())))
    }

    #[test]
    fn they_say_users_rate_and_time() {
        let name = |text: &str, parts| {
            names(parts).fill("--html", Path::new(text)).map(|name| name.display().to_string())
        };
        let minute = ["12", "1.5", "60"];
        assert_eq!(name("out/{u}u_{r}r_{t}s.html", minute).as_deref(), Ok("out/12u_1.5r_60s.html"));
        assert_eq!(
            name("/tmp/{t}/{u}-{u}.html", ["12", "1", "unlimited"]).as_deref(),
            Ok("/tmp/unlimited/12-12.html")
        );
        assert_eq!(name("{x}{}.html", minute).as_deref(), Ok("{x}{}.html"));
        assert_eq!(name("-", minute).as_deref(), Ok("-"));
    }

    #[test]
    fn what_nobody_knows_is_refused_where_it_is_asked_for() {
        let names = Names([Ok("5".to_owned()), Err("it is not known".to_owned()), Ok("60".to_owned())]);
        assert_eq!(names.fill("--html", Path::new("{u}{t}")).as_deref(), Ok(Path::new("560")));
        let error = names.fill("--html", Path::new("out/{r}.html")).expect_err("no rate");
        insta::assert_snapshot!(error, @r"
        error: --html: nothing stands for {r} in the name: it is not known
         --> out/{r}.html
          = help: write the name out
        ");
    }
}
