//! Load shapes: declared, followed by a run, and refused where they are wrong.

mod support;

use katydid::demo::DemoServer;
use support::{Katydid, mistake};

/// A user that waits for long after one request that bears its class's name.
const USERS: &str = r#"
fn once(user) { user.get("/items/1", #{ name: user.class_name }); }
user_class("A").wait_time(constant(100)).task(once);
user_class("B").wait_time(constant(100)).task(once);
"#;

/// The user count of each second, from the history.
fn counts(finished: &support::Finished) -> Vec<u64> {
    let text = finished.written("r_stats_history.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.records().map(|row| row.expect("a row"));
    rows.map(|row| row[1].parse().expect("a number of users")).collect()
}

#[track_caller]
fn run(shape: &str, args: &[&str]) -> support::Finished {
    let server = DemoServer::start(0).expect("a port");
    Katydid::run_script(&format!("{USERS}{shape}"))
        .args(["--csv", "r", "--only-summary"])
        .args(args.to_vec())
        .against(&server)
        .run()
        .exits(0)
}

fn requests(finished: &support::Finished, class: &str) -> u64 {
    let rows = finished.csv("r");
    rows.get(&("GET".to_owned(), class.to_owned()))
        .map_or(0, |row| row["Request Count"].parse().expect("a number"))
}

#[test]
fn stages_add_and_take_away_users_and_end_the_run() {
    let finished = run(
        r#"stages([
            #{ duration: 2, users: 4, spawn_rate: 100.0 },
            #{ duration: "2s", users: 1, spawn_rate: 100 },
            #{ duration: 2, users: 6 },
        ]);"#,
        &[],
    );
    assert!(finished.stderr.contains("the load shape has ended"), "{}", finished.stderr);
    // Four at first; when three of them are gone, five come again.
    assert_eq!(requests(&finished, "A") + requests(&finished, "B"), 9);
    let counts = counts(&finished);
    assert!(counts.contains(&4) && counts.contains(&1) && counts.contains(&6), "{counts:?}");
}

#[test]
fn a_stage_shorter_than_a_second_is_not_left_out() {
    let finished = run(
        r#"stages([#{ duration: 0.2, users: 1 }, #{ duration: "200ms", users: 20 }, #{ duration: 0.85, users: 2 },
            #{ duration: 0.01, users: 30, user_classes: "B" }, #{ duration: 0.05, users: 3 }]);"#,
        &["--json", "r.json"],
    );
    let report: serde_json::Value = serde_json::from_str(&finished.written("r.json")).expect("JSON");
    assert_eq!(report["users"], 30, "{}", finished.stderr);
    let told = [1, 20, 2, 30, 3].map(|users| format!("Going to {users} users at once"));
    assert!(told.iter().all(|told| finished.stderr.contains(told.as_str())), "{}", finished.stderr);
}

#[test]
fn what_would_be_over_at_once_is_refused() {
    for (shape, what) in [
        (
            "stages([#{ duration: 0.002, users: 5 }]);",
            "`duration` of a stage must be at least 10ms, but is 2ms",
        ),
        (
            "steps(#{ step: 1, every: \"9ms\", count: 4 });",
            "`every` of steps(..) must be at least 10ms, but is 9ms",
        ),
    ] {
        let found = wrong(shape);
        assert!(found.contains(what) && found.contains("^"), "{found}");
    }
}

#[test]
fn a_function_says_what_there_should_be_until_it_returns_nothing() {
    let finished = run(
        r#"load_shape(|t| if t < 1.0 { [2, 50] } else if t < 2.0 { #{ users: 5, user_classes: ["B"] } } else { () });"#,
        &[],
    );
    assert!(finished.stderr.contains("the load shape has ended"), "{}", finished.stderr);
    assert_eq!((requests(&finished, "A"), requests(&finished, "B")), (1, 4));
}

#[test]
fn a_stage_adds_users_of_its_classes_only() {
    let finished = run(
        r#"let a = "A"; load_shape(stages([
            #{ duration: 1, users: 3, user_classes: [a] }, #{ duration: 1, users: 5, user_classes: "B" }]));"#,
        &[],
    );
    assert_eq!((requests(&finished, "A"), requests(&finished, "B")), (3, 2));
    let chosen = run(r#"stages([#{ duration: 1, users: 3, user_classes: ["A", "B"] }]);"#, &["--class", "B"]);
    assert_eq!((requests(&chosen, "A"), requests(&chosen, "B")), (0, 3));
}

#[test]
fn a_user_that_is_taken_away_finishes_its_task_and_says_goodbye() {
    for (stop_timeout, finished) in [("1h", 2), ("0", 1)] {
        let server = DemoServer::start(0).expect("a port");
        let script = r#"
            user_class("U").wait_time(constant(1000)).on_stop(|user| { user.get("/items/9", #{ name: "bye" }); })
                .task("t", |user| {
                    user.get("/items/1", #{ name: "begun" });
                    sleep(if user.id == 2 { 3 } else { 0 });
                    user.get("/items/1", #{ name: "done" });
                });
            stages([#{ duration: 1, users: 2, spawn_rate: 100 }, #{ duration: 4, users: 1, spawn_rate: 100 }]);
        "#;
        let run = Katydid::run_script(script)
            .args(["--csv", "r", "--only-summary", "--shards", "2", "--stop-timeout", stop_timeout])
            .against(&server)
            .run()
            .exits(0);
        assert_eq!(
            ["begun", "done", "bye"].map(|name| requests(&run, name)),
            [2, finished, 2],
            "{stop_timeout}"
        );
    }
}

#[test]
fn fixed_counts_are_kept_while_users_come_and_go() {
    let finished = Katydid::run_script(
        r#"
        fn once(user) { user.get("/items/1", #{ name: user.class_name }); }
        user_class("Fixed").fixed_count(2).wait_time(constant(100)).task(once);
        user_class("A").wait_time(constant(100)).task(once);
        user_class("B").wait_time(constant(100)).task(once);
        stages([#{ duration: 1, users: 4, spawn_rate: 100 }, #{ duration: 1, users: 1, spawn_rate: 100 },
            #{ duration: 1, users: 6, spawn_rate: 100 }]);
        "#,
    )
    .args(["--csv", "r", "--only-summary", "--host", "demo"])
    .run()
    .exits(0);
    // Two and one each; then all but one of the fixed ones leave; that one comes again, and two of each other class.
    assert_eq!(["Fixed", "A", "B"].map(|class| requests(&finished, class)), [3, 3, 3]);
}

#[test]
fn a_slow_ramp_does_not_delay_the_next_stage() {
    let finished = run(
        r#"stages([#{ duration: 2, users: 1000, spawn_rate: 1 }, #{ duration: 1, users: 20, spawn_rate: 1000 }]);"#,
        &[],
    );
    let all = requests(&finished, "A") + requests(&finished, "B");
    assert_eq!(all, 20, "{}", finished.stdout);
}

#[test]
fn the_run_time_cuts_a_shape_and_users_given_beside_it_have_no_effect() {
    let shape = r#"steps(#{ step: 2, every: 60, count: 3 });"#;
    let finished = run(shape, &["-t", "1s"]);
    assert!(finished.stderr.contains("run time limit reached"), "{}", finished.stderr);
    assert!(!finished.stderr.contains("has no effect"), "{}", finished.stderr);
    assert_eq!(requests(&finished, "A") + requests(&finished, "B"), 2);
    let warned = run(shape, &["-t", "1s", "-u", "7", "-r", "3"]);
    assert!(warned.stderr.contains("has no effect"), "{}", warned.stderr);
    assert_eq!(requests(&warned, "A") + requests(&warned, "B"), 2);
}

#[test]
fn a_shape_that_throws_before_it_has_said_anything_ends_the_run() {
    let server = DemoServer::start(0).expect("a port");
    let script = format!("{USERS}load_shape(|t| {{ throw \"no idea\" }});");
    let finished = Katydid::run_script(&script).args(["--only-summary"]).against(&server).run().exits(1);
    assert!(finished.stderr.contains("its load shape threw before"), "{}", finished.stderr);
    assert!(finished.stdout.contains("no idea"), "{}", finished.stdout);
    assert_eq!(server.ledger().total, 0);
}

#[test]
fn a_shape_that_throws_or_returns_nonsense_is_an_exception_and_the_last_target_stands() {
    let server = DemoServer::start(0).expect("a port");
    for (code, message) in [
        (r#"throw "no idea""#, "no idea"),
        (r#""many""#, "a load shape returns [users, spawn_rate]"),
        (r#"[3, 1, ["Z"]]"#, "the load shape names `Z`, which is no user class"),
        (r#"#{ user: 1 }"#, "unknown key `user` of what a load shape returns; did you mean `users`?"),
        ("[-1]", "must be between 0 and"),
    ] {
        let script = format!("{USERS}load_shape(|t| if t < 0.5 {{ [2] }} else {{ {code} }});");
        let finished = Katydid::run_script(&script)
            .args(["--csv", "r", "--only-summary", "-t", "2s"])
            .against(&server)
            .run()
            .exits(1);
        assert!(finished.stdout.contains(message), "{}", finished.stdout);
        assert!(finished.written("r_exceptions.csv").contains("load_shape"), "{}", finished.stdout);
        assert_eq!(requests(&finished, "A") + requests(&finished, "B"), 2);
    }
}

#[test]
fn a_shape_may_stop_the_test() {
    let finished = run(r#"load_shape(|t| if t < 0.5 { [2] } else { stop_test("enough") });"#, &[]);
    assert!(finished.stderr.contains("enough"), "{}", finished.stderr);
}

/// What is said of a wrong shape.
#[track_caller]
fn wrong(shape: &str) -> String {
    mistake(&[("main.rhai", &format!("user_class(\"Visitor\").task(\"t\", || ());\n{shape}"))])
}

#[test]
fn keys_and_values_are_checked() {
    insta::assert_snapshot!(wrong(r#"stages([#{ duration: 10, usrs: 3 }]);"#), @r"
    error: unknown key `usrs` of a stage; did you mean `users`?
     --> main.rhai:2:1
      |
    2 | stages([#{ duration: 10, usrs: 3 }]);
      | ^^^^^^
    ");
    insta::assert_snapshot!(wrong(r#"stages([#{ duration: 10 }]);"#), @r"
    error: a stage needs `users`
     --> main.rhai:2:1
      |
    2 | stages([#{ duration: 10 }]);
      | ^^^^^^
    ");
    insta::assert_snapshot!(wrong(r#"stages([]);"#), @r#"
    error: stages(..) needs a stage: stages([#{ duration: "30s", users: 10 }])
     --> main.rhai:2:1
      |
    2 | stages([]);
      | ^^^^^^
    "#);
    insta::assert_snapshot!(wrong(r#"stages([#{ duration: 0, users: 3 }]);"#), @r"
    error: `duration` of a stage must be longer than 0
     --> main.rhai:2:1
      |
    2 | stages([#{ duration: 0, users: 3 }]);
      | ^^^^^^
    ");
    insta::assert_snapshot!(wrong(r#"stages([#{ duration: 5, users: 3, spawn_rate: 0 }]);"#), @r"
    error: `spawn_rate` must be more than 0 users per second, but is 0
     --> main.rhai:2:1
      |
    2 | stages([#{ duration: 5, users: 3, spawn_rate: 0 }]);
      | ^^^^^^
    ");
    insta::assert_snapshot!(wrong(r#"spike(#{ users: 1, peak: 5, before: "10s", hold: 5 });"#), @r#"
    error: spike(..) needs `after`
     --> main.rhai:2:1
      |
    2 | spike(#{ users: 1, peak: 5, before: "10s", hold: 5 });
      | ^^^^^
    "#);
    insta::assert_snapshot!(wrong(r#"steps(#{ start: 5, step: -2, every: 5, count: 3 });"#), @r"
    error: steps(..) ends at -1 users, which must be between 0 and 1000000000
     --> main.rhai:2:1
      |
    2 | steps(#{ start: 5, step: -2, every: 5, count: 3 });
      | ^^^^^
    ");
    insta::assert_snapshot!(wrong(r#"sine(#{ min: 9, max: 3, period: 60, duration: 120 });"#), @r"
    error: `max` of sine(..) is 3, which is below `min`, 9
     --> main.rhai:2:1
      |
    2 | sine(#{ min: 9, max: 3, period: 60, duration: 120 });
      | ^^^^
    ");
    insta::assert_snapshot!(wrong("load_shape(7);"), @r"
    error: a load shape must be a function of the time, as |t| [users, spawn_rate], or stages([..]), not an integer
     --> main.rhai:2:1
      |
    2 | load_shape(7);
      | ^^^^^^^^^^
    ");
    insta::assert_snapshot!(wrong("load_shape(|t, u| [1, 1]);"), @r"
    error: this closure takes 2 parameters, but gets only `t`
     --> main.rhai:2:1
      |
    2 | load_shape(|t, u| [1, 1]);
      | ^^^^^^^^^^
      = help: write it as `|t| ..`
    ");
}

#[test]
fn classes_must_be_declared() {
    let shape =
        r#"stages([#{ duration: 5, users: 3 }, #{ duration: 5, users: 3, user_classes: ["Visitr"] }]);"#;
    insta::assert_snapshot!(wrong(shape), @r#"
    error: the load shape names `Visitr`, which is no user class
     --> main.rhai:2:1
      |
    2 | stages([#{ duration: 5, users: 3 }, #{ duration: 5, users: 3, user_classes: ["Visitr"] }]);
      | ^^^^^^
      = help: did you mean `Visitor`?
    "#);
}

#[test]
fn there_is_one_shape() {
    let other = "fn extra() {}\nsteps(#{ step: 2, every: 60, count: 3 });\n";
    let main = "user_class(\"Visitor\").task(\"t\", || ());\nload_shape(|t| [1, 1]);\n";
    let said = Katydid::new(["check", "main.rhai", "other.rhai"])
        .file("main.rhai", main)
        .file("other.rhai", other)
        .run()
        .exits(2);
    insta::assert_snapshot!(said.stderr, @r"
    error: a run has one load shape, but two are declared
     --> other.rhai:2:1
      |
    2 | steps(#{ step: 2, every: 60, count: 3 });
      | ^^^^^
      = note: first at main.rhai:2:1
      = help: leave one of them out
    ");
}

#[test]
fn list_draws_the_shape() {
    let list = |shape: &str| {
        let script =
            format!("{USERS}{shape}").replace("user_class(\"A\")", "user_class(\"A\").host(\"http://h\")");
        let script = script.replace("user_class(\"B\")", "user_class(\"B\").host(\"http://h\")");
        Katydid::new(["list", "--shape", "main.rhai"]).file("main.rhai", &script).run()
    };
    let ready = list(
        "stages([#{ duration: 40, users: 20, spawn_rate: 1 }, #{ duration: 40, users: 8, spawn_rate: 2 }]);",
    );
    let function = list("load_shape(|t| if t < 40.0 { [20, 1] } else if t < 80 { [8, 2] } else { () });");
    let (ready, function) = (ready.exits(0), function.exits(0));
    assert_eq!(ready.stdout, function.stdout);
    insta::assert_snapshot!(ready.stdout, @r"
    Load shape: 1m20s, at most 20 users
       20 ┤┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄▄▄████████████████████████
          │                   ▂▇██████████████████████████▇
          │                  ▅█████████████████████████████▅
       15 ┤                ▄████████████████████████████████▄
          │             ▂▇▇██████████████████████████████████▂▂
          │            ▅███████████████████████████████████████
       10 ┤          ▄██████████████████████████████████████████
          │       ▂▂▇███████████████████████████████████████████▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇
          │      ▅██████████████████████████████████████████████████████████████████████████████████████
        5 ┤    ▄████████████████████████████████████████████████████████████████████████████████████████
          │  ▂▇█████████████████████████████████████████████████████████████████████████████████████████
          │▅▅███████████████████████████████████████████████████████████████████████████████████████████
        0 ┼┬──────────┬───────────┬──────────┬───────────┬───────────┬──────────┬───────────┬───────────
           0s         10s         20s        30s         40s         50s        1m          1m10s
           █ users   ┄ wanted by the shape
    ");
    let endless = list("load_shape(|t| [3, 1]);").exits(0);
    assert!(endless.stdout.contains("no end within 24h"), "{}", endless.stdout);
    insta::assert_snapshot!(list("").exits(2).stderr, @r#"
    error: the scripts declare no load shape
      = help: declare one: `stages([#{ duration: "30s", users: 10, spawn_rate: 2 }]);`
    "#);
    let thrown = list("load_shape(|t|\n    if t < 3.0 { [1] } else { throw \"oh\" });").exits(2);
    insta::assert_snapshot!(thrown.stderr, @r#"
    error: oh
     --> main.rhai:6:31
      |
    6 |     if t < 3.0 { [1] } else { throw "oh" });
      |                               ^^^^^
      = note: at t = 3
    "#);
    insta::assert_snapshot!(list("load_shape(|t| \"many\");").exits(2).stderr, @r#"
    error: a load shape returns [users, spawn_rate], #{ users, spawn_rate, user_classes }, or () to end the run, not a string
     --> main.rhai:5:16
      |
    5 | load_shape(|t| "many");
      |                ^
      = note: at t = 0
    "#);
}
