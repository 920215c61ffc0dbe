//! `--trace`: what users did, to compare two runs; and that the seed alone decides it.

mod support;

use katydid::demo::DemoServer;
use std::collections::BTreeSet;
use std::process::Command;
use support::{Finished, Katydid};

const PEOPLE: &str = "name\nann\nbob\ncy\ndi\ned\nflo\n";

/// Weighted tasks, a nested set, a sequential one, waits of three kinds, rows and a choice that depends on a draw.
const SCRIPT: &str = r#"
    let people = data::csv("people.csv");
    fn draw(user) { let person = data::csv("people.csv").random(); user.get(`/items/${random::int(1, 9)}`, #{ name: person.name }); }
    fn two(user) { data::csv("people.csv").random(); data::csv("people.csv").random(); }
    fn leave(user) { if random::bool(0.3) { user.interrupt(random::bool()); } }
    let inner = task_set("Inner").wait_time(poisson(500)).task(draw, 3).task(leave, 2).stop();
    let ordered = task_set("Ordered").sequential().task(two).task("end", |user| user.interrupt());
    user_class("A").weight(2).wait_time(between(0, 0.01)).task(inner, 3).task(draw, 2).task(ordered);
    user_class("B").wait_time(|user| random::float(0.0, 0.005)).task(two).task("throws", |user| { throw "oh"; });
"#;

fn traced(seed: &str, shards: &str) -> Finished {
    let server = DemoServer::start(0).expect("a port");
    Katydid::run_script(SCRIPT)
        .file("people.csv", PEOPLE)
        .args(["--seed", seed, "--shards", shards, "-u", "9", "-r", "500", "--iterations-per-user", "25"])
        .args(["--trace", "trace.csv", "--exit-code-on-error", "0"])
        .against(&server)
        .run()
        .exits(0)
}

/// The lines of a trace without its header and its third column, the time; in the order of users and steps.
fn lines(finished: &Finished) -> Vec<(u64, u64, String)> {
    let text = finished.written("trace.csv");
    let (header, lines) = text.split_once('\n').expect("a header");
    assert_eq!(header, "user,step,time_ms,arrival,task,wait_s,rows");
    let mut lines: Vec<_> = lines
        .lines()
        .map(|line| {
            let cells: Vec<&str> = line.splitn(5, ',').collect();
            assert_eq!(cells[3], "", "no arrivals here");
            let number = |cell: &str| cell.parse::<u64>().expect("a number");
            cells[2].parse::<f64>().expect("milliseconds");
            (number(cells[0]), number(cells[1]), cells[4].to_owned())
        })
        .collect();
    lines.sort();
    lines
}

#[test]
fn the_seed_decides_tasks_waits_and_rows_and_the_shards_do_not() {
    let alone = lines(&traced("5", "1"));
    let steps: Vec<(u64, u64)> = (1..=9).flat_map(|user| (1..=25).map(move |step| (user, step))).collect();
    assert_eq!(alone.iter().map(|line| (line.0, line.1)).collect::<Vec<_>>(), steps);
    let tasks: BTreeSet<&str> = alone.iter().filter_map(|line| line.2.split(',').next()).collect();
    let expected =
        ["A/Inner/draw", "A/Inner/leave", "A/Ordered/end", "A/Ordered/two", "A/draw", "B/throws", "B/two"];
    assert_eq!(tasks, BTreeSet::from(expected));
    let rows: BTreeSet<&str> = alone.iter().filter_map(|line| line.2.rsplit(',').next()).collect();
    assert!(rows.len() > 20, "{rows:?}");
    assert_eq!(alone, lines(&traced("5", "1")));
    assert_eq!(alone, lines(&traced("5", "2")));
    assert_eq!(alone, lines(&traced("5", "3")));
    assert_ne!(alone, lines(&traced("6", "1")));
}

#[test]
fn rows_and_waits_are_written_as_they_were_drawn() {
    let finished = Katydid::run_script(
        r#"
        user_class("U").sequential().wait_time(constant(0.25))
            .task("next", |user| { data::csv("people.csv").next(); data::csv("./people.csv").next(); })
            .task("unique, then none", |user| { let rows = data::csv("people.csv"); for i in 0..8 { rows.unique(); } })
            .task("chosen", |user| { data::csv("people.csv")[3]; data::csv("people.csv").get(2); });
        "#,
    )
    .file("people.csv", PEOPLE)
    .args(["--host", "demo", "--iterations-per-user", "3", "--trace", "trace.csv"])
    .run()
    .exits(0);
    let trace: Vec<String> = lines(&finished).into_iter().map(|line| line.2).collect();
    let all = "people.csv:0;people.csv:1;people.csv:2;people.csv:3;people.csv:4;people.csv:5";
    assert_eq!(
        trace,
        [
            "U/next,0.25,people.csv:0;./people.csv:1".to_owned(),
            format!("\"U/unique, then none\",0.25,{all}"),
            "U/chosen,,".to_owned()
        ]
    );
}

#[test]
fn a_run_that_is_interrupted_leaves_a_whole_trace() {
    let server = DemoServer::start(0).expect("a port");
    let script = r#"user_class("U").wait_time(constant(0.01)).task("t", |user| { user.get("/items/1"); });"#;
    let running = Katydid::run_script(script)
        .args(["-u", "20", "-r", "100", "--shards", "2", "--trace", "trace.csv"])
        .against(&server)
        .start();
    running.wait_for("All users spawned");
    while server.ledger().total < 200 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    running.signal("INT");
    let finished = running.finish().exits(0);
    assert_eq!(
        lines(&finished).len() as u64,
        server.ledger().total,
        "a line per task, each sent one request"
    );
}

#[test]
fn a_run_that_is_cut_leaves_a_whole_trace_too() {
    let server = DemoServer::start(0).expect("a port");
    let script = r#"user_class("U").sequential().wait_time(constant(0))
        .task("quick", |user| { user.get("/items/1"); }).task("slow", |user| { user.get("/delay/60000"); });"#;
    let running = Katydid::run_script(script)
        .args(["-u", "5", "-r", "100", "--stop-timeout", "1h", "--trace", "trace.csv"])
        .against(&server)
        .start();
    while server.ledger().total < 10 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    running.signal("INT");
    running.wait_for("stop");
    running.signal("INT");
    let finished = running.finish().exits(4);
    assert_eq!(lines(&finished).len(), 10, "{}", finished.written("trace.csv"));
}

#[test]
fn a_trace_that_cannot_be_written_is_refused() {
    let script = r#"user_class("U").task("t", |user| { user.get("/items/1"); });"#;
    let said = Katydid::run_script(script).args(["--trace", "no/such/folder/trace.csv"]).refused();
    insta::assert_snapshot!(said, @r"
    error: cannot write the trace: No such file or directory (os error 2)
     --> no/such/folder/trace.csv
      = help: --trace takes the path of a file in a folder that exists
    ");
}

/// The command that `docs/validity.md` gives for comparing two traces.
fn documented_comparison() -> String {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/validity.md"))
        .expect("the document");
    let block = text.split("```").find(|block| block.contains("cut -d")).expect("the block with the command");
    let lines = block.lines().skip_while(|line| !line.starts_with("for ")).collect::<Vec<_>>();
    lines.join("\n")
}

#[test]
fn two_traces_are_compared_as_it_is_documented() {
    let (one, same, other) = (traced("5", "1"), traced("5", "2"), traced("6", "1"));
    let compare = |second: &Finished| {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("one.csv"), one.written("trace.csv")).expect("a file");
        std::fs::write(folder.path().join("two.csv"), second.written("trace.csv")).expect("a file");
        let mut shell = Command::new("sh");
        let output = shell.args(["-c", &documented_comparison()]).current_dir(folder.path()).output();
        let output = output.expect("a shell");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).lines().count())
    };
    assert_eq!(compare(&same), (Some(0), 0));
    let (code, lines) = compare(&other);
    assert!(code == Some(1) && lines > 20, "{code:?} {lines}");
}

