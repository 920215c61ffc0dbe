//! The whole page, the verdict first.

use super::escape::code;
use super::table::{ROOM, Side, table};
use crate::manifest::{Judgement, Verdict, VerdictRow};
use crate::report::console::run_summary;
use crate::report::numbers::three_digits;
use crate::report::{CsvVerdict, EndingCause, Record};
use crate::stats::{Entry, Totals};
use crate::util::count_text;
use anstream::adapter::strip_str;

/// The run in Markdown: verdict, why it is not valid if it is not, thresholds, requests, failures and exceptions. It stays
/// below the 65,536 characters of a comment on GitHub.
#[must_use]
pub fn markdown_report(record: &Record) -> String {
    let totals = &record.run.totals;
    let mut parts = vec![headline(record.exit_code), facts(record), invalid(record)];
    let mut room = ROOM;
    parts.extend(record.verdicts.iter().map(|verdict| thresholds(verdict, &mut room)));
    parts.push(requests(totals, &mut room));
    parts.push(failures(totals, &mut room));
    parts.push(exceptions(totals, &mut room));
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

/// The verdict on a CSV in Markdown, as long at most.
#[must_use]
pub fn markdown_verdict(verdict: &CsvVerdict) -> String {
    let mut room = ROOM;
    let mut parts = vec![headline(verdict.exit_code), format!("Judged: {}\n", code(&verdict.file))];
    parts.extend(verdict.verdicts.iter().map(|verdict| thresholds(verdict, &mut room)));
    parts.join("\n")
}

fn headline(exit_code: u8) -> String {
    match exit_code {
        0 => "## ✅ katydid: passed\n".to_owned(),
        code => format!("## ❌ katydid: failed (exit code {code})\n"),
    }
}

fn facts(record: &Record) -> String {
    let run = &record.run;
    let scripts: Vec<String> = record.scripts.iter().map(|script| code(script)).collect();
    let mut text = format!(
        "{}\n{}",
        strip_str(&run_summary(run)).to_string().replace(".\n", ".  \n").trim_end(),
        scripts.join(", ")
    );
    if let Some(host) = &record.host {
        text.push_str(&format!(" against {}", code(host)));
    }
    let users = count_text(run.user_count, "user");
    text.push_str(&format!(", {users} at most, seed {}. The run ended because ", record.seed));
    text.push_str(&record.ending.cause.text().replace('`', ""));
    text.push_str(
        &record.ending.reason.as_ref().map_or(String::new(), |reason| format!(": {}", code(reason))),
    );
    text.push_str(".\n");
    text
}

fn invalid(record: &Record) -> String {
    if record.is_valid() {
        return String::new();
    }
    let mut text = match record.allow_saturation && record.ending.cause != EndingCause::Cut {
        true => "### ⚠️ The generator could not keep up\n\n".to_owned(),
        false => "### ❌ The run is not valid\n\n".to_owned(),
    };
    let cut = (record.ending.cause == EndingCause::Cut).then(|| EndingCause::Cut.text());
    for reason in record.invalid.iter().map(String::as_str).chain(cut) {
        text.push_str(&format!("- {reason}\n"));
    }
    text
}

/// The thresholds of a manifest, those that were not kept first.
fn thresholds(verdict: &Verdict, room: &mut usize) -> String {
    let of = |judgement| verdict.rows.iter().filter(move |row| row.judgement == judgement);
    let count = |judgement| of(judgement).count();
    let all = count_text(verdict.rows.len() as u64, "threshold");
    let mut heading = if verdict.passed {
        format!("✅ {}: {} of {all} kept", code(&verdict.manifest), count(Judgement::Passed))
    } else {
        format!("❌ {}: {} of {all} missed", code(&verdict.manifest), count(Judgement::Failed))
    };
    for (judgement, what) in [(Judgement::Warned, "warned"), (Judgement::Skipped, "skipped")] {
        if count(judgement) > 0 {
            heading.push_str(&format!(", {} {what}", count(judgement)));
        }
    }
    let order = [Judgement::Failed, Judgement::Warned, Judgement::Skipped, Judgement::Passed];
    let rows: Vec<[String; 6]> = order.into_iter().flat_map(of).map(threshold).collect();
    let columns = [
        ("Verdict", Side::Left),
        ("Name", Side::Left),
        ("Metric", Side::Left),
        ("Limit", Side::Left),
        ("Actual", Side::Right),
        ("Margin", Side::Right),
    ];
    table(&heading, columns, &rows, "thresholds", room)
}

fn threshold(row: &VerdictRow) -> [String; 6] {
    let verdict = match row.judgement {
        Judgement::Passed => "✅ passed",
        Judgement::Failed => "❌ **missed**",
        Judgement::Warned => "⚠️ warned",
        Judgement::Skipped => "skipped",
    };
    let kind = row.kind.as_ref().map_or(String::new(), |kind| format!("{kind} "));
    let window = row.window.as_ref().map_or(String::new(), |window| format!(", {window}"));
    // The reason begins with what is missing.
    let nothing = || row.why.split_once(':').map_or("no data", |(what, _)| what).to_owned();
    let margin = row.margin.map(|margin| {
        let sign = if margin > 0.0 { "+" } else { "" };
        format!("{sign}{}", row.unit.show(margin))
    });
    [
        verdict.to_owned(),
        code(&format!("{kind}{}", row.resource)),
        code(&format!("{}{window}", row.metric)),
        code(&row.limit),
        row.actual.map_or_else(nothing, |actual| row.unit.show(actual)),
        margin.unwrap_or_default(),
    ]
}

fn requests(totals: &Totals, room: &mut usize) -> String {
    let mut entries = totals.entries();
    // Where not all find room, the busiest do.
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.requests));
    let row = |entry: &Entry, name: String| {
        let times = entry.times.percentiles(&[0.5, 0.95, 0.99]);
        let time = |index: usize| times.get(index).copied().map_or("-".to_owned(), three_digits);
        let average = entry
            .times
            .average_ms()
            .map_or("-".to_owned(), |ms| three_digits(std::time::Duration::from_nanos((ms * 1e6) as u64)));
        let share = entry.fail_ratio().filter(|ratio| *ratio > 0.0);
        let failed = match share {
            Some(ratio) => format!("**{}** ({:.2}%)", entry.failures, ratio * 100.0),
            None => "0".to_owned(),
        };
        [
            name,
            entry.requests.to_string(),
            failed,
            format!("{:.2}", totals.total_rate(entry).requests),
            average,
            time(0),
            time(1),
            time(2),
            entry.times.max().map_or("-".to_owned(), three_digits),
        ]
    };
    let mut rows = vec![row(totals.aggregated(), "**All**".to_owned())];
    rows.extend(entries.iter().map(|entry| row(entry, code(&format!("{} {}", entry.method, entry.name)))));
    let columns = [
        ("Name", Side::Left),
        ("Requests", Side::Right),
        ("Failed", Side::Right),
        ("Per second", Side::Right),
        ("Average ms", Side::Right),
        ("Median", Side::Right),
        ("95%", Side::Right),
        ("99%", Side::Right),
        ("Max", Side::Right),
    ];
    table("Requests", columns, &rows, "names", room)
}

fn failures(totals: &Totals, room: &mut usize) -> String {
    let rows = totals.failures().into_iter().map(|row| {
        let name = format!("{} {}", row.method, row.name);
        [row.occurrences.to_string(), code(&name), code(&row.text)]
    });
    let columns = [("Failures", Side::Right), ("Name", Side::Left), ("Error", Side::Left)];
    table("Failures", columns, &rows.collect::<Vec<_>>(), "failures", room)
}

fn exceptions(totals: &Totals, room: &mut usize) -> String {
    let rows = totals.exceptions().into_iter().map(|row| {
        let place = format!("{} in {}", row.place, row.task);
        [row.count.to_string(), code(&row.message), code(&place)]
    });
    let columns = [("Exceptions", Side::Right), ("Message", Side::Left), ("Place", Side::Left)];
    table("Exceptions", columns, &rows.collect::<Vec<_>>(), "exceptions", room)
}
