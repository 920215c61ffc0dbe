//! What a run leaves behind, for the writers and the manifest.

use super::{ArrivalSummary, Health, Invalid, Milestones, RunCounters, Totals, invalid};
use crate::util::nanoseconds;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// A finished run as plain data. Every report is a pure function of it, now or later from a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunResult {
    /// Everything that was counted.
    pub totals: Totals,
    /// From the start to the end of the last user.
    #[serde(rename = "duration_ns", with = "nanoseconds")]
    pub duration: Duration,
    /// The largest number of users at a time.
    pub user_count: u64,
    /// The users of each class at that time.
    pub class_counts: BTreeMap<String, u64>,
    /// How the generator itself fared.
    #[serde(default)]
    pub health: Health,
    /// When the run came to what.
    #[serde(default)]
    pub milestones: Milestones,
}

impl RunResult {
    /// A result without users, of totals that come from elsewhere.
    #[must_use]
    pub fn new(totals: Totals, duration: Duration) -> Self {
        Self {
            totals,
            duration,
            user_count: 0,
            class_counts: BTreeMap::new(),
            health: Health::default(),
            milestones: Milestones::default(),
        }
    }

    /// When the run began.
    #[must_use]
    pub fn started(&self) -> Timestamp {
        self.totals.started()
    }

    /// Counts of the run as a whole.
    #[must_use]
    pub fn counters(&self) -> &RunCounters {
        self.totals.counters()
    }

    /// What became of the arrivals of the open model; none where no class was open.
    #[must_use]
    pub fn arrivals(&self) -> Option<&ArrivalSummary> {
        self.totals.arrivals()
    }

    /// Every reason why the run says nothing about the server; none if it is valid.
    #[must_use]
    pub fn invalid(&self) -> Vec<Invalid> {
        invalid(&self.health, self.counters(), self.arrivals())
    }
}
