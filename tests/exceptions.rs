//! Exceptions in tasks: counted by their message and the line that truly threw.

mod support;

use support::Katydid;

const LIBRARY: &str = "\
fn price(item) {
    item.price
}
fn all(items) {
    items.map(|item|
        item.price)
}
";

const SCRIPT: &str = r#"import "lib" as lib;
fn inner(x) {
    x.nothing.at_all
}
user_class("U").sequential()
    .task("named", |user| {
        inner(#{});
    })
    .task("library", |user| lib::price(()))
    .task("mapped", |user| {
        [1, 2].map(|n| {
            n / 0
        });
    })
    .task("mapped in the library", |user| lib::all([1]))
    .task("thrown", |user| { throw "no good"; })
    .task("thrown again", |user| { throw "no good"; })
    .task("a map", |user| { throw #{ code: 7 }; })
    .task("fine", |user| { try { throw "caught"; } catch { user.get("/items/1"); } })
    .task("end", |user| user.stop());
"#;

#[test]
fn each_has_its_message_its_line_and_its_task() {
    let finished = Katydid::run_script(SCRIPT)
        .file("lib.rhai", LIBRARY)
        .args(["--host", "demo", "-u", "3", "-r", "100", "--csv", "r"])
        .run()
        .exits(1);
    let written = finished.written("r_exceptions.csv");
    let mut rows: Vec<_> = written.lines().map(str::trim_end).collect();
    rows[1..].sort_unstable();
    insta::assert_snapshot!(rows.join("\n"), @r"
    Count,Message,Traceback,Nodes
    3,#{ code: 7 },main.rhai:18 in a map,local
    3,cannot read `.at_all` of a value of type `()`,main.rhai:3 in named,local
    3,cannot read `.price` of a value of type `()`,lib.rhai:2 in library,local
    3,cannot read `.price` of a value of type int,lib.rhai:6 in mapped in the library,local
    3,division by zero: 1 / 0,main.rhai:12 in mapped,local
    3,no good,main.rhai:16 in thrown,local
    3,no good,main.rhai:17 in thrown again,local
    ");
    for row in &rows[1..] {
        let message = row.split(',').nth(1).expect("a message");
        assert!(finished.stdout.contains(message), "{message}\n{}", finished.stdout);
    }
    assert_eq!(finished.csv("r")[&("GET".to_owned(), "/items/1".to_owned())]["Request Count"], "3");
}

#[test]
fn an_exception_in_a_hook_counts_too() {
    for (hook, expected) in [("on_start", "main.rhai:1"), ("on_stop", "main.rhai:1")] {
        let script = format!(
            r#"user_class("U").{hook}(|user| {{ throw "broken hook"; }}).task("t", |user| {{ user.stop(); }});"#
        );
        let finished =
            Katydid::run_script(&script).args(["--host", "demo", "-i", "1", "--csv", "r"]).run().exits(1);
        let written = finished.written("r_exceptions.csv");
        assert!(written.contains("broken hook") && written.contains(expected), "{hook}: {written}");
    }
}
