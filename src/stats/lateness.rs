//! How late what was due began: the generator's own punctuality.

use super::Times;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// From here on an arrival counts as late: well above what a busy scheduler adds, well below what a person would notice
/// in a user's behaviour.
pub const LATE: Duration = Duration::from_millis(100);

/// How much later than intended things began. Percentiles are within 0.1 % of an exact sort, counts and extremes exact.
/// Merging loses nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lateness {
    times: Times,
    late: u64,
}

impl Lateness {
    /// Counts something that began this much later than intended; zero if it was on time.
    pub fn record(&mut self, lateness: Duration) {
        self.times.record(lateness);
        self.late += u64::from(lateness > LATE);
    }

    /// Adds what `other` counted.
    pub fn merge(&mut self, other: &Self) {
        self.times.merge(&other.times);
        self.late = self.late.saturating_add(other.late);
    }

    /// How many were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.times.len()
    }

    /// How many of them began more than [`LATE`] after they were due.
    #[must_use]
    pub fn late(&self) -> u64 {
        self.late
    }

    /// The share of those, 0 to 1; none if nothing was counted.
    #[must_use]
    pub fn late_share(&self) -> Option<f64> {
        (self.count() > 0).then(|| self.late as f64 / self.count() as f64)
    }

    /// The lateness that 99 of 100 did not exceed; none if nothing was counted.
    #[must_use]
    pub fn p99(&self) -> Option<Duration> {
        self.times.percentile(0.99)
    }

    /// The largest, exactly; none if nothing was counted.
    #[must_use]
    pub fn max(&self) -> Option<Duration> {
        self.times.max()
    }

    /// All of them.
    #[must_use]
    pub fn times(&self) -> &Times {
        &self.times
    }
}

#[cfg(test)]
mod tests {
    use super::Lateness;
    use std::time::Duration;

    fn of(milliseconds: impl IntoIterator<Item = u64>) -> Lateness {
        let mut lateness = Lateness::default();
        milliseconds.into_iter().for_each(|ms| lateness.record(Duration::from_millis(ms)));
        lateness
    }

    #[test]
    fn late_is_what_exceeds_the_bound() {
        let lateness = of([0, 99, 100, 101, 5000]);
        assert_eq!((lateness.count(), lateness.late(), lateness.late_share()), (5, 2, Some(0.4)));
        assert_eq!(lateness.max(), Some(Duration::from_secs(5)));
        assert_eq!((of([]).late_share(), of([]).p99(), of([]).max()), (None, None, None));
    }

    #[test]
    fn parts_make_the_whole() {
        let mut parts = of(0..150);
        parts.merge(&of(150..1000));
        assert_eq!(parts, of(0..1000));
        assert_eq!(parts.p99(), Some(Duration::from_millis(990)));
        assert_eq!(parts.late(), 899);
    }
}
