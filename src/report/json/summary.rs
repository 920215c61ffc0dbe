//! The whole report.

use super::figures::{Figures, LatenessFigures};
use super::slices::Series;
use super::verdict::Judged;
use crate::plan::Outline;
use crate::report::numbers::exact_ms;
use crate::report::{GivenOption, Machine, Record, RunEnding};
use crate::stats::{ArrivalSummary, Health, RunCounters, Totals};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// What the report says it is.
const FORMAT: &str = "katydid-report";

/// The number of its form. It grows when a field changes its meaning or goes; others can come at any time.
const VERSION: u32 = 1;

/// The run as JSON, laid out for people to read, with the fields always in the same order.
#[must_use]
pub fn json_report(record: &Record) -> String {
    let mut json = serde_json::to_string_pretty(&Summary::new(record)).expect("every map has text for keys");
    json.push('\n');
    json
}

#[derive(Serialize)]
struct Summary<'a> {
    format: &'static str,
    version: u32,
    katydid: &'a str,
    passed: bool,
    exit_code: u8,
    /// Whether the run says something about the server.
    valid: bool,
    invalid: &'a [String],
    ending: &'a RunEnding,
    started: Timestamp,
    duration_ms: f64,
    host: Option<&'a str>,
    scripts: &'a [String],
    seed: u64,
    users: u64,
    users_by_class: &'a BTreeMap<String, u64>,
    totals: Figures<'a>,
    requests: Vec<Figures<'a>>,
    failures: Vec<Failure<'a>>,
    exceptions: Vec<Exception<'a>>,
    failed_hooks: u64,
    manifests: Vec<Judged<'a>>,
    counters: &'a RunCounters,
    arrivals: Option<Arrivals>,
    generator: Generator,
    machine: &'a Machine,
    options: &'a [GivenOption],
    plan: &'a Outline,
    series: Series,
}

impl<'a> Summary<'a> {
    fn new(record: &'a Record) -> Self {
        let run = &record.run;
        let totals = &run.totals;
        Self {
            format: FORMAT,
            version: VERSION,
            katydid: &record.katydid,
            passed: record.passed(),
            exit_code: record.exit_code,
            valid: record.is_valid(),
            invalid: &record.invalid,
            ending: &record.ending,
            started: run.started(),
            duration_ms: exact_ms(run.duration),
            host: record.host.as_deref(),
            scripts: &record.scripts,
            seed: record.seed,
            users: run.user_count,
            users_by_class: &run.class_counts,
            totals: Figures::new(totals, totals.aggregated()),
            requests: totals.entries().into_iter().map(|entry| Figures::new(totals, entry)).collect(),
            failures: failures(totals),
            exceptions: exceptions(totals),
            failed_hooks: record.failed_hooks,
            manifests: record.verdicts.iter().map(Judged::new).collect(),
            counters: run.counters(),
            arrivals: run.arrivals().map(Arrivals::new),
            generator: Generator::new(&run.health),
            machine: &record.machine,
            options: &record.options,
            plan: &record.plan,
            series: Series::new(run),
        }
    }
}

#[derive(Serialize)]
struct Failure<'a> {
    #[serde(rename = "type")]
    method: &'a str,
    name: &'a str,
    error: &'a str,
    /// Where texts were grouped, the first of them.
    sample: Option<&'a str>,
    /// Where in the script the first came from.
    place: Option<&'a str>,
    occurrences: u64,
    first_seen: Timestamp,
    last_seen: Timestamp,
}

fn failures(totals: &Totals) -> Vec<Failure<'_>> {
    let rows = totals.failures().into_iter().map(|row| Failure {
        method: &row.method,
        name: &row.name,
        error: &row.text,
        sample: row.sample.as_deref(),
        place: row.place.as_deref(),
        occurrences: row.occurrences,
        first_seen: totals.wall_time(row.first),
        last_seen: totals.wall_time(row.last),
    });
    rows.collect()
}

#[derive(Serialize)]
struct Exception<'a> {
    message: &'a str,
    /// Where messages were grouped, the first of them.
    sample: Option<&'a str>,
    place: &'a str,
    task: &'a str,
    count: u64,
    first_seen: Timestamp,
    last_seen: Timestamp,
}

fn exceptions(totals: &Totals) -> Vec<Exception<'_>> {
    let rows = totals.exceptions().into_iter().map(|row| Exception {
        message: &row.message,
        sample: row.sample.as_deref(),
        place: &row.place,
        task: &row.task,
        count: row.count,
        first_seen: totals.wall_time(row.first),
        last_seen: totals.wall_time(row.last),
    });
    rows.collect()
}

/// What became of the arrivals of the open model.
#[derive(Serialize)]
struct Arrivals {
    due: u64,
    started: u64,
    dropped: u64,
    unstarted: u64,
    surplus: u64,
    longest_queue: u64,
    lateness: LatenessFigures,
}

impl Arrivals {
    fn new(arrivals: &ArrivalSummary) -> Self {
        Self {
            due: arrivals.due,
            started: arrivals.started,
            dropped: arrivals.dropped,
            unstarted: arrivals.unstarted,
            surplus: arrivals.surplus,
            longest_queue: arrivals.longest_queue,
            lateness: LatenessFigures::new(&arrivals.lateness),
        }
    }
}

/// How the generator itself fared.
#[derive(Serialize)]
struct Generator {
    shards: usize,
    /// The share of a core that the busiest shard used.
    cpu_share: Option<f64>,
    /// How long after the end of their wait users went on.
    waits: LatenessFigures,
    /// How late the slowest shard got to what was ready, 99 times of 100.
    beat_p99_ms: Option<f64>,
    /// The longest time in which a shard served nothing.
    longest_gap_ms: f64,
}

impl Generator {
    fn new(health: &Health) -> Self {
        let shards = || health.shards.values();
        let gap = shards().map(|shard| shard.longest_gap).max();
        Self {
            shards: health.shards.len(),
            cpu_share: health.busiest(),
            waits: LatenessFigures::new(&health.waits()),
            beat_p99_ms: shards().filter_map(|shard| shard.beat.p99()).max().map(exact_ms),
            longest_gap_ms: exact_ms(gap.unwrap_or(Duration::ZERO)),
        }
    }
}
