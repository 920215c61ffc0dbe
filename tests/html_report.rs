//! The HTML report as text: what is in it, how large it is, and that nothing gets out of its place. `html_browser.rs` looks at
//! it in a browser.

mod support;

use data_encoding::HEXLOWER;
use katydid::demo::DemoServer;
use katydid::manifest::{Judgement, Unit, Verdict, VerdictRow};
use katydid::report::html::{MOST_BYTES, html_report};
use katydid::report::{EndingCause, GivenOption, Record};
use katydid::stats::{PhaseSample, Recorder, Sample, ShardHealth};
use ring::digest::{SHA512, digest};
use std::path::Path;
use std::time::Duration;
use support::Katydid;
use support::records::record;

const SCRIPT: &str = r#"
    user_class("U").wait_time(constant(0.02)).task("t", |user| { user.get("/items"); });
"#;

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// What stands between the two, once.
#[track_caller]
fn between<'a>(text: &'a str, begin: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(begin).unwrap_or_else(|| panic!("no {begin} in {text}"));
    rest.split_once(end).unwrap_or_else(|| panic!("no {end}")).0
}

fn chart_data(page: &str) -> &str {
    between(page, "<script id=data type=application/json>", "</script>")
}

/// The texts in a piece of markup, with `|` between them.
fn texts(markup: &str) -> String {
    let mut text = String::new();
    for part in markup.split('<') {
        let shown = part.split_once('>').map_or(part, |(_, shown)| shown).trim();
        if !shown.is_empty() {
            text.push_str(if text.is_empty() { "" } else { "|" });
            text.push_str(shown);
        }
    }
    text
}

