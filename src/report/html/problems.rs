//! Failures of requests and exceptions of scripts.

use super::markup::Html;
use super::table::{Column, Table, name, number, text};
use crate::report::numbers::grouped;
use crate::report::stamps::utc;
use crate::stats::{ExceptionRow, FailureRow, Totals};
use std::time::Duration;

const FAILURES: [Column; 6] =
    [name("Name"), text("Type"), text("Error"), number("Times"), number("First seen"), number("Last seen")];
const EXCEPTIONS: [Column; 6] = [
    name("Message"),
    text("Place"),
    text("Task"),
    number("Times"),
    number("First seen"),
    number("Last seen"),
];

/// The most frequent failures, in so many bytes; nothing where none failed.
pub(super) fn failures(totals: &Totals, most_bytes: usize) -> Html {
    let row = |row: &FailureRow| {
        let [first, last] = [row.first, row.last].map(|seen| seen_at(totals, seen));
        let times = Html::text(&grouped(row.occurrences));
        [Html::foreign(&row.name, 300), Html::text(&row.method), error(row), times, first, last]
    };
    let rows = totals.failures();
    let table = filled(&FAILURES, rows.iter().map(|failure| row(failure)), rows.len(), most_bytes);
    section(table, rows.len(), "errors", "Errors", "Errors by name, the most frequent first")
}

/// What went wrong, with the first text as it came where several were counted together, and the line of the script.
fn error(row: &FailureRow) -> Html {
    let mut html = grouped_text(&row.text, row.original());
    if let Some(place) = &row.place {
        html.push("<br><small>from ").push_html(&Html::foreign(place, 300)).push("</small>");
    }
    html
}

/// A text, and the first of those that it stands for, if it stands for several.
fn grouped_text(text: &str, original: &str) -> Html {
    let mut html = Html::foreign(text, 600);
    if original != text {
        html.push("<br><small>such as ").push_html(&Html::foreign(original, 600)).push("</small>");
    }
    html
}

/// The most frequent exceptions, in so many bytes; nothing without any.
pub(super) fn exceptions(totals: &Totals, most_bytes: usize) -> Html {
    let row = |row: &ExceptionRow| {
        let [first, last] = [row.first, row.last].map(|seen| seen_at(totals, seen));
        let message = grouped_text(&row.message, row.original());
        let [place, task] = [&row.place, &row.task].map(|text| Html::foreign(text, 300));
        [message, place, task, Html::text(&grouped(row.count)), first, last]
    };
    let rows = totals.exceptions();
    let table = filled(&EXCEPTIONS, rows.iter().map(|exception| row(exception)), rows.len(), most_bytes);
    section(table, rows.len(), "exceptions", "Exceptions", "Exceptions of scripts, the most frequent first")
}

fn filled<'a>(
    columns: &'a [Column],
    rows: impl Iterator<Item = [Html; 6]>,
    count: usize,
    most_bytes: usize,
) -> Table<'a> {
    let mut table = Table::new(columns);
    for cells in rows {
        let bytes = cells.iter().map(Html::len).sum::<usize>() + 80;
        if table.len() + bytes > most_bytes {
            break;
        }
        table.row(cells);
    }
    let left = count - table.rows();
    if left > 0 {
        table.note(&format!("{} rarer ones are in the saved result (--result).", grouped(left as u64)));
    }
    table
}

fn section(
    table: Table<'_>,
    rows: usize,
    id: &'static str,
    title: &'static str,
    caption: &'static str,
) -> Html {
    let mut html = Html::default();
    if rows > 0 {
        html.push("<section aria-labelledby=").push(id).push("-title>\n<h2 id=").push(id).push("-title>");
        html.push(title).push("</h2>\n").push_html(&table.finish(id, caption)).push("</section>\n");
    }
    html
}

/// Seconds of the run, and the time of day for whoever looks into the server's log.
fn seen_at(totals: &Totals, since_start: Duration) -> Html {
    let mut html = Html::text(&format!("{:.1} s", since_start.as_secs_f64()));
    html.push(" <time datetime=\"").push_text(&utc(totals.wall_time(since_start))).push("\">");
    html.push_text(&totals.wall_time(since_start).strftime("%H:%M:%S").to_string()).push("</time>");
    html
}
