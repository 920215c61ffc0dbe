//! Whether the generator itself kept up, from end to end. The limits are wide and what is done to them is far beyond, so
//! that no test depends on how busy this machine is; where a figure lies exactly is tested in `stats::validity`.

mod support;

use katydid::demo::DemoServer;
use support::{Finished, Katydid};

/// A run that is judged by the limits, as it is for users.
fn judged(script: &str) -> Katydid {
    Katydid::run_script(script).env("KATYDID_ALLOW_SATURATION", "no")
}

/// Far more work than a core can do: a hundred users that each compute for a third of a second, every second.
const TOO_MUCH: &str = r#"
    user_class("U").wait_time(constant(1))
        .task("compute", |user| { let sum = 0; for i in 0..2000000 { sum += i; } });
"#;

fn overloaded(args: &[&str]) -> Finished {
    let args = args.iter().copied();
    judged(TOO_MUCH)
        .args(["-u", "100", "-r", "1000", "-t", "3s", "--shards", "1", "--stop-timeout", "0"])
        .args(args)
        .args(["--only-summary"])
        .run()
}

#[test]
fn scripts_that_need_more_than_their_core_make_a_run_invalid() {
    let finished = overloaded(&[]).exits(4);
    assert!(finished.stdout.contains("The run is not valid: shard 0 got to"), "{}", finished.stdout);
    assert!(finished.stdout.contains("the limit is 100 ms; use fewer users"), "{}", finished.stdout);
    assert!(!finished.stdout.contains("kept up"), "{}", finished.stdout);
}

#[test]
fn an_invalid_run_can_be_allowed() {
    let finished = overloaded(&["--allow-saturation"]).exits(0);
    assert!(finished.stdout.contains("Warning: the run is not valid: shard 0"), "{}", finished.stdout);
}

/// The run is suspended for a second and a half in the middle.
fn suspended(script: &str, args: &[&str]) -> Finished {
    let server = DemoServer::start(0).expect("a port");
    let args = args.iter().copied();
    let running = judged(script).args(["-t", "3s"]).args(args).against(&server).start();
    running.wait_for("All users spawned");
    running.signal("STOP");
    std::thread::sleep(std::time::Duration::from_millis(1500));
    running.signal("CONT");
    running.finish()
}

const CALM: &str = r#"user_class("U").wait_time(constant(0.5)).task("t", |user| { user.get("/items/1"); });"#;

#[test]
fn a_suspended_generator_was_starved() {
    let finished = suspended(CALM, &[]).exits(4);
    assert!(finished.stdout.contains("stood still for 1."), "{}", finished.stdout);
    assert!(finished.stdout.contains("the limit is 1 s"), "{}", finished.stdout);
}

#[test]
fn where_it_is_allowed_the_rest_decides_the_exit_code() {
    suspended(CALM, &["--allow-saturation"]).exits(0);
    let failing =
        r#"user_class("U").wait_time(constant(0.5)).task("t", |user| { user.get("/status/500"); });"#;
    suspended(failing, &["--allow-saturation"]).exits(1);
    suspended(failing, &[]).exits(4);
}

#[test]
fn what_was_before_the_statistics_were_reset_does_not_count() {
    // The ramp takes three seconds; nothing is counted before its end.
    let server = DemoServer::start(0).expect("a port");
    let running =
        judged(CALM).args(["-u", "4", "-r", "1", "-t", "9s", "--reset-stats"]).against(&server).start();
    running.wait_for("Ramping to");
    running.signal("STOP");
    std::thread::sleep(std::time::Duration::from_millis(1500));
    running.signal("CONT");
    let finished = running.finish().exits(0);
    assert!(finished.stdout.contains("The generator kept up"), "{}", finished.stdout);
}

#[test]
fn a_machine_out_of_descriptors_is_told_and_the_run_is_invalid() {
    let server = DemoServer::start(0).expect("a port");
    // Each user keeps its connection: 60 connections where about 40 descriptors are left.
    let script = r#"user_class("U").wait_time(constant(0.2)).task("t", |user| { user.get("/items/1"); });"#;
    let finished = judged(script)
        .args(["-u", "60", "-r", "1000", "-t", "2s", "--shards", "1"])
        .against(&server)
        .descriptors(60)
        .run()
        .exits(4);
    assert!(finished.stdout.contains("too many open files"), "{}", finished.stdout);
    assert!(finished.stdout.contains("not opened because no more files may be open"), "{}", finished.stdout);
    assert!(finished.stdout.contains("ulimit -n"), "{}", finished.stdout);
}

#[test]
fn users_that_never_wait_are_not_a_saturated_generator() {
    let finished = judged(r#"user_class("U").task("t", |user| { user.get("/items/1"); });"#)
        .args(["--host", "demo", "-u", "50", "-r", "1000", "-t", "3s"])
        .run()
        .exits(0);
    assert!(finished.stdout.contains("The generator kept up: CPU "), "{}", finished.stdout);
}

/// Forty arrivals within a second that take a third of a second each, with so many users at most.
fn third_seconds(max_users: u32) -> Katydid {
    judged(&format!(
        r#"
        user_class("Open").task("slow", |user| sleep(0.33));
        arrivals(#{{ user_class: "Open", rate: 40, duration: "1s", start_users: 1, max_users: {max_users} }});
        "#
    ))
    .args(["--host", "demo"])
}

#[test]
fn arrivals_that_find_no_user_in_time_make_a_run_invalid() {
    let finished = third_seconds(2).run().exits(4);
    for words in ["% of the arrivals started more than 100 ms late", "the limit is 1%; no user was free"] {
        assert!(finished.stdout.contains(words), "{}", finished.stdout);
    }
    third_seconds(50).run().exits(0);
}
