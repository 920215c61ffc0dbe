//! The view as people see it, on terminals of several sizes.

use super::{
    LiveArrivals, LiveFacts, LiveName, LivePoint, LiveRates, LiveStage, LiveView, Standing, Trouble,
    live_lines,
};
use crate::manifest::Manifest;
use crate::stats::{Gauges, Health, Milestones, Recorder, Sample, ShardHealth, Totals};
use crate::util::columns_of;
use anstream::adapter::strip_str;
use std::time::Duration;

/// The view without its styles. No line may be wider than the terminal, and there must be room for one more.
#[track_caller]
fn shown(view: &LiveView, columns: usize, rows: usize) -> String {
    let lines = live_lines(view, columns, rows);
    assert!(lines.len() < rows.max(2), "{lines:#?}");
    let plain = lines.iter().map(|line| strip_str(line).to_string());
    let plain: Vec<String> = plain.map(|line| line.trim_end().to_owned()).collect();
    for line in &plain {
        assert!(columns_of(line) <= columns, "{line}");
    }
    plain.join("\n")
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn name(method: &str, name: &str, rate: f64, fail_ratio: f64, p95: u64) -> LiveName {
    let p95 = Some(Duration::from_micros(p95));
    LiveName { method: method.to_owned(), name: name.to_owned(), rate, fail_ratio, p95 }
}

fn sample() -> LiveView {
    let point = |second: u64| LivePoint {
        requests: [0, 8, 21, 38, 50, 57, 55, 58, 61, 56][second as usize % 10],
        failures: 0,
        p95: Some(Duration::from_micros(900 + 400 * (second % 7))),
    };
    LiveView {
        script: "quickstart.rhai".to_owned(),
        host: Some("http://127.0.0.1:8080".to_owned()),
        stage: LiveStage::Running,
        elapsed: ms(42_300),
        end: Some(ms(60_000)),
        users: 50,
        target: Some(50),
        requests: 2391,
        now: LiveRates {
            requests: 56.8,
            failures: 0.0,
            percentiles: Some([640, 2_130, 12_300].map(Duration::from_micros)),
        },
        course: (0..42).map(point).collect(),
        names: vec![
            name("GET", "/items/[id]", 23.1, 0.0, 1_210),
            name("GET", "/items", 15.3, 0.0, 940),
            name("POST", "/login", 7.4, 0.0, 20_300),
        ],
        ..LiveView::default()
    }
}

/// Everything that can go wrong at once.
fn troubled() -> LiveView {
    let mut view = sample();
    view.stage = LiveStage::Ramping;
    (view.users, view.target) = (31, Some(200));
    (view.failures, view.exceptions, view.now.failures) = (17, 2, 1.3);
    view.names[1].fail_ratio = 0.084;
    view.failing = vec![
        (12, "GET /items: 500 Internal Server Error".to_owned()),
        (5, "POST /orders: connection reset".to_owned()),
    ];
    view.standing = Some(Standing {
        kept: 2,
        open: 1,
        all: 5,
        missed: vec!["95% for GET /items is 143 ms, the limit is <= 100 ms".to_owned()],
        warned: vec!["Requests/s for * is 56.8, the limit is >= 60".to_owned()],
    });
    view.trouble = Some(Trouble { what: "up to 140 ms late, CPU 97% of 2 cores".to_owned(), invalid: false });
    view
}

#[test]
fn a_run_that_goes_well() {
    insta::assert_snapshot!(shown(&sample(), 99, 30), @r"
    quickstart.rhai → http://127.0.0.1:8080                                      running 0:42, 18s left
    ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━─────────────────────────────
    users     50
    requests  56.8/s  2391 in all
    failures  none
    times     p50 0.64 p95 2.13 p99 12.3 ms

                  ▄▆▆▇█▆    ▄▆▆▇█▆    ▄▆▆▇█▆    ▄▆▆▇█▆   61
                 ▇██████   ▇██████   ▇██████   ▇██████
    req/s      ▃████████ ▃████████ ▃████████ ▃████████ ▃
                  ▂▅█    ▂▅█    ▂▅█    ▂▅█    ▂▅█    ▂▅█ 3.30 ms
               ▁▄▇███ ▁▄▇███ ▁▄▇███ ▁▄▇███ ▁▄▇███ ▁▄▇███
    p95       ▇██████▇██████▇██████▇██████▇██████▇██████

       req/s   p95 ms   fails  name
        23.1     1.21    0.0%  GET /items/[id]
        15.3     0.94    0.0%  GET /items
         7.4     20.3    0.0%  POST /login
    ");
}

#[test]
fn on_eighty_columns_and_few_rows() {
    insta::assert_snapshot!(shown(&sample(), 79, 14), @r"
    quickstart.rhai → http://127.0.0.1:8080                  running 0:42, 18s left
    ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━───────────────────────
    users     50
    requests  56.8/s  2391 in all
    failures  none
    times     p50 0.64 p95 2.13 p99 12.3 ms
    req/s      ▁▃▅▇▇▇██▇ ▁▃▅▇▇▇██▇ ▁▃▅▇▇▇██▇ ▁▃▅▇▇▇██▇ ▁ 61
    p95       ▂▃▄▅▆▇█▂▃▄▅▆▇█▂▃▄▅▆▇█▂▃▄▅▆▇█▂▃▄▅▆▇█▂▃▄▅▆▇█ 3.30 ms
       req/s   p95 ms   fails  name
        23.1     1.21    0.0%  GET /items/[id]
        15.3     0.94    0.0%  GET /items
         7.4     20.3    0.0%  POST /login
    ");
}

#[test]
fn narrow() {
    insta::assert_snapshot!(shown(&sample(), 39, 24), @r"
    quickstart.rhai → http://127.0.0.1:8080
    running 0:42, 18s left
    ━━━━━━━━━━━━━━━━━━━━━━━━━━━────────────
    users     50
    requests  56.8/s  2391 in all
    failures  none
    times     p50 0.64 p95 2.13 p99 12.3 ms

               ▄▆▆▇█▆    ▄▆▆▇█▆   61
              ▇██████   ▇██████
    req/s     ███████ ▃████████ ▃
                ▂▅█    ▂▅█    ▂▅█ 3.30 ms
              ▄▇███ ▁▄▇███ ▁▄▇███
    p95       █████▇██████▇██████

       req/s   p95 ms   fails  name
        23.1     1.21    0.0%  GET …ms/[id]
        15.3     0.94    0.0%  GET /items
         7.4     20.3    0.0%  POST /login
    ");
}

#[test]
fn short() {
    insta::assert_snapshot!(shown(&sample(), 79, 6), @r"
    running 0:42, 18s left
    requests  56.8/s  2391 in all
    failures  none
    times     p50 0.64 p95 2.13 p99 12.3 ms
    ");
    insta::assert_snapshot!(shown(&sample(), 79, 2), @"running 0:42, 18s left  50 users  56.8/s  p95 2.13 ms");
}

#[test]
fn failures_a_manifest_and_a_busy_generator() {
    insta::assert_snapshot!(shown(&troubled(), 99, 24), @r"
    quickstart.rhai → http://127.0.0.1:8080                                      ramping 0:42, 18s left
    ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━─────────────────────────────
    users     31 of 200
    requests  56.8/s  2391 in all
    failures  1.3/s  17 in all (0.71%), 2 exceptions
    times     p50 0.64 p95 2.13 p99 12.3 ms
    generator up to 140 ms late, CPU 97% of 2 cores
    manifest  2 of 5 kept, 1 missed, 1 warned, 1 not judged yet
              95% for GET /items is 143 ms, the limit is <= 100 ms
              Requests/s for * is 56.8, the limit is >= 60
    failing   12 × GET /items: 500 Internal Server Error
              5 × POST /orders: connection reset
                  ▄▆▆▇█▆    ▄▆▆▇█▆    ▄▆▆▇█▆    ▄▆▆▇█▆   61
                 ▇██████   ▇██████   ▇██████   ▇██████
    req/s      ▃████████ ▃████████ ▃████████ ▃████████ ▃
                  ▂▅█    ▂▅█    ▂▅█    ▂▅█    ▂▅█    ▂▅█ 3.30 ms
               ▁▄▇███ ▁▄▇███ ▁▄▇███ ▁▄▇███ ▁▄▇███ ▁▄▇███
    p95       ▇██████▇██████▇██████▇██████▇██████▇██████
       req/s   p95 ms   fails  name
        23.1     1.21    0.0%  GET /items/[id]
        15.3     0.94    8.4%  GET /items
         7.4     20.3    0.0%  POST /login
    ");
    let mut view = troubled();
    let what = "shard 1 stood still for 1.5 s, the limit is 1 s".to_owned();
    view.trouble = Some(Trouble { what, invalid: true });
    let line = shown(&view, 99, 24).lines().find(|line| line.starts_with("generator")).map(str::to_owned);
    insta::assert_snapshot!(line.unwrap(), @"generator not valid as it stands: shard 1 stood still for 1.5 s, the limit is 1 s");
}

#[test]
fn the_open_model_shows_what_is_offered_and_what_is_achieved() {
    let mut view = sample();
    view.target = None;
    view.arrivals = Some(LiveArrivals { offered: 50.0, achieved: 43.2, waiting: 61, dropped: 0, late: 75 });
    insta::assert_snapshot!(shown(&view, 79, 12), @r"
    quickstart.rhai → http://127.0.0.1:8080                  running 0:42, 18s left
    ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━───────────────────────
    users     50
    requests  56.8/s  2391 in all
    failures  none
    times     p50 0.64 p95 2.13 p99 12.3 ms
    arrivals  43.2/s of 50.0/s due, 61 waiting, 75 late
    req/s      ▁▃▅▇▇▇██▇ ▁▃▅▇▇▇██▇ ▁▃▅▇▇▇██▇ ▁▃▅▇▇▇██▇ ▁ 61
    p95       ▂▃▄▅▆▇█▂▃▄▅▆▇█▂▃▄▅▆▇█▂▃▄▅▆▇█▂▃▄▅▆▇█▂▃▄▅▆▇█ 3.30 ms
       req/s   p95 ms   fails  name
        23.1     1.21    0.0%  GET /items/[id]
    ");
}

#[test]
fn iterations_may_end_the_run_too() {
    let mut view = sample();
    (view.end, view.iterations, view.iteration_limit) = (None, 150, Some(600));
    insta::assert_snapshot!(shown(&view, 59, 12), @r"
    quickstart.rhai → http://127.0.0.1:8080
    running 0:42, 150 of 600 iterations
    ━━━━━━━━━━━━━━━────────────────────────────────────────────
    users     50
    requests  56.8/s  2391 in all
    failures  none
    times     p50 0.64 p95 2.13 p99 12.3 ms
    req/s     ▅▇▇▇██▇ ▁▃▅▇▇▇██▇ ▁▃▅▇▇▇██▇ ▁▃▅▇▇▇██▇ ▁ 61
    p95       ▅▆▇█▂▃▄▅▆▇█▂▃▄▅▆▇█▂▃▄▅▆▇█▂▃▄▅▆▇█▂▃▄▅▆▇█ 3.30 ms
       req/s   p95 ms   fails  name
        23.1     1.21    0.0%  GET /items/[id]
    ");
}

#[test]
fn before_anything_has_ended() {
    let view = LiveView { script: "a.rhai".to_owned(), target: Some(10), ..LiveView::default() };
    insta::assert_snapshot!(shown(&view, 59, 24), @r"
    a.rhai                                        starting 0:00
    users     0 of 10
    requests  0.0/s  0 in all
    failures  none
    times     none of the last 10 s
    ");
}

#[test]
fn long_and_wide_names_keep_their_ends() {
    let mut view = sample();
    view.names = vec![
        name("GET", "/api/v1/dataQuality/testCases/testCaseResults/[fqn]/30_days", 9.0, 0.0, 1_000),
        name("GET", "/商品/一覧/検索/結果", 8.0, 0.0, 1_000),
        name("", "🦗🦗🦗🦗🦗🦗🦗🦗🦗🦗🦗", 7.0, 0.0, 1_000),
    ];
    insta::assert_snapshot!(shown(&view, 49, 24), @r"
    quickstart.rhai → http://127.0.0.1:8080
    running 0:42, 18s left
    ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━──────────────
    users     50
    requests  56.8/s  2391 in all
    failures  none
    times     p50 0.64 p95 2.13 p99 12.3 ms

               ▄▆▆▇█▆    ▄▆▆▇█▆    ▄▆▆▇█▆   61
              ▇██████   ▇██████   ▇██████
    req/s     ███████ ▃████████ ▃████████ ▃
              █    ▂▅█    ▂▅█    ▂▅█    ▂▅█ 3.30 ms
              █ ▁▄▇███ ▁▄▇███ ▁▄▇███ ▁▄▇███
    p95       █▇██████▇██████▇██████▇██████

       req/s   p95 ms   fails  name
         9.0     1.00    0.0%  GET …lts/[fqn]/30_days
         8.0     1.00    0.0%  GET …品/一覧/検索/結果
         7.0     1.00    0.0%  🦗🦗🦗🦗🦗🦗🦗🦗🦗🦗🦗
    ");
}

#[test]
fn no_size_is_too_small() {
    for view in [sample(), troubled(), LiveView::default()] {
        for columns in 0..120 {
            for rows in 0..30 {
                shown(&view, columns, rows);
            }
        }
        assert!(live_lines(&view, 80, 0).is_empty());
        assert_eq!(live_lines(&view, 80, 1).len(), 1);
    }
}

/// Totals of a run in which a request ends every 100 ms, and the sixth of each second fails.
fn ten_a_second(seconds: u64) -> Totals {
    let mut totals = Totals::new(jiff::Timestamp::UNIX_EPOCH);
    let mut recorder = Recorder::new();
    for tick in 0..seconds * 10 {
        recorder.record(&Sample {
            method: "GET",
            name: if tick % 2 == 0 { "/even" } else { "/odd\u{1b}[31m" },
            response_time: Some(ms(tick % 10 + 1)),
            service_time: None,
            size: 0,
            failure: (tick % 10 == 5).then_some("500 Internal Server Error"),
            ended: ms(tick * 100),
        });
        totals.merge(&recorder.take());
    }
    totals
}

#[track_caller]
fn gathered(totals: &Totals, since_start: Duration, health: &Health, manifests: &[Manifest]) -> LiveView {
    let mut view = LiveView::default();
    let milestones = Milestones::default();
    view.update(&LiveFacts { totals, health, milestones: &milestones, since_start, manifests });
    view
}

#[test]
fn rates_are_those_of_the_last_whole_seconds() {
    let totals = ten_a_second(30);
    let view = gathered(&totals, ms(30_600), &Health::default(), &[]);
    assert_eq!((view.requests, view.failures), (300, 30));
    assert_eq!((view.now.requests, view.now.failures), (10.0, 1.0));
    let [p50, p95, p99] = view.now.percentiles.unwrap();
    assert!(p50 >= ms(5) && p50 <= ms(6) && p95 == ms(10) && p99 == ms(10), "{:?}", view.now);
    assert_eq!(view.course.len(), 30);
    assert!(view.course.iter().all(|point| (point.requests, point.failures) == (10, 1)));
    let names: Vec<_> = view.names.iter().map(|name| (&*name.name, name.rate, name.fail_ratio)).collect();
    assert_eq!(
        names,
        [("/even", 5.0, 0.0), ("/odd\\u{1b}[31m", 5.0, 0.2)],
        "no name reaches the terminal raw"
    );
    assert_eq!(view.failing, [(30, "GET /odd\\u{1b}[31m: 500 Internal Server Error".to_owned())]);
    // Of a second that has just ended not everything may have been counted; those after the last request are empty.
    assert_eq!(gathered(&totals, ms(30_400), &Health::default(), &[]).course.len(), 29);
    let later = gathered(&totals, ms(33_600), &Health::default(), &[]);
    assert_eq!((later.now.requests, later.course.len()), (7.0, 33));
    assert_eq!(later.course[32], LivePoint::default());
    let begun = gathered(&ten_a_second(2), ms(2_600), &Health::default(), &[]);
    assert_eq!(begun.now.requests, 10.0, "a short run is not counted over ten seconds");
    assert_eq!(gathered(&ten_a_second(1), ms(300), &Health::default(), &[]).now, LiveRates::default());
}

#[test]
fn long_runs_show_their_last_two_minutes() {
    let view = gathered(&ten_a_second(400), ms(400_600), &Health::default(), &[]);
    assert_eq!(view.course.len(), 120);
    assert_eq!(view.now.requests, 10.0);
}

#[test]
fn the_worst_missed_threshold_comes_first() {
    let text = "/even:\n  Failure Count: 0\n  Max Response Time: 8\n  p50: 1\n\"*\":\n  fail_ratio: \"< 1%\"\n/later:\n  p50: 5\n";
    let (manifest, _) = Manifest::parse("limits.yaml", text).unwrap();
    let totals = ten_a_second(20);
    let standing = gathered(&totals, ms(20_600), &Health::default(), &[manifest]).standing.unwrap();
    assert_eq!((standing.kept, standing.open, standing.all, standing.missed.len()), (1, 1, 5, 3));
    insta::assert_snapshot!(standing.missed.join("\n"), @r"
    fail_ratio for * is 10%, the limit is < 1%
    p50 for /even is 5 ms, the limit is <= 1 ms
    Max Response Time for /even is 9 ms, the limit is <= 8 ms
    ");
}

#[test]
fn a_generator_that_does_not_keep_up_is_told() {
    let mut totals = ten_a_second(20);
    let mut health = Health::default();
    health.note(0, &ShardHealth::default());
    health.note(1, &ShardHealth::default());
    for second in 0..20 {
        totals.note_gauges(second, &Gauges { cpu: ms(1_500), lateness: ms(20), ..Gauges::default() });
    }
    assert_eq!(gathered(&totals, ms(20_600), &health, &[]).trouble, None);
    for second in 15..20 {
        totals.note_gauges(second, &Gauges { cpu: ms(500), lateness: ms(170), ..Gauges::default() });
    }
    let trouble = gathered(&totals, ms(20_600), &health, &[]).trouble;
    assert_eq!(trouble.map(|trouble| trouble.what), Some("up to 170 ms late".to_owned()));
    for second in 10..20 {
        totals.note_gauges(second, &Gauges { cpu: ms(200), ..Gauges::default() });
    }
    let trouble = gathered(&totals, ms(20_600), &health, &[]).trouble;
    assert_eq!(trouble.map(|trouble| trouble.what), Some("up to 170 ms late, CPU 98% of 2 cores".to_owned()));
    health.note(0, &ShardHealth { longest_gap: ms(1_500), ..ShardHealth::default() });
    let trouble = gathered(&totals, ms(20_600), &health, &[]).trouble.unwrap();
    let what = "shard 0 stood still for 1.5 s, the limit is 1 s".to_owned();
    assert_eq!(trouble, Trouble { what, invalid: true });
}
