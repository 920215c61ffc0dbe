//! Verdicts on a `_stats.csv`: what is read of it, what is refused, and what its printed rows can answer.

use katydid::manifest::{Judgement, Manifest, PrintedStats, Verdict, evaluate};
use katydid::util::Diagnostic;
use proptest::prelude::*;

/// What Locust writes since 1.0, but for a few percentiles.
const HEADER: &str = "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,\
Min Response Time,Max Response Time,Average Content Size,Requests/s,Failures/s,50%,95%,99%,100%\r\n";

/// A Locust file: two types of one name, and a row in which nothing was counted.
fn shop() -> String {
    HEADER.to_owned()
        + "GET,/items,100,1,12,46.83,3.5,300.25,512.0,10.5,0.1,12,60,80,300\r\n\
           GET,/orders,30,0,20,22.0,10.0,90.0,100.0,3.0,0.0,20,40,80,90\r\n\
           POST,/orders,10,2,30,42.0,20.0,120.0,300.0,1.0,0.2,30,60,110,120\r\n\
           GET,/never,0,0,0,0,0,0,0,0.0,0.0,N/A,N/A,N/A,N/A\r\n\
           ,Aggregated,140,3,15,41.2,3.5,300.25,408.5,14.5,0.3,15,61,90,300\r\n"
}

