//! A run that ends in every situation a user can be in: which hooks and tasks still run, and that the books balance.
//!
//! The server holds answers back, so that each situation is reached for certain and stays until the run has been told
//! to end.

mod support;

use std::collections::BTreeMap;
use support::held::Held;
use support::{Finished, Katydid};

/// How the run is told to end, and what users may still do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// A signal; tasks have all the time they need.
    Signal,
    /// The run time is over; tasks have all the time they need.
    RunTime,
    /// A signal; tasks are cut off at once.
    SignalAndCut,
    /// The run time is over; tasks are cut off at once.
    RunTimeAndCut,
    /// A signal; tasks have a fifth of a second, which is not enough.
    TimeOver,
    /// Two signals: nothing more runs.
    TwoSignals,
}

const ENDS: [End; 6] =
    [End::Signal, End::RunTime, End::SignalAndCut, End::RunTimeAndCut, End::TimeOver, End::TwoSignals];

impl End {
    /// Whether a task that runs may go on to its end.
    fn lets_finish(self) -> bool {
        matches!(self, Self::Signal | Self::RunTime)
    }

    fn by_run_time(self) -> bool {
        matches!(self, Self::RunTime | Self::RunTimeAndCut)
    }
}

/// A situation: a user in it, how to know that it is there, and what has arrived at the server when all is over.
struct Situation {
    name: &'static str,
    /// Methods of the user class.
    class: &'static str,
    /// The line that is printed, or the path that arrives (and how often), when the situation is reached.
    reached: Reached,
    /// What arrives in all if the task may finish.
    finished: &'static [(&'static str, u64)],
    /// What arrives in all if it is cut off.
    cut: &'static [(&'static str, u64)],
    /// What arrives in all if nothing more may run; none where the first signal ends the user before the second comes.
    dropped: Option<&'static [(&'static str, u64)]>,
    /// How many requests are in flight when it is cut off, and when nothing more may run.
    in_flight: (u64, u64),
}

