//! The table per name.

use super::headline::{rate, share};
use super::markup::Html;
use super::table::{Column, Table, name, number, text};
use crate::report::numbers::{grouped, grouped_ms};
use crate::stats::{Entry, Totals};
use std::time::Duration;

const COLUMNS: [Column; 13] = [
    name("Name"),
    text("Type"),
    number("Requests"),
    number("Failed"),
    number("Failed %"),
    number("Per second"),
    number("Average"),
    number("p50"),
    number("p95"),
    number("p99"),
    number("Fastest"),
    number("Slowest"),
    number("Bytes each"),
];

/// So many rows are in the table at most.
const MOST_ROWS: usize = 500;

/// The rows with the most requests, in so many bytes; what is left out is one row that says so.
pub(super) fn requests(totals: &Totals, most_bytes: usize) -> Html {
    let entries = totals.entries();
    let mut by_size = entries.clone();
    by_size.sort_by_key(|entry| std::cmp::Reverse(entry.requests));
    let mut bytes = 0;
    let fits = |entry: &&&Entry| {
        bytes += row(totals, entry).iter().map(Html::len).sum::<usize>() + 100;
        bytes <= most_bytes
    };
    let shown = by_size.iter().take(MOST_ROWS).take_while(fits).count();
    let (shown, left) = by_size.split_at(shown);
    let mut shown: Vec<&Entry> = shown.to_vec();
    shown.sort_by(|a, b| (&a.name, &a.method).cmp(&(&b.name, &b.method)));

    let mut table = Table::new(&COLUMNS);
    shown.iter().for_each(|entry| table.row(row(totals, entry)));
    if !left.is_empty() {
        let mut others = Entry::new("", "");
        left.iter().for_each(|entry| others.merge(entry));
        let mut cells = row(totals, &others);
        cells[0] = Html::text(&format!(
            "{} other names, those with the fewest requests",
            grouped(left.len() as u64)
        ));
        table.sum(cells);
    }
    let mut cells = row(totals, totals.aggregated());
    cells[0] = Html::of("All together");
    table.sum(cells);

    let mut html =
        Html::of("<section aria-labelledby=requests-title>\n<h2 id=requests-title>Requests</h2>\n");
    html.push("<p class=lead>Times are milliseconds. A column is sorted by its heading.</p>\n");
    if table.rows() > 8 {
        html.push("<p class=controls><label>Filter by name or type <input id=filter type=search autocomplete=off></label> ");
        html.push("<output id=filtered for=filter></output></p>\n");
    }
    html.push_html(&table.finish("requests", "Requests by name")).push("</section>\n");
    html
}

fn row(totals: &Totals, entry: &Entry) -> [Html; 13] {
    let ms = |time: Option<Duration>| Html::text(&time.map_or_else(|| "–".to_owned(), grouped_ms));
    let times = &entry.times;
    let average = times.average_ms().map(|ms| Duration::from_secs_f64(ms / 1000.0));
    let failures = grouped(entry.failures);
    let bytes = entry.average_content_bytes().map(|bytes| grouped(bytes.round() as u64));
    [
        Html::foreign(&entry.name, 300),
        Html::text(&entry.method),
        Html::text(&grouped(entry.requests)),
        if entry.failures > 0 { flagged(&failures) } else { Html::text(&failures) },
        if entry.failures > 0 { flagged(&share(entry)) } else { Html::text(&share(entry)) },
        Html::text(&rate(totals.total_rate(entry).requests)),
        ms(average),
        ms(times.percentile(0.5)),
        ms(times.percentile(0.95)),
        ms(times.percentile(0.99)),
        ms(times.min()),
        ms(times.max()),
        Html::text(&bytes.unwrap_or_else(|| "–".to_owned())),
    ]
}

fn flagged(text: &str) -> Html {
    let mut html = Html::of("<b class=bad>");
    html.push_text(text).push("</b>");
    html
}
