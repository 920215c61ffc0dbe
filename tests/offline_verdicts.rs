//! A verdict is the same whether it is spoken at the end of a run, on its result file, or, as far as printed rows go, on
//! its CSV.

use jiff::Timestamp;
use katydid::manifest::{Judgement, Manifest, PrintedStats, VerdictRow, evaluate};
use katydid::report::csv::{CsvOptions, CsvWriter};
use katydid::stats::{Milestones, Recorder, RunResult, Sample, Totals};
use proptest::prelude::*;
use proptest::sample::select;
use std::time::Duration;

const KINDS: [&str; 5] = ["GET", "POST", "TX", "TTFB", "WS"];
const NAMES: [&str; 4] = ["/a", "/b", "/a/[id]", "say \"hi\", ü\nand go"];

/// One request: kind, name, microseconds, milliseconds of its end, bytes, whether it failed.
type Request = (usize, usize, u64, u64, u64, bool);

fn requests() -> impl Strategy<Value = Vec<Request>> {
    let micros = prop_oneof![0..100_u64, 1_000..50_000_u64, 1..90_000_000_u64];
    prop::collection::vec((0..5_usize, 0..4_usize, micros, 1..30_000_u64, 0..5_000_u64, any::<bool>()), 0..60)
}

/// A run of 30 s with a ramp of 5 s and three stages; `WS` is counted and not timed.
fn run(requests: &[Request]) -> RunResult {
    let mut recorder = Recorder::new();
    for (kind, name, micros, ended, size, failed) in requests {
        recorder.record(&Sample {
            method: KINDS[*kind],
            name: NAMES[*name],
            response_time: (KINDS[*kind] != "WS").then(|| Duration::from_micros(*micros)),
            service_time: None,
            size: *size,
            failure: failed.then_some("no"),
            ended: Duration::from_millis(*ended),
        });
    }
    let mut totals = Totals::new(Timestamp::UNIX_EPOCH);
    totals.merge(&recorder.take());
    let mut result = RunResult::new(totals, Duration::from_secs(30));
    let at = Duration::from_secs;
    result.milestones = Milestones {
        begun: at(0),
        spawned: Some(at(5)),
        ending: Some(at(30)),
        stages: vec![at(10), at(20), at(40)],
    };
    result
}

fn value(unit: &str, number: u64) -> String {
    match unit {
        "ms" => format!("{}", number as f64 / 40.0),
        "ratio" => format!("{}", (number % 21) as f64 / 20.0),
        _ => format!("{}", number % 40),
    }
}

