//! How a shard itself fares, measured on its own thread.

use crate::stats::ShardHealth;
use std::cell::{Cell, RefCell};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// One moment in so many is looked at.
const BEAT: Duration = Duration::from_millis(20);

/// The measurements of one shard since the last [`Pulse::take`], while it has users: what hooks do before the first and
/// after the last of them makes nobody wait.
#[derive(Debug)]
pub(super) struct Pulse {
    /// Since when there have been users; none = there are none.
    begun: Cell<Option<Instant>>,
    measured: RefCell<ShardHealth>,
    /// When the beat was served last: until then the shard was alive.
    alive: Cell<Instant>,
    /// When the measurements were taken last, and the processor time that the thread had used by then.
    taken: Cell<(Instant, Option<Duration>)>,
}

impl Pulse {
    /// For the calling thread; it measures once there are users.
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self {
            begun: Cell::new(None),
            measured: RefCell::default(),
            alive: Cell::new(now),
            taken: Cell::new((now, cpu_time())),
        }
    }

    /// There are users from now on, if there were none before.
    pub(super) fn begin(&self) {
        if self.begun.get().is_none() {
            self.restart();
            self.begun.set(Some(self.alive.get()));
        }
    }

    /// Keeps the beat for as long as it is polled. It waits its turn like any user, so it sees what they see.
    pub(super) async fn beat(&self) {
        let mut due = Instant::now() + BEAT;
        loop {
            sleep_until(due).await;
            let now = Instant::now();
            self.alive_at(now);
            let mut measured = self.measured.borrow_mut();
            // The moments that were missed meanwhile count too: what had come then waited until now.
            while due <= now {
                if self.begun.get().is_some_and(|begun| begun <= due) {
                    measured.beat.record(now - due);
                }
                due += BEAT;
            }
        }
    }

    /// A user went on so long after the end of its wait.
    pub(super) fn waited(&self, lateness: Duration) {
        self.measured.borrow_mut().waits.record(lateness);
    }

    /// What was measured since the last time; none if there were no users. `users` says whether there still are.
    pub(super) fn take(&self, users: bool) -> Option<ShardHealth> {
        let begun = self.begun.get()?;
        self.begun.set(users.then_some(begun));
        Some(self.restart())
    }

    fn restart(&self) -> ShardHealth {
        let (now, cpu) = (Instant::now(), cpu_time());
        let (before, cpu_before) = self.taken.replace((now, cpu));
        let gap = now - self.alive.replace(now);
        let mut health = self.measured.take();
        health.longest_gap = health.longest_gap.max(gap);
        health.wall = now - before;
        health.cpu = cpu.zip(cpu_before).map(|(cpu, before)| cpu.saturating_sub(before));
        health
    }

    fn alive_at(&self, now: Instant) {
        let gap = now - self.alive.replace(now);
        let longest = &mut self.measured.borrow_mut().longest_gap;
        *longest = gap.max(*longest);
    }
}

/// The processor time that this thread has used; none where the system does not tell.
#[cfg(target_os = "linux")]
fn cpu_time() -> Option<Duration> {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike;
    let usage = getrusage(UsageWho::RUSAGE_THREAD).ok()?;
    let microseconds = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    u64::try_from(microseconds).ok().map(Duration::from_micros)
}

#[cfg(not(target_os = "linux"))]
fn cpu_time() -> Option<Duration> {
    None
}

#[cfg(test)]
mod tests {
    use super::{BEAT, Pulse};
    use std::time::Duration;
    use tokio::time::{advance, sleep};

    #[tokio::test(start_paused = true)]
    async fn a_shard_that_keeps_up_is_never_late() {
        let pulse = Pulse::new();
        pulse.begin();
        tokio::select! {
            () = pulse.beat() => unreachable!("it has no end"),
            () = sleep(Duration::from_secs(1)) => {}
        }
        let health = pulse.take(true).expect("it has begun");
        assert!((49..=50).contains(&health.beat.count()), "{}", health.beat.count());
        assert!(health.beat.max() <= Some(Duration::from_millis(1)), "{health:?}");
        assert!(health.longest_gap <= BEAT + Duration::from_millis(1), "{health:?}");
        assert_eq!(health.wall, Duration::from_secs(1));
        assert_eq!(pulse.take(true).map(|health| health.beat.count()), Some(0));
    }

    #[tokio::test(start_paused = true)]
    async fn every_moment_of_a_standstill_counts() {
        let pulse = Pulse::new();
        pulse.begin();
        tokio::select! {
            () = pulse.beat() => unreachable!("it has no end"),
            () = async {
                // The beat has begun when this is polled.
                tokio::task::yield_now().await;
                advance(Duration::from_millis(300)).await;
                tokio::task::yield_now().await;
            } => {}
        }
        let health = pulse.take(true).expect("it has begun");
        assert_eq!(health.beat.count(), 15);
        assert_eq!(health.beat.max(), Some(Duration::from_millis(280)));
        assert_eq!(health.beat.late(), 9, "those at 20 to 180 ms");
        assert_eq!(health.longest_gap, Duration::from_millis(300));
    }

    #[tokio::test(start_paused = true)]
    async fn a_standstill_that_lasts_is_seen_without_a_beat() {
        let pulse = Pulse::new();
        pulse.begin();
        advance(Duration::from_secs(2)).await;
        assert_eq!(pulse.take(true).map(|health| health.longest_gap), Some(Duration::from_secs(2)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_standstill_without_users_is_nobodys() {
        let pulse = Pulse::new();
        tokio::select! {
            () = pulse.beat() => unreachable!("it has no end"),
            () = async {
                tokio::task::yield_now().await;
                // A hook that blocks the thread; the beat finds out when the users have come.
                advance(Duration::from_secs(2)).await;
                assert_eq!(pulse.take(false), None);
                pulse.begin();
                sleep(Duration::from_millis(90)).await;
            } => {}
        }
        let health = pulse.take(false).expect("it has begun");
        assert!((4..=5).contains(&health.beat.count()), "{health:?}");
        assert!(health.beat.late() == 0 && health.longest_gap < Duration::from_millis(50), "{health:?}");
        assert_eq!(health.wall, Duration::from_millis(90));
        advance(Duration::from_secs(2)).await;
        assert_eq!(pulse.take(false), None, "the last user has gone");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn processor_time_is_that_of_the_thread() {
        let pulse = Pulse::new();
        pulse.begin();
        let mut product = 1_u64;
        while pulse.taken.get().1.zip(super::cpu_time()).is_some_and(|(before, now)| before == now) {
            product = product.wrapping_mul(std::hint::black_box(3));
        }
        std::hint::black_box(product);
        assert!(pulse.take(true).expect("it has begun").cpu > Some(Duration::ZERO));
    }
}
