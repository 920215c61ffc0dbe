//! How a run starts, is changed and ends, where that is nobody else's subject: users that end it, in hooks and all at
//! once; hooks that throw while it ends; what counts.

mod support;

use katydid::demo::DemoServer;
use std::collections::BTreeMap;
use support::held::Held;
use support::{Finished, Katydid};

/// What arrived at the server in all, and what came of the run.
fn against_held(script: &str, args: &[&str]) -> (BTreeMap<String, u64>, Finished) {
    let server = Held::start();
    let finished = Katydid::run_script(script)
        .args(["--only-summary", "--csv", "r", "--host", &server.url()])
        .args(args.iter().copied())
        .run();
    (server.arrived(), finished)
}

fn arrived<const N: usize>(counts: [(&str, u64); N]) -> BTreeMap<String, u64> {
    counts.into_iter().map(|(path, count)| (path.to_owned(), count)).collect()
}

#[test]
fn all_users_may_stop_the_test_at_once() {
    for shards in ["1", "3"] {
        let (seen, finished) = against_held(
            r#"user_class("U").on_stop(|user| { user.get("/bye"); })
                .task("t", |user| { user.get("/t"); stop_test(`user ${user.id} has had enough`); });"#,
            &["-u", "12", "-r", "1000", "--shards", shards, "-t", "1h"],
        );
        let finished = finished.exits(0);
        // Those that were told to end before their first task do not run it, and all that came say goodbye.
        assert!((1..=12).contains(&seen["/t"]), "{seen:?}");
        assert!(seen["/bye"] >= seen["/t"] && seen["/bye"] <= 12, "{seen:?}");
        assert_eq!(finished.stderr.matches("a script stopped the test").count(), 1, "{}", finished.stderr);
    }
}

#[test]
fn a_user_may_stop_the_test_wherever_it_is() {
    let stop = r#"stop_test("enough");"#;
    for (on_start, task, on_stop, wanted) in [
        (stop, "", "", arrived([("/bye", 1)])),
        ("", stop, "", arrived([("/task", 1), ("/bye", 1)])),
        ("", "user.stop();", stop, arrived([("/task", 1), ("/bye", 1)])),
    ] {
        let (seen, finished) = against_held(
            &format!(
                r#"user_class("U").wait_time(constant(1000)).on_start(|user| {{ {on_start} }})
                    .on_stop(|user| {{ user.get("/bye"); {on_stop} }})
                    .task("t", |user| {{ user.get("/task"); {task} }});"#
            ),
            &["-t", "1h"],
        );
        let finished = finished.exits(0);
        assert_eq!(seen, wanted, "{on_start}|{task}|{on_stop}");
        assert!(finished.stderr.contains("a script stopped the test: enough"), "{}", finished.stderr);
    }
}

#[test]
fn a_user_that_stops_the_test_while_users_are_being_started_ends_the_ramp() {
    let (seen, finished) = against_held(
        r#"user_class("U").wait_time(constant(1000)).on_start(|user| { user.get("/hello"); })
            .on_stop(|user| { user.get("/bye"); })
            .task("t", |user| { if user.id == 2 { stop_test("enough"); } });"#,
        &["-u", "1000", "-r", "2", "--shards", "2", "-t", "1h"],
    );
    let finished = finished.exits(0);
    assert!((1..1000).contains(&seen["/hello"]), "{seen:?}");
    assert_eq!(seen["/hello"], seen["/bye"], "{seen:?}");
    assert!(!finished.stderr.contains("All users spawned"), "{}", finished.stderr);
}

#[test]
fn hooks_that_throw_while_the_run_ends_keep_nobody_from_ending() {
    let (seen, finished) = against_held(
        r#"
        on("test_stopping", |event| { print("stopping"); throw "one"; });
        on("test_stop", |event| { event.user.get("/down"); throw "two"; });
        on("test_stop", |event| { event.user.get("/down"); });
        on("quitting", |event| { print("quitting"); throw "three"; });
        user_class("U").on_stop(|user| { user.get("/bye"); }).task("t", |user| { user.get("/t"); });
        "#,
        &["-i", "2", "-u", "2", "-r", "100", "-t", "1h"],
    );
    let finished = finished.exits(1);
    assert_eq!((seen["/t"], seen["/down"]), (2, 2), "{seen:?}");
    assert!(seen["/bye"] >= 1, "{seen:?}");
    for text in ["stopping", "quitting"] {
        assert!(finished.stdout.lines().any(|line| line == text), "{}", finished.stdout);
    }
    assert_eq!(finished.stderr.matches("failed").count(), 3, "{}", finished.stderr);
}

#[test]
fn users_say_goodbye_between_test_stopping_and_test_stop() {
    let (_, finished) = against_held(
        r#"
        fn tell(what) { data::queue("told").push(what); }
        fn hook(name) { on(name, |event| tell(name)); }
        for name in ["init", "test_start", "test_stopping", "test_stop"] { hook(name); }
        on("quitting", |event| {
            let told = [];
            while data::queue("told").len() > 0 { told.push(data::queue("told").pop()); }
            print(told);
        });
        let set = task_set("S").on_start(|user| tell("set")).on_stop(|user| tell("set left"))
            .task("t", |user| tell("t"));
        user_class("U").wait_time(constant(1000)).on_start(|user| tell("user"))
            .on_stop(|user| { sleep(0.2); tell("bye"); }).task(set);
        "#,
        &["-t", "1s"],
    );
    let finished = finished.exits(0);
    let wanted =
        r#"["init", "test_start", "user", "set", "t", "test_stopping", "set left", "bye", "test_stop"]"#;
    assert!(finished.stdout.contains(wanted), "{}\n{}", finished.stdout, finished.stderr);
}

