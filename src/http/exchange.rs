//! The parts of one exchange and how long each took.

use super::error::TransportError;
use super::metered::Meter;
use super::response::Timings;
use bytes::Bytes;
use http::response::Parts;
use std::time::Duration;
use tokio::time::Instant;

/// What came back on a connection.
pub(super) struct Answer {
    pub(super) head: Parts,
    /// As transferred.
    pub(super) body: Bytes,
    /// Why the body is not whole, if it is not.
    pub(super) error: Option<TransportError>,
    pub(super) ended: Instant,
}

/// Durations, summed over the hops of a chain of redirects.
#[derive(Debug, Default)]
pub(super) struct Phases {
    pub(super) dns: Duration,
    pub(super) connect: Duration,
    pub(super) tls: Duration,
    send: Duration,
    receive: Duration,
    /// Where sending ended in the hop under way.
    sent_at: Option<Instant>,
}

impl Phases {
    /// The head of an answer came, or will not come.
    pub(super) fn note_sent(&mut self, begun: Instant, meter: &Meter) {
        let sent_at = meter.written_at.get().unwrap_or(begun);
        self.send += sent_at.saturating_duration_since(begun);
        self.sent_at = Some(sent_at);
    }

    /// The body came to its end.
    pub(super) fn note_received(&mut self, begun: Instant, meter: &Meter, ended: Instant) {
        let answered = meter.answered_at.get().or(self.sent_at).unwrap_or(begun);
        self.receive += ended.saturating_duration_since(answered);
    }

    /// The phases of an exchange that took `elapsed`: what is in no other phase was waiting for the server.
    pub(super) fn timings(&self, elapsed: Duration) -> Timings {
        let known = self.dns + self.connect + self.tls + self.send + self.receive;
        Timings {
            dns: self.dns,
            connect: self.connect,
            tls: self.tls,
            send: self.send,
            wait: elapsed.saturating_sub(known),
            receive: self.receive,
        }
    }
}
