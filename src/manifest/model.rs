//! A manifest as plain data.

use super::{Metric, Operator};
use serde::{Deserialize, Serialize};

/// All thresholds of a file, in its order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// At least one, if it was parsed.
    pub thresholds: Vec<Threshold>,
}

/// One limit on one metric of one resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// The name of the requests; `*` or `Aggregated` = all rows together.
    pub resource: String,
    /// The type column: an HTTP method, `TX`, ..; without it all types of the name are pooled.
    pub kind: Option<String>,
    /// What is judged.
    pub metric: Metric,
    /// The metric as the file calls it.
    pub written: String,
    /// How the actual value must stand to the limit.
    pub operator: Operator,
    /// In the metric's own unit: milliseconds, a share of 1, bytes, per second, a count.
    pub limit: f64,
    /// `file:line` of the threshold.
    pub place: String,
}
