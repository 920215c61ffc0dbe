//! What was counted under one name, or all together.

use crate::report::numbers::exact_ms;
use crate::stats::{Entry, Lateness, Phase, Phases, Times, Totals};
use serde::Serialize;
use std::time::Duration;

/// A row of the statistics.
#[derive(Serialize)]
pub(super) struct Figures<'a> {
    #[serde(rename = "type")]
    method: &'a str,
    name: &'a str,
    /// Whether it times parts of requests that are counted in another row.
    part: bool,
    requests: u64,
    failures: u64,
    fail_ratio: Option<f64>,
    requests_per_s: f64,
    failures_per_s: f64,
    content_bytes: u64,
    average_content_bytes: Option<f64>,
    #[serde(flatten)]
    response: Milliseconds,
    /// Counted from when the requests were really sent, where that differs.
    service: Option<Milliseconds>,
    phases: Option<PhaseFigures>,
}

impl<'a> Figures<'a> {
    pub(super) fn new(totals: &Totals, entry: &'a Entry) -> Self {
        let rate = totals.total_rate(entry);
        Self {
            method: &entry.method,
            name: &entry.name,
            part: entry.is_part(),
            requests: entry.requests,
            failures: entry.failures,
            fail_ratio: entry.fail_ratio(),
            requests_per_s: rate.requests,
            failures_per_s: rate.failures,
            content_bytes: entry.content_bytes,
            average_content_bytes: entry.average_content_bytes(),
            response: Milliseconds::new(&entry.times),
            service: entry.has_service_times().then(|| Milliseconds::new(entry.service_times())),
            phases: entry.phases().map(PhaseFigures::new),
        }
    }
}

/// Times, all null where none was measured.
#[derive(Serialize)]
pub(super) struct Milliseconds {
    average_ms: Option<f64>,
    min_ms: Option<f64>,
    max_ms: Option<f64>,
    p50_ms: Option<f64>,
    p66_ms: Option<f64>,
    p75_ms: Option<f64>,
    p80_ms: Option<f64>,
    p90_ms: Option<f64>,
    p95_ms: Option<f64>,
    p98_ms: Option<f64>,
    p99_ms: Option<f64>,
    p99_9_ms: Option<f64>,
    p99_99_ms: Option<f64>,
}

/// The percentiles of [`Milliseconds`].
const QUANTILES: [f64; 10] = [0.5, 0.66, 0.75, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999, 0.9999];

impl Milliseconds {
    pub(super) fn new(times: &Times) -> Self {
        let found = times.percentiles(&QUANTILES);
        let mut found = found.into_iter().map(exact_ms);
        let [p50_ms, p66_ms, p75_ms, p80_ms, p90_ms, p95_ms, p98_ms, p99_ms, p99_9_ms, p99_99_ms] =
            [(); QUANTILES.len()].map(|()| found.next());
        Self {
            average_ms: times.average_ms(),
            min_ms: times.min().map(exact_ms),
            max_ms: times.max().map(exact_ms),
            p50_ms,
            p66_ms,
            p75_ms,
            p80_ms,
            p90_ms,
            p95_ms,
            p98_ms,
            p99_ms,
            p99_9_ms,
            p99_99_ms,
        }
    }
}

/// Where the time went, and what was on the wire.
#[derive(Serialize)]
struct PhaseFigures {
    bytes_sent: u64,
    bytes_received: u64,
    dns: PhaseTimes,
    connect: PhaseTimes,
    tls: PhaseTimes,
    send: PhaseTimes,
    wait: PhaseTimes,
    receive: PhaseTimes,
}

/// One phase, of the requests that had it.
#[derive(Serialize)]
struct PhaseTimes {
    requests: u64,
    #[serde(flatten)]
    times: Milliseconds,
}

impl PhaseFigures {
    fn new(phases: &Phases) -> Self {
        let of = |phase| {
            let times = phases.times(phase);
            PhaseTimes { requests: times.len(), times: Milliseconds::new(times) }
        };
        Self {
            bytes_sent: phases.bytes_sent,
            bytes_received: phases.bytes_received,
            dns: of(Phase::Dns),
            connect: of(Phase::Connect),
            tls: of(Phase::Tls),
            send: of(Phase::Send),
            wait: of(Phase::Wait),
            receive: of(Phase::Receive),
        }
    }
}

/// How late what was due began.
#[derive(Serialize)]
pub(super) struct LatenessFigures {
    count: u64,
    /// By more than 100 ms.
    late: u64,
    p50_ms: Option<f64>,
    p99_ms: Option<f64>,
    max_ms: Option<f64>,
}

impl LatenessFigures {
    pub(super) fn new(lateness: &Lateness) -> Self {
        let milliseconds = |time: Option<Duration>| time.map(exact_ms);
        Self {
            count: lateness.count(),
            late: lateness.late(),
            p50_ms: milliseconds(lateness.times().percentile(0.5)),
            p99_ms: milliseconds(lateness.p99()),
            max_ms: milliseconds(lateness.max()),
        }
    }
}
