//! The table of phases: where the time of the requests of a name went, and what they put on the wire.

use super::layout::{NARROWEST, TYPE_WIDTH, cell, ruler};
use crate::report::numbers::three_digits;
use crate::stats::{Entry, Phase, Phases, Times, Totals};
use crate::util::{bytes_text, columns_of};
use std::fmt::Write;

/// The longest name of a phase, and a number of up to five characters.
const PHASE_WIDTH: usize = 13;
const BYTES_WIDTH: usize = 9;
/// Wider name columns than this only where a name needs it.
const MOST_NAME: usize = 80;

const TITLE: &str = "Phases in ms (median and 99% of the requests that had them), bytes on the wire";

/// A column of the table.
#[derive(Clone, Copy)]
enum Column {
    Phase(Phase),
    Sent,
    Received,
}

impl Column {
    fn width(self) -> usize {
        match self {
            Self::Phase(_) => PHASE_WIDTH,
            Self::Sent | Self::Received => BYTES_WIDTH,
        }
    }

    fn header(self) -> String {
        match self {
            Self::Phase(phase) => format!("{:>7}{:>6}", phase.name(), "99%"),
            Self::Sent => format!("{:>BYTES_WIDTH$}", "sent"),
            Self::Received => format!("{:>BYTES_WIDTH$}", "received"),
        }
    }

    fn cell(self, phases: &Phases) -> String {
        match self {
            Self::Phase(phase) => {
                let times = phases.times(phase);
                let shown = |quantile| times.percentile(quantile).map(three_digits).unwrap_or_default();
                format!("{:>7}{:>6}", shown(0.5), shown(0.99))
            }
            Self::Sent => format!("{:>BYTES_WIDTH$}", bytes_text(phases.bytes_sent)),
            Self::Received => format!("{:>BYTES_WIDTH$}", bytes_text(phases.bytes_received)),
        }
    }
}

/// A row per (name, method) whose phases were counted, and `Aggregated`: of each phase that took place the median and
/// the 99th percentile in milliseconds, and the bytes on the wire. `columns` is the width of the terminal, none where
/// there is none; where it is too narrow, there are several tables. Empty where no phases were counted.
#[must_use]
pub fn phase_table(totals: &Totals, columns: Option<usize>) -> String {
    let all = totals.aggregated();
    let Some(sum) = all.phases() else { return String::new() };
    let entries: Vec<&Entry> =
        totals.entries().into_iter().filter(|entry| entry.phases().is_some()).collect();
    let happened = Phase::ALL.into_iter().filter(|phase| !Times::is_empty(sum.times(*phase)));
    let shown: Vec<Column> = happened.map(Column::Phase).chain([Column::Sent, Column::Received]).collect();
    let longest = entries.iter().map(|entry| columns_of(&entry.name)).max().unwrap_or(0);
    let mut text = format!("{TITLE}\n");
    for part in fitting(&shown, columns) {
        let taken: usize = part.iter().map(|column| column.width() + 1).sum();
        let room = columns.map_or(MOST_NAME, |columns| columns.saturating_sub(TYPE_WIDTH + 1 + taken));
        let width = longest.clamp(NARROWEST, room.clamp(NARROWEST, MOST_NAME));
        table(&mut text, &part, &entries, all, width, columns);
    }
    text
}

/// The columns in groups that a terminal has room for beside the names.
fn fitting(shown: &[Column], columns: Option<usize>) -> Vec<Vec<Column>> {
    let Some(columns) = columns else { return vec![shown.to_vec()] };
    let room = columns.saturating_sub(TYPE_WIDTH + 1 + NARROWEST);
    let mut groups: Vec<Vec<Column>> = Vec::new();
    let mut left = 0;
    for column in shown {
        let width = column.width() + 1;
        match groups.last_mut().filter(|_| width <= left) {
            Some(group) => group.push(*column),
            None => {
                groups.push(vec![*column]);
                left = room;
            }
        }
        left = left.saturating_sub(width);
    }
    groups
}

fn table(
    text: &mut String,
    shown: &[Column],
    entries: &[&Entry],
    all: &Entry,
    width: usize,
    columns: Option<usize>,
) {
    let ruler = ruler(
        &[TYPE_WIDTH, width].into_iter().chain(shown.iter().map(|column| column.width())).collect::<Vec<_>>(),
    );
    let headers: String = shown.iter().map(|column| format!(" {}", column.header())).collect();
    writeln!(text, "{:<TYPE_WIDTH$} {:<width$}{headers}", "Type", "Name").expect("a String takes everything");
    text.push_str(&ruler);
    text.push('\n');
    let row = |entry: &Entry| {
        let Some(phases) = entry.phases() else { return String::new() };
        let cells: String = shown.iter().map(|column| format!(" {}", column.cell(phases))).collect();
        let method = cell(&entry.method, TYPE_WIDTH, columns);
        let name = cell(&entry.name, width, columns);
        format!("{method} {name}{cells}\n")
    };
    let rows: String = entries.iter().map(|entry| row(entry)).collect();
    let sum = row(all);
    text.push_str(&format!("{rows}{ruler}\n{sum}"));
}
