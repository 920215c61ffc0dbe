//! The four files of a run that is over.

use super::rows::{CsvOptions, Moment, history_head, lines, states};
use super::writer::{file, outputs};
use crate::report::numbers::quantiles;
use crate::stats::{Entry, Rate, RunResult, Stretch};
use crate::util::Diagnostic;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Rates and percentiles of the history are those of so many seconds.
const REACH: u64 = 10;

/// Writes the files that the run itself would have left; the history has a row for each slice of time that was kept,
/// which are seconds in a short run and longer in a long one.
///
/// # Errors
///
/// A file cannot be written.
pub fn write_files(prefix: &str, run: &RunResult, options: CsvOptions) -> Result<(), Diagnostic> {
    let outputs = outputs(prefix)?;
    let history = file(prefix, "stats_history")?;
    for (output, bytes) in outputs.iter().zip(states(&run.totals, options.integer_ms)) {
        output.write(&bytes)?;
    }
    let mut bytes = history_head();
    bytes.extend(history_rows(run, options));
    history.write(&bytes)
}

fn history_rows(run: &RunResult, options: CsvOptions) -> Vec<u8> {
    let timeline = run.totals.timeline();
    let width = timeline.width();
    let mut all = Series::new(Entry::new("", "Aggregated"));
    let mut names: BTreeMap<(Arc<str>, Arc<str>), Series> = BTreeMap::new();
    let mut rows = Vec::new();
    for (from, slice) in timeline.slices() {
        let Some(stretch) = timeline.window(from, from + width) else { continue };
        let Stretch { entries, aggregated, .. } = stretch;
        let until = from + width;
        all.add(until, aggregated);
        if options.full_history {
            for entry in entries {
                let key = (entry.name.clone(), entry.method.clone());
                let empty = || Series::new(Entry::new(&entry.method, &entry.name));
                names.entry(key).or_insert_with(empty).add(until, entry);
            }
        }
        let second = run.totals.wall_time(std::time::Duration::from_secs(until)).as_second();
        let users = slice.gauges.users;
        let series = names.values_mut().chain(std::iter::once(&mut all));
        rows.extend(series.map(|series| series.row(second, users, until, width).cells(options.integer_ms)));
    }
    lines([], rows)
}

/// One name, or all together, on the way through the run.
struct Series {
    total: Entry,
    /// The last slices, with the second in which each ended.
    last: VecDeque<(u64, Entry)>,
}

impl Series {
    fn new(total: Entry) -> Self {
        Self { total, last: VecDeque::new() }
    }

    fn add(&mut self, until: u64, entry: Entry) {
        self.total.merge(&entry);
        self.last.push_back((until, entry));
    }

    fn row(&mut self, second: i64, users: u64, until: u64, width: u64) -> Moment<'_> {
        let reach = REACH.max(width);
        while self.last.front().is_some_and(|(ended, _)| ended + reach <= until) {
            self.last.pop_front();
        }
        let mut recent = Entry::new("", "");
        self.last.iter().for_each(|(_, entry)| recent.merge(entry));
        let seconds = reach.min(until) as f64;
        let rate =
            Rate { requests: recent.requests as f64 / seconds, failures: recent.failures as f64 / seconds };
        Moment {
            second,
            users,
            entry: &self.total,
            rate,
            percentiles: recent.times.percentiles(&quantiles()),
        }
    }
}
