//! `--result`: everything that a run came to, in a file that is read back as it was.

mod support;

use katydid::demo::DemoServer;
use katydid::report::{EndingCause, Record};
use std::fs;
use std::path::Path;
use std::process::Command;
use support::{Finished, Katydid};

const SCRIPT: &str = r#"
    option("color", "blue", "Of the items");
    option("pin", "1", #{ secret: true });
    let shop = task_set("Shop").task("list", 3, |user| { user.get("/items"); }).stop();
    user_class("Visitor").weight(2).wait_time(constant(0.01)).task(shop, 2).task("fails", |user| { user.get("/status/503", #{ name: "/x — expected failure" }); });
    user_class("Thrower").fixed_count(1).wait_time(constant(0.1)).task("throws", |user| { throw "oh"; });
"#;

const MANIFEST: &str = "\"*\":\n  count: \">= 1\"\n  p99: { limit: 1ms, severity: warn, window: last 5s }\n";

fn run(file: &str) -> Finished {
    let server = DemoServer::start(0).expect("a port");
    Katydid::run_script(SCRIPT)
        .file("m.yaml", MANIFEST)
        .args(["-u", "4", "-r", "100", "-t", "2s", "--seed", "7", "-o", "pin=8", "--manifest", "m.yaml"])
        .args(["--result", file])
        .against(&server)
        .run()
        .exits(1)
}

fn read(finished: &Finished, file: &str) -> Record {
    Record::read(&finished.path(file)).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn it_holds_what_was_asked_for_and_what_came_of_it() {
    let finished = run("out/run.katydid.json");
    let record = read(&finished, "out/run.katydid.json");
    assert_eq!((record.seed, record.exit_code, record.ending.cause), (7, 1, EndingCause::RunTime));
    assert_eq!(record.katydid, env!("CARGO_PKG_VERSION"));
    assert_eq!(record.scripts.len(), 1);
    assert!(record.machine.cores > 0 && !record.machine.os.is_empty());

    let option = |name: &str| record.options.iter().find(|option| option.name == name);
    let users = option("users").expect("it was given");
    assert_eq!((&*users.value, &*users.origin), ("4", "--users"));
    assert_eq!(option("-o pin").expect("it is declared").value, "***");
    assert_eq!(option("-o color").expect("it is declared").value, "blue");
    assert!(option("stop-timeout").is_none(), "nobody gave it");

    let [visitor, thrower] = &*record.plan.classes else { panic!("{:?}", record.plan) };
    assert_eq!((&*visitor.name, visitor.share), ("Visitor", Some(0.75)));
    assert_eq!((&*thrower.name, thrower.fixed_count), ("Thrower", Some(1)));
    assert_eq!(visitor.tasks[0].tasks.len(), 2);

    let totals = &record.run.totals;
    assert_eq!(record.run.counters().wire_requests, finished.sent());
    let failed = totals.entry("GET", "/x — expected failure").expect("a row");
    assert_eq!((failed.requests, failed.failures), (failed.requests, failed.requests));
    assert_eq!(totals.exceptions().len(), 1);
    let slices: u64 = totals.timeline().slices().map(|(_, slice)| slice.all.requests).sum();
    assert_eq!(slices, totals.aggregated().requests);
    assert!(totals.timeline().slices().any(|(_, slice)| slice.gauges.users == 4));

    let [verdict] = &*record.verdicts else { panic!("{:?}", record.verdicts) };
    assert!(verdict.passed && verdict.rows.len() == 2);
}

#[test]
fn packed_or_not_it_is_the_same() {
    let finished = run("run.katydid.json.zst");
    let packed = fs::read(finished.path("run.katydid.json.zst")).expect("a file");
    let record = read(&finished, "run.katydid.json.zst");
    let plain = record.to_bytes(Path::new("x.json"));
    assert!(packed.len() * 2 < plain.len(), "{} of {}", packed.len(), plain.len());
    assert_eq!(Record::from_bytes(&plain).unwrap_or_else(|error| panic!("{error}")), record);
    assert_eq!(record.to_bytes(Path::new("x.zst")), packed);
}

#[test]
fn a_file_that_cannot_be_written_is_found_before_the_run() {
    let server = DemoServer::start(0).expect("a port");
    for (file, what) in
        [("blocked/run.json", "cannot make its folder: it is a file"), (".", "it is a folder")]
    {
        let said = Katydid::run_script(SCRIPT)
            .file("blocked", "a file")
            .args(["--result", file, "-t", "1s"])
            .against(&server)
            .refused();
        assert!(said.contains("--result: cannot") && said.contains(what), "{said}");
        assert!(said.contains("give `--result` a name in a folder that can be written to"), "{said}");
    }
    assert_eq!(server.ledger().total, 0);
}

#[test]
fn a_disk_that_is_full_loses_no_run() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    let server = DemoServer::start(0).expect("a port");
    let finished = Katydid::run_script("user_class(\"U\").task(\"t\", |user| { user.get(\"/items\"); });")
        .args(["--result", "/dev/full", "-i", "3"])
        .against(&server)
        .run()
        .exits(0);
    assert!(finished.stderr.contains("WARN: --result: cannot write"), "{}", finished.stderr);
    assert_eq!(finished.sent(), 3);
    assert!(Path::new("/dev/full").exists());
}

#[test]
fn what_is_no_result_is_refused_with_a_reason() {
    let finished = run("run.json");
    let whole = fs::read(finished.path("run.json")).expect("a file");
    let mut packed = read(&finished, "run.json").to_bytes(Path::new("x.zst"));
    packed.truncate(packed.len() / 2);
    let text = String::from_utf8(whole.clone()).expect("JSON is text");
    let with = |before: &str, after: &str| text.replacen(before, after, 1).into_bytes();
    let cases = [
        (Vec::new(), "this is no result"),
        (b"Type,Name\r\n".to_vec(), "this is no result"),
        (b"{\"a\":1}".to_vec(), "this is no result: missing field `format`"),
        (whole[..whole.len() / 2].to_vec(), "the result is not complete"),
        (packed, "the packed result is broken"),
        (with("katydid-result", "other"), "its format is `other`, not `katydid-result`"),
        (with("\"version\":1", "\"version\":2"), "this result has the form 2"),
        (with("\"seed\":7", "\"seed\":\"seven\""), "the result is broken"),
    ];
    for (bytes, said) in cases {
        let error = Record::from_bytes(&bytes).expect_err("it is no result").to_string();
        assert!(error.contains(said), "{said}: {error}");
    }
}

#[test]
fn a_named_pipe_is_opened_once_for_the_sake_of_its_reader() {
    let run = Katydid::run_script("user_class(\"U\").task(\"t\", |user| { user.get(\"/items\"); });");
    let pipe = run.folder().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let reader = std::thread::spawn(move || std::fs::read_to_string(pipe).expect("a text"));
    run.args(["--host", "demo", "-i", "3", "--json", "pipe"]).run().exits(0);
    let report: serde_json::Value = serde_json::from_str(&reader.join().expect("a reader")).expect("JSON");
    assert_eq!(report["totals"]["requests"], 3);
}
