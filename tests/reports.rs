//! JSON, JUnit and Markdown, written by a run or by `katydid report` from its result.

mod support;

use katydid::demo::DemoServer;
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use support::schema::Schema;
use support::{Finished, Katydid};

/// A bit of everything: classes, sets, arrivals, failures, exceptions, options, prints.
const SCRIPT: &str = r#"
    option("color", "blue", "Of the items");
    option("pin", "1", #{ secret: true });
    print("declared");
    let shop = task_set("Shop").task("list", 3, |user| { user.get("/items"); }).stop();
    user_class("Visitor").weight(2).wait_time(constant(0.01)).task(shop, 2)
        .task("fails", |user| { user.get("/status/503", #{ name: "/x — expected | failure" }); });
    user_class("Thrower").fixed_count(1).wait_time(constant(0.1)).task("throws", |user| { throw "oh ]]> <no>"; });
    user_class("Guest").task("look", |user| { user.get("/items/1"); });
    arrivals(#{ user_class: "Guest", rate: 40, duration: "2s" });
"#;

const MANIFEST: &str = "\
\"*\":
  count: \">= 1\"
  p99: { limit: 0.001ms, severity: warn, window: last 5s }
  fail_ratio: \"< 1%\"
/nowhere: { p95: { limit: 1, allow_missing: true } }
";

fn run(more: &[&str]) -> Finished {
    let server = DemoServer::start(0).expect("a port");
    Katydid::run_script(SCRIPT)
        .file("m.yaml", MANIFEST)
        .args([
            "-u",
            "4",
            "-r",
            "100",
            "-t",
            "3s",
            "--seed",
            "7",
            "--phases",
            "--manifest",
            "m.yaml",
            "--only-summary",
        ])
        .args(more.iter().copied())
        .against(&server)
        .run()
        .exits(3)
}

/// `katydid report` with a result that is there.
fn report(result: &Path, more: &[&str]) -> Katydid {
    let name = result.to_str().expect("text");
    Katydid::new(["report", name]).args(more.iter().copied())
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn a_run_and_its_saved_result_write_the_same() {
    let forms = ["--json", "out/r.json", "--junit", "out/r.xml", "--markdown", "out/r.md", "--csv", "out/r"];
    let ran = run(&[&forms[..], &["--csv-full-history", "--result", "saved.zst"]].concat());
    let result = ran.path("saved.zst");
    let wrote = report(&result, &[&forms[..], &["--csv-full-history"]].concat()).run().exits(0);
    assert_eq!((&*wrote.stdout, &*wrote.stderr), ("", ""));
    for name in ["r.json", "r.xml", "r.md", "r_stats.csv", "r_failures.csv", "r_exceptions.csv"] {
        let name = format!("out/{name}");
        assert_eq!(ran.written(&name), wrote.written(&name), "{name}");
    }
    let printed = report(&result, &[]).run().exits(0);
    let declared = "declared\n";
    assert_eq!(ran.stdout.strip_prefix(declared).expect("it was printed"), printed.stdout);

    // The history has a row for each name and second that was kept, and ends where the run ended.
    let rows = |finished: &Finished| -> Vec<Vec<String>> {
        let text = finished.written("out/r_stats_history.csv");
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let rows = reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect());
        rows.collect()
    };
    let (live, past) = (rows(&ran), rows(&wrote));
    let totals = |rows: &[Vec<String>]| -> BTreeMap<(String, String), Vec<String>> {
        rows.iter().map(|row| ((row[2].clone(), row[3].clone()), row[17..].to_vec())).collect()
    };
    assert_eq!(totals(&live), totals(&past));
    let all: Vec<_> = past.iter().filter(|row| row[3] == "Aggregated").collect();
    assert!(all.len() >= 2 && all.iter().any(|row| row[1] != "0"), "{all:?}");
    assert!(all.windows(2).all(|rows| rows[0][0] < rows[1][0]), "{all:?}");
    assert_eq!(
        ran.written("out/r_stats_history.csv").lines().next(),
        wrote.written("out/r_stats_history.csv").lines().next()
    );
}

#[test]
fn the_schemas_describe_every_field() {
    let ran = run(&["--result", "r.json", "--json", "report.json"]);
    let quiet =
        Katydid::run_script("user_class(\"U\").task(\"t\", |user| { user.record(\"WS\", \"push\", #{}); });")
            .args(["--host", "demo", "-i", "3", "--result", "r.json", "--json", "report.json"])
            .run();
    for finished in [&ran, &quiet] {
        for (file, schema) in [("r.json", "result"), ("report.json", "report")] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/{schema}.schema.json"));
            let mut schema = json(&std::fs::read_to_string(path).expect("a schema"));
            let instance = json(&finished.written(file));
            // Readers may overlook fields; the schema may not.
            close(&mut schema);
            Schema::new(&schema.to_string())
                .judge(&instance)
                .unwrap_or_else(|error| panic!("{file}: {error}"));
        }
    }
    let mut schema = json(include_str!("../docs/report.schema.json"));
    let mut strange = json(&ran.written("report.json"));
    strange["totals"]["p42_ms"] = Value::from(1);
    assert!(
        Schema::new(&schema.to_string()).judge(&strange).is_ok(),
        "readers overlook what they do not know"
    );
    close(&mut schema);
    assert!(Schema::new(&schema.to_string()).judge(&strange).is_err());
}

/// Makes every object of a schema refuse what it does not describe.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if map.contains_key("properties") && !map.contains_key("additionalProperties") {
                map.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
            map.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

#[test]
fn the_json_says_what_the_server_counted() {
    let finished = run(&["--json", "r.json"]);
    let report = json(&finished.written("r.json"));
    assert_eq!(report["counters"]["wire_requests"], finished.sent());
    assert_eq!(
        (&report["passed"], &report["exit_code"], &report["valid"]),
        (&false.into(), &3.into(), &true.into())
    );
    let rows = report["requests"].as_array().expect("rows");
    let sum = |key: &str| rows.iter().map(|row| row[key].as_u64().expect("a number")).sum::<u64>();
    for key in ["requests", "failures", "content_bytes"] {
        assert_eq!(report["totals"][key], sum(key), "{key}");
        let slices = report["series"]["slices"].as_array().expect("slices");
        assert_eq!(
            slices.iter().map(|slice| slice[key].as_u64().expect("a number")).sum::<u64>(),
            sum(key),
            "{key}"
        );
    }
    let failed = rows.iter().find(|row| row["name"] == "/x — expected | failure").expect("a row");
    assert_eq!((&failed["fail_ratio"], &failed["type"]), (&1.0.into(), &"GET".into()));
    assert!(failed["p50_ms"].as_f64().expect("a time") <= failed["max_ms"].as_f64().expect("a time"));
    assert_eq!(report["failures"][0]["error"], "503 Service Unavailable");
    assert_eq!(report["exceptions"][0]["message"], "oh ]]> <no>");
    let thresholds = report["manifests"][0]["thresholds"].as_array().expect("thresholds");
    let verdicts: Vec<_> = thresholds.iter().map(|row| row["verdict"].as_str().expect("a word")).collect();
    assert_eq!(verdicts, ["passed", "warned", "failed", "skipped"]);
    let options = report["options"].as_array().expect("options");
    assert!(options.iter().any(|option| option["name"] == "-o pin" && option["value"] == "***"));
    // Fields stand where they are looked for: the verdict at the top.
    let text = finished.written("r.json");
    let order = ["\"format\"", "\"passed\"", "\"totals\"", "\"requests\"", "\"manifests\"", "\"series\""];
    let places = order.map(|key| text.find(&format!("\n  {key}")).expect("a key of the report"));
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn users_are_told_to_the_last_second() {
    let works = "user.get(\"/items\");";
    let leaves = "user.get(\"/delay/700\"); user.get(\"/delay/700\"); user.stop();";
    let long = "user.get(\"/delay/1300\");";
    for (work, args) in [
        (works, ["-t", "2s"]),
        (works, ["-t", "2700ms"]),
        (works, ["-i", "130"]),
        (leaves, ["-t", "1m"]),
        (long, ["-t", "1500ms"]),
    ] {
        let script = format!("user_class(\"U\").wait_time(constant(0.05)).task(\"t\", |user| {{ {work} }});");
        let finished = Katydid::run_script(&script)
            .args(["--host", "demo", "-u", "3", "-r", "100", "--only-summary", "--json", "r.json"])
            .args(args)
            .run()
            .exits(0);
        let report = json(&finished.written("r.json"));
        let slices = report["series"]["slices"].as_array().expect("slices");
        let users = slices.iter().map(|slice| slice["users"].as_u64().expect("a number"));
        let busy = users.zip(slices).filter(|(_, slice)| slice["requests"] != 0);
        let busy: Vec<u64> = busy.map(|(users, _)| users).collect();
        assert!(!busy.is_empty() && busy.iter().all(|users| (1..=3).contains(users)), "{args:?} {slices:#?}");
    }
}

#[test]
fn users_of_a_ramp_are_told_in_the_second_in_which_they_ran() {
    let finished = Katydid::run_script(r#"user_class("U").task("t", |user| { user.get("/delay/20"); });"#)
        .args(["--host", "demo", "-u", "6", "-r", "2", "-t", "4500ms", "--only-summary", "--json", "r.json"])
        .run()
        .exits(0);
    let report = json(&finished.written("r.json"));
    let slices = report["series"]["slices"].as_array().expect("slices");
    let users: Vec<_> = slices.iter().map(|slice| slice["users"].as_u64().expect("a number")).collect();
    // On a busy machine a ramp is late; it is never early.
    assert!(
        users.iter().zip([2, 4, 6]).all(|(users, most)| *users <= most) && users.is_sorted(),
        "{users:?}"
    );
    assert!(users.len() >= 5 && users[4] == 6, "{users:?}");
}

/// An element with its attributes and text.
#[derive(Debug, Default)]
struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    text: String,
    children: Vec<Element>,
}

impl Element {
    fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }

    fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }
}

fn xml(text: &str) -> Element {
    let mut reader = Reader::from_str(text);
    let mut open = vec![Element::default()];
    loop {
        let event = reader.read_event().unwrap_or_else(|error| panic!("{error}\n{text}"));
        let top = open.last_mut().expect("the document");
        match event {
            Event::Start(ref start) | Event::Empty(ref start) => {
                let attributes = start.attributes().map(|attribute| {
                    let attribute = attribute.unwrap_or_else(|error| panic!("{error}\n{text}"));
                    let value =
                        quick_xml::escape::unescape(&attribute.value).expect("known entities").into_owned();
                    (attribute.key.0.to_owned(), value)
                });
                let element = Element {
                    name: start.name().0.to_owned(),
                    attributes: attributes.collect(),
                    ..Element::default()
                };
                if matches!(event, Event::Empty(_)) {
                    top.children.push(element);
                } else {
                    open.push(element);
                }
            }
            Event::End(_) => {
                let done = open.pop().expect("it was opened");
                open.last_mut().expect("the document").children.push(done);
            }
            Event::Text(said) => top.text.push_str(&said),
            Event::GeneralRef(entity) => {
                let whole = format!("&{};", &*entity);
                top.text.push_str(&quick_xml::escape::unescape(&whole).expect("a known entity"));
            }
            Event::Decl(_) => {}
            Event::Eof => break,
            other => panic!("{other:?}"),
        }
    }
    let [ref mut document] = *open else { panic!("{open:?}") };
    let [root] = &mut *document.children else { panic!("{document:?}") };
    std::mem::take(root)
}

/// What the readers of Jenkins, GitLab and GitHub's actions know: children and attributes of each element.
const KNOWN: [(&str, &[&str], &[&str]); 8] = [
    ("testsuites", &["testsuite"], &["name", "tests", "failures", "errors", "skipped", "time"]),
    (
        "testsuite",
        &["properties", "testcase"],
        &["name", "tests", "failures", "errors", "skipped", "time", "timestamp"],
    ),
    ("properties", &["property"], &[]),
    ("property", &[], &["name", "value"]),
    ("testcase", &["failure", "skipped", "system-out"], &["classname", "name", "time", "file", "line"]),
    ("failure", &[], &["message", "type"]),
    ("skipped", &[], &["message"]),
    ("system-out", &[], &[]),
];

fn assert_known(element: &Element) {
    let (_, children, attributes) =
        KNOWN.iter().find(|(name, ..)| *name == element.name).expect("a known element");
    for name in element.attributes.keys() {
        assert!(attributes.contains(&&**name), "{}: {name}", element.name);
    }
    for child in &element.children {
        assert!(children.contains(&&*child.name), "{}: {}", element.name, child.name);
        assert_known(child);
    }
    if matches!(&*element.name, "testsuite" | "testsuites") {
        let cases = |what: &str| -> usize {
            let suites: Vec<&Element> =
                if element.name == "testsuite" { vec![element] } else { element.children.iter().collect() };
            let cases =
                suites.iter().flat_map(|suite| &suite.children).filter(|child| child.name == "testcase");
            cases.filter(|case| what == "tests" || case.child(what.trim_end_matches('s')).is_some()).count()
        };
        assert_eq!(element.attribute("tests"), cases("tests").to_string());
        assert_eq!(element.attribute("failures"), cases("failures").to_string());
        let skipped = element.attribute("skipped").parse::<usize>().expect("a number");
        assert!(skipped <= cases("tests"));
    }
}

#[test]
fn junit_has_a_case_for_each_threshold() {
    let finished = run(&["--junit", "r.xml"]);
    let root = xml(&finished.written("r.xml"));
    assert_known(&root);
    let [katydid, manifest] = &*root.children else { panic!("{root:?}") };
    assert_eq!((katydid.attribute("name"), manifest.attribute("name")), ("katydid", "m.yaml"));
    let cases = |suite: &Element| -> Vec<(String, String)> {
        let cases = suite.children.iter().filter(|child| child.name == "testcase");
        let outcome =
            |case: &Element| case.children.first().map_or("passed", |child| &*child.name).to_owned();
        cases.map(|case| (case.attribute("name").to_owned(), outcome(case))).collect()
    };
    let owned = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(name, outcome)| ((*name).to_owned(), (*outcome).to_owned())).collect()
    };
    // Failed requests are left to the manifest, exceptions are not.
    assert_eq!(
        cases(katydid),
        owned(&[
            ("run is valid", "passed"),
            ("no failed requests", "system-out"),
            ("no exceptions", "failure")
        ])
    );
    let found = cases(manifest);
    let outcomes: Vec<_> = found.iter().map(|(_, outcome)| &**outcome).collect();
    assert_eq!(outcomes, ["passed", "system-out", "failure", "skipped"]);
    assert_eq!((&*found[0].0, &*found[3].0), ("* count >= 1", "/nowhere p95 <= 1 ms"));
    let thrown = katydid.children.last().and_then(|case| case.child("failure")).expect("it failed");
    assert!(thrown.text.contains("x oh ]]> <no> at main.rhai:"), "{thrown:?}");
    let threshold = &manifest.children[1];
    assert_eq!((threshold.attribute("file"), threshold.attribute("line")), ("m.yaml", "2"));
}

#[test]
fn stdout_is_left_to_the_report_that_asks_for_it() {
    let ran = run(&["--json", "-", "--result", "r.json"]);
    let report_of_run = json(&ran.stdout);
    assert_eq!(report_of_run["format"], "katydid-report");
    for said in ["declared", "Aggregated", "Manifest: FAILED"] {
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
    let saved = ran.path("r.json");
    assert_eq!(report(&saved, &["--json", "-"]).run().exits(0).stdout, ran.stdout);
    let both = report(&saved, &["--junit=-", "--markdown=m.md"]).run().exits(0);
    assert!(
        both.stdout.starts_with("<?xml")
            && both.written("m.md").starts_with("## ❌ katydid: failed (exit code 3)")
    );
    assert!(report(&saved, &["--junit=-", "--json=-"]).refused().contains("cannot all write to stdout"));
}

#[test]
fn a_report_is_told_by_its_flags_alone() {
    let ran = run(&["--result", "r.json"]);
    let told = report(&ran.path("r.json"), &[])
        .file("katydid.toml", "csv = \"out\"\nmarkdown = \"out.md\"\n")
        .env("KATYDID_JSON", "out.json")
        .run()
        .exits(0);
    assert!(told.stdout.contains("Manifest: FAILED"));
    let names =
        std::fs::read_dir(told.folder.path()).expect("a folder").map(|entry| entry.expect("one").file_name());
    let left: Vec<_> = names.filter(|name| name.to_string_lossy().starts_with("out")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn mistakes_are_said_before_anything_is_written() {
    let said = Katydid::new(["report", "nowhere.json", "--json", "x.json"]).refused();
    insta::assert_snapshot!(said, @r"
    error: cannot read the result: No such file or directory (os error 2)
     --> nowhere.json
      = help: name a file that `katydid run --result FILE` wrote
    ");
    let said = Katydid::new(["report", "r.csv"]).file("r.csv", "Type,Name\r\n").refused();
    assert!(said.contains("this is no result") && said.contains("--> r.csv"), "{said}");
    let ran = run(&["--result", "r.json"]);
    let saved = ran.path("r.json");
    let said = report(&saved, &["--csv", "x", "--junit", "blocked/r.xml"]).file("blocked", "").refused();
    insta::assert_snapshot!(said, @r"
    error: --junit: cannot make its folder: it is a file
     --> blocked
      = help: give `--junit` a name in a folder that can be written to
    ");
    let said = report(&saved, &["--csv-full-history"]).refused();
    assert!(said.contains("--csv-full-history: this needs --csv PREFIX"), "{said}");
    if Path::new("/dev/full").exists() {
        let full = report(&saved, &["--json", "/dev/full", "--markdown", "r.md"]).run().exits(2);
        assert!(full.stderr.contains("--json: cannot write: No space left on device"), "{}", full.stderr);
        assert!(full.written("r.md").starts_with("## "), "the others are written all the same");
    }
    for option in ["--json", "--junit", "--markdown"] {
        let said = Katydid::run_script("user_class(\"U\").task(\"t\", |user| { user.get(\"/items\"); });")
            .file("blocked", "")
            .args([option, "blocked/r"])
            .refused();
        assert!(said.contains(&format!("{option}: cannot make its folder: it is a file")), "{said}");
    }
}
