//! `katydid verify` in CI: what it writes about its verdict.

mod support;

use katydid::report::Record;
use serde_json::Value;
use std::path::Path;
use support::schema::Schema;
use support::{Finished, Katydid};

/// The options that ask for every form, and the files.
const FORMS: [&str; 8] = ["--json", "r.json", "--junit", "r.xml", "--markdown", "r.md", "--html", "r.html"];
const FILES: [&str; 4] = ["r.json", "r.xml", "r.md", "r.html"];

const CSV: &str = "\
Type,Name,Request Count,Failure Count,99%
GET,/items,40,1,12.5
,Aggregated,40,1,12.5
";

/// A run with this script and manifest, which leaves every form and its result.
fn run(script: &str, manifest: &str, args: &[&str]) -> Finished {
    Katydid::run_script(script)
        .file("m.yaml", manifest)
        .args([
            "--host",
            "demo",
            "-i",
            "30",
            "--only-summary",
            "--manifest",
            "m.yaml",
            "--result",
            "run.json",
        ])
        .args(FORMS)
        .args(args.iter().copied())
        .run()
}

/// `katydid verify m.yaml run.json` with this manifest on the result of a run.
fn verify(run: &Finished, manifest: &str, args: &[&str]) -> Katydid {
    Katydid::new(["verify", "m.yaml", "run.json"])
        .file("m.yaml", manifest)
        .file("run.json", &run.written("run.json"))
        .args(args.iter().copied())
}

fn verify_csv(manifest: &str, args: &[&str]) -> Katydid {
    Katydid::new(["verify", "m.yaml", "out_stats.csv"])
        .file("m.yaml", manifest)
        .file("out_stats.csv", CSV)
        .args(args.iter().copied())
}

/// How many test cases failed.
fn failures(junit: &str) -> &str {
    let (_, rest) = junit.split_once("failures=\"").expect("a count");
    rest.split_once('"').expect("an end").0
}

const KEPT: &str = "\"*\": { count: \">= 1\" }\n";
const MISSED: &str =
    "\"*\": { count: \">= 1\", p99: { limit: 1us, severity: warn } }\n/nowhere: { p95: 5 }\n";

const PLAIN: &str = r#"user_class("U").task("t", |user| { user.get("/items"); });"#;
const FAILS: &str = r#"user_class("U").task("t", |user| { user.get("/status/503"); });"#;
const THROWS: &str = r#"user_class("U").task("t", |user| { user.get("/items"); throw "no item"; });"#;
const CHOOSES: &str = r#"
    on("quitting", |run| 7);
    user_class("U").task("t", |user| { user.get("/items"); });
"#;

#[test]
fn it_writes_what_the_run_with_these_manifests_wrote() {
    let aborts = "\"*\": { p50: { limit: 1us, abort: true } }\n";
    for (script, manifest, args, code) in [
        (PLAIN, KEPT, &[][..], 0),
        (PLAIN, MISSED, &["--host", "demo", "-u", "3", "-r", "50", "-t", "30s"], 3),
        (FAILS, KEPT, &[], 0),
        (FAILS, KEPT, &["--exit-code-on-error", "9"], 9),
        (THROWS, KEPT, &[], 1),
        (THROWS, MISSED, &[], 3),
        (THROWS, KEPT, &["--exit-code-on-error", "0"], 0),
        (CHOOSES, KEPT, &[], 7),
        (PLAIN, aborts, &["-i", "1000000000", "-t", "60s"], 3),
    ] {
        let ran = run(script, manifest, args).exits(code);
        let verified = verify(&ran, manifest, &FORMS).run().exits(code);
        for name in FILES {
            assert!(ran.written(name) == verified.written(name), "{script} {manifest} {args:?} {name}");
        }
        assert_eq!(failures(&verified.written("r.xml")) == "0", code == 0, "{script} {manifest} {args:?}");
    }
}

#[test]
fn another_manifest_gives_other_verdicts_and_another_exit_code() {
    let ran = run(PLAIN, KEPT, &[]).exits(0);
    let verified = verify(&ran, MISSED, &FORMS).run().exits(3);
    let junit = verified.written("r.xml");
    assert!(failures(&junit) == "1" && junit.contains("name=\"/nowhere p95 &lt;= 5 ms\""), "{junit}");
    assert!(junit.contains("<property name=\"exit code\" value=\"3\"/>"), "{junit}");
    assert!(verified.written("r.md").starts_with("## ❌ katydid: failed (exit code 3)"));
    assert!(verified.written("r.html").contains("<h1 id=verdict>FAILED <small>exit code 3"));
    let json: Value = serde_json::from_str(&verified.written("r.json")).expect("JSON");
    assert_eq!((&json["exit_code"], &json["manifests"][0]["passed"]), (&3.into(), &false.into()));
    // And the other way round.
    let back = verify(&run(PLAIN, MISSED, &[]).exits(3), KEPT, &FORMS).run().exits(0);
    assert_eq!(failures(&back.written("r.xml")), "0");
}

