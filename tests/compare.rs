//! `katydid compare`: what changed between results, what of it is noise, and what a pipeline is told.

mod support;

use jiff::Timestamp;
use katydid::demo::DemoServer;
use katydid::plan::Outline;
use katydid::report::{ComparisonSheet, EndingCause, FORMAT, Machine, Record, RunEnding, VERSION};
use katydid::stats::{Milestones, Recorder, RunResult, Sample, Totals};
use std::path::Path;
use std::time::Duration;
use support::{Finished, Katydid};

/// A name with a bit of everything that markup could be.
const NASTY: &str = "/x|y <b>*`@all`*</b>";

/// A run of 40 seconds whose times vary a little about these milliseconds.
fn record(milliseconds: f64, failing: u64) -> Record {
    let mut totals = Totals::new(Timestamp::UNIX_EPOCH);
    let mut recorder = Recorder::new();
    for second in 0..40_u64 {
        for number in 0..30_u64 {
            // Spread over a third, and a slow wave over the seconds: noise that is the same each time.
            let spread = 1.0 + (number * 7 % 30) as f64 / 90.0 + ((second * 13 % 7) as f64 - 3.0) / 100.0;
            recorder.record(&Sample {
                method: "GET",
                name: NASTY,
                response_time: Some(Duration::from_secs_f64(milliseconds * spread / 1000.0)),
                service_time: None,
                size: 100,
                failure: (number < failing).then_some("503 Service Unavailable"),
                ended: Duration::from_secs(second),
            });
        }
        totals.merge(&recorder.take());
    }
    let end = Duration::from_secs(40);
    let milestones = Milestones { spawned: Some(Duration::ZERO), ending: Some(end), ..Milestones::default() };
    Record {
        format: FORMAT.to_owned(),
        version: VERSION,
        katydid: env!("CARGO_PKG_VERSION").to_owned(),
        machine: Machine::default(),
        scripts: vec!["main.rhai".to_owned()],
        host: None,
        seed: 7,
        options: Vec::new(),
        plan: Outline::default(),
        ending: RunEnding { cause: EndingCause::RunTime, reason: None },
        failed_hooks: 0,
        run: RunResult { milestones, ..RunResult::new(totals, end) },
        invalid: Vec::new(),
        allow_saturation: false,
        verdicts: Vec::new(),
        exit_code_on_error: None,
        exit_code_of_hook: None,
        exit_code: 0,
    }
}

/// `katydid compare` with these words, on files with these records.
fn compare(files: &[(&str, &Record)], words: &[&str]) -> Katydid {
    let command = Katydid::new(["compare"]).args(words.iter().copied());
    files.iter().fold(command, |command, (name, record)| {
        let json = String::from_utf8(record.to_bytes(Path::new("x.json"))).expect("JSON is text");
        command.file(name, &json)
    })
}

fn sheet(finished: &Finished, file: &str) -> ComparisonSheet {
    serde_json::from_str(&finished.written(file)).expect("the form that the library knows")
}

