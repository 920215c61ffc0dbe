//! What the statistics promise: exact sums, percentiles within half a percent, merges that lose nothing, Locust's rates.
#![expect(clippy::unwrap_used, reason = "a helper of a test that fails should fail loudly")]

use jiff::Timestamp;
use katydid::stats::{Gauges, Rate, Recorder, Sample, Snapshot, Times, Totals, Window};
use proptest::prelude::{Just, Strategy, prop, prop_oneof};
use proptest::{prop_assert_eq, proptest};
use rand::{RngExt, SeedableRng};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

const QUANTILES: [f64; 11] = [0.5, 0.66, 0.75, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999, 0.9999, 1.0];

/// Compares with an exact sort: the sample number `min(trunc(n q), n - 1)`.
fn assert_percentiles(what: &str, mut nanoseconds: Vec<u64>) {
    let mut times = Times::default();
    nanoseconds.iter().for_each(|value| times.record(Duration::from_nanos(*value)));
    nanoseconds.sort_unstable();
    let found = times.percentiles(&QUANTILES);
    for (quantile, found) in QUANTILES.iter().zip(&found) {
        let rank = ((nanoseconds.len() as f64 * quantile) as usize).min(nanoseconds.len() - 1);
        let exact = nanoseconds[rank];
        let error = (found.as_nanos() as f64 - exact as f64).abs();
        assert!(error <= exact as f64 * 0.005, "{what} p{quantile}: {found:?}, exactly {exact} ns");
        assert!(Some(*found) <= times.max(), "{what} p{quantile} is above the maximum");
    }
    let (smallest, largest) = (nanoseconds[0], *nanoseconds.last().unwrap());
    let ends = [times.min(), times.max()].map(|end| end.unwrap().as_nanos());
    assert_eq!(ends, [smallest, largest].map(u128::from), "{what}: both ends are exact");
    assert!(found.is_sorted(), "{what}: {found:?}");
    assert_eq!(found[10], Duration::from_nanos(*nanoseconds.last().unwrap()), "{what}: p100 is the maximum");
    assert_eq!(
        times.percentile(0.0),
        Some(Duration::from_nanos(nanoseconds[0])),
        "{what}: p0 is the minimum"
    );
}

