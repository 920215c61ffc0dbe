//! Task sets and user classes as handles: shared, copied, changed later; and how a script ends a run.

mod support;

use katydid::demo::DemoServer;
use support::{Katydid, mistake};

fn listed(script: &str) -> String {
    let finished = Katydid::new(["list", "main.rhai"]).file("main.rhai", script).run().exits(0);
    assert_eq!(finished.stderr, "");
    finished.stdout.split("\n\n").next().expect("a tree").to_owned()
}

#[test]
fn a_call_changes_the_thing_wherever_it_is_used_until_the_top_level_ends() {
    let script = r#"
        let shop = task_set("Shop");
        let a = user_class("A").task(shop, 2);
        user_class("B").task(shop).task("own", || ());
        let same = shop;
        same.task("late", 0.5, || ()).wait_time(constant("500ms"));
        a.weight(2);
    "#;
    insta::assert_snapshot!(listed(script), @r"
    user class A  (weight 2, no wait)
      task set Shop  (weight 2, wait 0.5 s)
        task late  (weight 0.5)
    user class B  (weight 1, no wait)
      task set Shop  (weight 1, wait 0.5 s)
        task late  (weight 0.5)
      task own  (weight 1)
    ");
}

#[test]
fn a_copy_is_independent() {
    let script = r#"
        let shop = task_set("Shop").tags(["x"]).task("t", || ()).stop();
        let other = shop.copy("Other").task("more", || ()).sequential();
        shop.task("mine", || ());
        let a = user_class("A").weight(2).wait_time(constant(1)).host("http://h").task(shop).task(other);
        let b = a.copy("B").weight(0.5).fixed_count(2.0);
        a.tags(["late"]);
    "#;
    insta::assert_snapshot!(listed(script), @r"
    user class A  (weight 2, host http://h, wait 1 s, tags late)
      task set Shop  (weight 1, tags x)
        task t  (weight 1)
        stop  (weight 1)
        task mine  (weight 1)
      task set Other  (weight 1, tags x, in order)
        task t  (1 x)
        stop  (1 x)
        task more  (1 x)
    user class B  (2 users, host http://h, wait 1 s)
      task set Shop  (weight 1, tags x)
        task t  (weight 1)
        stop  (weight 1)
        task mine  (weight 1)
      task set Other  (weight 1, tags x, in order)
        task t  (1 x)
        stop  (1 x)
        task more  (1 x)
    ");
}

#[test]
fn a_copy_needs_a_name_of_its_own() {
    let script = "let a = user_class(\"A\").task(\"t\", || ());\na.copy(\"A\");";
    insta::assert_snapshot!(mistake(&[("main.rhai", script)]), @r#"
    error: user class `A` is declared twice
     --> main.rhai:2:3
      |
    2 | a.copy("A");
      |   ^^^^
      = note: first at main.rhai:1:9
      = help: give one of them another name
    "#);
    let script = "let a = task_set(\"A\").task(\"t\", || ());\nuser_class(\"U\").task(a.copy(\"\"));";
    insta::assert_snapshot!(mistake(&[("main.rhai", script)]), @r#"
    error: a copy needs a name; it cannot be empty
     --> main.rhai:2:24
      |
    2 | user_class("U").task(a.copy(""));
      |                        ^^^^
    "#);
}

#[test]
fn a_fixed_count_is_a_whole_number() {
    let script = r#"user_class("U").fixed_count(1.5).task("t", || ());"#;
    insta::assert_snapshot!(mistake(&[("main.rhai", script)]), @r#"
    error: fixed_count must be a whole number, not 1.5
     --> main.rhai:1:17
      |
    1 | user_class("U").fixed_count(1.5).task("t", || ());
      |                 ^^^^^^^^^^^
    "#);
}

/// Design rule: durations are seconds, whole or not, or text with a unit.
#[test]
fn durations_take_integers_floats_and_text() {
    for (wait, shown) in [
        ("constant(2)", "wait 2 s"),
        ("constant(0.25)", "wait 0.25 s"),
        (r#"constant("250ms")"#, "wait 0.25 s"),
        (r#"between("1m30s", 100)"#, "wait 90 to 100 s"),
        (r#"constant_pacing("2s")"#, "starts every 2 s"),
        ("constant_throughput(2)", "2 starts/s"),
        ("constant_throughput(0.5)", "0.5 starts/s"),
        ("poisson(3)", "poisson waits, 3/s"),
    ] {
        let tree = listed(&format!(r#"user_class("U").wait_time({wait}).task("t", || ());"#));
        assert!(tree.contains(shown), "{wait}: {tree}");
    }
}

#[test]
fn one_set_serves_several_classes() {
    let server = DemoServer::start(0).expect("a port");
    let script = r#"
        let shop = task_set("Shop").sequential()
            .on_start(|user| { user.get("/items/1", #{ name: `${user.class_name} enters` }); })
            .on_stop(|user| { user.get("/items/1", #{ name: `${user.class_name} leaves` }); })
            .task("t", |user| { user.get("/items/2", #{ name: user.class_name }); }).stop();
        user_class("A").sequential().task(shop).task("end", |user| user.stop());
        user_class("B").sequential().task(shop).task("end", |user| user.stop());
    "#;
    let finished = Katydid::run_script(script)
        .args(["-u", "4", "-r", "100", "--csv", "r"])
        .against(&server)
        .run()
        .exits(0);
    let rows = finished.csv("r");
    for class in ["A", "B"] {
        for name in [format!("{class} enters"), class.to_owned(), format!("{class} leaves")] {
            assert_eq!(rows[&("GET".to_owned(), name.clone())]["Request Count"], "2", "{name}");
        }
    }
}

#[test]
fn stop_test_ends_the_run_of_every_user() {
    let server = DemoServer::start(0).expect("a port");
    let script = r#"
        let set = task_set("S").on_stop(|user| { user.get("/items/1", #{ name: "left" }); })
            .task("t", |user| {
                user.get("/items/2", #{ name: "t" });
                if data::counter("done").next() == 2 { stop_test("all three are done"); }
            });
        user_class("U").wait_time(constant(1000)).task(set);
    "#;
    let finished = Katydid::run_script(script)
        .args(["-u", "3", "-r", "100", "--shards", "2", "--csv", "r"])
        .against(&server)
        .run()
        .exits(0);
    assert!(finished.stderr.contains("a script stopped the test: all three are done"), "{}", finished.stderr);
    let rows = finished.csv("r");
    for name in ["t", "left"] {
        assert_eq!(rows[&("GET".to_owned(), name.to_owned())]["Request Count"], "3", "{name}");
    }
}

const CLASSES: &str = r#"
    fn once(user) { user.get("/items/1", #{ name: user.class_name }); user.stop(); }
    user_class("A").task(once);
    user_class("B").weight(3).task(once);
    user_class("Off").weight(0).task(once);
"#;

/// Users per class of a run with eight users.
#[track_caller]
fn classes(args: &[&str], environment: &[(&str, &str)]) -> Vec<(String, String)> {
    let server = DemoServer::start(0).expect("a port");
    let command =
        Katydid::run_script(CLASSES).args(["-u", "8", "-r", "100", "--csv", "r"]).args(args.to_vec());
    let command = environment.iter().fold(command, |command, (name, value)| command.env(name, value));
    let rows = command.against(&server).run().exits(0).csv("r");
    let rows = rows.into_iter().filter(|((_, name), _)| name != "Aggregated");
    rows.map(|((_, name), row)| (name, row["Request Count"].clone())).collect()
}

fn counts<const N: usize>(counts: [(&str, &str); N]) -> Vec<(String, String)> {
    counts.into_iter().map(|(name, count)| (name.to_owned(), count.to_owned())).collect()
}

#[test]
fn classes_are_chosen_by_name_and_weighed_anew() {
    assert_eq!(classes(&[], &[]), counts([("A", "2"), ("B", "6")]));
    assert_eq!(classes(&["--class", "A"], &[]), counts([("A", "8")]));
    assert_eq!(classes(&["--class", "B", "--class", "A=3"], &[]), counts([("A", "4"), ("B", "4")]));
    assert_eq!(classes(&["--class", "A,Off=1"], &[]), counts([("A", "4"), ("Off", "4")]));
    assert_eq!(classes(&["--class", "A=0", "--class", "B"], &[]), counts([("B", "8")]));
    assert_eq!(classes(&[], &[("KATYDID_CLASS", "A,B=1")]), counts([("A", "4"), ("B", "4")]));
    assert_eq!(classes(&[], &[("LOCUST_USER_CLASSES", "B")]), counts([("B", "8")]));
}

#[test]
fn a_choice_of_classes_that_cannot_run_is_refused() {
    insta::assert_snapshot!(Katydid::run_script(CLASSES).args(["--class", "Off"]).refused(), @r"
    error: every chosen user class is off: all weights are 0
      = help: give one a weight: `--class Off=1`
    ");
    insta::assert_snapshot!(Katydid::run_script(CLASSES).args(["--class", "A=0"]).refused(), @r"
    error: every chosen user class is off: all weights are 0
      = help: give one a weight: `--class A=1`
    ");
    insta::assert_snapshot!(Katydid::run_script(CLASSES).args(["--class", "A=-1"]).refused(), @r"error: --class: the weight of `A`: `-1` is not a number of at least 0");
    insta::assert_snapshot!(Katydid::run_script(CLASSES).args(["--class", "A=much"]).refused(), @r"error: --class: the weight of `A`: `much` is not a number of at least 0");
}