#[test]
fn exceptions_fail_the_verdict_too_and_say_so() {
    let ran = run(THROWS, KEPT, &[]).exits(1);
    let said = verify(&ran, KEPT, &[]).run().exits(1);
    insta::assert_snapshot!(said.stdout, @r"
    Manifest: passed, 1 of 1 thresholds kept
    Verdict | Type | Name | Metric | Limit | Actual | Margin
    --------|------|------|--------|-------|--------|-------
    passed  |      | *    | count  | >= 1  |     30 |    +29

    Exception report
    # occurrences      Exception
    ------------------|---------------------------------------------------------------------------------------------------------------------------------------------
    30                 no item at main.rhai:1 in t
    ------------------|---------------------------------------------------------------------------------------------------------------------------------------------

    FAILED, exit code 1: scripts threw exceptions
    ");
    let said = verify(&ran, KEPT, &["--exit-code-on-error", "0", "--junit", "r.xml"]).run().exits(0);
    assert!(!said.stdout.contains("no item"), "{}", said.stdout);
    assert_eq!(failures(&said.written("r.xml")), "0");
    verify(&ran, KEPT, &[]).env("KATYDID_EXIT_CODE_ON_ERROR", "12").run().exits(12);
    // The flag of the verb beats what the run was told.
    let ran = run(FAILS, KEPT, &["--exit-code-on-error", "9"]).exits(9);
    verify(&ran, KEPT, &["--exit-code-on-error", "8"]).run().exits(8);
}

#[test]
fn a_hook_that_chose_the_exit_code_hides_no_missed_threshold() {
    for code in [0, 7] {
        let script = CHOOSES.replace('7', &code.to_string());
        let ran = run(&script, MISSED, &[]).exits(code);
        let verified = verify(&ran, MISSED, &FORMS).run().exits(3);
        assert_eq!(failures(&verified.written("r.xml")), "1");
        verify(&ran, KEPT, &[]).run().exits(code);
    }
}

#[test]
fn a_run_that_is_not_valid_is_so_in_the_reports() {
    let ran = run(PLAIN, KEPT, &[]).exits(0);
    let mut record = Record::from_bytes(ran.written("run.json").as_bytes()).expect("a result");
    record.allow_saturation = false;
    record.invalid = vec!["the generator slept".to_owned()];
    std::fs::write(ran.path("run.json"), record.to_bytes(Path::new("run.json"))).expect("a file");
    let strict = verify(&ran, KEPT, &FORMS).env("KATYDID_ALLOW_SATURATION", "").run().exits(4);
    assert_eq!(failures(&strict.written("r.xml")), "1");
    assert!(strict.written("r.html").contains("<title>not valid: "));
    let lenient = verify(&ran, KEPT, &[&FORMS[..], &["--allow-saturation"]].concat()).run().exits(0);
    assert_eq!(failures(&lenient.written("r.xml")), "0");
    assert!(lenient.written("r.html").contains("A warning only, as was asked for"));
}

#[test]
fn of_a_csv_the_verdict_is_written() {
    let forms = ["--json", "r.json", "--junit", "r.xml", "--markdown", "r.md"];
    let verified = verify_csv(MISSED, &forms).run().exits(3);
    insta::assert_snapshot!(verified.written("r.xml"), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="katydid" tests="3" failures="1" errors="0" skipped="0" time="0.000">
      <testsuite name="m.yaml" tests="3" failures="1" errors="0" skipped="0" time="0.000">
        <properties>
          <property name="katydid" value="0.1.0"/>
          <property name="csv" value="out_stats.csv"/>
          <property name="exit code" value="3"/>
        </properties>
        <testcase classname="m.yaml" name="* count &gt;= 1" time="0.000" file="m.yaml" line="1"/>
        <testcase classname="m.yaml" name="* p99 &lt;= 0.001 ms" time="0.000" file="m.yaml" line="1">
          <system-out>warning: p99 for * is 12.5 ms, the limit is &lt;= 0.001 ms</system-out>
        </testcase>
        <testcase classname="m.yaml" name="/nowhere p95 &lt;= 5 ms" time="0.000" file="m.yaml" line="2">
          <failure message="no row: nothing was counted as /nowhere" type="threshold">no row: nothing was counted as /nowhere at m.yaml:2</failure>
        </testcase>
      </testsuite>
    </testsuites>
    "#);
    insta::assert_snapshot!(verified.written("r.md"), @r"
    ## ❌ katydid: failed (exit code 3)

    Judged: `out_stats.csv`

    ### ❌ `m.yaml`: 1 of 3 thresholds missed, 1 warned

    | Verdict | Name | Metric | Limit | Actual | Margin |
    | --- | --- | --- | --- | ---: | ---: |
    | ❌ **missed** | `/nowhere` | `p95` | `<= 5 ms` | no row |  |
    | ⚠️ warned | `*` | `p99` | `<= 0.001 ms` | 12.5 ms | -12.499 ms |
    | ✅ passed | `*` | `count` | `>= 1` | 40 | +39 |
    ");
    let json: Value = serde_json::from_str(&verified.written("r.json")).expect("JSON");
    let mut schema: Value =
        serde_json::from_str(include_str!("../docs/verdict.schema.json")).expect("a schema");
    close(&mut schema);
    Schema::new(&schema.to_string()).judge(&json).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((&json["passed"], &json["csv"]), (&false.into(), &"out_stats.csv".into()));
    assert_eq!(json["manifests"][0]["thresholds"][2]["verdict"], "failed");

    let verified = verify_csv(KEPT, &forms).run().exits(0);
    assert_eq!(failures(&verified.written("r.xml")), "0");
    assert!(verified.written("r.md").starts_with("## ✅ katydid: passed"));
    let json: Value = serde_json::from_str(&verified.written("r.json")).expect("JSON");
    Schema::new(&schema.to_string()).judge(&json).unwrap_or_else(|error| panic!("{error}"));

    insta::assert_snapshot!(verify_csv(KEPT, &["--html", "r.html"]).refused(), @r"
    error: --html: a CSV has neither times nor a course for a page
     --> out_stats.csv
      = help: judge the result file of the run (`katydid run --result FILE`), or write --markdown
    ");
}

/// Makes every object of a schema refuse what it does not describe.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if map.contains_key("properties") {
                map.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
            map.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

#[test]
fn stdout_is_left_to_the_report_that_asks_for_it() {
    let ran = run(PLAIN, KEPT, &[]).exits(0);
    for (option, begin) in
        [("--junit", "<?xml"), ("--markdown", "## ✅"), ("--json", "{\n"), ("--html", "<!DOCTYPE")]
    {
        let said = verify(&ran, KEPT, &[option, "-"]).run().exits(0);
        assert!(
            said.stdout.starts_with(begin) && !said.stdout.contains("Manifest: passed"),
            "{}",
            said.stdout
        );
        assert!(said.stderr.contains("Manifest: passed, 1 of 1"), "{}", said.stderr);
    }
    let csv = verify_csv(MISSED, &["--junit", "-"]).run().exits(3);
    assert!(csv.stdout.starts_with("<?xml") && csv.stderr.contains("Manifest: FAILED"), "{}", csv.stdout);
    let both = verify(&ran, KEPT, &["--junit", "-", "--json", "-"]).refused();
    assert!(both.contains("--json and --junit cannot all write to stdout"), "{both}");
}

#[test]
fn only_flags_name_its_reports() {
    let ran = run(PLAIN, KEPT, &[]).exits(0);
    let verified = verify(&ran, KEPT, &["--markdown", "v.md"])
        .file("katydid.toml", "junit = \"out.xml\"\nhtml = \"out.html\"\n")
        .env("KATYDID_JSON", "out.json")
        .run()
        .exits(0);
    let names = std::fs::read_dir(verified.folder.path()).expect("a folder");
    let mut names: Vec<_> =
        names.map(|entry| entry.expect("one").file_name().into_string().expect("text")).collect();
    names.retain(|name| !name.starts_with('.'));
    names.sort();
    assert_eq!(names, ["katydid.toml", "m.yaml", "run.json", "v.md"]);
}

#[test]
fn a_report_that_cannot_be_written_is_said_before_the_verdict() {
    let said = verify_csv(KEPT, &["--junit", "blocked/r.xml"]).file("blocked", "").refused();
    insta::assert_snapshot!(said, @r"
    error: --junit: cannot make its folder: it is a file
     --> blocked
      = help: give `--junit` a name in a folder that can be written to
    ");
    if Path::new("/dev/full").exists() {
        let full = verify_csv(KEPT, &["--json", "/dev/full", "--markdown", "r.md"]).run().exits(2);
        assert!(full.stderr.contains("--json: cannot write: No space left on device"), "{}", full.stderr);
        assert!(full.stdout.contains("Manifest: passed") && full.written("r.md").starts_with("## "));
    }
}
