//! The course: the ramp that the number of users is on, towards the target that was set last.

use super::{Ramp, UserTarget};
use std::time::Duration;

/// Where the number of users goes. All times are since the start of spawning.
#[derive(Clone, Debug, Default)]
pub struct Course {
    target: Option<UserTarget>,
    /// The ramp towards it and when it began; none when it is over.
    ramp: Option<(Ramp, Duration)>,
    /// When the number of users changes next.
    next_change: Option<Duration>,
    /// The users that there are.
    users: usize,
    last_change: Option<Change>,
}

/// A step of a ramp.
#[derive(Clone, Copy, Debug)]
struct Change {
    at: Duration,
    grew: bool,
    /// By how many users.
    by: usize,
}

impl Change {
    /// When the next step in the same direction may be taken at this spawn rate.
    fn next(self, spawn_rate: f64) -> Duration {
        #[expect(clippy::cast_precision_loss, reason = "user counts are far below 2^53")]
        let pause = Duration::try_from_secs_f64(self.by as f64 / spawn_rate).unwrap_or(Duration::ZERO);
        self.at.saturating_add(pause)
    }
}

impl Course {
    /// Heads for `target` from `users` users. A ramp that is under way is left where it is.
    ///
    /// The first step is taken at once, unless the users of the last one, in the same direction, came too shortly ago for
    /// the target's spawn rate: a target that moves every second does not add users any faster.
    pub fn head_for(&mut self, target: UserTarget, users: usize, now: Duration) {
        let grows = target.users > users;
        let begin = match self.last_change {
            Some(last) if last.grew == grows && target.users != users => {
                now.max(last.next(target.spawn_rate))
            }
            _ => now,
        };
        self.users = users;
        self.ramp = Some((Ramp::new(users, target.users, target.spawn_rate), begin));
        self.next_change = Some(begin);
        self.target = Some(target);
    }

    /// The target that was set last.
    pub fn target(&self) -> Option<&UserTarget> {
        self.target.as_ref()
    }

    /// When the number of users changes next; none when no ramp is under way.
    pub fn next_change(&self) -> Option<Duration> {
        self.next_change
    }

    /// The number of users that there should be now; none when no ramp is under way. The ramp is over with its last step.
    pub fn advance(&mut self, now: Duration) -> Option<usize> {
        let (ramp, begun) = self.ramp?;
        let elapsed = now.checked_sub(begun)?;
        self.next_change = ramp.next_change_after(elapsed).map(|change| begun + change);
        if self.next_change.is_none() {
            self.ramp = None;
        }
        let users = ramp.users_at(elapsed);
        if users != self.users {
            let (grew, by) = (users > self.users, users.abs_diff(self.users));
            self.last_change = Some(Change { at: now, grew, by });
            self.users = users;
        }
        Some(users)
    }

    /// Whether a ramp is under way.
    pub fn is_ramping(&self) -> bool {
        self.ramp.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::Course;
    use crate::plan::UserTarget;
    use std::time::Duration;

    /// The users of each of the first seconds, where the target of each is given.
    fn follow(targets: &[(usize, f64)]) -> Vec<usize> {
        let (mut course, mut users) = (Course::default(), 0);
        let mut seen = Vec::new();
        for (second, (wanted, rate)) in (0..).zip(targets) {
            let now = seconds(second);
            let target = target(*wanted, *rate);
            if course.target() != Some(&target) {
                course.head_for(target, users, now);
            }
            users = course.advance(now).unwrap_or(users);
            seen.push(users);
        }
        seen
    }

    #[test]
    fn a_target_that_moves_every_second_keeps_the_spawn_rate() {
        let up: Vec<_> = (1..=9).map(|users| (users * 10, 0.5)).collect();
        assert_eq!(follow(&up), [1, 1, 2, 2, 3, 3, 4, 4, 5]);
        let down: Vec<_> = [(9, 100.0)].into_iter().chain((0..5).map(|left| (4 - left, 0.5))).collect();
        assert_eq!(follow(&down), [9, 8, 8, 7, 7, 6], "and turning round needs no pause");
        assert_eq!(
            follow(&[(9, 1.0), (9, 1.0), (20, 1000.0)]),
            [1, 2, 20],
            "a slow ramp holds up no fast one"
        );
        let free: Vec<_> = (1..=4).map(|users| (users * 10, UserTarget::AT_ONCE)).collect();
        assert_eq!(follow(&free), [10, 20, 30, 40]);
    }

    fn target(users: usize, spawn_rate: f64) -> UserTarget {
        UserTarget { users, spawn_rate, classes: None }
    }

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_new_target_leaves_a_slow_ramp_where_it_is() {
        let mut course = Course::default();
        course.head_for(target(100, 1.0), 0, seconds(0));
        assert_eq!(course.advance(seconds(4)), Some(5));
        assert_eq!(course.next_change(), Some(seconds(5)));
        course.head_for(target(2, 1.0), 5, seconds(4));
        assert_eq!(course.next_change(), Some(seconds(4)), "the first step is taken at once");
        assert_eq!(course.advance(seconds(4)), Some(4));
        assert_eq!(course.advance(seconds(5)), Some(3));
        assert!(course.is_ramping());
        assert_eq!(course.advance(seconds(6)), Some(2));
        assert_eq!(
            (course.is_ramping(), course.next_change(), course.advance(seconds(7))),
            (false, None, None)
        );
        assert_eq!(course.target().map(|target| target.users), Some(2));
    }
}
