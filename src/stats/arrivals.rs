//! What became of the arrivals of the open model.

use super::Lateness;
use serde::{Deserialize, Serialize};

/// Arrivals, from the moment that they are due. At the end of a run `due` = `started` + `dropped` + `unstarted` +
/// `surplus`; while it goes on, what is missing waits for a user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ArrivalSummary {
    /// Arrivals whose time came before the run ended.
    pub due: u64,
    /// Those whose task function was started.
    pub started: u64,
    /// Those that found no free user and, as the run was told, did not wait for one.
    pub dropped: u64,
    /// Those that the run never came to: it ended while they waited, or their user ended in its `on_start`.
    pub unstarted: u64,
    /// Those that nobody asked for any more: all runs of `-i` had been given away.
    pub surplus: u64,
    /// The most arrivals that waited for a user at a time on one shard.
    pub longest_queue: u64,
    /// From the moment that an arrival was due to the start of its task function, of those that started.
    pub lateness: Lateness,
}

impl ArrivalSummary {
    /// Adds what `other` counted.
    pub fn merge(&mut self, other: &Self) {
        self.due = self.due.saturating_add(other.due);
        self.started = self.started.saturating_add(other.started);
        self.dropped = self.dropped.saturating_add(other.dropped);
        self.unstarted = self.unstarted.saturating_add(other.unstarted);
        self.surplus = self.surplus.saturating_add(other.surplus);
        self.longest_queue = self.longest_queue.max(other.longest_queue);
        self.lateness.merge(&other.lateness);
    }

    /// Arrivals that are due and wait for a user.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.due.saturating_sub(self.started + self.dropped + self.unstarted + self.surplus)
    }
}
