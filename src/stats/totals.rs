//! The controller's accumulation.

mod join;

use super::arrivals::ArrivalSummary;
use super::bounded::{Bounded, Row, Spot};
use super::counters::RunCounters;
use super::entry::Entry;
use super::overflow::{Beyond, Overflow};
use super::problems::{ExceptionRow, Exceptions, FailureRow, Failures};
use super::snapshot::Snapshot;
use super::timeline::{Gauges, Timeline};
use crate::util::nanoseconds;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Per second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rate {
    /// Requests per second, failed ones included.
    pub requests: f64,
    /// Failed requests per second.
    pub failures: f64,
}

/// Everything that was counted in a run, or up to now.
///
/// Every time in it is counted from the start of the run; `started` says when that was. Merging is associative and
/// commutative, so the same samples give the same totals, to the bit, over any number of shards.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
pub struct Totals {
    started: Timestamp,
    /// From when rates count: zero, or the last reset.
    since: Duration,
    /// The latest time that was noted, for current rates.
    now: Duration,
    series: Bounded<Entry>,
    /// All series merged, kept up to date.
    aggregated: Entry,
    failures: Failures,
    exceptions: Exceptions,
    counters: RunCounters,
    arrivals: Option<ArrivalSummary>,
    timeline: Timeline,
    /// What there was no room for.
    beyond: Beyond,
}

/// Totals in a file: without what follows from the rest.
#[derive(Serialize, Deserialize)]
struct Saved {
    started: Timestamp,
    #[serde(rename = "since_ns", with = "nanoseconds")]
    since: Duration,
    #[serde(rename = "now_ns", with = "nanoseconds")]
    now: Duration,
    #[serde(rename = "entries")]
    series: Bounded<Entry>,
    failures: Failures,
    exceptions: Exceptions,
    counters: RunCounters,
    #[serde(default)]
    arrivals: Option<ArrivalSummary>,
    #[serde(default)]
    timeline: Timeline,
    #[serde(default, skip_serializing_if = "Beyond::is_empty")]
    beyond: Beyond,
}

impl Totals {
    /// Nothing counted yet, in a run that began at `started`.
    #[must_use]
    pub fn new(started: Timestamp) -> Self {
        Self {
            started,
            since: Duration::ZERO,
            now: Duration::ZERO,
            series: Bounded::default(),
            aggregated: Entry::new("", "Aggregated"),
            failures: Failures::default(),
            exceptions: Exceptions::default(),
            counters: RunCounters::default(),
            arrivals: None,
            timeline: Timeline::default(),
            beyond: Beyond::default(),
        }
    }

    /// Adds what a shard counted.
    pub fn merge(&mut self, snapshot: &Snapshot) {
        // What a shard had no room for itself comes without its name.
        self.beyond.merge(&snapshot.beyond);
        for (second, entries) in &snapshot.seconds {
            for entry in entries {
                if !entry.is_part() {
                    self.aggregated.merge(entry);
                }
                let spot = self.series.add(entry);
                if spot == Spot::Rest {
                    self.beyond.name(&entry.method, &entry.name, || snapshot.place_of(entry));
                }
            }
            self.timeline.add(*second, entries);
            self.note_missing_series(entries, snapshot);
        }
        self.failures.merge(&snapshot.failures);
        for row in snapshot.exceptions.iter() {
            self.exceptions.add(row);
            if self.exceptions.is_crowded() {
                self.beyond.exception(&row.message, &row.place);
            }
        }
        self.beyond.failures |= self.failures.is_crowded();
        self.counters.merge(&snapshot.counters);
        if let Some(arrivals) = &snapshot.arrivals {
            self.arrivals.get_or_insert_default().merge(arrivals);
        }
    }

    /// Notes the first entry that has no series because others came before it.
    fn note_missing_series(&mut self, entries: &[Entry], snapshot: &Snapshot) {
        if self.timeline.is_full() && !self.beyond.knows_series() {
            let missing = entries.iter().find(|entry| !self.timeline.has_series(&entry.method, &entry.name));
            if let Some(entry) = missing {
                self.beyond.series(entry, snapshot.place_of(entry));
            }
        }
    }

    /// Whether there are requests whose names are not known, because there were more names than are kept apart.
    #[must_use]
    pub fn has_nameless(&self) -> bool {
        let [method, name, _] = Entry::BEYOND;
        self.entry(method, name).is_some()
    }

    /// What there was more of than is kept apart; nearly always nothing.
    #[must_use]
    pub fn overflows(&self) -> Vec<Overflow> {
        self.beyond.overflows(&self.failures, &self.exceptions)
    }

    /// Says that the run has come to `now`, so that current rates fall when nothing ends any more. Without it they are
    /// those of the last request's time, as Locust shows them.
    pub fn note_time(&mut self, now: Duration) {
        self.now = self.now.max(now);
    }

