//! Whether two sides differ by more than their own noise.

use super::blocks::variance;
use super::student::{critical, two_sided};

/// What one side says of a figure, on the scale on which it is compared.
#[derive(Clone, Debug)]
pub(super) struct Estimate {
    /// The figure of all runs of the side together.
    pub(super) value: f64,
    /// Its variance, as far as the runs show it within themselves.
    pub(super) within: f64,
    /// The degrees of freedom of that variance.
    pub(super) freedom: f64,
    /// The figure of each run.
    pub(super) runs: Vec<f64>,
}

/// A difference between two sides, with what is known of its noise.
#[derive(Clone, Copy, Debug)]
pub(super) struct Difference {
    pub(super) value: f64,
    variance: f64,
    freedom: f64,
}

impl Difference {
    /// What `new` has more than `base`.
    ///
    /// Runs differ from each other by more than they vary within themselves: caches, placement, neighbours. That variance
    /// is seen where a side has several runs, and assumed to be the same on both sides. It holds what the runs vary within
    /// themselves as well, which thus counts twice, as it does where runs are drawn and then blocks of them: of two or three
    /// runs the difference would often come out as nothing. The parts of the variance have different degrees of freedom,
    /// those of their sum are Satterthwaite's (1946).
    pub(super) fn between(base: &Estimate, new: &Estimate) -> Self {
        let sides = [base, new];
        let (per_run, run_freedom) = between_runs(sides);
        let of_runs: f64 = sides.iter().map(|side| per_run / side.runs.len() as f64).sum();
        let parts = [(base.within, base.freedom), (new.within, new.freedom), (of_runs, run_freedom)];
        let variance: f64 = parts.iter().map(|(variance, _)| variance).sum();
        let weights = parts.iter().filter(|(variance, freedom)| *variance > 0.0 && *freedom > 0.0);
        let weights: f64 = weights.map(|(variance, freedom)| variance * variance / freedom).sum();
        let freedom = if weights > 0.0 { variance * variance / weights } else { 1.0 };
        Self { value: new.value - base.value, variance, freedom }
    }

    /// The chance that noise alone makes such a difference, or a larger one.
    pub(super) fn p_value(&self) -> f64 {
        if self.value == 0.0 {
            return 1.0;
        }
        two_sided(self.value / self.variance.sqrt(), self.freedom)
    }

    /// The interval that holds the true difference but for the chance `miss`.
    pub(super) fn interval(&self, miss: f64) -> (f64, f64) {
        let reach = critical(miss, self.freedom) * self.variance.sqrt();
        (self.value - reach, self.value + reach)
    }
}

/// The variance of single runs about their side, and its degrees of freedom.
fn between_runs(sides: [&Estimate; 2]) -> (f64, f64) {
    let squares: f64 =
        sides.iter().map(|side| variance(&side.runs) * side.runs.len().saturating_sub(1) as f64).sum();
    let freedom: f64 = sides.iter().map(|side| side.runs.len().saturating_sub(1) as f64).sum();
    if freedom > 0.0 { (squares / freedom, freedom) } else { (0.0, 0.0) }
}

/// The chance that an interval may miss the truth, so that those intervals that do not hold zero are no more often wrong
/// than `rate` of the time, on average; an interval excludes zero exactly where the difference is called real.
///
/// Of `p_values` sorted upwards the last is called real that is not above its rank's share of `rate` (Benjamini and Hochberg
/// 1995), and the intervals are those that belong to it (Benjamini and Yekutieli 2005). Where nothing differs at all, a
/// difference is called real with the chance `rate` over all comparisons together.
pub(super) fn miss_allowed(p_values: &[f64], rate: f64) -> f64 {
    let mut sorted = p_values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let share = |rank: usize| rate * rank as f64 / sorted.len().max(1) as f64;
    let last = (1..=sorted.len()).rev().find(|rank| sorted[rank - 1] <= share(*rank));
    share(last.unwrap_or(1))
}
