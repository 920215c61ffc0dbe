//! What a run leaves behind: everything that a report, a verdict or a comparison needs, now or years later.

mod alike;
mod file;
mod merge;

use crate::manifest::Verdict;
use crate::plan::Outline;
use crate::stats::RunResult;
use serde::{Deserialize, Serialize};

/// The number of the form of the file. It grows when older readers could no longer understand it; fields that they may
/// overlook can come at any time.
pub const VERSION: u32 = 1;

/// What the file says it is.
pub const FORMAT: &str = "katydid-result";

/// A run and its result. Secrets are masked in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`].
    pub version: u32,
    /// The version of katydid that ran it.
    pub katydid: String,
    /// Where it ran.
    pub machine: Machine,
    /// The scripts, as they were named.
    pub scripts: Vec<String>,
    /// Where relative urls went, unless a class has a host of its own.
    pub host: Option<String>,
    /// Where all randomness came from.
    pub seed: u64,
    /// The options that somebody gave, by name.
    pub options: Vec<GivenOption>,
    /// What was to be done.
    pub plan: Outline,
    /// How it ended.
    pub ending: RunEnding,
    /// Hooks of the run that threw.
    pub failed_hooks: u64,
    /// Everything that was counted.
    pub run: RunResult,
    /// Why the run says nothing about the server; empty where it is valid.
    pub invalid: Vec<String>,
    /// Whether that was to be a warning only.
    pub allow_saturation: bool,
    /// What became of the thresholds, one for each manifest.
    pub verdicts: Vec<Verdict>,
    /// The exit code that was to stand for failed requests and exceptions, if one was chosen.
    #[serde(default)]
    pub exit_code_on_error: Option<u8>,
    /// What a hook of `quitting` chose.
    #[serde(default)]
    pub exit_code_of_hook: Option<u8>,
    /// The exit code of the run.
    pub exit_code: u8,
}

/// The machine that made the load.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// `linux`, `macos`, ..
    pub os: String,
    /// `x86_64`, `aarch64`, ..
    pub arch: String,
    /// What the processor calls itself, where that is known.
    pub processor: Option<String>,
    /// Threads that it can run at a time.
    pub cores: usize,
    /// Its memory, where that is known.
    pub memory_bytes: Option<u64>,
}

/// An option of the run that somebody gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenOption {
    /// Its long name without dashes; `-o` for options of scripts.
    pub name: String,
    /// As it was written; several with commas between them.
    pub value: String,
    /// Who gave it: a flag, a variable, a line of a file or of a script.
    pub origin: String,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunEnding {
    /// What ended it.
    pub cause: EndingCause,
    /// What was said about it: the reason of `stop_test`, the threshold that was missed.
    pub reason: Option<String>,
}

/// What ends a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndingCause {
    /// The run time was over.
    RunTime,
    /// All iterations were done.
    Iterations,
    /// All users had ended by themselves.
    UsersEnded,
    /// All arrivals were done.
    Arrivals,
    /// The load shape had ended.
    Shape,
    /// A threshold that ends the run was missed.
    Threshold,
    /// A script stopped it.
    StopTest,
    /// An `init` hook threw, so nothing was sent.
    InitFailed,
    /// A first signal.
    Interrupted,
    /// A second signal: cut at once, so the result is not complete.
    Cut,
}

impl EndingCause {
    /// For readers: a clause.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::RunTime => "the run time was over",
            Self::Iterations => "all iterations were done",
            Self::UsersEnded => "all users had ended",
            Self::Arrivals => "all arrivals were done",
            Self::Shape => "the load shape had ended",
            Self::Threshold => "a threshold was missed",
            Self::StopTest => "a script stopped the test",
            Self::InitFailed => "an `init` hook failed",
            Self::Interrupted => "a signal interrupted it",
            Self::Cut => "a second signal cut it short",
        }
    }
}

impl Record {
    /// Whether the run did what was asked of it and of the server: its exit code is 0.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.exit_code == 0
    }

    /// Whether the run says something about the server: the generator kept up, and nothing cut the run short.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.invalid.is_empty() && self.ending.cause != EndingCause::Cut
    }
}
