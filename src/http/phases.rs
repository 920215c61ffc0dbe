//! Where the time of a request goes.

use super::response::Timings;
use std::time::Duration;
use tokio::time::Instant;

/// Durations, summed over the hops of a chain of redirects. A request may be dropped at any moment, because its time is
/// up; what it was doing then gets the time that it has taken so far.
#[derive(Debug, Default)]
pub(super) struct Phases {
    pub(super) dns: Duration,
    pub(super) connect: Duration,
    pub(super) tls: Duration,
    send: Duration,
    receive: Duration,
    /// Since when it waits for a connection that another request opens.
    pub(super) waits_since: Option<Instant>,
    /// When the exchange that is under way began.
    begun: Option<Instant>,
    /// When its request had been written.
    pub(super) sent_at: Option<Instant>,
    /// When the first byte of its answer came.
    pub(super) first_byte_at: Option<Instant>,
    /// Whether an exchange ever began.
    exchanged: bool,
}

impl Phases {
    /// A request is being written from now on.
    pub(super) fn begin_exchange(&mut self) {
        self.begun = Some(Instant::now());
        self.exchanged = true;
        self.sent_at = None;
        self.first_byte_at = None;
    }

    /// It has been written.
    pub(super) fn sent(&mut self) {
        self.sent_at = Some(Instant::now());
    }

    /// The exchange has ended, with an answer or without.
    pub(super) fn end_exchange(&mut self, ended: Instant) {
        let Some(begun) = self.begun.take() else { return };
        // An answer may begin, and even end, before the request is sent: no moment belongs to two phases.
        let sent_at = self.sent_at.unwrap_or(ended).min(ended);
        self.send += sent_at.saturating_duration_since(begun);
        let first = self.first_byte_at.unwrap_or(ended).max(sent_at);
        self.receive += ended.saturating_duration_since(first);
    }

    /// The connection that another request opened is there, or will never be.
    pub(super) fn end_wait(&mut self, ended: Instant) {
        if let Some(since) = self.waits_since.take() {
            self.connect += ended.saturating_duration_since(since);
        }
    }

    /// The phases of a request that took `elapsed` and ended at `ended`. Their sum is that time: what is in no other
    /// phase was waiting for the server, or, where nothing could be sent, belongs to what kept it from being sent.
    pub(super) fn timings(mut self, elapsed: Duration, ended: Instant) -> Timings {
        self.end_wait(ended);
        self.end_exchange(ended);
        let known = self.dns + self.connect + self.tls + self.send + self.receive;
        let rest = elapsed.saturating_sub(known);
        let mut timings = Timings {
            dns: self.dns,
            connect: self.connect,
            tls: self.tls,
            send: self.send,
            wait: Duration::ZERO,
            receive: self.receive,
        };
        let place = match (self.exchanged, self.tls.is_zero(), self.connect.is_zero()) {
            (true, ..) => &mut timings.wait,
            (false, false, _) => &mut timings.tls,
            (false, true, false) => &mut timings.connect,
            (false, true, true) => &mut timings.dns,
        };
        *place += rest;
        timings
    }
}

/// Adds the time for which it lives to a phase: also where the future that holds it is dropped.
pub(super) struct Stopwatch<'a> {
    phase: &'a mut Duration,
    begun: Instant,
}

impl<'a> Stopwatch<'a> {
    /// Counts into `phase` from now on.
    pub(super) fn start(phase: &'a mut Duration) -> Self {
        Self { phase, begun: Instant::now() }
    }
}

impl Drop for Stopwatch<'_> {
    fn drop(&mut self) {
        *self.phase += self.begun.elapsed();
    }
}

#[cfg(test)]
mod tests {
    use super::{Phases, Stopwatch};
    use proptest::prelude::*;
    use std::time::Duration;
    use tokio::time::Instant;

    proptest! {
        #[test]
        fn the_phases_are_the_whole_time_whatever_happened_when(
            opening in prop::array::uniform3(0u64..50),
            exchanges in prop::collection::vec((0u64..50, 0u64..80, prop::option::of(0u64..80), 0u64..80), 0..4),
            ends in any::<bool>(),
        ) {
            let ms = Duration::from_millis;
            let start = Instant::now();
            let [dns, connect, tls] = opening.map(ms);
            let mut phases = Phases { dns, connect, tls, ..Phases::default() };
            let mut now = start + dns + connect + tls;
            for (pause, sending, first, length) in exchanges {
                now += ms(pause);
                phases.begun = Some(now);
                phases.exchanged = true;
                phases.sent_at = Some(now + ms(sending));
                phases.first_byte_at = first.map(|first| now + ms(first));
                now += ms(length);
                if ends {
                    phases.end_exchange(now);
                }
            }
            let elapsed = now - start;
            prop_assert_eq!(phases.timings(elapsed, now).total(), elapsed);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_stopwatch_counts_what_was_dropped() {
        let mut phase = Duration::ZERO;
        {
            let waiting = async {
                let _watch = Stopwatch::start(&mut phase);
                std::future::pending::<()>().await;
            };
            let _ = tokio::time::timeout(Duration::from_secs(3), waiting).await;
        }
        assert_eq!(phase, Duration::from_secs(3));
    }

    #[test]
    fn what_is_left_of_a_request_that_was_never_sent_is_no_wait() {
        let (second, now) = (Duration::from_secs(1), Instant::now());
        let connecting = Phases { dns: second, connect: second, ..Phases::default() };
        let timings = connecting.timings(3 * second, now);
        assert_eq!((timings.dns, timings.connect, timings.wait), (second, 2 * second, Duration::ZERO));
    }
}
