//! Manifests: what is read, what is refused and how, and what the verdict says.

use jiff::Timestamp;
use katydid::manifest::{Evidence, Judgement, Limit, METRIC_COLUMNS, Manifest, Verdict, breach, evaluate};
use katydid::stats::{Milestones, NAMES_KEPT, Recorder, RunResult, SERIES_KEPT, Sample, Totals};
use katydid::util::Diagnostic;
use proptest::{prop_assert, proptest};
use std::time::Duration;

/// A run of 10 s in which each (method, name, milliseconds, failure) ended, evenly.
fn run(samples: &[(&str, &str, f64, Option<&str>)]) -> RunResult {
    let mut recorder = Recorder::new();
    for (number, (method, name, milliseconds, failure)) in samples.iter().enumerate() {
        recorder.record(&Sample {
            method,
            name,
            response_time: Some(Duration::from_secs_f64(milliseconds / 1000.0)),
            service_time: None,
            size: 100,
            failure: *failure,
            ended: Duration::from_secs(10) * (number as u32 + 1) / samples.len() as u32,
        });
    }
    let mut totals = Totals::new(Timestamp::UNIX_EPOCH);
    totals.merge(&recorder.take());
    RunResult::new(totals, Duration::from_secs(10))
}

fn parse(text: &str) -> Manifest {
    let (manifest, warnings) = Manifest::parse("m.yaml", text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(warnings, [], "{text}");
    manifest
}

fn refusal(text: &str) -> Diagnostic {
    Manifest::parse("m.yaml", text).expect_err(text)
}

fn verdict(text: &str, result: &RunResult) -> Verdict {
    evaluate(&parse(text), result)
}

fn whys(verdict: &Verdict) -> Vec<&str> {
    verdict.rows.iter().filter(|row| row.failed()).map(|row| row.why.as_str()).collect()
}

fn shop() -> RunResult {
    let mut samples = Vec::new();
    for _ in 0..10 {
        samples.push(("GET", "/items", 60.0, None));
        samples.push(("GET", "/items/[id]", 12.5, None));
        samples.push(("POST", "/login", 80.0, None));
        samples.push(("POST", "/orders", 20.0, None));
        samples.push(("GET", "/orders", 300.0, None));
    }
    run(&samples)
}

#[test]
fn every_example_is_read_without_a_warning() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/manifests");
    let mut read = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let (manifest, warnings) = Manifest::parse(&path.to_string_lossy(), &text).unwrap();
        assert_eq!(warnings, [], "{path:?}");
        assert!(!manifest.thresholds.is_empty(), "{path:?}");
        read += 1;
    }
    assert!(read > 0);
}

#[test]
fn the_quickstart_passes_on_a_healthy_shop_and_fails_on_none() {
    let manifest = parse(include_str!("../manifests/quickstart.yaml"));
    let verdict = evaluate(&manifest, &shop());
    assert!(verdict.passed, "{:?}", whys(&verdict));
    let nothing = evaluate(&manifest, &run(&[]));
    assert!(
        nothing.rows.iter().all(|row| row.failed() && row.why.starts_with("no row: nothing was counted"))
    );
}

#[test]
fn limits_are_inclusive_and_every_miss_is_listed() {
    assert!(verdict("/items:\n  type: GET\n  99%: 60", &shop()).passed);
    let missed = verdict("/items:\n  type: GET\n  99%: 59\n  Max Response Time: 59.9", &shop());
    assert!(!missed.passed);
    assert_eq!(
        whys(&missed),
        [
            "99% for GET /items is 60 ms, the limit is <= 59 ms",
            "Max Response Time for GET /items is 60 ms, the limit is <= 59.9 ms",
        ]
    );
    assert_eq!(missed.rows[0].margin, Some(-1.0));
    assert_eq!(missed.rows[0].place, "m.yaml:3");
}

#[test]
fn float_metrics_are_judged() {
    let verdict = verdict("/items/[id]:\n  Average Response Time: 50", &shop());
    assert!(verdict.passed);
    assert_eq!((verdict.rows[0].actual, verdict.rows[0].margin), (Some(12.5), Some(37.5)));
}