#[test]
fn what_changed_is_said_and_written() {
    let files = [("a.json", &record(10.0, 0)), ("b.json", &record(13.0, 3))];
    let words = ["a.json", "b.json", "--json", "c.json", "--markdown", "out/c.md", "--html", "c.html"];
    let finished = compare(&files, &words).run().exits(0);
    let text = &finished.stdout;
    assert!(text.contains("Base  a.json (1200 requests in 40.0 s, 0 users)"), "{text}");
    assert!(text.contains("Compared: after the ramp, 0 to 40 s."), "{text}");
    assert!(
        text.lines().any(|line| line.contains("worse") && line.contains("p95") && line.contains("+30.")),
        "{text}"
    );
    assert!(text.lines().any(|line| line.contains("fails") && line.contains("+10.00pp")), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");

    let sheet = sheet(&finished, "c.json");
    assert_eq!((sheet.format.as_str(), sheet.version, sheet.limit), ("katydid-comparison", 1, None));
    assert!(sheet.comparison.steady && sheet.comparison.judged == 14, "{}", sheet.comparison.judged);

    let markdown = finished.written("out/c.md");
    assert!(
        markdown.contains(
            "| worse | <code>GET /x&#124;y &#60;b&#62;&#42;&#96;&#64;all&#96;&#42;&#60;/b&#62;</code> |"
        ),
        "{markdown}"
    );
    let html = finished.written("c.html");
    assert!(html.contains("GET /x|y &lt;b&gt;*`@all`*&lt;/b&gt;") && !html.contains("<b>*"), "{html}");
    assert!(!html.contains("http://") && !html.contains("https://"), "the page fetches nothing");
    assert!(html.len() < 50_000, "{}", html.len());
}

#[test]
fn a_limit_makes_a_gate_of_it() {
    let (base, slower) = (record(10.0, 0), record(10.7, 0));
    let files = [("a.json", &base), ("b.json", &slower)];
    let gate = |limit: &str, code| {
        let words = ["a.json", "b.json", "--fail-on-regression", limit];
        compare(&files, &words).run().exits(code).stdout
    };
    assert!(gate("5%", 3).contains("8 regressions by more than 5%."), "{}", gate("5%", 3));
    assert!(gate("10", 0).contains("No regression by more than 10%."), "{}", gate("10", 0));
    // Faster is no regression.
    let words = ["b.json", "a.json", "--fail-on-regression", "0%"];
    let text = compare(&files, &words).run().exits(0).stdout;
    assert!(text.contains("better"), "{text}");
}

#[test]
fn a_run_that_is_not_valid_is_no_ground_for_a_verdict() {
    let bad = Record { invalid: vec!["waits were late".to_owned()], ..record(10.0, 0) };
    let files = [("a.json", &record(10.0, 0)), ("b.json", &bad)];
    let judged = |more: &[&str], code| {
        let words = [&["a.json", "b.json"], more].concat();
        let text = compare(&files, &words).run().exits(code).stdout;
        assert!(text.contains("Not valid: b.json: waits were late"), "{text}");
    };
    judged(&[], 0);
    judged(&["--fail-on-regression", "5%"], 4);
    judged(&["--fail-on-regression", "5%", "--allow-saturation"], 0);
}

#[test]
fn several_runs_on_a_side_are_pooled() {
    let files = [("a1.json", &record(10.0, 0)), ("a2.json", &record(10.2, 0)), ("b1.json", &record(10.1, 0))];
    let words = ["a1.json", "a2.json", "--with", "b1.json", "--json", "c.json"];
    let finished = compare(&files, &words).run().exits(0);
    let sheet = sheet(&finished, "c.json");
    assert_eq!((sheet.base.len(), sheet.new.len()), (2, 1));
    assert_eq!(sheet.comparison.names[0].requests, (2400, 1200));
    assert!(finished.stdout.contains("Nothing changed by more than noise."), "{}", finished.stdout);
}

#[test]
fn what_is_not_alike_is_said() {
    let mut other = record(10.0, 0);
    other.scripts = vec!["other.rhai".to_owned()];
    other.run.user_count = 9;
    other.machine.cores = 64;
    let text = compare(&[("a.json", &record(10.0, 0)), ("b.json", &other)], &["a.json", "b.json"])
        .run()
        .exits(0)
        .stdout;
    for said in ["scripts: main.rhai, then other.rhai", "users: 0, then 9", "machine:"] {
        assert!(text.contains(&format!("Not alike: {said}")), "{said}: {text}");
    }
}

#[test]
fn mistakes_are_refused() {
    let one = record(10.0, 0);
    let refused =
        |words: &[&str]| compare(&[("a.json", &one)], words).file("c.csv", "Type,Name\r\n").refused();
    let said = refused(&["a.json"]);
    assert!(said.contains("two results are compared, and 1 is given"), "{said}");
    let said = refused(&["a.json", "a.json", "a.json"]);
    assert!(said.contains("write --with before the new ones"), "{said}");
    let said = refused(&["a.json", "gone.json"]);
    assert!(said.contains("cannot read the result") && said.contains("gone.json"), "{said}");
    let said = refused(&["a.json", "c.csv"]);
    assert!(said.contains("this is no result"), "{said}");
    let said = refused(&["a.json", "a.json", "--fail-on-regression", "some"]);
    assert!(said.contains("--fail-on-regression: `some` is not a percentage; write 5% or 2.5%"), "{said}");
    let said = refused(&["a.json", "a.json", "--html", "."]);
    assert!(said.contains("--html: cannot write"), "{said}");
}

#[test]
fn real_runs_that_are_too_short_are_said_to_be() {
    let server = DemoServer::start(0).expect("a port");
    let script = r#"user_class("U").wait_time(constant(0.01)).task("t", |user| { user.get("/items"); });"#;
    let run = |seed: &str| {
        let finished = Katydid::run_script(script)
            .args([
                "-u",
                "2",
                "-r",
                "100",
                "-t",
                "1s",
                "--only-summary",
                "--seed",
                seed,
                "--result",
                "r.json",
            ])
            .against(&server)
            .run()
            .exits(0);
        Record::read(&finished.path("r.json")).unwrap_or_else(|error| panic!("{error}"))
    };
    let finished =
        compare(&[("a.json", &run("1")), ("b.json", &run("2"))], &["a.json", "b.json"]).run().exits(0);
    let text = &finished.stdout;
    assert!(text.contains("Nothing can be told.") && text.contains("needs 10 slices in each run"), "{text}");
    assert!(text.contains("GET /items"), "{text}");
}
