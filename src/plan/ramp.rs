//! How many users there are while their number goes up or down.

use std::time::Duration;

/// A change of the number of users in steps, as Locust takes them: `max(1, floor(rate))` users every `step / rate`
/// seconds, the first step at once, nothing after the last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ramp {
    from: usize,
    to: usize,
    step: usize,
    /// Seconds between two steps.
    interval: f64,
}

impl Ramp {
    /// A ramp from `from` to `to` users at `spawn_rate` users per second, up or down.
    ///
    /// A rate that is not a positive number, which no flag and no script lets through, changes all users at once.
    #[must_use]
    pub fn new(from: usize, to: usize, spawn_rate: f64) -> Self {
        if !(spawn_rate.is_finite() && spawn_rate > 0.0) {
            return Self { from, to, step: from.abs_diff(to).max(1), interval: 0.0 };
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "saturates, and is positive"
        )]
        let step = (spawn_rate.floor() as usize).max(1);
        Self { from, to, step, interval: as_f64(step) / spawn_rate }
    }

    /// The number of users `elapsed` after the ramp began.
    #[must_use]
    pub fn users_at(&self, elapsed: Duration) -> usize {
        let changed = self.steps_at(elapsed).saturating_mul(self.step);
        if self.from <= self.to {
            self.from.saturating_add(changed).min(self.to)
        } else {
            self.from.saturating_sub(changed).max(self.to)
        }
    }

    /// When the number of users changes next, counted from the start of the ramp; always after `elapsed`. `None` when
    /// the target is reached, or when the step lies further away than a [`Duration`] can say.
    #[must_use]
    pub fn next_change_after(&self, elapsed: Duration) -> Option<Duration> {
        (self.users_at(elapsed) != self.to).then(|| self.time_of(self.steps_at(elapsed)))?
    }

    /// The users that there are when the ramp is over.
    #[must_use]
    pub fn target(&self) -> usize {
        self.to
    }

    /// How many steps have been taken, without regard to the target.
    fn steps_at(&self, elapsed: Duration) -> usize {
        if self.interval == 0.0 {
            return 1;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "saturates, and is positive"
        )]
        let guess = (elapsed.as_secs_f64() / self.interval) as usize;
        // The division may be off by one step at the very moment of a step; `time_of` alone decides.
        let from = guess.saturating_sub(1);
        let happened = |step: usize| self.time_of(step).is_some_and(|time| time <= elapsed);
        (from..=guess.saturating_add(1))
            .take_while(|&step| happened(step))
            .last()
            .map_or(from, |last| last.saturating_add(1))
    }

    /// The time of step number `index`, from 0, to the nanosecond.
    fn time_of(&self, index: usize) -> Option<Duration> {
        Duration::try_from_secs_f64(as_f64(index) * self.interval).ok()
    }
}

