//! When a run came to what: the bounds of the stretches that can be judged apart.

use crate::util::nanoseconds;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A whole second begins with a moment so shortly after it: the first user of a run does not start at zero.
const SLACK: Duration = Duration::from_millis(100);

/// Moments of a run, counted from its start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Milestones {
    /// The first user or arrival was due.
    #[serde(rename = "begun_ns", with = "nanoseconds")]
    pub begun: Duration,
    /// The ramp was over: there were as many users as there were to be. Under a load shape the first time.
    #[serde(rename = "spawned_ns", with = "nanoseconds::option")]
    pub spawned: Option<Duration>,
    /// The run was being ended: no user began anything new.
    #[serde(rename = "ending_ns", with = "nanoseconds::option")]
    pub ending: Option<Duration>,
    /// The ends of the stages of the load shape, or of the one schedule of arrivals; empty without stages.
    #[serde(rename = "stages_ns", with = "nanoseconds::list")]
    pub stages: Vec<Duration>,
}

impl Milestones {
    /// Whole seconds `from..to` after the ramp; none if the run never came there.
    #[must_use]
    pub fn steady(&self) -> Option<(u64, u64)> {
        seconds(self.spawned?, self.ending?)
    }

    /// The last seconds before the end, all of them where the run was shorter: that in which it began is one.
    #[must_use]
    pub fn last(&self, length: Duration) -> Option<(u64, u64)> {
        let (_, to) = seconds(Duration::from_secs(self.begun.as_secs()), self.ending?)?;
        Some((to.saturating_sub(length.as_secs().max(1)).max(self.begun.as_secs()), to))
    }

    /// The seconds of stage number `number`, from 1, as far as the run came; none if it did not.
    #[must_use]
    pub fn stage(&self, number: usize) -> Option<(u64, u64)> {
        let index = number.checked_sub(1)?;
        let end = *self.stages.get(index)?;
        let begin = index.checked_sub(1).map_or(self.begun, |before| self.stages[before]);
        seconds(begin, end.min(self.ending?))
    }
}

/// The whole seconds from one moment to another; the last may be cut short.
fn seconds(from: Duration, to: Duration) -> Option<(u64, u64)> {
    let starts_it = Duration::from_nanos(from.subsec_nanos().into()) <= SLACK;
    let first = from.as_secs() + u64::from(!starts_it);
    let last = to.as_secs() + u64::from(to.subsec_nanos() > 0);
    (first < last && from < to).then_some((first, last))
}

#[cfg(test)]
mod tests {
    use super::Milestones;
    use std::time::Duration;

    fn at(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn stretches_are_whole_seconds() {
        let run = Milestones {
            begun: at(20),
            spawned: Some(at(5_400)),
            ending: Some(at(30_010)),
            stages: vec![at(10_020), at(20_020), at(60_020)],
        };
        assert_eq!(run.steady(), Some((6, 31)));
        assert_eq!(run.last(at(10_000)), Some((21, 31)));
        assert_eq!(run.last(at(90_000)), Some((0, 31)));
        assert_eq!(run.stage(1), Some((0, 11)));
        assert_eq!(run.stage(2), Some((10, 21)));
        assert_eq!(run.stage(3), Some((20, 31)));
        assert_eq!((run.stage(0), run.stage(4)), (None, None));
    }

    #[test]
    fn what_the_run_never_came_to_is_none() {
        let run = Milestones {
            ending: Some(at(3_000)),
            stages: vec![at(5_000), at(9_000)],
            ..Milestones::default()
        };
        assert_eq!((run.steady(), run.stage(2)), (None, None));
        assert_eq!(run.stage(1), Some((0, 3)));
        assert_eq!(Milestones::default().last(at(1_000)), None);
    }

    #[test]
    fn a_run_that_began_late_in_its_first_second_has_that_second() {
        let run = Milestones { begun: at(2_300), ending: Some(at(6_100)), ..Milestones::default() };
        assert_eq!(run.last(at(60_000)), Some((2, 7)));
        assert_eq!(run.last(at(3_000)), Some((4, 7)));
        let short = Milestones { begun: at(300), ending: Some(at(800)), ..Milestones::default() };
        assert_eq!(short.last(at(60_000)), Some((0, 1)));
    }
}
