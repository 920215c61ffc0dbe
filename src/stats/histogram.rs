//! A compact HDR histogram: three significant digits over the whole range, space only for what occurred.

use serde::{Deserialize, Serialize};

/// Buckets per doubling of the value: neighbours differ by less than one part in a thousand.
const PER_OCTAVE: u64 = 1024;
/// Buckets that are stored together. Response times cluster, so a page is rarely alone and rarely empty.
const PAGE: usize = 32;
/// Number of buckets that `u64` values can fall into.
const BUCKETS: u64 = 54 * PER_OCTAVE + PER_OCTAVE;

/// Counts of durations in nanoseconds, in the buckets of an HDR histogram with three significant digits.
///
/// Below 2048 ns each value has its own bucket; above, each doubling is divided into 1024 equal ones. All values of a
/// bucket are thus within 0.1 % of each other. Empty stretches take no space: a series with one sample takes
/// about 300 bytes, where a plain array would take a quarter of a megabyte.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<u64>", into = "Vec<u64>")]
pub struct Histogram {
    /// Number of the page that `slots[0]` stands for.
    first: usize,
    /// For each page number from `first`: 0 = no such page, n = `pages[n - 1]`.
    slots: Vec<u16>,
    pages: Vec<[u64; PAGE]>,
    total: u64,
}

/// The bucket of a value.
fn bucket_of(value: u64) -> usize {
    let octave = (u64::BITS - value.leading_zeros()).saturating_sub(11);
    usize::try_from(u64::from(octave) * PER_OCTAVE + (value >> octave)).expect("fewer than 60,000 buckets")
}

/// The smallest and the largest value of a bucket.
fn range_of(bucket: usize) -> (u64, u64) {
    let bucket = bucket as u64;
    let octave = (bucket / PER_OCTAVE).saturating_sub(1);
    let lowest = (bucket - octave * PER_OCTAVE) << octave;
    (lowest, lowest + ((1 << octave) - 1))
}

/// The value that stands for a bucket: the roundest in it, and of several equally round ones that nearest to the middle.
///
/// Any value of a bucket is as good a guess as another. The roundest makes what was round come out round: a thousand
/// answers after exactly 60 ms have a median of 60 ms and not of 60.015, and meet a limit of 60.
fn value_of(bucket: usize) -> u64 {
    let (lowest, highest) = range_of(bucket);
    let middle = lowest + (highest - lowest) / 2;
    let roundest = (0..20).rev().find_map(|zeros| {
        let step = 10_u64.pow(zeros);
        let near = middle / step * step;
        let candidates = [near, near.saturating_add(step)];
        let inside = candidates.into_iter().filter(|value| (lowest..=highest).contains(value));
        inside.min_by_key(|value| value.abs_diff(middle))
    });
    roundest.unwrap_or(middle)
}

impl Histogram {
    /// Counts one value.
    pub fn record(&mut self, nanoseconds: u64) {
        let bucket = bucket_of(nanoseconds);
        self.page_mut(bucket / PAGE)[bucket % PAGE] += 1;
        self.total += 1;
    }

    /// How many values were counted.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.total
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// Adds the counts of `other`. No information is lost: the sum is the histogram of all the values.
    pub fn merge(&mut self, other: &Self) {
        for (offset, &slot) in other.slots.iter().enumerate() {
            if slot > 0 {
                let theirs = &other.pages[usize::from(slot) - 1];
                let ours = self.page_mut(other.first + offset);
                ours.iter_mut().zip(theirs).for_each(|(sum, count)| *sum = sum.saturating_add(*count));
            }
        }
        self.total = self.total.saturating_add(other.total);
    }

    /// What was counted since `earlier`, a former state of this histogram.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut difference = Self::default();
        for (bucket, count) in self.counts() {
            let more = count.saturating_sub(earlier.count_in(bucket));
            if more > 0 {
                difference.add(bucket, more);
            }
        }
        difference
    }

    /// The values at the 0-based ranks `ranks` in sorted order, to within 0.1 %; `ranks` must ascend.
    /// A rank beyond the last value gives the last value; without values the result is empty.
    #[must_use]
    pub fn values_at(&self, ranks: &[u64]) -> Vec<u64> {
        let mut values = Vec::with_capacity(ranks.len());
        let mut below = 0;
        let mut last = None;
        for (bucket, count) in self.counts() {
            below += count;
            last = Some(bucket);
            while values.len() < ranks.len() && ranks[values.len()] < below {
                values.push(value_of(bucket));
            }
        }
        if let Some(bucket) = last {
            values.resize(ranks.len(), value_of(bucket));
        }
        values
    }

    /// Every value that was counted, in ascending order and to within 0.1 %, with its count.
    pub fn values(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.counts().map(|(bucket, count)| (value_of(bucket), count))
    }

    /// Every bucket that holds something, in ascending order, with its count.
    pub(super) fn counts(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        self.slots.iter().enumerate().filter(|(_, slot)| **slot > 0).flat_map(move |(offset, &slot)| {
            let start = (self.first + offset) * PAGE;
            let page = &self.pages[usize::from(slot) - 1];
            page.iter().enumerate().filter(|(_, n)| **n > 0).map(move |(i, &n)| (start + i, n))
        })
    }

    /// Every bucket that holds something, in ascending order: its smallest and its largest value, and its count.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64, u64)> + '_ {
        self.counts().map(|(bucket, count)| {
            let (lowest, highest) = range_of(bucket);
            (lowest, highest, count)
        })
    }

    fn count_in(&self, bucket: usize) -> u64 {
        let slot = (bucket / PAGE).checked_sub(self.first).and_then(|offset| self.slots.get(offset));
        slot.filter(|slot| **slot > 0).map_or(0, |&slot| self.pages[usize::from(slot) - 1][bucket % PAGE])
    }

    /// Counts `count` values of one bucket.
    pub(super) fn add(&mut self, bucket: usize, count: u64) {
        let sum = &mut self.page_mut(bucket / PAGE)[bucket % PAGE];
        *sum = sum.saturating_add(count);
        self.total = self.total.saturating_add(count);
    }

    fn page_mut(&mut self, number: usize) -> &mut [u64; PAGE] {
        if self.slots.is_empty() {
            self.first = number;
        }
        if number < self.first {
            self.slots.splice(..0, std::iter::repeat_n(0, self.first - number));
            self.first = number;
        }
        let offset = number - self.first;
        if offset >= self.slots.len() {
            self.slots.resize(offset + 1, 0);
        }
        if self.slots[offset] == 0 {
            self.pages.push([0; PAGE]);
            self.slots[offset] = u16::try_from(self.pages.len()).expect("fewer than 2,000 pages");
        }
        &mut self.pages[usize::from(self.slots[offset]) - 1]
    }
}

