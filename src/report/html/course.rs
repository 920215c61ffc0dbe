//! What happened over time, in slices of equal width.

use crate::report::numbers::exact_ms;
use crate::stats::{Cell, Times};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::time::Duration;

/// One series over time: an item per slice, from the first of the run to its last.
#[derive(Debug, Default, Serialize)]
pub(super) struct Course {
    /// Seconds of a slice.
    width: u64,
    requests: Vec<u64>,
    /// Empty where none failed.
    failures: Vec<u64>,
    p50: Vec<Option<Milliseconds>>,
    p95: Vec<Option<Milliseconds>>,
    p99: Vec<Option<Milliseconds>>,
}

impl Course {
    /// The course of slices that begin at the given seconds, put together to slices of `width`, a multiple of theirs; so
    /// many slices.
    pub(super) fn new<'a>(slices: impl Iterator<Item = (u64, &'a Cell)>, width: u64, count: usize) -> Self {
        let mut slots: BTreeMap<usize, (u64, u64, Times)> = BTreeMap::new();
        for (from, cell) in slices {
            let slot = usize::try_from(from / width).unwrap_or(usize::MAX);
            let (requests, failures, times) = slots.entry(slot).or_default();
            *requests += cell.requests;
            *failures += cell.failures;
            if times.is_empty() {
                *times = cell.times();
            } else {
                times.merge(&cell.times());
            }
        }
        let mut course = Self { width, ..Self::default() };
        for slot in 0..count {
            let (requests, failures, times) = slots.remove(&slot).unwrap_or_default();
            course.requests.push(requests);
            course.failures.push(failures);
            let percentiles = times.percentiles(&[0.5, 0.95, 0.99]);
            let columns = [&mut course.p50, &mut course.p95, &mut course.p99];
            for (index, column) in columns.into_iter().enumerate() {
                column.push(percentiles.get(index).copied().map(Milliseconds));
            }
        }
        if course.failures.iter().all(|failures| *failures == 0) {
            course.failures.clear();
        }
        course
    }
}

/// A time as a number of milliseconds, rounded to four digits or to microseconds, whichever is less exact: nobody sees more
/// in a chart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Milliseconds(pub(super) Duration);

impl Serialize for Milliseconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Rounded(exact_ms(self.0)).serialize(serializer)
    }
}

/// A number with four digits, or three decimals where those are fewer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rounded(pub(super) f64);

impl Serialize for Rounded {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let decimals = match self.0.abs() {
            value if value < 10.0 => 3,
            value if value < 100.0 => 2,
            value if value < 1000.0 => 1,
            _ => 0,
        };
        let scale = 10_f64.powi(decimals);
        let rounded = (self.0 * scale).round() / scale;
        if rounded.fract() == 0.0 && rounded.abs() < 1e15 {
            // `12`, not `12.0`; whole, and far from the ends of the range.
            return serializer.serialize_i64(rounded as i64);
        }
        serializer.serialize_f64(rounded)
    }
}

#[cfg(test)]
mod tests {
    use super::{Milliseconds, Rounded};
    use std::time::Duration;

    #[test]
    fn numbers_are_short() {
        let shown =
            [0, 1, 1_234, 12_345, 123_456, 1_234_567, 60_000].map(Duration::from_micros).map(Milliseconds);
        assert_eq!(serde_json::to_string(&shown).expect("numbers"), "[0,0.001,1.234,12.35,123.5,1235,60]");
        assert_eq!(serde_json::to_string(&Rounded(0.0004)).expect("a number"), "0");
    }
}
