//! Response times in few bins, fine where percentiles are asked for: what is drawn a thousand times must be small.

use crate::stats::Histogram;

/// The shares at which bins end: close together around the median, the 95th and the 99th percentile.
const EDGES: [f64; 42] = [
    0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.43, 0.46, 0.48, 0.5, 0.52, 0.54, 0.57, 0.6, 0.65, 0.7,
    0.75, 0.8, 0.84, 0.88, 0.9, 0.915, 0.93, 0.94, 0.945, 0.95, 0.955, 0.96, 0.965, 0.97, 0.975, 0.98,
    0.9825, 0.985, 0.9875, 0.99, 0.9925, 0.995, 0.9975, 0.999,
];

/// A single bucket with this share of the values is a bin of its own: what is between two of them must not look as if
/// values were there.
const OWN_BIN: f64 = 0.01;

/// Where each bin begins and ends, ascending, in nanoseconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Bins(Vec<(u64, u64)>);

impl Bins {
    /// Bins for the times of a histogram.
    pub(super) fn new(histogram: &Histogram) -> Self {
        let total = histogram.len() as f64;
        let mut bins: Vec<(u64, u64)> = Vec::new();
        let mut edges = EDGES.iter().copied().peekable();
        let mut below = 0.0;
        let mut open = false;
        for (low, high, count) in histogram.buckets() {
            let share = count as f64 / total;
            below += share;
            match bins.last_mut() {
                Some(last) if open && share < OWN_BIN => last.1 = high,
                _ => bins.push((low, high)),
            }
            let ends = edges.peek().is_some_and(|edge| below >= *edge);
            while edges.next_if(|edge| below >= *edge).is_some() {}
            open = !ends && share < OWN_BIN;
        }
        Self(bins)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Counts the times of a histogram, none of which the bins have not seen.
    pub(super) fn count(&self, histogram: &Histogram, counts: &mut [f64]) {
        for (low, _, count) in histogram.buckets() {
            let bin = self.0.partition_point(|(_, end)| *end < low);
            if let Some(sum) = counts.get_mut(bin) {
                *sum += count as f64;
            }
        }
    }

    /// The logarithm of the value below which the share `quantile` of the counted lies; within a bin, values are spread
    /// evenly over its logarithms.
    pub(super) fn ln_percentile(&self, counts: &[f64], quantile: f64) -> Option<f64> {
        let total: f64 = counts.iter().sum();
        let target = total * quantile;
        let mut below = 0.0;
        for ((low, high), count) in self.0.iter().zip(counts) {
            if *count > 0.5 && below + count >= target {
                let ln = |value: u64| (value.max(1) as f64).ln();
                return Some(ln(*low) + (ln(*high) - ln(*low)) * ((target - below) / count).clamp(0.0, 1.0));
            }
            below += count;
        }
        None
    }
}