/// Equal counts; in which order the pages came to be does not matter.
impl PartialEq for Histogram {
    fn eq(&self, other: &Self) -> bool {
        self.total == other.total && self.counts().eq(other.counts())
    }
}

impl Eq for Histogram {}

/// The saved form: bucket, count, bucket, count, .. in ascending order, only what is not empty.
impl From<Histogram> for Vec<u64> {
    fn from(histogram: Histogram) -> Self {
        histogram.counts().flat_map(|(bucket, count)| [bucket as u64, count]).collect()
    }
}

impl TryFrom<Vec<u64>> for Histogram {
    type Error = String;

    fn try_from(saved: Vec<u64>) -> Result<Self, String> {
        let mut histogram = Self::default();
        for pair in saved.chunks(2) {
            let &[bucket, count] = pair else {
                return Err("a histogram is a list of pairs, and this one has an odd length".to_owned());
            };
            if bucket >= BUCKETS {
                return Err(format!("a histogram has no bucket {bucket}; the last is {}", BUCKETS - 1));
            }
            let bucket = usize::try_from(bucket).map_err(|error| error.to_string())?;
            histogram.add(bucket, count);
        }
        Ok(histogram)
    }
}

#[cfg(test)]
mod tests {
    use super::{BUCKETS, Histogram, bucket_of, value_of};
    use proptest::prelude::{Strategy, any, prop};
    use proptest::{prop_assert, prop_assert_eq, proptest};

    fn of(values: &[u64]) -> Histogram {
        let mut histogram = Histogram::default();
        values.iter().for_each(|value| histogram.record(*value));
        histogram
    }

    fn value() -> impl Strategy<Value = u64> {
        (any::<u64>(), 0_u32..64).prop_map(|(value, shift)| value >> shift)
    }

    #[test]
    fn the_ends_of_the_range_have_buckets() {
        assert_eq!(bucket_of(0), 0);
        assert_eq!(bucket_of(2047), 2047);
        assert_eq!(bucket_of(2048), 2048);
        assert_eq!(bucket_of(u64::MAX) as u64, BUCKETS - 1);
        assert_eq!(of(&[]).values_at(&[0, 5]), Vec::<u64>::new());
    }

    #[test]
    fn a_broken_saved_form_is_refused() {
        assert!(serde_json::from_str::<Histogram>("[1]").is_err());
        assert!(serde_json::from_str::<Histogram>("[99999999999,1]").is_err());
        assert_eq!(serde_json::from_str::<Histogram>("[7,2]").unwrap(), of(&[7, 7]));
    }

    proptest! {
        #[test]
        fn what_stands_for_a_value_is_near_and_in_its_bucket(value in value()) {
            let stands = value_of(bucket_of(value));
            prop_assert_eq!(bucket_of(stands), bucket_of(value));
            prop_assert!(stands.abs_diff(value) <= value / 1000);
        }

        #[test]
        fn round_values_come_out_round(tenths_of_a_millisecond in 1..10_000_u64) {
            // Three digits are what buckets can tell apart.
            let digits = tenths_of_a_millisecond.to_string().trim_end_matches('0').len();
            if digits <= 3 {
                let value = tenths_of_a_millisecond * 100_000;
                prop_assert_eq!(of(&[value]).values_at(&[0])[0], value);
            }
        }

        #[test]
        fn agrees_with_the_reference_histogram(values in prop::collection::vec(value().prop_map(|v| (v >> 2).max(1)), 1..200)) {
            let mut reference = hdrhistogram::Histogram::<u64>::new(3).unwrap();
            values.iter().for_each(|value| reference.record(*value).unwrap());
            let ours = of(&values);
            for rank in 0..values.len() as u64 {
                // The middle of a rank's quantile interval, so that no rounding of theirs can reach a neighbour.
                let quantile = (rank as f64 + 0.5) / values.len() as f64;
                let theirs = reference.value_at_quantile(quantile);
                let value = ours.values_at(&[rank])[0];
                prop_assert!(reference.equivalent(theirs, value), "rank {}: {} and {}", rank, theirs, value);
            }
        }

        #[test]
        fn a_merge_is_the_histogram_of_all_and_can_be_undone(
            left in prop::collection::vec(value(), 0..50), right in prop::collection::vec(value(), 0..50),
        ) {
            let mut merged = of(&left);
            merged.merge(&of(&right));
            prop_assert_eq!(&merged, &of(&[left.clone(), right.clone()].concat()));
            prop_assert_eq!(merged.since(&of(&left)), of(&right));
            let saved = serde_json::to_string(&merged).unwrap();
            prop_assert_eq!(serde_json::from_str::<Histogram>(&saved).unwrap(), merged);
        }
    }
}
