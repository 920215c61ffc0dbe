//! `katydid verify`: what a run has left behind is judged as the run was.

mod support;

use katydid::report::{EndingCause, Record};
use std::path::Path;
use support::{Finished, Katydid};

const SCRIPT: &str = r#"
    user_class("U").wait_time(constant(0.05))
        .task("list", |user| { user.get("/items"); })
        .task("buy", |user| { user.post("/items"); })
        .task("fails", |user| { user.get("/status/500", #{ name: "/x — expected failure" }); });
"#;

const MANIFEST: &str = "\
\"*\":
  count: \">= 1\"
  fail_ratio: \"< 1%\"
  p99: { limit: 10s, window: steady }
  rps: { min: 1, window: last 2s }
  max: { limit: 1us, window: stage 1, allow_missing: true }
\"/*\":
  p97.5: 5s
  failures: { limit: 0, window: last 1s, severity: warn }
/items:
  avg: \"<= 20 * avg(GET /items) + 1s\"
  p50: { limit: 0.001, min_samples: 2 }
/nothing:
  p99: 5
";

fn verdicts(text: &str) -> &str {
    &text[text.find("Manifest:").expect("a verdict")..]
}

/// A run with a result and CSV files.
fn run() -> Finished {
    Katydid::run_script(SCRIPT)
        .file("m.yaml", MANIFEST)
        .file("kept.yaml", "\"*\": { count: \"> 0\" }\n")
        .args(["--host", "demo", "-u", "5", "-r", "5", "-t", "3s", "--only-summary", "--manifest", "m.yaml"])
        .args(["--result", "run.json", "--csv", "out"])
        .run()
        .exits(3)
}

/// `katydid verify` with these words, beside the files of `run`.
fn verify(run: &Finished, words: &[&str]) -> Finished {
    let mut command = Katydid::new(["verify"]).args(words.to_vec());
    for name in ["m.yaml", "kept.yaml", "run.json", "out_stats.csv"] {
        command = command.file(name, &run.written(name));
    }
    command.env("KATYDID_ALLOW_SATURATION", "").run()
}

#[test]
fn a_result_is_judged_as_the_run_was() {
    let run = run();
    let verified = verify(&run, &["m.yaml", "run.json"]).exits(3);
    assert_eq!(verified.stdout, verdicts(&run.stdout));
    let both = verify(&run, &["kept.yaml", "m.yaml", "run.json"]).exits(3);
    assert!(both.stdout.starts_with("Manifest: passed, 1 of 1"), "{}", both.stdout);
    assert!(both.stdout.ends_with(&verified.stdout), "{}", both.stdout);
    verify(&run, &["kept.yaml", "run.json"]).exits(0);
}

#[test]
fn the_csv_of_a_run_answers_what_is_in_it() {
    let run = run();
    let rows = |text: &str| -> Vec<String> {
        let rows = verdicts(text).lines().filter(|line| line.contains(" | "));
        rows.filter(|row| !row.contains(" last ") && !row.contains(" steady") && !row.contains(" stage "))
            .map(|row| row.split(" | ").map(str::trim).collect::<Vec<_>>().join("|"))
            .collect()
    };
    let manifest = "\"*\":\n  count: \">= 1\"\n  fail_ratio: \"< 1%\"\n  avg: 1us\n/items:\n  - { type: GET, count: 1, max: 1, min: 0, \
                    size: 1, Failures/s: 0 }\n/nothing:\n  p99: 5\n";
    let online = Katydid::new(["verify", "m.yaml", "run.json"])
        .file("m.yaml", manifest)
        .file("run.json", &run.written("run.json"))
        .run()
        .exits(3);
    let offline = Katydid::new(["verify", "m.yaml", "out_stats.csv"])
        .file("m.yaml", manifest)
        .file("out_stats.csv", &run.written("out_stats.csv"))
        .run()
        .exits(3);
    assert_eq!(rows(&offline.stdout), rows(&online.stdout));
    assert!(rows(&offline.stdout).len() == 10, "{}", offline.stdout);
    let windows = verify(&run, &["m.yaml", "out_stats.csv"]).exits(3);
    assert!(
        windows.stdout.contains("no data: a CSV says nothing about `steady` alone"),
        "{}",
        windows.stdout
    );
}

#[test]
fn a_result_of_a_run_that_is_not_valid_is_4() {
    let run = run();
    let mut record = Record::from_bytes(run.written("run.json").as_bytes()).expect("a result");
    record.allow_saturation = false;
    record.invalid = vec!["the generator slept".to_owned()];
    let verify = |record: &Record, args: &[&str]| {
        let text = String::from_utf8(record.to_bytes(Path::new("run.json"))).expect("JSON is text");
        Katydid::new(["verify", "m.yaml", "run.json"])
            .file("m.yaml", "/nothing: { p99: 5, allow_missing: true }\n")
            .file("run.json", &text)
            .args(args.to_vec())
            .env("KATYDID_ALLOW_SATURATION", "")
            .run()
    };
    let said = verify(&record, &[]).exits(4);
    assert!(said.stdout.contains("The run is not valid: the generator slept."), "{}", said.stdout);
    let said = verify(&record, &["--allow-saturation"]).exits(0);
    assert!(said.stdout.contains("Warning: the run is not valid"), "{}", said.stdout);
    record.allow_saturation = true;
    verify(&record, &[]).exits(0);
    record.ending.cause = EndingCause::Cut;
    let said = verify(&record, &["--allow-saturation"]).exits(4);
    assert!(said.stdout.contains("The run is not valid: a second signal cut it."), "{}", said.stdout);
}

#[test]
fn a_threshold_that_ended_the_run_is_missed_although_the_end_would_keep_it() {
    let run = run();
    let mut record = Record::from_bytes(run.written("run.json").as_bytes()).expect("a result");
    record.ending.cause = EndingCause::Threshold;
    record.ending.reason = Some("p99 for /items is 9 ms".to_owned());
    let text = String::from_utf8(record.to_bytes(Path::new("run.json"))).expect("JSON is text");
    let verify = |manifest: &str| {
        Katydid::new(["verify", "m.yaml", "run.json"]).file("m.yaml", manifest).file("run.json", &text).run()
    };
    let said = verify("\"*\": { count: { min: 1, abort: after 10s } }\n").exits(3);
    assert!(
        said.stdout.ends_with("The run was ended by a missed threshold: p99 for /items is 9 ms\n"),
        "{}",
        said.stdout
    );
    verify("\"*\": { count: \">= 1\" }\n").exits(0);
}

#[test]
fn manifests_may_come_from_everywhere() {
    let csv = "Type,Name,Request Count\nGET,/,1\n,Aggregated,1\n";
    let verify = |words: &[&str]| {
        Katydid::new(["verify"])
            .args(words.to_vec())
            .file("kept.yaml", "\"*\": { count: \">= 1\" }\n")
            .file("missed.yaml", "\"*\": { count: \">= 2\" }\n")
            .file("s.csv", csv)
    };
    verify(&["--manifest", "kept.yaml", "s.csv"]).run().exits(0);
    verify(&["kept.yaml", "--manifest", "missed.yaml", "s.csv"]).run().exits(3);
    verify(&["s.csv"]).env("KATYDID_MANIFEST", "missed.yaml").run().exits(3);
    verify(&["s.csv"]).file("katydid.toml", "manifest = \"kept.yaml\"\nusers = 5\n").run().exits(0);
    verify(&["kept.yaml", "s.csv"]).env("KATYDID_MANIFEST", "missed.yaml").run().exits(0);
}

#[test]
fn slips_are_told_apart() {
    let csv = "Type,Name,Request Count\r\nGET,/items,many\r\n";
    let verify = |words: &[&str]| {
        Katydid::new(["verify"])
            .args(words.to_vec())
            .file("m.yaml", "\"*\": { count: \">= 1\" }\n")
            .file("s.csv", csv)
            .file("half.json", "{\"format\":\"katydid-result\",")
    };
    insta::assert_snapshot!(verify(&["m.yaml", "s.csv"]).refused().trim(), @r"
    error: `many` is not a number
     --> s.csv:2:12
      |
    2 | GET,/items,many
      |            ^^^^
      = help: a cell of `Request Count` is a number, or `N/A` without data
    ");
    insta::assert_snapshot!(verify(&["s.csv", "m.yaml"]).refused().trim(), @r"
    error: m.yaml is a manifest by its name, and no result or CSV is given behind it
      = help: write the manifests first, then what they judge: `katydid verify limits.yaml out_stats.csv`
    ");
    insta::assert_snapshot!(verify(&["s.csv"]).refused().trim(), @r"
    error: no manifest is given to judge s.csv by
      = help: write the manifests first, then what they judge: `katydid verify limits.yaml out_stats.csv`
    ");
    insta::assert_snapshot!(verify(&["m.yaml", "gone.csv"]).refused().trim(), @r"
    error: cannot read what is to be judged: No such file or directory (os error 2)
     --> gone.csv
      = help: name a result file or a `_stats.csv`, by its path from the working folder
    ");
    insta::assert_snapshot!(verify(&["gone.yaml", "s.csv"]).refused().trim(), @r"
    error: cannot read the manifest: No such file or directory (os error 2)
     --> gone.yaml
      = help: a manifest is a YAML file, named by its path from the working folder
    ");
    let half = verify(&["m.yaml", "half.json"]).refused();
    assert!(
        half.starts_with("error: the result is not complete") && half.contains(" --> half.json"),
        "{half}"
    );
    assert!(verify(&[]).refused().contains("Usage: katydid verify"));
}

#[test]
fn a_csv_in_another_encoding_is_refused_with_its_place() {
    let refused = |bytes: &[u8]| {
        let command =
            Katydid::new(["verify", "m.yaml", "s.csv"]).file("m.yaml", "\"*\": { count: \">= 1\" }\n");
        std::fs::write(command.folder().join("s.csv"), bytes).expect("a file");
        command.refused()
    };
    insta::assert_snapshot!(refused(b"Type,Name,Request Count\nGET,/caf\xe9,1\n").trim(), @r"
    error: the CSV is not UTF-8 here
     --> s.csv:2:9
      |
    2 | GET,/caf�,1
      |         ^
      = help: save it as UTF-8
    ");
    assert!(refused(b"\xff\xfeT\0y\0").contains("the CSV is UTF-16"));
}
