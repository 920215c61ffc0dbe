//! What people read at the end of a run: tables in Locust's layout, the verdicts, a summary.

mod end;
mod health;
mod layout;
mod once;
mod phases;
mod problems;
mod requests;
mod summary;
mod verdict;

pub use end::{once_report, run_report};
pub use health::{health_report, invalid_report};
pub(in crate::report) use layout::{cell, one_line};
pub use once::{OnceOutcome, OnceRow, once_table};
pub use phases::phase_table;
pub use problems::{error_report, exception_report};
pub use requests::{Rates, percentile_table, request_table, service_table};
pub use summary::run_summary;
pub use verdict::verdict_table;
