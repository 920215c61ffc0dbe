use super::{Gauges, RECENT, SERIES_KEPT, SLICES, Timeline};
use crate::stats::{Entry, Recorder, Sample, Totals};
use std::time::Duration;

/// What a recorder makes of `count` requests of 1, 2, 3.. ms that end in `second`.
fn entries(name: &str, second: u64, count: u64) -> Vec<Entry> {
    let mut totals = Totals::new(jiff::Timestamp::UNIX_EPOCH);
    let mut recorder = Recorder::new();
    for number in 1..=count {
        recorder.record(&Sample {
            method: "GET",
            name,
            response_time: Some(Duration::from_millis(number)),
            service_time: None,
            size: 10,
            failure: (number == 1).then_some("bad"),
            ended: Duration::from_secs(second),
        });
    }
    totals.merge(&recorder.take());
    totals.entries().into_iter().cloned().collect()
}

fn line(seconds: u64) -> Timeline {
    let mut timeline = Timeline::default();
    let entries = entries("/", 0, 4);
    for second in 0..seconds {
        timeline.add(second, &entries);
        timeline.note(second, &Gauges { users: second, due: 4, ..Gauges::default() });
    }
    timeline
}

#[test]
fn slices_grow_wider_and_lose_nothing() {
    for (seconds, width) in [(1, 1), (300, 1), (301, 5), (1500, 5), (1501, 60)] {
        let timeline = line(seconds);
        assert_eq!(timeline.width(), width, "{seconds}");
        assert!(timeline.slices.len() <= SLICES && timeline.recent.len() <= RECENT as usize);
        let counted: u64 = timeline.slices().map(|(_, slice)| slice.all.requests).sum();
        let due: u64 = timeline.slices().map(|(_, slice)| slice.gauges.due).sum();
        assert_eq!((counted, due), (4 * seconds, 4 * seconds));
    }
    let (begin, slice) = line(1501).slices().nth(1).map(|(begin, slice)| (begin, slice.clone())).unwrap();
    assert_eq!((begin, slice.gauges.users), (60, 119));
    assert_eq!(slice.all.times().percentile(1.0), Some(Duration::from_millis(4)));
}

#[test]
fn a_window_is_exact_to_the_second_at_the_end_and_in_a_short_run() {
    for (seconds, from, to, really) in [
        (200, 17, 133, (17, 133)),
        (1000, 940, 1000, (940, 1000)),
        (1000, 881, 999, (881, 999)),
        (1000, 23, 1000, (25, 1000)),
        (1000, 23, 101, (25, 100)),
        (1000, 23, 887, (25, 887)),
    ] {
        let timeline = line(seconds);
        let window = timeline.window(from, to).unwrap();
        assert_eq!((window.from, window.to), really, "{seconds} {from}..{to}");
        assert_eq!(window.aggregated.requests, 4 * (really.1 - really.0));
        assert_eq!(window.entries[0].failures, really.1 - really.0);
        assert_eq!(&*window.entries[0].name, "/");
    }
    assert_eq!(line(1000).window(21, 24), None);
    assert_eq!(line(10).window(10, 20), None);
    assert_eq!(line(10).window(5, 3), None);
}

#[test]
fn the_order_of_coming_does_not_matter() {
    let forth = line(700);
    let mut back = Timeline::default();
    let entries = entries("/", 0, 4);
    for second in (0..700).rev() {
        back.note(second, &Gauges { users: second, due: 4, ..Gauges::default() });
        back.add(second, &entries);
    }
    assert_eq!(forth, back);
}

#[test]
fn names_beyond_the_bound_count_among_all() {
    let mut timeline = Timeline::default();
    for number in 0..SERIES_KEPT + 5 {
        timeline.add(3, &entries(&format!("/{number}"), 3, 1));
    }
    let window = timeline.window(0, 10).unwrap();
    assert_eq!(window.entries.len(), SERIES_KEPT);
    assert_eq!(window.aggregated.requests, SERIES_KEPT as u64 + 5);
}
