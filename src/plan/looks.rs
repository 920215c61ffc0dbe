//! When a load shape is looked at: there where it changes, and once a second where it may change at any time.

use super::Shape;
use std::time::Duration;

impl Shape {
    /// When it is to be looked at after it was looked at `at` a time; the first time is 0. None when it has ended by then.
    ///
    /// Stages, spikes and steps are looked at where one ends and the next begins, however short they are; what has a new value
    /// at each moment, at each whole second. Either way there is a look at the end.
    #[must_use]
    pub fn next_look(&self, at: Duration) -> Option<Duration> {
        let second = Duration::from_secs(at.as_secs().saturating_add(1));
        match self {
            Self::Stages(stages) => next_end(stages.iter().map(|stage| stage.duration), at),
            Self::Spike { before, hold, after, .. } => next_end([*before, *hold, *after], at),
            Self::Steps { every, count, .. } => {
                let done = u32::try_from(at.as_nanos() / every.as_nanos().max(1)).ok()?;
                (done < *count).then(|| every.saturating_mul(done + 1))
            }
            Self::Sine { duration, .. } => (at < *duration).then_some(second.min(*duration)),
            Self::Function(_) => Some(second),
        }
    }

    /// For which time a look counts that was due at `due` and takes place at `now`. What has stages is looked at for each of
    /// them, however late: none is left out.
    #[must_use]
    pub fn looked_at(&self, due: Duration, now: Duration) -> Duration {
        match self {
            Self::Stages(_) | Self::Spike { .. } | Self::Steps { .. } => due,
            Self::Sine { .. } | Self::Function(_) => now.max(due),
        }
    }
}

/// The first end after `at` of stretches that follow each other.
fn next_end(lengths: impl IntoIterator<Item = Duration>, at: Duration) -> Option<Duration> {
    let mut end = Duration::ZERO;
    lengths.into_iter().find_map(|length| {
        end = end.saturating_add(length);
        (end > at).then_some(end)
    })
}

#[cfg(test)]
mod tests {
    use crate::plan::{FnId, Shape, ShapeStage, Spawn};
    use proptest::prelude::*;
    use std::time::Duration;

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    fn stages(stages: &[(u64, usize)]) -> Shape {
        let stage = |&(length, users)| ShapeStage { duration: ms(length), users, spawn: Spawn::default() };
        Shape::Stages(stages.iter().map(stage).collect())
    }

    /// The times of the looks in milliseconds, and the users that each finds; none where the shape ends.
    fn looks(shape: &Shape) -> Vec<(u128, Option<usize>)> {
        let times = std::iter::successors(Some(Duration::ZERO), |at| shape.next_look(*at));
        let users = |at: Duration| shape.target_at(at).expect("no function").map(|target| target.users);
        times.take(20).map(|at| (at.as_millis(), users(at))).collect()
    }

    #[test]
    fn stages_are_looked_at_where_they_change() {
        let shape = stages(&[(300, 1), (250, 20), (1700, 3)]);
        assert_eq!(looks(&shape), [(0, Some(1)), (300, Some(20)), (550, Some(3)), (2250, None)]);
        let (users, peak, spawn) = (1, 9, Spawn::default());
        let spike = Shape::Spike { users, peak, before: ms(0), hold: ms(40), after: ms(10), spawn };
        assert_eq!(looks(&spike), [(0, Some(9)), (40, Some(1)), (50, None)]);
        let steps = Shape::Steps { start: 0, step: 2, every: ms(700), count: 2, spawn: Spawn::default() };
        assert_eq!(looks(&steps), [(0, Some(2)), (700, Some(4)), (1400, None)]);
    }

    #[test]
    fn curves_are_looked_at_each_second() {
        let spawn = Spawn::default();
        let sine = Shape::Sine { min: 0, max: 4, period: ms(2000), duration: ms(2500), spawn };
        assert_eq!(looks(&sine), [(0, Some(0)), (1000, Some(4)), (2000, Some(0)), (2500, None)]);
        let function = Shape::Function(FnId(0));
        assert_eq!(function.next_look(ms(2300)), Some(ms(3000)), "a late look does not move those after it");
        assert_eq!(function.looked_at(ms(2000), ms(2300)), ms(2300));
        assert_eq!(stages(&[(10, 1)]).looked_at(ms(0), ms(2300)), ms(0));
    }

    proptest! {
        #[test]
        fn no_stage_is_left_out(lengths in prop::collection::vec(1..3000_u64, 1..12)) {
            let all: Vec<_> = lengths.iter().copied().zip(1..).collect();
            let found: Vec<_> = looks(&stages(&all)).into_iter().map(|(_, users)| users).collect();
            let wanted: Vec<_> = all.iter().map(|(_, users)| Some(*users)).chain([None]).collect();
            prop_assert_eq!(found, wanted);
        }

        #[test]
        fn no_number_is_out_of_bounds(a: u64, b: u64, count: u32, at: u64) {
            let (a, b, at, spawn) = (ms(a), ms(b), ms(at), Spawn::default);
            for shape in [
                Shape::Spike { users: 1, peak: 2, before: a, hold: b, after: Duration::MAX, spawn: spawn() },
                Shape::Steps { start: 1, step: 1, every: a, count, spawn: spawn() },
                Shape::Sine { min: 5, max: 9, period: a, duration: Duration::MAX, spawn: spawn() },
            ] {
                let next = shape.next_look(at);
                prop_assert!(next.is_none_or(|next| next > at));
                prop_assert_eq!(next.is_none(), at >= shape.duration().expect("no function"));
            }
        }
    }
}
