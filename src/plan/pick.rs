//! Which task of a set comes next: at random by weight, or in order.

use super::TaskSet;
use rand::{Rng, RngExt};

/// Picks tasks at random, each pick independent of those before it.
#[derive(Clone, Debug)]
pub struct Picker {
    /// Running sums of the weights, with the position of each task; tasks that are off are not in it.
    sums: Vec<(f64, usize)>,
}

impl Picker {
    /// A picker for the tasks of `set`; `None` when none of them can be picked.
    #[must_use]
    pub fn new(set: &TaskSet) -> Option<Self> {
        let mut total = 0.0;
        let mut sums = Vec::with_capacity(set.tasks.len());
        for (index, task) in set.live_tasks() {
            total += task.weight;
            sums.push((total, index));
        }
        (!sums.is_empty()).then_some(Self { sums })
    }

    /// The position in [`TaskSet::tasks`] of the next task. Takes one number from `rng` and logarithmic time.
    pub fn pick(&self, rng: &mut impl Rng) -> usize {
        let last = self.sums[self.sums.len() - 1];
        let drawn = rng.random::<f64>() * last.0;
        let place = self.sums.partition_point(|(sum, _)| *sum <= drawn);
        // Rounding can lift the product to the total itself.
        self.sums.get(place).unwrap_or(&last).1
    }
}

/// The order of a sequential set: every task as many times in a row as its weight says, then again from the first.
#[derive(Clone, Debug)]
pub struct Sequence {
    /// For each task its position in the set and the number of runs up to and with it.
    ends: Vec<(u64, usize)>,
}

impl Sequence {
    /// The order of the tasks of `set`; `None` when none of them runs.
    #[must_use]
    pub fn new(set: &TaskSet) -> Option<Self> {
        let mut total = 0u64;
        let mut ends = Vec::with_capacity(set.tasks.len());
        for (index, task) in set.live_tasks() {
            total = total.saturating_add(repeats(task.weight));
            ends.push((total, index));
        }
        (!ends.is_empty()).then_some(Self { ends })
    }

    /// The position in [`TaskSet::tasks`] of the next task; moves `position` on, which starts at 0 every time the set
    /// is entered.
    #[must_use]
    pub fn next(&self, position: &mut u64) -> usize {
        let (length, _) = self.ends[self.ends.len() - 1];
        let here = *position % length;
        *position = here + 1;
        let place = self.ends.partition_point(|(end, _)| *end <= here);
        self.ends[place].1
    }
}

/// How many times in a row a task of a sequential set runs: its weight, and at least once. Fractions, which
/// [`super::check`] refuses, are rounded.
pub(super) fn repeats(weight: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, and is positive")]
    let times = weight.round() as u64;
    times.max(1)
}

#[cfg(test)]
mod tests {
    use super::{Picker, Sequence, TaskSet};
    use crate::plan::testing::call;
    use crate::util::{Purpose, stream};
    use proptest::prelude::*;

    fn set(weights: &[f64]) -> TaskSet {
        let tasks = weights.iter().map(|&weight| call("t", weight, &[])).collect();
        TaskSet { tasks, ..TaskSet::default() }
    }

    fn shares(weights: &[f64], draws: u32) -> Vec<f64> {
        let picker = Picker::new(&set(weights)).expect("a task that can be picked");
        let mut rng = stream(1, 1, Purpose::Schedule);
        let mut counts = vec![0u32; weights.len()];
        for _ in 0..draws {
            counts[picker.pick(&mut rng)] += 1;
        }
        counts.iter().map(|&count| f64::from(count) / f64::from(draws)).collect()
    }

    #[test]
    fn picks_follow_the_weights_and_leave_out_what_is_off() {
        let shares = shares(&[0.0, 3.0, 0.5, 0.0, 1.5, 0.0], 100_000);
        for (share, wanted) in shares.iter().zip([0.0, 0.6, 0.1, 0.0, 0.3, 0.0]) {
            // Five standard deviations of a share of 100,000 draws are below 0.008; the seed is fixed besides.
            assert!((share - wanted).abs() < 0.008, "{shares:?}");
        }
        assert_eq!((shares[0], shares[3], shares[5]), (0.0, 0.0, 0.0));
    }

    #[test]
    fn a_set_without_a_task_that_runs_has_neither() {
        for weights in [[].as_slice(), &[0.0, 0.0]] {
            assert!(Picker::new(&set(weights)).is_none());
            assert!(Sequence::new(&set(weights)).is_none());
        }
    }

    #[test]
    fn a_sequence_repeats_by_weight_and_starts_again() {
        let sequence = Sequence::new(&set(&[1.0, 0.0, 2.0, 1.0])).expect("tasks");
        let mut position = 0;
        let order: Vec<usize> = (0..9).map(|_| sequence.next(&mut position)).collect();
        assert_eq!(order, [0, 2, 2, 3, 0, 2, 2, 3, 0]);
    }

    proptest! {
        #[test]
        fn a_pick_is_always_a_task_that_is_on(weights in prop::collection::vec(prop_oneof![Just(0.0), 1e-9..1e9], 1..20), seed: u64) {
            if let Some(picker) = Picker::new(&set(&weights)) {
                let mut rng = stream(seed, 1, Purpose::Schedule);
                for _ in 0..50 {
                    prop_assert!(weights[picker.pick(&mut rng)] > 0.0);
                }
            }
        }
    }
}
