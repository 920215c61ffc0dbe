//! Whenever a run is interrupted, its rows and its count of what was cut off add up to what the server saw.

mod support;

use katydid::demo::DemoServer;
use std::time::{Duration, Instant};
use support::{Finished, Katydid};

const SCRIPT: &str = r#"
    user_class("U").wait_time(between(0, 0.01))
        .on_start(|user| { user.get("/items/1"); })
        .on_stop(|user| { user.get("/items/9"); })
        .task("slow", |user| { user.get("/delay/3"); })
        .task("plain", |user| { user.get("/items/2"); user.get("/items/3"); });
"#;

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

/// The number before `words` in the summary; 0 when it says nothing about it.
fn told(finished: &Finished, words: [&str; 2]) -> u64 {
    let Some(end) = words.iter().filter_map(|words| finished.stdout.find(words)).min() else { return 0 };
    let before = finished.stdout[..end].trim_end();
    let number = before.rsplit(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    number.parse().unwrap_or_else(|_| panic!("no number before {words:?}:\n{}", finished.stdout))
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
    let rows = finished.csv("r");
    let counted: u64 =
        rows[&(String::new(), "Aggregated".to_owned())]["Request Count"].parse().expect("a count");
    let cut_off = told(&finished, ["requests cut off", "request cut off"]);
    let on_wire = told(&finished, ["requests sent", "request sent"]);
    assert_eq!(counted + cut_off, on_wire, "after {pause:?}, {args:?}\n{}", finished.stdout);
    let seen = seen_by(&server, counted + cut_off);
    assert_eq!(counted + cut_off, seen, "after {pause:?}, {args:?}: {cut_off} cut off\n{}", finished.stdout);
}

/// Moments within 400 ms that are spread out and the same in every run of the test.
fn moments(count: u64, salt: u64) -> impl Iterator<Item = Duration> {
    (1..=count).map(move |n| Duration::from_millis((n * 151 + salt) % 401))
}

#[test]
fn the_books_balance_whenever_a_run_is_interrupted() {
    moments(15, 0).for_each(|pause| interrupt_after(pause, &[]));
}

#[test]
fn the_books_balance_when_everything_is_cut_off() {
    moments(15, 77).for_each(|pause| interrupt_after(pause, &["--stop-timeout", "0"]));
}
