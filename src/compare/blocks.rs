//! The block bootstrap: how much a figure would vary over runs like this one, from the run alone.
//!
//! Neighbouring seconds of a run resemble each other, so single ones cannot be drawn as if they were independent: whole
//! blocks of them are (Künsch 1989), over the end of the run to its beginning, so that each counts as often (Politis and
//! Romano 1992).

use crate::util::{Stream, seed_of};
use rand::RngExt;

/// How often the run is drawn anew: the error of a standard error of 500 is 3 %.
const RESAMPLES: usize = 500;

/// The parts that a run of so many slices is put together from: where each begins, and how many slices it has.
#[derive(Clone, Debug)]
pub(super) struct Draws {
    slices: usize,
    draws: Vec<Vec<(usize, usize)>>,
}

/// Slices of a block: the square root of their number.
///
/// The cube root is best for the mean squared error of a variance, the square root for whether an interval holds what it
/// promises (Flegal and Jones 2010): blocks that are too short miss how the slices hang together.
pub(super) fn block_length(slices: usize) -> usize {
    ((slices as f64).sqrt().round() as usize).max(1)
}

/// Degrees of freedom of a variance from so many slices: one and a half for each block that the next one does not overlap
/// (Meketon and Schmeiser 1984), less the one for the mean.
pub(super) fn freedom(slices: usize) -> f64 {
    (1.5 * (slices as f64 / block_length(slices) as f64 - 1.0)).max(1.0)
}

impl Draws {
    /// Those of a run of so many slices: always the same.
    pub(super) fn new(slices: usize) -> Self {
        let mut stream = Stream::new(u128::from(seed_of(slices as u64, "comparison")));
        let length = block_length(slices);
        let mut draw = || {
            let whole = (0..slices).step_by(length).map(|done| length.min(slices - done));
            whole.map(|length| (stream.random_range(0..slices), length)).collect()
        };
        Self { slices, draws: (0..RESAMPLES).map(|_| draw()).collect() }
    }
}

/// The counts of a run by slice, summed up so that a block is a difference.
#[derive(Clone, Debug)]
pub(super) struct Sums {
    columns: usize,
    slices: usize,
    /// What was counted in all slices before this one, for each slice of the run and of its repetition.
    before: Vec<f64>,
}

impl Sums {
    /// Of rows of `columns` counts, one for each slice.
    pub(super) fn new(columns: usize, rows: &[f64]) -> Self {
        let slices = rows.len() / columns.max(1);
        let mut before = vec![0.0; columns];
        for row in rows.chunks_exact(columns.max(1)).cycle().take(2 * slices) {
            let start = before.len() - columns;
            for (column, count) in row.iter().enumerate() {
                before.push(before[start + column] + count);
            }
        }
        Self { columns, slices, before }
    }

    /// All counts of the run.
    pub(super) fn total(&self) -> &[f64] {
        let start = self.slices * self.columns;
        &self.before[start..start + self.columns]
    }

    /// Adds the counts of the slices from `start` on.
    fn add(&self, start: usize, length: usize, sum: &mut [f64]) {
        let row = |number: usize| &self.before[number * self.columns..(number + 1) * self.columns];
        let (before, after) = (row(start), row(start + length));
        for ((sum, after), before) in sum.iter_mut().zip(after).zip(before) {
            *sum += after - before;
        }
    }
}

/// The variances that `figures` of the runs together have, whatever that function makes of the sums of their counts: one
/// for each figure, none where hardly any draw has the figure.
pub(super) fn variances<const N: usize>(
    runs: &[(&Sums, &Draws)],
    figures: impl Fn(&[f64]) -> [Option<f64>; N],
) -> [Option<f64>; N] {
    let columns = runs.first().map_or(0, |(sums, _)| sums.columns);
    let mut found: [Vec<f64>; N] = std::array::from_fn(|_| Vec::with_capacity(RESAMPLES));
    let mut sum = vec![0.0; columns];
    for number in 0..RESAMPLES {
        sum.fill(0.0);
        for (sums, draws) in runs {
            draws.draws[number].iter().for_each(|(start, length)| sums.add(*start, *length, &mut sum));
        }
        for (found, figure) in found.iter_mut().zip(figures(&sum)) {
            found.extend(figure);
        }
    }
    // Blocks of a short run overlap so much that they vary less than blocks of other runs would.
    let short = |slices: usize| slices as f64 / (slices as f64 - block_length(slices) as f64).max(1.0);
    let correction = runs.iter().map(|(_, draws)| short(draws.slices)).fold(1.0, f64::max);
    found.map(|values| (values.len() > RESAMPLES / 2).then(|| variance(&values) * correction))
}

/// The variance of a sample; zero of fewer than two.
pub(super) fn variance(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count.max(1.0);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    squares / (count - 1.0).max(1.0)
}
