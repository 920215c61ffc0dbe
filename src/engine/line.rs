//! The arrivals of a desk that wait for a user.

use crate::plan::DueTimes;
use std::iter::Peekable;
use tokio::time::Instant;

/// What is due next on a desk, and what after that.
pub(super) type Schedule = Peekable<DueTimes>;

/// Arrivals in line, the first of them first. Whoever waits is let go in the order of the schedule, and nobody overtakes the
/// line; so those who wait follow each other in the schedule without a gap, and a second reader of it that lags behind tells
/// their numbers and times again. The line takes the same memory however long it is.
#[derive(Debug, Default)]
pub(super) struct Line {
    length: u64,
    /// When the schedule began, and a reader of it that stands before the first in line; none before anybody waited.
    behind: Option<(Instant, Schedule)>,
}

impl Line {
    /// What is next in `schedule`, which began at `begin`, joins the line; says how long it is then.
    pub(super) fn join(&mut self, begin: Instant, schedule: &Schedule) -> u64 {
        if self.length == 0 {
            self.behind = Some((begin, schedule.clone()));
        }
        self.length += 1;
        self.length
    }

    /// The number and the time of the first in line, which leaves it.
    pub(super) fn leave(&mut self) -> Option<(u64, Instant)> {
        self.length = self.length.checked_sub(1)?;
        let (begin, schedule) = self.behind.as_mut()?;
        let (number, due) = schedule.next()?;
        Some((number, *begin + due))
    }

    /// Nobody waits any more; says how many did.
    pub(super) fn clear(&mut self) -> u64 {
        std::mem::take(self).length
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, Schedule};
    use crate::plan::{Arrivals, ClassId, Stage};
    use crate::util::{Purpose, stream};
    use proptest::prelude::*;
    use std::collections::VecDeque;
    use std::time::Duration;
    use tokio::time::Instant;

    fn schedule(poisson: bool, stages: &[(f64, f64, f64)], (part, parts): (u64, u64), seed: u64) -> Schedule {
        let stage = |&(seconds, from, to)| Stage { duration: Duration::from_secs_f64(seconds), from, to };
        let arrivals = Arrivals {
            class: ClassId(0),
            stages: stages.iter().map(stage).collect(),
            poisson,
            start_users: 0,
            max_users: Some(7),
            declared_at: String::new(),
        };
        arrivals.due_times(part, parts, stream(seed, 0, Purpose::Arrivals)).peekable()
    }

    proptest! {
        /// Against a line that keeps everybody in it: numbers and times are the same to the nanosecond, whoever is served at
        /// once in between.
        #[test]
        fn the_reader_that_lags_behind_tells_the_same(
            stages in prop::collection::vec((0.0..3.0, 0.0..40.0, 0.0..40.0), 1..5),
            poisson: bool, part in 0..3_u64, seed: u64,
            leaving in prop::collection::vec(0..3_usize, 0..300),
        ) {
            let begin = Instant::now();
            let mut schedule = schedule(poisson, &stages, (part, 3), seed);
            let (mut line, mut kept) = (Line::default(), VecDeque::new());
            for leave in leaving {
                let Some(&(number, due)) = schedule.peek() else { break };
                // Only where nobody waits may an arrival find a user at once.
                if !(kept.is_empty() && leave == 0) {
                    kept.push_back((number, begin + due));
                    prop_assert_eq!(line.join(begin, &schedule), kept.len() as u64);
                }
                schedule.next();
                for _ in 0..leave {
                    prop_assert_eq!(line.leave(), kept.pop_front());
                }
            }
            let rest: Vec<_> = std::iter::from_fn(|| line.leave()).collect();
            prop_assert_eq!(rest, Vec::from(kept));
        }
    }

    #[test]
    fn a_line_that_is_cleared_begins_anew() {
        let begin = Instant::now();
        let mut schedule = schedule(false, &[(10.0, 1.0, 1.0)], (0, 1), 1);
        let mut line = Line::default();
        line.join(begin, &schedule);
        schedule.next();
        line.join(begin, &schedule);
        assert_eq!((line.clear(), line.leave(), line.clear()), (2, None, 0));
        schedule.next();
        line.join(begin, &schedule);
        assert_eq!(line.leave(), Some((2, begin + Duration::from_secs(2))));
    }
}
