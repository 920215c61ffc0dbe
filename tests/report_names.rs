//! `{u}`, `{r}` and `{t}` in the names of reports, whichever command writes them.

mod support;

use support::{Finished, Katydid};

const SCRIPT: &str =
    r#"user_class("U").wait_time(constant(0.01)).task("t", |user| { user.get("/items"); });"#;
const MANIFEST: &str = "\"*\": { count: \">= 1\" }\n";

fn run(args: &[&str]) -> Finished {
    Katydid::run_script(SCRIPT)
        .args(["--host", "demo", "-i", "20", "--only-summary", "--result", "run.json"])
        .args(args.iter().copied())
        .run()
        .exits(0)
}

/// A command with the results of these runs as `0.json`, `1.json`, ..
fn with(words: &[&str], runs: &[&Finished]) -> Katydid {
    let command = Katydid::new(words.iter().copied()).file("m.yaml", MANIFEST);
    (0..).zip(runs).fold(command, |command, (number, run)| {
        command.file(&format!("{number}.json"), &run.written("run.json"))
    })
}

#[test]
fn every_report_of_a_run_can_say_what_was_run() {
    let names =
        ["--html", "{u}/{r}.html", "--json", "{t}.json", "--junit", "{u}.xml", "--markdown", "{x}{r}.md"];
    let ran = run(&[&names[..], &["-u", "3", "-r", "2.5", "-t", "1m30s", "--csv", "out/{u}"]].concat());
    let files = ["3/2.5.html", "90.json", "3.xml", "{x}2.5.md", "out/3_stats.csv", "out/3_failures.csv"];
    files.iter().for_each(|name| drop(ran.written(name)));
    let words = [&["report", "0.json", "--csv", "out/{u}"], &names[..]].concat();
    let wrote = with(&words, &[&ran]).run().exits(0);
    files.iter().for_each(|name| assert_eq!(ran.written(name), wrote.written(name), "{name}"));
    let words = [&["verify", "m.yaml", "0.json"], &names[..]].concat();
    let wrote = with(&words, &[&ran]).run().exits(0);
    files[..4].iter().for_each(|name| drop(wrote.written(name)));
}

#[test]
fn what_nobody_chose_has_its_default() {
    let ran = run(&["--junit", "{u}-{r}-{t}.xml"]);
    let wrote = with(&["report", "0.json", "--junit", "{u}-{r}-{t}.xml"], &[&ran]).run().exits(0);
    assert_eq!(ran.written("1-1-unlimited.xml"), wrote.written("1-1-unlimited.xml"));
    // The script may have chosen it.
    let script = format!("settings(#{{ users: 2, spawn_rate: 50, run_time: \"40s\" }});\n{SCRIPT}");
    let ran = Katydid::run_script(&script)
        .args([
            "--host",
            "demo",
            "-i",
            "20",
            "--only-summary",
            "--result",
            "run.json",
            "--junit",
            "{u}-{r}-{t}.xml",
        ])
        .run()
        .exits(0);
    let wrote = with(&["report", "0.json", "--junit", "{u}-{r}-{t}.xml"], &[&ran]).run().exits(0);
    assert_eq!(ran.written("2-50-40.xml"), wrote.written("2-50-40.xml"));
}

#[test]
fn of_several_runs_a_name_says_what_they_have_in_common() {
    let (one, two) = (run(&["-u", "2", "-t", "30s"]), run(&["-u", "3", "-t", "30s"]));
    let compare = |names: &[&str]| with(&[&["compare", "0.json", "1.json"], names].concat(), &[&one, &two]);
    let wrote = compare(&["--html", "{t}s.html", "--markdown", "{r}.md", "--json", "c.json"]).run().exits(0);
    for (name, begin) in [("30s.html", "<!doctype"), ("1.md", "#"), ("c.json", "{")] {
        assert!(wrote.written(name).starts_with(begin), "{name}");
    }
    insta::assert_snapshot!(compare(&["--html", "{u}-{t}.html"]).refused(), @r"
    error: --html: nothing stands for {u} in the name: the runs had different ones (users: 2, 3)
     --> {u}-{t}.html
      = help: write the name out
    ");
    let merged = with(&["merge", "0.json", "1.json", "--result", "{t}.json"], &[&one, &two]).run().exits(0);
    let merged = merged.written("30.json");
    let report =
        Katydid::new(["report", "merged.json", "--json", "{t}-{u}.json"]).file("merged.json", &merged);
    insta::assert_snapshot!(report.refused(), @r"
    error: --json: nothing stands for {u} in the name: its generators had different ones (users: 2, 3)
     --> {t}-{u}.json
      = help: write the name out
    ");
}

#[test]
fn a_csv_does_not_know_it() {
    let csv = "Type,Name,Request Count\nGET,/,1\n,Aggregated,1\n";
    let verify = with(&["verify", "m.yaml", "s.csv", "--junit", "{u}.xml"], &[]).file("s.csv", csv);
    insta::assert_snapshot!(verify.refused(), @r"
    error: --junit: nothing stands for {u} in the name: a CSV does not say it
     --> {u}.xml
      = help: write the name out
    ");
}

#[test]
fn stdout_is_a_file_for_compare_and_merge_too() {
    let (one, two) = (run(&[]), run(&[]));
    let compare =
        |options: &[&str]| with(&[&["compare", "0.json", "1.json"], options].concat(), &[&one, &two]);
    let text = compare(&[]).run().exits(0).stdout;
    for (option, begin) in [("--json", "{\n"), ("--markdown", "#"), ("--html", "<!doctype")] {
        let said = compare(&[option, "-"]).run().exits(0);
        assert!(said.stdout.starts_with(begin), "{option}: {}", said.stdout);
        assert_eq!(said.stderr, text, "{option}");
    }
    let both = compare(&["--json", "-", "--html", "-"]).refused();
    assert!(both.contains("--html and --json cannot all write to stdout"), "{both}");
    let merged = with(&["merge", "0.json", "1.json", "--result", "-"], &[&one, &two]).run().exits(0);
    assert!(merged.stdout.starts_with("{\"format\":\"katydid-result\""), "{}", &merged.stdout[..80]);
    assert!(merged.stderr.contains("Aggregated"), "{}", merged.stderr);
}
