//! Thresholds: read from YAML, judged by a run or by the CSV of one, explained.
//!
//! A manifest maps the names of requests to limits on their metrics. What it cannot judge, because nothing was counted
//! under a name or nothing was timed, it misses; there is no silent pass.

mod csv_stats;
mod csv_text;
mod evaluate;
mod evidence;
mod formula;
#[cfg(test)]
mod fuzz_tests;
mod limit;
mod metric;
mod model;
mod names;
mod parse;
mod printed;
mod quantity;
mod terms;
mod unseen;
mod value;
mod window;
mod yaml;

pub use evaluate::{Judgement, Verdict, VerdictRow, breach, evaluate};
pub use evidence::Evidence;
pub use formula::Formula;
pub use limit::{Limit, Operator};
pub use metric::{METRIC_COLUMNS, Metric, Unit};
pub use model::{Manifest, Severity, Terms, Threshold};
pub use names::Names;
pub use printed::PrintedStats;
pub use window::Window;
