//! The end of a run: everything that is to be said about it, most of it as tables.

use super::once::{OnceRow, once_table};
use super::requests::{Rates, request_table};
use super::styles::{BAD, GOOD};
use super::{
    error_report, exception_report, health_report, invalid_report, overflow_report, percentile_table,
    phase_table, run_summary, service_table, verdict_reasons, verdict_table,
};
use crate::report::{EndingCause, Record};

/// A run that made load. On a terminal of so many columns; none elsewhere.
#[must_use]
pub fn run_report(record: &Record, columns: Option<usize>) -> String {
    let run = &record.run;
    let totals = &run.totals;
    let tables = [
        request_table(totals, Rates::Total, columns),
        percentile_table(totals, columns),
        service_table(totals, columns),
        phase_table(totals, columns),
        error_report(totals),
        exception_report(totals),
        run_summary(run),
        overflow_report(totals),
        health_report(run, record.allow_saturation),
    ];
    with_verdicts(tables, record)
}

/// A run in which each task ran once.
#[must_use]
pub fn once_report(rows: &[OnceRow], record: &Record) -> String {
    with_verdicts([once_table(rows), run_summary(&record.run)], record)
}

/// Only what speaks against the run: failures, exceptions, missed thresholds, why it is not valid; then the run in one line,
/// and at last `outcome`, which says what came of it. Without `rows` of tasks that ran once, unless one failed.
#[must_use]
pub fn quiet_report(record: &Record, rows: Option<&[OnceRow]>, outcome: &str) -> String {
    let run = &record.run;
    let mut parts = match rows {
        Some(rows) if record.exit_code != 0 => vec![once_table(rows)],
        Some(_) => Vec::new(),
        None => vec![error_report(&run.totals), exception_report(&run.totals)],
    };
    parts.extend([overflow_report(&run.totals), invalid_report(&record.invalid, record.allow_saturation)]);
    parts.extend(record.verdicts.iter().map(verdict_reasons));
    let style = if record.exit_code == 0 { GOOD } else { BAD };
    parts.extend([run_summary(run), format!("{style}{outcome}{style:#}\n")]);
    parts.concat()
}

/// A run that is judged later: why it is not valid, what became of the thresholds, whether one of them ended it; and what
/// else there is against it, where `outcome` says so.
#[must_use]
pub fn verify_report(record: &Record, ended_by_threshold: bool, outcome: Option<&str>) -> String {
    let mut parts = vec![invalid_report(&record.invalid, record.allow_saturation)];
    let cut = record.ending.cause == EndingCause::Cut;
    parts.extend(cut.then(|| invalid_report(&["a second signal cut it"], false)));
    parts.extend(record.verdicts.iter().map(verdict_table));
    if ended_by_threshold {
        let why = record.ending.reason.as_deref().unwrap_or_default();
        parts.push(format!("The run was ended by a missed threshold: {why}\n"));
    }
    if let Some(outcome) = outcome {
        let totals = &record.run.totals;
        let style = if record.passed() { GOOD } else { BAD };
        parts.extend([error_report(totals), exception_report(totals)]);
        parts.push(format!("{style}{outcome}{style:#}\n"));
    }
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

fn with_verdicts(parts: impl IntoIterator<Item = String>, record: &Record) -> String {
    let verdicts = record.verdicts.iter().map(verdict_table);
    let parts: Vec<String> = parts.into_iter().chain(verdicts).filter(|part| !part.is_empty()).collect();
    parts.join("\n")
}
