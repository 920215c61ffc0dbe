//! What thresholds are judged by: the rows of a run, or of a stretch of it, or those that a CSV prints.

use super::printed::{Printed, PrintedRow, PrintedStats};
use super::unseen::Unseen;
use super::value::Value;
use super::{Metric, Window};
use crate::stats::{Entry, Milestones, RunResult, Totals, is_part};
use std::borrow::{Borrow, Cow};
use std::sync::Arc;
use std::time::Duration;

/// A run, finished or under way, or what a CSV says about one.
#[derive(Clone, Debug)]
pub struct Evidence<'a>(Source<'a>);

#[derive(Clone, Debug)]
enum Source<'a> {
    Run {
        totals: &'a Totals,
        /// Their ending is the end of the run, or the present.
        milestones: Milestones,
    },
    Csv(&'a PrintedStats),
}

impl<'a> Evidence<'a> {
    /// A run as it stands at `now`.
    #[must_use]
    pub fn so_far(totals: &'a Totals, milestones: &Milestones, now: Duration) -> Self {
        let ending = milestones.ending.or(Some(now));
        Self(Source::Run { totals, milestones: Milestones { ending, ..milestones.clone() } })
    }

    /// The rows of a window.
    ///
    /// # Errors
    ///
    /// Why there are none: a sentence fragment.
    fn rows(&self, window: Window) -> Result<Rows<'a>, String> {
        match &self.0 {
            Source::Run { totals, .. } if window == Window::Whole => {
                let figures =
                    |entry| Figures::Counted { entry: Cow::Borrowed(entry), time: totals.rate_span() };
                Ok(Rows::new(totals.entries(), totals.aggregated(), None, figures))
            }
            Source::Run { totals, milestones } => stretch(totals, milestones, window),
            Source::Csv(stats) if window == Window::Whole => Ok(Rows::printed(stats)),
            Source::Csv(_) => Err(format!("a CSV says nothing about `{window}` alone; a result file does")),
        }
    }
}

/// The rows of a part of a run.
fn stretch<'a>(totals: &Totals, milestones: &Milestones, window: Window) -> Result<Rows<'a>, String> {
    let (from, to) = window.seconds(milestones).ok_or_else(|| window.absence())?;
    let stretch = totals.timeline().window(from, to);
    let stretch =
        stretch.ok_or_else(|| format!("no whole slice of the run lies in its seconds {from} to {to}"))?;
    // The last second of a run is not a whole one.
    let end = Duration::from_secs(stretch.to);
    let end = milestones.ending.map_or(end, |ending| ending.min(end));
    let time = end.saturating_sub(Duration::from_secs(stretch.from));
    let figures = |entry| Figures::Counted { entry: Cow::Owned(entry), time };
    Ok(Rows::new(stretch.entries, stretch.aggregated, Some((stretch.from, stretch.to)), figures))
}

impl<'a> From<&'a RunResult> for Evidence<'a> {
    fn from(result: &'a RunResult) -> Self {
        Self::so_far(&result.totals, &result.milestones, result.duration)
    }
}

impl<'a> From<&'a PrintedStats> for Evidence<'a> {
    fn from(stats: &'a PrintedStats) -> Self {
        Self(Source::Csv(stats))
    }
}

/// The rows of windows, each looked at once: a window of many slices is put together from all of them.
pub(super) struct Windows<'a> {
    evidence: Evidence<'a>,
    known: Vec<(Window, Result<Rows<'a>, String>)>,
}

impl<'a> Windows<'a> {
    pub(super) fn new(evidence: Evidence<'a>) -> Self {
        Self { evidence, known: Vec::new() }
    }

    /// What is counted in a window and cannot be told apart.
    pub(super) fn unseen(&self, window: Window) -> Unseen {
        match &self.evidence.0 {
            Source::Run { totals, .. } => Unseen::of(totals, window),
            Source::Csv(stats) => Unseen::printed(stats),
        }
    }