#[expect(clippy::cast_precision_loss, reason = "user counts are far below 2^53")]
fn as_f64(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::Ramp;
    use proptest::prelude::*;
    use std::time::Duration;

    /// Milliseconds and users of every step.
    fn steps(ramp: &Ramp) -> Vec<(u128, usize)> {
        let mut steps = vec![(0, ramp.users_at(Duration::ZERO))];
        let mut elapsed = Duration::ZERO;
        while let Some(next) = ramp.next_change_after(elapsed) {
            steps.push((next.as_millis(), ramp.users_at(next)));
            elapsed = next;
        }
        steps
    }

    #[test]
    fn steps_are_those_of_locust() {
        assert_eq!(steps(&Ramp::new(0, 3, 1.0)), [(0, 1), (1000, 2), (2000, 3)]);
        assert_eq!(steps(&Ramp::new(0, 3, 0.5)), [(0, 1), (2000, 2), (4000, 3)]);
        assert_eq!(steps(&Ramp::new(0, 5, 2.4)), [(0, 2), (833, 4), (1666, 5)]);
        assert_eq!(steps(&Ramp::new(0, 9, 3.0)), [(0, 3), (1000, 6), (2000, 9)]);
        assert_eq!(steps(&Ramp::new(0, 4, 100.0)), [(0, 4)]);
    }

    #[test]
    fn a_ramp_down_mirrors_the_ramp_up() {
        assert_eq!(steps(&Ramp::new(9, 0, 4.0)), [(0, 5), (1000, 1), (2000, 0)]);
        assert_eq!(steps(&Ramp::new(5, 3, 1.0)), [(0, 4), (1000, 3)]);
    }

    /// The rates of Locust's own tests, up and down.
    #[test]
    fn nine_users_come_and_go_at_every_rate() {
        let each =
            |interval: u128| (0..9).map(|step| (interval * step, step as usize + 1)).collect::<Vec<_>>();
        for (rate, up) in [
            (0.5, each(2000)),
            (1.0, each(1000)),
            (2.0, vec![(0, 2), (1000, 4), (2000, 6), (3000, 8), (4000, 9)]),
            (2.4, vec![(0, 2), (833, 4), (1666, 6), (2500, 8), (3333, 9)]),
            (3.0, vec![(0, 3), (1000, 6), (2000, 9)]),
            (4.0, vec![(0, 4), (1000, 8), (2000, 9)]),
            (9.0, vec![(0, 9)]),
        ] {
            assert_eq!(steps(&Ramp::new(0, 9, rate)), up, "{rate} per second");
            let down: Vec<_> = up.iter().map(|(at, users)| (*at, 9 - users)).collect();
            assert_eq!(steps(&Ramp::new(9, 0, rate)), down, "{rate} per second, down");
        }
    }

    #[test]
    fn users_go_up_and_down_and_up_again() {
        let mut users = 0;
        let mut told = Vec::new();
        for (target, rate) in [(6, 3.0), (2, 2.0), (2, 1.0), (5, 1.0)] {
            let ramp = Ramp::new(users, target, rate);
            told.push(steps(&ramp));
            users = ramp.users_at(Duration::from_secs(60));
        }
        assert_eq!(
            told,
            [
                vec![(0, 3), (1000, 6)],
                vec![(0, 4), (1000, 2)],
                vec![(0, 2)],
                vec![(0, 3), (1000, 4), (2000, 5)]
            ]
        );
    }

    #[test]
    fn a_ramp_to_the_same_number_does_nothing() {
        assert_eq!(steps(&Ramp::new(7, 7, 1.0)), [(0, 7)]);
    }

    #[test]
    fn no_rate_is_out_of_bounds() {
        for rate in [f64::NAN, 0.0, -1.0, f64::INFINITY, f64::MAX] {
            assert_eq!(steps(&Ramp::new(0, 5, rate)), [(0, 5)], "{rate}");
            assert_eq!(Ramp::new(0, 5, rate).users_at(Duration::from_secs(3)), 5, "{rate}");
        }
        let slow = Ramp::new(0, 5, 1e-300);
        assert_eq!((slow.users_at(Duration::MAX), slow.next_change_after(Duration::ZERO)), (1, None));
    }

    proptest! {
        #[test]
        fn every_change_is_announced_and_the_pace_is_kept(
            from in 0usize..200, to in 0usize..200, rate in prop_oneof![0.01f64..5.0, 1.0f64..500.0],
        ) {
            let ramp = Ramp::new(from, to, rate);
            let (mut elapsed, mut users, mut changes) = (Duration::ZERO, ramp.users_at(Duration::ZERO), 1);
            while let Some(next) = ramp.next_change_after(elapsed) {
                prop_assert!(next > elapsed);
                prop_assert_eq!(ramp.users_at(next - Duration::from_nanos(1)), users, "changed early");
                let now = ramp.users_at(next);
                prop_assert!(now != users, "announced without a change");
                prop_assert_eq!(now > users, to > from);
                (elapsed, users, changes) = (next, now, changes + 1);
            }
            prop_assert_eq!(users, to);
            let changed = super::as_f64(from.abs_diff(to));
            let step = rate.floor().max(1.0);
            prop_assert_eq!(changes, (changed / step).ceil().max(1.0) as u32);
            // The last step is due when all before it have been taken at the rate.
            let due = f64::from(changes - 1) * step / rate;
            prop_assert!((elapsed.as_secs_f64() - due).abs() < 1e-6);
        }
    }
}
