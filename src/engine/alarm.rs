//! A timer for arrivals: tokio's own counts in milliseconds and rounds up, which is as much as an arrival may be late.

use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Wakes one task at a time.
#[derive(Debug)]
pub(super) struct Alarm {
    #[cfg(target_os = "linux")]
    fine: Option<fine::Timer>,
}

impl Alarm {
    /// The finest alarm that the system has: within some ten microseconds on Linux, elsewhere tokio's.
    pub(super) fn fine() -> Self {
        Self {
            #[cfg(target_os = "linux")]
            fine: fine::Timer::new()
                .inspect_err(|error| tracing::warn!("arrivals will be up to 1 ms late: no timer: {error}"))
                .ok(),
        }
    }

    /// Tokio's timer, which also runs in virtual time.
    #[cfg(test)]
    pub(super) fn coarse() -> Self {
        Self {
            #[cfg(target_os = "linux")]
            fine: None,
        }
    }

    /// Waits until `due`; never less.
    pub(super) async fn until(&self, due: Instant) {
        loop {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            if !self.nap(left).await {
                sleep_until(due).await;
            }
        }
    }

    /// Waits about so long on the fine timer; false if there is none.
    #[cfg(target_os = "linux")]
    async fn nap(&self, left: Duration) -> bool {
        match &self.fine {
            Some(timer) => timer.nap(left).await.is_ok(),
            None => false,
        }
    }

    #[cfg(not(target_os = "linux"))]
    #[expect(clippy::unused_async, reason = "waits where there is a fine timer")]
    async fn nap(&self, _: Duration) -> bool {
        false
    }
}

#[cfg(target_os = "linux")]
mod fine {
    use nix::sys::time::TimeSpec;
    use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
    use std::io::ErrorKind;
    use std::os::fd::AsFd;
    use std::time::Duration;
    use tokio::net::unix::pipe;

    /// The kernel's high-resolution timer: a file that becomes readable when it is time, so it is waited for as a pipe
    /// is.
    #[derive(Debug)]
    pub(super) struct Timer {
        timer: TimerFd,
        rings: pipe::Receiver,
    }

    impl Timer {
        pub(super) fn new() -> std::io::Result<Self> {
            let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
            let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?;
            let rings = pipe::Receiver::from_owned_fd_unchecked(timer.as_fd().try_clone_to_owned()?)?;
            Ok(Self { timer, rings })
        }

        pub(super) async fn nap(&self, left: Duration) -> std::io::Result<()> {
            self.timer.set(Expiration::OneShot(TimeSpec::from_duration(left)), TimerSetTimeFlags::empty())?;
            loop {
                self.rings.readable().await?;
                // Readiness may be left over from an earlier time: only a read tells.
                match self.rings.try_read(&mut [0; 8]) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    read => return read.map(drop),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Alarm;
    use std::time::Duration;
    use tokio::time::Instant;

    #[test]
    fn the_fine_alarm_never_rings_early_and_rings_again() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let alarm = Alarm::fine();
            for microseconds in [0, 1, 50, 300, 1500, 3, 2000] {
                let due = Instant::now() + Duration::from_micros(microseconds);
                alarm.until(due).await;
                assert!(Instant::now() >= due);
            }
            // One that is given up leaves nothing behind that would shorten the next.
            let far = Instant::now() + Duration::from_secs(3600);
            let given_up = tokio::time::timeout(Duration::from_millis(2), alarm.until(far)).await;
            assert!(given_up.is_err());
            let due = Instant::now() + Duration::from_millis(3);
            alarm.until(due).await;
            assert!(Instant::now() >= due);
        });
    }

    #[tokio::test(start_paused = true)]
    async fn the_coarse_alarm_runs_in_virtual_time() {
        let due = Instant::now() + Duration::from_secs(3600);
        Alarm::coarse().until(due).await;
        assert!(Instant::now() >= due);
    }
}
