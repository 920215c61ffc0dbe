//! Locust's four CSV files.

use super::numbers::{PERCENTILES, exact_ms, quantiles, short_ms, shortest, whole_ms};
use crate::stats::{Entry, Totals, Window};
use crate::util::{Diagnostic, Place};
use csv::Terminator;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How the files are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CsvOptions {
    /// Every row in the history, not only `Aggregated`.
    pub full_history: bool,
    /// Median and percentiles in whole milliseconds, cut off as on the console, instead of up to three decimals.
    pub integer_ms: bool,
}

/// Writes `PREFIX_stats.csv`, `PREFIX_stats_history.csv`, `PREFIX_failures.csv` and `PREFIX_exceptions.csv`: columns,
/// quoting and line ends are Locust's. What the last write says is what the console says.
///
/// The history grows by a row per tick; the other files are replaced whole, so a reader never sees half of one.
#[derive(Debug)]
pub struct CsvWriter {
    prefix: String,
    options: CsvOptions,
    history: csv::Writer<File>,
    /// The last seconds of each series in the history, by method and name.
    windows: HashMap<(String, String), Window>,
}

impl CsvWriter {
    /// Makes the folder of `prefix` and all four files with their headers.
    ///
    /// # Errors
    ///
    /// The folder cannot be made or a file cannot be written: before the run, not after it.
    pub fn new(prefix: &str, options: CsvOptions) -> Result<Self, Diagnostic> {
        let path = file_path(prefix, "stats_history");
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(|error| cannot_make(folder, &error))?;
        }
        let file = File::create(&path).map_err(|error| cannot_write(&path, &error))?;
        let windows = HashMap::new();
        let mut writer = Self { prefix: prefix.to_owned(), options, history: to(file), windows };
        writer.history_rows(|history| history.write_record(history_header()))?;
        writer.replace("stats", stats_header(), |_| Ok(()))?;
        writer.replace("failures", FAILURES_HEADER, |_| Ok(()))?;
        writer.replace("exceptions", EXCEPTIONS_HEADER, |_| Ok(()))?;
        Ok(writer)
    }

    /// Writes the state of the run at `now`, with `users` running; call it once a second.
    ///
    /// # Errors
    ///
    /// A file cannot be written.
    pub fn tick(&mut self, totals: &Totals, now: Duration, users: usize) -> Result<(), Diagnostic> {
        self.write_history(totals, now, users)?;
        self.write_state(totals)
    }

    /// Writes the final state and ends the files.
    ///
    /// # Errors
    ///
    /// A file cannot be written.
    pub fn finish(mut self, totals: &Totals, now: Duration, users: usize) -> Result<(), Diagnostic> {
        self.write_history(totals, now, users)?;
        self.write_state(totals)
    }

    fn write_state(&self, totals: &Totals) -> Result<(), Diagnostic> {
        let integer = self.options.integer_ms;
        self.replace("stats", stats_header(), |rows| {
            let mut entries = totals.entries();
            entries.push(totals.aggregated());
            entries.into_iter().try_for_each(|entry| rows.write_record(stats_row(totals, entry, integer)))
        })?;
        self.replace("failures", FAILURES_HEADER, |rows| {
            totals.failures().into_iter().try_for_each(|row| {
                let count = row.occurrences.to_string();
                let [first, last] = [row.first, row.last].map(|seen| utc(totals, seen));
                rows.write_record([&*row.method, &row.name, &row.text, &count, &first, &last])
            })
        })?;
        self.replace("exceptions", EXCEPTIONS_HEADER, |rows| {
            totals.exceptions().into_iter().try_for_each(|row| {
                let place = format!("{} in {}", row.place, row.task);
                rows.write_record([&row.count.to_string(), &*row.message, &place, "local"])
            })
        })
    }

    fn write_history(&mut self, totals: &Totals, now: Duration, users: usize) -> Result<(), Diagnostic> {
        let full = self.options.full_history;
        let mut entries = if full { totals.entries() } else { Vec::new() };
        entries.push(totals.aggregated());
        let second = totals.wall_time(now).as_second();
        let head = [second.to_string(), users.to_string()];
        let mut rows = Vec::with_capacity(entries.len());
        for entry in entries {
            let key = (entry.method.to_string(), entry.name.to_string());
            let window = self.windows.entry(key).or_default();
            window.advance(now, entry);
            rows.push(history_row(totals, entry, window, &head, self.options.integer_ms));
        }
        self.history_rows(|history| rows.iter().try_for_each(|row| history.write_record(row)))
    }

    fn history_rows(
        &mut self,
        write: impl FnOnce(&mut csv::Writer<File>) -> csv::Result<()>,
    ) -> Result<(), Diagnostic> {
        let written = write(&mut self.history).map_err(io::Error::other);
        let written = written.and_then(|()| self.history.flush());
        written.map_err(|error| cannot_write(&file_path(&self.prefix, "stats_history"), &error))
    }

    /// Writes a file beside its place and moves it there.
    fn replace<'a>(
        &self,
        what: &str,
        header: impl IntoIterator<Item = &'a str>,
        write: impl FnOnce(&mut csv::Writer<File>) -> csv::Result<()>,
    ) -> Result<(), Diagnostic> {
        let path = file_path(&self.prefix, what);
        let beside = path.with_extension("csv.tmp");
        let written = File::create(&beside).map(to).and_then(|mut rows| {
            rows.write_record(header).and_then(|()| write(&mut rows)).map_err(io::Error::other)?;
            rows.flush()
        });
        written.and_then(|()| fs::rename(&beside, &path)).map_err(|error| cannot_write(&path, &error))
    }
}

