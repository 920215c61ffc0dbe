//! Results of runs that never were, as large or as strange as a test wants them.

use jiff::Timestamp;
use katydid::plan::Outline;
use katydid::report::{EndingCause, FORMAT, Machine, Record, RunEnding, VERSION};
use katydid::stats::{Gauges, Recorder, RunResult, Sample, Totals};
use std::time::Duration;

/// The record of a run of so many seconds with so many users, in which one request was sent to each of these names in each of
/// its seconds, or in 300 of them where it took longer; every `failing`th one fails.
pub fn record(names: &[String], seconds: u64, users: u64, failing: u64) -> Record {
    let mut totals = Totals::new(Timestamp::from_second(1_795_000_000).expect("a time"));
    let mut recorder = Recorder::new();
    let mut count = 0_u64;
    for second in (0..seconds).step_by(usize::try_from(seconds / 300).expect("a day or so").max(1)) {
        for (index, name) in names.iter().enumerate() {
            count += 1;
            // Slower in the afternoon, and now and then.
            let wave = 20_000 + 15_000 * (second * 7 / seconds.max(1) % 3);
            let time = Duration::from_micros(
                wave + count * 7919 % 9_000 + 400_000 * u64::from(count.is_multiple_of(997)),
            );
            recorder.record(&Sample {
                method: if index % 2 == 0 { "GET" } else { "POST" },
                name,
                response_time: Some(time),
                service_time: None,
                size: 300 + count % 700,
                failure: (failing > 0 && count.is_multiple_of(failing)).then_some("503 Service Unavailable"),
                ended: Duration::from_secs(second) + Duration::from_millis(count % 1000),
            });
        }
        totals.merge(&recorder.take());
        let gauges = Gauges {
            users: users.min(second + 1),
            cpu: Duration::from_millis(150 + second % 50),
            lateness: Duration::from_micros(900 + second % 700),
            ..Gauges::default()
        };
        totals.note_gauges(second, &gauges);
    }
    let mut run = RunResult::new(totals, Duration::from_secs(seconds));
    run.user_count = users;
    run.milestones.spawned = Some(Duration::from_secs(users.min(seconds)));
    run.milestones.ending = Some(Duration::from_secs(seconds));
    Record {
        format: FORMAT.to_owned(),
        version: VERSION,
        katydid: "0.1.0".to_owned(),
        machine: Machine {
            os: "linux".to_owned(),
            arch: "x86_64".to_owned(),
            cores: 4,
            ..Machine::default()
        },
        scripts: vec!["main.rhai".to_owned()],
        host: Some("https://shop.example".to_owned()),
        seed: 7,
        options: Vec::new(),
        plan: Outline::default(),
        ending: RunEnding { cause: EndingCause::RunTime, reason: None },
        failed_hooks: 0,
        run,
        invalid: Vec::new(),
        allow_saturation: false,
        verdicts: Vec::new(),
        exit_code_on_error: None,
        exit_code_of_hook: None,
        exit_code: u8::from(failing > 0),
    }
}
