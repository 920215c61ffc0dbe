//! Load shapes: how many users there should be, as a function of the time since the start of spawning.

use super::{ClassId, FnId, UserClass};
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;
use std::time::Duration;

/// How the number of users follows the time. A shape says what should be; the ramp to it takes its own time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Shape {
    /// One after the other; the run ends after the last.
    Stages(Vec<ShapeStage>),
    /// Some users, for a while many more, then again as before.
    Spike {
        /// Users before and after.
        users: usize,
        /// Users of the spike.
        peak: usize,
        /// How long the run goes on before the spike.
        before: Duration,
        /// How long the spike is held.
        hold: Duration,
        /// How long the run goes on after the spike.
        after: Duration,
        /// How users are added.
        spawn: Spawn,
    },
    /// A staircase: `start + step` users at once, `step` more every so often.
    Steps {
        /// Users below the first step.
        start: usize,
        /// Users that each step adds; takes away, where negative.
        step: i64,
        /// How long each step is held.
        every: Duration,
        /// How many steps there are; the run ends after the last.
        count: u32,
        /// How users are added.
        spawn: Spawn,
    },
    /// A wave that begins at its lowest.
    Sine {
        /// Users at the lowest.
        min: usize,
        /// Users at the highest.
        max: usize,
        /// From one low to the next.
        period: Duration,
        /// How long the run lasts.
        duration: Duration,
        /// How users are added.
        spawn: Spawn,
    },
    /// A script function of the time in seconds.
    Function(FnId),
}

/// One stage of [`Shape::Stages`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShapeStage {
    /// How long it lasts, the ramp at its beginning included.
    pub duration: Duration,
    /// Users to have.
    pub users: usize,
    /// How users are added.
    pub spawn: Spawn,
}

/// How a shape adds users.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spawn {
    /// Users started or stopped per second; none = all at once.
    pub rate: Option<f64>,
    /// Only users of these classes are added; none = of all.
    pub classes: Option<Vec<ClassId>>,
}

impl Shape {
    /// When each of its stages ends, counted from the start of the shape; empty where it has none, and beyond so many
    /// stages that nobody would judge them one by one.
    #[must_use]
    pub fn stage_ends(&self) -> Vec<Duration> {
        let lengths: Vec<Duration> = match self {
            Self::Stages(stages) => stages.iter().map(|stage| stage.duration).collect(),
            Self::Spike { before, hold, after, .. } => vec![*before, *hold, *after],
            Self::Steps { every, count, .. } => (0..*count).take(MOST_STAGES).map(|_| *every).collect(),
            Self::Sine { .. } | Self::Function(_) => Vec::new(),
        };
        ends(lengths)
    }
}

/// Stages whose bounds are kept.
const MOST_STAGES: usize = 1000;

/// When each of several stretches that follow each other ends.
pub(super) fn ends(lengths: impl IntoIterator<Item = Duration>) -> Vec<Duration> {
    let sum = |end: &mut Duration, length| {
        *end = end.saturating_add(length);
        Some(*end)
    };
    lengths.into_iter().take(MOST_STAGES).scan(Duration::ZERO, sum).collect()
}

/// What there should be at a moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UserTarget {
    /// Users to have.
    pub users: usize,
    /// Users started or stopped per second on the way there; [`UserTarget::AT_ONCE`] = all at once.
    pub spawn_rate: f64,
    /// Only users of these classes are added; none = of all. Users are taken away whatever their class.
    pub classes: Option<Vec<ClassId>>,
}

impl UserTarget {
    /// The spawn rate of a target without one. Not infinite, since JSON cannot say that.
    pub const AT_ONCE: f64 = f64::MAX;
}

impl Spawn {
    fn target(&self, users: usize) -> UserTarget {
        let spawn_rate = self.rate.unwrap_or(UserTarget::AT_ONCE);
        UserTarget { users, spawn_rate, classes: self.classes.clone() }
    }
}

