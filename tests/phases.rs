//! `--phases`: where the time of requests went, per name, and the bytes of a run on the wire.

mod support;

use katydid::demo::DemoServer;
use katydid::report::console::phase_table;
use katydid::stats::{PhaseSample, Recorder, RunResult, Sample, Totals};
use std::time::Duration;
use support::Katydid;

fn totals(https: bool) -> Totals {
    let mut recorder = Recorder::new();
    for (name, wait) in [("/items", 3_200), ("/items/[id]", 48_700)] {
        for number in 0..10_u64 {
            let opening = if number > 0 {
                [0, 0, 0]
            } else {
                [u64::from(https) * 4_100, 310, u64::from(https) * 22_900]
            };
            let [dns, connect, tls] = opening;
            let durations = [dns, connect, tls, 12, wait + number, 140].map(Duration::from_micros);
            let sample = Sample {
                method: "GET",
                name,
                response_time: Some(durations.iter().sum()),
                service_time: None,
                size: 500,
                failure: None,
                ended: Duration::from_secs(1),
            };
            let phases = PhaseSample { durations, bytes_sent: 131, bytes_received: 14_120 };
            recorder.record_phased(&sample, Some(&phases));
        }
    }
    let buy = Sample {
        method: "TX",
        name: "buy",
        response_time: Some(Duration::from_secs(1)),
        service_time: None,
        size: 0,
        failure: None,
        ended: Duration::from_secs(1),
    };
    recorder.record(&buy);
    let mut totals = Totals::new(jiff::Timestamp::UNIX_EPOCH);
    totals.merge(&recorder.take());
    totals
}

#[test]
fn only_what_took_place_has_a_column() {
    insta::assert_snapshot!(phase_table(&totals(false), None), @r"
    Phases in ms (median and 99% of the requests that had them), bytes on the wire
    Type     Name                 connect   99%    send   99%    wait   99% receive   99%      sent  received
    --------|--------------------|-------------|-------------|-------------|-------------|---------|---------
    GET      /items                  0.31  0.31    0.01  0.01    3.20  3.21    0.14  0.14   1.31 kB    141 kB
    GET      /items/[id]             0.31  0.31    0.01  0.01    48.7  48.7    0.14  0.14   1.31 kB    141 kB
    --------|--------------------|-------------|-------------|-------------|-------------|---------|---------
             Aggregated              0.31  0.31    0.01  0.01    48.7  48.7    0.14  0.14   2.62 kB    282 kB
    ");
}

#[test]
fn a_narrow_terminal_has_several_tables() {
    let table = phase_table(&totals(true), Some(80));
    assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    insta::assert_snapshot!(table, @r"
    Phases in ms (median and 99% of the requests that had them), bytes on the wire
    Type     Name                     dns   99% connect   99%     tls   99%
    --------|--------------------|-------------|-------------|-------------
    GET      /items                  4.10  4.10    0.31  0.31    22.9  22.9
    GET      /items/[id]             4.10  4.10    0.31  0.31    22.9  22.9
    --------|--------------------|-------------|-------------|-------------
             Aggregated              4.10  4.10    0.31  0.31    22.9  22.9
    Type     Name                    send   99%    wait   99% receive   99%
    --------|--------------------|-------------|-------------|-------------
    GET      /items                  0.01  0.01    3.20  3.21    0.14  0.14
    GET      /items/[id]             0.01  0.01    48.7  48.7    0.14  0.14
    --------|--------------------|-------------|-------------|-------------
             Aggregated              0.01  0.01    48.7  48.7    0.14  0.14
    Type     Name                      sent  received
    --------|--------------------|---------|---------
    GET      /items                 1.31 kB    141 kB
    GET      /items/[id]            1.31 kB    141 kB
    --------|--------------------|---------|---------
             Aggregated             2.62 kB    282 kB
    ");
}

#[test]
fn a_saved_result_keeps_them() {
    let result = RunResult::new(totals(true), Duration::from_secs(2));
    let text = serde_json::to_string(&result).expect("plain data");
    let read: RunResult = serde_json::from_str(&text).expect("the same");
    assert_eq!(read, result);
    assert_eq!(phase_table(&read.totals, None), phase_table(&result.totals, None));
}

const SCRIPT: &str = r#"user_class("U").task("t", |user| {
    user.get("/items/1", #{ name: "/items/[id]" });
    user.get("/redirect/1", #{ name: "/hop" });
    user.transaction("sum", |user| { user.get("/items/2", #{ name: "/items/[id]" }); });
});"#;

#[test]
fn a_run_tells_phases_when_asked_and_bytes_always() {
    let server = DemoServer::start(0).expect("a port");
    let finished = Katydid::run_script(SCRIPT).against(&server).args(["-i", "3", "--phases"]).run().exits(0);
    let (_, table) = finished.stdout.split_once("Phases in ms").expect("a table");
    for name in ["connect", "send", "wait", "receive", "/items/[id]", "/hop", "Aggregated"] {
        assert!(table.contains(name), "{name}\n{table}");
    }
    assert!(!table.lines().take(8).any(|line| line.starts_with("TX ")), "{table}");
    let plain = Katydid::run_script(SCRIPT).against(&server).args(["-i", "3"]).run().exits(0);
    assert!(!plain.stdout.contains("Phases in ms"), "{}", plain.stdout);
    for run in [finished, plain] {
        let wire = run.stdout.split_once("On the wire: ").expect("a summary").1;
        assert!(wire.contains(" out, ") && wire.contains(" in.\n"), "{wire}");
    }
}
