//! What thresholds are judged by: the rows of a run, or of a stretch of it.

use super::unseen::Unseen;
use super::{Metric, Window};
use crate::stats::{Entry, Milestones, RunResult, Totals};
use std::borrow::{Borrow, Cow};
use std::sync::Arc;
use std::time::Duration;

/// A run, finished or under way.
#[derive(Clone, Debug)]
pub struct Evidence<'a> {
    totals: &'a Totals,
    /// Its ending is the end of the run, or the present.
    milestones: Milestones,
}

impl<'a> Evidence<'a> {
    /// A run as it stands at `now`.
    #[must_use]
    pub fn so_far(totals: &'a Totals, milestones: &Milestones, now: Duration) -> Self {
        let ending = milestones.ending.or(Some(now));
        Self { totals, milestones: Milestones { ending, ..milestones.clone() } }
    }

    /// The rows of a window.
    ///
    /// # Errors
    ///
    /// Why there are none: a sentence fragment.
    fn rows(&self, window: Window) -> Result<Rows<'a>, String> {
        if window == Window::Whole {
            let figures = |entry| Figures { entry: Cow::Borrowed(entry), time: self.totals.rate_span() };
            return Ok(Rows::new(self.totals.entries(), self.totals.aggregated(), None, figures));
        }
        let (from, to) = window.seconds(&self.milestones).ok_or_else(|| window.absence())?;
        let stretch = self.totals.timeline().window(from, to);
        let stretch =
            stretch.ok_or_else(|| format!("no whole slice of the run lies in its seconds {from} to {to}"))?;
        // The last second of a run is not a whole one.
        let end = Duration::from_secs(stretch.to);
        let end = self.milestones.ending.map_or(end, |ending| ending.min(end));
        let time = end.saturating_sub(Duration::from_secs(stretch.from));
        let figures = |entry| Figures { entry: Cow::Owned(entry), time };
        Ok(Rows::new(stretch.entries, stretch.aggregated, Some((stretch.from, stretch.to)), figures))
    }
}

impl<'a> From<&'a RunResult> for Evidence<'a> {
    fn from(result: &'a RunResult) -> Self {
        Self::so_far(&result.totals, &result.milestones, result.duration)
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
        Unseen::of(self.evidence.totals, window)
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
}

/// What requests of one name and type came to.
#[derive(Debug)]
pub(super) struct Row<'a> {
    /// The type column.
    pub(super) kind: Arc<str>,
    pub(super) name: Arc<str>,
    pub(super) figures: Figures<'a>,
}

/// What some requests came to: counts and a histogram, and the time that they were counted in.
#[derive(Clone, Debug)]
pub(super) struct Figures<'a> {
    entry: Cow<'a, Entry>,
    time: Duration,
}

impl<'a> Figures<'a> {
    /// How many requests they are about.
    pub(super) fn requests(&self) -> u64 {
        self.entry.requests
    }

    /// The value of a metric; none without data for it.
    pub(super) fn value(&self, metric: Metric) -> Option<f64> {
        metric.of(&self.entry, self.time.as_secs_f64())
    }

    /// Several rows as one; none without rows.
    pub(super) fn pooled(rows: &[&Row<'a>]) -> Option<Self> {
        let [first, more @ ..] = rows else { return None };
        let mut all = first.figures.clone();
        for row in more {
            all.entry.to_mut().merge(&row.figures.entry);
        }
        Some(all)
    }
}
