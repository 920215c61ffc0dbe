//! The manifest's verdict as a table.

use super::layout::one_line;
use crate::manifest::{Verdict, VerdictRow};
use std::fmt::Write;

/// Every threshold with its actual value and margin, then why each missed one was missed.
#[must_use]
pub fn verdict_table(verdict: &Verdict) -> String {
    let missed: Vec<&VerdictRow> = verdict.rows.iter().filter(|row| !row.passed).collect();
    let thresholds = verdict.rows.len();
    let mut text = if verdict.passed {
        format!("Manifest: passed, {thresholds} of {thresholds} thresholds kept\n")
    } else {
        format!("Manifest: FAILED, {} of {thresholds} thresholds missed\n", missed.len())
    };
    let header = ["Verdict", "Type", "Name", "Metric", "Limit", "Actual", "Margin"].map(str::to_owned);
    let rows: Vec<[String; 7]> = verdict.rows.iter().map(cells).collect();
    let mut widths = [0; 7];
    for row in std::iter::once(&header).chain(&rows) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    push_row(&mut text, &header, &widths);
    let ruler: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    writeln!(text, "{}", ruler.join("-|-")).expect("a String takes everything");
    rows.iter().for_each(|row| push_row(&mut text, row, &widths));
    for row in missed {
        writeln!(text, "missed at {}: {}", row.place, one_line(&row.why)).expect("a String takes everything");
    }
    text
}

fn cells(row: &VerdictRow) -> [String; 7] {
    let nothing = || if row.why.starts_with("no row") { "no row" } else { "no data" }.to_owned();
    let margin = row.margin.map(|margin| {
        let sign = if margin > 0.0 { "+" } else { "" };
        format!("{sign}{}", row.unit.show(margin))
    });
    [
        if row.passed { "passed" } else { "FAILED" }.to_owned(),
        one_line(row.kind.as_deref().unwrap_or_default()).into_owned(),
        one_line(&row.resource).into_owned(),
        row.metric.clone(),
        row.limit.clone(),
        row.actual.map_or_else(nothing, |actual| row.unit.show(actual)),
        margin.unwrap_or_default(),
    ]
}

/// Texts to the left, the two numbers at the end to the right.
fn push_row(text: &mut String, cells: &[String; 7], widths: &[usize; 7]) {
    let aligned: Vec<String> = cells
        .iter()
        .zip(widths)
        .enumerate()
        .map(|(column, (cell, &width))| match column {
            5 | 6 => format!("{cell:>width$}"),
            _ => format!("{cell:<width$}"),
        })
        .collect();
    text.push_str(aligned.join(" | ").trim_end());
    text.push('\n');
}