#[test]
fn the_charts_get_plain_numbers() {
    let page = html_report(&record(&names(&["/a", "/b"]), 3, 2, 5));
    insta::assert_snapshot!(chart_data(&page), @r#"{"start":1795000000,"duration":3,"bands":[{"from":0,"to":2,"label":"ramp"}],"all":{"course":{"width":1,"requests":[2,2,2],"failures":[0,0,1],"p50":[27.92,55.75,38.6],"p95":[27.92,55.75,38.6],"p99":[27.92,55.75,38.6]},"users":[1,2,2],"due":[],"started":[],"cpu":[0.15,0.151,0.152],"lateness":[0.9,0.901,0.902],"distribution":{"response":{"count":6,"steps":20,"times":[26.84,26.85,27.93,27.93,37.5,37.5,37.5,38.6,38.6,38.6,54.67,54.67,54.67,54.67,54.67,54.67,55.76]},"bars":{"from":26.84,"ratio":1.0184476998892111,"counts":[1,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,1]}}},"names":[{"method":"GET","name":"/a","course":{"width":1,"requests":[1,1,1],"failures":[0,0,1],"p50":[27.92,55.76,38.6],"p95":[27.92,55.76,38.6],"p99":[27.92,55.76,38.6]},"distribution":{"response":{"count":3,"steps":5,"times":[27.92,38.6,38.6,55.76]},"bars":{"from":27.92,"ratio":1.01744276746305,"counts":[1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1]}}},{"method":"POST","name":"/b","course":{"width":1,"requests":[1,1,1],"failures":[],"p50":[26.84,54.68,37.51],"p95":[26.84,54.68,37.51],"p99":[26.84,54.68,37.51]},"distribution":{"response":{"count":3,"steps":5,"times":[26.84,37.5,37.5,54.68]},"bars":{"from":26.84,"ratio":1.0179493399173998,"counts":[1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1]}}}],"named":2}"#);
}

#[test]
fn the_verdict_comes_first_and_says_why() {
    let mut run = record(&names(&["/a"]), 20, 2, 4);
    let headline = |run: &Record| {
        let page = html_report(run);
        let title = between(&page, "<title>", "</title>").to_owned();
        format!("{title}\n{}", texts(between(&page, "<section class=\"verdict", "</section>")))
    };
    insta::assert_snapshot!(headline(&run), @r"
    FAILED: main.rhai - katydid
    FAILED|exit code 1|5 of 20 requests failed (25.00%)|It ended because the run time was over
    ");
    run.verdicts.push(Verdict { manifest: "gate.yaml".to_owned(), rows: vec![row(1)], passed: false });
    run.exit_code = 3;
    insta::assert_snapshot!(headline(&run), @r"
    FAILED: main.rhai - katydid
    FAILED|exit code 3|gate.yaml: 1 of 1 threshold missed|p99 for GET /a/1 is 35 ms, the limit is &lt;= 10 ms (gate.yaml:1)|5 of 20 requests failed (25.00%)|It ended because the run time was over
    ");
    run.invalid.push("waiting users went on 300 ms late".to_owned());
    run.exit_code = 4;
    insta::assert_snapshot!(headline(&run), @r"
    not valid: main.rhai - katydid
    Not valid|exit code 4|waiting users went on 300 ms late|gate.yaml: 1 of 1 threshold missed|p99 for GET /a/1 is 35 ms, the limit is &lt;= 10 ms (gate.yaml:1)|5 of 20 requests failed (25.00%)|It ended because the run time was over
    ");
    let mut good = record(&names(&["/a"]), 20, 2, 0);
    insta::assert_snapshot!(headline(&good), @r"
    passed: main.rhai - katydid
    Passed|exit code 0|Every request succeeded|It ended because the run time was over
    ");
    good.ending.cause = EndingCause::Cut;
    good.exit_code = 4;
    insta::assert_snapshot!(headline(&good), @r"
    not valid: main.rhai - katydid
    Not valid|exit code 4|The run was cut short, so its result is not complete|It ended because a second signal cut it short
    ");
}

fn row(number: usize) -> VerdictRow {
    VerdictRow {
        resource: format!("/a/{number}"),
        kind: Some("GET".to_owned()),
        metric: "p99".to_owned(),
        unit: Unit::Milliseconds,
        limit: "<= 10 ms".to_owned(),
        window: None,
        actual: Some(35.0),
        margin: Some(-25.0),
        judgement: Judgement::Failed,
        why: format!("p99 for GET /a/{number} is 35 ms, the limit is <= 10 ms"),
        place: format!("gate.yaml:{number}"),
    }
}

#[test]
fn what_looks_like_markup_is_text() {
    let evil = [
        "</script><script>alert(1)</script>",
        "<img src=x onerror=alert(2)>",
        "\" onmouseover=\"alert(3)",
        "<!--<script>",
        "a\u{2028}b\u{202e}c\0d\ne",
    ];
    let mut run = record(&names(&evil), 3, 2, 1);
    let mut recorder = Recorder::new();
    for text in evil {
        recorder.exception(text, text, text, Duration::from_secs(1));
        let option = GivenOption { name: text.to_owned(), value: text.to_owned(), origin: text.to_owned() };
        run.options.push(option);
        run.invalid.push(text.to_owned());
        run.scripts.push(text.to_owned());
        let mut row = row(1);
        for part in [&mut row.resource, &mut row.metric, &mut row.limit, &mut row.why, &mut row.place] {
            text.clone_into(part);
        }
        row.kind = Some(text.to_owned());
        row.window = Some(text.to_owned());
        run.verdicts.push(Verdict { manifest: text.to_owned(), rows: vec![row], passed: false });
    }
    run.host = Some(evil.join(""));
    run.ending.reason = Some(evil.join(""));
    run.machine.processor = Some(evil.join(""));
    run.run.totals.merge(&recorder.take());
    let page = html_report(&run);
    assert_eq!(page.matches("<script").count(), 4, "the data and three scripts");
    assert_eq!(page.matches("</script").count(), 4);
    assert_eq!(page.matches("<!--").count(), 1, "the licence of the library");
    for markup in ["<img", "\u{2028}", "\0", "=\"\" onmouseover"] {
        assert_eq!(page.matches(markup).count(), 0, "{markup:?}");
    }
    let shown = page.matches("&lt;img src=x onerror=alert(2)&gt;").count();
    assert!(shown > 15, "{shown}");
    serde_json::from_str::<serde_json::Value>(chart_data(&page)).expect("JSON all the same");
}

#[test]
fn it_stays_small_however_much_there_is_to_tell() {
    let long = "<&\"'>".repeat(40);
    let many: Vec<String> = (0..10_000).map(|number| format!("{long}/{number}")).collect();
    let mut run = record(&many, 3, 50, 3);
    let mut recorder = Recorder::new();
    for number in 0..500 {
        let place = format!("main.rhai:{number}");
        recorder.exception(&format!("{long} {number}"), &place, &long, Duration::from_secs(1));
        run.options.push(GivenOption { name: long.clone(), value: long.clone(), origin: long.clone() });
        run.run.health.note(number, &ShardHealth::default());
        run.scripts.push(long.clone());
    }
    run.run.totals.merge(&recorder.take());
    let rows = (0..3000).map(row).collect();
    run.verdicts.push(Verdict { manifest: "gate.yaml".to_owned(), rows, passed: false });
    let page = html_report(&run);
    assert!(page.len() < MOST_BYTES, "{}", page.len());
    assert!(page.contains("other names, those with the fewest requests"));
    assert!(page.contains("rarer ones are in the saved result"));

    let short: Vec<String> = (0..10_000).map(|number| format!("/items/{number}")).collect();
    let page = html_report(&record(&short, 2, 50, 0));
    assert!(page.len() < MOST_BYTES, "{}", page.len());
    assert_eq!(page.matches("<th scope=row>").count(), 502, "500 names, the others, and all together");
    assert!(page.contains("9,500 other names, those with the fewest requests"));
}

/// Adds requests with phases, one for each of these names; the first of them opens the connection.
fn phased(run: &mut Record, names: &[String]) {
    let mut recorder = Recorder::new();
    for (number, name) in (0..).zip(names) {
        let ms = |milliseconds: u64| Duration::from_micros(milliseconds * 1000 + number);
        let opening = if number == 0 { [ms(0), ms(2), ms(12)] } else { [Duration::ZERO; 3] };
        let [dns, connect, tls] = opening;
        let phases = PhaseSample {
            durations: [dns, connect, tls, ms(1), ms(30 + number % 40), ms(4)],
            bytes_sent: 100,
            bytes_received: 2000,
        };
        let sample = Sample {
            method: if number % 2 == 0 { "GET" } else { "POST" },
            name,
            response_time: Some(phases.durations.iter().sum()),
            service_time: None,
            size: 10,
            failure: None,
            ended: Duration::from_secs(1),
        };
        recorder.record_phased(&sample, Some(&phases));
    }
    run.run.totals.merge(&recorder.take());
}

#[test]
fn phases_have_a_table_where_they_were_counted() {
    let known = names(&["/a", "/b", "/c"]);
    let mut run = record(&known, 3, 2, 0);
    assert!(!html_report(&run).contains("id=phases-title"));
    phased(&mut run, &known[..2]);
    let page = html_report(&run);
    let section = between(&page, "<section aria-labelledby=phases-title>", "</section>");
    insta::assert_snapshot!(texts(section).replace("|/", "\n/").replace("|All", "\nAll"), @r"
    Phases|Where the time went, in milliseconds, of the requests that had the phase: a kept connection is not opened again.|Phases of requests by name|Name|Type|connect p50|connect p95|tls p50|tls p95|send p50|send p95|wait p50|wait p95|receive p50|receive p95
    /a|GET|2.00|2.00|12.0|12.0|1.00|1.00|30.0|30.0|4.00|4.00
    /b|POST|–|–|–|–|1.00|1.00|31.0|31.0|4.00|4.00
    All together|2.00|2.00|12.0|12.0|1.00|1.00|31.0|31.0|4.00|4.00
    ");
}

#[test]
fn phases_of_many_names_are_bounded() {
    let long = "<&\"'>".repeat(40);
    let many: Vec<String> = (0..10_000).map(|number| format!("{long}/{number}")).collect();
    let mut run = record(&many, 3, 50, 3);
    phased(&mut run, &many);
    let page = html_report(&run);
    assert!(page.len() < MOST_BYTES, "{}", page.len());
    let section = between(&page, "<section aria-labelledby=phases-title>", "</section>");
    let shown = section.matches("<th scope=row>").count() - 1;
    assert!(shown > 10 && section.len() < 45_000, "{shown} {}", section.len());
    let left = format!("9,{} other names", 1000 - shown);
    assert!(section.contains(&left), "{shown}");
}

#[test]
fn a_run_of_hours_with_many_names_keeps_their_charts() {
    let many: Vec<String> = (0..40).map(|number| format!("/api/v1/items/{number}")).collect();
    let page = html_report(&record(&many, 5 * 3600, 100, 50));
    assert!(page.len() < MOST_BYTES, "{}", page.len());
    let data: serde_json::Value = serde_json::from_str(chart_data(&page)).expect("JSON");
    assert_eq!(data["all"]["course"]["width"], 60);
    assert_eq!(data["all"]["course"]["requests"].as_array().expect("an array").len(), 300);
    assert_eq!(data["names"].as_array().expect("an array").len(), 40);
}

#[test]
fn a_run_without_a_request_has_a_report_too() {
    let page = html_report(&record(&[], 0, 0, 0));
    assert!(page.contains("No request ended"), "{page}");
}

#[test]
fn its_file_is_named_after_users_rate_and_time() {
    let server = DemoServer::start(0).expect("a port");
    let finished = Katydid::run_script(SCRIPT)
        .args(["-u", "3", "-r", "2.5", "-t", "2s", "--html", "out/{u}u_{r}r_{t}s.html"])
        .against(&server)
        .run()
        .exits(0);
    let page = finished.written("out/3u_2.5r_2s.html");
    let sent: u64 =
        between(&page, "<dl class=tiles>\n<div><dt>requests</dt><dd>", "</dd>").parse().expect("a number");
    assert_eq!(sent, finished.sent());
    assert!(page.contains("Every request succeeded"));
}

#[test]
fn the_page_of_a_saved_result_is_that_of_the_run() {
    let server = DemoServer::start(0).expect("a port");
    let finished = Katydid::run_script(SCRIPT)
        .args(["-u", "3", "-t", "2s", "--html", "page.html", "--result", "run.json.zst"])
        .against(&server)
        .run()
        .exits(0);
    let result = finished.path("run.json.zst").display().to_string();
    let later = Katydid::new(["report", &result, "--html", "page.html"]).run().exits(0);
    assert!(later.written("page.html") == finished.written("page.html"));
}

#[test]
fn a_run_that_is_told_to_end_leaves_it() {
    for signal in ["INT", "TERM"] {
        let server = DemoServer::start(0).expect("a port");
        let running = Katydid::run_script(SCRIPT).args(["--html", "page.html"]).against(&server).start();
        support::until_arrived(&server, 3);
        running.signal(signal);
        let finished = running.finish().exits(0);
        assert!(finished.written("page.html").contains("a signal interrupted it"), "{signal}");
    }
}

#[test]
fn a_file_that_cannot_be_written_is_found_before_the_run() {
    let said = Katydid::run_script(SCRIPT).args(["--html", ".", "-t", "1s"]).refused();
    assert!(said.contains("--html: cannot write"), "{said}");
}

#[test]
fn the_library_is_as_its_authors_published_it() {
    // SHA-512 of the files in the package uplot 1.6.32 of the npm registry, whose own `integrity` is
    // sha512-KIMVnG68zvu5XXUbC4LQEPnhwOxBuLyW1AHtpm6IKTXImkbLgkMy+jabjLgSLMasNuGGzQm/ep3tOkyTxpiQIw==.
    let files = [
        (
            "LICENSE",
            "26ad5134b24da27b0a962f68d6d7a72a206aa69c4cb376c494f32fd887cd5346d7c329ae88cc91978510807e395494c147539768312ddfe43e58f1f53be0cd55",
        ),
        (
            "uPlot.iife.min.js",
            "8df9b8c2bc60abbdd95c5cf260f46681f41def2623b6c1f9ed2cdf823a62797e2b8277c700c01926043560b4ec73a1ce5fed6d9c68e7905b9eadb73ca08da626",
        ),
        (
            "uPlot.min.css",
            "c57618bc6a0fa8e8e13309299315930efec7be5cab93212acdce14485aff66d0580bb7a4944dc33410dc72a88c8f657344a49f7d9cdea9545c91d633271f6a7d",
        ),
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/vendor/uplot-1.6.32");
    for (file, published) in files {
        let bytes = std::fs::read(folder.join(file)).expect("a file");
        assert_eq!(HEXLOWER.encode(digest(&SHA512, &bytes).as_ref()), published, "{file} was changed");
    }
}