    /// The rows of a window, or why there are none.
    pub(super) fn rows(&mut self, window: Window) -> Result<&Rows<'a>, &str> {
        let found = self.known.iter().position(|(known, _)| *known == window);
        let index = found.unwrap_or_else(|| {
            self.known.push((window, self.evidence.rows(window)));
            self.known.len() - 1
        });
        self.known[index].1.as_ref().map_err(String::as_str)
    }
}

/// What requests came to in a stretch of a run.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    /// One for each (type, name).
    pub(super) rows: Vec<Row<'a>>,
    /// All of them together; none where nothing was counted.
    pub(super) all: Option<Figures<'a>>,
    /// The seconds of the run that they are about, where it is not the whole run.
    pub(super) seconds: Option<(u64, u64)>,
}

impl<'a> Rows<'a> {
    fn new<E: Borrow<Entry>>(
        entries: Vec<E>,
        all: E,
        seconds: Option<(u64, u64)>,
        figures: impl Fn(E) -> Figures<'a>,
    ) -> Self {
        let row = |entry: E| {
            let (kind, name) = (entry.borrow().method.clone(), entry.borrow().name.clone());
            Row { kind, name, figures: figures(entry) }
        };
        let counted = all.borrow().requests > 0;
        let rows = entries.into_iter().map(row).collect();
        Self { rows, all: counted.then(|| figures(all)), seconds }
    }

    fn printed(stats: &'a PrintedStats) -> Self {
        let figures = |row| Figures::Printed(Printed::one(stats, row));
        let row = |row: &'a PrintedRow| Row {
            kind: row.kind.clone(),
            name: row.name.clone(),
            figures: figures(row),
        };
        let rows: Vec<Row<'a>> = stats.rows.iter().map(row).collect();
        let whole = rows.iter().filter(|row| !is_part(&row.kind)).collect::<Vec<_>>();
        let all = stats.total.as_ref().map_or_else(|| Figures::pooled(&whole), |total| Some(figures(total)));
        let all = all.filter(|all| all.value(Metric::RequestCount).is_ok());
        Self { rows, all, seconds: None }
    }
}

/// What requests of one name and type came to.
#[derive(Debug)]
pub(super) struct Row<'a> {
    /// The type column.
    pub(super) kind: Arc<str>,
    pub(super) name: Arc<str>,
    pub(super) figures: Figures<'a>,
}

/// What some requests came to.
#[derive(Clone, Debug)]
pub(super) enum Figures<'a> {
    /// Counts and a histogram, and the time that they were counted in.
    Counted { entry: Cow<'a, Entry>, time: Duration },
    /// Rows of a CSV.
    Printed(Printed<'a>),
}

impl<'a> Figures<'a> {
    /// How many requests they are about.
    pub(super) fn requests(&self) -> u64 {
        match self {
            Self::Counted { entry, .. } => entry.requests,
            Self::Printed(printed) => printed.requests(),
        }
    }

    /// What is known of a metric.
    ///
    /// # Errors
    ///
    /// Why nothing is: a sentence fragment that follows the name of the metric.
    pub(super) fn value(&self, metric: Metric) -> Result<Value, &'static str> {
        match self {
            Self::Counted { entry, time } => {
                metric.of(entry, time.as_secs_f64()).map(Value::exactly).ok_or("was never measured")
            }
            Self::Printed(printed) => printed.value(metric),
        }
    }

    /// Several rows as one; none without rows.
    pub(super) fn pooled(rows: &[&Row<'a>]) -> Option<Self> {
        let [first, more @ ..] = rows else { return None };
        let mut all = first.figures.clone();
        for row in more {
            match (&mut all, &row.figures) {
                (Self::Counted { entry, .. }, Self::Counted { entry: other, .. }) => {
                    entry.to_mut().merge(other);
                }
                (Self::Printed(printed), Self::Printed(other)) => printed.add(other),
                // All rows are of one source.
                (Self::Counted { .. }, Self::Printed(_)) | (Self::Printed(_), Self::Counted { .. }) => {}
            }
        }
        Some(all)
    }
}
