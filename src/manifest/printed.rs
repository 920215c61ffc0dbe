//! What a CSV of statistics says: printed rows, without the times behind them.

use super::Metric;
use super::value::Value;
use std::sync::Arc;

/// The rows of a `_stats.csv`, katydid's or Locust's.
#[derive(Clone, Debug, PartialEq)]
pub struct PrintedStats {
    /// What the cells of each row are.
    pub(super) columns: Vec<Metric>,
    /// One for each (type, name).
    pub(super) rows: Vec<PrintedRow>,
    /// All rows together, where the file says it.
    pub(super) total: Option<PrintedRow>,
}

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PrintedRow {
    /// The type column.
    pub(super) kind: Arc<str>,
    pub(super) name: Arc<str>,
    pub(super) requests: u64,
    pub(super) failures: u64,
    /// In the order of the columns; none where there is no data.
    pub(super) cells: Vec<Option<f64>>,
}

/// Some rows together.
#[derive(Clone, Debug)]
pub(super) struct Printed<'a> {
    columns: &'a [Metric],
    rows: Vec<&'a PrintedRow>,
}

/// One of two numbers.
type Pick = fn(f64, f64) -> f64;

/// Why a metric has no value.
const NOT_MEASURED: &str = "was never measured";
const NO_COLUMN: &str = "cannot be told: the CSV has no column for it";

impl<'a> Printed<'a> {
    /// One row.
    pub(super) fn one(stats: &'a PrintedStats, row: &'a PrintedRow) -> Self {
        Self { columns: &stats.columns, rows: vec![row] }
    }

    /// Takes in the rows of another.
    pub(super) fn add(&mut self, other: &Self) {
        self.rows.extend(&other.rows);
    }

    /// How many requests they are about.
    pub(super) fn requests(&self) -> u64 {
        self.rows.iter().fold(0, |sum, row| sum.saturating_add(row.requests))
    }

    fn failures(&self) -> u64 {
        self.rows.iter().fold(0, |sum, row| sum.saturating_add(row.failures))
    }

    /// What is known of a metric.
    ///
    /// # Errors
    ///
    /// Why nothing is: a sentence fragment.
    pub(super) fn value(&self, metric: Metric) -> Result<Value, &'static str> {
        let (requests, failures) = (self.requests(), self.failures());
        if requests == 0 && failures == 0 {
            return Err(NOT_MEASURED);
        }
        let counts_failures = self.columns.contains(&Metric::FailureCount);
        match metric {
            Metric::RequestCount => Ok(Value::exactly(requests as f64)),
            Metric::FailureCount | Metric::FailRatio if !counts_failures => Err(NO_COLUMN),
            Metric::FailureCount => Ok(Value::exactly(failures as f64)),
            Metric::FailRatio => {
                // Locust before 0.11 counts failed requests beside the others.
                let all = if failures > requests { requests.saturating_add(failures) } else { requests };
                Ok(Value::exactly(failures as f64 / all as f64))
            }
            Metric::RequestRate | Metric::FailureRate => {
                self.cells(metric, |_| true)?.into_iter().map(|(_, rate)| rate).reduce(|a, b| a + b).exactly()
            }
            Metric::ContentSize => self.mean(metric, |row| row.requests > 0),
            Metric::Average => self.mean(metric, |row| self.timed(row)),
            Metric::Min | Metric::Max | Metric::Median | Metric::Percentile(_) => self.time(metric),
        }
    }

    /// A quantile of the response times. Of several rows together it lies between the smallest and the largest of theirs,
    /// and one without a column between those of its neighbours.
    fn time(&self, metric: Metric) -> Result<Value, &'static str> {
        let (below, above) = self.neighbours(metric).ok_or(NO_COLUMN)?;
        let (least, most): (Pick, Pick) = match metric {
            // The extremes of rows together are those of one of them.
            Metric::Min | Metric::Percentile(..=0.0) => (f64::min, f64::min),
            Metric::Max | Metric::Percentile(100.0..) => (f64::max, f64::max),
            _ => (f64::min, f64::max),
        };
        Ok(Value::between(self.picked(below, least)?, self.picked(above, most)?))
    }

    /// The smallest or the largest cell of a column.
    fn picked(&self, metric: Metric, pick: Pick) -> Result<f64, &'static str> {
        let times = self.cells(metric, |row| self.timed(row))?.into_iter().map(|(_, time)| time);
        times.reduce(pick).ok_or(NOT_MEASURED)
    }

    /// The columns that a quantile lies between: twice its own, if it has one.
    fn neighbours(&self, metric: Metric) -> Option<(Metric, Metric)> {
        if self.columns.contains(&metric) {
            return Some((metric, metric));
        }
        let wanted = quantile(metric)?;
        let known = || self.columns.iter().filter_map(|column| Some((quantile(*column)?, *column)));
        let below = known().filter(|(percent, _)| *percent <= wanted).max_by(|a, b| a.0.total_cmp(&b.0))?;
        let above = known().filter(|(percent, _)| *percent >= wanted).min_by(|a, b| a.0.total_cmp(&b.0))?;
        Some((below.1, above.1))
    }

    /// The mean of the rows' means, each weighted with its requests.
    fn mean(&self, metric: Metric, counts: impl Fn(&PrintedRow) -> bool) -> Result<Value, &'static str> {
        let mut weights = 0.0;
        let mut sum = 0.0;
        let mut only = None;
        for (row, mean) in self.cells(metric, counts)? {
            only = if weights == 0.0 { Some(mean) } else { None };
            weights += row.requests as f64;
            sum += row.requests as f64 * mean;
        }
        // What is printed of one row need not be computed.
        only.or_else(|| (weights > 0.0).then(|| sum / weights)).exactly()
    }

    /// The rows that count, with their cells in a column. One without data leaves nothing to say of all together.
    fn cells(
        &self,
        metric: Metric,
        counts: impl Fn(&PrintedRow) -> bool,
    ) -> Result<Vec<(&'a PrintedRow, f64)>, &'static str> {
        let index = self.columns.iter().position(|column| *column == metric).ok_or(NO_COLUMN)?;
        let rows = self.rows.iter().filter(|row| (row.requests > 0 || row.failures > 0) && counts(row));
        rows.map(|row| Some((*row, row.cells[index]?))).collect::<Option<_>>().ok_or(NOT_MEASURED)
    }

    /// Whether requests of a row were timed: the zeros in other columns say nothing where all percentiles are `N/A`.
    fn timed(&self, row: &PrintedRow) -> bool {
        let is_quantile = |metric: &Metric| matches!(metric, Metric::Median | Metric::Percentile(_));
        let cells = self.columns.iter().zip(&row.cells).filter(|(metric, _)| is_quantile(metric));
        let known: Vec<bool> = cells.map(|(_, cell)| cell.is_some()).collect();
        row.requests > 0 && (known.is_empty() || known.contains(&true))
    }
}

/// Which share of the times lies below the metric, in percent; none for what is no quantile.
fn quantile(metric: Metric) -> Option<f64> {
    match metric {
        Metric::Min => Some(0.0),
        Metric::Max => Some(100.0),
        Metric::Median => Some(50.0),
        Metric::Percentile(percent) => Some(percent),
        _ => None,
    }
}

/// A number that may not be there, as a value.
trait Exactly {
    fn exactly(self) -> Result<Value, &'static str>;
}

impl Exactly for Option<f64> {
    fn exactly(self) -> Result<Value, &'static str> {
        self.map(Value::exactly).ok_or(NOT_MEASURED)
    }
}
