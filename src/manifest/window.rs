//! The stretch of a run that a threshold is about.

use crate::stats::Milestones;
use crate::util::{parse_timespan, timespan_text};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// A stretch of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Window {
    /// All of it.
    #[default]
    Whole,
    /// After the ramp, up to the end.
    Steady,
    /// So long before the end.
    Last(Duration),
    /// One stage of the load shape or of the arrivals, from 1.
    Stage(usize),
}

/// How windows are written.
pub(super) const EXAMPLES: &str = "write `whole`, `steady`, `last 60s` or `stage 2`";

impl Window {
    /// Reads `whole`, `steady`, `last 60s`, `stage 2` or `stage: 2`.
    ///
    /// # Errors
    ///
    /// A sentence fragment that says what is wrong with `text`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let unknown = || format!("`{text}` is not a window; {EXAMPLES}");
        let mut words = text.split([' ', ':']).filter(|word| !word.is_empty());
        let window = match (words.next(), words.next()) {
            (Some("whole"), None) => Self::Whole,
            (Some("steady"), None) => Self::Steady,
            (Some("last"), Some(time)) => {
                let time = parse_timespan(time)?;
                if time < Duration::from_secs(1) || time.subsec_nanos() > 0 {
                    return Err("a window is one or more whole seconds long".to_owned());
                }
                Self::Last(time)
            }
            (Some("stage"), Some(number)) => match number.parse() {
                Ok(number @ 1..) => Self::Stage(number),
                _ => return Err(format!("`{number}` is not the number of a stage; the first is 1")),
            },
            _ => return Err(unknown()),
        };
        if words.next().is_some() { Err(unknown()) } else { Ok(window) }
    }

    /// Its whole seconds in a run with these milestones; none if the run never came to it. Only for stretches: the whole
    /// run is not counted in seconds.
    pub(super) fn seconds(self, milestones: &Milestones) -> Option<(u64, u64)> {
        match self {
            Self::Whole => None,
            Self::Steady => milestones.steady(),
            Self::Last(length) => milestones.last(length),
            Self::Stage(number) => milestones.stage(number),
        }
    }

    /// Why there is no such stretch in a run.
    pub(super) fn absence(self) -> String {
        match self {
            Self::Whole | Self::Last(_) => "the run never began".to_owned(),
            Self::Steady => "the ramp was never over".to_owned(),
            Self::Stage(number) => format!("the run never came to stage {number}"),
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.write_str("whole"),
            Self::Steady => f.write_str("steady"),
            Self::Last(time) => write!(f, "last {}", timespan_text(*time)),
            Self::Stage(number) => write!(f, "stage {number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Window;
    use std::time::Duration;

    #[test]
    fn reads_what_it_writes() {
        for (text, window) in [
            ("whole", Window::Whole),
            ("steady", Window::Steady),
            ("last 60s", Window::Last(Duration::from_secs(60))),
            ("last 90", Window::Last(Duration::from_secs(90))),
            ("stage 2", Window::Stage(2)),
            ("stage: 3", Window::Stage(3)),
        ] {
            assert_eq!(Window::parse(text), Ok(window), "{text}");
            assert_eq!(Window::parse(&window.to_string()), Ok(window), "{text}");
        }
    }

    #[test]
    fn refuses_everything_else() {
        for text in [
            "",
            "all",
            "last",
            "last x",
            "last 0s",
            "last 500ms",
            "stage",
            "stage 0",
            "stage -1",
            "steady 5s",
            "stage 1 2",
        ] {
            assert!(Window::parse(text).is_err(), "{text}");
        }
    }
}
