//! The tables at the end of a run, in Locust's layout.

use anstream::adapter::strip_str;
use jiff::Timestamp;
use katydid::manifest::{Manifest, Verdict, evaluate};
use katydid::report::console::{
    self, Rates, error_report, exception_report, percentile_table, service_table,
};
use katydid::stats::{Recorder, RunResult, Sample, Totals};
use std::time::Duration;

/// The words, without colours.
fn plain(styled: &str) -> String {
    strip_str(styled).to_string()
}

fn request_table(totals: &Totals, rates: Rates, columns: Option<usize>) -> String {
    plain(&console::request_table(totals, rates, columns))
}

fn run_summary(result: &RunResult) -> String {
    plain(&console::run_summary(result))
}

fn verdict_table(verdict: &Verdict) -> String {
    plain(&console::verdict_table(verdict))
}

/// The run whose tables Locust printed for its own documentation of the layout: 23 failing requests to `/fail` and 64 to
/// `/ok` in 7.99 s, with response times that give the same columns.
fn sample_run() -> RunResult {
    let fail = [(1, 3), (2, 13), (3, 5), (4, 1), (7, 1)];
    let ok = [(1, 4), (2, 33), (4, 7), (5, 10), (6, 5), (7, 3), (8, 2)];
    let error = "HTTPError('500 Server Error: Internal Server Error for url: /fail')";
    let mut recorder = Recorder::new();
    for (name, times, failure) in [("/fail", &fail[..], Some(error)), ("/ok", &ok[..], None)] {
        for (milliseconds, count) in times {
            for _ in 0..*count {
                recorder.record(&Sample {
                    method: "GET",
                    name,
                    response_time: Some(Duration::from_millis(*milliseconds)),
                    service_time: None,
                    size: 5,
                    failure,
                    ended: Duration::from_millis(7990),
                });
            }
        }
    }
    *recorder.counters() =
        katydid::stats::RunCounters { wire_requests: 88, cut_off: 1, ..Default::default() };
    result(&mut recorder, 8100)
}

fn result(recorder: &mut Recorder, milliseconds: u64) -> RunResult {
    let mut totals = Totals::new(Timestamp::UNIX_EPOCH);
    totals.merge(&recorder.take());
    RunResult::new(totals, Duration::from_millis(milliseconds))
}

#[test]
fn the_request_table_is_locusts() {
    let expected = "\
Type     Name                                                                          # reqs      # fails |    Avg     Min     Max    Med |   req/s  failures/s
--------|----------------------------------------------------------------------------|-------|-------------|-------|-------|-------|-------|--------|-----------
GET      /fail                                                                             23  23(100.00%) |      2       1       7      2 |    2.88        2.88
GET      /ok                                                                               64     0(0.00%) |      3       1       8      2 |    8.01        0.00
--------|----------------------------------------------------------------------------|-------|-------------|-------|-------|-------|-------|--------|-----------
         Aggregated                                                                        87   23(26.44%) |      3       1       8      2 |   10.89        2.88
";
    assert_eq!(request_table(&sample_run().totals, Rates::Total, None), expected);
}

#[test]
fn the_percentile_table_is_locusts() {
    let expected = "\
Response time percentiles (milliseconds, within 0.1 %)
Type     Name                                                                                  50%    66%    75%    80%    90%    95%    98%    99%  99.9% 99.99%   100% # reqs
--------|--------------------------------------------------------------------------------|--------|------|------|------|------|------|------|------|------|------|------|------
GET      /fail                                                                                   2      2      3      3      3      4      7      7      7      7      7     23
GET      /ok                                                                                     2      4      5      5      6      7      8      8      8      8      8     64
--------|--------------------------------------------------------------------------------|--------|------|------|------|------|------|------|------|------|------|------|------
         Aggregated                                                                              2      3      4      5      6      7      8      8      8      8      8     87
";
    assert_eq!(percentile_table(&sample_run().totals, None), expected);
}

#[test]
fn the_error_report_is_locusts() {
    let expected = "\
Error report
# occurrences      Error
------------------|---------------------------------------------------------------------------------------------------------------------------------------------
23                 GET /fail: HTTPError('500 Server Error: Internal Server Error for url: /fail')
------------------|---------------------------------------------------------------------------------------------------------------------------------------------
";
    assert_eq!(error_report(&sample_run().totals), expected);
}