#[test]
fn statistics_are_kept_or_forgotten_when_all_users_have_been_started() {
    // The second user comes after two seconds, long after the only request of the first one.
    let script =
        r#"user_class("U").wait_time(constant(1000)).task("t", |user| { user.get(`/${user.id}`); });"#;
    for (reset, first) in [(&["--reset-stats"][..], None), (&[], Some("1"))] {
        let args = [&["-u", "2", "-r", "0.5", "-t", "4s"], reset].concat();
        let (seen, finished) = against_held(script, &args);
        let rows = finished.exits(0).csv("r");
        assert_eq!(seen, arrived([("/1", 1), ("/2", 1)]), "{reset:?}");
        let row = rows.get(&("GET".to_owned(), "/1".to_owned()));
        assert_eq!(row.map(|row| row["Request Count"].as_str()), first, "{reset:?}");
    }
}

#[test]
fn users_are_told_by_class_and_are_there_when_all_have_been_started() {
    let (_, finished) = against_held(
        r#"
        on("spawning_complete", |event| print(`there are ${event.user_count}`));
        user_class("Few").fixed_count(2).wait_time(constant(1000)).task("t", |user| { user.get("/few"); });
        user_class("Many").wait_time(constant(1000)).task("t", |user| { user.get("/many"); });
        "#,
        &["-u", "7", "-r", "1000", "--shards", "3", "-t", "1s"],
    );
    let finished = finished.exits(0);
    assert!(finished.stdout.contains("there are 7"), "{}", finished.stdout);
    let spawned = finished.stderr.lines().find(|line| line.contains("All users spawned")).expect("a line");
    assert!(spawned.contains(r#"{"Few": 2, "Many": 5} (7 total users)"#), "{spawned}");
}

#[test]
fn fewer_users_than_shards_and_fewer_than_the_fixed_count_are_enough() {
    let script = r#"
        user_class("Fixed").fixed_count(5).task("t", |user| { user.get("/fixed"); user.stop(); });
        user_class("Other").task("t", |user| { user.get("/other"); user.stop(); });
    "#;
    for (users, wanted) in [
        ("1", arrived([("/fixed", 1)])),
        ("3", arrived([("/fixed", 3)])),
        ("7", arrived([("/fixed", 5), ("/other", 2)])),
    ] {
        let (seen, finished) = against_held(script, &["-u", users, "-r", "100", "--shards", "8"]);
        finished.exits(0);
        assert_eq!(seen, wanted, "{users} users");
    }
}

#[test]
fn a_task_is_picked_as_often_as_its_weight_says() {
    let server = DemoServer::start(0).expect("a port");
    let finished = Katydid::run_script(
        r#"
        user_class("U").task("one", 1, |user| { user.get("/items/1", #{ name: "one" }); })
            .task("two", 2, |user| { user.get("/items/1", #{ name: "two" }); })
            .task("seven", 7, |user| { user.get("/items/1", #{ name: "seven" }); })
            .task("off", 0, |user| { user.get("/items/1", #{ name: "off" }); });
        "#,
    )
    .args(["-u", "4", "-r", "100", "-i", "4000", "--seed", "1", "--csv", "r"])
    .against(&server)
    .run()
    .exits(0);
    let rows = finished.csv("r");
    let count = |name: &str| {
        let row = rows.get(&("GET".to_owned(), name.to_owned()));
        row.map_or(0.0, |row| row["Request Count"].parse::<f64>().expect("a count"))
    };
    // Six standard deviations of a count are at most 190.
    for (name, wanted) in [("one", 400.0), ("two", 800.0), ("seven", 2800.0)] {
        assert!((count(name) - wanted).abs() < 190.0, "{name}: {}", count(name));
    }
    assert_eq!((count("off"), count("one") + count("two") + count("seven")), (0.0, 4000.0));
}

#[test]
fn a_redirected_request_is_one_entry_under_its_own_method_and_name() {
    let server = DemoServer::start(0).expect("a port");
    let finished = Katydid::run_script(
        r#"user_class("U").task("t", |user| { user.post("/redirect/2", #{ json: #{ a: 1 } }); });"#,
    )
    .args(["-i", "1", "--csv", "r"])
    .against(&server)
    .run()
    .exits(0);
    let rows: Vec<_> = finished.csv("r").into_keys().collect();
    let wanted = [(String::new(), "Aggregated".to_owned()), ("POST".to_owned(), "/redirect/2".to_owned())];
    assert_eq!(rows, wanted);
    assert_eq!(finished.told(["redirects followed", "redirect followed"]), 2);
    assert_eq!((finished.sent(), server.ledger().total), (3, 3));
}

#[test]
fn what_is_no_url_throws_and_is_no_request() {
    for url in ["http://", "http://127.0.0.1:99999/"] {
        let server = DemoServer::start(0).expect("a port");
        let script = format!(r#"user_class("U").task("t", |user| {{ user.get("{url}"); }});"#);
        let finished =
            Katydid::run_script(&script).args(["-i", "1", "--csv", "r"]).against(&server).run().exits(1);
        assert!(finished.written("r_exceptions.csv").contains("main.rhai:1"), "{url}: {}", finished.stdout);
        assert_eq!(finished.csv("r").len(), 1, "{url}: {}", finished.stdout);
        assert_eq!(server.ledger().total, 0);
    }
}
