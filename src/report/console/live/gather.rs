//! From what was counted to what the live view shows.

use super::state::{LiveArrivals, LiveName, LivePoint, LiveRates, LiveView, Standing, Trouble};
use crate::manifest::{Evidence, Judgement, Manifest, VerdictRow, evaluate};
use crate::report::one_line::one_line;
use crate::stats::{ArrivalSummary, Entry, Gauges, Health, LATE, Milestones, Stretch, Totals, invalid};
use std::time::Duration;

/// Rates and percentiles are those of so many seconds.
const REACH: u64 = 10;

/// So long after its end everything that happened in a second has been counted.
const COUNTED_AFTER: Duration = Duration::from_millis(500);

/// Seconds that the charts reach back.
const COURSE: u64 = 120;

/// Names that are shown at most.
const NAMES: usize = 12;

/// Failures that are shown at most.
const FAILING: usize = 3;

/// A core that is busier than this share is worth a word.
const BUSY: f64 = 0.9;

/// What a run has come to.
#[derive(Debug)]
pub struct LiveFacts<'a> {
    /// Everything counted so far.
    pub totals: &'a Totals,
    /// How the generator has fared.
    pub health: &'a Health,
    /// What the run has come to.
    pub milestones: &'a Milestones,
    /// Since the start of the run.
    pub since_start: Duration,
    /// What judges it.
    pub manifests: &'a [Manifest],
}

/// Whole seconds of the run.
#[derive(Clone, Copy)]
struct Span {
    from: u64,
    to: u64,
}

impl Span {
    /// The last seconds of which everything is counted, as far as the statistics reach back.
    fn latest(totals: &Totals, since_start: Duration) -> Option<Self> {
        let to = since_start.saturating_sub(COUNTED_AFTER).as_secs();
        let first = totals.timeline().slices().next().map_or(0, |(second, _)| second);
        let from = to.saturating_sub(REACH).max(first);
        (from < to).then_some(Self { from, to })
    }

    fn seconds(self) -> f64 {
        (self.to - self.from) as f64
    }

    fn holds(self, second: u64) -> bool {
        (self.from..self.to).contains(&second)
    }
}

impl LiveView {
    /// Takes over what was counted.
    pub fn update(&mut self, facts: &LiveFacts<'_>) {
        let LiveFacts { totals, milestones, since_start, manifests, .. } = *facts;
        let all = totals.aggregated();
        (self.requests, self.failures) = (all.requests, all.failures);
        self.exceptions = totals.exceptions().iter().map(|row| row.count).sum();
        let span = Span::latest(totals, since_start);
        let stretch = span.and_then(|span| totals.timeline().window(span.from, span.to));
        self.now = span.zip(stretch.as_ref()).map(|(span, stretch)| rates(span, stretch)).unwrap_or_default();
        self.names =
            span.zip(stretch.as_ref()).map(|(span, stretch)| names(span, stretch)).unwrap_or_default();
        let gauges = span.map(|span| gauges(totals, span)).unwrap_or_default();
        self.arrivals = totals.arrivals().map(|summary| arrivals(summary, span, &gauges));
        self.course = span.map(|span| course(totals, span.to)).unwrap_or_default();
        self.failing = failing(totals);
        let evidence = || Evidence::so_far(totals, milestones, since_start);
        let verdicts = manifests.iter().flat_map(|manifest| evaluate(manifest, evidence()).rows);
        self.standing = (!manifests.is_empty()).then(|| standing(verdicts));
        self.trouble = trouble(facts, span, &gauges);
    }
}

fn rates(span: Span, stretch: &Stretch) -> LiveRates {
    let all = &stretch.aggregated;
    let percentiles = all.times.percentiles(&[0.5, 0.95, 0.99]);
    LiveRates {
        requests: all.requests as f64 / span.seconds(),
        failures: all.failures as f64 / span.seconds(),
        percentiles: percentiles.try_into().ok(),
    }
}

fn names(span: Span, stretch: &Stretch) -> Vec<LiveName> {
    let mut entries: Vec<&Entry> = stretch.entries.iter().filter(|entry| !entry.is_part()).collect();
    entries.sort_unstable_by(|a, b| (b.requests, &a.name, &a.method).cmp(&(a.requests, &b.name, &b.method)));
    let shown = entries.into_iter().filter(|entry| entry.requests > 0).take(NAMES);
    let name = |entry: &Entry| LiveName {
        method: one_line(&entry.method).into_owned(),
        name: one_line(&entry.name).into_owned(),
        rate: entry.requests as f64 / span.seconds(),
        fail_ratio: entry.fail_ratio().unwrap_or_default(),
        p95: entry.times.percentile(0.95),
    };
    shown.map(name).collect()
}