    /// Forgets everything counted but what became of arrivals, which tells whether the whole run can be trusted; rates
    /// count from `at`.
    pub fn reset(&mut self, at: Duration) {
        let arrivals = self.arrivals.take();
        *self = Self { since: at, now: self.now, arrivals, ..Self::new(self.started) };
    }

    /// The run over time.
    #[must_use]
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// Notes how the run stood in `second` of it; several notes of one second add up.
    pub fn note_gauges(&mut self, second: u64, gauges: &Gauges) {
        self.timeline.note(second, gauges);
    }

    /// When the run began.
    #[must_use]
    pub fn started(&self) -> Timestamp {
        self.started
    }

    /// The wall time that a time of the run stands for.
    #[must_use]
    pub fn wall_time(&self, since_start: Duration) -> Timestamp {
        self.started.checked_add(since_start).unwrap_or(Timestamp::MAX)
    }

    /// All rows by name, then method.
    #[must_use]
    pub fn entries(&self) -> Vec<&Entry> {
        let mut entries: Vec<&Entry> = self.series.iter().collect();
        entries.sort_unstable_by(|a, b| (&a.name, &a.method).cmp(&(&b.name, &b.method)));
        entries
    }

    /// One row.
    #[must_use]
    pub fn entry(&self, method: &str, name: &str) -> Option<&Entry> {
        self.series.get([method, name, ""])
    }

    /// All rows together; its method is empty.
    #[must_use]
    pub fn aggregated(&self) -> &Entry {
        &self.aggregated
    }

    /// Failures, the most frequent first, then by name, method and text.
    #[must_use]
    pub fn failures(&self) -> Vec<&FailureRow> {
        let mut rows: Vec<&FailureRow> = self.failures.iter().collect();
        rows.sort_unstable_by(|a, b| {
            (b.occurrences, &a.name, &a.method, &a.text).cmp(&(a.occurrences, &b.name, &b.method, &b.text))
        });
        rows
    }

    /// Exceptions, the most frequent first, then by place and message.
    #[must_use]
    pub fn exceptions(&self) -> Vec<&ExceptionRow> {
        let mut rows: Vec<&ExceptionRow> = self.exceptions.iter().collect();
        rows.sort_unstable_by(|a, b| (b.count, &a.place, &a.message).cmp(&(a.count, &b.place, &b.message)));
        rows
    }

    /// Counts of the run as a whole.
    #[must_use]
    pub fn counters(&self) -> &RunCounters {
        &self.counters
    }

    /// What became of the arrivals of the open model; none without any.
    #[must_use]
    pub fn arrivals(&self) -> Option<&ArrivalSummary> {
        self.arrivals.as_ref()
    }

    /// The time that mean rates are taken over: from the start (or the last reset) to the end of the last request of all
    /// rows.
    #[must_use]
    pub fn rate_span(&self) -> Duration {
        self.aggregated.last.unwrap_or_default().saturating_sub(self.since)
    }

    /// Mean rates of `entry` over the run: its counts over the time from the start (or the last reset) to the end of the
    /// last request of all rows, as Locust computes them. Zero before any time has passed.
    #[must_use]
    pub fn total_rate(&self, entry: &Entry) -> Rate {
        let span = self.rate_span().as_secs_f64();
        if span <= 0.0 {
            return Rate::default();
        }
        Rate { requests: entry.requests as f64 / span, failures: entry.failures as f64 / span }
    }

    /// Rates of `entry` now: the mean over the 10 whole seconds that end 2 s before the second of the last request of all
    /// rows (or of the noted time, if later). Fewer seconds in the beginning, zero in the first two.
    #[must_use]
    pub fn current_rate(&self, entry: &Entry) -> Rate {
        let last = self.aggregated.last.unwrap_or_default().max(self.now).as_secs();
        let from = last.saturating_sub(12).max(self.since.as_secs());
        let to = last.saturating_sub(2);
        if to <= from {
            return Rate::default();
        }
        let (requests, failures) = entry.seconds.sum(from, to);
        let seconds = (to - from) as f64;
        Rate { requests: requests as f64 / seconds, failures: failures as f64 / seconds }
    }
}

impl From<Saved> for Totals {
    fn from(saved: Saved) -> Self {
        let mut aggregated = Entry::new("", "Aggregated");
        saved.series.iter().filter(|entry| !entry.is_part()).for_each(|entry| aggregated.merge(entry));
        let Saved { started, since, now, series, failures, exceptions, counters, arrivals, timeline, beyond } =
            saved;
        Self {
            started,
            since,
            now,
            series,
            aggregated,
            failures,
            exceptions,
            counters,
            arrivals,
            timeline,
            beyond,
        }
    }
}

impl From<Totals> for Saved {
    fn from(totals: Totals) -> Self {
        let Totals {
            started,
            since,
            now,
            series,
            failures,
            exceptions,
            counters,
            arrivals,
            timeline,
            beyond,
            ..
        } = totals;
        Self { started, since, now, series, failures, exceptions, counters, arrivals, timeline, beyond }
    }
}
