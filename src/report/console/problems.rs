//! The error report and the exception report.

use super::layout::ruler;
use crate::report::one_line::one_line;
use crate::stats::Totals;
use std::borrow::Cow;
use std::fmt::Write;

/// Locust's line under `Error`: as wide as its request table less the first column.
const TEXT_WIDTH: usize = 141;

/// Locust's error report, the most frequent first; empty without failures. Where a text stands for several, one of them is in
/// a line of its own below.
#[must_use]
pub fn error_report(totals: &Totals) -> String {
    let failures = totals.failures();
    let rows = failures.iter().map(|row| {
        let what = format!("{} {}: {}", one_line(&row.method), one_line(&row.name), one_line(&row.text));
        let sample = (row.original() != &*row.text).then(|| one_line(row.original()));
        (row.occurrences, what, sample)
    });
    report("Error report", "Error", rows)
}

/// The exceptions of script functions in the same layout, with their place and the task that met them first; empty
/// without any.
#[must_use]
pub fn exception_report(totals: &Totals) -> String {
    let exceptions = totals.exceptions();
    let rows = exceptions.iter().map(|row| {
        let what =
            format!("{} at {} in {}", one_line(&row.message), one_line(&row.place), one_line(&row.task));
        let sample = (row.original() != &*row.message).then(|| one_line(row.original()));
        (row.count, what, sample)
    });
    report("Exception report", "Exception", rows)
}

/// How often, what, and an example of it.
type Problem<'a> = (u64, String, Option<Cow<'a, str>>);

fn report<'a>(title: &str, header: &str, rows: impl ExactSizeIterator<Item = Problem<'a>>) -> String {
    if rows.len() == 0 {
        return String::new();
    }
    let ruler = ruler(&[18, TEXT_WIDTH]);
    let mut text = format!("{title}\n{:<18} {header}\n{ruler}\n", "# occurrences");
    for (count, what, sample) in rows {
        writeln!(text, "{count:<18} {what}").expect("a String takes everything");
        if let Some(sample) = sample {
            writeln!(text, "{:<18}   as in: {sample}", "").expect("a String takes everything");
        }
    }
    text.push_str(&ruler);
    text.push('\n');
    text
}