const FAILURES_HEADER: [&str; 6] = ["Method", "Name", "Error", "Occurrences", "First Seen", "Last Seen"];
const EXCEPTIONS_HEADER: [&str; 4] = ["Count", "Message", "Traceback", "Nodes"];

fn stats_header() -> impl Iterator<Item = &'static str> {
    let counts = [
        "Type",
        "Name",
        "Request Count",
        "Failure Count",
        "Median Response Time",
        "Average Response Time",
        "Min Response Time",
        "Max Response Time",
        "Average Content Size",
        "Requests/s",
        "Failures/s",
    ];
    counts.into_iter().chain(PERCENTILES.map(|(name, _)| name))
}

fn history_header() -> impl Iterator<Item = &'static str> {
    let current = ["Timestamp", "User Count", "Type", "Name", "Requests/s", "Failures/s"];
    let total = [
        "Total Request Count",
        "Total Failure Count",
        "Total Median Response Time",
        "Total Average Response Time",
        "Total Min Response Time",
        "Total Max Response Time",
        "Total Average Content Size",
    ];
    current.into_iter().chain(PERCENTILES.map(|(name, _)| name)).chain(total)
}

fn stats_row(totals: &Totals, entry: &Entry, integer_ms: bool) -> Vec<String> {
    let rate = totals.total_rate(entry);
    let mut row = vec![entry.method.to_string(), entry.name.to_string()];
    row.extend(total_cells(entry, integer_ms));
    row.extend([shortest(rate.requests), shortest(rate.failures)]);
    row.extend(percentile_cells(&entry.times.percentiles(&quantiles()), integer_ms));
    row
}

/// Rates and percentiles are those of the last ten seconds, the `Total` columns those of the run.
fn history_row(
    totals: &Totals,
    entry: &Entry,
    window: &Window,
    head: &[String; 2],
    integer_ms: bool,
) -> Vec<String> {
    let rate = totals.current_rate(entry);
    let mut row = head.to_vec();
    row.extend([entry.method.to_string(), entry.name.to_string()]);
    row.extend([rate.requests, rate.failures].map(|rate| format!("{rate:.6}")));
    row.extend(percentile_cells(&window.percentiles(entry, &quantiles()), integer_ms));
    row.extend(total_cells(entry, integer_ms));
    row
}

/// Request count, failure count, median, average, minimum, maximum, content size. Without data Locust's zeros, but for
/// the median, which is `N/A` as the percentiles are.
fn total_cells(entry: &Entry, integer_ms: bool) -> [String; 7] {
    let exact = |time: Option<Duration>| shortest(exact_ms(time.unwrap_or_default()));
    [
        entry.requests.to_string(),
        entry.failures.to_string(),
        entry.times.percentile(0.5).map_or_else(|| "N/A".to_owned(), |time| ms_cell(time, integer_ms)),
        shortest(entry.times.average_ms().unwrap_or_default()),
        exact(entry.times.min()),
        exact(entry.times.max()),
        shortest(entry.average_content_bytes().unwrap_or_default()),
    ]
}

fn percentile_cells(times: &[Duration], integer_ms: bool) -> Vec<String> {
    if times.is_empty() {
        return vec!["N/A".to_owned(); PERCENTILES.len()];
    }
    times.iter().map(|time| ms_cell(*time, integer_ms)).collect()
}

fn ms_cell(time: Duration, integer: bool) -> String {
    if integer { whole_ms(time).to_string() } else { short_ms(time) }
}

/// `2026-11-21T08:00:00Z`: whole seconds.
fn utc(totals: &Totals, since_start: Duration) -> String {
    let second = totals.wall_time(since_start).as_second();
    jiff::Timestamp::from_second(second).map(|time| time.to_string()).unwrap_or_default()
}

fn file_path(prefix: &str, what: &str) -> PathBuf {
    PathBuf::from(format!("{prefix}_{what}.csv"))
}

fn to(file: File) -> csv::Writer<File> {
    csv::WriterBuilder::new().terminator(Terminator::CRLF).from_writer(file)
}

fn cannot_make(folder: &Path, error: &io::Error) -> Diagnostic {
    let why = match error.kind() {
        io::ErrorKind::AlreadyExists => "it is a file".to_owned(),
        _ => error.to_string(),
    };
    Diagnostic::error(format!("cannot make the folder for the CSV: {why}"))
        .at(Place::file(&folder.to_string_lossy()))
        .help("give `--csv` a prefix in a folder that can be written to")
}

fn cannot_write(path: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::error(format!("cannot write the CSV: {error}"))
        .at(Place::file(&path.to_string_lossy()))
        .help("give `--csv` a prefix in a folder that can be written to")
}
