//! One side of a comparison: its runs, cut to the stretch that is compared, and what they say of each name.

use super::bins::Bins;
use super::blocks::{Draws, Sums, freedom, variances};
use super::difference::Estimate;
use super::metric::{Metric, Scale};
use crate::stats::{Cell, Entry, RunResult, Times};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Slices that each run must have: fewer say nothing about how they vary.
pub const LEAST_SLICES: usize = 10;

/// What is finer than the buckets of the histogram cannot be told: a relative standard error.
const RESOLUTION: f64 = 0.0005;

/// What is counted in a slice, before its bins.
const SECONDS: usize = 0;
const REQUESTS: usize = 1;
const FAILURES: usize = 2;
const BYTES: usize = 3;
const TIMED: usize = 4;
const TIME: usize = 5;
const BINS: usize = 6;

/// Figures on the scales on which they are compared, in the order of [`Metric::TESTED`].
type Figures = [Option<f64>; Metric::TESTED.len()];

/// The stretch of a run that is compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// Its first second.
    pub from: u64,
    /// The second after its last.
    pub to: u64,
    /// How many slices it has.
    pub slices: usize,
    /// Seconds of a slice.
    pub width: u64,
}

/// Runs of one kind.
pub(super) struct Side<'a>(Vec<Part<'a>>);

/// A run and the slices of it that are compared.
struct Part<'a> {
    run: &'a RunResult,
    begins: Vec<u64>,
    draws: Draws,
}

/// What a side says of one name.
pub(super) struct Account {
    pub(super) requests: u64,
    /// Each of [`Metric::ALL`]; none without data.
    pub(super) values: [Option<f64>; Metric::ALL.len()],
    /// Each of [`Metric::TESTED`]; none where its noise is not known.
    pub(super) estimates: [Option<Estimate>; Metric::TESTED.len()],
    /// Whether the name has slices of its own in any run.
    pub(super) has_series: bool,
}

impl<'a> Side<'a> {
    /// The slices after the ramp and before the end of each run, or those from the first request on.
    pub(super) fn new(runs: &[&'a RunResult], steady: bool) -> Self {
        let part = |run: &&'a RunResult| {
            let (from, to) = if steady { steady_seconds(run) } else { all_seconds(run) };
            let begins: Vec<u64> = run.totals.timeline().whole_slices(from, to).collect();
            Part { run, draws: Draws::new(begins.len()), begins }
        };
        Self(runs.iter().map(part).collect())
    }

    /// Slices of the run that has the fewest.
    pub(super) fn fewest_slices(&self) -> usize {
        self.0.iter().map(|part| part.begins.len()).min().unwrap_or(0)
    }

    pub(super) fn pieces(&self) -> Vec<Piece> {
        let piece = |part: &Part<'_>| {
            let width = part.run.totals.timeline().width();
            let from = part.begins.first().copied().unwrap_or(0);
            let to = part.begins.last().map_or(from, |last| last + width);
            Piece { from, to, slices: part.begins.len(), width }
        };
        self.0.iter().map(piece).collect()
    }

    /// Methods and names of all runs.
    pub(super) fn names(&self) -> Vec<(Arc<str>, Arc<str>)> {
        let entries = self.0.iter().flat_map(|part| part.run.totals.entries());
        entries.map(|entry| (entry.method.clone(), entry.name.clone())).collect()
    }

    /// What the runs together say of all names.
    pub(super) fn of_all(&self) -> Account {
        self.account(
            |part| part.run.totals.timeline().slices().map(|(begin, slice)| (begin, &slice.all)).collect(),
            |part| Some(part.run.totals.aggregated()),
        )
    }

    /// What the runs together say of one name.
    pub(super) fn of(&self, method: &Arc<str>, name: &Arc<str>) -> Account {
        self.account(
            |part| part.run.totals.timeline().series_of(method, name).collect(),
            |part| part.run.totals.entry(method, name),
        )
    }

    fn account<'s>(
        &'s self,
        cells: impl Fn(&'s Part<'a>) -> BTreeMap<u64, &'s Cell>,
        entry: impl Fn(&'s Part<'a>) -> Option<&'s Entry>,
    ) -> Account {
        let mut all = Entry::new("", "");
        let mut seconds = 0;
        let mut has_series = false;
        let mut runs: Vec<Vec<Option<(&Cell, Times)>>> = Vec::new();
        for part in &self.0 {
            let cells = cells(part);
            has_series |= !cells.is_empty();
            let of_slice = |begin: &u64| cells.get(begin).map(|cell| (*cell, cell.times()));
            let slices: Vec<_> = part.begins.iter().map(of_slice).collect();
            for (cell, times) in slices.iter().flatten() {
                all.requests += cell.requests;
                all.failures += cell.failures;
                all.content_bytes = all.content_bytes.saturating_add(cell.content_bytes);
                all.times.merge(times);
            }
            seconds += part.begins.len() as u64 * part.run.totals.timeline().width();
            runs.push(slices);
        }
        let known = self.fewest_slices() >= LEAST_SLICES && has_series && all.requests > 0;
        let estimates = if known { self.estimates(&all, &runs) } else { Default::default() };
        let mut rate = all.requests as f64 / (seconds as f64).max(1.0);
        if !has_series {
            // Without slices there are the counts of whole runs.
            rate = 0.0;
            for (part, entry) in self.0.iter().filter_map(|part| Some((part, entry(part)?))) {
                all.merge(entry);
                rate += part.run.totals.total_rate(entry).requests / self.0.len() as f64;
            }
        }
        Account { requests: all.requests, values: values(&all, rate), estimates, has_series }
    }

    fn estimates(
        &self,
        all: &Entry,
        runs: &[Vec<Option<(&Cell, Times)>>],
    ) -> [Option<Estimate>; Metric::TESTED.len()] {
        let bins = Bins::new(all.times.histogram());
        let columns = BINS + bins.len();
        let sums: Vec<Sums> = runs
            .iter()
            .zip(&self.0)
            .map(|(slices, part)| sums(slices, part.run.totals.timeline().width(), columns, &bins))
            .collect();
        let drawn: Vec<(&Sums, &Draws)> = sums.iter().zip(self.0.iter().map(|part| &part.draws)).collect();
        let mut total = vec![0.0; columns];
        for sums in &sums {
            total.iter_mut().zip(sums.total()).for_each(|(sum, more)| *sum += more);
        }
        let figures = |sums: &[f64]| figures(sums, &bins);
        let within = variances(&drawn, figures);
        let value = figures(&total);
        let each: Vec<Figures> = sums.iter().map(|sums| figures(sums.total())).collect();
        let freedom: f64 = self.0.iter().map(|part| freedom(part.begins.len())).sum();
        std::array::from_fn(|number| {
            let value = value[number]?;
            let within = within[number]?.max(least_variance(Metric::TESTED[number], value, all));
            let runs = each.iter().filter_map(|figures| figures[number]).collect();
            Some(Estimate { value, within, freedom, runs })
        })
    }
}

