//! A manifest as plain data.

use super::{Limit, Metric, Names, Operator, Window};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// All thresholds of a file, in its order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The file.
    pub file: String,
    /// At least one, if it was parsed.
    pub thresholds: Vec<Threshold>,
}

/// One limit on one metric of one resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// The names of the requests.
    pub names: Names,
    /// The type column: an HTTP method, `TX`, ..; without it all types of a name are pooled.
    pub kind: Option<String>,
    /// What is judged.
    pub metric: Metric,
    /// The metric as the file calls it.
    pub written: String,
    /// How the actual value must stand to the limit.
    pub operator: Operator,
    /// What it is compared with.
    pub limit: Limit,
    /// When, and how strictly.
    pub terms: Terms,
    /// `file:line` of the threshold.
    pub place: String,
}

/// When a threshold is judged, and how strictly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The stretch of the run.
    pub window: Window,
    /// What a miss means.
    pub severity: Severity,
    /// With fewer requests there is no data.
    pub min_samples: u64,
    /// A missing row, and one without data, are all right.
    pub allow_missing: bool,
    /// So long after the beginning of the run it is judged once a second, and a miss ends the run; none = at the end only.
    pub abort: Option<Duration>,
}

/// What a miss means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Severity {
    /// The manifest is missed.
    #[default]
    Fail,
    /// It is said, and nothing follows from it.
    Warn,
}