fn gauges(totals: &Totals, span: Span) -> Gauges {
    let mut sum = Gauges::default();
    let seconds = totals.timeline().last_seconds().filter(|(second, _)| span.holds(*second));
    seconds.for_each(|(_, slice)| sum.merge(&slice.gauges));
    sum
}

fn arrivals(summary: &ArrivalSummary, span: Option<Span>, gauges: &Gauges) -> LiveArrivals {
    let per_second = |count: u64| span.map_or(0.0, |span| count as f64 / span.seconds());
    LiveArrivals {
        offered: per_second(gauges.due),
        achieved: per_second(gauges.started),
        waiting: summary.waiting(),
        dropped: summary.dropped,
        late: summary.lateness.late(),
    }
}

/// The seconds before `to`; those in which nothing ended are there too.
fn course(totals: &Totals, to: u64) -> Vec<LivePoint> {
    let mut points = Vec::new();
    let mut first = None;
    for (second, slice) in totals.timeline().last_seconds() {
        if second + COURSE < to || second >= to {
            continue;
        }
        let first = *first.get_or_insert(second);
        points.resize((second - first) as usize, LivePoint::default());
        points.push(LivePoint {
            requests: slice.all.requests,
            failures: slice.all.failures,
            p95: slice.all.times().percentile(0.95),
        });
    }
    if let Some(first) = first {
        points.resize((to - first) as usize, LivePoint::default());
    }
    points
}

fn failing(totals: &Totals) -> Vec<(u64, String)> {
    let failures = totals.failures();
    let failures = failures.iter().map(|row| {
        let what = format!("{} {}: {}", row.method, row.name, row.text);
        (row.occurrences, what.trim_start().to_owned())
    });
    let exceptions = totals.exceptions();
    let exceptions = exceptions.iter().map(|row| (row.count, format!("{} at {}", row.message, row.place)));
    let mut rows: Vec<(u64, String)> = failures.take(FAILING).chain(exceptions.take(FAILING)).collect();
    rows.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    rows.truncate(FAILING);
    rows.iter().map(|(count, what)| (*count, one_line(what).into_owned())).collect()
}

fn standing(rows: impl Iterator<Item = VerdictRow>) -> Standing {
    let mut standing = Standing::default();
    let mut missed: Vec<VerdictRow> = Vec::new();
    for row in rows {
        standing.all += 1;
        match row.judgement {
            Judgement::Passed => standing.kept += 1,
            // A row that is not there yet may come.
            Judgement::Failed | Judgement::Warned if row.actual.is_some() => missed.push(row),
            Judgement::Failed | Judgement::Warned | Judgement::Skipped => standing.open += 1,
        }
    }
    missed.sort_by(|a, b| badness(b).total_cmp(&badness(a)));
    for row in missed {
        let failed = row.failed();
        let why = one_line(&row.why).into_owned();
        if failed { &mut standing.missed } else { &mut standing.warned }.push(why);
    }
    standing
}

/// By which share of what was measured a limit is missed.
fn badness(row: &VerdictRow) -> f64 {
    let (actual, margin) = (row.actual.unwrap_or_default().abs(), row.margin.unwrap_or_default().abs());
    if margin == 0.0 { 0.0 } else { margin / actual.max(margin) }
}

fn trouble(facts: &LiveFacts<'_>, span: Option<Span>, gauges: &Gauges) -> Option<Trouble> {
    let totals = facts.totals;
    if let Some(reason) = invalid(facts.health, totals.counters(), totals.arrivals()).first() {
        let reason = reason.to_string();
        // What to do about it is for the end of the run.
        let what = reason.split(';').next().unwrap_or_default().to_owned();
        return Some(Trouble { what, invalid: true });
    }
    let cores = facts.health.shards.len();
    let share = span.map_or(0.0, |span| gauges.cpu.as_secs_f64() / span.seconds());
    let mut parts = Vec::new();
    if gauges.lateness > LATE {
        parts.push(format!("up to {} ms late", gauges.lateness.as_millis()));
    }
    if cores > 0 && share > BUSY * cores as f64 {
        let of = if cores == 1 { "a core".to_owned() } else { format!("{cores} cores") };
        parts.push(format!("CPU {:.0}% of {of}", share / cores as f64 * 100.0));
    }
    (!parts.is_empty()).then(|| Trouble { what: parts.join(", "), invalid: false })
}
