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
    insta::assert_snapshot!(table(&finished), @r"
             Task, once                                       # requests         ms
    passed   hooks                                                     1 TIME
    passed   Visitor/Shop/list                                         1 TIME
               left its set
    passed   Visitor/Shop/Inner/on_start                               1 TIME
    passed   Visitor/Shop/Inner/deep                                   1 TIME
    passed   Visitor/Shop/Inner/on_stop                                1 TIME
    FAILED   Visitor/Shop/missing                                      1 TIME
               GET /items/{id}: 404 Not Found
    FAILED   Visitor/Shop/wrong                                        1 TIME
               exception: boom at main.rhai:8
    passed   Visitor/Chain/first                                       1 TIME
    passed   Visitor/Chain/second                                      1 TIME
    passed   Visitor/front                                             1 TIME
               stopped its user
    passed   Visitor/last                                              1 TIME
    FAILED   Admin/on_start                                            0 TIME
               exception: no admin at main.rhai:18
    passed   Open/arrive                                               1 TIME
    not run  Admin/a                                          because of Admin/on_start
    skipped  Visitor/off                                      weight TIME
    skipped  Gone/b                                           its class is off

    10 passed, 3 failed, 1 not run, 2 skipped.
    ");
    assert_eq!(server.ledger().total, 12);
    assert!(finished.stderr.contains("> GET /items/3 HTTP/1.1"), "{}", finished.stderr);
    assert!(!finished.stdout.contains("req/s"), "{}", finished.stdout);
}

#[test]
fn what_is_left_out_says_why() {
    let server = DemoServer::start(0).expect("a port");
    let flags = ["--class", "Visitor", "-E", "late", "--debug-http=0", "-u", "50", "-i", "3"];
    let finished = once(SHOP).against(&server).args(flags).run().exits(1);
    let skipped: Vec<_> = finished.stdout.lines().filter(|line| line.starts_with("skipped")).collect();
    insta::assert_snapshot!(skipped.join("\n"), @r"
    skipped  Visitor/off                                      weight 0
    skipped  Visitor/last                                     left out by tags
    skipped  Admin/a                                          not chosen by --class
    skipped  Gone/b                                           not chosen by --class
    skipped  Open/arrive                                      not chosen by --class
    ");
    let warnings: Vec<_> = finished.stderr.lines().filter(|line| !line.starts_with('[')).collect();
    insta::assert_snapshot!(warnings.join("\n"), @r#"
    warning: users of `Visitor` who enter task set `Chain` can never leave it
      --> main.rhai:12:13
       |
    12 | let chain = task_set("Chain").task(first).task(second).transition(first, first, 3).transition(first, second)
       |             ^^^^^^^^
       = help: end it with `.stop()`, or call `user.interrupt()` in one of its tasks

    warning: --users, --iterations have no effect with --once
      = note: one user of each class runs each task once, one after the other
    "#);
}

#[test]
fn a_clean_script_passes() {
    let script =
        r#"user_class("U").task("a", |user| { user.get("/items/1"); }).task("b", |user| { sleep(0.01); });"#;
    let server = DemoServer::start(0).expect("a port");
    let finished = once(script).against(&server).args(["--debug-http=no"]).run().exits(0);
    insta::assert_snapshot!(table(&finished), @r"
             Task, once                                       # requests         ms
    passed   U/a                                                       1 TIME
    passed   U/b                                                       0 TIME

    2 passed.
    ");
}

#[test]
fn an_end_of_the_test_leaves_the_rest_not_run() {
    let script =
        r#"user_class("U").task("a", |user| { stop_test("enough"); }).task("b", |user| { user.get("/"); });"#;
    let server = DemoServer::start(0).expect("a port");
    let finished = once(script).against(&server).run().exits(0);
    insta::assert_snapshot!(table(&finished), @r"
             Task, once                                       # requests         ms
    passed   U/a                                                       0 TIME
               stopped the test
    not run  U/b                                              the run ended before

    1 passed, 1 not run.
    ");
    assert_eq!(server.ledger().total, 0);
}
