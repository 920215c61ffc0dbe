//! `user.stream`: answers that are read while they come.

mod support;

use std::collections::BTreeMap;
use support::teller::Teller;
use support::{Finished, Katydid, mistake};

/// One run of a task with these statements.
fn run(server: &Teller, statements: &str) -> Finished {
    let script = format!("user_class(\"U\").task(\"t\", |user| {{ {statements} }});");
    Katydid::run_script(&script).args(["--host", &server.url(), "-i", "1", "--csv", "r"]).run()
}

/// What the script printed.
fn said(finished: &Finished) -> String {
    let lines = finished.stderr.lines().filter_map(|line| line.split_once("script: "));
    lines.map(|(_, text)| text.trim_end()).collect::<Vec<_>>().join("\n")
}

/// How often each row was counted.
fn counts(finished: &Finished) -> BTreeMap<String, u64> {
    let rows = finished.csv("r").into_iter();
    rows.map(|((kind, name), row)| {
        (format!("{kind} {name}").trim().to_owned(), row["Request Count"].parse().expect("a count"))
    })
    .collect()
}

#[track_caller]
fn counted(finished: &Finished, rows: &[(&str, u64)]) {
    let wanted: BTreeMap<_, _> = rows.iter().map(|(row, count)| ((*row).to_owned(), *count)).collect();
    assert_eq!(counts(finished), wanted);
}

