//! The table of `--once`: which tasks passed.

use super::styles::{BAD, GOOD};
use crate::report::numbers::three_digits;
use crate::report::one_line::one_line;
use crate::util::filled;
use std::fmt::Write;
use std::time::Duration;

/// The width of the paths: with the columns around it, a line of 80 characters.
const PATH_WIDTH: usize = 48;

/// What came of one task, or of an `on_start` or `on_stop`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnceRow {
    /// The class, the sets and the function, joined by `/`.
    pub path: String,
    /// What came of it.
    pub outcome: OnceOutcome,
}

/// What came of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnceOutcome {
    /// It ran.
    Ran {
        /// Requests, and the like.
        requests: u64,
        /// How long it ran.
        took: Duration,
        /// Why it failed; empty where it passed.
        failures: Vec<String>,
        /// How it left, where it did not simply return.
        remark: Option<String>,
    },
    /// It was to run, and did not, for this reason.
    NotRun(String),
    /// It was not to run, for this reason.
    Skipped(String),
}

/// A line for each row, the reasons of failures under it, and the sum.
#[must_use]
pub fn once_table(rows: &[OnceRow]) -> String {
    let mut text = format!("{:<8} {:<PATH_WIDTH$} {:>10} {:>10}\n", "", "Task, once", "# requests", "ms");
    let [mut passed, mut failed, mut not_run, mut skipped] = [0; 4];
    for OnceRow { path, outcome } in rows {
        let path = filled(&one_line(path), PATH_WIDTH);
        match outcome {
            OnceOutcome::Ran { requests, took, failures, remark } => {
                let (style, word) = if failures.is_empty() { (GOOD, "passed") } else { (BAD, "FAILED") };
                *(if failures.is_empty() { &mut passed } else { &mut failed }) += 1;
                let ms = three_digits(*took);
                line(&mut text, &format!("{style}{word:<8}{style:#} {path} {requests:>10} {ms:>10}"));
                for why in failures.iter().chain(remark) {
                    line(&mut text, &format!("{:<10} {}", "", one_line(why)));
                }
            }
            OnceOutcome::NotRun(why) => {
                not_run += 1;
                line(&mut text, &format!("{:<8} {path} {why}", "not run"));
            }
            OnceOutcome::Skipped(why) => {
                skipped += 1;
                line(&mut text, &format!("{:<8} {path} {why}", "skipped"));
            }
        }
    }
    let parts = [(failed, "failed"), (not_run, "not run"), (skipped, "skipped")];
    let more: String = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!(", {count} {word}"))
        .collect();
    line(&mut text, &format!("\n{passed} passed{more}."));
    text
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{}", line.trim_end()).expect("a String takes everything");
}
