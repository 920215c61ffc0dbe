//! Failures whose texts differ only in what names one request among many: one row, with a sample and the line that made it.

mod support;

use katydid::stats::{Circumstances, Recorder, Sample, Totals};
use std::time::Duration;
use support::{Finished, Katydid};

/// Rows of `r_failures.csv` without what depends on the clock.
fn failures(finished: &Finished) -> Vec<String> {
    let text = finished.written("r_failures.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.records().map(|row| {
        let row = row.expect("a row");
        format!("{} {}: {} x {}", &row[0], &row[1], &row[2], &row[3])
    });
    rows.collect()
}

fn run(script: &str, args: &[&str]) -> Finished {
    let command = Katydid::run_script(script).args(["--host", "demo", "--csv", "r", "--shards", "2"]);
    command.args(args.iter().copied()).run().exits(1)
}

#[test]
fn a_status_without_a_word_from_the_script_is_one_row_whatever_the_ids() {
    let script = r#"
        user_class("U").task("t", |user| {
            let url = `/status/412?shipment=${fake::uuid()}`;
            user.patch(url, #{ name: "/prime/v1/mto-shipments/{mtoShipmentID}" });
        });
    "#;
    let finished = run(script, &["-u", "4", "-r", "100", "-i", "500"]);
    let expected = ["PATCH /prime/v1/mto-shipments/{mtoShipmentID}: 412 Precondition Failed x 500"];
    assert_eq!(failures(&finished), expected);
    assert!(!finished.stdout.contains("as in:"), "{}", finished.stdout);
}

/// Five hundred and fifty shipments that are not there, and twenty of which the script says something else.
const SHIPMENTS: &str = r#"
user_class("U").task("t", |user| {
    let id = fake::uuid();
    user.n = if type_of(user.n) == "()" { 1 } else { user.n + 1 };
    let resp = user.get(`/status/404?shipment=${id}`, #{ name: "/shipments/[id]" });
    if user.n % 30 == 0 {
        resp.failure("gone");
    } else {
        resp.failure(`no shipment ${id} (${user.n}) at ${resp.url}`);
    }
});
"#;

const GROUPED: &str = "GET /shipments/[id]: no shipment <uuid> (<number>) at /shipments/[id]";

#[test]
fn as_asked_for_texts_are_grouped_from_the_first_on() {
    let finished = run(SHIPMENTS, &["-i", "60", "--failure-grouping"]);
    assert_eq!(failures(&finished), [format!("{GROUPED} x 58"), "GET /shipments/[id]: gone x 2".to_owned()]);
    let lines: Vec<&str> = finished.stdout.lines().skip_while(|line| *line != "Error report").collect();
    assert_eq!(lines[3], format!("{:<18} {GROUPED}", 58));
    let sample = lines[4].trim_start();
    assert!(
        sample.starts_with("as in: no shipment ") && sample.contains("(1) at http://127.0.0.1:"),
        "{sample}"
    );
    assert_eq!(lines[5], format!("{:<18} GET /shipments/[id]: gone", 2));
    assert!(
        !finished.stdout.contains("Warning:") && !finished.stderr.contains("WARN"),
        "{}",
        finished.stderr
    );
}

#[test]
fn exceptions_are_grouped_alike() {
    let script = r#"
        user_class("U").task("t", |user| {
            throw `no shipment ${fake::uuid()}`;
        });
    "#;
    let finished = run(script, &["-i", "500", "--failure-grouping", "--json", "r.json", "--html", "r.html"]);
    let text = finished.written("r_exceptions.csv");
    let rows: Vec<_> = text.lines().skip(1).collect();
    assert_eq!(rows, ["500,no shipment <uuid>,main.rhai:3 in t,local"]);
    let lines: Vec<&str> = finished.stdout.lines().skip_while(|line| *line != "Exception report").collect();
    assert_eq!(lines[3], format!("{:<18} no shipment <uuid> at main.rhai:3 in t", 500));
    assert!(lines[4].trim_start().starts_with("as in: no shipment "), "{}", lines[4]);
    let report: serde_json::Value = serde_json::from_str(&finished.written("r.json")).expect("JSON");
    let row = &report["exceptions"][0];
    assert_eq!(row["count"], 500, "{row}");
    assert!(row["sample"].as_str().is_some_and(|sample| sample.starts_with("no shipment ")), "{row}");
    assert!(finished.written("r.html").contains("such as <bdi>no shipment "));
}

#[test]
fn otherwise_texts_stay_as_they_are() {
    let finished = run(SHIPMENTS, &["-i", "60"]);
    let rows = failures(&finished);
    assert_eq!(rows.len(), 59, "{rows:?}");
    assert!(rows[1].contains("no shipment ") && !rows[1].contains('<'), "{}", rows[1]);
}

#[test]
fn where_there_is_no_room_they_are_grouped_and_the_line_that_makes_them_is_named() {
    let finished = run(SHIPMENTS, &["-i", "600", "--result", "r.json"]);
    assert_eq!(
        failures(&finished),
        [format!("{GROUPED} x 580"), "GET /shipments/[id]: gone x 20".to_owned()]
    );
    let warning = "more than 500 different failures: their texts are grouped, ids, numbers and addresses left out; most come \
                   from main.rhai:9:14. Leave out of failure(..) what differs each time, or give --failure-grouping, which \
                   groups from the first on";
    assert_eq!(finished.stderr.matches(warning).count(), 1, "{}", finished.stderr);
    assert!(finished.stdout.contains(&format!("Warning: {warning}.\n")), "{}", finished.stdout);
    let result: serde_json::Value = serde_json::from_str(&finished.written("r.json")).expect("JSON");
    let row = &result["run"]["totals"]["failures"][1];
    assert_eq!(row["place"], "main.rhai:9:14", "{row}");
    assert!(row["sample"].as_str().is_some_and(|sample| sample.contains("(1) at http")), "{row}");
}

#[test]
fn the_failures_of_a_real_run_come_to_eighty_one_rows() {
    let Some(text) = support::outside_data("milmove-reports/2021-02-18_failures.csv") else { return };
    let replay = |grouping: bool| {
        let (mut recorder, mut rows) = (Recorder::grouping(grouping), 0);
        for row in csv::Reader::from_reader(text.as_bytes()).records() {
            let row = row.expect("a row");
            rows += 1;
            let sample = Sample {
                method: &row[0],
                name: &row[1],
                response_time: None,
                service_time: None,
                size: 0,
                failure: Some(&row[2]),
                ended: Duration::from_secs(rows),
            };
            let times: u64 = row[3].parse().expect("a number");
            (0..times).for_each(|_| recorder.record_in(&sample, None, &Circumstances::default()));
        }
        assert_eq!(rows, 810);
        let mut totals = Totals::new(jiff::Timestamp::UNIX_EPOCH);
        totals.merge(&recorder.take());
        assert_eq!(totals.aggregated().failures, 21_123);
        totals
    };
    let totals = replay(true);
    assert_eq!(totals.failures().len(), 81);
    assert_eq!(totals.failures().iter().map(|row| row.occurrences).sum::<u64>(), 21_123);
    let texts: Vec<_> = totals.failures().iter().map(|row| row.text.to_string()).collect();
    let refused = "HTTPSConnectionPool(host='api.exp.move.mil', port=<number>): Max retries exceeded with url: \
                   /prime/v1/mto-shipments/<uuid> (Caused by NewConnectionError('<urllib3.connection.HTTPSConnection object at \
                   <address>>: Failed to establish a new connection: [Errno 111] Connection refused'))";
    assert!(texts.iter().any(|text| text == refused), "{texts:#?}");
    // More than are kept, so that it is the same without being asked for.
    assert_eq!(replay(false).failures(), totals.failures());
}
