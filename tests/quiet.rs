//! `--quiet`: what failed and the outcome, and nothing else.

mod support;

use support::Katydid;

const SCRIPT: &str = r#"user_class("U").task("t", |user| { user.get("/items/1"); });"#;

/// The lines of stdout, the figures of the summary left out.
fn outcome(stdout: &str) -> Vec<&str> {
    stdout.lines().map(|line| line.split(" in ").next().unwrap_or(line)).collect()
}

#[test]
fn a_run_that_passes_says_so_in_two_lines() {
    let command = || Katydid::run_script(SCRIPT).args(["--host", "demo", "-i", "5"]);
    for command in [
        command().args(["-q"]),
        command().args(["--quiet"]),
        command().env("KATYDID_QUIET", "yes"),
        command().file("katydid.toml", "quiet = true"),
    ] {
        let finished = command.run().exits(0);
        assert_eq!(outcome(&finished.stdout), ["5 requests", "passed"]);
        assert_eq!(finished.stderr, "");
    }
}

#[test]
fn what_failed_is_told() {
    let script = r#"user_class("U").task("t", |user| { user.get("/no/such/page"); throw "no luck"; });"#;
    let finished = Katydid::run_script(script).args(["--host", "demo", "-i", "3", "-q"]).run().exits(1);
    let told = &finished.stdout;
    assert!(told.contains("GET /no/such/page: ") && told.contains("no luck at main.rhai:1"), "{told}");
    assert!(!told.contains("Aggregated"), "{told}");
    let last = told.lines().last().unwrap_or_default();
    assert_eq!(last, "FAILED, exit code 1: requests failed, scripts threw exceptions");
}

#[test]
fn missed_thresholds_are_told_without_the_kept_ones() {
    let manifest = "/items/1:\n  type: GET\n  Failure Count: 0\n  Request Count: \">= 100\"\n";
    let finished = Katydid::run_script(SCRIPT)
        .file("limits.yaml", manifest)
        .args(["--host", "demo", "-i", "4", "-q", "--manifest", "limits.yaml"])
        .run()
        .exits(3);
    assert_eq!(
        outcome(&finished.stdout),
        [
            "Manifest: FAILED, 1 of 2 thresholds missed",
            "missed at limits.yaml:4: Request Count for GET /items/1 is 4, the limit is >= 100",
            "4 requests",
            "FAILED, exit code 3: thresholds were missed",
        ]
    );
}

#[test]
fn warnings_are_told_and_more_where_it_is_asked_for() {
    let command = || Katydid::run_script(SCRIPT).args(["--host", "demo", "-i", "1", "-q"]);
    let warned = command().env("KATYDID_USRES", "9").run().exits(0).stderr;
    assert!(warned.starts_with("warning: nothing reads the variable KATYDID_USRES"), "{warned}");
    let informed = command().args(["-L", "info"]).run().exits(0).stderr;
    assert!(informed.contains("INFO: All users spawned"), "{informed}");
}

#[test]
fn each_task_once_is_a_table_only_where_one_failed() {
    let once = |script: &str| {
        let command = Katydid::run_script(script);
        command.args(["--host", "demo", "--once", "--debug-http=0", "-q"]).run()
    };
    assert_eq!(outcome(&once(SCRIPT).exits(0).stdout), ["1 request", "passed"]);
    let failed = once(&SCRIPT.replace("/items/1", "/no/such/page")).exits(1).stdout;
    assert!(failed.contains("FAILED   U/t"), "{failed}");
}
