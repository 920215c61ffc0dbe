//! How late things happened that had a time of their own.

use super::Times;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What is later than this counts as late.
///
/// Beyond what a healthy generator does: a timer is up to a millisecond late by nature, and a shared machine takes the
/// processor away for tens of milliseconds now and then. Below what would change what users see of a server.
pub const LATE: Duration = Duration::from_millis(100);

/// Latenesses: how long after its time each of many things happened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lateness {
    times: Times,
    late: u64,
}

impl Lateness {
    /// Counts one that happened so long after its time.
    pub fn record(&mut self, lateness: Duration) {
        self.times.record(lateness);
        self.late += u64::from(lateness > LATE);
    }

    /// Adds what `other` counted.
    pub fn merge(&mut self, other: &Self) {
        self.times.merge(&other.times);
        self.late += other.late;
    }

    /// How many were counted.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.times.len()
    }

    /// Whether none was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// How many were later than [`LATE`].
    #[must_use]
    pub fn late(&self) -> u64 {
        self.late
    }

    /// The largest, exactly.
    #[must_use]
    pub fn max(&self) -> Option<Duration> {
        self.times.max()
    }

    /// The lateness that the share `quantile` (0 to 1) of them does not exceed, to within 0.1 %.
    #[must_use]
    pub fn percentile(&self, quantile: f64) -> Option<Duration> {
        self.times.percentile(quantile)
    }
}
