//! The request table and the percentile table.

use super::layout::{TYPE_WIDTH, cell, name_width, ruler};
use crate::report::numbers::{PERCENTILES, quantiles, whole_ms};
use crate::stats::{Entry, Rate, Totals};
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
    // Cut off, as the others.
    let average = entry.times.average_ms().unwrap_or_default() as u64;
    let [min, max, median] = [entry.times.min(), entry.times.max(), entry.times.percentile(0.5)]
        .map(|time| whole_ms(time.unwrap_or_default()));
    let Rate { requests, failures } = rate;
    writeln!(
        table,
        "{method:<TYPE_WIDTH$} {name:<width$} {:>7} {fails:>12} |{average:>7} {min:>7} {max:>7}{median:>7} | \
         {requests:>7.2} {failures:>11.2}",
        entry.requests
    )
    .expect("a String takes everything");
}

/// Locust's percentile table: a row per (name, method) with timed requests, and `Aggregated`.
#[must_use]
pub fn percentile_table(totals: &Totals, columns: Option<usize>) -> String {
    let width = name_width(columns);
    let mut table = "Response time percentiles (milliseconds, within 0.1 %)\n".to_owned();
    let mut header = format!("{:<TYPE_WIDTH$} {:<width$} ", "Type", "Name");
    let numbers: Vec<String> =
        PERCENTILES.iter().map(|(name, _)| (*name).to_owned()).chain(["# reqs".to_owned()]).collect();
    push_numbers(&mut header, &numbers);
    let mut widths = vec![TYPE_WIDTH, width, 8];
    widths.resize(3 + PERCENTILES.len(), 6);
    let ruler = ruler(&widths);
    table.push_str(&header);
    table.push_str(&ruler);
    table.push('\n');
    for entry in totals.entries() {
        percentile_row(&mut table, entry, width, columns);
    }
    table.push_str(&ruler);
    table.push('\n');
    percentile_row(&mut table, totals.aggregated(), width, columns);
    table
}

fn percentile_row(table: &mut String, entry: &Entry, width: usize, columns: Option<usize>) {
    if entry.times.is_empty() {
        return;
    }
    let method = cell(&entry.method, TYPE_WIDTH, columns);
    let name = cell(&entry.name, width, columns);
    write!(table, "{method:<TYPE_WIDTH$} {name:<width$} ").expect("a String takes everything");
    let times = entry.times.percentiles(&quantiles());
    let numbers: Vec<String> = times
        .into_iter()
        .map(|time| whole_ms(time).to_string())
        .chain([entry.requests.to_string()])
        .collect();
    push_numbers(table, &numbers);
}

/// The first number 8 wide, the others 6, and the end of the line.
fn push_numbers(line: &mut String, numbers: &[String]) {
    for (index, number) in numbers.iter().enumerate() {
        let (gap, width) = if index == 0 { ("", 8) } else { (" ", 6) };
        write!(line, "{gap}{number:>width$}").expect("a String takes everything");
    }
    line.push('\n');
}
