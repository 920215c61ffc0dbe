//! What a shard sends once a second.

use super::arrivals::ArrivalSummary;
use super::counters::RunCounters;
use super::entry::Entry;
use super::overflow::{Beyond, News};
use super::problems::{Exceptions, Failures};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What was counted in some stretch of the run: plain data, as small as what happened in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// By the second in which the requests ended; only series that counted something.
    pub(super) seconds: Vec<(u64, Vec<Entry>)>,
    pub(super) failures: Failures,
    pub(super) exceptions: Exceptions,
    /// Names that were counted for the first time: nearly all in the first seconds of a run.
    #[serde(default)]
    pub(super) news: Vec<News>,
    /// What there was no room for.
    #[serde(default, skip_serializing_if = "Beyond::is_empty")]
    pub(super) beyond: Beyond,
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

    /// Where a name comes from that was counted for the first time.
    pub(super) fn place_of(&self, entry: &Entry) -> Option<Arc<str>> {
        let mut news = self.news.iter();
        let news = news.find(|news| news.name == entry.name && news.method == entry.method)?;
        Some(news.place.clone())
    }
}
