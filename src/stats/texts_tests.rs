//! Failures and exceptions beyond what is kept apart, in one part and in many.

use super::super::{Circumstances, ExceptionRow, FAILURES_KEPT, FailureRow, Recorder, Sample, Totals};
use crate::stats::CallSite;
use proptest::prelude::prop;
use proptest::{prop_assert, prop_assert_eq, proptest};
use std::time::Duration;

/// A recorder, and failures counted by it: the text, the second and the line of the script.
fn count(recorder: &mut Recorder, failures: impl IntoIterator<Item = (String, u64, usize)>) {
    for (text, second, line) in failures {
        let sample = Sample {
            method: "GET",
            name: "/items/[id]",
            response_time: None,
            service_time: None,
            size: 0,
            failure: Some(&text),
            ended: Duration::from_secs(second),
        };
        let failure = Some(CallSite { file: "main.rhai", line, column: 5 });
        let circumstances = Circumstances { failure, ..Circumstances::default() };
        recorder.record_in(&sample, None, &circumstances);
    }
}

fn totals(recorder: &mut Recorder) -> Totals {
    let mut totals = Totals::new(jiff::Timestamp::UNIX_EPOCH);
    totals.merge(&recorder.take());
    totals
}

fn shown(row: &FailureRow) -> (u64, &str, Option<&str>, Option<&str>) {
    (row.occurrences, &row.text, row.sample.as_deref(), row.place.as_deref())
}

#[test]
fn grouped_from_the_first_on_one_sample_is_kept() {
    let mut recorder = Recorder::grouping(true);
    count(&mut recorder, (0..600).rev().map(|id| (format!("no item {id}"), 3 + id / 300, id as usize)));
    count(&mut recorder, [("gone".to_owned(), 9, 4)]);
    let totals = totals(&mut recorder);
    let rows = totals.failures();
    assert_eq!(rows.len(), 2);
    let first = Some("no item 0");
    assert_eq!(shown(rows[0]), (600, "no item <number>", first, Some("main.rhai:0:5")));
    assert_eq!((rows[0].first, rows[0].last), (Duration::from_secs(3), Duration::from_secs(4)));
    assert_eq!(shown(rows[1]), (1, "gone", None, Some("main.rhai:4:5")));
    assert!(totals.overflows().is_empty(), "{:?}", totals.overflows());
}

#[test]
fn texts_stay_as_they_are_while_there_is_room_and_are_grouped_then() {
    let mut recorder = Recorder::new();
    let ids = |ids: std::ops::Range<u64>| ids.map(|id| (format!("no item {id}"), id, 7));
    count(&mut recorder, ids(0..FAILURES_KEPT as u64));
    let mut totals = totals(&mut recorder);
    assert_eq!(totals.failures().len(), FAILURES_KEPT);
    assert!(totals.overflows().is_empty());
    count(&mut recorder, ids(1000..1001));
    totals.merge(&recorder.take());
    assert_eq!(
        shown(totals.failures()[0]),
        (501, "no item <number>", Some("no item 0"), Some("main.rhai:7:5"))
    );
    assert_eq!(totals.failures().len(), 1);
    insta::assert_snapshot!(totals.overflows()[0].to_string(), @"more than 500 different failures: their texts are grouped, ids, numbers and addresses left out; most come from main.rhai:7:5. Leave out of failure(..) what differs each time, or give --failure-grouping, which groups from the first on");
}

#[test]
fn what_differs_all_the_same_is_counted_together() {
    let word = |mut number: u64| {
        let mut word = String::new();
        for _ in 0..4 {
            word.push(char::from(b'a' + (number % 26) as u8));
            number /= 26;
        }
        word
    };
    for grouping in [false, true] {
        let mut recorder = Recorder::grouping(grouping);
        count(&mut recorder, (0..700).map(|number| (format!("no {}", word(number)), number, 7)));
        let totals = totals(&mut recorder);
        assert_eq!(totals.failures().len(), FAILURES_KEPT + 1);
        assert_eq!(totals.failures().iter().map(|row| row.occurrences).sum::<u64>(), 700);
        let rest = totals.failures()[0];
        assert!(rest.is_rest());
        assert_eq!((rest.occurrences, rest.original()), (200, format!("no {}", word(500)).as_str()));
        insta::allow_duplicates! {
            insta::assert_snapshot!(totals.overflows()[0].to_string(), @"more than 500 different failures: their texts are grouped, ids, numbers and addresses left out, and 200 failures that differ even so are counted in one row; most come from main.rhai:7:5. Leave out of failure(..) what differs each time, or give --failure-grouping, which groups from the first on");
        }
    }
}

