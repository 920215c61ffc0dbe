//! Whenever a run is interrupted, its rows and its counts of what is in no row add up to what the server saw.
//!
//! The moments are random; what is asserted holds at every moment.

mod support;

use katydid::demo::DemoServer;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use support::Katydid;

/// Everything that sends, in every way, all the time.
const SCRIPT: &str = r#"
    user_class("U").wait_time(between(0, 0.01))
        .on_start(|user| { user.get("/html"); })
        .on_stop(|user| { user.get("/cookies"); })
        .task("slow", |user| { user.get("/delay/3"); })
        .task("plain", |user| { user.get("/items/2"); user.get("/items/3"); })
        .task("redirected", |user| { user.get("/redirect/2"); })
        .task("refused", |user| { user.get("http://127.0.0.1:1/").success(); })
        .task("batch", |user| { user.batch(["/items/4", "/delay/2", "/redirect/1", "/items/5", "/delay/1", "/items/6", "/items/7", "/delay/2"]); })
        .task("transaction", |user| {
            user.transaction("tx", |user| { user.get("/items/8"); user.wait(); user.batch(["/delay/1", "/items/9"]); });
        })
        .task("timed", |user| { user.timed("T", "timed", |user| { user.get("/delay/1"); sleep(0.002); }); });
"#;

/// How many runs are interrupted in each test, and how many at a time.
const RUNS: u64 = 100;
const AT_ONCE: u64 = 3;

/// Heads may still be in a socket's buffer when the command has ended: the server's count, once it has come to `wanted`
/// or to rest.
fn seen_by(server: &DemoServer, wanted: u64) -> u64 {
    let begun = Instant::now();
    let mut last = (server.ledger().total, Instant::now());
    loop {
        std::thread::sleep(Duration::from_millis(10));
        let total = server.ledger().total;
        if total != last.0 {
            last = (total, Instant::now());
        }
        // More than wanted would show within that time too.
        let rest = Duration::from_millis(if total == wanted { 100 } else { 5000 });
        if last.1.elapsed() > rest || begun.elapsed() > Duration::from_secs(60) {
            return total;
        }
    }
}

fn interrupt_after(pause: Duration, args: &[&str]) {
    let server = DemoServer::start(0).expect("a port");
    let running = Katydid::run_script(SCRIPT)
        .args(["-u", "20", "-r", "100", "--csv", "r", "--shards", "2"])
        .args(args.iter().copied())
        .against(&server)
        .start();
    // Before that nobody listens for signals.
    running.wait_for("Ramping to");
    std::thread::sleep(pause);
    running.signal("INT");
    let finished = running.finish().exits(0);
    let rows = finished.csv("r").into_iter().filter(|((kind, _), _)| kind == "GET");
    let counted: u64 = rows.map(|(_, row)| row["Request Count"].parse::<u64>().expect("a count")).sum();
    let never_sent = finished.told(["requests never sent", "request never sent"]);
    let redirects = finished.told(["redirects followed", "redirect followed"]);
    let (cut_off, on_wire) = (finished.cut_off(), finished.sent());
    let what = format!("after {pause:?}, {args:?}\n{}\n{}", finished.stdout, finished.stderr);
    assert_eq!(counted - never_sent + redirects + cut_off, on_wire, "{what}");
    assert_eq!(seen_by(&server, on_wire), on_wire, "{what}");
    if args.is_empty() {
        let routes = server.ledger().routes;
        let ran = |route| routes.get(route).copied().unwrap_or(0);
        assert_eq!(ran("GET /html"), ran("GET /cookies"), "who said hello says goodbye: {what}");
        assert_eq!(cut_off, 0, "tasks had time to finish: {what}");
    }
}

/// Interrupts many runs, each at a moment of its own within a third of a second.
fn interrupt_often(args: &[&str]) {
    let next = AtomicU64::new(0);
    let moments = RandomState::new();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let run = next.fetch_add(1, Ordering::Relaxed);
                    if run >= RUNS {
                        return;
                    }
                    interrupt_after(Duration::from_micros(moments.hash_one(run) % 330_000), args);
                }
            });
        }
    });
}

#[test]
fn the_books_balance_whenever_a_run_is_interrupted() {
    interrupt_often(&[]);
}

#[test]
fn the_books_balance_when_everything_is_cut_off() {
    interrupt_often(&["--stop-timeout", "0"]);
}
