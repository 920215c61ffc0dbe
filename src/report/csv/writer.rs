//! The four files while a run goes on.

use super::rows::{CsvOptions, Moment, STATES, heads, history_head, lines, states};
use crate::report::Output;
use crate::report::numbers::quantiles;
use crate::stats::{Totals, Window};
use crate::util::Diagnostic;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

/// Writes `PREFIX_stats.csv`, `PREFIX_stats_history.csv`, `PREFIX_failures.csv` and `PREFIX_exceptions.csv`. What the last
/// write says is what the console says.
///
/// The history grows; the other files are replaced whole, so a reader never sees half of one, and neither does who finds
/// them after this process was killed.
#[derive(Debug)]
pub struct CsvWriter {
    options: CsvOptions,
    states: [Output; STATES.len()],
    history: History,
    /// The last seconds of each series in the history, by method and name.
    windows: HashMap<(String, String), Window>,
    /// Whether the last write failed.
    failing: bool,
}

impl CsvWriter {
    /// Makes the folder of `prefix` and all four files with their headers.
    ///
    /// # Errors
    ///
    /// The folder cannot be made or a file cannot be written: before the run, not after it.
    pub fn new(prefix: &str, options: CsvOptions) -> Result<Self, Diagnostic> {
        let states = outputs(prefix)?;
        states.iter().zip(heads()).try_for_each(|(output, head)| output.write(&head))?;
        let history = History::create(file(prefix, "stats_history")?)?;
        Ok(Self { options, states, history, windows: HashMap::new(), failing: false })
    }

    /// Writes the state of the run at `now`, with `users` running; call it once a second.
    ///
    /// # Errors
    ///
    /// A file cannot be written. It is tried again with every call, and only the first failure in a row is told.
    pub fn tick(&mut self, totals: &Totals, now: Duration, users: usize) -> Result<(), Diagnostic> {
        let written = self.write(totals, now, users);
        let was_failing = std::mem::replace(&mut self.failing, written.is_err());
        if was_failing { Ok(()) } else { written }
    }

    /// Writes the final state and ends the files.
    ///
    /// # Errors
    ///
    /// A file cannot be written.
    pub fn finish(mut self, totals: &Totals, now: Duration, users: usize) -> Result<(), Diagnostic> {
        self.write(totals, now, users)
    }

    /// Writes what can be written.
    fn write(&mut self, totals: &Totals, now: Duration, users: usize) -> Result<(), Diagnostic> {
        let rows = self.history_rows(totals, now, users);
        let appended = self.history.append(&rows);
        self.write_states(totals).and(appended)
    }

    fn write_states(&self, totals: &Totals) -> Result<(), Diagnostic> {
        let contents = states(totals, self.options.integer_ms);
        self.states.iter().zip(contents).try_for_each(|(output, bytes)| output.write(&bytes))
    }

    fn history_rows(&mut self, totals: &Totals, now: Duration, users: usize) -> Vec<u8> {
        let mut entries = if self.options.full_history { totals.entries() } else { Vec::new() };
        entries.push(totals.aggregated());
        let (second, users) = (totals.wall_time(now).as_second(), users as u64);
        let integer_ms = self.options.integer_ms;
        let rows = entries.into_iter().map(|entry| {
            let key = (entry.method.to_string(), entry.name.to_string());
            let window = self.windows.entry(key).or_default();
            window.advance(now, entry);
            let percentiles = window.percentiles(entry, &quantiles());
            Moment { second, users, entry, rate: totals.current_rate(entry), percentiles }.cells(integer_ms)
        });
        lines([], rows)
    }
}

/// The files of [`STATES`], found writable.
pub(super) fn outputs(prefix: &str) -> Result<[Output; STATES.len()], Diagnostic> {
    let [stats, failures, exceptions] = STATES.map(|what| file(prefix, what));
    Ok([stats?, failures?, exceptions?])
}

/// One of the files, found writable.
pub(super) fn file(prefix: &str, what: &str) -> Result<Output, Diagnostic> {
    Output::new("--csv", &PathBuf::from(format!("{prefix}_{what}.csv")))
}

/// A file that grows by whole rows.
#[derive(Debug)]
struct History {
    output: Output,
    file: File,
    /// Bytes of the rows that are in it.
    length: u64,
}

impl History {
    fn create(output: Output) -> Result<Self, Diagnostic> {
        let head = history_head();
        output.write(&head)?;
        let file = File::options().append(true).open(output.path()).map_err(|error| output.failed(&error))?;
        Ok(Self { output, file, length: head.len() as u64 })
    }

    /// Adds rows, by one call to the system: but for the moment of that call, in which the file grows page by page and may end
    /// where a page does, it ends with a whole row. Where they find no room, what was written of them is taken away again.
    fn append(&mut self, rows: &[u8]) -> Result<(), Diagnostic> {
        let written = self.file.write_all(rows);
        if written.is_ok() {
            self.length += rows.len() as u64;
        } else {
            self.take_back();
        }
        written.map_err(|error| self.output.failed(&error))
    }

    fn take_back(&self) {
        let is_longer = |file: &File| -> io::Result<bool> { Ok(file.metadata()?.len() > self.length) };
        if is_longer(&self.file).unwrap_or(false) {
            // What matters is the error that came first.
            let _ = self.file.set_len(self.length);
        }
    }
}
