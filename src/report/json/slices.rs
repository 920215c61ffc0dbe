//! The run over time.

use crate::report::numbers::exact_ms;
use crate::stats::RunResult;
use serde::Serialize;

/// All names together, in slices of time.
#[derive(Serialize)]
pub(super) struct Series {
    /// Seconds of a slice: one in a short run, more in a longer one.
    slice_s: u64,
    slices: Vec<SliceFigures>,
}

/// What ended in a slice, and how the run stood.
#[derive(Serialize)]
struct SliceFigures {
    /// When it begins, in seconds from the start of the run.
    from_s: u64,
    users: u64,
    requests: u64,
    failures: u64,
    /// Over the part of the slice that the run lasted.
    requests_per_s: f64,
    failures_per_s: f64,
    content_bytes: u64,
    average_ms: Option<f64>,
    p50_ms: Option<f64>,
    p95_ms: Option<f64>,
    p99_ms: Option<f64>,
    max_ms: Option<f64>,
    arrivals_due: u64,
    arrivals_started: u64,
    cpu_ms: f64,
    lateness_ms: f64,
}

impl Series {
    pub(super) fn new(run: &RunResult) -> Self {
        let timeline = run.totals.timeline();
        let width = timeline.width();
        let slices = timeline.slices().map(|(from_s, slice)| {
            let (all, gauges) = (&slice.all, &slice.gauges);
            let times = all.times();
            let mut found = times.percentiles(&[0.5, 0.95, 0.99]).into_iter().map(exact_ms);
            let [p50_ms, p95_ms, p99_ms] = [(); 3].map(|()| found.next());
            let lasted = run.duration.as_secs_f64() - from_s as f64;
            // A request that ended in the last moment must not count for thousands.
            let seconds = lasted.clamp(0.1, width.max(1) as f64);
            SliceFigures {
                from_s,
                users: gauges.users,
                requests: all.requests,
                failures: all.failures,
                requests_per_s: all.requests as f64 / seconds,
                failures_per_s: all.failures as f64 / seconds,
                content_bytes: all.content_bytes,
                average_ms: times.average_ms(),
                p50_ms,
                p95_ms,
                p99_ms,
                max_ms: times.max().map(exact_ms),
                arrivals_due: gauges.due,
                arrivals_started: gauges.started,
                cpu_ms: exact_ms(gauges.cpu),
                lateness_ms: exact_ms(gauges.lateness),
            }
        });
        Self { slice_s: width, slices: slices.collect() }
    }
}
