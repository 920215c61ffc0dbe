//! Thresholds: read from YAML, judged against a finished run, explained.
//!
//! A manifest maps the names of requests to limits on their metrics. What it cannot judge, because nothing was counted
//! under a name or nothing was timed, it misses; there is no silent pass.

mod evaluate;
#[cfg(test)]
mod fuzz_tests;
mod limit;
mod metric;
mod model;
mod parse;
mod yaml;

pub use evaluate::{Verdict, VerdictRow, evaluate};
pub use limit::Operator;
pub use metric::{METRIC_COLUMNS, Metric, Unit};
pub use model::{Manifest, Threshold};