/// The whole seconds after the ramp and before the end; none of them where the run never came there.
fn steady_seconds(run: &RunResult) -> (u64, u64) {
    let Some((from, to)) = run.milestones.steady() else { return (0, 0) };
    (from, to.min(run.milestones.ending.map_or(to, |ending| ending.as_secs())))
}

/// The whole seconds from the first request to the end.
fn all_seconds(run: &RunResult) -> (u64, u64) {
    let first = run.totals.timeline().slices().find(|(_, slice)| slice.all.requests > 0);
    let end = run.milestones.ending.unwrap_or(run.duration);
    (first.map_or(0, |(begin, _)| begin), end.as_secs())
}

/// The counts of a run by slice.
fn sums(slices: &[Option<(&Cell, Times)>], width: u64, columns: usize, bins: &Bins) -> Sums {
    let mut rows = vec![0.0; slices.len() * columns];
    for (row, slice) in rows.chunks_exact_mut(columns).zip(slices) {
        row[SECONDS] = width as f64;
        let Some((cell, times)) = slice else { continue };
        row[REQUESTS] = cell.requests as f64;
        row[FAILURES] = cell.failures as f64;
        row[BYTES] = cell.content_bytes as f64;
        row[TIMED] = times.len() as f64;
        row[TIME] = times.average_ms().unwrap_or(0.0) * times.len() as f64;
        bins.count(times.histogram(), &mut row[BINS..]);
    }
    Sums::new(columns, &rows)
}

/// What sums of counts come to.
fn figures(sums: &[f64], bins: &Bins) -> Figures {
    let requests = sums[REQUESTS];
    if requests < 0.5 {
        return Figures::default();
    }
    let timed = sums[TIMED] > 0.5;
    Metric::TESTED.map(|metric| match metric {
        Metric::Rate => Some((requests / sums[SECONDS]).ln()),
        Metric::FailRatio => Some(sums[FAILURES] / requests),
        Metric::ContentSize => Some(sums[BYTES] / requests),
        Metric::Average => timed.then(|| (sums[TIME] / sums[TIMED]).max(1e-6).ln()),
        _ => bins.ln_percentile(&sums[BINS..], metric.quantile()?),
    })
}

/// A variance that no draw of the run can tell to be smaller: that of the histogram's buckets, of one request more or
/// less, and of one failure more.
fn least_variance(metric: Metric, value: f64, all: &Entry) -> f64 {
    let requests = all.requests as f64;
    match metric {
        Metric::FailRatio => {
            let ratio = (all.failures as f64 + 1.0) / (requests + 2.0);
            ratio * (1.0 - ratio) / requests
        }
        Metric::Rate => RESOLUTION.powi(2) + requests.powi(-2),
        _ if metric.scale() == Scale::Difference => (RESOLUTION * value).powi(2),
        _ => RESOLUTION.powi(2),
    }
}

/// Figures as people know them.
fn values(all: &Entry, rate: f64) -> [Option<f64>; Metric::ALL.len()] {
    let milliseconds = |time: std::time::Duration| time.as_nanos() as f64 / 1e6;
    Metric::ALL.map(|metric| match metric {
        Metric::Rate => (all.requests > 0).then_some(rate),
        Metric::FailRatio => all.fail_ratio(),
        Metric::ContentSize => all.average_content_bytes(),
        Metric::Average => all.times.average_ms(),
        Metric::Max => all.times.max().map(milliseconds),
        _ => all.times.percentile(metric.quantile()?).map(milliseconds),
    })
}
