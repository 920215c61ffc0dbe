//! `user.transaction`: the requests of a block, and their sum as one entry.

mod support;

use katydid::demo::DemoServer;
use std::collections::BTreeMap;
use support::{Finished, Katydid, mistake, until_arrived};

/// Runs the statements as the only task of one user, once.
fn once(statements: &str) -> Finished {
    run(&format!(r#"user_class("U").task("task", |user| {{ {statements} }});"#), &[])
}

fn run(script: &str, files: &[(&str, &str)]) -> Finished {
    let command = Katydid::run_script(script).args(["--host", "demo", "-i", "1", "--csv", "r"]);
    files.iter().fold(command, |command, (name, text)| command.file(name, text)).run()
}

/// `type name: requests/failures` of every row.
fn rows(finished: &Finished) -> Vec<String> {
    let rows = finished.csv("r").into_iter().filter(|((kind, _), _)| !kind.is_empty());
    rows.map(|((kind, name), row)| {
        format!("{kind} {name}: {}/{}", row["Request Count"], row["Failure Count"])
    })
    .collect()
}

/// Failure texts by `type name`.
fn failures(finished: &Finished) -> BTreeMap<String, String> {
    let text = finished.written("r_failures.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.records().map(|row| row.expect("a row"));
    rows.map(|row| (format!("{} {}", &row[0], &row[1]), row[2].to_owned())).collect()
}

#[test]
fn the_requests_of_a_block_and_their_sum() {
    let finished = once(
        r#"
        let got = user.transaction("buy", |user| {
            let a = user.get("/items/1");
            sleep(0.3);
            let b = user.get("/items/2");
            [a.elapsed_ms + b.elapsed_ms, a.size + b.size]
        });
        print(`sum ${got[0]} ms, ${got[1]} bytes`);
        "#,
    )
    .exits(0);
    assert_eq!(rows(&finished), ["GET /items/1: 1/0", "GET /items/2: 1/0", "TX buy: 1/0"]);
    let row = &finished.csv("r")[&("TX".to_owned(), "buy".to_owned())];
    let told = finished.stderr.split("sum ").nth(1).expect("the sum");
    let (time, rest) = told.split_once(" ms, ").expect("the time");
    let (time, shown): (f64, f64) =
        (time.parse().expect("a number"), row["Max Response Time"].parse().expect("a number"));
    assert!((time - shown).abs() < 0.01, "{time} {shown}: think time is not in it");
    let bytes = rest.split(' ').next().expect("the bytes");
    assert_eq!(
        row["Average Content Size"].parse::<f64>().expect("a number"),
        bytes.parse::<f64>().expect("a number")
    );
}

#[test]
fn one_request_that_finally_fails_fails_it() {
    let finished = once(
        r#"
        user.transaction("passes", |user| { user.get("/items/1"); user.get("/status/404").success(); });
        user.transaction("fails", |user| { user.get("/items/1"); user.get("/status/500"); user.get("/status/400"); });
        user.transaction("said so", |user| { user.get("/items/1").failure("wrong item"); });
        user.transaction("later", |user| { user.kept = user.get("/status/404", #{ name: "kept" }); });
        user.transaction("forgiven", |user| { user.other = user.get("/status/404", #{ name: "other" }); });
        user.kept.failure("after the block");
        user.other.success();
        user.transaction("none", |user| { });
        "#,
    )
    .exits(1);
    let rows: Vec<_> = rows(&finished).into_iter().filter(|row| row.starts_with("TX")).collect();
    assert_eq!(
        rows,
        [
            "TX fails: 1/1",
            "TX forgiven: 1/0",
            "TX later: 1/1",
            "TX none: 1/0",
            "TX passes: 1/0",
            "TX said so: 1/1"
        ]
    );
    let failures = failures(&finished);
    assert_eq!(failures["TX fails"], "/status/500: 500 Internal Server Error", "that of the first request");
    assert_eq!(failures["TX said so"], "/items/1: wrong item");
    assert_eq!(failures["TX later"], "kept: after the block");
}

#[test]
fn an_exception_fails_it_and_goes_on() {
    let finished = once(
        r#"
        let caught = ();
        try { user.transaction("caught", |user| { user.get("/status/500"); throw "out of stock"; }); }
        catch (error) { caught = error; }
        if caught != "out of stock" { throw `caught ${caught}`; }
        user.get("/items/1", #{ name: "outside" });
        user.transaction("outer", |user| user.transaction("inner", |user| { throw #{ code: 7 }; }));
        "#,
    )
    .exits(1);
    let failures = failures(&finished);
    assert_eq!(failures["TX caught"], "out of stock");
    assert_eq!(failures["TX inner"], "#{ code: 7 }");
    assert_eq!(failures["TX outer"], "#{ code: 7 }");
    assert!(finished.written("r_exceptions.csv").contains("#{ code: 7 }"));
    assert!(rows(&finished).contains(&"GET outside: 1/0".to_owned()));
}

#[test]
fn nested_transactions_count_into_both() {
    let finished = once(
        r#"
        user.transaction("outer", |user| {
            user.get("/bytes/10");
            user.transaction("inner", |user| { user.get("/bytes/100"); user.get("/status/404"); });
            user.get("/bytes/1000");
        });
        user.transaction("after", |user| { user.get("/bytes/5"); });
        "#,
    )
    .exits(1);
    let csv = finished.csv("r");
    let cell = |name: &str, column: &str| {
        csv[&("TX".to_owned(), name.to_owned())][column].parse::<f64>().expect("a number")
    };
    let not_found = cell("inner", "Average Content Size") - 100.0;
    assert!((cell("outer", "Average Content Size") - 1110.0 - not_found).abs() < 0.001);
    assert!((cell("after", "Average Content Size") - 5.0).abs() < 0.001);
    assert!(cell("outer", "Max Response Time") > cell("inner", "Max Response Time"));
    assert_eq!(["outer", "inner", "after"].map(|name| cell(name, "Failure Count")), [1.0, 1.0, 0.0]);
}

#[test]
fn leaving_from_inside_counts_it_as_it_stands() {
    for (leave, code) in [
        ("user.interrupt()", 0),
        ("user.interrupt(false)", 0),
        ("user.reschedule()", 0),
        ("user.stop()", 0),
        ("stop_test(\"enough\")", 0),
    ] {
        let finished = once(&format!(
            r#"user.transaction("left", |user| {{ user.get("/items/1"); {leave}; user.get("/items/2"); }}); user.get("/never");"#
        ))
        .exits(code);
        assert_eq!(rows(&finished), ["GET /items/1: 1/0", "TX left: 1/0"], "{leave}");
    }
}

#[test]
fn a_block_sees_the_environment_of_its_own_file() {
    let finished = run(
        r#"
        import "lib/shop" as shop;
        const ITEM = "/items/1";
        fn helper(user) { user.get(global::ITEM, #{ name: "main helper" }) }
        fn named(user) { user.get(global::ITEM, #{ name: "named" }); }
        user_class("U").task("task", |user| {
            let name = "captured";
            user.transaction("literal", |user| { helper(user); user.get(global::ITEM, #{ name: name }); });
            user.transaction("without parameter", || 3);
            user.transaction("a function", named);
            user.transaction("by name", Fn("named"));
            user.transaction("a library's function", shop::browse);
            user.transaction("a library's closure", shop::maker("made"));
            user.transaction("an exported closure", shop::exported);
            shop::checkout(user);
            shop::within(user, |user| helper(user));
        });
        "#,
        &[(
            "lib/shop.rhai",
            r#"
            const ITEM = "/items/2";
            fn helper(user) { user.get(global::ITEM, #{ name: "library helper" }) }
            fn browse(user) { helper(user) }
            fn maker(name) { |user| { helper(user); user.get(global::ITEM, #{ name: name }) } }
            fn checkout(user) { user.transaction("inside a library", |user| { helper(user); }); }
            fn within(user, block) { user.transaction("handed through", block); }
            export let exported = |user| { helper(user) };
            "#,
        )],
    )
    .exits(0);
    assert_eq!(
        rows(&finished),
        [
            "GET captured: 1/0",
            "GET library helper: 4/0",
            "GET made: 1/0",
            "GET main helper: 2/0",
            "GET named: 2/0",
            "TX a function: 1/0",
            "TX a library's closure: 1/0",
            "TX a library's function: 1/0",
            "TX an exported closure: 1/0",
            "TX by name: 1/0",
            "TX handed through: 1/0",
            "TX inside a library: 1/0",
            "TX literal: 1/0",
            "TX without parameter: 1/0",
        ]
    );
}

#[test]
fn a_block_that_cannot_run_is_no_transaction() {
    let finished = once(
        r#"
        let two = |user, other| 1;
        try { user.transaction("two", two); } catch (error) { print(`told: ${error}`); }
        "#,
    )
    .exits(0);
    let text = "told: the block takes 2 parameters, but gets only `user`: write `|user| { .. }`";
    assert!(finished.stderr.contains(text), "{}", finished.stderr);
    assert_eq!(rows(&finished), Vec::<String>::new());
}

#[test]
fn a_captured_user_is_told_at_the_call() {
    let finished = Katydid::run_script(
        r#"user_class("U").task("t", |user| {
            let block = || user.get("/");
            user.transaction("buy", block);
        });"#,
    )
    .args(["--host", "demo", "-i", "1", "--csv", "r", "-L", "debug"])
    .run()
    .exits(1);
    assert_eq!(rows(&finished), Vec::<String>::new(), "it is no transaction");
    let told = finished.stderr.split("exception in `t`\n").nth(1).expect("the exception");
    let told = told.split("\n[").next().expect("its text");
    insta::assert_snapshot!(told, @r#"
    error: the closure captured the variable that `transaction` is called on
     --> main.rhai:3:18
      |
    3 |             user.transaction("buy", block);
      |                  ^^^^^^^^^^^
      = help: the call has locked it: give the block `user` as its parameter, `|user| { .. }`
    "#);
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"
user_class("U").task("t", |user| {
    user.timed("FTP", "upload", || { user.get("/"); });
});
"#)]), @r#"
    error: the block captured `user`, which the call of `timed` is using
     --> main.rhai:3:10
      |
    3 |     user.timed("FTP", "upload", || { user.get("/"); });
      |          ^^^^^
      = help: give the block `user` as its parameter: `|user| { .. }`
    "#);
}

#[test]
fn a_run_that_ends_does_not_count_what_it_cuts() {
    let server = DemoServer::start(0).expect("a port");
    let running = Katydid::run_script(
        r#"
        user_class("U").task("task", |user| user.transaction("outer", |user| {
            user.transaction("whole", |user| { user.get("/items/1"); });
            user.transaction("cut", |user| { user.get("/items/2"); user.get("/delay/60000"); });
        }));
        "#,
    )
    .args(["--stop-timeout", "0", "--csv", "r"])
    .against(&server)
    .start();
    until_arrived(&server, 3);
    running.signal("INT");
    let finished = running.finish().exits(0);
    assert_eq!(rows(&finished), ["GET /items/1: 1/0", "GET /items/2: 1/0", "TX whole: 1/0"]);
    assert!(finished.stdout.contains("1 request cut off"), "{}", finished.stdout);
}
