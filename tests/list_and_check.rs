//! `katydid list`, `katydid check` and the help: what they print, and that they send nothing.

mod support;

use katydid::demo::DemoServer;
use support::Katydid;

const LIBRARY: &str = "fn browse(user) { user.get(\"/items\"); }";

/// A bit of everything that a script can declare.
fn everything(host: &str) -> String {
    format!(
        r#"import "lib" as lib;

fn home(user) {{ user.get("/"); }}

let basket = task_set("Basket")
    .wait_time(constant(0.5))
    .task("add", 3, |user| {{ user.post("/orders", #{{ json: #{{ item: 7 }} }}); }})
    .task("look", #{{ weight: 1, tags: ["read"] }}, |user| {{ user.get("/items/7"); }})
    .task("never", 0, |user| {{ user.get("/items/8"); }})
    .stop(2);

let tour = task_set("Tour")
    .sequential()
    .tags(["tour"])
    .on_stop(|user| {{ user.get("/"); }})
    .task(home)
    .task(basket)
    .task(lib::browse, 2)
    .stop();

user_class("Visitor")
    .weight(3)
    .wait_time(between(1, 3))
    .on_start(|user| {{ user.get("/"); }})
    .task(tour, 4)
    .task(home, #{{ weight: 1, tags: ["read"] }});

user_class("Admin")
    .fixed_count(1)
    .host("{host}")
    .wait_time(|user| 2.5)
    .tags(["admin"])
    .task(home);

user_class("Poller").weight(1).wait_time(constant_pacing(10)).task(home);
"#
    )
}

fn verb(verb: &str, script: &str) -> Katydid {
    Katydid::new([verb, "main.rhai"]).file("main.rhai", script).file("lib.rhai", LIBRARY)
}

#[test]
fn list_shows_the_tree_and_the_ratios() {
    let finished = verb("list", &everything("http://127.0.0.1:8080")).run().exits(0);
    assert_eq!(finished.stderr, "");
    insta::assert_snapshot!(finished.stdout, @r"
    user class Visitor  (weight 3, wait 1 to 3 s, on_start)
      task set Tour  (weight 4, tags tour, in order, on_stop)
        task home  (1 x)
        task set Basket  (1 x, wait 0.5 s)
          task add  (weight 3)
          task look  (weight 1, tags read)
          task never  (off)
          stop  (weight 2)
        task browse  (2 x)
        stop  (1 x)
      task home  (weight 1, tags read)
    user class Admin  (1 user, host http://127.0.0.1:8080, wait by a function, tags admin)
      task home  (weight 1)
    user class Poller  (weight 1, starts every 10 s)
      task home  (weight 1)

    Task ratio per user class
     100.0 %  Visitor
      80.0 %    Tour
      16.0 %      home
      16.0 %      Basket
       8.0 %        add
       2.7 %        look
       5.3 %        stop
      32.0 %      browse
      16.0 %      stop
      20.0 %    home
     100.0 %  Admin
     100.0 %    home
     100.0 %  Poller
     100.0 %    home

    Task ratio in total
      75.0 %  Visitor
      60.0 %    Tour
      12.0 %      home
      12.0 %      Basket
       6.0 %        add
       2.0 %        look
       4.0 %        stop
      24.0 %      browse
      12.0 %      stop
      15.0 %    home
      25.0 %  Poller
      25.0 %    home
    (fixed counts are left out: their share depends on the number of users)
    ");
}

#[test]
fn check_says_in_one_line_that_all_is_well_and_sends_nothing() {
    let server = DemoServer::start(0).expect("a port");
    let script = everything(&server.url());
    let finished = verb("check", &script).run().exits(0);
    assert_eq!(
        (finished.stdout.as_str(), finished.stderr.as_str()),
        ("ok: 3 user classes, 12 tasks, 0 warnings\n", "")
    );
    verb("list", &script).run().exits(0);
    assert_eq!(server.ledger().total, 0);
}

#[test]
fn a_task_set_that_is_never_left_is_a_warning_and_the_run_goes_on() {
    let script = r#"let a = task_set("A").task("t", |user| { user.get("/items/1"); });
let b = task_set("B").task("t", |user| { user.get("/items/2"); }).stop();
user_class("U").task(a).task(b);"#;
    let finished = verb("check", script).run().exits(0);
    assert_eq!(finished.stdout, "ok: 1 user class, 5 tasks, 1 warning\n");
    insta::assert_snapshot!(finished.stderr, @r#"
    warning: users of `U` who enter task set `A` can never leave it
     --> main.rhai:1:9
      |
    1 | let a = task_set("A").task("t", |user| { user.get("/items/1"); });
      |         ^^^^^^^^
      = help: end it with `.stop()`, or call `user.interrupt()` in one of its tasks
    "#);
    let run = verb("run", script).args(["--host", "demo", "-i", "3"]).run().exits(0);
    assert!(run.stderr.contains(finished.stderr.trim_end()), "{}", run.stderr);
}

#[test]
fn a_print_at_the_top_level_goes_to_stdout() {
    let finished =
        verb("check", "print(\"hello\"); user_class(\"U\").task(\"t\", |user| ());").run().exits(0);
    assert_eq!(finished.stdout, "hello\nok: 1 user class, 1 task, 0 warnings\n");
}

#[test]
fn help_is_no_error() {
    for words in [
        ["--help"].as_slice(),
        &["--version"],
        &["run", "--help"],
        &["check", "--help"],
        &["list", "--help"],
        &["demo", "--help"],
    ] {
        let finished = Katydid::new(words.to_vec()).run().exits(0);
        assert!(!finished.stdout.is_empty() && finished.stderr.is_empty(), "{words:?}");
        assert!(finished.stdout.lines().all(|line| line.chars().count() <= 100), "{}", finished.stdout);
    }
    let bare = Katydid::new(Vec::<String>::new()).run().exits(2);
    assert!(bare.stderr.contains("Usage: katydid <COMMAND>") && bare.stdout.is_empty(), "{bare:?}");
}