enum Reached {
    Line(&'static str),
    Path(&'static str, u64),
}

/// Every user says hello and goodbye, and waits for ever after its first task.
const HOOKS: &str = r#".wait_time(|user| { print("waits now"); 1000 })
    .on_start(|user| { user.get("/start"); }).on_stop(|user| { user.get("/stop"); })"#;

const SITUATIONS: &[Situation] = &[
    Situation {
        name: "in on_start",
        class: r#".on_start(|user| { user.get("/hold"); user.get("/start"); }).task("t", |user| { user.get("/task"); })"#,
        reached: Reached::Path("/hold", 1),
        finished: &[("/hold", 1), ("/start", 1), ("/stop", 1)],
        cut: &[("/hold", 1), ("/stop", 1)],
        dropped: Some(&[("/hold", 1)]),
        in_flight: (1, 1),
    },
    Situation {
        name: "waiting",
        class: r#".task("t", |user| { user.get("/task"); })"#,
        reached: Reached::Line("waits now"),
        finished: &[("/start", 1), ("/task", 1), ("/stop", 1)],
        cut: &[("/start", 1), ("/task", 1), ("/stop", 1)],
        dropped: None,
        in_flight: (0, 0),
    },
    Situation {
        name: "in a request",
        class: r#".task("t", |user| { user.get("/hold"); user.get("/after"); })"#,
        reached: Reached::Path("/hold", 1),
        finished: &[("/start", 1), ("/hold", 1), ("/after", 1), ("/stop", 1)],
        cut: &[("/start", 1), ("/hold", 1), ("/stop", 1)],
        dropped: Some(&[("/start", 1), ("/hold", 1)]),
        in_flight: (1, 1),
    },
    Situation {
        name: "in sleep",
        // It ends by itself where it may: the marker is the printed line.
        class: r#".task("t", |user| { print("sleeps now"); sleep(SECONDS); user.get("/after"); })"#,
        reached: Reached::Line("sleeps now"),
        finished: &[("/start", 1), ("/after", 1), ("/stop", 1)],
        cut: &[("/start", 1), ("/stop", 1)],
        dropped: Some(&[("/start", 1)]),
        in_flight: (0, 0),
    },
    Situation {
        name: "in user.wait()",
        class: r#".task("t", |user| { user.wait(); user.get("/after"); })"#,
        reached: Reached::Line("waits now"),
        finished: &[("/start", 1), ("/stop", 1)],
        cut: &[("/start", 1), ("/stop", 1)],
        dropped: None,
        in_flight: (0, 0),
    },
    Situation {
        name: "in a transaction",
        class: r#".task("t", |user| user.transaction("tx", |user| { user.get("/first"); user.get("/hold"); user.get("/after"); }))"#,
        reached: Reached::Path("/hold", 1),
        finished: &[("/start", 1), ("/first", 1), ("/hold", 1), ("/after", 1), ("/stop", 1)],
        cut: &[("/start", 1), ("/first", 1), ("/hold", 1), ("/stop", 1)],
        dropped: Some(&[("/start", 1), ("/first", 1), ("/hold", 1)]),
        in_flight: (1, 1),
    },
    Situation {
        name: "in a timed block",
        class: r#".task("t", |user| user.timed("tx", "timed", |user| { user.get("/hold"); user.get("/after"); }))"#,
        reached: Reached::Path("/hold", 1),
        finished: &[("/start", 1), ("/hold", 1), ("/after", 1), ("/stop", 1)],
        cut: &[("/start", 1), ("/hold", 1), ("/stop", 1)],
        dropped: Some(&[("/start", 1), ("/hold", 1)]),
        in_flight: (1, 1),
    },
    Situation {
        name: "in a batch",
        class: r#".task("t", |user| {
            user.batch(["/hold", "/hold", "/hold", "/hold", "/hold", "/hold", "/queued", "/queued"]);
            user.get("/after");
        })"#,
        reached: Reached::Path("/hold", 6),
        finished: &[("/start", 1), ("/hold", 6), ("/queued", 2), ("/after", 1), ("/stop", 1)],
        cut: &[("/start", 1), ("/hold", 6), ("/stop", 1)],
        dropped: Some(&[("/start", 1), ("/hold", 6)]),
        in_flight: (6, 6),
    },
    Situation {
        name: "in on_stop",
        class: r#".on_stop(|user| { user.get("/hold"); user.get("/stop"); }).task("t", |user| { user.get("/task"); user.stop(); })"#,
        reached: Reached::Path("/hold", 1),
        finished: &[("/start", 1), ("/task", 1), ("/hold", 1), ("/stop", 1)],
        // It has at least five seconds, whatever the stop timeout.
        cut: &[("/start", 1), ("/task", 1), ("/hold", 1), ("/stop", 1)],
        dropped: Some(&[("/start", 1), ("/task", 1), ("/hold", 1)]),
        in_flight: (0, 1),
    },
    Situation {
        name: "in a set's on_stop",
        class: r#".task(task_set("S").on_stop(|user| { user.get("/hold"); user.get("/left"); }).task("t", |user| { user.get("/task"); user.interrupt(false); }))"#,
        reached: Reached::Path("/hold", 1),
        finished: &[("/start", 1), ("/task", 1), ("/hold", 1), ("/left", 1), ("/stop", 1)],
        cut: &[("/start", 1), ("/task", 1), ("/hold", 1), ("/left", 1), ("/stop", 1)],
        dropped: Some(&[("/start", 1), ("/task", 1), ("/hold", 1)]),
        in_flight: (0, 1),
    },
];

