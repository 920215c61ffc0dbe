//! `user.timed` and `user.record`: what is counted like a request and is none.

mod support;

use std::collections::BTreeMap;
use support::{Finished, Katydid, mistake};

/// Runs the statements as the only task of one user, once.
fn once(statements: &str) -> Finished {
    let script = format!(
        r#"
        fn same(what, got, wanted) {{
            if got != wanted {{ throw `${{what}}: got ${{got}}, wanted ${{wanted}}`; }}
        }}
        user_class("U").task("task", |user| {{ {statements} }});
        "#
    );
    Katydid::run_script(&script).args(["--host", "demo", "-i", "1", "--csv", "r"]).run()
}

type Row = BTreeMap<String, String>;

fn row(finished: &Finished, kind: &str, name: &str) -> Row {
    finished.csv("r")[&(kind.to_owned(), name.to_owned())].clone()
}

fn counts(row: &Row) -> (&str, &str) {
    (&row["Request Count"], &row["Failure Count"])
}

fn number(row: &Row, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column}: {row:?}"))
}

#[test]
fn a_block_is_timed_by_the_clock() {
    let finished = once(
        r#"
        let value = user.timed("FTP", "upload", |user| { sleep("120ms"); 42 });
        same("value", value, 42);
        user.timed("FTP", "without parameter", || sleep(0.01));
        user.timed("FTP", "upload", |user| { user.get("/items/1"); });
        "#,
    )
    .exits(0);
    let upload = row(&finished, "FTP", "upload");
    assert_eq!(counts(&upload), ("2", "0"));
    assert!(number(&upload, "Max Response Time") >= 120.0, "{upload:?}");
    assert_eq!(counts(&row(&finished, "GET", "/items/1")), ("1", "0"));
    assert_eq!(counts(&row(&finished, "FTP", "without parameter")), ("1", "0"));
}

