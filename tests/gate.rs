//! The gate that load tests of others build by hand from Locust's CSV, row by row and cell by cell, as `katydid verify`
//! does it: what they let pass silently, and what they choke on, is judged here.

mod support;

use katydid::manifest::METRIC_COLUMNS;
use support::{Finished, Katydid};

/// What Locust left behind of a run of 12 seconds.
const CSV: &str = "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time,\
Max Response Time,Average Content Size,Requests/s,Failures/s,50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%\r\n\
GET,/api/v1/testCases?limit=10,213,0,46.0,46.83,4.125,61.5,1830.25,17.9,0.0,46,47,48,49,52,55,58,60,61,61,61\r\n\
GET,/orders,20,0,8,9.5,6.0,30.0,20.0,1.7,0.0,8,9,9,10,12,20,28,30,30,30,30\r\n\
POST,/orders,10,0,80,88.25,60.0,300.0,20.0,0.8,0.0,80,90,95,99,120,200,280,300,300,300,300\r\n\
PUT,/never,0,0,0,0,0,0,0,0.0,0.0,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A\r\n\
,Aggregated,243,0,45.0,45.45,4.125,300.0,1606.9,20.4,0.0,45,46,47,49,53,60,99,120,300,300,300\r\n";

fn gate(manifest: &str) -> Katydid {
    Katydid::new(["verify", "manifest.yaml", "all__stats.csv"])
        .file("manifest.yaml", manifest)
        .file("all__stats.csv", CSV)
}

/// The lines that say what was missed.
fn missed(finished: &Finished) -> Vec<&str> {
    finished.stdout.lines().filter_map(|line| line.strip_prefix("missed at ")).collect()
}

#[test]
fn a_limit_is_inclusive_and_every_violation_is_listed() {
    let entry = "/api/v1/testCases?limit=10:\n  type: GET\n";
    let kept = gate(&format!("{entry}  99%: 60\n")).run().exits(0);
    insta::assert_snapshot!(kept.stdout, @r"
    Manifest: passed, 1 of 1 thresholds kept
    Verdict | Type | Name                       | Metric | Limit    | Actual | Margin
    --------|------|----------------------------|--------|----------|--------|-------
    passed  | GET  | /api/v1/testCases?limit=10 | 99%    | <= 60 ms |  60 ms |   0 ms
    ");
    let finished = gate(&format!("{entry}  99%: 59\n  100%: 61\n  Max Response Time: 61\n")).run().exits(3);
    assert_eq!(
        missed(&finished),
        [
            "manifest.yaml:3: 99% for GET /api/v1/testCases?limit=10 is 60 ms, the limit is <= 59 ms",
            "manifest.yaml:5: Max Response Time for GET /api/v1/testCases?limit=10 is 61.5 ms, the limit is <= 61 ms",
        ]
    );
}

#[test]
fn floats_are_judged_in_every_column() {
    let limits = METRIC_COLUMNS.map(|metric| format!("  {metric}: \"<= 2000\"\n")).concat();
    gate(&format!(
        "/api/v1/testCases?limit=10:\n  Average Response Time: 50\n/orders:\n  type: GET\n{limits}"
    ))
    .run()
    .exits(0);
}

#[test]
fn a_resource_that_is_not_in_the_csv_is_missed_unless_that_is_allowed() {
    let finished = gate("/api/v1/testCases?limit=100:\n  99%: 1000\n/nowhere:\n  99%: 5\n").run().exits(3);
    assert_eq!(
        missed(&finished),
        [
            "manifest.yaml:2: no row: nothing was counted as /api/v1/testCases?limit=100; did you mean \
             /api/v1/testCases?limit=10?",
            "manifest.yaml:4: no row: nothing was counted as /nowhere",
        ]
    );
    gate("/nowhere:\n  99%: 5\n  allow_missing: true\n").run().exits(0);
}

#[test]
fn an_unknown_metric_is_an_error_that_lists_the_known_ones() {
    let said = gate("/orders:\n  p99th: 100\n").refused();
    assert!(said.contains("error: unknown metric `p99th`\n --> manifest.yaml:2:3"), "{said}");
    assert!(METRIC_COLUMNS.iter().all(|metric| said.contains(metric)), "{said}");
    gate("/api/v1/testCases?limit=10:\n  p99: 60\n").run().exits(0);
}

#[test]
fn a_cell_without_data_is_missed() {
    let finished = gate("/never:\n  type: PUT\n  99%: 100\n").run().exits(3);
    assert_eq!(missed(&finished), ["manifest.yaml:3: no data: 99% for PUT /never was never measured"]);
}

#[test]
fn a_floor_can_be_set_and_a_bare_number_is_a_ceiling_with_a_warning() {
    gate("\"*\":\n  Requests/s: \">= 20\"\n  Request Count: { min: 243 }\n").run().exits(0);
    gate("\"*\":\n  Requests/s: { min: 21 }\n").run().exits(3);
    let finished = gate("\"*\":\n  Requests/s: 20\n").run().exits(3);
    assert!(finished.stderr.contains("help: did you mean `\">= 20\"`?"), "{}", finished.stderr);
}

#[test]
fn another_type_is_a_missing_row_and_each_type_is_judged_by_itself() {
    let finished = gate("/api/v1/testCases?limit=10:\n  type: POST\n  99%: 100\n").run().exits(3);
    assert_eq!(
        missed(&finished),
        [
            "manifest.yaml:3: no row: nothing was counted as POST /api/v1/testCases?limit=10; its types are GET"
        ]
    );
    let finished = gate("/orders:\n  - { type: GET, 99%: 30 }\n  - { type: POST, 99%: 30 }\n").run().exits(3);
    assert_eq!(missed(&finished), ["manifest.yaml:3: 99% for POST /orders is 300 ms, the limit is <= 30 ms"]);
}

/// One failed request is a matter for the manifest, which sees it, or for the exit code of a run without one.
#[test]
fn one_failed_request_of_a_run_is_seen() {
    let script = r#"
        user_class("U").sequential()
            .task("good", |user| { user.get("/items/1", #{ name: "/good" }); })
            .task("bad", |user| { user.get("/status/500", #{ name: "/bad" }); });
    "#;
    let run = |manifest: &str, args: &[&str]| {
        Katydid::run_script(script)
            .file("m.yaml", manifest)
            .args(["--host", "demo", "-i", "2", "--only-summary", "--manifest", "m.yaml"])
            .args(args.to_vec())
            .run()
    };
    let finished = run("\"*\":\n  Failure Count: 0\n", &[]).exits(3);
    assert!(
        finished.stdout.contains("2 requests in") && finished.stdout.contains("1 failed"),
        "{}",
        finished.stdout
    );
    assert_eq!(missed(&finished), ["m.yaml:2: Failure Count for * is 1, the limit is <= 0"]);
    let finished = run("/good:\n  99%: 10s\n", &["--exit-code-on-error", "1"]).exits(1);
    assert!(finished.stdout.contains("Manifest: passed"), "{}", finished.stdout);
    Katydid::run_script(script).args(["--host", "demo", "-i", "2"]).run().exits(1);
}