fn read(text: &str) -> PrintedStats {
    let (stats, warnings) = PrintedStats::parse("s.csv", text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(warnings, [], "{text}");
    stats
}

fn refusal(text: &str) -> Diagnostic {
    PrintedStats::parse("s.csv", text).expect_err(text)
}

fn verdict(manifest: &str, csv: &str) -> Verdict {
    let (manifest, _) = Manifest::parse("m.yaml", manifest).unwrap_or_else(|error| panic!("{error}"));
    evaluate(&manifest, &read(csv))
}

fn whys(verdict: &Verdict) -> Vec<&str> {
    verdict.rows.iter().filter(|row| row.failed()).map(|row| row.why.as_str()).collect()
}

#[track_caller]
fn keeps(manifest: &str, csv: &str) {
    let verdict = verdict(manifest, csv);
    assert!(verdict.passed, "{:?}", whys(&verdict));
}

#[test]
fn every_column_is_judged() {
    keeps(
        "/items:\n  type: GET\n  Request Count: \"== 100\"\n  Failure Count: \"== 1\"\n  Median Response Time: \"== 12\"\n  \
         Average Response Time: \"== 46.83\"\n  Min Response Time: \"== 3.5\"\n  Max Response Time: \"== 300.25\"\n  \
         Average Content Size: \"== 512\"\n  Requests/s: \"== 10.5\"\n  Failures/s: \"== 0.1\"\n  50%: \"== 12\"\n  \
         95%: \"== 60\"\n  99%: \"== 80\"\n  100%: \"== 300\"\n  fail_ratio: \"== 1%\"\n  p99: \"== 80\"\n\
         \"*\":\n  count: \"== 140\"\n  p95: \"== 61\"\n  avg: \"== 41.2\"\n\
         Aggregated:\n  type: \"\"\n  count: \"== 140\"\n",
        &shop(),
    );
}

#[test]
fn types_of_a_name_are_added_up_as_far_as_printed_rows_can_be() {
    keeps(
        "/orders:\n  count: \"== 40\"\n  failures: \"== 2\"\n  fail_ratio: \"== 5%\"\n  avg: \"== 27\"\n  min: \"== 10\"\n  \
         max: \"== 120\"\n  100%: \"== 120\"\n  size: \"== 150\"\n  rps: \"== 4\"\n  Failures/s: \"== 0.2\"\n\
         \"*\":\n  type: GET\n  count: \"== 130\"\n",
        &shop(),
    );
}

#[test]
fn a_percentile_of_several_rows_is_judged_where_all_of_them_agree() {
    let verdict = verdict(
        "/orders:\n  95%: 60\n  99%: { max: 110, min: 80 }\n  50%: 19\n  median: 25\n  p95: \"== 61\"\n  p99: \"> 100\"",
        &shop(),
    );
    let judged: Vec<_> = verdict.rows.iter().map(|row| (row.judgement, row.actual, row.margin)).collect();
    assert_eq!(
        judged,
        [
            (Judgement::Passed, Some(60.0), Some(0.0)),
            (Judgement::Passed, Some(110.0), Some(0.0)),
            (Judgement::Passed, Some(80.0), Some(0.0)),
            (Judgement::Failed, Some(20.0), Some(-1.0)),
            (Judgement::Failed, None, None),
            (Judgement::Failed, Some(60.0), Some(-1.0)),
            (Judgement::Failed, None, None),
        ]
    );
    assert_eq!(
        whys(&verdict),
        [
            "50% for /orders is at best 20 ms, the limit is <= 19 ms",
            "no data: median for /orders lies between 20 ms and 30 ms, the CSV does not tell where; the limit is <= 25 ms",
            "p95 for /orders is at best 60 ms, the limit is == 61 ms",
            "no data: p99 for /orders lies between 80 ms and 110 ms, the CSV does not tell where; the limit is > 100 ms",
        ]
    );
}

#[test]
fn a_percentile_without_a_column_lies_between_those_beside_it() {
    keeps("/items:\n  p97: 80\n  p99.9: 300.25\n  p10: \">= 3.5\"\n  p0: \"== 3.5\"\n  p100: 300", &shop());
    let missed = verdict("/items:\n  p97: 59\n  99.99%: 200", &shop());
    assert_eq!(
        whys(&missed),
        [
            "p97 for /items is at best 60 ms, the limit is <= 59 ms",
            "no data: 99.99% for /items lies between 80 ms and 300.25 ms, the CSV does not tell where; the limit is <= 200 ms",
        ]
    );
}

#[test]
fn what_a_csv_cannot_answer_is_missed_and_says_so() {
    let verdict = verdict(
        "/items:\n  p99: { limit: 100, window: last 10s }\n  p95: { limit: 100, window: steady, allow_missing: true }\n  \
         avg: \"<= p97(/items)\"\n  max: { limit: 500, min_samples: 101 }\n\
         /never: { p99: 5, avg: 5, failures: 0 }\n/nowhere: { p99: 5 }\n/item: { count: \"> 0\" }",
        &shop(),
    );
    assert_eq!(
        whys(&verdict),
        [
            "no data: a CSV says nothing about `last 10s` alone; a result file does",
            "no data: the CSV tells p97 for /items only roughly",
            "no data: max for /items has 100 samples, 101 are wanted",
            "no data: p99 for /never was never measured",
            "no data: avg for /never was never measured",
            "no data: failures for /never was never measured",
            "no row: nothing was counted as /nowhere",
            "no row: nothing was counted as /item; did you mean /items?",
        ]
    );
    assert_eq!(verdict.rows[1].judgement, Judgement::Skipped);
}

#[test]
fn limits_that_follow_from_other_rows_are_judged() {
    keeps(
        "/orders:\n  type: POST\n  99%: \"<= 2 * 99%(/items)\"\n  count: \">= 0.1 * count(GET /items)\"",
        &shop(),
    );
}

#[test]
fn patterns_find_their_rows() {
    let verdict = verdict("\"/*s\": { p99: 100 }\n\"re:^/it\": { type: GET, p99: 100 }", &shop());
    let rows: Vec<_> = verdict.rows.iter().map(|row| (row.resource.as_str(), row.judgement)).collect();
    assert_eq!(
        rows,
        [("/items", Judgement::Passed), ("/orders", Judgement::Failed), ("/items", Judgement::Passed)]
    );
}

/// Before 0.13: two files, of which the second has no percentiles; failed requests are not among the others.
const OLDEST: &str = "\"Method\",\"Name\",\"# requests\",\"# failures\",\"Median response time\",\"Average response time\",\
\"Min response time\",\"Max response time\",\"Average Content Size\",\"Requests/s\"\n\
\"GET\",\"/\",51,0,4,3,2,6,12274,0.89\n\"GET\",\"/does_not_exist\",0,56,0,0,0,0,0,0.00\n\"None\",\"Total\",51,56,3,3,2,6,6389,1.89\n";

/// 0.13 and 0.14.
const OLD: &str = "\"Type\",\"Name\",\"# requests\",\"# failures\",\"Median response time\",\"Average response time\",\
\"Min response time\",\"Max response time\",\"Average Content Size\",\"Requests/s\",\"Requests Failed/s\",\"50%\",\"66%\",\
\"75%\",\"80%\",\"90%\",\"95%\",\"98%\",\"99%\",\"99.9%\",\"99.99%\",\"99.999\",\"100%\"\n\
\"GET\",\"/\",776,7,20,28,11,144,3154,7.76,0.07,20,25,30,40,50,60,70,80,110,120,130,140\n\
\"None\",\"Aggregated\",776,7,20,28,11,144,3154,7.76,0.07,20,25,30,40,50,60,70,80,110,120,130,140";

#[test]
fn files_of_old_versions_are_read() {
    keeps(
        "/:\n  type: GET\n  count: \"== 51\"\n  median: \"== 4\"\n  p50: \"== 4\"\n  avg: \"== 3\"\n  size: \"== 12274\"\n  \
         rps: \"== 0.89\"\n  failures: 0\n  p99: 6\n/does_not_exist:\n  failures: \"== 56\"\n  fail_ratio: \"== 100%\"\n\
         \"*\":\n  failures: \"== 56\"\n",
        OLDEST,
    );
    assert_eq!(
        whys(&verdict("/:\n  p99: 5\n  Failures/s: 1\n/does_not_exist: { avg: 5 }", OLDEST)),
        [
            "no data: p99 for / lies between 4 ms and 6 ms, the CSV does not tell where; the limit is <= 5 ms",
            "no data: Failures/s for / cannot be told: the CSV has no column for it",
            "no data: avg for /does_not_exist was never measured",
        ]
    );
    keeps(
        "\"*\":\n  p99.999: \"== 130\"\n  Failures/s: \"== 0.07\"\n  p99.9: \"== 110\"\n  failures: \"== 7\"",
        OLD,
    );
}

#[test]
fn names_line_ends_and_marks_are_read_as_spreadsheets_leave_them() {
    let header = "\u{feff}Name,Type,Request Count,99%\n";
    keeps(
        "\"/a, \\\"b\\\"\\n/c\":\n  type: GET\n  count: \"== 3\"\n  99%: \"== 1.5\"\n\
         /x — expected failure: { type: POST, count: \"== 4\" }",
        &format!(
            "{header}\"/a, \"\"b\"\"\n/c\",GET,3.0,1.5\n\n/x — expected failure,POST,4,nan\nAggregated,,7,2\n"
        ),
    );
}

#[test]
fn a_row_named_like_the_sum_is_a_row() {
    let csv = "Type,Name,Request Count\nGET,Aggregated,3\n,Aggregated,5\n";
    keeps("\"*\": { count: \"== 5\" }\n\"*gg*\": { type: GET, count: \"== 3\" }", csv);
}

#[test]
fn without_a_sum_the_rows_are_added_up_with_a_warning() {
    let csv = "Type,Name,Request Count,99%\nGET,/a,3,10\nTTFB,/a,3,90\nPOST,/b,4,20\n";
    let (stats, warnings) = PrintedStats::parse("s.csv", csv).unwrap();
    insta::assert_snapshot!(warnings[0], @r"
    warning: the CSV has no row `Aggregated`: all its rows are taken together instead
     --> s.csv
      = help: was the file cut off, or were rows taken out of it?
    ");
    let (manifest, _) = Manifest::parse("m.yaml", "\"*\": { count: \"== 7\", p99: 20 }").unwrap();
    assert!(evaluate(&manifest, &stats).passed);
}

#[test]
fn a_run_without_requests_has_no_rows() {
    let csv = HEADER.to_owned() + ",Aggregated,0,0,0,0,0,0,0,0.0,0.0,N/A,N/A,N/A,N/A\r\n";
    assert_eq!(
        whys(&verdict("\"*\": { failures: 0 }", &csv)),
        ["no row: nothing was counted as *, nor as anything else"]
    );
}

#[test]
fn what_is_not_the_csv_of_statistics_is_refused() {
    insta::assert_snapshot!(refusal("Method,Name,Error,Occurrences\nGET,/,x,1\n"), @r"
    error: not a `_stats.csv`: these are the errors of a run
     --> s.csv:1:1
      |
    1 | Method,Name,Error,Occurrences
      | ^^^^^^
      = help: give the `_stats.csv` of a run, katydid's or Locust's, or a result file
    ");
    for (header, message) in [
        ("Count,Message,Traceback,Nodes", "these are the errors of a run"),
        ("Timestamp,User Count,Type,Name,Requests/s", "this is the history of a run"),
        ("Type;Name;Request Count", "its cells have ';' between them, and not a comma"),
        ("\"Name\",\"# requests\",\"50%\"", "its first line names no column `Type`"),
        ("Type,Name,99%", "its first line names no column `Request Count`"),
        ("GET,/,1,2", "its first line names no column `Type`"),
    ] {
        assert_eq!(refusal(header).message, format!("not a `_stats.csv`: {message}"), "{header}");
    }
    assert_eq!(refusal("").message, "the CSV is empty");
    assert_eq!(refusal("\u{feff}\r\n\n").message, "the CSV is empty");
    assert_eq!(refusal("Type,Name,Request Count,p9,99%,99%").message, "a second column `99%`");
}

#[test]
fn broken_rows_are_refused_with_line_and_caret() {
    let header = "Type,Name,Request Count,99%\n";
    insta::assert_snapshot!(refusal(&format!("{header}GET,/,1,fast\n")), @r"
    error: `fast` is not a number
     --> s.csv:2:9
      |
    2 | GET,/,1,fast
      |         ^^^^
      = help: a cell of `99%` is a number, or `N/A` without data
    ");
    insta::assert_snapshot!(refusal(&format!("{header}GET,\"/a\n/b\",1,2\nGET,/,1")), @r"
    error: this row has 3 cells, the first line has 4
     --> s.csv:4:7
      |
    4 | GET,/,1
      |       ^
      = help: was the file cut off?
    ");
    insta::assert_snapshot!(refusal(&format!("{header}GET,/,1,2,3\n")), @r"
    error: this row has 5 cells, the first line has 4
     --> s.csv:2:11
      |
    2 | GET,/,1,2,3
      |           ^
      = help: was the file cut off?
    ");
    insta::assert_snapshot!(refusal(&format!("{header}GET,/,1.5,2\n")), @r"
    error: `1.5` is not a number of requests
     --> s.csv:2:7
      |
    2 | GET,/,1.5,2
      |       ^^^
      = help: a cell of `Request Count` is a whole number
    ");
    insta::assert_snapshot!(refusal(&format!("{header}GET,/,1,2\nGET,/,3,4\n")), @r"
    error: GET / is there already, in line 2
     --> s.csv:3:1
      |
    3 | GET,/,3,4
      | ^^^
    ");
    for cells in ["-1,2", "1,inf", "1,\"1,000\"", "1e300,2", "1,0x10"] {
        assert!(refusal(&format!("{header}GET,/,{cells}\n")).place.is_some(), "{cells}");
    }
}

proptest! {
    #[test]
    fn near_csv_never_makes_it_panic(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "GET", "/", "Aggregated", "Total", "None", ",", "\"", "\n", "\r\n", "N/A", "1", "2.5", "nan", "", "ü", "-3", "1e400",
            ]),
            0..40,
        ),
    ) {
        let text = format!("Type,Name,Request Count,99%\n{}", parts.concat());
        if let Ok((stats, _)) = PrintedStats::parse("s.csv", &text) {
            let manifest = "\"*\": { p99: 5, p98: 5, count: 1, fail_ratio: 0, avg: 3 }\nGET: { p99: 5 }\n\"*/*\": { p99: 5 }";
            let (manifest, _) = Manifest::parse("m.yaml", manifest).unwrap();
            prop_assert!(!evaluate(&manifest, &stats).rows.is_empty());
        }
    }
}