#[test]
fn a_terminal_narrows_the_name_column_and_long_names_keep_their_end() {
    let mut recorder = Recorder::new();
    for name in ["/short", "/api/v1/dataQuality/testCases/testCaseResults/[fqn]/30_days"] {
        let time = Some(Duration::from_millis(12_345));
        let ended = Duration::from_secs(2);
        recorder.record(&Sample {
            method: "GET",
            name,
            response_time: time,
            service_time: None,
            size: 0,
            failure: None,
            ended,
        });
    }
    let totals = result(&mut recorder, 2000).totals;
    insta::assert_snapshot!(request_table(&totals, Rates::Total, Some(110)), @r"
    Type     Name                        # reqs      # fails |    Avg     Min     Max    Med |   req/s  failures/s
    --------|--------------------------|-------|-------------|-------|-------|-------|-------|--------|-----------
    GET      …CaseResults/[fqn]/30_days       1     0(0.00%) |  12345   12345   12345  12345 |    0.50        0.00
    GET      /short                           1     0(0.00%) |  12345   12345   12345  12345 |    0.50        0.00
    --------|--------------------------|-------|-------------|-------|-------|-------|-------|--------|-----------
             Aggregated                       2     0(0.00%) |  12345   12345   12345  12345 |    1.00        0.00
    ");
    insta::assert_snapshot!(percentile_table(&totals, Some(110)), @r"
    Response time percentiles (milliseconds, within 0.1 %)
    Type     Name                                                          50%    90%    95%    99%   100% # reqs
    --------|--------------------------------------------------------|--------|------|------|------|------|------
    GET      …/v1/dataQuality/testCases/testCaseResults/[fqn]/30_days    12345  12345  12345  12345  12345      1
    GET      /short                                                      12345  12345  12345  12345  12345      1
    --------|--------------------------------------------------------|--------|------|------|------|------|------
             Aggregated                                                  12345  12345  12345  12345  12345      2
    ");
    let tables =
        [request_table(&totals, Rates::Total, Some(110)), percentile_table(&totals, Some(110))].concat();
    for line in tables.lines() {
        assert!(line.chars().count() <= 110, "{line}");
    }
    let pushed = request_table(&totals, Rates::Total, None);
    assert!(pushed.contains("/api/v1/dataQuality/testCases/testCaseResults/[fqn]/30_days "), "{pushed}");
}

#[test]
fn the_current_table_shows_current_rates() {
    let mut recorder = Recorder::new();
    for second in 0..30_u64 {
        for _ in 0..if second < 20 { 1 } else { 5 } {
            let time = Some(Duration::from_millis(1));
            let ended = Duration::from_secs(second);
            recorder.record(&Sample {
                method: "GET",
                name: "/",
                response_time: time,
                service_time: None,
                size: 0,
                failure: None,
                ended,
            });
        }
    }
    let totals = result(&mut recorder, 30_000).totals;
    // The window is 17..27: three seconds of 1 and seven of 5.
    assert!(request_table(&totals, Rates::Current, None).contains(" |    3.80        0.00\n"));
    assert!(request_table(&totals, Rates::Total, None).contains(" |    2.41        0.00\n"));
}

#[test]
fn an_empty_run_has_tables_without_rows() {
    let nothing = result(&mut Recorder::new(), 0);
    let table = request_table(&nothing.totals, Rates::Total, None);
    assert_eq!(table.lines().count(), 4);
    assert!(table.lines().last().unwrap().trim_start().starts_with("Aggregated"));
    assert_eq!(percentile_table(&nothing.totals, None).lines().count(), 4);
    assert_eq!(error_report(&nothing.totals), "");
    assert_eq!(exception_report(&nothing.totals), "");
    assert_eq!(
        run_summary(&nothing),
        "0 requests in 0.0 s (0.0/s), none failed. On the wire: 0 requests sent.\n"
    );
}

#[test]
fn exceptions_are_listed_on_one_line_each() {
    let mut recorder = Recorder::new();
    for _ in 0..3 {
        recorder.exception("wrong item:\n  7", "shop.rhai:12", "view_item", Duration::from_secs(1));
    }
    recorder.exception("no \u{1b}[31mtoken", "auth.rhai:3", "on_start", Duration::from_secs(2));
    insta::assert_snapshot!(exception_report(&result(&mut recorder, 3000).totals), @r"
    Exception report
    # occurrences      Exception
    ------------------|---------------------------------------------------------------------------------------------------------------------------------------------
    3                  wrong item:\n  7 at shop.rhai:12 in view_item
    1                  no \u{1b}[31mtoken at auth.rhai:3 in on_start
    ------------------|---------------------------------------------------------------------------------------------------------------------------------------------
    ");
}

#[test]
fn the_summary_says_what_the_wire_saw() {
    insta::assert_snapshot!(run_summary(&sample_run()), @"87 requests in 8.1 s (10.9/s), 23 failed (26.44%). On the wire: 88 requests sent, 1 request cut off at the end and in no row.");
    let mut recorder = Recorder::new();
    recorder.exception("boom", "a.rhai:1", "t", Duration::ZERO);
    let counters = recorder.counters();
    (counters.never_sent, counters.redirects, counters.reconnects) = (2, 1, 3);
    insta::assert_snapshot!(run_summary(&result(&mut recorder, 95_400)), @"0 requests in 1m35s (0.0/s), none failed; 1 exception in scripts. On the wire: 0 requests sent, 2 requests never sent, 1 redirect followed, 3 closed connections replaced.");
}

#[test]
fn the_verdict_lists_every_threshold_and_explains_the_missed() {
    let text = "/ok:\n  type: GET\n  99%: 8\n  Average Response Time: 3\n/fail:\n  fail_ratio: \"< 1%\"\n  \
                Requests/s: \">= 2\"\n/login:\n  type: POST\n  99%: 500\n\"*\":\n  Failure Count: 0\n";
    let (manifest, _) = Manifest::parse("limits.yaml", text).unwrap();
    insta::assert_snapshot!(verdict_table(&evaluate(&manifest, &sample_run())), @r"
    Manifest: FAILED, 4 of 6 thresholds missed
    Verdict | Type | Name   | Metric                | Limit     |   Actual |    Margin
    --------|------|--------|-----------------------|-----------|----------|----------
    passed  | GET  | /ok    | 99%                   | <= 8 ms   |     8 ms |      0 ms
    FAILED  | GET  | /ok    | Average Response Time | <= 3 ms   | 3.359 ms | -0.359 ms
    FAILED  |      | /fail  | fail_ratio            | < 1%      |     100% |      -99%
    passed  |      | /fail  | Requests/s            | >= 2/s    |  2.879/s |  +0.879/s
    FAILED  | POST | /login | 99%                   | <= 500 ms |   no row |
    FAILED  |      | *      | Failure Count         | <= 0      |       23 |       -23
    missed at limits.yaml:4: Average Response Time for GET /ok is 3.359 ms, the limit is <= 3 ms
    missed at limits.yaml:6: fail_ratio for /fail is 100%, the limit is < 1%
    missed at limits.yaml:10: no row: nothing was counted as POST /login
    missed at limits.yaml:12: Failure Count for * is 23, the limit is <= 0
    ");
    let (manifest, _) = Manifest::parse("limits.yaml", "/ok:\n  failures: 0\n").unwrap();
    insta::assert_snapshot!(verdict_table(&evaluate(&manifest, &sample_run())), @r"
    Manifest: passed, 1 of 1 thresholds kept
    Verdict | Type | Name | Metric   | Limit | Actual | Margin
    --------|------|------|----------|-------|--------|-------
    passed  |      | /ok  | failures | <= 0  |      0 |      0
    ");
}

/// A run with a late first request in each of a hundred iterations, and a second one that was on time.
fn late_run() -> RunResult {
    let mut recorder = Recorder::new();
    for number in 1..=100 {
        let service = Duration::from_millis(3);
        let late = service + Duration::from_millis(number * 10);
        let sample = Sample {
            method: "GET",
            name: "/first",
            response_time: Some(late),
            service_time: Some(service),
            size: 5,
            failure: None,
            ended: Duration::from_secs(2),
        };
        recorder.record(&sample);
        recorder.record(&Sample {
            name: "/second",
            response_time: Some(service),
            service_time: None,
            ..sample
        });
        // Late, but not so that milliseconds would show it.
        let barely = Some(service + Duration::from_micros(30));
        recorder.record(&Sample { name: "/third", response_time: barely, ..sample });
        recorder.arrivals().lateness.record(Duration::from_millis(number * 10));
    }
    let arrivals = recorder.arrivals();
    (arrivals.due, arrivals.started, arrivals.dropped) = (105, 100, 5);
    (arrivals.unstarted, arrivals.longest_queue) = (0, 7);
    result(&mut recorder, 2000)
}

#[test]
fn service_times_are_shown_where_they_differ() {
    assert_eq!(service_table(&sample_run().totals, None), "");
    insta::assert_snapshot!(service_table(&late_run().totals, Some(110)), @r"
    Service time percentiles: counted from when a request was sent, not from when it was due
    Type     Name                                                          50%    90%    95%    99%   100% # reqs
    --------|--------------------------------------------------------|--------|------|------|------|------|------
    GET      /first                                                          3      3      3      3      3    100
    --------|--------------------------------------------------------|--------|------|------|------|------|------
             Aggregated                                                      3      3      3      3      3    300
    ");
}

#[test]
fn the_summary_tells_of_arrivals() {
    insta::assert_snapshot!(run_summary(&late_run()), @r"
    Arrivals: 105 due, 100 started, 90 of them late (by more than 100 ms), 5 dropped, the longest line for a user 7. Lateness: median 510 ms, 99% 1000 ms, largest 1000 ms.
    300 requests in 2.0 s (150.0/s), none failed. On the wire: 0 requests sent.
    ");
}

#[test]
fn what_speaks_against_a_run_is_red_and_nothing_else() {
    let run = sample_run();
    let red = |text: &str| -> Vec<String> {
        let parts = text.split("\u{1b}[31m").skip(1);
        parts.map(|part| part.split('\u{1b}').next().unwrap_or_default().trim().to_owned()).collect()
    };
    assert_eq!(red(&console::request_table(&run.totals, Rates::Total, None)), ["23(100.00%)", "23(26.44%)"]);
    assert_eq!(red(&console::run_summary(&run)), ["23 failed (26.44%)"]);
    let text = "/ok:\n  99%: 8\n/fail:\n  fail_ratio: \"< 1%\"\n";
    let (manifest, _) = Manifest::parse("limits.yaml", text).unwrap();
    assert_eq!(red(&console::verdict_table(&evaluate(&manifest, &run))), ["FAILED", "FAILED", "missed"]);
    assert!(red(&percentile_table(&run.totals, None)).is_empty());
}
