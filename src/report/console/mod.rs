//! What people read while a run goes on and at its end: the live view, tables in Locust's layout, the verdicts, a summary.
//!
//! Texts have styles in them, as escapes, where a colour says something; who prints them takes these out where they are not
//! wanted.

mod end;
mod health;
mod layout;
mod live;
mod once;
mod overflow;
mod phases;
mod problems;
mod requests;
mod styles;
mod summary;
mod verdict;

pub use end::{once_report, quiet_report, run_report, verify_report};
pub use health::{health_report, invalid_report};
pub(in crate::report) use layout::cell;
pub use live::{
    LiveArrivals, LiveFacts, LiveName, LivePoint, LiveRates, LiveStage, LiveView, Standing, Trouble,
    live_lines,
};
pub use once::{OnceOutcome, OnceRow, once_table};
pub use overflow::overflow_report;
pub use phases::phase_table;
pub use problems::{error_report, exception_report};
pub use requests::{Rates, percentile_table, request_table, service_table};
pub use summary::run_summary;
pub use verdict::{verdict_reasons, verdict_table};
