//! A comparison for a terminal: what changed beyond noise first, the rest in a table.

use super::sheet::{ComparedRun, ComparisonSheet};
use super::words::{self, title};
use crate::compare::{Metric, NameComparison};
use crate::report::console::cell;
use crate::report::one_line::one_line;
use crate::util::columns_of;

/// How wide the text is where there is no terminal.
const COLUMNS: usize = 100;
/// A column of the table of all names.
const CELL: usize = 9;
/// What the table shows.
const SHOWN: [Metric; 7] = [
    Metric::Rate,
    Metric::FailRatio,
    Metric::Average,
    Metric::P50,
    Metric::P95,
    Metric::P99,
    Metric::ContentSize,
];

/// A comparison as text, no wider than so many columns, as far as names allow.
#[must_use]
pub fn comparison_text(sheet: &ComparisonSheet, columns: Option<usize>) -> String {
    let width = columns.unwrap_or(COLUMNS);
    let mut text = String::new();
    text.push_str(&side("Base", &sheet.base));
    text.push_str(&side("New ", &sheet.new));
    for difference in &sheet.unlike {
        text.push_str(&wrapped(&format!("Not alike: {}", one_line(difference)), width));
    }
    for (file, reason) in sheet.invalid() {
        text.push_str(&wrapped(&format!("Not valid: {}: {}", one_line(file), one_line(reason)), width));
    }
    text.push_str(&wrapped(&words::stretch(sheet), width));
    text.push_str(&real(sheet, width));
    text.push_str(&table(sheet, width));
    for (what, names) in words::alone(sheet) {
        for name in names {
            let requests = words::requests_alone(name);
            text.push_str(&format!("{what}: {} ({requests} requests)\n", one_line(&title(name))));
        }
    }
    for sentence in words::judgement(sheet) {
        text.push_str(&wrapped(&one_line(&sentence), width));
    }
    if let Some(outcome) = words::outcome(sheet) {
        text.push_str(&format!("\n{outcome}\n"));
    }
    text
}

/// The runs of a side, a line for each.
fn side(what: &str, runs: &[ComparedRun]) -> String {
    let line = |run: &ComparedRun| {
        let (seconds, users) = (run.duration_s, run.users);
        format!(
            "{what}  {} ({} requests in {seconds:.1} s, {users} users)\n",
            one_line(&run.file),
            run.requests
        )
    };
    runs.iter().map(line).collect()
}

/// What is more than noise.
fn real(sheet: &ComparisonSheet, width: usize) -> String {
    let names = sheet.real();
    if names.is_empty() {
        return match sheet.comparison.judged {
            0 => "\nNothing can be told.\n".to_owned(),
            _ => "\nNothing changed by more than noise.\n".to_owned(),
        };
    }
    let mut text = "\nMore than noise:\n".to_owned();
    for (name, changes) in names {
        text.push_str(&format!("\n{}\n", cell(&title(name), width, Some(width)).trim_end()));
        for change in changes {
            let metric = change.metric;
            let line = format!(
                "  {:<7} {:<7} {:>10} -> {:>10} {:>9}  ({})",
                words::finding(change.finding),
                metric.name(),
                words::value(metric, change.base),
                words::value(metric, change.new),
                words::amount(change),
                words::interval(change),
            );
            text.push_str(line.trim_end_matches(" ()"));
            text.push('\n');
        }
    }
    text
}

/// All names on both sides, with what changed by more than noise.
fn table(sheet: &ComparisonSheet, width: usize) -> String {
    let names: Vec<&NameComparison> =
        sheet.comparison.names.iter().filter(|name| name.requests.0 > 0 && name.requests.1 > 0).collect();
    if names.is_empty() {
        return "\n".to_owned();
    }
    let room = width.saturating_sub(CELL * SHOWN.len()).clamp(16, 60);
    let longest = names.iter().map(|name| columns_of(&title(name))).max().unwrap_or(0);
    let room = room.min(longest.max(10));
    let mut text = format!("\n{:<room$}", "Name");
    SHOWN.iter().for_each(|metric| text.push_str(&format!("{:>CELL$}", metric.name())));
    text.push_str(&format!("\n{}\n", "-".repeat(room + CELL * SHOWN.len())));
    for name in names {
        text.push_str(&cell(&title(name), room, Some(width)));
        for metric in SHOWN {
            let change = name.changes.iter().find(|change| change.metric == metric);
            text.push_str(&format!("{:>CELL$}", change.map_or_else(String::new, words::cell)));
        }
        text.push('\n');
    }
    text.push_str(&format!("{}\n\n", words::LEGEND));
    text
}

/// A sentence in lines of so many columns.
fn wrapped(sentence: &str, width: usize) -> String {
    let mut text = String::new();
    let mut length = 0;
    for word in sentence.split(' ') {
        let letters = columns_of(word);
        if length > 0 && length + 1 + letters > width {
            text.push('\n');
            length = 0;
        } else if length > 0 {
            text.push(' ');
            length += 1;
        }
        text.push_str(word);
        length += letters;
    }
    text.push('\n');
    text
}
