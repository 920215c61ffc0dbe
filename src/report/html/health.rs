//! How the generator itself fared, and whether the run says something about the server.

use super::facts::push_list;
use super::markup::Html;
use super::table::{Column, Table, name, number};
use crate::report::Record;
use crate::report::numbers::{grouped, grouped_ms};
use crate::stats::{ArrivalSummary, Lateness, RunCounters};
use crate::util::bytes_text;
use std::time::Duration;

const COLUMNS: [Column; 7] = [
    name("Shard"),
    number("CPU of a core"),
    number("Got to what was ready late, p99"),
    number("at most"),
    number("Waits ended late, p99"),
    number("at most"),
    number("Longest gap"),
];

/// So many shards are shown.
const MOST_SHARDS: usize = 64;

/// Validity, processor and lateness by shard, arrivals, and what the wire saw.
pub(super) fn health(record: &Record) -> Html {
    let run = &record.run;
    let mut html = Html::of("<section aria-labelledby=health>\n<h2 id=health>Generator</h2>\n<p class=lead>");
    if record.invalid.is_empty() {
        html.push("<b class=good>Valid</b>: the generator kept up, so these times are the server's.");
    } else if record.allow_saturation {
        html.push(
            "<b class=doubt>Not valid</b>, which was to be a warning only. The reasons stand at the top.",
        );
    } else {
        html.push(
            "<b class=bad>Not valid</b>: the generator could not keep up. The reasons stand at the top.",
        );
    }
    html.push("</p>\n<div class=chart data-chart=generator></div>\n");
    if !run.health.shards.is_empty() {
        let mut table = Table::new(&COLUMNS);
        for (index, shard) in run.health.shards.iter().take(MOST_SHARDS) {
            table.row([
                Html::text(&index.to_string()),
                Html::text(&shard.cpu_share().map_or_else(nothing, |share| format!("{:.0}%", share * 100.0))),
                Html::text(&ms(shard.beat.p99())),
                Html::text(&ms(shard.beat.max())),
                Html::text(&ms(shard.waits.p99())),
                Html::text(&ms(shard.waits.max())),
                Html::text(&ms(Some(shard.longest_gap))),
            ]);
        }
        if run.health.shards.len() > MOST_SHARDS {
            table.note(&format!(
                "{} more are in the saved result (--result).",
                run.health.shards.len() - MOST_SHARDS
            ));
        }
        html.push_html(&table.finish("shards", "Health of the shards, times in milliseconds"));
    }
    if let Some(arrivals) = run.arrivals() {
        html.push("<h3>Arrivals</h3>\n");
        push_list(&mut html, arrival_facts(arrivals));
    }
    html.push("<h3>On the wire</h3>\n");
    push_list(&mut html, wire_facts(run.counters()));
    html.push("</section>\n");
    html
}

fn arrival_facts(arrivals: &ArrivalSummary) -> Vec<(&'static str, String)> {
    let lateness: &Lateness = &arrivals.lateness;
    let mut facts = vec![
        ("due", grouped(arrivals.due)),
        ("started", grouped(arrivals.started)),
        ("late by more than 100 ms", grouped(lateness.late())),
    ];
    let rare = [
        ("dropped", arrivals.dropped),
        ("never started", arrivals.unstarted),
        ("beyond -i", arrivals.surplus),
        ("longest line for a user", arrivals.longest_queue),
    ];
    facts
        .extend(rare.into_iter().filter(|(_, count)| *count > 0).map(|(name, count)| (name, grouped(count))));
    let times = [
        ("lateness, median", lateness.times().percentile(0.5)),
        ("lateness, p99", lateness.p99()),
        ("lateness, at most", lateness.max()),
    ];
    facts.extend(
        times.into_iter().filter_map(|(name, time)| Some((name, format!("{} ms", grouped_ms(time?))))),
    );
    facts
}

fn wire_facts(counters: &RunCounters) -> Vec<(&'static str, String)> {
    let always = [("requests sent", counters.wire_requests), ("task runs", counters.iterations)];
    let rare = [
        ("never sent", counters.never_sent),
        ("redirects followed", counters.redirects),
        ("closed connections replaced", counters.reconnects),
        ("cut off at the end, in no row", counters.cut_off),
        ("connections without a free descriptor", counters.out_of_descriptors),
        ("connections without a free port", counters.out_of_ports),
    ];
    let rare = rare.into_iter().filter(|(_, count)| *count > 0);
    let mut facts: Vec<_> =
        always.into_iter().chain(rare).map(|(name, count)| (name, grouped(count))).collect();
    facts.push(("sent", bytes_text(counters.bytes_sent)));
    facts.push(("received", bytes_text(counters.bytes_received)));
    facts
}

fn ms(time: Option<Duration>) -> String {
    time.map_or_else(nothing, grouped_ms)
}

fn nothing() -> String {
    "–".to_owned()
}
