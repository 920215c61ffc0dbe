//! A comparison for a pull request.

use super::sheet::{ComparedRun, ComparisonSheet};
use super::words::{self, title};
use crate::compare::{Change, Metric};
use crate::report::markdown::{code, escaped};

/// A comparison in Markdown: the outcome, what is more than noise, and everything else folded away.
#[must_use]
pub fn comparison_markdown(sheet: &ComparisonSheet) -> String {
    let mut text = format!("## {}\n\n", headline(sheet));
    runs(&mut text, "Base", &sheet.base);
    runs(&mut text, "New", &sheet.new);
    for difference in &sheet.unlike {
        line(&mut text, &format!("- Not alike: {}", escaped(difference)));
    }
    for (file, reason) in sheet.invalid() {
        line(&mut text, &format!("- **Not valid**: {}: {}", code(file), escaped(reason)));
    }
    let real = sheet.real();
    if !real.is_empty() {
        text.push_str(
            "\n| | name | figure | base | new | change | interval |\n|---|---|---|---:|---:|---:|---:|\n",
        );
        for (name, changes) in real {
            for change in changes {
                row(&mut text, words::finding(change.finding), &title(name), change);
            }
        }
    }
    text.push_str("\n<details><summary>All names</summary>\n\n");
    table(&mut text, sheet);
    text.push_str("\n</details>\n\n");
    for (what, names) in words::alone(sheet) {
        for name in names {
            let requests = words::requests_alone(name);
            line(&mut text, &format!("- {what}: {} ({requests} requests)", code(&title(name))));
        }
    }
    line(&mut text, &format!("- {}", words::stretch(sheet)));
    for sentence in words::judgement(sheet) {
        line(&mut text, &format!("- {}", escaped(&sentence)));
    }
    text
}

/// What it comes to in a line.
pub(super) fn headline(sheet: &ComparisonSheet) -> String {
    let real = sheet.comparison.changes().filter(|(_, change)| change.is_real()).count();
    words::outcome(sheet).map_or_else(
        || match (sheet.comparison.judged, real) {
            (0, _) => "Nothing can be told".to_owned(),
            (_, 0) => "Nothing changed by more than noise".to_owned(),
            (_, 1) => "1 change beyond noise".to_owned(),
            (_, more) => format!("{more} changes beyond noise"),
        },
        |outcome| outcome.trim_end_matches('.').to_owned(),
    )
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

fn runs(text: &mut String, what: &str, runs: &[ComparedRun]) {
    for run in runs {
        let ComparedRun { requests, duration_s, users, .. } = run;
        let file = code(&run.file);
        line(text, &format!("- {what}: {file} ({requests} requests in {duration_s:.1} s, {users} users)"));
    }
}

fn row(text: &mut String, finding: &str, name: &str, change: &Change) {
    let metric = change.metric;
    let cells = [
        finding.to_owned(),
        code(name),
        metric.name().to_owned(),
        words::value(metric, change.base),
        words::value(metric, change.new),
        words::amount(change),
        words::interval(change),
    ];
    line(text, &format!("| {} |", cells.join(" | ")));
}

/// All figures of all names: what was on both sides, with the change where it is more than noise.
fn table(text: &mut String, sheet: &ComparisonSheet) {
    let names = Metric::ALL.map(Metric::name);
    line(text, &format!("| name | {} |", names.join(" | ")));
    line(text, &format!("|---|{}", "---:|".repeat(names.len())));
    for name in &sheet.comparison.names {
        let cell = |change: &Change| {
            let values = (words::value(change.metric, change.base), words::value(change.metric, change.new));
            let sign = words::cell(change);
            match sign.as_str() {
                "~" | "?" | "-" => format!("{} → {} {sign}", values.0, values.1),
                amount => format!("{} → {} **{amount}**", values.0, values.1),
            }
        };
        let cells: Vec<String> = name.changes.iter().map(cell).map(|cell| escaped_signs(&cell)).collect();
        line(text, &format!("| {} | {} |", code(&title(name)), cells.join(" | ")));
    }
    line(text, &format!("\n{}", escaped_signs(words::LEGEND)));
}

/// A tilde of its own may strike text out.
fn escaped_signs(text: &str) -> String {
    text.replace('~', "\\~")
}
