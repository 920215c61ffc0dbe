//! `katydid merge`: the results of one run from several generators, as one.

mod support;

use katydid::demo::DemoServer;
use katydid::report::Record;
use std::path::Path;
use support::Katydid;

const SCRIPT: &str = r#"
    user_class("U").wait_time(constant(0.02))
        .task("good", 3, |user| { user.get("/items"); })
        .task("bad", |user| { user.get("/status/503", #{ name: "/bad" }); });
"#;

/// Two generators at the same time against one server, with what the server counted.
fn generators(seeds: [&str; 2]) -> ([Record; 2], u64) {
    let server = DemoServer::start(0).expect("a port");
    let running = seeds.map(|seed| {
        Katydid::run_script(SCRIPT)
            .args([
                "-u",
                "3",
                "-r",
                "100",
                "-t",
                "2s",
                "--only-summary",
                "--seed",
                seed,
                "--result",
                "r.json",
            ])
            .against(&server)
            .start()
    });
    let records = running.map(|running| {
        let finished = running.finish().exits(1);
        Record::read(&finished.path("r.json")).unwrap_or_else(|error| panic!("{error}"))
    });
    (records, server.ledger().total)
}

fn json(record: &Record) -> String {
    String::from_utf8(record.to_bytes(Path::new("x.json"))).expect("JSON is text")
}

#[test]
fn the_whole_is_the_sum_of_its_parts_in_any_order() {
    let ([one, two], counted) = generators(["1", "2"]);
    let merge = |words: [&str; 2]| {
        Katydid::new(["merge"])
            .args(words)
            .args(["--result", "all.json.zst"])
            .file("one.json", &json(&one))
            .file("two.json", &json(&two))
            .run()
            .exits(0)
    };
    let (there, back) = (merge(["one.json", "two.json"]), merge(["two.json", "one.json"]));
    let read = |finished: &support::Finished| {
        Record::read(&finished.path("all.json.zst")).unwrap_or_else(|error| panic!("{error}"))
    };
    let all = read(&there);
    assert_eq!(json(&all), json(&read(&back)));
    assert_eq!(there.stdout, back.stdout);
    assert!(there.stderr.is_empty(), "{}", there.stderr);

    assert_eq!(all.run.counters().wire_requests, counted);
    let requests = |record: &Record| record.run.totals.aggregated().requests;
    assert_eq!(requests(&all), requests(&one) + requests(&two));
    let slices: u64 = all.run.totals.timeline().slices().map(|(_, slice)| slice.all.requests).sum();
    assert_eq!(slices, requests(&all));
    assert_eq!((all.run.user_count, all.exit_code, all.seed), (6, 1, 1));
    assert_eq!(all.run.health.shards.len(), one.run.health.shards.len() + two.run.health.shards.len());
    assert!(all.run.totals.timeline().slices().any(|(_, slice)| slice.gauges.users > 3));
    assert_eq!(all.machine.cores, one.machine.cores * 2);
    assert!(there.stdout.contains("Aggregated") && there.stdout.contains("503 Service Unavailable"));
}

#[test]
fn what_speaks_against_it_is_said() {
    let ([one, two], _) = generators(["4", "4"]);
    let merge = |words: &[&str]| {
        Katydid::new(["merge"])
            .args(words.iter().copied())
            .args(["--result", "all.json"])
            .file("one.json", &json(&one))
            .file("two.json", &json(&two))
    };
    let finished = merge(&["one.json", "two.json"]).run().exits(0);
    assert!(finished.stderr.contains("one.json and two.json have the seed 4"), "{}", finished.stderr);
    let said = merge(&["one.json", "one.json"]).refused();
    assert!(said.contains("are the same result: all of it would count twice"), "{said}");
    let said = merge(&["one.json", "gone.json"]).refused();
    assert!(said.contains("cannot read the result"), "{said}");
}

#[test]
fn a_part_that_is_not_valid_makes_the_whole_so() {
    let ([one, two], _) = generators(["1", "2"]);
    let bad = Record { invalid: vec!["waits were late".to_owned()], exit_code: 4, ..two };
    let merged = Record::merged(&[&one, &bad]).expect("there are parts");
    assert_eq!((merged.invalid, merged.exit_code), (vec!["waits were late".to_owned()], 4));
    assert!(Record::merged(&[]).is_none());
}