/// Response times in nanoseconds, as servers of all kinds give them; ten million have a test of their own.
fn distributions(samples: usize) -> [(&'static str, Vec<u64>); 7] {
    let mut random = rand_pcg::Pcg64Mcg::seed_from_u64(7);
    let mut draw = |f: &dyn Fn(f64, f64) -> f64| -> Vec<u64> {
        (0..samples).map(|_| f(random.random(), random.random()) as u64).collect()
    };
    // The normal deviate of Box and Muller.
    let normal = |u: f64, v: f64| (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos();
    [
        ("uniform", draw(&|u, _| 50_000.0 + u * 2e9)),
        ("lognormal", draw(&|u, v| (16.0 + 1.5 * normal(u, v)).exp())),
        ("bimodal", draw(&|u, v| if u < 0.9 { 1e6 + v * 1e4 } else { 1e9 + v * 1e7 })),
        ("pareto", draw(&|u, _| 1e5 * (1.0 - u).powf(-1.0 / 1.2))),
        ("constant", vec![123_456_789; 1000]),
        ("one value", vec![1_500]),
        ("two values", vec![1_000_000, 1_000_000_000]),
    ]
}

#[test]
fn percentiles_are_within_half_a_percent_of_an_exact_sort() {
    for (what, nanoseconds) in distributions(100_000) {
        assert_percentiles(what, nanoseconds);
    }
}

/// Also of the run over time: a hundred seconds of each distribution, dealt to the parts in turn.
#[test]
fn parts_of_every_distribution_are_merged_to_the_bit() {
    for (what, nanoseconds) in distributions(4_000) {
        let merged = |parts: usize| {
            let mut totals = Totals::new(Timestamp::UNIX_EPOCH);
            for part in 0..parts {
                let mut recorder = Recorder::new();
                for (number, time) in nanoseconds.iter().enumerate().skip(part).step_by(parts) {
                    recorder.record(&Sample {
                        method: "GET",
                        name: ["/a", "/b", "/c"][number % 3],
                        response_time: Some(Duration::from_nanos(*time)),
                        service_time: (number % 2 == 0).then(|| Duration::from_nanos(time / 2)),
                        size: time % 1000,
                        failure: None,
                        ended: Duration::from_millis(number as u64 * 25),
                    });
                }
                totals.merge(&recorder.take());
            }
            totals
        };
        let one = merged(1);
        let saved = serde_json::to_string(&one).unwrap();
        for parts in [2, 8, 64] {
            let many = merged(parts);
            assert_eq!(serde_json::to_string(&many).unwrap(), saved, "{what} in {parts} parts");
            assert_eq!(many.aggregated(), one.aggregated(), "{what} in {parts} parts");
        }
        let times = &one.aggregated().times;
        assert_eq!(times.min().map(|min| min.as_nanos() as u64), nanoseconds.iter().min().copied(), "{what}");
        assert_eq!(times.max().map(|max| max.as_nanos() as u64), nanoseconds.iter().max().copied(), "{what}");
        let sum: u128 = nanoseconds.iter().map(|time| u128::from(*time)).sum();
        assert_eq!(times.average_ms(), Some(sum as f64 / 1e6 / nanoseconds.len() as f64), "{what}");
    }
}

#[test]
fn percentiles_of_ten_million_samples() {
    const N: u64 = 10_000_000;
    let mut times = Times::default();
    // A full cycle through 1..=N in scattered order: the exact sort is known.
    (0..N).for_each(|i| times.record(Duration::from_nanos((i * 7_368_787 % N + 1) * 100)));
    for quantile in QUANTILES {
        let exact = ((N as f64 * quantile).round() as u64 + 1).min(N) * 100;
        let found = times.percentile(quantile).unwrap().as_nanos() as f64;
        assert!(
            (found - exact as f64).abs() <= exact as f64 * 0.005,
            "p{quantile}: {found}, exactly {exact}"
        );
    }
    assert_eq!(times.len(), N);
    assert_eq!(times.average_ms(), Some((N + 1) as f64 / 2.0 * 100.0 / 1e6));
}

#[derive(Clone, Debug)]
struct Event {
    method: &'static str,
    name: &'static str,
    time: Option<u64>,
    size: u64,
    failure: Option<&'static str>,
    at: u64,
}

fn event() -> impl Strategy<Value = Event> {
    (
        prop_oneof![Just("GET"), Just("POST")],
        prop_oneof![Just("/a"), Just("/b"), Just("/ü")],
        proptest::option::of(0..100_000_000_000_u64),
        0..10_000_u64,
        proptest::option::of(prop_oneof![Just("500"), Just("wrong\n\"id\"")]),
        0..120_000_u64,
    )
        .prop_map(|(method, name, time, size, failure, at)| Event {
            method,
            name,
            time,
            size,
            failure,
            at,
        })
}

fn record(recorder: &mut Recorder, event: &Event) {
    let at = Duration::from_millis(event.at);
    recorder.record(&Sample {
        method: event.method,
        name: event.name,
        response_time: event.time.map(Duration::from_nanos),
        service_time: None,
        size: event.size,
        failure: event.failure,
        ended: at,
    });
    if let Some(text) = event.failure {
        recorder.exception(text, "shop.rhai:3", event.name, at);
    }
    recorder.counters().wire_requests += 1;
}

/// Deals the events to `parts` recorders, each of which hands over after every 16th of its events; merges in the order
/// of the shards or against it.
fn totals_of(events: &[Event], parts: usize, backwards: bool) -> Totals {
    let mut snapshots = Vec::new();
    for part in 0..parts {
        let mut recorder = Recorder::new();
        for (number, event) in events.iter().skip(part).step_by(parts).enumerate() {
            record(&mut recorder, event);
            if number % 16 == 15 {
                snapshots.push(recorder.take());
            }
        }
        snapshots.push(recorder.take());
    }
    if backwards {
        snapshots.reverse();
    }
    let mut totals = Totals::new(Timestamp::UNIX_EPOCH);
    for snapshot in &snapshots {
        let sent = serde_json::to_string(snapshot).unwrap();
        let received: Snapshot = serde_json::from_str(&sent).unwrap();
        assert_eq!(&received, snapshot);
        totals.merge(&received);
    }
    totals
}

proptest! {
    #[test]
    fn any_number_of_parts_gives_the_same_totals_to_the_bit(events in prop::collection::vec(event(), 0..300)) {
        let one = totals_of(&events, 1, false);
        let saved = serde_json::to_string(&one).unwrap();
        for parts in [2, 8, 64] {
            for backwards in [false, true] {
                let many = totals_of(&events, parts, backwards);
                prop_assert_eq!(&serde_json::to_string(&many).unwrap(), &saved);
                prop_assert_eq!(many.aggregated(), one.aggregated());
            }
        }
        let read: Totals = serde_json::from_str(&saved).unwrap();
        prop_assert_eq!(&read, &one);
        prop_assert_eq!(one.aggregated().requests, events.len() as u64);
        prop_assert_eq!(one.counters().wire_requests, events.len() as u64);
        let failed = events.iter().filter(|event| event.failure.is_some()).count() as u64;
        prop_assert_eq!(one.failures().iter().map(|row| row.occurrences).sum::<u64>(), failed);
        prop_assert_eq!(one.exceptions().iter().map(|row| row.count).sum::<u64>(), failed);
    }
}

/// `per_second[i]` requests in second `i`, evenly, the first of each second failing; the last ends at `end`.
fn steady(per_second: &[u64], end: Duration) -> Totals {
    let mut recorder = Recorder::new();
    let mut one = |ended: Duration, failure| {
        let time = Some(Duration::from_millis(5));
        recorder.record(&Sample {
            method: "GET",
            name: "/",
            response_time: time,
            service_time: None,
            size: 2,
            failure,
            ended,
        });
    };
    for (second, count) in per_second.iter().enumerate() {
        for number in 0..*count {
            let ended =
                Duration::from_secs(second as u64) + Duration::from_secs(1) * number as u32 / *count as u32;
            one(ended, (number == 0).then_some("no"));
        }
    }
    one(end, None);
    let mut totals = Totals::new(Timestamp::UNIX_EPOCH);
    totals.merge(&recorder.take());
    totals
}

#[test]
fn total_rates_count_to_the_last_request() {
    let totals = steady(&[10; 20], Duration::from_millis(20_100));
    let entry = totals.entry("GET", "/").unwrap();
    assert_eq!(totals.total_rate(entry), Rate { requests: 201.0 / 20.1, failures: 20.0 / 20.1 });
    let nothing = Totals::new(Timestamp::UNIX_EPOCH);
    assert_eq!(nothing.total_rate(nothing.aggregated()), Rate::default());
}

#[test]
fn current_rates_are_the_ten_whole_seconds_that_end_two_before_the_last() {
    // Seconds 0 to 19; the last request ends in second 20, so the window is 8..18.
    let counts: Vec<u64> = (1..=20).collect();
    let totals = steady(&counts, Duration::from_millis(20_900));
    let entry = totals.entry("GET", "/").unwrap();
    let expected = (9..=18).sum::<u64>() as f64 / 10.0;
    assert_eq!(totals.current_rate(entry), Rate { requests: expected, failures: 1.0 });
}

#[test]
fn current_rates_begin_after_two_seconds_with_what_there_is() {
    let at = |milliseconds| {
        let totals = steady(&[4], Duration::from_millis(milliseconds));
        totals.current_rate(totals.aggregated()).requests
    };
    assert_eq!((at(900), at(2_900), at(3_000), at(4_500)), (0.0, 0.0, 4.0, 2.0));
}

#[test]
fn current_rates_fall_when_the_clock_goes_on_without_requests() {
    let mut totals = steady(&[10; 20], Duration::from_millis(19_950));
    let mut rate = |now| {
        totals.note_time(Duration::from_secs(now));
        totals.current_rate(totals.aggregated()).requests
    };
    // The twentieth second has one request more.
    assert_eq!((rate(19), rate(24), rate(27), rate(40)), (10.0, 8.1, 5.1, 0.0));
}

#[test]
fn a_reset_forgets_and_counts_rates_from_there() {
    let mut totals = steady(&[10; 10], Duration::from_secs(10));
    totals.reset(Duration::from_secs(10));
    assert_eq!(totals.aggregated().requests, 0);
    let mut recorder = Recorder::new();
    let ended = Duration::from_secs(15);
    recorder.record(&Sample {
        method: "GET",
        name: "/",
        response_time: None,
        service_time: None,
        size: 0,
        failure: None,
        ended,
    });
    totals.merge(&recorder.take());
    assert_eq!(totals.total_rate(totals.aggregated()).requests, 0.2);
    assert_eq!(totals.aggregated().times.percentile(0.5), None, "counted, not timed");
}

#[test]
fn a_second_of_ten_thousand_names_is_small() {
    let mut recorder = Recorder::new();
    for number in 0..10_000_u64 {
        let name = format!("/items/{number}");
        let time = Some(Duration::from_micros(900 + number * 37));
        let ended = Duration::from_secs(1);
        recorder.record(&Sample {
            method: "GET",
            name: &name,
            response_time: time,
            service_time: None,
            size: 9,
            failure: None,
            ended,
        });
    }
    let sent = serde_json::to_string(&recorder.take()).unwrap();
    assert!(sent.len() < 10_000 * 400, "{} bytes per name", sent.len() / 10_000);
}

/// How many numbers and characters there are in it. Bytes would also count the digits, which grow with the counts.
fn extent(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Array(values) => values.iter().map(extent).sum(),
        serde_json::Value::Object(fields) => fields.values().map(extent).sum(),
        serde_json::Value::String(text) => text.len(),
        _ => 1,
    }
}

/// Sixty hours of a run with four names, in virtual time: what is kept of it is no more after the sixtieth hour than it was
/// in the sixth.
#[test]
fn what_a_run_keeps_does_not_grow_with_its_length() {
    const NAMES: [&str; 4] = ["/a", "/b", "/c", "/d"];
    const STEP: u64 = 60;
    const HOUR: u64 = 3600;
    let (mut totals, mut recorder) = (Totals::new(Timestamp::UNIX_EPOCH), Recorder::new());
    let (mut window, mut sizes) = (Window::default(), Vec::new());
    for second in (0..60 * HOUR).step_by(STEP as usize) {
        for number in 0..160 {
            let failure = (number < 4).then(|| format!("no item {second}{number}"));
            recorder.record(&Sample {
                method: "GET",
                name: NAMES[number as usize % NAMES.len()],
                response_time: Some(Duration::from_micros(900 + number / 4 % 16 * 9_973)),
                service_time: Some(Duration::from_micros(800)),
                size: 10,
                failure: failure.as_deref(),
                ended: Duration::from_secs(second),
            });
        }
        for number in 0..4 {
            let message = format!("no item {second}{number}");
            recorder.exception(&message, "main.rhai:3", "t", Duration::from_secs(second));
        }
        let snapshot = recorder.take();
        totals.merge(&snapshot);
        totals.note_gauges(second, &Gauges { users: 10, ..Gauges::default() });
        totals.note_time(Duration::from_secs(second));
        window.advance(Duration::from_secs(second), totals.aggregated());
        // As much as there is to keep, before slices are made wider; and now and then.
        let slices = totals.timeline().slices().count();
        assert!(slices <= 300);
        if slices >= 298 || second % (2 * HOUR) == 0 {
            let saved = serde_json::to_value(&totals).unwrap();
            let parts = saved.as_object().unwrap().iter();
            let parts = parts.map(|(part, value)| (part.clone(), extent(value)));
            let sent = extent(&serde_json::to_value(&snapshot).unwrap());
            let others = [("sent".to_owned(), sent), ("window".to_owned(), format!("{window:?}").len())];
            sizes.extend(parts.chain(others).map(|(part, size)| (second / HOUR, part, size)));
        }
    }
    let parts: BTreeSet<&str> = sizes.iter().map(|(_, part, _)| part.as_str()).collect();
    assert!(
        ["timeline", "entries", "failures", "exceptions"].iter().all(|part| parts.contains(part)),
        "{parts:?}"
    );
    for kept in parts {
        let peak = |hours: std::ops::Range<u64>| {
            let of_hours = sizes.iter().filter(|(hour, part, _)| hours.contains(hour) && part == kept);
            of_hours.map(|(_, _, size)| *size).max().unwrap_or(0)
        };
        let (early, late) = (peak(0..6), peak(6..60));
        assert!(
            late as f64 <= early as f64 * 1.1 + 20.0,
            "{kept}: at most {early} in six hours, then {late}"
        );
    }
    assert_eq!(totals.aggregated().requests, 60 * HOUR / STEP * 160);
}

/// The wall clock may be set back or forward while a run goes on: it is read once, for the time at which the run began, and
/// all other times are counted from there by a clock that nobody sets.
#[test]
fn the_wall_clock_is_read_once() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = ["engine", "http", "manifest", "plan", "report", "stats"]
        .iter()
        .map(|room| source.join(room))
        .collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = std::fs::read_to_string(&path).unwrap();
                let lines = text.lines().filter(|line| {
                    ["Timestamp::now", "Zoned::now", "SystemTime"].iter().any(|clock| line.contains(clock))
                });
                let name = path.strip_prefix(&source).unwrap().display().to_string();
                found.extend(lines.map(|line| format!("{name}: {}", line.trim())));
            }
        }
    }
    assert_eq!(found, ["engine/controller.rs: totals: Totals::new(jiff::Timestamp::now()),"]);
}

proptest! {
    /// Nothing that was counted depends on when the run began.
    #[test]
    fn the_time_of_the_start_is_only_written_down(
        events in prop::collection::vec(event(), 0..60), started in -4_000_000_000_i64..4_000_000_000,
    ) {
        let at = |started| {
            let (mut totals, mut recorder) = (Totals::new(started), Recorder::new());
            events.iter().for_each(|event| record(&mut recorder, event));
            totals.merge(&recorder.take());
            let mut saved = serde_json::to_value(&totals).unwrap();
            saved.as_object_mut().unwrap().remove("started");
            (saved, totals.total_rate(totals.aggregated()), totals.current_rate(totals.aggregated()))
        };
        prop_assert_eq!(at(Timestamp::from_second(started).unwrap()), at(Timestamp::UNIX_EPOCH));
    }
}
