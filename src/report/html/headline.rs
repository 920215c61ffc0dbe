//! The first thing that a reader sees: whether it did, or didn't, and why.

use super::markup::Html;
use crate::manifest::VerdictRow;
use crate::report::numbers::{grouped, grouped_ms};
use crate::report::{EndingCause, Record};
use crate::stats::Entry;
use crate::util::timespan_text;
use std::time::Duration;

/// So many reasons are named at most.
const MOST_REASONS: usize = 20;

/// What a run came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    NotValid,
}

impl Outcome {
    fn of(record: &Record) -> Self {
        let says_nothing = !record.invalid.is_empty() && !record.allow_saturation;
        match record.exit_code {
            _ if says_nothing || record.ending.cause == EndingCause::Cut => Self::NotValid,
            0 => Self::Passed,
            _ => Self::Failed,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "FAILED",
            Self::NotValid => "not valid",
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::Passed => "good",
            Self::Failed => "bad",
            Self::NotValid => "doubt",
        }
    }
}

/// The title of the page's tab.
pub(super) fn title(record: &Record) -> String {
    let scripts: String = record.scripts.join(", ").chars().take(100).collect();
    format!("{}: {scripts} - katydid", Outcome::of(record).word())
}

/// The verdict, its reasons, and the figures that everybody asks for first.
pub(super) fn headline(record: &Record) -> Html {
    let outcome = Outcome::of(record);
    let mut html = Html::of("<section class=\"verdict ");
    html.push(outcome.class()).push("\" aria-labelledby=verdict>\n<h1 id=verdict>");
    html.push(match outcome {
        Outcome::Passed => "Passed",
        Outcome::Failed => "FAILED",
        Outcome::NotValid => "Not valid",
    });
    html.push(" <small>exit code ").push_text(&record.exit_code.to_string()).push("</small></h1>\n<ul>\n");
    for reason in reasons(record, outcome).iter().take(MOST_REASONS) {
        html.push("<li>").push_html(&Html::foreign(reason, 1000)).push("\n");
    }
    html.push("</ul>\n</section>\n").push_html(&tiles(record));
    html
}

fn reasons(record: &Record, outcome: Outcome) -> Vec<String> {
    let mut reasons = Vec::new();
    let tolerated = record.allow_saturation;
    let introduction = if tolerated { "A warning only, as was asked for: " } else { "" };
    reasons.extend(record.invalid.iter().map(|why| format!("{introduction}{why}")));
    if record.ending.cause == EndingCause::Cut {
        reasons.push("The run was cut short, so its result is not complete".to_owned());
    }
    for verdict in record.verdicts.iter().filter(|verdict| !verdict.passed) {
        let missed = verdict.rows.iter().filter(|row| row.failed()).count();
        let of = verdict.rows.len();
        let manifest = &verdict.manifest;
        reasons.push(format!("{manifest}: {missed} of {} missed", count(of as u64, "threshold")));
        reasons.extend(verdict.rows.iter().filter(|row| row.failed()).map(missed_text).take(3));
    }
    let all = record.run.totals.aggregated();
    let exceptions: u64 = record.run.totals.exceptions().iter().map(|row| row.count).sum();
    if all.requests == 0 {
        reasons.push("No request ended".to_owned());
    } else if all.failures > 0 {
        reasons.push(format!(
            "{} of {} failed ({})",
            grouped(all.failures),
            count(all.requests, "request"),
            share(all)
        ));
    }
    if exceptions > 0 {
        reasons.push(format!("{} in scripts", count(exceptions, "exception")));
    }
    if record.failed_hooks > 0 {
        reasons.push(format!("{} of the run failed", count(record.failed_hooks, "hook")));
    }
    if outcome == Outcome::Passed {
        let thresholds: usize = record.verdicts.iter().map(|verdict| verdict.rows.len()).sum();
        if thresholds > 0 {
            reasons.insert(0, format!("{} kept", count(thresholds as u64, "threshold")));
        } else if all.failures == 0 && all.requests > 0 && exceptions == 0 {
            reasons.insert(0, "Every request succeeded".to_owned());
        }
    }
    let mut ending = format!("It ended because {}", record.ending.cause.text());
    if let Some(reason) = &record.ending.reason {
        ending.push_str(": ");
        ending.push_str(reason);
    }
    reasons.push(ending);
    reasons
}

fn missed_text(row: &VerdictRow) -> String {
    format!("{} ({})", row.why, row.place)
}

fn tiles(record: &Record) -> Html {
    let run = &record.run;
    let all = run.totals.aggregated();
    let percentiles = all.times.percentiles(&[0.5, 0.95, 0.99, 1.0]);
    let mut tiles = vec![
        ("requests", grouped(all.requests)),
        ("failed", share(all)),
        ("per second", rate(run.totals.total_rate(all).requests)),
    ];
    for (name, time) in ["p50", "p95", "p99", "slowest"].into_iter().zip(percentiles) {
        tiles.push((name, format!("{} ms", grouped_ms(time))));
    }
    tiles.push(("users at most", grouped(run.user_count)));
    tiles.push(("took", duration(run.duration)));
    let mut html = Html::of("<dl class=tiles>\n");
    for (name, value) in tiles {
        html.push("<div><dt>").push(name).push("</dt><dd>").push_text(&value).push("</dd></div>\n");
    }
    html.push("</dl>\n");
    html
}

/// The share of failed requests in percent.
pub(super) fn share(entry: &Entry) -> String {
    match entry.fail_ratio() {
        None => "–".to_owned(),
        Some(0.0) => "0%".to_owned(),
        // A failure is never rounded away.
        Some(ratio) if ratio < 0.0001 => "<0.01%".to_owned(),
        Some(ratio) => format!("{:.2}%", ratio * 100.0),
    }
}

/// A rate with three digits or more.
pub(super) fn rate(per_second: f64) -> String {
    match per_second {
        rate if rate < 10.0 => format!("{rate:.2}"),
        rate if rate < 100.0 => format!("{rate:.1}"),
        // Never negative, and far from the end of the range.
        rate => grouped(rate.round() as u64),
    }
}

/// `12.3 s` below a minute, `1m30s` from there.
pub(super) fn duration(duration: Duration) -> String {
    if duration < Duration::from_secs(60) {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        timespan_text(Duration::from_secs(duration.as_secs()))
    }
}

/// `1 request`, `2,000 requests`.
pub(super) fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number))
}
