//! `--csv` while a run goes on: readable at every moment, after a kill and on a full disk.

mod support;

use katydid::demo::DemoServer;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};
use support::{Katydid, until_arrived};

const FILES: [&str; 4] = ["stats", "stats_history", "failures", "exceptions"];

/// Ten names, one with letters beyond ASCII, one that fails; exceptions with line breaks.
const SCRIPT: &str = r#"
    let visitor = user_class("Visitor").wait_time(constant(0.02))
        .task("fails", |user| { user.get("/status/503", #{ name: "/x — expected failure" }); })
        .task("throws", |user| { throw "no \"token\"\nin answer"; });
    for number in 0..9 {
        let name = "/items/" + number + ", größe";
        visitor.task(name, 3, |user| { user.get("/items", #{ name: name }); });
    }
"#;

/// The rows of one file, without its header; every one of them whole. The history grows page by page, so whoever reads it
/// in the middle of a write looks again.
fn rows(folder: &Path, what: &str) -> Vec<Vec<String>> {
    let name = format!("out_{what}.csv");
    let read = || std::fs::read(folder.join(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut bytes = read();
    for _ in 0..1000 {
        if bytes.ends_with(b"\r\n") || what != "stats_history" {
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
        bytes = read();
    }
    let text = String::from_utf8(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(text.ends_with("\r\n"), "{name} ends in the middle of a row: {text}");
    let mut reader = csv::ReaderBuilder::new().flexible(false).from_reader(text.as_bytes());
    let rows = reader.records().map(|row| row.unwrap_or_else(|error| panic!("{name}: {error}\n{text}")));
    rows.map(|row| row.iter().map(str::to_owned).collect()).collect()
}

fn number(cell: &str) -> u64 {
    cell.parse().unwrap_or_else(|_| panic!("`{cell}` is no number"))
}

#[test]
fn every_moment_is_readable_also_after_a_kill() {
    let server = DemoServer::start(0).expect("a port");
    let command = Katydid::run_script(SCRIPT)
        .args(["-u", "8", "-r", "100", "-t", "10m", "--csv", "out", "--csv-full-history", "--only-summary"])
        .against(&server);
    let folder = command.folder().to_path_buf();
    let running = command.start();
    until_arrived(&server, 1);
    let mut reads = 0;
    let seconds = |folder: &Path| {
        let mut all: Vec<String> =
            rows(folder, "stats_history").into_iter().map(|row| row[0].clone()).collect();
        all.dedup();
        all.len()
    };
    // Whenever the files are looked at, over several writes.
    let begun = Instant::now();
    while seconds(&folder) < 4 {
        assert!(begun.elapsed() < Duration::from_secs(120), "nothing is written");
        for what in FILES {
            rows(&folder, what);
        }
        reads += 1;
    }
    running.signal("KILL");
    let killed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs();
    let finished = running.finish();
    assert_eq!(finished.code, None, "a signal ended it");
    assert!(reads > 10, "{reads}");

    let history = rows(&folder, "stats_history");
    let last = history.last().expect("a row");
    // A second, and what a busy machine makes of it.
    assert!(killed.abs_diff(number(&last[0])) <= 5, "{killed} {last:?}");
    let stats = rows(&folder, "stats");
    let all = stats.last().expect("a row");
    assert_eq!((&*all[1], &*last[3]), ("Aggregated", "Aggregated"));
    // The history is written first.
    assert!(number(&all[2]) <= number(&last[17]), "{all:?} {last:?}");
    assert!(number(&last[17]) > 0 && number(&last[17]) <= server.ledger().total);
    assert!(stats.iter().any(|row| row[1] == "/x — expected failure"), "{stats:?}");
    assert_eq!(rows(&folder, "failures")[0][2], "503 Service Unavailable");
    assert_eq!(rows(&folder, "exceptions")[0][1], "no \"token\"\nin answer");
}

#[test]
fn the_last_second_is_not_lost() {
    let server = DemoServer::start(0).expect("a port");
    let finished = Katydid::run_script(SCRIPT)
        .args(["-u", "4", "-r", "100", "-i", "150", "--csv", "out", "--csv-full-history"])
        .against(&server)
        .run()
        .exits(1);
    let folder = finished.folder.path();
    let all = rows(folder, "stats").pop().expect("a row");
    let last = rows(folder, "stats_history").pop().expect("a row");
    assert_eq!(all[2], finished.sent().to_string());
    assert_eq!((&all[2], &all[3]), (&last[17], &last[18]));
    assert_eq!(server.ledger().total, finished.sent());
}

#[test]
fn a_disk_that_is_full_loses_no_run_and_leaves_whole_rows() {
    let server = DemoServer::start(0).expect("a port");
    let finished = Katydid::run_script(SCRIPT)
        .args(["-u", "4", "-r", "100", "-t", "4s", "--csv", "out", "--csv-full-history", "--only-summary"])
        .args(["--json", "out.json", "--exit-code-on-error", "0"])
        .file_blocks(8)
        .against(&server)
        .run()
        .exits(0);
    let folder = finished.folder.path();
    let warned = |what: &str| {
        let of = |text: &str| text.contains("WARN") && text.contains("cannot write: File too large");
        let warnings = finished.stderr.split("[20").filter(|text| of(text) && text.contains(what));
        warnings.count()
    };
    assert!((1..=2).contains(&warned("out_stats_history.csv")), "{}", finished.stderr);
    assert_eq!(warned("out.json"), 1, "{}", finished.stderr);
    assert!(!folder.join("out.json").exists());
    let history = std::fs::metadata(folder.join("out_stats_history.csv")).expect("a file").len();
    assert!(history <= 8 * 512 && !rows(folder, "stats_history").is_empty());
    let all = rows(folder, "stats").pop().expect("a row");
    assert_eq!((&*all[1], &*all[2]), ("Aggregated", &*finished.sent().to_string()));
    assert_eq!(finished.sent(), server.ledger().total);
    let names =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    let left: Vec<_> = names.filter(|name| name.to_string_lossy().ends_with(".tmp")).collect();
    assert!(left.is_empty(), "{left:?}");
}
