//! The rows of the four files, as bytes.

use crate::manifest::METRIC_COLUMNS;
use crate::report::numbers::{PERCENTILES, exact_ms, quantiles, short_ms, shortest, whole_ms};
use crate::report::stamps::utc;
use crate::stats::{Entry, Rate, Totals};
use csv::Terminator;
use std::time::Duration;

/// How the files are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CsvOptions {
    /// Every row in the history, not only `Aggregated`.
    pub full_history: bool,
    /// Median and percentiles in whole milliseconds, cut off as on the console, instead of up to three decimals.
    pub integer_ms: bool,
}

/// The files that hold how the run stands; their names end so.
pub(super) const STATES: [&str; 3] = ["stats", "failures", "exceptions"];

/// The contents of [`STATES`].
pub(super) fn states(totals: &Totals, integer_ms: bool) -> [Vec<u8>; STATES.len()] {
    let mut entries = totals.entries();
    entries.push(totals.aggregated());
    let stats = entries.into_iter().map(|entry| stats_row(totals, entry, integer_ms));
    let failures = totals.failures().into_iter().map(|row| {
        let count = row.occurrences.to_string();
        let [first, last] = [row.first, row.last].map(|seen| utc(totals.wall_time(seen)));
        vec![row.method.to_string(), row.name.to_string(), row.text.to_string(), count, first, last]
    });
    let exceptions = totals.exceptions().into_iter().map(|row| {
        let place = format!("{} in {}", row.place, row.task);
        vec![row.count.to_string(), row.message.to_string(), place, "local".to_owned()]
    });
    [
        lines(stats_header().map(str::to_owned), stats),
        lines(FAILURES_HEADER.map(str::to_owned), failures),
        lines(EXCEPTIONS_HEADER.map(str::to_owned), exceptions),
    ]
}

/// The first lines of [`STATES`].
pub(super) fn heads() -> [Vec<u8>; STATES.len()] {
    let [failures, exceptions] = [FAILURES_HEADER.to_vec(), EXCEPTIONS_HEADER.to_vec()];
    [stats_header().collect(), failures, exceptions]
        .map(|header| lines(header.into_iter().map(str::to_owned), []))
}

/// The first line of the history.
pub(super) fn history_head() -> Vec<u8> {
    lines(history_header().map(str::to_owned), [])
}

/// One line of the history.
pub(super) struct Moment<'a> {
    /// When, in seconds since 1970.
    pub(super) second: i64,
    /// Users that ran.
    pub(super) users: u64,
    /// What was counted up to now.
    pub(super) entry: &'a Entry,
    /// Rates of the last seconds.
    pub(super) rate: Rate,
    /// Percentiles of the last seconds; empty without data.
    pub(super) percentiles: Vec<Duration>,
}

impl Moment<'_> {
    /// Rates and percentiles are those of the last seconds, the `Total` columns those of the run.
    pub(super) fn cells(&self, integer_ms: bool) -> Vec<String> {
        let Self { entry, rate, .. } = self;
        let mut row = vec![self.second.to_string(), self.users.to_string()];
        row.extend([entry.method.to_string(), entry.name.to_string()]);
        row.extend([rate.requests, rate.failures].map(|rate| format!("{rate:.6}")));
        row.extend(percentile_cells(&self.percentiles, integer_ms));
        row.extend(total_cells(entry, integer_ms));
        row
    }
}

/// Lines of CSV.
pub(super) fn lines(
    header: impl IntoIterator<Item = String>,
    rows: impl IntoIterator<Item = Vec<String>>,
) -> Vec<u8> {
    let mut writer =
        csv::WriterBuilder::new().terminator(Terminator::CRLF).flexible(true).from_writer(Vec::new());
    let header: Vec<String> = header.into_iter().collect();
    for row in (!header.is_empty()).then_some(header).into_iter().chain(rows) {
        writer.write_record(row).expect("a Vec takes everything");
    }
    writer.into_inner().expect("a Vec takes everything")
}

const FAILURES_HEADER: [&str; 6] = ["Method", "Name", "Error", "Occurrences", "First Seen", "Last Seen"];
const EXCEPTIONS_HEADER: [&str; 4] = ["Count", "Message", "Traceback", "Nodes"];

fn stats_header() -> impl Iterator<Item = &'static str> {
    ["Type", "Name"].into_iter().chain(METRIC_COLUMNS)
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