#[test]
fn events_are_read_while_they_come() {
    let server = Teller::start();
    let finished = run(
        &server,
        r#"
        let s = user.stream("/events");
        print(`${s.status} ${s.reason} ${s.ok} ${s.open} ${s.headers["Content-Type"]} ${s.retry_ms} ${s.name}`);
        for event in s {
            print(event);
            user.get("/go");
        }
        print(`${s.ok} ${s.open} ${s.error} ${s.size} ${s.retry_ms} ${s.ttfb_ms <= s.elapsed_ms} ${s.next()}`);
        "#,
    )
    .exits(0);
    insta::assert_snapshot!(said(&finished), @r#"
    200 OK true true text/event-stream  /events
    #{"data": "one", "event": "message", "id": ""}
    #{"data": "two\nlines", "event": "add", "id": "7"}
    #{"data": "three", "event": "message", "id": "7"}
    true false  87 1500 true
    "#);
    counted(
        &finished,
        &[
            ("GET /events", 1),
            ("TTFB /events", 1),
            ("TTFE /events", 1),
            ("GAP /events", 2),
            ("GET /go", 3),
            ("Aggregated", 4),
        ],
    );
    assert_eq!((finished.sent(), finished.cut_off(), server.requests().len()), (4, 0, 4));
    let row = &finished.csv("r")[&("GET".to_owned(), "/events".to_owned())];
    assert_eq!(row["Average Content Size"], "87.0");
}

#[test]
fn lines_and_bytes_by_type_or_by_wish() {
    let server = Teller::start();
    let finished = run(
        &server,
        r#"
        for line in user.stream("/lines") { print(json::parse(line).n); }
        for line in user.stream("/burst?2", #{ as: "lines", name: "/burst" }) { print(`<${line}>`); }
        let s = user.stream("GET", "/lines", #{ as: "bytes", name: "/bytes" });
        let whole = "";
        for piece in s { whole += piece.as_string(); }
        print(`${whole.len()} ${s.size} ${type_of(s)} ${s}`);
        let s = user.stream("POST", "/moved", #{ json: #{ q: 1 } });
        print(`${s.url.ends_with("/lines")} ${s.next()}`);
        "#,
    )
    .exits(0);
    insta::assert_snapshot!(said(&finished), @r#"
    1
    2
    3
    <data: x>
    <>
    <data: x>
    <>
    24 24 Stream 200 /bytes (24 bytes)
    true {"n":1}
    "#);
    assert_eq!(server.requests()[3..], ["POST /moved {\"q\":1}", "POST /lines {\"q\":1}"]);
    // Pieces have no times of their own.
    counted(
        &finished,
        &[
            ("GET /lines", 1),
            ("TTFB /lines", 1),
            ("TTFE /lines", 1),
            ("GAP /lines", 2),
            ("GET /burst", 1),
            ("TTFB /burst", 1),
            ("TTFE /burst", 1),
            ("GAP /burst", 3),
            ("GET /bytes", 1),
            ("TTFB /bytes", 1),
            ("POST /moved", 1),
            ("TTFB /moved", 1),
            ("TTFE /moved", 1),
            ("Aggregated", 4),
        ],
    );
    assert_eq!((finished.sent(), server.connections()), (5, 1));
}

#[test]
fn a_wait_may_have_an_end() {
    let server = Teller::start();
    let finished = run(
        &server,
        r#"
        let s = user.stream("/events");
        print(s.next(60).data);
        print(`${s.next("20ms")} ${s.next(0)} ${s.open} ${s.error}`);
        user.get("/go");
        print(s.next(60).data);
        user.get("/go");
        print(`${s.next().data} ${s.next(60)} ${s.open}`);
        "#,
    )
    .exits(0);
    insta::assert_snapshot!(said(&finished), @r"
    one
      true
    two
    three  false
    ");
}

#[test]
fn a_stream_is_closed_by_its_script_its_last_handle_or_its_task() {
    let server = Teller::start();
    let script = r#"
        user_class("U").sequential()
            .task("close", |user| {
                let s = user.stream("/endless", #{ name: "closed" });
                s.next();
                s.close();
                s.close();
                print(`${s.open} ${s.ok} ${s.size} ${s.next()}`);
                user.get("/go");
            })
            .task("drop", |user| { user.stream("/endless", #{ name: "dropped" }); user.get("/go"); })
            .task("leave", |user| { let s = user.stream("/endless", #{ name: "left" }); user.kept = s; })
            .task("look", |user| { print(`${user.kept.open} ${user.kept.next()}`); user.kept.failure("late"); })
            .task("break", |user| { for event in user.stream("/endless", #{ name: "broken off" }) { break; } });
    "#;
    let finished =
        Katydid::run_script(script).args(["--host", &server.url(), "-i", "5", "--csv", "r"]).run().exits(0);
    server.until_closed(4);
    insta::assert_snapshot!(said(&finished), @r"
    false true 11
    false
    ");
    counted(
        &finished,
        &[
            ("GET closed", 1),
            ("TTFB closed", 1),
            ("TTFE closed", 1),
            ("GET dropped", 1),
            ("TTFB dropped", 1),
            ("GET left", 1),
            ("TTFB left", 1),
            ("GET broken off", 1),
            ("TTFB broken off", 1),
            ("TTFE broken off", 1),
            ("GET /go", 2),
            ("Aggregated", 6),
        ],
    );
    assert_eq!((finished.sent(), finished.cut_off()), (6, 0));
}

#[test]
fn a_failing_stream_is_data() {
    for (path, options, error, events) in [
        ("/broken", "", "response ended early", 1),
        ("/silent", "timeout: 0.05", "timed out", 0),
        ("/endless", "timeout: 0.05", "timed out", 1),
        ("/mute", "timeout: 0.05", "timed out", 0),
        ("/encoded", "", "response stream is encoded", 0),
        ("/huge", "", "response body too large", 0),
        ("/refused", "", "503 Service Unavailable", 1),
    ] {
        let server = Teller::start();
        let script = format!(
            r#"user_class("U").http(#{{ max_body: 100000 }}).task("t", |user| {{
                let s = user.stream("{path}", #{{ {options} }});
                let count = 0;
                for event in s {{ count += 1; }}
                print(`${{count}} ${{s.ok}} ${{s.error}}`);
            }});"#
        );
        let finished = Katydid::run_script(&script)
            .args(["--host", &server.url(), "-i", "1", "--csv", "r"])
            .run()
            .exits(1);
        let failures = finished.written("r_failures.csv");
        assert!(failures.contains(&format!("GET,{path},{error},1,")), "{path}\n{failures}");
        let shown = if path == "/refused" { "" } else { error };
        assert_eq!(said(&finished), format!("{events} false {shown}").trim_end(), "{path}");
        assert_eq!(finished.sent(), 1, "{path}");
    }
}

#[test]
fn the_script_has_the_last_word() {
    let server = Teller::start();
    let finished = run(
        &server,
        r#"
        let s = user.stream("/broken", #{ name: "saved" });
        for event in s {}
        s.success();
        let s = user.stream("/lines", #{ name: "failed early" });
        s.failure("no");
        for line in s {}
        for line in user.stream("/lines", #{ name: "passed" }) {}
        "#,
    )
    .exits(1);
    let failures = finished.written("r_failures.csv");
    assert_eq!(failures.lines().count(), 2, "{failures}");
    assert!(failures.contains("GET,failed early,no,1,"), "{failures}");
}

#[test]
fn what_the_end_of_the_run_cuts_is_cut_off() {
    let server = Teller::start();
    let script = r#"
        user_class("Reader").fixed_count(1).task("t", |user| { for event in user.stream("/endless") {} });
        user_class("Holder").fixed_count(1).task("t", |user| {
            user.kept = user.stream("/silent");
            user.get("/mute");
        });
    "#;
    let running = Katydid::run_script(script)
        .args(["--host", &server.url(), "-u", "2", "-r", "100", "-s", "0", "--csv", "r"])
        .start();
    for line in ["GET /endless", "GET /silent", "GET /mute"] {
        server.until(line);
    }
    running.signal("INT");
    let finished = running.finish().exits(0);
    server.until_closed(3);
    assert_eq!((finished.sent(), finished.cut_off(), server.requests().len()), (3, 3, 3));
    assert_eq!(counts(&finished).get("Aggregated"), Some(&0), "{}", finished.stdout);
}

#[test]
fn a_stream_in_a_transaction_counts_with_the_time_that_was_waited() {
    let server = Teller::start();
    let finished = run(
        &server,
        r#"
        let s = user.transaction("tx", |user| {
            let s = user.stream("/broken");
            s.next();
            sleep("300ms");
            s.next();
            s
        });
        "#,
    )
    .exits(1);
    let csv = finished.csv("r");
    let row = &csv[&("TX".to_owned(), "tx".to_owned())];
    assert_eq!((row["Average Content Size"].as_str(), row["Failure Count"].as_str()), ("11.0", "1"));
    let time = |kind: &str, name: &str| -> f64 {
        csv[&(kind.to_owned(), name.to_owned())]["Max Response Time"].parse().expect("a time")
    };
    // The think time is in the stream, which went on, and not in the transaction.
    assert!(time("GET", "/broken") >= 300.0 && time("TX", "tx") <= time("GET", "/broken") - 290.0, "{csv:?}");
}

#[test]
fn hooks_are_told_of_a_stream_when_it_is_over() {
    let server = Teller::start();
    let script = r#"
        on("request", |e| print(`${e.request_type} ${e.name} ${e.response_length} ${e.exception} ${e.response.size} ${e.context}`));
        user_class("U").task("t", |user| {
            let s = user.stream("/burst?3", #{ context: #{ k: 1 } });
            s.next();
            user.get("/go");
            for event in s {}
        });
    "#;
    let finished = Katydid::run_script(script).args(["--host", &server.url(), "-i", "1"]).run().exits(0);
    let mut lines: Vec<_> = finished.stdout.lines().filter(|line| line.contains("#{")).collect();
    lines.sort_unstable();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    GET /burst?3 27  27 #{"k": 1}
    GET /go 0  0 #{}
    "#);
}

#[test]
fn a_stream_asks_for_what_can_be_streamed() {
    let server = Teller::start();
    run(
        &server,
        r#"
        user.stream("/lines").close();
        user.stream("/lines", #{ as: "events" }).close();
        user.stream("/lines", #{ as: "events", headers: #{ Accept: "x/y", "Accept-Encoding": "gzip" } }).close();
        user.stream("/lines", #{ headers: #{ "Accept-Encoding": () } }).close();
        "#,
    )
    .exits(0);
    let asked = |head: &String| {
        let lines = head.lines().filter(|line| line.starts_with("accept"));
        lines.collect::<Vec<_>>().join(", ")
    };
    let asked: Vec<_> = server.heads().iter().map(asked).collect();
    insta::assert_snapshot!(asked.join("\n"), @r"
    accept: */*, accept-encoding: identity
    accept-encoding: identity, accept: text/event-stream
    accept: x/y, accept-encoding: gzip
    accept: */*
    ");
}

#[test]
fn a_manifest_asks_for_parts_by_their_type() {
    let server = Teller::start();
    let script = r#"user_class("U").task("t", |user| { for event in user.stream("/burst?5", #{ name: "/burst" }) {} });"#;
    let finished = Katydid::run_script(script)
        .file("m.yaml", "/burst:\n  - Request Count: \"== 1\"\n  - type: GAP\n    Request Count: \"== 4\"\n    99%: 60000\n\"*\":\n  Request Count: \"== 1\"\n")
        .args(["--host", &server.url(), "-i", "1", "--manifest", "m.yaml"])
        .run();
    finished.exits(0);
}

#[test]
fn mistakes_say_what_is_meant() {
    let class = |statement: &str| format!("user_class(\"U\").task(\"t\", |user| {{\n    {statement}\n}});");
    insta::assert_snapshot!(mistake(&[("main.rhai", &class("user.stream(\"/x\", #{ nmae: 1, as: \"lines\" });"))]), @r#"
    error: unknown request option `nmae`
     --> main.rhai:2:26
      |
    2 |     user.stream("/x", #{ nmae: 1, as: "lines" });
      |                          ^^^^
      = help: did you mean `name`?
    "#);
    insta::assert_snapshot!(mistake(&[("main.rhai", &class("user.stream(\"POST\", \"/x\", #{ jsn: 1 });"))]), @r#"
    error: unknown request option `jsn`
     --> main.rhai:2:34
      |
    2 |     user.stream("POST", "/x", #{ jsn: 1 });
      |                                  ^^^
      = help: did you mean `json`?
    "#);
    let server = Teller::start();
    let finished = run(
        &server,
        r#"
        for options in [#{ as: "line" }, #{ as: "xml" }, #{ as: 1 }, #{ keep_body: false }] {
            try { user.stream("/lines", options); } catch (error) { print(error); }
        }
        try { user.stream("/lines").next(-1); } catch (error) { print(error); }
        "#,
    );
    insta::assert_snapshot!(said(&finished), @r"
    `as` cannot be `line`; did you mean `lines`?
    `as` cannot be `xml`; it is one of events, lines, bytes
    `as` must be a string, not an integer
    `keep_body` says nothing about a stream, which is never kept; leave it out
    how long to wait must be between 0 seconds and a year, but is -1
    ");
    insta::assert_snapshot!(Katydid::run_script(&class("user.stream(\"POST\", \"/x\");")).args(["-i", "1"]).run().exits(2).stderr, @r#"
        error: no host: this url is relative
         --> main.rhai:2:25
          |
        2 |     user.stream("POST", "/x");
          |                         ^
          = note: user class `U` has none, declared at main.rhai:1:1
          = help: give --host http://.., or `.host("http://..")` on the class; --host demo starts the built-in shop
        "#);
}
