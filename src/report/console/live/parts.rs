//! The parts of the live view, each a few lines.

use super::chart::chart;
use super::line::Line;
use super::state::{LiveStage, LiveView};
use crate::report::console::styles::{BAD, BOLD, DIM, GOOD, RATE, TIMES, WARN};
use crate::report::numbers::three_digits;
use crate::util::{ending, timespan_text};
use anstyle::Style;
use std::time::Duration;

/// The column of the labels.
const LABEL: usize = 10;

/// Missed thresholds that are named.
const NAMED: usize = 3;

pub(super) fn label(text: &str) -> Line {
    Line::default().and(DIM, format!("{text:<LABEL$}"))
}

/// Milliseconds with their unit.
fn ms(time: Duration) -> String {
    format!("{} ms", three_digits(time))
}

/// Red where it counts something.
fn alarming(count: f64) -> Style {
    if count > 0.0 { BAD } else { Style::new() }
}

/// The script, its host, and how far the run has come: one line, or two where the terminal is narrow.
pub(super) fn headline(view: &LiveView, columns: usize) -> Vec<Line> {
    let what = Line::default().and(BOLD, &view.script);
    let what = match &view.host {
        Some(host) => what.and(DIM, " → ").plain(host),
        None => what,
    };
    let how_far = progress(view);
    match what.clone().with_right(how_far.clone(), columns) {
        Some(line) => vec![line],
        None => vec![what, how_far],
    }
}

/// The stage, the time, and what is left of it.
pub(super) fn progress(view: &LiveView) -> Line {
    let (word, style) = match view.stage {
        LiveStage::Starting => ("starting", DIM),
        LiveStage::Ramping => ("ramping", WARN),
        LiveStage::Running => ("running", GOOD),
        LiveStage::Stopping => ("stopping", WARN),
    };
    let line = Line::default().and(style, word).and(BOLD, format!(" {}", clock(view.elapsed)));
    let line = match view.end.map(|end| end.saturating_sub(view.elapsed)) {
        Some(left) if view.stage != LiveStage::Stopping => {
            line.plain(format!(", {} left", timespan_text(whole_seconds(left))))
        }
        _ => line,
    };
    match view.iteration_limit {
        Some(limit) => line.plain(format!(", {} of {limit} iterations", view.iterations.min(limit))),
        None => line,
    }
}

/// `0:07`, `12:34`, `1:02:03`.
fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// What is left, to the nearest second.
fn whole_seconds(time: Duration) -> Duration {
    Duration::from_secs((time + Duration::from_millis(500)).as_secs())
}

/// How much of the run lies behind; none where nobody knows how long it is.
pub(super) fn bar(view: &LiveView, columns: usize) -> Option<Line> {
    let of_time = view.end.filter(|end| !end.is_zero()).map(|end| view.elapsed.div_duration_f64(end));
    let of_iterations = view.iteration_limit.map(|limit| view.iterations as f64 / limit.max(1) as f64);
    let share = of_time.into_iter().chain(of_iterations).reduce(f64::max)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the columns")]
    let done = (share.clamp(0.0, 1.0) * columns as f64).round() as usize;
    Some(Line::default().and(RATE, "━".repeat(done)).and(DIM, "─".repeat(columns - done)))
}

/// Users, requests, failures and response times.
pub(super) fn figures(view: &LiveView) -> Vec<Line> {
    let users = label("users").and(BOLD, view.users.to_string());
    let users = match view.target {
        Some(target) if target != view.users => users.plain(format!(" of {target}")),
        _ => users,
    };
    let now = &view.now;
    let requests = label("requests").and(BOLD, format!("{:.1}/s", now.requests));
    let requests = requests.plain(format!("  {} in all", view.requests));
    let share = view.failures as f64 / view.requests.max(1) as f64 * 100.0;
    let failures = match view.failures {
        0 => label("failures").and(DIM, "none"),
        count => label("failures")
            .and(alarming(now.failures).bold(), format!("{:.1}/s", now.failures))
            .and(BAD, format!("  {count} in all ({share:.2}%)")),
    };
    let failures = match view.exceptions {
        0 => failures,
        1 => failures.and(BAD, ", 1 exception"),
        exceptions => failures.and(BAD, format!(", {exceptions} exceptions")),
    };
    let times = match now.percentiles {
        None => label("times").and(DIM, "none of the last 10 s"),
        Some([median, p95, p99]) => label("times")
            .and(DIM, "p50 ")
            .and(BOLD, three_digits(median))
            .and(DIM, " p95 ")
            .and(BOLD, three_digits(p95))
            .and(DIM, " p99 ")
            .and(BOLD, three_digits(p99))
            .plain(" ms"),
    };
    vec![users, requests, failures, times]
}

/// Everything in one line.
pub(super) fn digest(view: &LiveView) -> Line {
    let line = progress(view).plain(format!("  {} users  {:.1}/s", view.users, view.now.requests));
    let line = match view.failures {
        0 => line,
        failures => line.and(BAD, format!("  {failures} failed")),
    };
    match view.now.percentiles {
        Some([_, p95, _]) => line.plain(format!("  p95 {}", ms(p95))),
        None => line,
    }
}