/// One threshold of a manifest, as YAML.
fn threshold(windows: Vec<&'static str>) -> impl Strategy<Value = String> {
    let metrics = vec![
        ("Request Count", "count"),
        ("Failure Count", "count"),
        ("fail_ratio", "ratio"),
        ("Median Response Time", "ms"),
        ("Average Response Time", "ms"),
        ("Min Response Time", "ms"),
        ("Max Response Time", "ms"),
        ("Average Content Size", "bytes"),
        ("Requests/s", "rate"),
        ("Failures/s", "rate"),
        ("50%", "ms"),
        ("95%", "ms"),
        ("99.99%", "ms"),
        ("100%", "ms"),
        ("p97.3", "ms"),
        ("p12", "ms"),
        ("p0", "ms"),
    ];
    let resources = vec![r#""/a""#, r#""/b""#, r#""*""#, r#""/a*""#, r#""re:[hb]""#, r#""/missing""#];
    let kinds = vec!["", "", "GET", "POST", "TTFB", "WS", "PATCH"];
    let operators = vec!["<", "<=", ">", ">=", "==", "!="];
    let formulas = vec!["", "", "", " + 0 * count(/a) / count(*)", " * count(GET /a) / count(*)"];
    (
        (select(resources), select(kinds), select(metrics), select(operators), 0..4_000_u64),
        (select(formulas), select(windows), select(vec![0, 0, 3]), any::<bool>(), any::<bool>()),
    )
        .prop_map(|((resource, kind, (metric, unit), operator, number), terms)| {
            let (formula, window, min_samples, allow_missing, warn) = terms;
            let kind = if kind.is_empty() { String::new() } else { format!("type: {kind}, ") };
            let severity = if warn { "warn" } else { "fail" };
            format!(
                "{resource}: {{ {kind}{metric}: {{ limit: \"{operator} {}{formula}\", window: {window}, min_samples: \
                 {min_samples}, allow_missing: {allow_missing}, severity: {severity} }} }}\n",
                value(unit, number),
            )
        })
}

fn parse(text: &str) -> Manifest {
    Manifest::parse("m.yaml", text).unwrap_or_else(|error| panic!("{error}\n{text}")).0
}

/// A row of a verdict to the last bit.
fn bits(row: &VerdictRow) -> (Option<u64>, Option<u64>, String) {
    (row.actual.map(f64::to_bits), row.margin.map(f64::to_bits), format!("{row:?}"))
}

fn printed(result: &RunResult) -> PrintedStats {
    let folder = tempfile::tempdir().expect("a folder");
    let prefix = folder.path().join("run").to_string_lossy().into_owned();
    let writer = CsvWriter::new(&prefix, CsvOptions::default()).expect("a writer");
    writer.finish(&result.totals, result.duration, 1).expect("files");
    let text = std::fs::read_to_string(format!("{prefix}_stats.csv")).expect("a file");
    let (stats, warnings) =
        PrintedStats::parse("run_stats.csv", &text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(warnings, []);
    stats
}

/// Percentiles are printed with three decimals of a millisecond; sums of printed floats differ in their last digits.
fn is_near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 0.000_500_001 + a.abs().max(b.abs()) * 1e-9
}

proptest! {
    #[test]
    fn on_the_result_file_it_is_the_same_to_the_last_bit(
        requests in requests(),
        text in threshold(vec!["whole", "steady", "last 7s", "stage 1", "stage 3", "stage 4"]),
    ) {
        let (result, manifest) = (run(&requests), parse(&text));
        let saved = serde_json::to_vec(&result).unwrap();
        let read: RunResult = serde_json::from_slice(&saved).unwrap();
        let (online, offline) = (evaluate(&manifest, &result), evaluate(&manifest, &read));
        prop_assert_eq!(&online, &offline);
        let rows = |rows: &[VerdictRow]| rows.iter().map(bits).collect::<Vec<_>>();
        prop_assert_eq!(rows(&online.rows), rows(&offline.rows));
    }

    #[test]
    fn on_the_csv_it_is_the_same_but_for_what_is_rounded(
        requests in requests(),
        text in threshold(vec!["whole"]),
    ) {
        let (result, manifest) = (run(&requests), parse(&text));
        let stats = printed(&result);
        let (online, offline) = (evaluate(&manifest, &result), evaluate(&manifest, &stats));
        prop_assert_eq!(online.rows.len(), offline.rows.len());
        for (online, offline) in online.rows.iter().zip(&offline.rows) {
            prop_assert_eq!(&online.resource, &offline.resource);
            match (online.actual, offline.actual) {
                (Some(known), Some(told)) => {
                    let at_the_limit = is_near(known, known + online.margin.unwrap_or_default());
                    prop_assert!(online.judgement == offline.judgement || at_the_limit, "{:?}\n{:?}", online, offline);
                    let bounded = offline.why.contains(" is at ");
                    prop_assert!(bounded || is_near(known, told), "{:?}\n{:?}", online, offline);
                }
                (None, None) => {
                    prop_assert_eq!(&online.why, &offline.why);
                    prop_assert_eq!(online.judgement, offline.judgement);
                }
                // Only what lies between printed percentiles may stay open, and is a miss then.
                (Some(_), None) => {
                    prop_assert!(offline.why.contains("the CSV does not tell where"), "{:?}", offline);
                    prop_assert!(offline.judgement != Judgement::Passed);
                }
                (None, Some(_)) => prop_assert!(false, "{:?}\n{:?}", online, offline),
            }
        }
    }
}
