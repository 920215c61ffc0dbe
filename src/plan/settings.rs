//! What scripts say about the run itself: their own defaults, and the options that they take.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;

/// The script's own defaults. Whatever the configuration file, the environment or a flag says wins over them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Users at the top of the ramp, at least 1.
    pub users: Option<usize>,
    /// Users started per second, above 0.
    pub spawn_rate: Option<f64>,
    /// From the first user to the end, above 0.
    pub run_time: Option<Duration>,
    /// Where relative urls go.
    pub host: Option<String>,
    /// How long running tasks may go on when the run ends.
    pub stop_timeout: Option<Duration>,
    /// Files with thresholds, relative to the main script's folder.
    pub manifests: Vec<String>,
    /// `file:line:column` of the call.
    pub declared_at: String,
}

/// An option that a script takes: `-o name=value`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScriptOption {
    /// Unique over all scripts.
    pub name: String,
    /// What it is for; may be empty.
    pub help: String,
    /// Its value where nobody gives one. Its type is the option's: an integer, a float, a boolean or a string.
    pub default: Value,
    /// Its value in this run.
    pub value: Value,
    /// Where the value was given; none = nowhere.
    pub given: Option<String>,
    /// The value must not be read by people.
    pub secret: bool,
    /// What the value may be; empty = anything of its type.
    pub choices: Vec<Value>,
    /// `file:line:column` of the first declaration.
    pub declared_at: String,
}
