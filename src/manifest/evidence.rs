//! What thresholds are judged by: rows of figures, counted by this program or printed by another.

use super::{Metric, Window};
use crate::stats::{Entry, Milestones, RunResult, Totals};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

/// Something that can tell what requests came to in a stretch of a run.
pub trait Evidence {
    /// The rows of a window.
    ///
    /// # Errors
    ///
    /// Why there are none: a sentence fragment.
    fn rows(&self, window: Window) -> Result<Rows<'_>, String>;
}

/// What requests came to in a stretch of a run.
#[derive(Debug)]
pub struct Rows<'a> {
    /// One for each (type, name).
    pub rows: Vec<Row<'a>>,
    /// All of them together; none where nothing was counted.
    pub all: Option<Figures<'a>>,
    /// The seconds of the run that they are about, where it is not the whole run.
    pub seconds: Option<(u64, u64)>,
}

/// What requests of one name and type came to.
#[derive(Debug)]
pub struct Row<'a> {
    /// The type column.
    pub kind: &'a str,
    /// The name.
    pub name: &'a str,
    /// What they came to.
    pub figures: Figures<'a>,
}

/// What some requests came to.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "there are a few at a time, and nearly all are borrowed entries"
)]
pub enum Figures<'a> {
    /// Counts and a histogram, and the seconds that they were counted in.
    Counted(Cow<'a, Entry>, f64),
    /// What a table says; a cell without data is missing.
    Printed(BTreeMap<&'static str, f64>),
}

/// The columns that are added up when printed rows are put together.
const SUMS: [&str; 4] = ["Request Count", "Failure Count", "Requests/s", "Failures/s"];
/// Those that are averages over the requests.
const MEANS: [&str; 2] = ["Average Response Time", "Average Content Size"];

impl Figures<'_> {
    /// How many requests they are about.
    #[must_use]
    pub fn requests(&self) -> u64 {
        match self {
            Self::Counted(entry, _) => entry.requests,
            // Whole and not negative: it was read as a count.
            Self::Printed(cells) => cells.get("Request Count").map_or(0, |count| *count as u64),
        }
    }

    /// The value of a metric; none without data for it.
    ///
    /// # Errors
    ///
    /// Why it cannot be told from these figures at all.
    pub(super) fn value(&self, metric: Metric, written: &str) -> Result<Option<f64>, String> {
        match self {
            Self::Counted(entry, seconds) => Ok(metric.of(entry, *seconds)),
            Self::Printed(cells) => match metric.column(written) {
                Some(column) => Ok(cells.get(column).copied()),
                None if metric == Metric::FailRatio => {
                    let count = cells.get("Request Count").copied().filter(|count| *count > 0.0);
                    Ok(count.and_then(|count| Some(cells.get("Failure Count")? / count)))
                }
                None => Err("a table has no column for it".to_owned()),
            },
        }
    }
}

/// Several rows as one; none without rows.
///
/// # Errors
///
/// When they were printed and the metric cannot be told from what is.
pub(super) fn pooled<'a>(rows: &[&Row<'a>], metric: Metric) -> Result<Option<Figures<'a>>, String> {
    let [first, more @ ..] = rows else { return Ok(None) };
    if more.is_empty() {
        return Ok(Some(first.figures.clone()));
    }
    match &first.figures {
        Figures::Counted(entry, seconds) => {
            let mut all = Entry::new("", &entry.name);
            for row in rows {
                if let Figures::Counted(entry, _) = &row.figures {
                    all.merge(entry);
                }
            }
            Ok(Some(Figures::Counted(Cow::Owned(all), *seconds)))
        }
        Figures::Printed(_) if matches!(metric, Metric::Percentile(_)) => {
            let kinds: Vec<&str> = rows.iter().map(|row| row.kind).collect();
            Err(format!(
                "percentiles of several rows ({}) cannot be put together; name a type",
                kinds.join(", ")
            ))
        }
        Figures::Printed(_) => Ok(Some(Figures::Printed(put_together(rows)))),
    }
}