#[test]
fn an_exception_is_a_failure_and_goes_no_further() {
    let finished = once(
        r#"
        same("nothing", user.timed("FTP", "throws", |user| { throw "no space left"; }), ());
        same("nothing", user.timed("FTP", "mistake", |user| { let x = 1; x.nothing }), ());
        user.get("/items/1", #{ name: "after" });
        "#,
    )
    .exits(1);
    assert_eq!(counts(&row(&finished, "FTP", "throws")), ("1", "1"));
    assert_eq!(counts(&row(&finished, "GET", "after")), ("1", "0"));
    let failures = finished.written("r_failures.csv");
    assert!(failures.contains("FTP,throws,no space left,1"), "{failures}");
    assert!(failures.contains("FTP,mistake,cannot read `.nothing` of a value of type int,1"), "{failures}");
    assert!(!finished.stdout.contains("xception"), "{}", finished.stdout);
}

#[test]
fn leaving_passes_through_and_is_counted() {
    for leave in ["user.interrupt()", "user.reschedule()", "user.stop()", "stop_test(\"enough\")"] {
        let finished = once(&format!(
            r#"user.timed("FTP", "left", |user| {{ {leave}; user.get("/never"); }}); user.get("/never");"#
        ))
        .exits(0);
        assert_eq!(counts(&row(&finished, "FTP", "left")), ("1", "0"), "{leave}");
        assert_eq!(counts(&row(&finished, "", "Aggregated")), ("1", "0"), "{leave}");
    }
}

#[test]
fn a_limit_fails_it_and_ends_the_task() {
    let finished = Katydid::run_script(
        r#"
        user_class("U").task("task", |user| {
            user.timed("CPU", "endless", |user| { loop { } });
            user.get("/never");
        });
        "#,
    )
    .args(["--host", "demo", "-i", "1", "--csv", "r", "--max-operations", "20000"])
    .run()
    .exits(1);
    assert_eq!(counts(&row(&finished, "CPU", "endless")), ("1", "1"));
    let text = "more than 20000 operations without a wait";
    assert!(finished.written("r_failures.csv").contains(text));
    assert!(finished.written("r_exceptions.csv").contains(text));
    assert_eq!(counts(&row(&finished, "", "Aggregated")).0, "1");
}

#[test]
fn a_request_of_another_protocol() {
    let finished = once(
        r#"
        user.record("MQTT", "publish", #{ time_ms: 12.5, length: 300 });
        user.record("MQTT", "publish", #{ time_ms: 7, length: 100, error: () });
        user.record("MQTT", "failed", #{ time_ms: 1, error: "not connected" });
        user.record("MQTT", "not timed", #{ length: 5 });
        user.record("MQTT", "not timed", #{ time_ms: () });
        user.record("MQTT", "not timed");
        "#,
    )
    .exits(1);
    let publish = row(&finished, "MQTT", "publish");
    assert_eq!(counts(&publish), ("2", "0"));
    assert_eq!((&*publish["Max Response Time"], &*publish["Min Response Time"]), ("12.5", "7.0"));
    assert!((number(&publish, "Average Content Size") - 200.0).abs() < 0.001);
    assert!(finished.written("r_failures.csv").contains("MQTT,failed,not connected,1"));
    let untimed = row(&finished, "MQTT", "not timed");
    assert_eq!(counts(&untimed), ("3", "0"));
    assert_eq!(&*untimed["95%"], "N/A");
}

#[test]
fn what_record_refuses() {
    let finished = once(
        r#"
        let told = 0;
        for options in [#{ time: 1 }, #{ time_ms: -1 }, #{ time_ms: "1s" }, #{ length: -1 }, #{ length: 1.5 }] {
            try { user.record("MQTT", "x", options); } catch (error) { told += 1; print(`told: ${error}`); }
        }
        try { user.record("", "x"); } catch (error) { told += 1; print(`told: ${error}`); }
        same("refused", told, 6);
        "#,
    )
    .exits(0);
    for text in [
        "unknown option `time`; known are time_ms, length, error",
        "`time_ms` must be a time of at least 0 milliseconds, but is -1",
        "`time_ms` must be a number, not a string",
        "`length` must not be negative, but is -1",
        "`length` must be a whole number of bytes, not a float",
        "the type of a request must not be empty",
    ] {
        assert!(finished.stderr.contains(&format!("told: {text}")), "{text}\n{}", finished.stderr);
    }
    assert_eq!(counts(&row(&finished, "", "Aggregated")).0, "0");
}

#[test]
fn an_unknown_key_of_record_is_found_before_anything_is_sent() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"
user_class("U").task("t", |user| {
    user.record("MQTT", "publish", #{ time: 3 });
});
"#)]), @r#"
    error: unknown option `time`
     --> main.rhai:3:39
      |
    3 |     user.record("MQTT", "publish", #{ time: 3 });
      |                                       ^^^^
      = help: known are time_ms, length, error
    "#);
}

/// Both count into the transaction around them, and what a timed block covers is not counted twice.
#[test]
fn in_a_transaction_they_are_requests() {
    let finished = once(
        r#"
        user.transaction("recorded", |user| {
            user.record("MQTT", "a", #{ time_ms: 100, length: 10 });
            user.record("MQTT", "b", #{ time_ms: 23, length: 5 });
            user.record("MQTT", "c");
        });
        user.transaction("failed", |user| { user.record("MQTT", "d", #{ error: "lost" }); });
        user.transaction("around", |user| {
            user.timed("FTP", "covers", |user| {
                user.get("/delay/30", #{ name: "covered" });
                user.transaction("inside", |user| { user.record("MQTT", "e", #{ time_ms: 100000 }); });
                user.timed("FTP", "nested", |user| { user.record("MQTT", "f", #{ time_ms: 100000 }); });
            });
        });
        user.transaction("swallowed", |user| { user.timed("FTP", "throws", |user| { throw "oh"; }); });
        "#,
    )
    .exits(1);
    let recorded = row(&finished, "TX", "recorded");
    assert_eq!((&*recorded["Max Response Time"], counts(&recorded)), ("123.0", ("1", "0")));
    assert!((number(&recorded, "Average Content Size") - 15.0).abs() < 0.001);
    let around = number(&row(&finished, "TX", "around"), "Max Response Time");
    let covers = number(&row(&finished, "FTP", "covers"), "Max Response Time");
    assert!((around - covers).abs() < 0.01, "{around} {covers}");
    assert_eq!(row(&finished, "TX", "inside")["Max Response Time"], "100000.0");
    let failures = finished.written("r_failures.csv");
    assert!(failures.contains("TX,failed,d: lost,1"), "{failures}");
    assert!(failures.contains("TX,swallowed,throws: oh,1"), "{failures}");
}
