//! Where the time of requests went, by name and phase.

use super::markup::Html;
use super::table::{Column, Table, name, number, text};
use crate::report::numbers::{grouped, grouped_ms};
use crate::stats::{Entry, Phase, Phases, Times, Totals};
use std::time::Duration;

/// What is told of each phase.
const SHARES: [f64; 2] = [0.5, 0.95];

/// So many rows are in the table at most.
const MOST_ROWS: usize = 500;

/// A row per name whose phases were counted, those with the most requests in so many bytes, with the phases that took place
/// at all; nothing where none were counted.
pub(super) fn phases(totals: &Totals, most_bytes: usize) -> Html {
    let mut html = Html::default();
    let Some(sum) = totals.aggregated().phases() else { return html };
    let happened: Vec<Phase> =
        Phase::ALL.into_iter().filter(|phase| !Times::is_empty(sum.times(*phase))).collect();
    let columns: Vec<Column> = [name("Name"), text("Type")]
        .into_iter()
        .chain(happened.iter().flat_map(|phase| titles(*phase)))
        .collect();
    let mut entries: Vec<(&Entry, &Phases)> =
        totals.entries().into_iter().filter_map(|entry| Some((entry, entry.phases()?))).collect();
    let all = entries.len();
    entries.sort_by_key(|(entry, _)| std::cmp::Reverse(entry.requests));
    let mut bytes = 0;
    let row = |(entry, phases): &(&Entry, &Phases)| -> Vec<Html> {
        let names = [Html::foreign(&entry.name, 300), Html::text(&entry.method)];
        names.into_iter().chain(happened.iter().flat_map(|phase| cells(phases.times(*phase)))).collect()
    };
    let mut fits = |entry: &(&Entry, &Phases)| {
        bytes += row(entry).iter().map(|cell| cell.len() + 4).sum::<usize>() + 40;
        bytes <= most_bytes
    };
    let shown = entries.iter().take(MOST_ROWS).take_while(|entry| fits(entry)).count();
    entries.truncate(shown);
    entries.sort_by(|(a, _), (b, _)| (&a.name, &a.method).cmp(&(&b.name, &b.method)));

    let mut table = Table::new(&columns);
    entries.iter().for_each(|entry| table.row(row(entry)));
    if all > shown {
        let left = grouped((all - shown) as u64);
        table.note(&format!(
            "{left} other names, those with the fewest requests, are in the saved result (--result)."
        ));
    }
    let mut cells = row(&(totals.aggregated(), sum));
    cells[0] = Html::of("All together");
    table.sum(cells);
    html.push("<section aria-labelledby=phases-title>\n<h2 id=phases-title>Phases</h2>\n<p class=lead>");
    html.push("Where the time went, in milliseconds, of the requests that had the phase: a kept connection is not opened ");
    html.push("again.</p>\n")
        .push_html(&table.finish("phases", "Phases of requests by name"))
        .push("</section>\n");
    html
}

/// The columns of a phase.
fn titles(phase: Phase) -> [Column; SHARES.len()] {
    match phase {
        Phase::Dns => [number("dns p50"), number("dns p95")],
        Phase::Connect => [number("connect p50"), number("connect p95")],
        Phase::Tls => [number("tls p50"), number("tls p95")],
        Phase::Send => [number("send p50"), number("send p95")],
        Phase::Wait => [number("wait p50"), number("wait p95")],
        Phase::Receive => [number("receive p50"), number("receive p95")],
    }
}

/// What stands in them.
fn cells(times: &Times) -> [Html; SHARES.len()] {
    let ms = |time: Option<Duration>| Html::text(&time.map_or_else(|| "–".to_owned(), grouped_ms));
    SHARES.map(|share| ms(times.percentile(share)))
}
