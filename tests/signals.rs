//! Ctrl-C and SIGTERM: the first ends the run gracefully, the second at once; nothing that was sent is lost.

mod support;

use katydid::demo::DemoServer;
use support::{Katydid, Running};

fn started(server: &DemoServer, script: &str, args: &[&str]) -> Running {
    let running = Katydid::run_script(script).args(args.iter().copied()).against(server).start();
    running.wait_for("All users spawned");
    running
}

fn requests(finished: &support::Finished) -> u64 {
    let rows = finished.csv("r");
    rows[&(String::new(), "Aggregated".to_owned())]["Request Count"].parse().expect("a count")
}

#[test]
fn a_first_signal_ends_gracefully_and_counts_everything() {
    for signal in ["INT", "TERM"] {
        let server = DemoServer::start(0).expect("a port");
        let script = r#"
            user_class("U").task("t", |user| { user.get("/delay/20", #{ name: "/delay" }); })
                .on_start(|user| { user.get("/html"); }).on_stop(|user| { user.get("/items/9"); });
        "#;
        let running = started(&server, script, &["-u", "8", "-r", "100", "--csv", "r", "--shards", "2"]);
        // A user that has not had its first turn does nothing, not even an `on_stop`.
        while server.ledger().routes.get("GET /html") != Some(&8) {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        running.signal(signal);
        let finished = running.finish().exits(0);
        assert_eq!(server.ledger().routes["GET /items/{id}"], 8, "every on_stop ran");
        assert_eq!(requests(&finished), server.ledger().total);
    }
}

#[test]
fn a_waiting_user_stops_at_once() {
    let server = DemoServer::start(0).expect("a port");
    let script = r#"user_class("U").wait_time(constant(1000)).task("t", |user| { user.get("/items/1"); });"#;
    let begun = std::time::Instant::now();
    let running = started(&server, script, &["--stop-timeout", "60"]);
    running.signal("INT");
    running.finish().exits(0);
    assert!(begun.elapsed().as_secs() < 30);
}

#[test]
fn a_task_that_is_too_slow_is_cut_off_and_reported() {
    let server = DemoServer::start(0).expect("a port");
    let script = r#"user_class("U").task("t", |user| { user.get("/delay/60000", #{ name: "/slow" }); });"#;
    let running =
        started(&server, script, &["-u", "3", "-r", "100", "--stop-timeout", "300ms", "--csv", "r"]);
    while server.ledger().total < 3 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    running.signal("INT");
    let finished = running.finish().exits(0);
    assert_eq!(requests(&finished), 0, "a request that was cut off is in no row");
    assert!(finished.stdout.contains("3 requests cut off"), "{}", finished.stdout);
}

#[test]
fn a_second_signal_cuts_at_once_and_exits_with_4() {
    let server = DemoServer::start(0).expect("a port");
    let script = r#"
        user_class("U").task("t", |user| { user.get("/delay/60000"); }).on_stop(|user| { user.get("/items/9"); });
    "#;
    let running = started(&server, script, &["--stop-timeout", "1h"]);
    while server.ledger().total < 1 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    running.signal("INT");
    running.wait_for("stop");
    running.signal("INT");
    let finished = running.finish().exits(4);
    assert!(!server.ledger().routes.contains_key("GET /items/{id}"), "no hook ran: {}", finished.stderr);
}