#[test]
fn in_the_open_model_the_seed_decides_what_an_arrival_does() {
    let script = r#"
        user_class("Open").task("a", 2, |user| { data::csv("people.csv").random(); }).task("b", |user| ());
        arrivals(#{ user_class: "Open", rate: 200, duration: "1s", start_users: 4 });
    "#;
    let trace = |seed: &str, shards: &str| {
        let finished = Katydid::run_script(script)
            .file("people.csv", PEOPLE)
            .args(["--host", "demo", "--seed", seed, "--shards", shards, "--trace", "trace.csv"])
            .run()
            .exits(0);
        let text = finished.written("trace.csv");
        // As documented: without user, step and time.
        let mut lines: Vec<String> =
            text.lines().skip(1).map(|line| line.splitn(4, ',').nth(3).expect("a cell").to_owned()).collect();
        lines.sort();
        lines
    };
    let alone = trace("5", "1");
    let arrivals: BTreeSet<&str> = alone.iter().filter_map(|line| line.split(',').next()).collect();
    assert_eq!((alone.len(), arrivals.len()), (200, 200), "each arrival once");
    assert_eq!(alone, trace("5", "2"));
    assert_ne!(alone, trace("6", "1"));
}

#[test]
fn stdout_may_be_its_file() {
    let script = r#"user_class("U").task("t", |user| { user.get("/items"); });"#;
    let run = |args: &[&str]| {
        Katydid::run_script(script).args(["--host", "demo", "-i", "3", "--only-summary"]).args(args.to_vec())
    };
    let finished = run(&["--trace", "-"]).run().exits(0);
    let lines: Vec<_> = finished.stdout.lines().collect();
    assert_eq!((lines.len(), lines[0]), (4, "user,step,time_ms,arrival,task,wait_s,rows"), "{lines:?}");
    assert!(finished.stderr.contains("Aggregated"), "{}", finished.stderr);
    assert!(!finished.path("-").exists());
    let said = run(&["--trace", "-", "--junit", "-"]).refused();
    assert!(said.contains("--junit and --trace cannot all write to stdout"), "{said}");
}
