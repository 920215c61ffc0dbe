//! The run in one paragraph.

use super::styles::BAD;
use crate::stats::{ArrivalSummary, RunResult};
use crate::util::{bytes_text, timespan_text};
use std::time::Duration;

/// Requests, failures, exceptions and what the wire saw, in one paragraph; what did not happen is not said.
#[must_use]
pub fn run_summary(result: &RunResult) -> String {
    let all = result.totals.aggregated();
    let counters = result.counters();
    let rate = result.totals.total_rate(all).requests;
    let duration = duration_text(result.duration);
    let mut text = result.arrivals().map(arrivals_text).unwrap_or_default();
    text.push_str(&format!("{} in {duration} ({rate:.1}/s)", count(all.requests, "request", "")));
    match (all.failures, all.fail_ratio()) {
        (0, _) | (_, None) => text.push_str(", none failed"),
        (failures, Some(ratio)) => {
            text.push_str(&format!(", {BAD}{failures} failed ({:.2}%){BAD:#}", ratio * 100.0));
        }
    }
    let exceptions: u64 = result.totals.exceptions().iter().map(|row| row.count).sum();
    if exceptions > 0 {
        text.push_str(&format!("; {BAD}{}{BAD:#}", count(exceptions, "exception", " in scripts")));
    }
    text.push_str(&format!(". On the wire: {}", count(counters.wire_requests, "request", " sent")));
    let details = [
        (counters.never_sent, "request", " never sent"),
        (counters.redirects, "redirect", " followed"),
        (counters.reconnects, "closed connection", " replaced"),
        (counters.cut_off, "request", " cut off at the end and in no row"),
    ];
    for (number, noun, rest) in details {
        if number > 0 {
            text.push_str(&format!(", {}", count(number, noun, rest)));
        }
    }
    if counters.bytes_sent > 0 {
        let (out, back) = (bytes_text(counters.bytes_sent), bytes_text(counters.bytes_received));
        text.push_str(&format!("; {out} out, {back} in"));
    }
    text.push_str(".\n");
    text
}

/// What became of the arrivals of the open model, and how late they were.
fn arrivals_text(arrivals: &ArrivalSummary) -> String {
    let lateness = &arrivals.lateness;
    let mut text = format!(
        "Arrivals: {} due, {} started, {} of them late (by more than 100 ms)",
        arrivals.due,
        arrivals.started,
        lateness.late()
    );
    let details = [
        (arrivals.dropped, "dropped"),
        (arrivals.unstarted, "never started"),
        (arrivals.surplus, "beyond -i"),
    ];
    for (number, what) in details {
        if number > 0 {
            text.push_str(&format!(", {number} {what}"));
        }
    }
    if arrivals.longest_queue > 0 {
        text.push_str(&format!(", the longest line for a user {}", arrivals.longest_queue));
    }
    let times =
        [(lateness.times().percentile(0.5), "median"), (lateness.p99(), "99%"), (lateness.max(), "largest")];
    let times = times.iter().filter_map(|(time, name)| Some(format!("{name} {}", milliseconds((*time)?))));
    let times: Vec<_> = times.collect();
    if !times.is_empty() {
        text.push_str(&format!(". Lateness: {}", times.join(", ")));
    }
    text.push_str(".\n");
    text
}

/// With as many decimals as tell something.
fn milliseconds(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1000.0;
    if milliseconds < 10.0 { format!("{milliseconds:.2} ms") } else { format!("{milliseconds:.0} ms") }
}

/// `12.3 s` below a minute, `1m30s` from there.
fn duration_text(duration: Duration) -> String {
    if duration < Duration::from_secs(60) {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        timespan_text(Duration::from_secs(duration.as_secs()))
    }
}

fn count(number: u64, noun: &str, rest: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}{rest}")
}
