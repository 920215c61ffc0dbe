//! Response times of one series: the histogram, and exactly the extremes and the sum.

use super::Histogram;
use crate::util::nanoseconds;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Response times. Percentiles come from the histogram (within 0.1 % of an exact sort), the rest is exact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
pub struct Times {
    histogram: Histogram,
    sum: Duration,
    /// Smallest and largest; none before the first sample.
    range: Option<(Duration, Duration)>,
}

/// Times in a file.
#[derive(Serialize, Deserialize)]
struct Saved {
    /// Numbers of buckets, each followed by its count.
    #[serde(rename = "buckets")]
    histogram: Histogram,
    #[serde(rename = "sum_ns", with = "nanoseconds")]
    sum: Duration,
    #[serde(rename = "min_ns", with = "nanoseconds::option", default)]
    min: Option<Duration>,
    #[serde(rename = "max_ns", with = "nanoseconds::option", default)]
    max: Option<Duration>,
}

impl From<Saved> for Times {
    fn from(saved: Saved) -> Self {
        Self { histogram: saved.histogram, sum: saved.sum, range: saved.min.zip(saved.max) }
    }
}

impl From<Times> for Saved {
    fn from(times: Times) -> Self {
        let (min, max) = times.range.unzip();
        Self { histogram: times.histogram, sum: times.sum, min, max }
    }
}

impl Times {
    /// Counts one response time.
    pub fn record(&mut self, time: Duration) {
        self.histogram.record(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
        self.sum = self.sum.saturating_add(time);
        self.widen(time, time);
    }

    /// Adds what `other` counted.
    pub fn merge(&mut self, other: &Self) {
        self.histogram.merge(&other.histogram);
        self.sum = self.sum.saturating_add(other.sum);
        if let Some((min, max)) = other.range {
            self.widen(min, max);
        }
    }

    /// The histogram, the sum, and the smallest and largest.
    pub(super) fn into_parts(self) -> (Histogram, Duration, Option<(Duration, Duration)>) {
        (self.histogram, self.sum, self.range)
    }

    /// Times of such parts.
    pub(super) fn from_parts(
        histogram: Histogram,
        sum: Duration,
        range: Option<(Duration, Duration)>,
    ) -> Self {
        Self { histogram, sum, range }
    }

    fn widen(&mut self, min: Duration, max: Duration) {
        self.range = Some(self.range.map_or((min, max), |(low, high)| (low.min(min), high.max(max))));
    }

    /// How many times were counted.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.histogram.len()
    }

    /// Whether none was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.histogram.is_empty()
    }

    /// The smallest, exactly.
    #[must_use]
    pub fn min(&self) -> Option<Duration> {
        self.range.map(|(min, _)| min)
    }

    /// The largest, exactly.
    #[must_use]
    pub fn max(&self) -> Option<Duration> {
        self.range.map(|(_, max)| max)
    }

    /// The mean in milliseconds, exactly but for the rounding of `f64`.
    #[must_use]
    pub fn average_ms(&self) -> Option<f64> {
        (!self.is_empty()).then(|| self.sum.as_nanos() as f64 / 1e6 / self.len() as f64)
    }

    /// The counts behind the percentiles.
    #[must_use]
    pub fn histogram(&self) -> &Histogram {
        &self.histogram
    }

    /// The value below which the share `quantile` (0 to 1) of the samples lies: the sample number
    /// `min(trunc(n * quantile), n - 1)` of the sorted ones, counted from 0, as Locust picks it.
    #[must_use]
    pub fn percentile(&self, quantile: f64) -> Option<Duration> {
        self.percentiles(&[quantile]).pop()
    }

    /// Several percentiles in one pass; `quantiles` must ascend. Empty without samples.
    ///
    /// None is below the minimum or above the maximum; 0 gives the minimum and 1 the maximum, both exactly.
    #[must_use]
    pub fn percentiles(&self, quantiles: &[f64]) -> Vec<Duration> {
        let Some((min, max)) = self.range else { return Vec::new() };
        let ranks: Vec<u64> = quantiles.iter().map(|quantile| rank(*quantile, self.len())).collect();
        let values = self.histogram.values_at(&ranks);
        let exact_at_the_ends = |(value, quantile): (u64, &f64)| match *quantile {
            q if q <= 0.0 => min,
            q if q >= 1.0 => max,
            _ => Duration::from_nanos(value).clamp(min, max),
        };
        values.into_iter().zip(quantiles).map(exact_at_the_ends).collect()
    }
}

/// `min(trunc(n * quantile), n - 1)`, where a product that only the rounding of `f64` keeps from being whole is whole
/// (0.29 * 100 is 29, not 28.999999999999996).
pub(super) fn rank(quantile: f64, n: u64) -> u64 {
    let product = quantile.clamp(0.0, 1.0) * n as f64;
    let whole = product.round();
    let product = if (product - whole).abs() <= whole * 1e-12 { whole } else { product };
    // Not negative and at most n.
    (product as u64).min(n.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::{Times, rank};
    use std::time::Duration;

    fn of(milliseconds: impl IntoIterator<Item = u64>) -> Times {
        let mut times = Times::default();
        milliseconds.into_iter().for_each(|ms| times.record(Duration::from_millis(ms)));
        times
    }

    #[test]
    fn picks_the_rank_that_locust_picks() {
        assert_eq!((rank(0.5, 100), rank(0.95, 100), rank(1.0, 100)), (50, 95, 99));
        assert_eq!((rank(0.5, 1), rank(0.5, 2), rank(0.999, 10)), (0, 1, 9));
        assert_eq!(rank(0.29, 100), 29);
        assert_eq!(rank(0.5, 0), 0);
    }

    #[test]
    fn percentiles_of_the_first_hundred_numbers_are_those_of_locust() {
        let times = of(0..100);
        let found = times.percentiles(&[0.5, 0.6, 0.95]);
        assert_eq!(found, [50, 60, 95].map(Duration::from_millis));
    }

    #[test]
    fn a_median_is_not_rounded_away_from_what_was_measured() {
        for milliseconds in [6034, 6099] {
            assert_eq!(of([milliseconds; 3]).percentile(0.5), Some(Duration::from_millis(milliseconds)));
        }
    }

    #[test]
    fn the_ends_are_exact_and_nothing_exceeds_them() {
        let times = of([1, 7777, 7778, 99_999]);
        assert_eq!(times.percentile(0.0), Some(Duration::from_millis(1)));
        assert_eq!(times.percentile(1.0), Some(Duration::from_millis(99_999)));
        assert_eq!(of([7777, 7777]).percentile(0.99), Some(Duration::from_millis(7777)));
        assert_eq!(of([]).percentile(0.5), None);
        assert_eq!(of([]).average_ms(), None);
        assert_eq!(of([1, 2]).average_ms(), Some(1.5));
    }
}
