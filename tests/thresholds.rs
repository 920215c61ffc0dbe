//! `--manifest`: thresholds decide the exit code, and the table says why.

mod support;

use support::{Finished, Katydid};

const SCRIPT: &str = r#"
user_class("U").sequential()
    .task("good", |user| { user.get("/items/1", #{ name: "/good" }); })
    .task("bad", |user| { user.get("/status/500", #{ name: "/bad" }); });
"#;

fn run(manifest: &str, args: &[&str]) -> Finished {
    Katydid::run_script(SCRIPT)
        .file("m.yaml", manifest)
        .args(["--host", "demo", "-i", "4", "--only-summary", "--manifest", "m.yaml"])
        .args(args.to_vec())
        .run()
}

/// What the run says about its manifest, without what differs from run to run.
fn verdict(finished: &Finished) -> &str {
    &finished.stdout[finished.stdout.find("Manifest:").expect("a verdict")..]
}

#[test]
fn thresholds_that_are_kept_give_0_although_requests_failed() {
    let finished =
        run("/good:\n  Request Count: 2\n  Failure Count: 0\n/bad:\n  Failure Count: 2\n", &[]).exits(0);
    insta::assert_snapshot!(verdict(&finished), @r"
    Manifest: passed, 3 of 3 thresholds kept
    Verdict | Type | Name  | Metric        | Limit | Actual | Margin
    --------|------|-------|---------------|-------|--------|-------
    passed  |      | /good | Request Count | <= 2  |      2 |      0
    passed  |      | /good | Failure Count | <= 0  |      0 |      0
    passed  |      | /bad  | Failure Count | <= 2  |      2 |      0
    ");
}

#[test]
fn a_missed_threshold_gives_3_and_names_its_line() {
    let finished = run("/good:\n  Failure Count: 0\n/bad:\n  fail_ratio: \"< 1%\"\n", &[]).exits(3);
    insta::assert_snapshot!(verdict(&finished), @r"
    Manifest: FAILED, 1 of 2 thresholds missed
    Verdict | Type | Name  | Metric        | Limit | Actual | Margin
    --------|------|-------|---------------|-------|--------|-------
    passed  |      | /good | Failure Count | <= 0  |      0 |      0
    FAILED  |      | /bad  | fail_ratio    | < 1%  |   100% |   -99%
    missed at m.yaml:4: fail_ratio for /bad is 100%, the limit is < 1%
    ");
}

#[test]
fn a_row_that_is_not_there_is_a_miss() {
    let finished = run("/godo:\n  Request Count: \">= 1\"\n", &[]).exits(3);
    insta::assert_snapshot!(verdict(&finished), @r"
    Manifest: FAILED, 1 of 1 thresholds missed
    Verdict | Type | Name  | Metric        | Limit | Actual | Margin
    --------|------|-------|---------------|-------|--------|-------
    FAILED  |      | /godo | Request Count | >= 1  | no row |
    missed at m.yaml:2: no row: nothing was counted as /godo; did you mean /good?
    ");
}

#[test]
fn a_manifest_does_not_excuse_exceptions() {
    Katydid::run_script(r#"user_class("U").task("t", |user| { user.get("/items/1"); throw "no good"; });"#)
        .file("m.yaml", "\"*\":\n  Failure Count: 0\n")
        .args(["--host", "demo", "-i", "1", "--manifest", "m.yaml"])
        .run()
        .exits(1);
}

#[test]
fn the_code_for_errors_can_be_chosen() {
    let kept = "/good:\n  Failure Count: 0\n";
    run(kept, &[]).exits(0);
    run(kept, &["--exit-code-on-error", "42"]).exits(42);
    run("/bad:\n  Failure Count: 0\n", &["--exit-code-on-error", "42"]).exits(3);
    let without = |args: &[&str]| {
        Katydid::run_script(SCRIPT).args(["--host", "demo", "-i", "2"]).args(args.to_vec()).run()
    };
    without(&[]).exits(1);
    without(&["--exit-code-on-error", "0"]).exits(0);
    without(&["--exit-code-on-error", "9"]).exits(9);
}

#[test]
fn several_manifests_must_all_hold() {
    let finished = Katydid::run_script(SCRIPT)
        .file("one.yaml", "/good:\n  Failure Count: 0\n")
        .file("two.yaml", "/bad:\n  Failure Count: 0\n")
        .args(["--host", "demo", "-i", "2", "--manifest", "one.yaml", "--manifest", "two.yaml"])
        .run()
        .exits(3);
    assert_eq!(finished.stdout.matches("Manifest:").count(), 2, "{}", finished.stdout);
}

#[test]
fn a_suspicious_limit_is_a_warning() {
    let finished = run("/good:\n  Requests/s: 100000\n", &[]).exits(0);
    let warning: Vec<_> = finished.stderr.lines().take_while(|line| !line.is_empty()).collect();
    insta::assert_snapshot!(warning.join("\n"), @r#"
    warning: a bare number is an upper limit, also for `Requests/s`
     --> m.yaml:2:15
      |
    2 |   Requests/s: 100000
      |               ^^^^^^
      = help: did you mean `">= 100000"`? An upper limit is `"<= 100000"`
    "#);
}

#[test]
fn a_threshold_may_end_the_run() {
    let script = r#"user_class("U").task("bad", |user| { user.get("/status/500", #{ name: "/bad" }); sleep(0.05); });"#;
    let manifest = "/bad:\n  fail_ratio: { limit: \"< 10%\", abort: after 1s }\n";
    let finished = Katydid::run_script(script)
        .file("m.yaml", manifest)
        .args(["--host", "demo", "-t", "10m", "--only-summary", "--manifest", "m.yaml"])
        .run()
        .exits(3);
    assert!(
        finished
            .stderr
            .contains("a threshold was missed, stopping: fail_ratio for /bad is 100%, the limit is < 10%"),
        "{}",
        finished.stderr
    );
}

#[test]
fn a_warning_is_shown_and_fails_nothing() {
    let manifest = "/bad:\n  fail_ratio: { limit: \"< 1%\", severity: warn }\n/nothing: { count: \"> 1\", allow_missing: true }\n";
    let finished = run(manifest, &[]).exits(0);
    insta::assert_snapshot!(verdict(&finished), @r"
    Manifest: passed, 0 of 2 thresholds kept, 1 warned, 1 skipped
    Verdict | Type | Name     | Metric     | Limit | Actual | Margin
    --------|------|----------|------------|-------|--------|-------
    warned  |      | /bad     | fail_ratio | < 1%  |   100% |   -99%
    skipped |      | /nothing | count      | > 1   | no row |
    warning at m.yaml:2: fail_ratio for /bad is 100%, the limit is < 1%
    skipped at m.yaml:3: no row: nothing was counted as /nothing
    ");
}
