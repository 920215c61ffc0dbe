//! Users that end by themselves: after a number of task runs, or because their script says so.

mod support;

use katydid::demo::DemoServer;
use support::Katydid;

const ITEM: &str = r#"user_class("U").wait_time(constant(0.01)).task("t", |user| { user.get("/items/1"); })
    .on_stop(|user| { user.get("/items/2", #{ name: "bye" }); });"#;

#[test]
fn each_user_runs_so_many_tasks_says_goodbye_and_is_not_replaced() {
    for shards in ["1", "3"] {
        let server = DemoServer::start(0).expect("a port");
        let finished = Katydid::run_script(ITEM)
            .args(["-u", "7", "-r", "100", "--iterations-per-user", "4", "--shards", shards, "--csv", "r"])
            .against(&server)
            .run()
            .exits(0);
        let rows = finished.csv("r");
        let count = |name: &str| rows[&("GET".to_owned(), name.to_owned())]["Request Count"].clone();
        assert_eq!((count("/items/1"), count("bye"), server.ledger().total), ("28".into(), "7".into(), 35));
        assert!(finished.stderr.contains("all users have ended"), "{}", finished.stderr);
    }
}

#[test]
fn a_last_task_is_not_waited_after() {
    let begun = std::time::Instant::now();
    Katydid::run_script(
        r#"user_class("U").wait_time(constant(1000)).task("t", |user| { user.get("/items/1"); });"#,
    )
    .args(["--host", "demo", "-u", "3", "-r", "100", "--iterations-per-user", "1"])
    .run()
    .exits(0);
    assert!(begun.elapsed().as_secs() < 60);
}

#[test]
fn with_both_bounds_the_first_that_is_met_ends_the_run() {
    for (all, each, total) in [("10", "4", 10), ("1000", "2", 14)] {
        let server = DemoServer::start(0).expect("a port");
        Katydid::run_script(r#"user_class("U").task("t", |user| { user.get("/items/1"); });"#)
            .args(["-u", "7", "-r", "100", "--shards", "2", "-i", all, "--iterations-per-user", each])
            .against(&server)
            .run()
            .exits(0);
        assert_eq!(server.ledger().total, total, "-i {all} --iterations-per-user {each}");
    }
}

#[test]
fn a_slow_ramp_is_not_the_end_although_the_first_users_have_ended() {
    let server = DemoServer::start(0).expect("a port");
    Katydid::run_script(r#"user_class("U").task("t", |user| { user.get("/items/1"); });"#)
        .args(["-u", "3", "-r", "2", "--iterations-per-user", "2"])
        .against(&server)
        .run()
        .exits(0);
    assert_eq!(server.ledger().total, 6);
}

#[test]
fn users_that_stop_themselves_are_not_replaced_while_others_go_on() {
    let server = DemoServer::start(0).expect("a port");
    let finished = Katydid::run_script(
        r#"
        user_class("Short").task("once", |user| { user.get("/items/1"); user.stop(); });
        user_class("Long").wait_time(constant(0.05)).task("often", |user| { user.get("/items/2"); });
        "#,
    )
    .args(["-u", "6", "-r", "100", "-t", "2s", "--csv", "r"])
    .against(&server)
    .run()
    .exits(0);
    let rows = finished.csv("r");
    let count =
        |name: &str| rows[&("GET".to_owned(), name.to_owned())]["Request Count"].parse::<u64>().unwrap_or(0);
    assert_eq!(count("/items/1"), 3, "{}", finished.stdout);
    assert!(count("/items/2") > 6, "{}", finished.stdout);
    assert!(finished.stderr.contains("run time limit reached"), "{}", finished.stderr);
}