impl Shape {
    /// What there should be `at` a time after the start of spawning: `Some(None)` when the run ends there, `None` when
    /// only the script can tell ([`Shape::Function`]).
    #[must_use]
    pub fn target_at(&self, at: Duration) -> Option<Option<UserTarget>> {
        if let Some(end) = self.duration()
            && at >= end
        {
            return Some(None);
        }
        let target = match self {
            Self::Function(_) => return None,
            Self::Stages(stages) => {
                let mut end = Duration::ZERO;
                let current = stages.iter().find(|stage| {
                    end = end.saturating_add(stage.duration);
                    at < end
                });
                current.map(|stage| stage.spawn.target(stage.users))
            }
            Self::Spike { users, peak, before, hold, spawn, .. } => {
                let in_spike = at >= *before && at < before.saturating_add(*hold);
                Some(spawn.target(if in_spike { *peak } else { *users }))
            }
            Self::Steps { start, step, every, spawn, .. } => {
                // Below `count`, since the end lies ahead.
                let done = u32::try_from(at.as_nanos() / every.as_nanos().max(1)).unwrap_or(u32::MAX);
                let change = step.saturating_mul(i64::from(done) + 1);
                let users = i64::try_from(*start).unwrap_or(i64::MAX).saturating_add(change);
                Some(spawn.target(usize::try_from(users).unwrap_or(0)))
            }
            Self::Sine { min, max, period, spawn, .. } => {
                let turn = at.as_secs_f64() / period.as_secs_f64();
                // From 0 at the lowest to 1 at the highest.
                let height = f64::midpoint(1.0, -(TAU * turn).cos());
                let above = rounded(as_f64(max.saturating_sub(*min)) * height);
                Some(spawn.target(min.saturating_add(above)))
            }
        };
        Some(target)
    }

    /// How long the run lasts; none when only the script can tell. A shape longer than a [`Duration`] can say never
    /// ends.
    #[must_use]
    pub fn duration(&self) -> Option<Duration> {
        Some(match self {
            Self::Function(_) => return None,
            Self::Stages(stages) => {
                stages.iter().fold(Duration::ZERO, |sum, stage| sum.saturating_add(stage.duration))
            }
            Self::Spike { before, hold, after, .. } => before.saturating_add(*hold).saturating_add(*after),
            Self::Steps { every, count, .. } => every.saturating_mul(*count),
            Self::Sine { duration, .. } => *duration,
        })
    }

    /// Gives the classes that the shape names the numbers that they have in `after`; those that are not there any more
    /// are not added any more. `before` are the classes that it counted so far.
    pub(super) fn renumber(&mut self, before: &[UserClass], after: &[UserClass]) {
        let number =
            |id: &ClassId| after.iter().position(|class| class.name == before[id.0].name).map(ClassId);
        for classes in self.spawns_mut().into_iter().filter_map(|spawn| spawn.classes.as_mut()) {
            *classes = classes.iter().filter_map(number).collect();
        }
    }

