//! Response times in as few bytes as they take, for slices of the run that are kept and seldom counted into.

use super::{Histogram, Times};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Response times as [`Times`] has them, without its room for more: two to four bytes for each distinct bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Times", into = "Times")]
pub(super) struct PackedTimes {
    /// For each bucket that is not empty, in ascending order: its distance from the last one, and its count, both as
    /// LEB128.
    counts: Box<[u8]>,
    sum: Duration,
    range: Option<(Duration, Duration)>,
}

impl PackedTimes {
    /// Adds times.
    pub(super) fn merge(&mut self, times: &Times) {
        if self.range.is_none() {
            *self = Self::from(times.clone());
        } else if !times.is_empty() {
            let mut all = Times::from(std::mem::take(self));
            all.merge(times);
            *self = Self::from(all);
        }
    }
}

impl From<Times> for PackedTimes {
    fn from(times: Times) -> Self {
        let (histogram, sum, range) = times.into_parts();
        let mut counts = Vec::new();
        let mut last = 0;
        for (bucket, count) in histogram.counts() {
            push(&mut counts, (bucket - last) as u64);
            push(&mut counts, count);
            last = bucket;
        }
        Self { counts: counts.into(), sum, range }
    }
}

impl From<PackedTimes> for Times {
    fn from(packed: PackedTimes) -> Self {
        let mut histogram = Histogram::default();
        let mut rest = &*packed.counts;
        let mut bucket = 0;
        while let (Some(distance), Some(count)) = (pull(&mut rest), pull(&mut rest)) {
            bucket += usize::try_from(distance).expect("it was a bucket");
            histogram.add(bucket, count);
        }
        Self::from_parts(histogram, packed.sum, packed.range)
    }
}

/// Appends a number, seven bits to a byte, the lowest first.
fn push(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Takes a number off the front.
fn pull(bytes: &mut &[u8]) -> Option<u64> {
    let end = bytes.iter().position(|byte| byte & 0x80 == 0)?;
    let (number, rest) = bytes.split_at(end + 1);
    *bytes = rest;
    Some(number.iter().rev().fold(0, |sum, byte| sum << 7 | u64::from(byte & 0x7f)))
}

#[cfg(test)]
mod tests {
    use super::PackedTimes;
    use crate::stats::Times;
    use proptest::prelude::*;
    use std::time::Duration;

    fn times(nanoseconds: &[u64]) -> Times {
        let mut times = Times::default();
        nanoseconds.iter().for_each(|ns| times.record(Duration::from_nanos(*ns)));
        times
    }

    proptest! {
        #[test]
        fn nothing_is_lost(some: Vec<u64>, more in prop::collection::vec(0..10_000_000_u64, 0..50)) {
            let mut packed = PackedTimes::from(times(&some));
            prop_assert_eq!(Times::from(packed.clone()), times(&some));
            packed.merge(&times(&more));
            prop_assert_eq!(Times::from(packed), times(&[some, more].concat()));
        }
    }

    #[test]
    fn it_is_small() {
        let all: Vec<u64> = (0..1000).map(|n| 5_000_000 + n * 1000).collect();
        let packed = PackedTimes::from(times(&all));
        assert!(packed.counts.len() < 600, "{}", packed.counts.len());
    }
}
