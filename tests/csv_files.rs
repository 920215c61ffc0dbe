//! Locust's four CSV files: columns, quoting, and final numbers that are the console's.
#![expect(clippy::unwrap_used, reason = "a helper of a test that fails should fail loudly")]

use anstream::adapter::strip_str;
use jiff::Timestamp;
use katydid::report::console::{Rates, percentile_table, request_table};
use katydid::report::csv::{CsvOptions, CsvWriter};
use katydid::stats::{Recorder, Sample, Totals};
use std::fs;
use std::path::Path;
use std::time::Duration;

const STARTED: i64 = 1_795_232_577;

fn record(
    recorder: &mut Recorder,
    method: &str,
    name: &str,
    microseconds: Option<u64>,
    ended: u64,
    failure: Option<&str>,
) {
    recorder.record(&Sample {
        method,
        name,
        response_time: microseconds.map(Duration::from_micros),
        service_time: None,
        size: 5,
        failure,
        ended: Duration::from_millis(ended),
    });
}

fn totals() -> Totals {
    Totals::new(Timestamp::from_second(STARTED).unwrap())
}

/// Four seconds: names with UTF-8, commas, quotes; errors with quotes and line breaks; a series that is not timed.
fn recorded() -> Totals {
    let mut recorder = Recorder::new();
    for second in 0..4 {
        let at = second * 1000;
        record(&mut recorder, "GET", "/items/[id] — größe", Some(1_250 + second), at + 100, None);
        record(
            &mut recorder,
            "GET",
            "/search?q=\"a,b\"",
            Some(60_000),
            at + 200,
            Some("wrong:\n\"id\", is 7"),
        );
        record(&mut recorder, "POST", "/items/[id] — größe", Some(420), at + 300, None);
        record(&mut recorder, "WS", "push", None, at + 400, None);
    }
    record(&mut recorder, "GET", "/search?q=\"a,b\"", Some(1_000_000), 4000, Some("status 500"));
    recorder.exception("no \"token\"\nin answer", "shop.rhai:12", "login", Duration::from_millis(1500));
    let mut totals = totals();
    totals.merge(&recorder.take());
    totals
}

fn write(folder: &Path, options: CsvOptions, totals: &Totals) -> String {
    let prefix = folder.join("deep/run").to_string_lossy().into_owned();
    let mut writer = CsvWriter::new(&prefix, options).unwrap();
    writer.tick(totals, Duration::from_secs(4), 3).unwrap();
    writer.finish(totals, Duration::from_secs(5), 0).unwrap();
    prefix
}

fn read(prefix: &str, what: &str) -> String {
    fs::read_to_string(format!("{prefix}_{what}.csv")).unwrap()
}

