//! How long a user waits between two tasks.

use super::Wait;
use rand::{Rng, RngExt};
use std::time::Duration;

/// What pacing remembers from wait to wait: one per user, and one more for each task set with a wait of its own.
#[derive(Clone, Copy, Debug)]
pub struct Pacing {
    last_run: Duration,
    last_wait: f64,
}

impl Pacing {
    /// Starts at `now`, on any clock that does not go back. For a user that is when it is made, so that the time of
    /// its `on_start` counts into the first interval; for a task set when it is entered.
    #[must_use]
    pub fn new(now: Duration) -> Self {
        Self { last_run: now, last_wait: 0.0 }
    }

    /// The wait that makes runs start every `interval` seconds. A run that took longer is not caught up with.
    fn wait(&mut self, interval: f64, now: Duration) -> f64 {
        let busy = now.saturating_sub(self.last_run).as_secs_f64() - self.last_wait;
        self.last_run = now;
        self.last_wait = (interval - busy).max(0.0);
        self.last_wait
    }
}

/// Thirty years, in seconds: no wait is longer, so that every one fits a [`Duration`] and a timer.
const LONGEST: f64 = 1e9;

/// Seconds to wait after a task that ended at `now`, on the clock of `pacing`; never negative.
///
/// `None` for [`Wait::Function`]: only a script can tell.
pub fn seconds(wait: &Wait, rng: &mut impl Rng, pacing: &mut Pacing, now: Duration) -> Option<f64> {
    let seconds = match *wait {
        Wait::Between { low, high } => low + rng.random::<f64>() * (high - low),
        Wait::Constant(seconds) => seconds,
        Wait::ConstantPacing(interval) => pacing.wait(interval, now),
        Wait::ConstantThroughput(rate) => pacing.wait(1.0 / rate, now),
        // 1 - u lies in (0, 1], whose logarithm is finite.
        Wait::Poisson(rate) => -(1.0 - rng.random::<f64>()).ln() / rate,
        Wait::Function(_) => return None,
    };
    // Bad numbers could give a NaN: no wait.
    Some(if seconds.is_nan() { 0.0 } else { seconds.clamp(0.0, LONGEST) })
}

#[cfg(test)]
mod tests {
    use super::{Pacing, Wait, seconds};
    use crate::plan::FnId;
    use crate::util::{Purpose, stream};
    use std::time::Duration;

    fn draws(wait: &Wait, count: usize) -> Vec<f64> {
        let mut rng = stream(3, 1, Purpose::Schedule);
        let mut pacing = Pacing::new(Duration::ZERO);
        (0..count).map(|_| seconds(wait, &mut rng, &mut pacing, Duration::ZERO).expect("a number")).collect()
    }

    fn mean(values: &[f64]) -> f64 {
        values.iter().sum::<f64>() / f64::from(u32::try_from(values.len()).expect("few"))
    }

    #[test]
    fn between_is_uniform_within_its_bounds() {
        let waits = draws(&Wait::Between { low: 1.0, high: 3.0 }, 20_000);
        assert!(waits.iter().all(|wait| (1.0..3.0).contains(wait)));
        assert!((mean(&waits) - 2.0).abs() < 0.03, "{}", mean(&waits));
        assert_eq!(draws(&Wait::Between { low: 2.0, high: 2.0 }, 2), [2.0, 2.0]);
    }

    #[test]
    fn constant_is_constant_and_never_negative() {
        assert_eq!(draws(&Wait::Constant(0.5), 2), [0.5, 0.5]);
        assert_eq!(draws(&Wait::Constant(-1.0), 1), [0.0]);
        assert_eq!(draws(&Wait::Constant(f64::NAN), 1), [0.0]);
        assert_eq!(draws(&Wait::Constant(f64::INFINITY), 1), [1e9]);
    }

    #[test]
    fn poisson_waits_have_the_mean_of_the_rate() {
        let waits = draws(&Wait::Poisson(4.0), 50_000);
        assert!(waits.iter().all(|wait| wait.is_finite() && *wait >= 0.0));
        assert!((mean(&waits) - 0.25).abs() < 0.006, "{}", mean(&waits));
    }

    /// Starts of the runs, in milliseconds, when task number i takes `busy[i]` milliseconds.
    fn starts(wait: &Wait, busy: &[u64]) -> Vec<u128> {
        let mut rng = stream(3, 1, Purpose::Schedule);
        let (mut pacing, mut now) = (Pacing::new(Duration::ZERO), Duration::ZERO);
        let run = |&task: &u64| {
            let start = now.as_millis();
            now += Duration::from_millis(task);
            now += Duration::from_secs_f64(seconds(wait, &mut rng, &mut pacing, now).expect("a number"));
            start
        };
        busy.iter().map(run).collect()
    }

    #[test]
    fn pacing_keeps_the_interval_and_does_not_catch_up() {
        let busy = [10, 90, 250, 0, 30, 0];
        assert_eq!(starts(&Wait::ConstantPacing(0.1), &busy), [0, 100, 200, 450, 550, 650]);
        assert_eq!(starts(&Wait::ConstantThroughput(10.0), &busy), [0, 100, 200, 450, 550, 650]);
    }

    #[test]
    fn users_pace_themselves_without_regard_to_others() {
        let wait = Wait::ConstantThroughput(10.0);
        let mut rng = stream(3, 1, Purpose::Schedule);
        let mut users = [Pacing::new(Duration::ZERO), Pacing::new(Duration::ZERO)];
        // Both end a task at 130 ms, each after its own pace.
        let mut after = |user: usize, now: u64| {
            seconds(&wait, &mut rng, &mut users[user], Duration::from_millis(now)).expect("a number")
        };
        assert!((after(1, 10) - 0.09).abs() < 1e-9);
        assert!((after(0, 30) - 0.07).abs() < 1e-9);
        assert!((after(1, 130) - 0.07).abs() < 1e-9);
        assert!((after(0, 130) - 0.07).abs() < 1e-9);
    }

    #[test]
    fn a_function_is_the_callers() {
        let mut pacing = Pacing::new(Duration::ZERO);
        let mut rng = stream(3, 1, Purpose::Schedule);
        assert_eq!(seconds(&Wait::Function(FnId(0)), &mut rng, &mut pacing, Duration::ZERO), None);
    }
}
