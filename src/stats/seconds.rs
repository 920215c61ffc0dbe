//! Requests per second of the run, for current rates: only the last seconds are kept.

use serde::{Deserialize, Serialize};

/// Seconds that are kept, counted from the latest: the window of the current rates, its guard, and room for a shard whose
/// snapshot comes late.
const KEPT: u64 = 32;

/// What ended in one second of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Second {
    /// The second, from 0 at the start of the run.
    at: u64,
    requests: u64,
    failures: u64,
}

/// Counts by second, ascending, no older than [`KEPT`] seconds before the latest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seconds(Vec<Second>);

impl Seconds {
    /// Adds counts to the second `at`.
    pub(super) fn add(&mut self, at: u64, requests: u64, failures: u64) {
        // Nearly always the last one.
        let after = self.0.iter().rposition(|second| second.at <= at).map_or(0, |index| index + 1);
        match after.checked_sub(1).map(|index| &mut self.0[index]).filter(|second| second.at == at) {
            Some(second) => {
                second.requests += requests;
                second.failures += failures;
            }
            None => {
                self.0.insert(after, Second { at, requests, failures });
                let latest = self.0.last().map_or(0, |second| second.at);
                self.0.retain(|second| second.at + KEPT > latest);
            }
        }
    }

    /// Adds the counts of `other`.
    pub(super) fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|second| self.add(second.at, second.requests, second.failures));
    }

    /// Counts seconds from so many earlier.
    pub(super) fn shift(&mut self, seconds: u64) {
        self.0.iter_mut().for_each(|second| second.at = second.at.saturating_add(seconds));
    }

    /// Requests and failures in the seconds `from..to`.
    pub(super) fn sum(&self, from: u64, to: u64) -> (u64, u64) {
        let within = self.0.iter().filter(|second| (from..to).contains(&second.at));
        within.fold((0, 0), |(requests, failures), second| {
            (requests + second.requests, failures + second.failures)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Seconds;

    #[test]
    fn counts_in_any_order_and_forgets_the_old() {
        let mut seconds = Seconds::default();
        for at in [3, 1, 3, 2, 60, 59, 1] {
            seconds.add(at, 1, 0);
        }
        assert_eq!(seconds.sum(0, 50), (0, 0));
        assert_eq!(seconds.sum(59, 61), (2, 0));
        assert_eq!(seconds.0.len(), 2);
    }
}