fn put_together(rows: &[&Row<'_>]) -> BTreeMap<&'static str, f64> {
    let mut all: BTreeMap<&'static str, f64> = BTreeMap::new();
    let tables = || {
        rows.iter().filter_map(|row| match &row.figures {
            Figures::Printed(cells) => Some((cells, row.figures.requests() as f64)),
            Figures::Counted(..) => None,
        })
    };
    for column in SUMS {
        all.insert(column, tables().filter_map(|(cells, _)| cells.get(column)).sum());
    }
    for column in MEANS {
        let known = || tables().filter_map(|(cells, count)| Some((cells.get(column)?, count)));
        let count: f64 = known().map(|(_, count)| count).sum();
        if count > 0.0 {
            all.insert(column, known().map(|(mean, count)| mean * count).sum::<f64>() / count);
        }
    }
    let extreme = |column, better: fn(f64, f64) -> f64| {
        tables()
            .filter(|(_, count)| *count > 0.0)
            .filter_map(|(cells, _)| cells.get(column).copied())
            .reduce(better)
    };
    for (column, value) in [
        ("Min Response Time", extreme("Min Response Time", f64::min)),
        ("Max Response Time", extreme("Max Response Time", f64::max)),
    ] {
        all.extend(value.map(|value| (column, value)));
    }
    all
}

/// A run, finished or under way.
#[derive(Clone, Debug)]
pub struct RunEvidence<'a> {
    totals: &'a Totals,
    milestones: Milestones,
}

impl<'a> RunEvidence<'a> {
    /// A run as it stands at `now`.
    #[must_use]
    pub fn so_far(totals: &'a Totals, milestones: &Milestones, now: Duration) -> Self {
        let ending = milestones.ending.or(Some(now));
        Self { totals, milestones: Milestones { ending, ..milestones.clone() } }
    }
}

impl Evidence for RunEvidence<'_> {
    fn rows(&self, window: Window) -> Result<Rows<'_>, String> {
        rows_of(self.totals, &self.milestones, window)
    }
}

impl Evidence for RunResult {
    fn rows(&self, window: Window) -> Result<Rows<'_>, String> {
        let ending = self.milestones.ending.or(Some(self.duration));
        rows_of(&self.totals, &Milestones { ending, ..self.milestones.clone() }, window)
    }
}

/// The rows of a run whose end, or whose present, is its ending.
fn rows_of<'a>(totals: &'a Totals, milestones: &Milestones, window: Window) -> Result<Rows<'a>, String> {
    if window == Window::Whole {
        let seconds = totals.rate_span().as_secs_f64();
        let figures = |entry| Figures::Counted(Cow::Borrowed(entry), seconds);
        let rows = totals.entries().into_iter();
        let rows = rows.map(|entry| Row { kind: &entry.method, name: &entry.name, figures: figures(entry) });
        let all = totals.aggregated();
        return Ok(Rows {
            rows: rows.collect(),
            all: (all.requests > 0).then(|| figures(all)),
            seconds: None,
        });
    }
    let (from, to) = window.seconds(milestones).ok_or_else(|| window.absence())?;
    let stretch = totals.timeline().window(from, to);
    let stretch =
        stretch.ok_or_else(|| format!("no whole slice of the run lies in its seconds {from} to {to}"))?;
    // The last second of a run is not a whole one.
    let end = milestones.ending.map_or(to as f64, |ending| ending.as_secs_f64().min(stretch.to as f64));
    let seconds = (end - stretch.from as f64).max(0.0);
    let timeline = totals.timeline();
    let rows = stretch.entries.into_iter().filter_map(|entry| {
        let (kind, name) =
            timeline.names().find(|(kind, name)| **kind == *entry.method && **name == *entry.name)?;
        Some(Row { kind, name, figures: Figures::Counted(Cow::Owned(entry), seconds) })
    });
    Ok(Rows {
        rows: rows.collect(),
        all: (stretch.aggregated.requests > 0)
            .then_some(Figures::Counted(Cow::Owned(stretch.aggregated), seconds)),
        seconds: Some((stretch.from, stretch.to)),
    })
}