/// Exceptions with an id in each, from the last second to the first.
fn throw(recorder: &mut Recorder, ids: impl Iterator<Item = u64>) {
    for id in ids {
        let place = if id % 3 == 0 { "main.rhai:3" } else { "main.rhai:9" };
        recorder.exception(&format!("no item {id}"), place, "buy", Duration::from_secs(id));
    }
}

#[test]
fn exceptions_are_grouped_line_by_line() {
    let mut recorder = Recorder::grouping(true);
    throw(&mut recorder, (0..600).rev());
    let totals = totals(&mut recorder);
    let rows: Vec<_> = totals.exceptions().into_iter().collect();
    let shown = |row: &ExceptionRow| (row.count, row.message.to_string(), row.original().to_owned());
    let form = || "no item <number>".to_owned();
    assert_eq!(shown(rows[0]), (400, form(), "no item 1".to_owned()));
    assert_eq!(shown(rows[1]), (200, form(), "no item 0".to_owned()));
    assert_eq!((rows[0].first, rows[0].last), (Duration::from_secs(1), Duration::from_secs(599)));
    assert_eq!((rows.len(), totals.overflows()), (2, Vec::new()));
}

#[test]
fn exceptions_too_are_kept_apart_while_there_is_room() {
    let mut recorder = Recorder::new();
    throw(&mut recorder, 0..FAILURES_KEPT as u64);
    let mut totals = totals(&mut recorder);
    assert_eq!((totals.exceptions().len(), totals.overflows()), (FAILURES_KEPT, Vec::new()));
    assert!(!totals.exceptions()[0].is_grouped());
    throw(&mut recorder, [7, 700].into_iter());
    totals.merge(&recorder.take());
    let counts: Vec<_> = totals.exceptions().iter().map(|row| (row.count, row.original())).collect();
    assert_eq!(counts, [(335, "no item 1"), (167, "no item 0")]);
    insta::assert_snapshot!(totals.overflows()[0].to_string(), @r"more than 500 different exceptions: their texts are grouped, ids, numbers and addresses left out; number 501 is `no item 700`, thrown at main.rhai:9. Leave out of what is thrown what differs each time, or give --failure-grouping, which groups from the first on");
}

#[test]
fn a_text_of_a_megabyte_is_cut() {
    let mut recorder = Recorder::new();
    let body = "x".repeat(1 << 20);
    count(&mut recorder, [(format!("{body}1"), 1, 1), (format!("{body}2"), 1, 1)]);
    let totals = totals(&mut recorder);
    assert_eq!(totals.failures().len(), 1);
    assert_eq!(totals.failures()[0].text.len(), super::super::TEXT_KEPT);
}

proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 12, ..Default::default() })]

    /// Also where the bound is met in one part, in the sum of the parts, or nowhere.
    #[test]
    fn any_number_of_parts_gives_the_same_rows(
        failures in prop::collection::vec((0..2000_u64, 0..30_u64, 1..4_usize), 0..1500),
        grouping in proptest::bool::ANY,
    ) {
        let failures: Vec<_> = failures.into_iter().map(|(id, second, line)| {
            (if id % 7 == 0 { "gone".to_owned() } else { format!("no item {id}") }, second, line)
        }).collect();
        let of = |parts: usize, backwards: bool| {
            let mut snapshots: Vec<_> = (0..parts).map(|part| {
                let mut recorder = Recorder::grouping(grouping);
                let part = failures.iter().skip(part).step_by(parts);
                count(&mut recorder, part.clone().cloned());
                for (message, second, line) in part {
                    let (place, task) = (format!("main.rhai:{line}"), ["buy", "look"][line % 2]);
                    recorder.exception(message, &place, task, Duration::from_secs(*second));
                }
                recorder.take()
            }).collect();
            if backwards {
                snapshots.reverse();
            }
            let mut totals = Totals::new(jiff::Timestamp::UNIX_EPOCH);
            snapshots.iter().for_each(|snapshot| {
                let sent = serde_json::to_string(snapshot).unwrap();
                totals.merge(&serde_json::from_str(&sent).unwrap());
            });
            totals
        };
        let one = of(1, false);
        let saved = serde_json::to_string(&one).unwrap();
        // Which exception finds no room depends on the order.
        let rows = |totals: &Totals| {
            let mut saved = serde_json::to_value(totals).unwrap();
            let first = saved.get_mut("beyond").and_then(|beyond| beyond.get_mut("exceptions"));
            (first.map(serde_json::Value::take).is_some(), saved)
        };
        for parts in [2, 8, 64] {
            for backwards in [false, true] {
                prop_assert!(rows(&of(parts, backwards)) == rows(&one), "{} parts", parts);
            }
        }
        prop_assert_eq!(&serde_json::from_str::<Totals>(&saved).unwrap(), &one);
        prop_assert!(one.failures().len() <= FAILURES_KEPT);
    }
}
