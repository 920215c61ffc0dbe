//! The run as a summary for programs: dashboards, scripts in CI, `jq`. `docs/report.schema.json` describes it.
//!
//! Times are milliseconds, and their names end in `_ms`; what was not measured is null. The whole result, histograms
//! included, is in the file of `--result`.

mod figures;
mod slices;
mod summary;
mod verdict;

pub use summary::json_report;
pub use verdict::json_verdict;
