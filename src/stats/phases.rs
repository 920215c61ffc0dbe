//! Where the time of requests went, and what they put on the wire.

use super::times::Times;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A shorter look-up, connect or handshake is none: the name was known, the connection was there.
const OCCURRED: Duration = Duration::from_micros(1);

/// The phases of one request; their sum is its service time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PhaseSample {
    /// How long each of [`Phase::ALL`] took.
    pub durations: [Duration; Phase::ALL.len()],
    /// Bytes written to the wire, heads included.
    pub bytes_sent: u64,
    /// Bytes read from the wire, heads and framing included.
    pub bytes_received: u64,
}

/// A part of the time of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Looking up the name of the host.
    Dns,
    /// Opening the connection.
    Connect,
    /// The TLS handshake.
    Tls,
    /// Writing the request.
    Send,
    /// Until the first byte of the answer.
    Wait,
    /// From the first to the last byte of the answer.
    Receive,
}

impl Phase {
    /// In the order in which they happen.
    pub const ALL: [Self; 6] = [Self::Dns, Self::Connect, Self::Tls, Self::Send, Self::Wait, Self::Receive];

    /// As scripts and tables call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Send => "send",
            Self::Wait => "wait",
            Self::Receive => "receive",
        }
    }
}

/// The phases of all requests of a row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
pub struct Phases {
    times: [Times; Phase::ALL.len()],
    /// Bytes written to the wire, heads included.
    pub bytes_sent: u64,
    /// Bytes read from the wire, heads and framing included.
    pub bytes_received: u64,
}

/// Phases in a file, by their names.
#[derive(Serialize, Deserialize)]
struct Saved {
    dns: Times,
    connect: Times,
    tls: Times,
    send: Times,
    wait: Times,
    receive: Times,
    bytes_sent: u64,
    bytes_received: u64,
}

impl From<Saved> for Phases {
    fn from(saved: Saved) -> Self {
        let Saved { dns, connect, tls, send, wait, receive, bytes_sent, bytes_received } = saved;
        Self { times: [dns, connect, tls, send, wait, receive], bytes_sent, bytes_received }
    }
}

impl From<Phases> for Saved {
    fn from(phases: Phases) -> Self {
        let Phases { times: [dns, connect, tls, send, wait, receive], bytes_sent, bytes_received } = phases;
        Self { dns, connect, tls, send, wait, receive, bytes_sent, bytes_received }
    }
}

impl Phases {
    /// Counts one request. Looking up, connecting and the handshake count only where they took place: most requests go
    /// over a connection that is open already, and their zeros would hide what opening one costs.
    pub fn record(&mut self, sample: &PhaseSample) {
        for (phase, time) in Phase::ALL.into_iter().zip(sample.durations) {
            let opens = matches!(phase, Phase::Dns | Phase::Connect | Phase::Tls);
            if !opens || time >= OCCURRED {
                self.times[phase as usize].record(time);
            }
        }
        self.bytes_sent = self.bytes_sent.saturating_add(sample.bytes_sent);
        self.bytes_received = self.bytes_received.saturating_add(sample.bytes_received);
    }

    /// Adds what `other` counted.
    pub fn merge(&mut self, other: &Self) {
        self.times.iter_mut().zip(&other.times).for_each(|(times, more)| times.merge(more));
        self.bytes_sent = self.bytes_sent.saturating_add(other.bytes_sent);
        self.bytes_received = self.bytes_received.saturating_add(other.bytes_received);
    }

    /// How long a phase took, of the requests in which it took place.
    #[must_use]
    pub fn times(&self, phase: Phase) -> &Times {
        &self.times[phase as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::{Phase, PhaseSample, Phases};
    use proptest::prelude::*;
    use std::time::Duration;

    fn sample(milliseconds: [u64; 6]) -> PhaseSample {
        let durations = milliseconds.map(Duration::from_millis);
        PhaseSample { durations, bytes_sent: 100, bytes_received: 1000 }
    }

    #[test]
    fn a_kept_connection_was_not_opened_again() {
        let mut phases = Phases::default();
        phases.record(&sample([1, 2, 3, 4, 5, 6]));
        phases.record(&sample([0, 0, 0, 0, 9, 0]));
        let counts = Phase::ALL.map(|phase| phases.times(phase).len());
        assert_eq!(counts, [1, 1, 1, 2, 2, 2]);
        assert_eq!(phases.times(Phase::Wait).max(), Some(Duration::from_millis(9)));
        assert_eq!((phases.bytes_sent, phases.bytes_received), (200, 2000));
    }

    proptest! {
        #[test]
        fn merging_parts_is_recording_all(
            samples in prop::collection::vec(prop::array::uniform6(0u64..5000), 0..40), cut in 0usize..40,
        ) {
            let record = |samples: &[[u64; 6]]| {
                let mut phases = Phases::default();
                samples.iter().for_each(|one| phases.record(&sample(*one)));
                phases
            };
            let (first, second) = samples.split_at(cut.min(samples.len()));
            let mut merged = record(first);
            merged.merge(&record(second));
            prop_assert_eq!(merged, record(&samples));
        }
    }
}
