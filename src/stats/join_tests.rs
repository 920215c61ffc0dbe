use super::{Entry, Gauges, Milestones, Recorder, RunResult, Sample, ShardHealth, Totals};
use jiff::Timestamp;
use proptest::prelude::{Strategy, any, prop};
use proptest::{prop_assert_eq, proptest};
use std::time::Duration;

/// A request: the generator that made it, the second of wall time, the name, milliseconds, whether it failed.
type Request = (usize, u64, u8, u64, bool);

/// When each of three generators began, in milliseconds of wall time.
const BEGAN: [u64; 3] = [0, 1_700, 400];

fn count(totals: &mut Totals, requests: &[Request]) {
    let mut recorder = Recorder::new();
    for (_, second, name, time, fails) in requests {
        recorder.record(&Sample {
            method: "GET",
            name: &format!("/{name}"),
            response_time: Some(Duration::from_millis(*time)),
            service_time: None,
            size: *time,
            failure: fails.then_some("bad"),
            ended: Duration::from_secs(*second),
        });
        totals.merge(&recorder.take());
    }
}

/// What one generator makes of its requests.
fn part(number: usize, requests: &[Request]) -> RunResult {
    let began = BEGAN[number];
    let mut totals = Totals::new(Timestamp::from_millisecond(i64::try_from(began).unwrap()).unwrap());
    // Seconds of wall time, counted from the one in which it began.
    let own: Vec<&Request> = requests.iter().filter(|(of, ..)| *of == number).collect();
    let mut recorder = Recorder::new();
    for (_, second, name, time, fails) in own {
        recorder.record(&Sample {
            method: "GET",
            name: &format!("/{name}"),
            response_time: Some(Duration::from_millis(*time)),
            service_time: None,
            size: *time,
            failure: fails.then_some("bad"),
            ended: Duration::from_secs(second - began / 1000),
        });
    }
    totals.merge(&recorder.take());
    totals.note_gauges(0, &Gauges { users: number as u64 + 1, due: 2, ..Gauges::default() });
    let mut result = RunResult::new(totals, Duration::from_secs(40));
    result.user_count = number as u64 + 1;
    result.class_counts.insert("U".to_owned(), number as u64 + 1);
    let gap = Duration::from_millis(number as u64);
    result.health.note(0, &ShardHealth { longest_gap: gap, ..ShardHealth::default() });
    result.milestones = Milestones {
        begun: Duration::from_millis(5),
        spawned: Some(Duration::from_secs(2)),
        ending: Some(Duration::from_secs(39)),
        stages: vec![Duration::from_secs(10)],
    };
    result
}

fn requests() -> impl Strategy<Value = Vec<Request>> {
    prop::collection::vec((0..3_usize, 2..40_u64, 0..4_u8, 1..500_u64, any::<bool>()), 0..60)
}

/// What is counted, without when it ended.
fn counted(entry: &Entry) -> (u64, u64, u64, super::Times) {
    (entry.requests, entry.failures, entry.content_bytes, entry.times.clone())
}

proptest! {
    #[test]
    fn parts_make_the_whole_in_any_order_and_grouping(requests in requests()) {
        let parts = [0, 1, 2].map(|number| part(number, &requests));
        let [a, b, c] = &parts;
        let all = RunResult::joined(&[a, b, c]);
        prop_assert_eq!(&all, &RunResult::joined(&[c, a, b]));
        prop_assert_eq!(&all, &RunResult::joined(&[&RunResult::joined(&[b, c]), a]));
        prop_assert_eq!(&all, &RunResult::joined(&[&RunResult::joined(&[c, a]), b]));
        prop_assert_eq!(serde_json::to_vec(&all).unwrap(), serde_json::to_vec(&RunResult::joined(&[b, c, a])).unwrap());

        let mut whole = Totals::new(Timestamp::UNIX_EPOCH);
        count(&mut whole, &requests);
        prop_assert_eq!(counted(all.totals.aggregated()), counted(whole.aggregated()));
        for entry in whole.entries() {
            let joined = all.totals.entry(&entry.method, &entry.name).unwrap();
            prop_assert_eq!(counted(joined), counted(entry));
            // Seconds of wall time are those of one generator that had begun with the first.
            let mine: Vec<_> = all.totals.timeline().series_of(&entry.method, &entry.name).collect();
            let theirs: Vec<_> = whole.timeline().series_of(&entry.method, &entry.name).collect();
            prop_assert_eq!(mine, theirs);
        }
        let occurrences = |totals: &Totals| totals.failures().iter().map(|row| row.occurrences).sum::<u64>();
        prop_assert_eq!(occurrences(&all.totals), occurrences(&whole));
    }
}

#[test]
fn users_add_up_and_moments_are_those_of_the_whole_load() {
    let parts = [0, 1, 2].map(|number| part(number, &[]));
    let all = RunResult::joined(&parts.each_ref());
    assert_eq!((all.user_count, all.class_counts["U"], all.health.shards.len()), (6, 6, 3));
    assert_eq!(all.started(), Timestamp::UNIX_EPOCH);
    assert_eq!(all.duration, Duration::from_millis(41_700));
    assert_eq!(all.milestones.begun, Duration::from_millis(5));
    assert_eq!(all.milestones.spawned, Some(Duration::from_millis(3_700)));
    assert_eq!(all.milestones.ending, Some(Duration::from_secs(39)));
    assert_eq!(all.milestones.stages, [Duration::from_millis(11_700)]);
    // The first and the third began in one second, the second in the next.
    let users: Vec<_> =
        all.totals.timeline().slices().map(|(begin, slice)| (begin, slice.gauges.users)).collect();
    assert_eq!(users, [(0, 4), (1, 2)]);
}

#[test]
fn long_runs_are_joined_in_wide_slices() {
    let long = |began: i64, seconds: u64| {
        let mut totals = Totals::new(Timestamp::from_second(began).unwrap());
        let mut recorder = Recorder::new();
        for second in 0..seconds {
            recorder.record(&Sample {
                method: "GET",
                name: "/",
                response_time: Some(Duration::from_millis(5)),
                service_time: None,
                size: 1,
                failure: None,
                ended: Duration::from_secs(second),
            });
        }
        totals.merge(&recorder.take());
        RunResult::new(totals, Duration::from_secs(seconds))
    };
    // Widths of 5 s, 1 s and 60 s.
    let (a, b, c) = (long(1_000_003, 700), long(1_000_007, 100), long(1_000_000, 2000));
    let all = RunResult::joined(&[&a, &b, &c]);
    assert_eq!(all, RunResult::joined(&[&RunResult::joined(&[&b, &a]), &c]));
    assert_eq!(all, RunResult::joined(&[&c, &RunResult::joined(&[&a, &b])]));
    let timeline = all.totals.timeline();
    assert_eq!(timeline.width(), 60);
    assert_eq!(timeline.slices().map(|(_, slice)| slice.all.requests).sum::<u64>(), 2800);
    // The last seconds are exact, and slices begin at whole minutes of wall time.
    assert_eq!(timeline.window(1940, 2000).map(|window| window.aggregated.requests), Some(60));
    assert!(timeline.whole_slices(0, 2000).all(|begin| (1_000_000 + begin) % 60 == 0));
    let saved = serde_json::to_string(&all).unwrap();
    assert_eq!(serde_json::from_str::<RunResult>(&saved).unwrap(), all);
}
