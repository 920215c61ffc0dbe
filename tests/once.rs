//! `--once`: each task of each class runs once, and the table says what came of it.

mod support;

use katydid::demo::DemoServer;
use regex_lite::Regex;
use support::{Finished, Katydid};

/// The table, with the times masked.
fn table(finished: &Finished) -> String {
    let table = finished.stdout.split("\n\n").take(2).collect::<Vec<_>>().join("\n\n");
    Regex::new(r" +[0-9]+(\.[0-9]+)?\n").expect("a pattern").replace_all(&table, " TIME\n").into_owned()
}

fn once(script: &str) -> Katydid {
    Katydid::run_script(script).args(["--once"])
}

const SHOP: &str = r#"
let inner = task_set("Inner").on_start(|user| { user.get("/items/1"); }).on_stop(|user| { user.get("/items/2"); })
    .task("deep", 7, |user| { user.get("/items/3"); }).stop(9);
let shop = task_set("Shop").sequential()
    .task("list", 3, |user| { user.get("/items"); user.interrupt(); })
    .task(inner)
    .task("missing", |user| { user.get("/items/{id}", #{ path: #{ id: 999999 } }); })
    .task("wrong", |user| { user.get("/items/1"); throw "boom"; })
    .stop();
fn first(user) { user.get("/items/5"); }
fn second(user) { user.get("/items/6"); }
let chain = task_set("Chain").task(first).task(second).transition(first, first, 3).transition(first, second)
    .transition(second, first);
user_class("Visitor").wait_time(between(50, 100)).task(shop, 5).task(chain)
    .task("front", |user| { user.get("/"); user.wait(); user.stop(); })
    .task("off", 0, |user| { user.get("/"); })
    .task("last", #{ tags: ["late"] }, |user| { user.get("/"); });
user_class("Admin").on_start(|user| { throw "no admin"; }).task("a", |user| { user.get("/"); });
user_class("Gone").weight(0).task("b", |user| { user.get("/"); });
user_class("Open").task("arrive", |user| { user.get("/items/7"); });
arrivals(#{ user_class: "Open", rate: 1000, duration: "1h" });
on("test_start", |event| { event.user.get("/items/8"); });
"#;

#[test]
fn each_task_of_each_class_runs_once() {
    let server = DemoServer::start(0).expect("a port");
    let finished = once(SHOP).against(&server).run().exits(1);
    insta::assert_snapshot!(table(&finished), @"");
    assert_eq!(server.ledger().total, 13);
    assert!(finished.stderr.contains("> GET /items/3 HTTP/1.1"), "{}", finished.stderr);
    assert!(!finished.stdout.contains("req/s"), "{}", finished.stdout);
}

#[test]
fn what_is_left_out_says_why() {
    let server = DemoServer::start(0).expect("a port");
    let flags = ["--class", "Visitor", "-E", "late", "--debug-http=0", "-u", "50", "-i", "3"];
    let finished = once(SHOP).against(&server).args(flags).run().exits(1);
    let skipped: Vec<_> = finished.stdout.lines().filter(|line| line.starts_with("skipped")).collect();
    insta::assert_snapshot!(skipped.join("\n"), @"");
    let warnings: Vec<_> = finished.stderr.lines().filter(|line| !line.starts_with('[')).collect();
    insta::assert_snapshot!(warnings.join("\n"), @"");
}

#[test]
fn a_clean_script_passes() {
    let script =
        r#"user_class("U").task("a", |user| { user.get("/items/1"); }).task("b", |user| { sleep(0.01); });"#;
    let server = DemoServer::start(0).expect("a port");
    let finished = once(script).against(&server).args(["--debug-http=no"]).run().exits(0);
    insta::assert_snapshot!(table(&finished), @"");
}

#[test]
fn an_end_of_the_test_leaves_the_rest_not_run() {
    let script =
        r#"user_class("U").task("a", |user| { stop_test("enough"); }).task("b", |user| { user.get("/"); });"#;
    let server = DemoServer::start(0).expect("a port");
    let finished = once(script).against(&server).run().exits(0);
    insta::assert_snapshot!(table(&finished), @"");
    assert_eq!(server.ledger().total, 0);
}