#[test]
fn all_twenty_metrics_and_the_short_names_are_judged() {
    let limits = METRIC_COLUMNS.map(|metric| format!("  {metric}: \"<= 1000\"\n")).concat();
    let all = verdict(&format!("/items:\n{limits}"), &shop());
    assert!(all.passed && all.rows.len() == 20, "{:?}", whys(&all));
    let short = "\"*\":\n  count: \"== 50\"\n  failures: 0\n  fail_ratio: 0\n  median: 60\n  avg: 94.5\n  \
                 min: \">= 12.5\"\n  max: 300\n  size: \"== 100\"\n  rps: \"== 5\"\n  p99.99: 300\n  p50: 60.1";
    let short = verdict(short, &shop());
    assert!(short.passed && short.rows.len() == 11, "{:?}", whys(&short));
}

#[test]
fn a_missing_row_is_a_miss() {
    let verdict = verdict(
        "/itmes:\n  99%: 100\n/nothing/like/it:\n  Failure Count: 0\nGET /items:\n  99%: 100",
        &shop(),
    );
    assert_eq!(
        whys(&verdict),
        [
            "no row: nothing was counted as /itmes; did you mean /items?",
            "no row: nothing was counted as /nothing/like/it",
            "no row: nothing was counted as GET /items; the name is /items, the type is said by `type: GET`",
        ]
    );
    assert!(verdict.rows.iter().all(|row| row.actual.is_none() && row.margin.is_none()));
}

#[test]
fn a_row_without_data_is_a_miss() {
    let mut recorder = Recorder::new();
    let ended = Duration::ZERO;
    recorder.record(&Sample {
        method: "WS",
        name: "push",
        response_time: None,
        service_time: None,
        size: 0,
        failure: None,
        ended,
    });
    let mut totals = Totals::new(Timestamp::UNIX_EPOCH);
    totals.merge(&recorder.take());
    let result = RunResult::new(totals, Duration::from_secs(1));
    let verdict = verdict("push:\n  99%: 100\n  avg: 5\n  rps: \"< 5\"\n  Failure Count: 0", &result);
    assert_eq!(
        whys(&verdict),
        [
            "no data: 99% for push was never measured",
            "no data: avg for push was never measured",
            "no data: rps for push was never measured",
        ]
    );
    assert!(!verdict.rows[3].failed());
}

#[test]
fn types_are_told_apart_and_pooled_without_one() {
    let each = verdict("/orders:\n  - { type: POST, 99%: 30 }\n  - { type: GET, 99%: 30 }", &shop());
    assert_eq!(whys(&each), ["99% for GET /orders is 300 ms, the limit is <= 30 ms"]);
    let wrong = verdict("/items:\n  type: get\n  99%: 100", &shop());
    assert_eq!(whys(&wrong), ["no row: nothing was counted as get /items; its types are GET"]);
    let pooled = verdict("/orders:\n  count: \"== 20\"\n  avg: \"== 160\"\n  max: \"== 300\"", &shop());
    assert!(pooled.passed, "{:?}", whys(&pooled));
    let of_a_type = verdict("\"*\":\n  type: POST\n  count: \"== 20\"", &shop());
    assert!(of_a_type.passed, "{:?}", whys(&of_a_type));
    let locust = verdict("Aggregated:\n  type: \"\"\n  count: \"== 50\"", &shop());
    assert!(locust.passed, "{:?}", whys(&locust));
}

#[test]
fn one_failed_request_is_seen() {
    let result = run(&[("GET", "/", 1.0, None), ("GET", "/", 1.0, Some("500")), ("GET", "/b", 1.0, None)]);
    let verdict =
        verdict("\"*\":\n  Failure Count: 0\n/:\n  fail_ratio: \"< 50%\"\n/b:\n  failures: 0", &result);
    assert_eq!(
        whys(&verdict),
        ["Failure Count for * is 1, the limit is <= 0", "fail_ratio for / is 50%, the limit is < 50%",]
    );
}