/// Arrivals of the open model.
pub(super) fn arrivals(view: &LiveView) -> Option<Line> {
    let arrivals = view.arrivals.as_ref()?;
    let behind = arrivals.achieved < arrivals.offered * 0.99;
    let style = if behind { WARN } else { Style::new() };
    let line = label("arrivals")
        .and(style.bold(), format!("{:.1}/s", arrivals.achieved))
        .plain(format!(" of {:.1}/s due", arrivals.offered));
    let details = [(arrivals.waiting, "waiting"), (arrivals.late, "late"), (arrivals.dropped, "dropped")];
    let told = details.into_iter().filter(|(count, _)| *count > 0);
    Some(told.fold(line, |line, (count, what)| line.and(WARN, format!(", {count} {what}"))))
}

/// How the manifests stand, and what the worst is.
pub(super) fn standing(view: &LiveView) -> Vec<Line> {
    let Some(standing) = &view.standing else { return Vec::new() };
    let style = match (standing.missed.is_empty(), standing.warned.is_empty()) {
        (false, _) => BAD,
        (true, false) => WARN,
        (true, true) => GOOD,
    };
    let summary = format!("{} of {} kept", standing.kept, standing.all);
    let mut line = label("manifest").and(style, summary);
    let details = [
        (standing.missed.len(), "missed", BAD),
        (standing.warned.len(), "warned", WARN),
        (standing.open, "not judged yet", DIM),
    ];
    for (count, what, style) in details {
        if count > 0 {
            line = line.and(style, format!(", {count} {what}"));
        }
    }
    let missed = standing.missed.iter().map(|why| (BAD, why));
    let reasons = missed.chain(standing.warned.iter().map(|why| (WARN, why)));
    let reasons = reasons.take(NAMED).map(|(style, why)| label("").and(style, why));
    std::iter::once(line).chain(reasons).collect()
}

/// What is wrong with the generator.
pub(super) fn trouble(view: &LiveView) -> Option<Line> {
    let trouble = view.trouble.as_ref()?;
    let line = label("generator");
    Some(match trouble.invalid {
        true => line.and(BAD, format!("not valid as it stands: {}", trouble.what)),
        false => line.and(WARN, trouble.what.clone()),
    })
}

/// The most frequent failures.
pub(super) fn failing(view: &LiveView) -> Vec<Line> {
    let labels = std::iter::once("failing").chain(std::iter::repeat(""));
    let rows = view.failing.iter().zip(labels);
    rows.map(|((count, what), name)| label(name).and(BAD, format!("{count} × {what}"))).collect()
}

/// The rate of requests and the 95th percentile over the last seconds, each so many lines high.
pub(super) fn charts(view: &LiveView, columns: usize, lines: usize) -> Vec<Line> {
    let room = columns.saturating_sub(LABEL + SCALE);
    let course = &view.course[view.course.len().saturating_sub(room)..];
    if lines == 0 || course.is_empty() {
        return Vec::new();
    }
    let rates: Vec<_> = course.iter().map(|point| Some(point.requests as f64)).collect();
    let highest = highest(&rates);
    let failed: Vec<bool> = course.iter().map(|point| point.failures > 0).collect();
    let rates = chart(&rates, highest, lines);
    let rates = rates.into_iter().enumerate().map(|(index, row)| {
        let left = if index + 1 == lines { label("req/s") } else { label("") };
        let line = row.into_iter().zip(&failed).fold(left, |line, (c, failed)| {
            // A second in which something failed is red.
            line.and(if *failed { BAD } else { RATE }, c)
        });
        if index == 0 { line.and(DIM, format!(" {highest:.0}")) } else { line }
    });
    let times: Vec<_> =
        course.iter().map(|point| point.p95.map(|time| time.as_secs_f64() * 1000.0)).collect();
    let slowest = course.iter().filter_map(|point| point.p95).max().unwrap_or_default();
    let times = chart(&times, slowest.as_secs_f64() * 1000.0, lines);
    let times = times.into_iter().enumerate().map(|(index, row)| {
        let left = if index + 1 == lines { label("p95") } else { label("") };
        let line = left.and(TIMES, row.into_iter().collect::<String>());
        if index == 0 { line.and(DIM, format!(" {}", ms(slowest))) } else { line }
    });
    rates.chain(times).collect()
}

/// Columns beside a chart for its highest value.
const SCALE: usize = 10;

fn highest(values: &[Option<f64>]) -> f64 {
    values.iter().flatten().copied().fold(0.0, f64::max)
}

/// A header and a line for each of the busiest names.
pub(super) fn names(view: &LiveView, columns: usize) -> Vec<Line> {
    if view.names.is_empty() {
        return Vec::new();
    }
    let header = format!("{:>8} {:>8} {:>7}  {}", "req/s", "p95 ms", "fails", "name");
    let mut lines = vec![Line::default().and(DIM, header)];
    for name in &view.names {
        let p95 = name.p95.map(three_digits).unwrap_or_default();
        let line = Line::default().plain(format!("{:>8.1} {p95:>8} ", name.rate));
        let line = line.and(alarming(name.fail_ratio), format!("{:>6.1}%  ", name.fail_ratio * 100.0));
        let line = if name.method.is_empty() { line } else { line.plain(format!("{} ", name.method)) };
        let room = columns.saturating_sub(line.width());
        lines.push(line.plain(ending(&name.name, room)));
    }
    lines
}
