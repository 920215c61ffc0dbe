//! Markov sets: how they run, how they are shown, and what is said of a wrong one.

mod support;

use katydid::demo::DemoServer;
use support::{Katydid, mistake};

const SCRIPT: &str = r#"
fn browse(user) { user.get("/items/1", #{ name: "browse" }); }
let basket = task_set("Basket").task("add", |user| { user.get("/items/2", #{ name: "add" }); user.interrupt(); });
let shop = task_set("Shop").tags(["shop"])
    .task(browse)
    .task(basket)
    .task("pay", |user| { user.get("/items/3", #{ name: "pay" }); })
    .stop()
    .transition(browse, basket)
    .transition(basket, browse, 0)
    .transition("Basket", "pay", 1.5)
    .transition("pay", "stop");
user_class("U").sequential().task(shop).task("top", #{ tags: ["top"] }, |user| { user.get("/items/4", #{ name: "top" }); });
"#;

#[test]
fn tasks_follow_on_each_other_and_sets_are_tasks_too() {
    let server = DemoServer::start(0).expect("a port");
    let finished =
        Katydid::run_script(SCRIPT).args(["-i", "8", "--csv", "r"]).against(&server).run().exits(0);
    let rows = finished.csv("r");
    for name in ["browse", "add", "pay", "top"] {
        assert_eq!(rows[&("GET".to_owned(), name.to_owned())]["Request Count"], "2", "{name}");
    }
}

#[test]
fn a_selection_by_tags_leaves_a_markov_set_whole() {
    let server = DemoServer::start(0).expect("a port");
    let run = |args: &[&str]| {
        let command = Katydid::run_script(SCRIPT).args(["-i", "8", "--csv", "r"]).args(args.to_vec());
        let rows = command.against(&server).run().exits(0).csv("r");
        rows.into_keys().map(|(_, name)| name).filter(|name| name != "Aggregated").collect::<Vec<_>>()
    };
    assert_eq!(run(&["-T", "top"]), ["add", "browse", "pay", "top"]);
    assert_eq!(run(&["-E", "shop"]), ["top"]);
}

#[test]
fn list_shows_where_tasks_lead_to() {
    let finished = Katydid::new(["list", "main.rhai"]).file("main.rhai", SCRIPT).run().exits(0);
    insta::assert_snapshot!(finished.stdout, @r"
    user class U  (weight 1, no wait, in order)
      task set Shop  (1 x, tags shop, Markov)
        task browse  (then Basket 1)
        task set Basket  (then pay 1.5)
          task add  (weight 1)
        task pay  (then stop 1)
        stop  (leaves the set)
      task top  (1 x, tags top)

    Task ratio per user class
     100.0 %  U
      50.0 %    Shop
      12.5 %      browse
      12.5 %      Basket
      12.5 %        add
      12.5 %      pay
      12.5 %      stop
      50.0 %    top

    Task ratio in total
     100.0 %  U
      50.0 %    Shop
      12.5 %      browse
      12.5 %      Basket
      12.5 %        add
      12.5 %      pay
      12.5 %      stop
      50.0 %    top
    ");
}

#[test]
fn names_are_those_of_tasks() {
    let script = r#"fn browse(user) {}
user_class("U")
    .task(browse)
    .transition(browse, "brwse");
"#;
    insta::assert_snapshot!(mistake(&[("main.rhai", script)]), @r#"
    error: the Markov set `U` has no task called `brwse`
     --> main.rhai:4:6
      |
    4 |     .transition(browse, "brwse");
      |      ^^^^^^^^^^
      = help: did you mean `browse`?
    "#);
}

#[test]
fn a_set_is_either_sequential_or_a_chain() {
    let before = r#"user_class("U").sequential().task("a", || ()).transition("a", "a");"#;
    insta::assert_snapshot!(mistake(&[("main.rhai", before)]), @r#"
    error: `U` is sequential, so it cannot have transitions too
     --> main.rhai:1:47
      |
    1 | user_class("U").sequential().task("a", || ()).transition("a", "a");
      |                                               ^^^^^^^^^^
    "#);
    let after = r#"user_class("U").task("a", || ()).transition("a", "a").sequential();"#;
    insta::assert_snapshot!(mistake(&[("main.rhai", after)]), @r#"
    error: `U` has transitions, so it cannot be sequential too
     --> main.rhai:1:55
      |
    1 | user_class("U").task("a", || ()).transition("a", "a").sequential();
      |                                                       ^^^^^^^^^^
    "#);
}

#[test]
fn each_task_leads_on_and_none_has_tags() {
    let script = r#"user_class("U")
    .task("a", #{ tags: ["x"] }, || ()).task("b", || ())
    .transition("a", "b");"#;
    insta::assert_snapshot!(mistake(&[("main.rhai", script)]), @r#"
    error: task `a` of the Markov set `U` has tags
     --> main.rhai:1:1
      |
    1 | user_class("U")
      | ^^^^^^^^^^
      = help: a chain cannot do without one of its tasks; give tags to the whole set
    "#);
    let script = r#"user_class("U").task("a", || ()).task("b", || ()).transition("a", "b");"#;
    insta::assert_snapshot!(mistake(&[("main.rhai", script)]), @r#"
    error: nothing comes after the task `b` of the Markov set `U`
     --> main.rhai:1:1
      |
    1 | user_class("U").task("a", || ()).task("b", || ()).transition("a", "b");
      | ^^^^^^^^^^
      = help: give it a way out: `.transition("b", "..")`; the task of `.stop()` is called "stop"
    "#);
}

#[test]
fn a_transition_is_between_names() {
    let script = r#"user_class("U").task("a", || ()).transition(|user| (), "a");"#;
    insta::assert_snapshot!(mistake(&[("main.rhai", script)]), @r#"
    error: a closure has no name of its own; write the name of the task: .transition("a", "b")
     --> main.rhai:1:34
      |
    1 | user_class("U").task("a", || ()).transition(|user| (), "a");
      |                                  ^^^^^^^^^^
    "#);
    let script = r#"user_class("U").task("a", || ()).transition("a", 7);"#;
    insta::assert_snapshot!(mistake(&[("main.rhai", script)]), @r#"
    error: a transition leads from a task to a task: each must be a string, not an integer
     --> main.rhai:1:34
      |
    1 | user_class("U").task("a", || ()).transition("a", 7);
      |                                  ^^^^^^^^^^
    "#);
    let script = r#"user_class("U").task("a", || ()).transition("a", "a", -1);"#;
    insta::assert_snapshot!(mistake(&[("main.rhai", script)]), @r#"
    error: a weight must not be negative, but is -1; 0 switches off
     --> main.rhai:1:34
      |
    1 | user_class("U").task("a", || ()).transition("a", "a", -1);
      |                                  ^^^^^^^^^^
    "#);
}

#[test]
fn a_task_that_is_never_reached_is_a_warning() {
    let script = r#"user_class("U").host("http://127.0.0.1:1").task("a", || ()).task("b", || ())
    .transition("a", "a").transition("b", "a");"#;
    let finished = Katydid::new(["check", "main.rhai"]).file("main.rhai", script).run().exits(0);
    insta::assert_snapshot!(finished.stderr, @r#"
    warning: the task `b` of the Markov set `U` is never reached
     --> main.rhai:1:1
      |
    1 | user_class("U").host("http://127.0.0.1:1").task("a", || ()).task("b", || ())
      | ^^^^^^^^^^
      = note: the set starts at `a`, and no transitions lead from there to it
    "#);
}
