//! What several generators counted in one run.

use super::Totals;
use crate::stats::Timeline;
use crate::stats::bounded::Spot;
use jiff::Timestamp;
use std::time::Duration;

impl Totals {
    /// The counts of generators that made load at the same time, as if one had: times count from the start of the first.
    ///
    /// Associative and commutative but for two things that [`Timeline`] and the bounds of rows say: users in slices that
    /// become wider, and which rows are kept apart beyond the bounds.
    pub(in crate::stats) fn joined(parts: &[&Self]) -> Self {
        let started = parts.iter().map(|part| part.started).min().unwrap_or_default();
        let mut parts = parts.to_vec();
        // First come is first kept, in whatever order they are given.
        parts.sort_by_cached_key(|part| {
            (part.started, part.counters.wire_requests, part.counters.bytes_received)
        });
        let mut all = Self::new(started);
        let since = parts.iter().map(|part| part.started.duration_since(started).unsigned_abs() + part.since);
        all.since = since.min().unwrap_or_default();
        for part in &parts {
            all.join(part);
        }
        let lines =
            parts.iter().map(|part| (second_of(part.started).saturating_sub(second_of(started)), *part));
        let first = u64::try_from(second_of(started)).unwrap_or(0);
        let lines: Vec<(u64, &Timeline)> =
            lines.map(|(later, part)| (first + u64::try_from(later).unwrap_or(0), &part.timeline)).collect();
        all.timeline = Timeline::joined(&lines);
        let missing =
            all.entries().into_iter().find(|entry| !all.timeline.has_series(&entry.method, &entry.name));
        if let Some(entry) = missing.filter(|_| all.timeline.is_full() && !all.beyond.knows_series()).cloned()
        {
            all.beyond.series(&entry, None);
        }
        all
    }

    fn join(&mut self, part: &Self) {
        let later = part.started.duration_since(self.started).unsigned_abs();
        // Slices and seconds are those of wall time: of two generators that began within a second, both are in it.
        let seconds = second_of(part.started).saturating_sub(second_of(self.started));
        let seconds = u64::try_from(seconds).unwrap_or(0);
        self.now = self.now.max(part.now.saturating_add(later));
        self.beyond.merge(&part.beyond);
        for row in part.series.iter() {
            let mut row = row.clone();
            row.shift(later, seconds);
            if !row.is_part() {
                self.aggregated.merge(&row);
            }
            if self.series.add(&row) == Spot::Rest {
                self.beyond.name(&row.method, &row.name, || None);
            }
        }
        for row in part.failures.iter() {
            let mut row = row.clone();
            (row.first, row.last) = shifted((row.first, row.last), later);
            self.failures.add(&row);
        }
        for row in part.exceptions.iter() {
            let mut row = row.clone();
            (row.first, row.last) = shifted((row.first, row.last), later);
            self.exceptions.add(&row);
            if self.exceptions.is_crowded() {
                self.beyond.exception(&row.message, &row.place);
            }
        }
        self.beyond.failures |= self.failures.is_crowded();
        self.counters.merge(&part.counters);
        if let Some(arrivals) = &part.arrivals {
            self.arrivals.get_or_insert_default().merge(arrivals);
        }
    }
}

/// The whole second of wall time, rounded down.
fn second_of(time: Timestamp) -> i64 {
    time.as_nanosecond().div_euclid(1_000_000_000).try_into().unwrap_or(0)
}

fn shifted((first, last): (Duration, Duration), later: Duration) -> (Duration, Duration) {
    (first.saturating_add(later), last.saturating_add(later))
}