#[test]
fn a_floor_can_be_set_and_a_bare_number_is_a_ceiling_with_a_warning() {
    assert!(!verdict("\"*\":\n  Requests/s: \">= 50\"", &shop()).passed);
    assert!(
        verdict("\"*\":\n  Requests/s: { min: 5, max: 5 }\n  count: { limit: \"> 49\" }", &shop()).passed
    );
    let (manifest, warnings) = Manifest::parse("m.yaml", "\"*\":\n  Requests/s: 50\n  count: 3").unwrap();
    assert_eq!(warnings.len(), 2);
    insta::assert_snapshot!(warnings[0], @r#"
    warning: a bare number is an upper limit, also for `Requests/s`
     --> m.yaml:2:15
      |
    2 |   Requests/s: 50
      |               ^^
      = help: did you mean `">= 50"`? An upper limit is `"<= 50"`
    "#);
    let verdict = evaluate(&manifest, &shop());
    assert_eq!(whys(&verdict), ["count for * is 50, the limit is <= 3"]);
}

#[test]
fn aliases_and_merged_defaults_work() {
    let text = "defaults: &d { p99: 100, failures: 0 }\n/items: { <<: *d, p99: 50 }\n/orders: *d";
    let manifest = parse(text);
    let limits: Vec<_> = manifest
        .thresholds
        .iter()
        .map(|t| format!("{} {} {} {:?}", t.names, t.written, t.operator, t.limit))
        .collect();
    assert_eq!(
        limits[2..],
        [
            "/items p99 <= Fixed(50.0)",
            "/items failures <= Fixed(0.0)",
            "/orders p99 <= Fixed(100.0)",
            "/orders failures <= Fixed(0.0)",
        ]
    );
}

#[test]
fn an_unknown_metric_is_an_error_that_names_the_known() {
    insta::assert_snapshot!(refusal("/items:\n  type: GET\n  Failure count: 0"), @r"
    error: unknown metric `Failure count`
     --> m.yaml:3:3
      |
    3 |   Failure count: 0
      |   ^^^^^^^^^^^^^
      = note: the metrics are: Request Count, Failure Count, Median Response Time, Average Response Time, Min Response Time, Max Response Time, Average Content Size, Requests/s, Failures/s, 50%, 66%, 75%, 80%, 90%, 95%, 98%, 99%, 99.9%, 99.99%, 100%
      = note: and short: count, failures, fail_ratio, median, avg, min, max, size, rps, p50 .. p99.99
      = help: did you mean `Failure Count`?
    ");
    let percentile = refusal("/items: { 97%: 5 }");
    assert_eq!(percentile.help.as_deref(), Some("for a percentile that is no column of the CSV write `p97`"));
}

#[test]
fn broken_yaml_is_an_error_with_its_place() {
    insta::assert_snapshot!(refusal("/items:\n  99%: [1, 2\n/orders:\n  99%: 3\n"), @r"
    error: broken YAML: illegal placement of ':' indicator
     --> m.yaml:3:8
      |
    3 | /orders:
      |        ^
    ");
}

#[test]
fn what_is_no_limit_is_refused_with_line_and_caret() {
    insta::assert_snapshot!(refusal("/items:\n  99%: fast"), @r#"
    error: `fast` is not a limit: expected a number, or an operator and a number
     --> m.yaml:2:8
      |
    2 |   99%: fast
      |        ^^^^
      = help: write a number, or a text such as `">= 50"` or `"< 1%"`
    "#);
    insta::assert_snapshot!(refusal("/items:\n  Failure Count: 1%"), @r#"
    error: `%` is not a unit here; a count has none
     --> m.yaml:2:18
      |
    2 |   Failure Count: 1%
      |                  ^^
      = help: write a number, or a text such as `">= 50"` or `"< 1%"`
    "#);
    insta::assert_snapshot!(refusal("/items:\n  99%: { limt: 5 }"), @r"
    error: unknown key `limt`
     --> m.yaml:2:10
      |
    2 |   99%: { limt: 5 }
      |          ^^^^
      = note: a limit has the keys `limit`, `min` and `max`, and window, severity, min_samples, allow_missing, abort
      = help: did you mean `limit`?
    ");
    insta::assert_snapshot!(refusal("/items:\n  99%: 5\n/items:\n  99%: 6"), @r"
    error: `/items` is there already
     --> m.yaml:3:1
      |
    3 | /items:
      | ^^^^^^
    ");
    insta::assert_snapshot!(refusal(""), @r"
    error: the manifest is empty
     --> m.yaml:1:1
      = help: write a name and its limits, as in `/items: { 99%: 100, Failure Count: 0 }`
    ");
}

#[test]
fn nothing_passes_silently() {
    for text in [
        "~",
        "{}",
        "[]",
        "5",
        "/items:",
        "/items: {}",
        "/items: []",
        "/items: 5",
        "/items: { type: GET }",
        "/items: { type: [GET, POST], 99%: 5 }",
        "/items: { 99%: 5, 99%: 6 }",
        "/items: { 99%: }",
        "/items: { 99%: [] }",
        "/items: { 99%: {} }",
        "/items: { 99%: { limit: [5] } }",
        "/items: { 99%: { min: \"< 5\" } }",
        "/items: { 99%: .nan }",
        "/items: { 99%: .inf }",
        "/items: { 99%: true }",
        "/items: { 99%: !!int 5 }",
        "/items: { fail_ratio: 5 }",
        "/items: { [a]: 5 }",
        "? [a]\n: 5",
        "/items: { <<: 5 }",
        "/items: { 99%: 5 }\n---\n/items: { 99%: 5 }",
        "/items: &a { 99%: *a }",
    ] {
        let error = refusal(text);
        assert!(error.place.as_ref().is_some_and(|place| place.line > 0), "{text}: {error}");
    }
}

#[test]
fn nesting_without_end_and_doubling_aliases_are_refused() {
    let _ = refusal(&"[".repeat(100_000));
    let _ = refusal(&"a: ".repeat(1000));
    let mut bomb = String::from("a0: &a0 { p50: 1 }\n");
    for level in 1..40 {
        bomb.push_str(&format!("a{level}: &a{level} [*a{0}, *a{0}]\n", level - 1));
    }
    let _ = refusal(&bomb);
}

proptest! {
    #[test]
    fn parsing_never_panics(text in "\\PC{0,60}") {
        let _ = Manifest::parse("m.yaml", &text);
    }

    #[test]
    fn parsing_near_yaml_never_panics(
        parts in proptest::collection::vec(
            proptest::sample::select(vec![
                "/items", ":", " ", "\n", "\n  ", "99%", "type", "GET", "100", "\"", "'", "[", "]", "{", "}", ",", "- ",
                "&a", "*a", "<<", "!!x", "|", ">", "#", "%", "---", "...", "\t", "\r\n", "ü", "\u{feff}", "\0", "? ", "\\x",
                ">= 5", "fail_ratio",
            ]),
            0..40,
        ),
    ) {
        let _ = Manifest::parse("m.yaml", &parts.concat());
    }

    #[test]
    fn what_is_read_is_judged_without_a_panic(limit in proptest::num::f64::ANY, metric in 0..20_usize) {
        let text = format!("/items: {{ \"{}\": {limit} }}", METRIC_COLUMNS[metric]);
        if let Ok((manifest, _)) = Manifest::parse("m.yaml", &text) {
            let verdict = evaluate(&manifest, &shop());
            let row = &verdict.rows[0];
            let Limit::Fixed(limit) = manifest.thresholds[0].limit else { panic!("a number is no formula") };
            prop_assert!(row.failed() == (row.actual.unwrap() > limit));
        }
    }
}

/// A run of 30 s with one request a second to `/slow_start`, of 1000 ms in the first ten seconds and of 10 ms after, and
/// of the same number in `/even`, 20 ms each. The ramp takes 10 s, and there are three stages of 10 s.
fn ramped() -> RunResult {
    let mut recorder = Recorder::new();
    for second in 0..30 {
        let slow = if second < 10 { 1000 } else { 10 };
        for (name, milliseconds) in [("/slow_start", slow), ("/even", 20)] {
            recorder.record(&Sample {
                method: "GET",
                name,
                response_time: Some(Duration::from_millis(milliseconds)),
                service_time: None,
                size: 100,
                failure: (second == 15 && name == "/even").then_some("bad"),
                ended: Duration::from_millis(second * 1000 + 900),
            });
        }
    }
    let mut totals = Totals::new(Timestamp::UNIX_EPOCH);
    totals.merge(&recorder.take());
    let mut result = RunResult::new(totals, Duration::from_secs(30));
    let at = Duration::from_secs;
    result.milestones = Milestones {
        begun: at(0),
        spawned: Some(at(10)),
        ending: Some(at(30)),
        stages: vec![at(10), at(20), at(30)],
    };
    result
}

#[test]
fn windows_are_judged_by_themselves() {
    let kept = verdict(
        "/slow_start:\n  max: 1000\n  p50: { limit: \"== 10ms\", window: steady }\n  \
         count: { limit: \"== 10\", window: { stage: 1 } }\n  min: { min: 1s, window: stage 1 }\n  \
         rps: { limit: \"== 1\", window: last 5s }\n/even:\n  window: stage 3\n  failures: 0\n",
        &ramped(),
    );
    assert!(kept.passed, "{:?}", whys(&kept));
    let windows: Vec<_> = kept.rows.iter().map(|row| row.window.as_deref().unwrap_or_default()).collect();
    assert_eq!(
        windows,
        [
            "",
            "steady, 10 s to 30 s",
            "stage 1, 0 s to 10 s",
            "stage 1, 0 s to 10 s",
            "last 5s, 25 s to 30 s",
            "stage 3, 20 s to 30 s",
        ]
    );
    let missed = verdict(
        "/even:\n  failures: { limit: 0, window: stage 2 }\n  p99: { limit: 5, window: stage 4 }",
        &ramped(),
    );
    assert_eq!(
        whys(&missed),
        [
            "failures for /even (stage 2, 10 s to 20 s) is 1, the limit is <= 0",
            "no data: the run never came to stage 4",
        ]
    );
}

#[test]
fn patterns_are_judged_name_by_name() {
    let verdict =
        verdict("\"/items*\": { p99: 50 }\n\"re:^/or\": { type: POST, p99: 50 }\n/no*: { p99: 1 }", &shop());
    let rows: Vec<_> = verdict.rows.iter().map(|row| (row.resource.as_str(), row.judgement)).collect();
    assert_eq!(
        rows,
        [
            ("/items", Judgement::Failed),
            ("/items/[id]", Judgement::Passed),
            ("/orders", Judgement::Passed),
            ("/no*", Judgement::Failed),
        ]
    );
    assert_eq!(verdict.rows[3].why, "no row: nothing was counted that fits /no*");
}

#[test]
fn a_warning_and_what_may_be_missing_fail_nothing() {
    let verdict = verdict(
        "/items:\n  p99: { limit: 5, severity: warn }\n  avg: { limit: 500, min_samples: 11 }\n\
         /nothing: { count: \"> 5\", allow_missing: true }\n/orders: { min_samples: 21, allow_missing: true, p99: 1 }",
        &shop(),
    );
    let judged: Vec<_> = verdict.rows.iter().map(|row| row.judgement).collect();
    assert_eq!(judged, [Judgement::Warned, Judgement::Failed, Judgement::Skipped, Judgement::Skipped]);
    assert_eq!(whys(&verdict), ["no data: avg for /items has 10 samples, 11 are wanted"]);
    assert!(!verdict.passed);
}

#[test]
fn limits_may_follow_from_other_rows() {
    let verdict = verdict(
        "/orders:\n  type: POST\n  p95: \"<= 2 * p95(/items/[id])\"\n  max: \"< max(GET /orders) / 10\"\n  \
         count: \">= 0.5 * count(/items)\"\n  avg: \"<= avg(/nothing)\"",
        &shop(),
    );
    assert_eq!(verdict.rows[0].limit, "<= 25 ms (2 * p95(/items/[id]))");
    assert_eq!((verdict.rows[0].actual, verdict.rows[0].margin), (Some(20.0), Some(5.0)));
    assert_eq!(verdict.rows[1].judgement, Judgement::Passed);
    assert_eq!(verdict.rows[2].judgement, Judgement::Passed);
    assert_eq!(whys(&verdict), ["no row: nothing was counted as /nothing"]);
}

#[test]
fn a_formula_of_units_that_do_not_fit_is_refused_with_line_and_caret() {
    insta::assert_snapshot!(refusal("/項目:\n  p95: \"<= 2 * (p95(/a) - count(/b))\""), @r#"
    error: `p95(/a) - count(/b)` subtracts a count from a time
     --> m.yaml:2:17
      |
    2 |   p95: "<= 2 * (p95(/a) - count(/b))"
      |                 ^^^^^^^^^^^^^^^^^^^
      = help: add what is measured alike; a ratio such as `count(/a) / count(/b)` scales anything
    "#);
    insta::assert_snapshot!(refusal("/a: { failures: { max: count(/項目) * fail_ratio(/b) * 5ms } }"), @r#"
    error: `ms` is not a unit here; a count has none
     --> m.yaml:1:24
      |
    1 | /a: { failures: { max: count(/項目) * fail_ratio(/b) * 5ms } }
      |                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      = help: write a number, or a text such as `">= 50"` or `"< 1%"`
    "#);
    insta::assert_snapshot!(refusal("/a: { rps: \">= 0.5 * count(/b)\" }"), @r#"
    error: `0.5 * count(/b)` is a count, and the limit is a rate
     --> m.yaml:1:16
      |
    1 | /a: { rps: ">= 0.5 * count(/b)" }
      |                ^^^^^^^^^^^^^^^
      = help: add what is measured alike; a ratio such as `count(/a) / count(/b)` scales anything
    "#);
    insta::assert_snapshot!(refusal("/a:\n  avg: \"avg(/b) +\n    rps(/b)\""), @r#"
    error: `avg(/b) + rps(/b)` adds a rate to a time
     --> m.yaml:2:8
      |
    2 |   avg: "avg(/b) +
      |        ^
      = help: add what is measured alike; a ratio such as `count(/a) / count(/b)` scales anything
    "#);
}

#[test]
fn a_breach_is_seen_while_the_run_goes_on() {
    let result = ramped();
    let at = Duration::from_secs;
    let run = Milestones { ending: None, ..result.milestones.clone() };
    let so_far = |now| Evidence::so_far(&result.totals, &run, at(now));
    let manifest = parse(
        "/slow_start:\n  p50: { limit: 100, window: last 10s, abort: after 5s }\n/nothing: { count: \"> 5\", abort: true }",
    );
    assert_eq!(breach(&manifest, so_far(4), at(4)), None);
    assert_eq!(
        breach(&manifest, so_far(9), at(9)).as_deref(),
        Some("p50 for /slow_start (last 10s, 0 s to 9 s) is 1000 ms, the limit is <= 100 ms")
    );
    assert_eq!(breach(&manifest, so_far(30), at(30)), None);
}

#[test]
fn what_is_no_term_is_refused_with_line_and_caret() {
    insta::assert_snapshot!(refusal("/items:\n  p99: { limit: 5, window: stead }"), @r"
    error: `stead` is not a window; write `whole`, `steady`, `last 60s` or `stage 2`
     --> m.yaml:2:28
      |
    2 |   p99: { limit: 5, window: stead }
      |                            ^^^^^
    ");
    insta::assert_snapshot!(refusal("/items:\n  severity: bad\n  p99: 5"), @r"
    error: `bad` is not a severity; write `fail` or `warn`
     --> m.yaml:2:13
      |
    2 |   severity: bad
      |             ^^^
    ");
    insta::assert_snapshot!(refusal("/items:\n  p99: { limit: 5, abort: soon }"), @r"
    error: `soon` does not say when; write `after 10s`, or `true` for at once
     --> m.yaml:2:27
      |
    2 |   p99: { limit: 5, abort: soon }
      |                           ^^^^
    ");
    insta::assert_snapshot!(refusal("/items:\n  p99: { window: steady }"), @r"
    error: `p99` sets no limit
     --> m.yaml:2:3
      |
    2 |   p99: { window: steady }
      |   ^^^
      = help: add `limit: ..`, `min: ..` or `max: ..`
    ");
    insta::assert_snapshot!(refusal("/items:\n  severity: warn\n  p99: { limit: 5, abort: true }"), @r"
    error: `p99` only warns, and is to end the run
     --> m.yaml:3:3
      |
    3 |   p99: { limit: 5, abort: true }
      |   ^^^
      = help: leave out `severity: warn`, or `abort`
    ");
    insta::assert_snapshot!(refusal("\"re:(\":\n  p99: 5").message, @"`(` is not a regular expression: found open group without closing ')'");
}

/// A run of 30 s with so many names, each with a request in every tenth second.
fn with_names(names: usize) -> RunResult {
    let mut recorder = Recorder::new();
    let mut totals = Totals::new(Timestamp::UNIX_EPOCH);
    for second in [5, 15, 25] {
        for number in 0..names {
            recorder.record(&Sample {
                method: if number % 2 == 0 { "GET" } else { "POST" },
                name: &format!("/items/{number:05}"),
                response_time: Some(Duration::from_millis(10)),
                service_time: None,
                size: 0,
                failure: None,
                ended: Duration::from_secs(second),
            });
        }
        totals.merge(&recorder.take());
    }
    let mut result = RunResult::new(totals, Duration::from_secs(30));
    result.milestones.ending = Some(Duration::from_secs(30));
    result
}

#[test]
fn names_without_a_course_over_time_are_not_passed_over() {
    let result = with_names(SERIES_KEPT + 5);
    let why = "came after the first 200 names, and only those have a course over time; judge the whole run, or give requests of \
               a kind one name";
    let window = "window: last 20s, allow_missing: true";
    let verdict = verdict(
        &format!(
            "/items/00203: {{ p99: {{ limit: 50, {window} }} }}\n/items/*: {{ type: POST, p99: {{ limit: 50, {window} }} }}\n\
             /items/00007: {{ p50: {{ limit: \"<= p50(/items/00204)\", {window} }} }}\n\
             \"re:0020[0-9]\": {{ type: GET, p99: {{ limit: 50, {window}, severity: warn }} }}\n\
             /items/00003: {{ p99: {{ limit: 50, {window} }} }}\n\"*\": {{ count: {{ limit: \"== 410\", {window} }} }}\n"
        ),
        &result,
    );
    let of = |judgement| {
        let rows = verdict.rows.iter().filter(move |row| row.judgement == judgement);
        rows.map(|row| row.why.clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        of(Judgement::Failed),
        [
            format!("no data: POST /items/00203 {why}"),
            format!("no data: POST /items/00201 and 1 more {why}"),
            format!("no data: GET /items/00204 {why}"),
        ]
    );
    assert_eq!(of(Judgement::Warned), [format!("no data: GET /items/00200 and 2 more {why}")]);
    assert!(of(Judgement::Skipped).is_empty());
    // A hundred names with a course fit the pattern; one is judged by itself, and all together need no name.
    assert_eq!(of(Judgement::Passed).len(), 102);
    // The whole run is known of every name, and a run with fewer names is known in every window.
    let whole = "/items/*: { p99: 50 }\n/items/00203: { count: \"== 3\", p99: 50 }";
    assert!(self::verdict(whole, &result).passed);
    let fewer = format!("/items/*: {{ p99: {{ limit: 50, {window} }} }}");
    assert!(self::verdict(&fewer, &with_names(SERIES_KEPT)).passed);
}

#[test]
fn names_that_are_counted_together_are_not_passed_over() {
    let result = with_names(NAMES_KEPT + 5);
    let verdict = verdict(
        "/items/10003: { p99: { limit: 50, allow_missing: true } }\n/items/00003: { p99: 50 }\n\"*\": { p99: 50 }\n\
         \"re:/items/0000\": { p99: 50 }",
        &result,
    );
    let why = "no data: requests under names beyond the first 10000 are counted in one row, and may be meant";
    assert_eq!(whys(&verdict), [why, why]);
    assert_eq!(verdict.rows.iter().filter(|row| row.judgement == Judgement::Passed).count(), 12);
}
