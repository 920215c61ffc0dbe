//! The request table and the percentile table.

use super::layout::{NAME_WIDTH, NARROWEST, TYPE_WIDTH, cell, name_width, ruler};
use super::styles::BAD;
use crate::report::numbers::{PERCENTILES, whole_ms};
use crate::stats::{Entry, Rate, Times, Totals};
use anstyle::Style;
use std::fmt::Write;

/// Which rates a request table shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rates {
    /// Of the last seconds: while the run goes on.
    Current,
    /// Of the whole run: at its end.
    Total,
}

impl Rates {
    fn of(self, totals: &Totals, entry: &Entry) -> Rate {
        match self {
            Self::Current => totals.current_rate(entry),
            Self::Total => totals.total_rate(entry),
        }
    }
}

/// Locust's request table: a row per (name, method) and `Aggregated`. `columns` is the width of the terminal, none where
/// there is none. Times are whole milliseconds, cut off, as Locust's; the CSV has the decimals.
#[must_use]
pub fn request_table(totals: &Totals, rates: Rates, columns: Option<usize>) -> String {
    // What Locust saved by compacting other columns.
    let width = name_width(columns) - TYPE_WIDTH + 4;
    let mut table = format!(
        "{:<TYPE_WIDTH$} {:<width$} {:>7} {:>12} |{:>7} {:>7} {:>7}{:>7} | {:>7} {:>11}\n",
        "Type", "Name", "# reqs", "# fails", "Avg", "Min", "Max", "Med", "req/s", "failures/s"
    );
    let ruler = ruler(&[TYPE_WIDTH, width, 7, 13, 7, 7, 7, 7, 8, 11]);
    table.push_str(&ruler);
    table.push('\n');
    for entry in totals.entries() {
        request_row(&mut table, entry, rates.of(totals, entry), width, columns);
    }
    table.push_str(&ruler);
    table.push('\n');
    let all = totals.aggregated();
    request_row(&mut table, all, rates.of(totals, all), width, columns);
    table
}

fn request_row(table: &mut String, entry: &Entry, rate: Rate, width: usize, columns: Option<usize>) {
    let method = cell(&entry.method, TYPE_WIDTH, columns);
    let name = cell(&entry.name, width, columns);
    let percent = entry.fail_ratio().unwrap_or_default() * 100.0;
    let fails = format!("{}({percent:.2}%)", entry.failures);
    let style = if entry.failures > 0 { BAD } else { Style::new() };
    // Cut off, as the others.
    let average = entry.times.average_ms().unwrap_or_default() as u64;
    let [min, max, median] = [entry.times.min(), entry.times.max(), entry.times.percentile(0.5)]
        .map(|time| whole_ms(time.unwrap_or_default()));
    let Rate { requests, failures } = rate;
    writeln!(
        table,
        "{method} {name} {:>7} {style}{fails:>12}{style:#} |{average:>7} {min:>7} {max:>7}{median:>7} | \
         {requests:>7.2} {failures:>11.2}",
        entry.requests
    )
    .expect("a String takes everything");
}

/// The percentiles that a small terminal has room for.
const FEW_PERCENTILES: [&str; 5] = ["50%", "90%", "95%", "99%", "100%"];

/// Which columns a percentile table has.
struct Percentiles {
    columns: Option<usize>,
    name_width: usize,
    shown: Vec<(&'static str, f64)>,
}

impl Percentiles {
    /// As many as fit; all of them where there is no terminal.
    fn for_width(columns: Option<usize>) -> Self {
        let room = |numbers: usize| {
            columns.map(|columns| columns.saturating_sub(TYPE_WIDTH + 4 + 7 * (numbers + 1)))
        };
        let all = room(PERCENTILES.len()).is_none_or(|room| room >= NARROWEST);
        let shown: Vec<_> =
            PERCENTILES.into_iter().filter(|(name, _)| all || FEW_PERCENTILES.contains(name)).collect();
        let name_width = room(shown.len()).map_or(NAME_WIDTH, |room| room.clamp(NARROWEST, NAME_WIDTH));
        Self { columns, name_width, shown }
    }