fn rows(prefix: &str, what: &str) -> Vec<Vec<String>> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).from_path(format!("{prefix}_{what}.csv")).unwrap();
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[test]
fn the_four_files_are_locusts() {
    let folder = tempfile::tempdir().unwrap();
    let prefix = write(folder.path(), CsvOptions::default(), &recorded());
    for what in ["stats", "stats_history", "failures", "exceptions"] {
        let text = read(&prefix, what);
        assert!(text.ends_with("\r\n"), "{what}");
        // Line breaks inside of quotes stay what they were.
        assert_eq!(text.matches("\r\n").count(), rows(&prefix, what).len(), "{what}");
    }
    insta::assert_snapshot!(read(&prefix, "stats").replace("\r\n", "\n"), @r#"
    Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time,Max Response Time,Average Content Size,Requests/s,Failures/s,50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%
    GET,/items/[id] — größe,4,0,1.252,1.2515,1.25,1.253,5.0,1.0,0.0,1.252,1.252,1.253,1.253,1.253,1.253,1.253,1.253,1.253,1.253,1.253
    POST,/items/[id] — größe,4,0,0.42,0.42,0.42,0.42,5.0,1.0,0.0,0.42,0.42,0.42,0.42,0.42,0.42,0.42,0.42,0.42,0.42,0.42
    GET,"/search?q=""a,b""",5,5,60,248.0,60.0,1000.0,5.0,1.25,1.25,60,60,60,1000,1000,1000,1000,1000,1000,1000,1000
    WS,push,4,0,N/A,0.0,0.0,0.0,5.0,1.0,0.0,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A
    ,Aggregated,17,5,1.252,95.89892307692307,0.42,1000.0,5.0,4.25,1.25,1.252,60,60,60,60,1000,1000,1000,1000,1000,1000
    "#);
    insta::assert_snapshot!(read(&prefix, "stats_history").replace("\r\n", "\n"), @r"
    Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%,Total Request Count,Total Failure Count,Total Median Response Time,Total Average Response Time,Total Min Response Time,Total Max Response Time,Total Average Content Size
    1795232581,3,,Aggregated,4.000000,1.000000,1.252,60,60,60,60,1000,1000,1000,1000,1000,1000,17,5,1.252,95.89892307692307,0.42,1000.0,5.0
    1795232582,0,,Aggregated,4.000000,1.000000,1.252,60,60,60,60,1000,1000,1000,1000,1000,1000,17,5,1.252,95.89892307692307,0.42,1000.0,5.0
    ");
    insta::assert_snapshot!(read(&prefix, "failures").replace("\r\n", "\n"), @r#"
    Method,Name,Error,Occurrences,First Seen,Last Seen
    GET,"/search?q=""a,b""","wrong:
    ""id"", is 7",4,2026-11-21T03:42:57Z,2026-11-21T03:43:00Z
    GET,"/search?q=""a,b""",status 500,1,2026-11-21T03:43:01Z,2026-11-21T03:43:01Z
    "#);
    insta::assert_snapshot!(read(&prefix, "exceptions").replace("\r\n", "\n"), @r#"
    Count,Message,Traceback,Nodes
    1,"no ""token""
    in answer",shop.rhai:12 in login,local
    "#);
    let left: Vec<_> = fs::read_dir(folder.path().join("deep")).unwrap().collect();
    assert_eq!(left.len(), 4, "nothing beside the four files: {left:?}");
}

#[test]
fn texts_survive_the_quoting() {
    let folder = tempfile::tempdir().unwrap();
    let prefix = write(folder.path(), CsvOptions::default(), &recorded());
    let failures = rows(&prefix, "failures");
    assert_eq!(failures[1][..4], ["GET", "/search?q=\"a,b\"", "wrong:\n\"id\", is 7", "4"]);
    assert_eq!(rows(&prefix, "exceptions")[1][1], "no \"token\"\nin answer");
    assert_eq!(rows(&prefix, "stats")[1][1], "/items/[id] — größe");
}

#[test]
fn whole_milliseconds_are_the_consoles_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let totals = recorded();
    let options = CsvOptions { integer_ms: true, ..CsvOptions::default() };
    let prefix = write(folder.path(), options, &totals);
    let last = |table: String| -> Vec<String> {
        let table = strip_str(&table).to_string();
        table.lines().last().unwrap().replace('|', " ").split_whitespace().map(str::to_owned).collect()
    };
    let file = rows(&prefix, "stats").pop().unwrap();
    let percentiles = last(percentile_table(&totals, None));
    assert_eq!(file[11..22], percentiles[1..12]);
    let requests = last(request_table(&totals, Rates::Total, None));
    assert_eq!((&file[2], &format!("{}({:.2}%)", file[3], 500.0 / 17.0)), (&requests[1], &requests[2]));
    let whole = |cell: &String| (cell.parse::<f64>().unwrap() as u64).to_string();
    let file_times = [whole(&file[5]), whole(&file[6]), whole(&file[7]), file[4].clone()];
    assert_eq!(file_times, requests[3..7]);
    assert_eq!(format!("{:.2}", file[9].parse::<f64>().unwrap()), requests[7]);
}

#[test]
fn the_full_history_has_every_row_and_its_percentiles_are_current() {
    let folder = tempfile::tempdir().unwrap();
    let prefix = folder.path().join("run").to_string_lossy().into_owned();
    let options = CsvOptions { full_history: true, ..CsvOptions::default() };
    let mut writer = CsvWriter::new(&prefix, options).unwrap();
    let (mut totals, mut recorder) = (totals(), Recorder::new());
    for second in 0..30_u64 {
        let time = if second < 10 { 500_000 } else { 2_000 };
        record(&mut recorder, "GET", "/", Some(time), second * 1000 + 500, None);
        totals.merge(&recorder.take());
        writer.tick(&totals, Duration::from_secs(second + 1), 7).unwrap();
    }
    writer.finish(&totals, Duration::from_secs(31), 0).unwrap();
    let rows = rows(&prefix, "stats_history");
    assert_eq!(rows.len(), 1 + 2 * 31);
    let at = |second: usize| &rows[1 + 2 * second];
    let name = |row: &Vec<String>| row[3].clone();
    assert_eq!((name(at(5)), name(&rows[2 + 2 * 5])), ("/".to_owned(), "Aggregated".to_owned()));
    assert_eq!(at(5)[0], (STARTED + 6).to_string());
    assert_eq!((at(5)[6].as_str(), at(25)[6].as_str()), ("500", "2"), "the median of the last ten seconds");
    assert_eq!((at(25)[16].as_str(), at(25)[22].as_str()), ("2", "500.0"), "their maximum, and the run's");
    assert_eq!(at(25)[4], "1.000000");
}

#[test]
fn a_row_without_data_has_no_percentiles() {
    let folder = tempfile::tempdir().unwrap();
    let prefix = write(folder.path(), CsvOptions::default(), &totals());
    let all = rows(&prefix, "stats").pop().unwrap();
    assert_eq!(all[..5], ["", "Aggregated", "0", "0", "N/A"]);
    assert!(all[11..].iter().all(|cell| cell == "N/A"));
}

#[test]
fn a_prefix_that_cannot_be_written_is_an_error_before_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let prefix = file.join("run").to_string_lossy().into_owned();
    let error = CsvWriter::new(&prefix, CsvOptions::default()).unwrap_err();
    assert_eq!(error.message, "--csv: cannot make its folder: it is a file");
    assert!(error.place.is_some() && error.help.is_some());
}
