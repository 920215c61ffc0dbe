//! What a shard sends once a second.

use super::arrivals::ArrivalSummary;
use super::bounded::Bounded;
use super::counters::RunCounters;
use super::entry::Entry;
use super::problems::{ExceptionRow, FailureRow};
use serde::{Deserialize, Serialize};

/// What was counted in some stretch of the run: plain data, as small as what happened in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// By the second in which the requests ended; only series that counted something.
    pub(super) seconds: Vec<(u64, Vec<Entry>)>,
    pub(super) failures: Bounded<FailureRow>,
    pub(super) exceptions: Bounded<ExceptionRow>,
    /// Counts of the run as a whole in the same stretch.
    pub counters: RunCounters,
    /// What became of arrivals; none where no class is open.
    #[serde(default)]
    pub arrivals: Option<Box<ArrivalSummary>>,
}

impl Snapshot {
    /// Whether nothing at all was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.seconds.is_empty()
            && self.exceptions.iter().next().is_none()
            && self.counters == RunCounters::default()
            && self.arrivals.is_none()
    }
}