    /// How users are added, in the order of the stages; nothing where only the script can tell.
    pub fn spawns_mut(&mut self) -> Vec<&mut Spawn> {
        match self {
            Self::Function(_) => Vec::new(),
            Self::Stages(stages) => stages.iter_mut().map(|stage| &mut stage.spawn).collect(),
            Self::Spike { spawn, .. } | Self::Steps { spawn, .. } | Self::Sine { spawn, .. } => vec![spawn],
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "user counts are far below 2^53")]
fn as_f64(count: usize) -> f64 {
    count as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, and is positive")]
fn rounded(users: f64) -> usize {
    users.round() as usize
}

#[cfg(test)]
mod tests {
    use super::{ClassId, FnId, Shape, ShapeStage, Spawn, UserTarget};
    use proptest::prelude::*;
    use std::time::Duration;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    /// The users at each of these seconds; none after the end.
    fn users(shape: &Shape, at: &[f64]) -> Vec<Option<usize>> {
        let target = |&at: &f64| shape.target_at(seconds(at)).expect("no function");
        at.iter().map(|at| target(at).map(|target| target.users)).collect()
    }

    fn stage(duration: f64, users: usize) -> ShapeStage {
        ShapeStage { duration: seconds(duration), users, spawn: Spawn::default() }
    }

    #[test]
    fn stages_follow_each_other_and_end() {
        let shape = Shape::Stages(vec![stage(10.0, 5), stage(0.5, 50), stage(0.0, 99), stage(3.0, 0)]);
        assert_eq!(
            users(&shape, &[0.0, 9.999, 10.0, 10.499, 10.5, 13.499, 13.5, 1e6]),
            [Some(5), Some(5), Some(50), Some(50), Some(0), Some(0), None, None]
        );
        assert_eq!(shape.duration(), Some(seconds(13.5)));
        assert_eq!(users(&Shape::Stages(Vec::new()), &[0.0]), [None]);
    }

    #[test]
    fn a_target_says_how_users_are_added() {
        let spawn = Spawn { rate: Some(2.5), classes: Some(vec![ClassId(1)]) };
        let shape = Shape::Stages(vec![ShapeStage { spawn, ..stage(1.0, 7) }, stage(1.0, 8)]);
        let first = UserTarget { users: 7, spawn_rate: 2.5, classes: Some(vec![ClassId(1)]) };
        assert_eq!(shape.target_at(Duration::ZERO), Some(Some(first)));
        let second = UserTarget { users: 8, spawn_rate: UserTarget::AT_ONCE, classes: None };
        assert_eq!(shape.target_at(seconds(1.0)), Some(Some(second)));
    }

    #[test]
    fn a_spike_rises_and_falls() {
        let shape = Shape::Spike {
            users: 3,
            peak: 30,
            before: seconds(10.0),
            hold: seconds(5.0),
            after: seconds(20.0),
            spawn: Spawn::default(),
        };
        assert_eq!(
            users(&shape, &[0.0, 9.9, 10.0, 14.9, 15.0, 34.9, 35.0]),
            [Some(3), Some(3), Some(30), Some(30), Some(3), Some(3), None]
        );
    }

    #[test]
    fn steps_go_up_or_down() {
        let steps = |start, step| Shape::Steps {
            start,
            step,
            every: seconds(2.0),
            count: 3,
            spawn: Spawn::default(),
        };
        let times = [0.0, 1.9, 2.0, 4.0, 5.9, 6.0];
        assert_eq!(users(&steps(5, 10), &times), [Some(15), Some(15), Some(25), Some(35), Some(35), None]);
        assert_eq!(users(&steps(25, -10), &times), [Some(15), Some(15), Some(5), Some(0), Some(0), None]);
    }

    #[test]
    fn a_sine_begins_at_its_lowest() {
        let shape = Shape::Sine {
            min: 10,
            max: 30,
            period: seconds(60.0),
            duration: seconds(90.0),
            spawn: Spawn::default(),
        };
        assert_eq!(
            users(&shape, &[0.0, 10.0, 15.0, 30.0, 45.0, 60.0, 89.9, 90.0]),
            [Some(10), Some(15), Some(20), Some(30), Some(20), Some(10), Some(30), None]
        );
    }

    #[test]
    fn classes_that_were_not_chosen_are_not_added() {
        let mut plan = crate::plan::Plan::of_weights(&[("A", 1.0), ("B", 1.0), ("C", 1.0)]);
        let classes = Some(vec![ClassId(0), ClassId(2)]);
        let spawn = Spawn { rate: None, classes };
        plan.shape = Some(Shape::Stages(vec![ShapeStage { spawn, ..stage(1.0, 7) }, stage(1.0, 7)]));
        crate::plan::select_classes(&mut plan, &[("C".to_owned(), None), ("B".to_owned(), None)]).unwrap();
        let classes = |plan: &crate::plan::Plan, at| {
            plan.shape.as_ref().unwrap().target_at(seconds(at)).unwrap().unwrap().classes
        };
        assert_eq!((classes(&plan, 0.0), classes(&plan, 1.0)), (Some(vec![ClassId(1)]), None));
        plan.sets[plan.classes[0].root.0].tasks[0].tags = vec!["b".to_owned()];
        crate::plan::filter(&mut plan, &[], &["b".to_owned()]).unwrap();
        assert_eq!(classes(&plan, 0.0), Some(vec![ClassId(0)]));
    }

    #[test]
    fn only_the_script_knows_its_function() {
        let shape = Shape::Function(FnId(0));
        assert_eq!((shape.target_at(Duration::ZERO), shape.duration()), (None, None));
    }

    proptest! {
        #[test]
        fn no_number_is_out_of_bounds(
            numbers in prop::array::uniform4(0u64..=u64::MAX), step: i64, count: u32, at: u64,
        ) {
            let [a, b, c, d] = numbers.map(Duration::from_millis);
            let shapes = [
                Shape::Stages(vec![stage(1.0, 1), ShapeStage { duration: Duration::MAX, ..stage(0.0, 2) }, stage(1.0, 3)]),
                Shape::Spike { users: 1, peak: usize::MAX, before: a, hold: b, after: Duration::MAX, spawn: Spawn::default() },
                Shape::Steps { start: usize::MAX, step, every: c, count, spawn: Spawn::default() },
                Shape::Sine { min: 5, max: 9, period: d, duration: Duration::MAX, spawn: Spawn::default() },
            ];
            for shape in shapes {
                let at = Duration::from_millis(at);
                let target = shape.target_at(at).expect("no function");
                prop_assert_eq!(target.is_none(), at >= shape.duration().expect("no function"));
                if let (Shape::Sine { .. }, Some(target)) = (&shape, target) {
                    prop_assert!((5..=9).contains(&target.users));
                }
            }
        }
    }
}
