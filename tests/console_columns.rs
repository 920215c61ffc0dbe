//! Tables keep their columns whatever a name is written in: wide characters, accents of their own, emoji, right to left.

use anstream::adapter::strip_str;
use jiff::Timestamp;
use katydid::manifest::{Manifest, evaluate};
use katydid::report::console::{
    OnceOutcome, OnceRow, Rates, once_table, percentile_table, request_table, verdict_table,
};
use katydid::stats::{Recorder, RunResult, Sample, Totals};
use katydid::util::Diagnostic;
use std::num::NonZero;
use std::time::Duration;

const NAMES: [&str; 6] = [
    "/plain",
    "/商品/一覧/[番号]/詳細/評価",
    "/cafe\u{301}/cre\u{300}me/bru\u{302}le\u{301}e",
    "/🛒/🎁",
    "/منتجات/قائمة",
    "/a\u{202e}dessap",
];

fn plain(styled: &str) -> String {
    strip_str(styled).to_string()
}

fn run() -> RunResult {
    let mut recorder = Recorder::new();
    for name in NAMES {
        recorder.record(&Sample {
            method: "GET",
            name,
            response_time: Some(Duration::from_millis(7)),
            service_time: None,
            size: 5,
            failure: None,
            ended: Duration::from_secs(1),
        });
    }
    let mut totals = Totals::new(Timestamp::UNIX_EPOCH);
    totals.merge(&recorder.take());
    RunResult::new(totals, Duration::from_secs(2))
}

/// In which columns of a terminal a character stands, line by line.
fn places(text: &str, wanted: &str) -> Vec<Vec<u16>> {
    let lines = u16::try_from(text.lines().count()).expect("a table is short");
    let size = |cells: u16| NonZero::new(cells).expect("a terminal has cells");
    let mut terminal = vt100::Parser::new(size(lines + 1), size(240), 0);
    terminal.process(text.replace('\n', "\r\n").as_bytes());
    let screen = terminal.screen();
    let is_there =
        |line, column: &u16| screen.cell(line, *column).is_some_and(|cell| cell.contents() == wanted);
    (0..lines).map(|line| (0..240).filter(|column| is_there(line, column)).collect()).collect()
}

#[test]
fn the_request_table_keeps_its_columns() {
    let run = run();
    insta::assert_snapshot!(plain(&request_table(&run.totals, Rates::Total, Some(110))), @r"
    Type     Name                        # reqs      # fails |    Avg     Min     Max    Med |   req/s  failures/s
    --------|--------------------------|-------|-------------|-------|-------|-------|-------|--------|-----------
    GET      /a\u{202e}dessap                 1     0(0.00%) |      7       7       7      7 |    1.00        0.00
    GET      /café/crème/brûlée               1     0(0.00%) |      7       7       7      7 |    1.00        0.00
    GET      /plain                           1     0(0.00%) |      7       7       7      7 |    1.00        0.00
    GET      /منتجات/قائمة                    1     0(0.00%) |      7       7       7      7 |    1.00        0.00
    GET      …品/一覧/[番号]/詳細/評価        1     0(0.00%) |      7       7       7      7 |    1.00        0.00
    GET      /🛒/🎁                           1     0(0.00%) |      7       7       7      7 |    1.00        0.00
    --------|--------------------------|-------|-------------|-------|-------|-------|-------|--------|-----------
             Aggregated                       6     0(0.00%) |      7       7       7      7 |    6.00        0.00
    ");
    for columns in [None, Some(100), Some(110), Some(160)] {
        let table = plain(&request_table(&run.totals, Rates::Total, columns));
        let bars = places(&table, "|");
        let rows: Vec<_> = bars.iter().filter(|bars| bars.len() == 2).collect();
        assert_eq!(rows.len(), NAMES.len() + 2, "{table}");
        assert!(rows.iter().all(|row| *row == rows[0]), "{rows:?}\n{table}");
    }
}

#[test]
fn the_percentile_table_keeps_its_columns() {
    insta::assert_snapshot!(plain(&percentile_table(&run().totals, Some(76))), @r"
    Response time percentiles (milliseconds, within 0.1 %)
    Type     Name                        50%    90%    95%    99%   100% # reqs
    --------|----------------------|--------|------|------|------|------|------
    GET      /a\u{202e}dessap              7      7      7      7      7      1
    GET      /café/crème/brûlée            7      7      7      7      7      1
    GET      /plain                        7      7      7      7      7      1
    GET      /منتجات/قائمة                 7      7      7      7      7      1
    GET      …一覧/[番号]/詳細/評価        7      7      7      7      7      1
    GET      /🛒/🎁                        7      7      7      7      7      1
    --------|----------------------|--------|------|------|------|------|------
             Aggregated                    7      7      7      7      7      6
    ");
}

#[test]
fn the_verdict_keeps_its_columns() {
    let text = "/商品/一覧/[番号]/詳細/評価:\n  99%: 8\n/منتجات/قائمة:\n  99%: 5\n/🛒/🎁:\n  failures: 0\n";
    let (manifest, _) = Manifest::parse("limits.yaml", text).unwrap();
    let table = plain(&verdict_table(&evaluate(&manifest, &run())));
    insta::assert_snapshot!(table, @r"
    Manifest: FAILED, 1 of 3 thresholds missed
    Verdict | Type | Name                        | Metric   | Limit   | Actual | Margin
    --------|------|-----------------------------|----------|---------|--------|-------
    passed  |      | /商品/一覧/[番号]/詳細/評価 | 99%      | <= 8 ms |   7 ms |  +1 ms
    FAILED  |      | /منتجات/قائمة               | 99%      | <= 5 ms |   7 ms |  -2 ms
    passed  |      | /🛒/🎁                      | failures | <= 0    |      0 |      0
    missed at limits.yaml:4: 99% for /منتجات/قائمة is 7 ms, the limit is <= 5 ms
    ");
    let bars = places(&table, "|");
    assert!(bars[2..6].iter().all(|row| *row == bars[1]), "{bars:?}");
}

#[test]
fn the_table_of_once_keeps_its_columns() {
    let ran = |path: &str| OnceRow {
        path: path.to_owned(),
        outcome: OnceOutcome::Ran {
            requests: 1,
            took: Duration::from_millis(2),
            failures: Vec::new(),
            remark: None,
        },
    };
    let rows = [ran("Visitor/一覧"), ran("Visitor/cafe\u{301}"), ran("Visitor/list")];
    insta::assert_snapshot!(plain(&once_table(&rows)), @r"
             Task, once                                       # requests         ms
    passed   Visitor/一覧                                              1       2.00
    passed   Visitor/café                                              1       2.00
    passed   Visitor/list                                              1       2.00

    3 passed.
    ");
}

#[test]
fn a_caret_stands_under_what_it_means() {
    let text = "\"/商品/一覧\":\n  99%: 5\n\"/🛒\": { 98%%: 7 }\n";
    let error: Diagnostic = Manifest::parse("limits.yaml", text).unwrap_err();
    insta::assert_snapshot!(error.to_string().lines().take(5).collect::<Vec<_>>().join("\n"), @r#"
    error: unknown metric `98%%`
     --> limits.yaml:3:9
      |
    3 | "/🛒": { 98%%: 7 }
      |          ^^^^
    "#);
}
