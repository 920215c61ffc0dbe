//! The manifest's verdict as a table.

use super::styles::{BAD, GOOD, WARN};
use crate::manifest::{Judgement, Verdict, VerdictRow};
use crate::report::one_line::one_line;
use crate::util::{columns_of, filled};
use anstyle::Style;
use std::fmt::Write;

/// Every threshold with its actual value and margin, then why each missed one was missed.
#[must_use]
pub fn verdict_table(verdict: &Verdict) -> String {
    let mut text = summary(verdict);
    let header =
        ["Verdict", "Type", "Name", "Metric", "Window", "Limit", "Actual", "Margin"].map(str::to_owned);
    let rows: Vec<Cells> = verdict.rows.iter().map(cells).collect();
    let mut widths = [0; COLUMNS];
    for row in std::iter::once(&header).chain(&rows) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = columns_of(cell).max(*width);
        }
    }
    // A manifest that judges whole runs has no need of the column.
    if rows.iter().all(|row| row[WINDOW].is_empty()) {
        widths[WINDOW] = 0;
    }
    push_row(&mut text, &header, &widths, Style::new());
    let ruler: Vec<String> =
        widths.iter().filter(|width| **width > 0).map(|width| "-".repeat(*width)).collect();
    writeln!(text, "{}", ruler.join("-|-")).expect("a String takes everything");
    let styled = rows.iter().zip(&verdict.rows);
    styled.for_each(|(cells, row)| push_row(&mut text, cells, &widths, style(row.judgement)));
    text.push_str(&reasons(verdict));
    text
}

/// The same without the table: only how many thresholds were missed, and why. Empty where all were kept.
#[must_use]
pub fn verdict_reasons(verdict: &Verdict) -> String {
    let reasons = reasons(verdict);
    if reasons.is_empty() { reasons } else { format!("{}{reasons}", summary(verdict)) }
}

/// One line.
fn summary(verdict: &Verdict) -> String {
    let of = |judgement| verdict.rows.iter().filter(move |row| row.judgement == judgement);
    let thresholds = verdict.rows.len();
    let mut text = if verdict.passed {
        let kept = of(Judgement::Passed).count();
        format!("Manifest: {GOOD}passed{GOOD:#}, {kept} of {thresholds} thresholds kept")
    } else {
        let missed = of(Judgement::Failed).count();
        format!("Manifest: {BAD}FAILED{BAD:#}, {missed} of {thresholds} thresholds missed")
    };
    let (warned, skipped) = (of(Judgement::Warned).count(), of(Judgement::Skipped).count());
    for (count, what) in [(warned, "warned"), (skipped, "skipped")] {
        if count > 0 {
            write!(text, ", {count} {what}").expect("a String takes everything");
        }
    }
    text.push('\n');
    text
}

/// A line for each threshold that was not kept.
fn reasons(verdict: &Verdict) -> String {
    let mut text = String::new();
    for row in &verdict.rows {
        let what = match row.judgement {
            Judgement::Passed => continue,
            Judgement::Failed => "missed",
            Judgement::Warned => "warning",
            Judgement::Skipped => "skipped",
        };
        let style = style(row.judgement);
        writeln!(text, "{style}{what}{style:#} at {}: {}", row.place, one_line(&row.why))
            .expect("a String takes everything");
    }
    text
}

fn style(judgement: Judgement) -> Style {
    match judgement {
        Judgement::Passed => GOOD,
        Judgement::Failed => BAD,
        Judgement::Warned => WARN,
        Judgement::Skipped => Style::new(),
    }
}

const COLUMNS: usize = 8;
/// The column of the window.
const WINDOW: usize = 4;

type Cells = [String; COLUMNS];

fn cells(row: &VerdictRow) -> Cells {
    let nothing = || if row.why.starts_with("no row") { "no row" } else { "no data" }.to_owned();
    let margin = row.margin.map(|margin| {
        let sign = if margin > 0.0 { "+" } else { "" };
        format!("{sign}{}", row.unit.show(margin))
    });
    [
        match row.judgement {
            Judgement::Passed => "passed",
            Judgement::Failed => "FAILED",
            Judgement::Warned => "warned",
            Judgement::Skipped => "skipped",
        }
        .to_owned(),
        one_line(row.kind.as_deref().unwrap_or_default()).into_owned(),
        one_line(&row.resource).into_owned(),
        row.metric.clone(),
        row.window.clone().unwrap_or_default(),
        row.limit.clone(),
        row.actual.map_or_else(nothing, |actual| row.unit.show(actual)),
        margin.unwrap_or_default(),
    ]
}

/// Texts to the left, the two numbers at the end to the right; the first one in a style.
fn push_row(text: &mut String, cells: &Cells, widths: &[usize; COLUMNS], style: Style) {
    let aligned: Vec<String> = cells
        .iter()
        .zip(widths)
        .enumerate()
        .filter(|(column, _)| *column != WINDOW || widths[WINDOW] > 0)
        .map(|(column, (cell, &width))| match column {
            0 => format!("{style}{}{style:#}", filled(cell, width)),
            6 | 7 => format!("{cell:>width$}"),
            _ => filled(cell, width),
        })
        .collect();
    text.push_str(aligned.join(" | ").trim_end());
    text.push('\n');
}
