//! The course: the ramp that the number of users is on, towards the target that was set last.

use crate::plan::{Ramp, UserTarget};
use std::time::Duration;

/// Where the number of users goes. All times are since the start of spawning.
#[derive(Debug, Default)]
pub(super) struct Course {
    target: Option<UserTarget>,
    /// The ramp towards it and when it began; none when it is over.
    ramp: Option<(Ramp, Duration)>,
    /// When the number of users changes next.
    next_change: Option<Duration>,
}

impl Course {
    /// Heads for `target` from `users` users. A ramp that is under way is left where it is.
    pub(super) fn head_for(&mut self, target: UserTarget, users: usize, now: Duration) {
        self.ramp = Some((Ramp::new(users, target.users, target.spawn_rate), now));
        self.next_change = Some(now);
        self.target = Some(target);
    }

    /// The target that was set last.
    pub(super) fn target(&self) -> Option<&UserTarget> {
        self.target.as_ref()
    }

    /// When the number of users changes next; none when no ramp is under way.
    pub(super) fn next_change(&self) -> Option<Duration> {
        self.next_change
    }

    /// The number of users that there should be now; none when no ramp is under way. The ramp is over with its last step.
    pub(super) fn advance(&mut self, now: Duration) -> Option<usize> {
        let (ramp, begun) = self.ramp?;
        let elapsed = now.saturating_sub(begun);
        self.next_change = ramp.next_change_after(elapsed).map(|change| begun + change);
        if self.next_change.is_none() {
            self.ramp = None;
        }
        Some(ramp.users_at(elapsed))
    }

    /// Whether a ramp is under way.
    pub(super) fn is_ramping(&self) -> bool {
        self.ramp.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::Course;
    use crate::plan::UserTarget;
    use std::time::Duration;

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