impl Situation {
    fn end(&self, end: End) {
        let (arrived, cut_off) = match (end, self.dropped) {
            (End::TwoSignals, None) => return,
            (End::TwoSignals, Some(dropped)) => (dropped, self.in_flight.1),
            (end, _) if end.lets_finish() => (self.finished, 0),
            _ => (self.cut, self.in_flight.0),
        };
        let server = Held::start();
        // Of two hooks the last one given counts.
        let class = self.class.replace("SECONDS", if end.lets_finish() { "1" } else { "1000" });
        let script = format!("user_class(\"U\"){HOOKS}{class};");
        let stop_timeout = match end {
            End::Signal | End::RunTime | End::TwoSignals => "1h",
            End::SignalAndCut | End::RunTimeAndCut => "0",
            End::TimeOver => "200ms",
        };
        let command = Katydid::run_script(&script).args(["--csv", "r", "--host", &server.url()]);
        let command = command.args(["--stop-timeout", stop_timeout]);
        let running = if end.by_run_time() { command.args(["-t", "4s"]) } else { command }.start();
        match self.reached {
            Reached::Line(line) => running.wait_for(line),
            Reached::Path(path, count) => server.until(path, count),
        }
        if end.by_run_time() {
            running.wait_for("run time limit reached");
        } else {
            running.signal("INT");
            running.wait_for("interrupted, stopping");
        }
        match end {
            End::TwoSignals => running.signal("INT"),
            // What is cut off is cut off before its answer can come; an `on_stop` is not, and gets its own.
            End::SignalAndCut | End::RunTimeAndCut | End::TimeOver if self.in_flight.0 > 0 => {}
            _ => server.release(),
        }
        let finished = running.finish().exits(if end == End::TwoSignals { 4 } else { 0 });
        let what = format!("{}, {end:?}\n{}\n{}", self.name, finished.stdout, finished.stderr);
        let wanted: BTreeMap<_, _> =
            arrived.iter().map(|(path, count)| ((*path).to_owned(), *count)).collect();
        assert_eq!(server.arrived(), wanted, "{what}");
        assert_eq!(finished.cut_off(), cut_off, "{what}");
        assert_eq!(finished.sent(), wanted.values().sum::<u64>(), "{what}");
        assert_eq!(counted(&finished) + cut_off, finished.sent(), "{what}");
        let blocks = blocks_of(&finished);
        assert_eq!(blocks, u64::from(end.lets_finish() && self.class.contains("\"tx\"")), "{what}");
        assert!(!finished.stdout.contains("xception"), "{what}");
    }
}

/// Requests in the rows, without those that are no HTTP.
fn counted(finished: &Finished) -> u64 {
    let rows = finished.csv("r").into_iter().filter(|((kind, _), _)| kind == "GET");
    rows.map(|(_, row)| row["Request Count"].parse::<u64>().expect("a count")).sum()
}

/// Transactions and timed blocks in the rows.
fn blocks_of(finished: &Finished) -> u64 {
    let rows = finished.csv("r").into_iter().filter(|((kind, _), _)| kind.eq_ignore_ascii_case("tx"));
    rows.map(|(_, row)| row["Request Count"].parse::<u64>().expect("a count")).sum()
}

/// Each situation on its own thread: they mostly wait.
fn in_every_situation(end: End) {
    std::thread::scope(|scope| {
        for situation in SITUATIONS {
            scope.spawn(move || situation.end(end));
        }
    });
}

#[test]
fn by_a_signal() {
    in_every_situation(ENDS[0]);
}

#[test]
fn by_the_run_time() {
    in_every_situation(ENDS[1]);
}

#[test]
fn by_a_signal_without_a_stop_timeout() {
    in_every_situation(ENDS[2]);
}

#[test]
fn by_the_run_time_without_a_stop_timeout() {
    in_every_situation(ENDS[3]);
}

#[test]
fn when_the_stop_timeout_is_over() {
    in_every_situation(ENDS[4]);
}

#[test]
fn by_two_signals() {
    in_every_situation(ENDS[5]);
}

/// While users are being started: those that have started say goodbye, and no more come.
#[test]
fn while_ramping() {
    for (args, ended) in [(&["--stop-timeout", "1h"][..], ""), (&["-t", "2s"], "run time limit reached")] {
        let server = Held::start();
        let script = format!("user_class(\"U\"){HOOKS}.task(\"t\", |user| {{ user.get(\"/task\"); }});");
        let running = Katydid::run_script(&script)
            .args(["-u", "1000", "-r", "20", "--shards", "2", "--csv", "r", "--host", &server.url()])
            .args(args.iter().copied())
            .start();
        server.until("/start", 10);
        if ended.is_empty() {
            running.signal("INT");
        } else {
            running.wait_for(ended);
        }
        let finished = running.finish().exits(0);
        let arrived = server.arrived();
        let started = arrived["/start"];
        assert!((10..1000).contains(&started), "{arrived:?}");
        assert_eq!(arrived["/stop"], started, "{arrived:?}\n{}", finished.stdout);
        assert_eq!(finished.sent(), arrived.values().sum::<u64>());
        assert_eq!(counted(&finished), finished.sent());
        assert!(!finished.stderr.contains("All users spawned"), "{}", finished.stderr);
    }
}