    fn row(&self, table: &mut String, entry: &Entry, times: &Times) {
        if times.is_empty() {
            return;
        }
        let width = self.name_width;
        let method = cell(&entry.method, TYPE_WIDTH, self.columns);
        let name = cell(&entry.name, width, self.columns);
        write!(table, "{method} {name} ").expect("a String takes everything");
        let quantiles: Vec<f64> = self.shown.iter().map(|(_, quantile)| *quantile).collect();
        let times = times.percentiles(&quantiles).into_iter().map(|time| whole_ms(time).to_string());
        push_numbers(table, &times.chain([entry.requests.to_string()]).collect::<Vec<_>>());
    }
}

/// Locust's percentile table: a row per (name, method) with timed requests, and `Aggregated`. A terminal without room
/// for all percentiles gets the most asked for.
#[must_use]
pub fn percentile_table(totals: &Totals, columns: Option<usize>) -> String {
    table_of_times("Response time percentiles (milliseconds, within 0.1 %)", columns, |percentiles, table| {
        for entry in totals.entries() {
            percentiles.row(table, entry, &entry.times);
        }
        let all = totals.aggregated();
        (all, &all.times)
    })
}

/// The same with service times, for the rows whose service times differ from the response times: those where requests of
/// the open model were sent later than intended. Empty where no table of milliseconds would show that.
#[must_use]
pub fn service_table(totals: &Totals, columns: Option<usize>) -> String {
    let all = totals.aggregated();
    let entries: Vec<_> = totals.entries().into_iter().filter(|entry| differs(entry)).collect();
    if entries.is_empty() {
        return String::new();
    }
    let title = "Service time percentiles: counted from when a request was sent, not from when it was due";
    table_of_times(title, columns, |percentiles, table| {
        for entry in entries {
            percentiles.row(table, entry, entry.service_times());
        }
        (all, all.service_times())
    })
}

/// Whether a service time differs from its response time so that a table of milliseconds shows it.
fn differs(entry: &Entry) -> bool {
    let shown = |times: &Times| -> Vec<_> {
        times.percentiles(&PERCENTILES.map(|(_, quantile)| quantile)).into_iter().map(whole_ms).collect()
    };
    entry.has_service_times() && shown(&entry.times) != shown(entry.service_times())
}

/// A table of percentiles: `rows` writes the rows, and says what is summed up at the end.
fn table_of_times<'a>(
    title: &str,
    columns: Option<usize>,
    rows: impl FnOnce(&Percentiles, &mut String) -> (&'a Entry, &'a Times),
) -> String {
    let percentiles = Percentiles::for_width(columns);
    let width = percentiles.name_width;
    let mut table = format!("{title}\n");
    let mut header = format!("{:<TYPE_WIDTH$} {:<width$} ", "Type", "Name");
    let names = percentiles.shown.iter().map(|(name, _)| (*name).to_owned());
    push_numbers(&mut header, &names.chain(["# reqs".to_owned()]).collect::<Vec<_>>());
    let mut widths = vec![TYPE_WIDTH, width, 8];
    widths.resize(3 + percentiles.shown.len(), 6);
    let ruler = ruler(&widths);
    table.push_str(&header);
    table.push_str(&ruler);
    table.push('\n');
    let (entry, times) = rows(&percentiles, &mut table);
    table.push_str(&ruler);
    table.push('\n');
    percentiles.row(&mut table, entry, times);
    table
}

/// The first number 8 wide, the others 6, and the end of the line.
fn push_numbers(line: &mut String, numbers: &[String]) {
    for (index, number) in numbers.iter().enumerate() {
        let (gap, width) = if index == 0 { ("", 8) } else { (" ", 6) };
        write!(line, "{gap}{number:>width$}").expect("a String takes everything");
    }
    line.push('\n');
}
