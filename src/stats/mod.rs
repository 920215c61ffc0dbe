//! The ledger: what happened, counted. No clock, no I/O, no channels.
//!
//! Every shard has a [`Recorder`]; once a second it hands over a [`Snapshot`], what was counted since the last one. The
//! controller merges snapshots into [`Totals`]. Merging adds whole numbers and keeps extremes, so the result is the same
//! whatever the number of shards and the order of their snapshots.

mod arrivals;
mod bounded;
mod circumstances;
mod counters;
mod entry;
mod grouping;
mod health;
mod histogram;
mod join;
#[cfg(test)]
mod join_tests;
mod lateness;
mod milestones;
mod overflow;
mod packed;
mod phases;
mod problems;
mod recorder;
mod result;
mod seconds;
mod snapshot;
mod texts;
mod timeline;
mod times;
mod totals;
mod trace;
mod validity;
mod window;

pub use arrivals::ArrivalSummary;
pub use bounded::{FAILURES_KEPT, NAMES_KEPT, TEXT_KEPT};
pub use circumstances::{CallSite, Circumstances};
pub use counters::RunCounters;
pub use entry::{Entry, is_part, is_rest};
pub use health::{Health, ShardHealth};
pub use histogram::Histogram;
pub use lateness::{LATE, Lateness};
pub use milestones::Milestones;
pub use overflow::{Overflow, Overflowing};
pub use phases::{Phase, PhaseSample, Phases};
pub use problems::{ExceptionRow, FailureRow};
pub use recorder::{Recorder, Sample};
pub use result::RunResult;
pub use snapshot::Snapshot;
pub use timeline::{Cell, Gauges, SERIES_KEPT, Series, Slice, Stretch, Timeline};
pub use times::Times;
pub use totals::{Rate, Totals};
pub use trace::TraceStep;
pub use validity::{Invalid, invalid};
pub use window::Window;
