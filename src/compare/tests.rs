use super::metric::Scale;
use super::{Comparison, Finding, Lack, Metric, Presence, compare};
use crate::stats::{Milestones, Recorder, RunResult, Sample, Totals};
use crate::util::Stream;
use proptest::prelude::{Strategy, prop};
use proptest::{prop_assert, prop_assert_eq, proptest};
use rand::RngExt;
use std::time::Duration;

/// What makes the noise of a run that is made up.
#[derive(Clone, Copy, Debug)]
struct Kind {
    seconds: u64,
    /// Mean requests per second.
    rate: f64,
    /// Median response time in milliseconds.
    median: f64,
    /// How much the logarithms of the times of single requests vary.
    spread: f64,
    /// How much those of whole seconds do.
    drift: f64,
    /// How much a second resembles the last one.
    correlation: f64,
    /// How much runs differ from each other.
    between: f64,
    /// The share of requests that fail.
    failing: f64,
}

const KIND: Kind = Kind {
    seconds: 60,
    rate: 25.0,
    median: 8.0,
    spread: 0.4,
    drift: 0.05,
    correlation: 0.6,
    between: 0.0,
    failing: 0.01,
};

/// A number of the normal distribution (Box and Muller).
fn normal(stream: &mut Stream) -> f64 {
    let (one, two): (f64, f64) = (1.0 - stream.random::<f64>(), stream.random());
    (-2.0 * one.ln()).sqrt() * (2.0 * std::f64::consts::PI * two).cos()
}

/// A run whose seconds hang together: a first-order autoregressive course of the logarithm of its times.
fn run(kind: Kind, stream: &mut Stream) -> RunResult {
    let mut totals = Totals::new(jiff::Timestamp::UNIX_EPOCH);
    let mut recorder = Recorder::new();
    let level = kind.median.ln() + kind.between * normal(stream);
    let mut drift = kind.drift * normal(stream);
    for second in 0..kind.seconds {
        let fresh = (1.0 - kind.correlation.powi(2)).sqrt() * kind.drift * normal(stream);
        drift = kind.correlation * drift + fresh;
        let count = (kind.rate * (-0.3 * drift).exp() + kind.rate.sqrt() * normal(stream)).round().max(0.0);
        for _ in 0..count as u64 {
            let time = (level + drift + kind.spread * normal(stream)).exp();
            let failure = (stream.random::<f64>() < kind.failing).then_some("503 Service Unavailable");
            recorder.record(&Sample {
                method: "GET",
                name: "/items",
                response_time: Some(Duration::from_secs_f64(time / 1000.0)),
                service_time: None,
                size: 512,
                failure,
                ended: Duration::from_secs(second),
            });
        }
        totals.merge(&recorder.take());
    }
    let end = Duration::from_secs(kind.seconds);
    let milestones = Milestones { spawned: Some(Duration::ZERO), ending: Some(end), ..Milestones::default() };
    RunResult { milestones, ..RunResult::new(totals, end) }
}

fn runs(kind: Kind, count: usize, stream: &mut Stream) -> Vec<RunResult> {
    (0..count).map(|_| run(kind, stream)).collect()
}

fn compared(base: &[RunResult], new: &[RunResult]) -> Comparison {
    compare(&base.iter().collect::<Vec<_>>(), &new.iter().collect::<Vec<_>>(), true)
}

fn finding(comparison: &Comparison, name: &str, metric: Metric) -> Finding {
    let name = comparison.names.iter().find(|row| &*row.name == name).expect("the name is there");
    name.changes.iter().find(|change| change.metric == metric).expect("every metric is there").finding
}

/// In how many of so many comparisons of runs of one kind something is called real.
fn alarms(pairs: usize, kind: Kind, (base, new): (usize, usize), seed: u128) -> usize {
    let mut stream = Stream::new(seed);
    let is_alarm = |_: &usize| {
        let comparison = compared(&runs(kind, base, &mut stream), &runs(kind, new, &mut stream));
        comparison.changes().any(|(_, change)| change.is_real())
    };
    (0..pairs).filter(is_alarm).count()
}

#[test]
fn equal_runs_are_seldom_called_different() {
    // One in a hundred by the method; where seconds hang together strongly, up to one in twenty.
    let (pairs, kind) = (200, Kind { seconds: 40, rate: 10.0, ..KIND });
    let found = alarms(pairs, kind, (1, 1), 1);
    assert!(found <= pairs / 20, "{found} of {pairs}");
    let strongly = Kind { correlation: 0.8, ..kind };
    let found = alarms(60, strongly, (1, 1), 2);
    assert!(found <= 4, "{found} of 60");
}

#[test]
fn runs_that_differ_by_themselves_are_seldom_called_different() {
    let kind = Kind { between: 0.05, rate: 8.0, seconds: 40, ..KIND };
    let found = alarms(40, kind, (3, 3), 3);
    assert!(found <= 2, "{found} of 40");
    // A single run on each side does not show how runs differ from each other: this is what several are for.
    let alone = alarms(40, Kind { between: 0.15, ..kind }, (1, 1), 4);
    assert!(alone > 10, "{alone} of 40");
}

#[test]
fn a_shift_of_ten_percent_is_found() {
    let slower = Kind { median: KIND.median * 1.1, ..KIND };
    let longer = |kind: Kind| Kind { seconds: 150, ..kind };
    let mut stream = Stream::new(5);
    let mut found = 0;
    for _ in 0..8 {
        let pair = (runs(longer(KIND), 1, &mut stream), runs(longer(slower), 1, &mut stream));
        let comparison = compared(&pair.0, &pair.1);
        found += usize::from(finding(&comparison, "/items", Metric::P95) == Finding::Worse);
        let regressed = comparison.regressions(0.02).any(|(_, change)| change.metric == Metric::P95);
        assert_eq!(regressed, finding(&comparison, "/items", Metric::P95) == Finding::Worse);
        assert!(comparison.regressions(0.5).next().is_none(), "it is not that much");
        assert_eq!(finding(&comparison, "/items", Metric::Max), Finding::Shown);
    }
    assert!(found >= 7, "{found} of 8");
}

#[test]
fn failures_where_there_were_none_are_found() {
    let mut stream = Stream::new(6);
    let base = runs(Kind { failing: 0.0, ..KIND }, 1, &mut stream);
    let new = runs(Kind { failing: 0.05, ..KIND }, 1, &mut stream);
    let comparison = compared(&base, &new);
    assert_eq!(finding(&comparison, "/items", Metric::FailRatio), Finding::Worse);
    let change = comparison.regressions(10.0).next().expect("any failure is more than none").1;
    assert_eq!((change.metric, change.relative, change.base), (Metric::FailRatio, None, Some(0.0)));
    let back = compared(&new, &base);
    assert_eq!(finding(&back, "/items", Metric::FailRatio), Finding::Better);
    assert_eq!(back.regressions(0.0).count(), 0);
}

#[test]
fn a_rate_says_something_where_the_load_was_the_same() {
    let mut stream = Stream::new(7);
    let base = runs(KIND, 1, &mut stream);
    let new = runs(Kind { rate: 15.0, ..KIND }, 1, &mut stream);
    let rate = |same| {
        let comparison = compare(&[&base[0]], &[&new[0]], same);
        finding(&comparison, "Aggregated", Metric::Rate)
    };
    assert_eq!((rate(true), rate(false)), (Finding::Worse, Finding::Changed));
}

#[test]
fn too_little_is_said_to_be_too_little() {
    let mut stream = Stream::new(8);
    let short = runs(Kind { seconds: 9, ..KIND }, 1, &mut stream);
    let whole = runs(KIND, 1, &mut stream);
    let lack = Finding::CannotTell(Lack::Slices { have: 9, needs: 10 });
    assert_eq!(finding(&compared(&whole, &short), "/items", Metric::Average), lack);
    let thin = runs(Kind { rate: 5.0, ..KIND }, 1, &mut stream);
    let comparison = compared(&whole, &thin);
    let Finding::CannotTell(lack) = finding(&comparison, "/items", Metric::P99) else { panic!() };
    let text = lack.to_string();
    assert!(text.starts_with("needs 1000 requests on each side, has "), "{text}");
    assert_eq!(finding(&comparison, "/items", Metric::P50), Finding::Noise);

    let none = RunResult::new(Totals::new(jiff::Timestamp::UNIX_EPOCH), Duration::ZERO);
    let comparison = compared(&whole, std::slice::from_ref(&none));
    assert_eq!(comparison.names[0].presence, Presence::Removed);
    assert_eq!(finding(&comparison, "/items", Metric::P50), Finding::CannotTell(Lack::Data));
    let nothing = compared(std::slice::from_ref(&none), std::slice::from_ref(&none));
    assert_eq!((nothing.names.len(), nothing.judged), (1, 0));
}

#[test]
fn a_run_does_not_differ_from_itself_and_the_answer_is_always_the_same() {
    let mut stream = Stream::new(9);
    let (one, other) = (runs(KIND, 1, &mut stream), runs(KIND, 1, &mut stream));
    let same = compared(&one, &one);
    assert!(same.judged > 0 && same.changes().all(|(_, change)| !change.is_real()));
    assert_eq!(compared(&one, &other), compared(&one, &other));
    let saved = serde_json::to_string(&compared(&one, &other)).expect("plain data");
    assert_eq!(serde_json::from_str::<Comparison>(&saved).expect("the same"), compared(&one, &other));
}

#[test]
fn where_the_ramp_is_known_it_is_left_out() {
    let mut stream = Stream::new(10);
    let mut one = run(KIND, &mut stream);
    one.milestones.spawned = Some(Duration::from_millis(5_400));
    one.milestones.ending = Some(Duration::from_millis(59_500));
    let comparison = compared(std::slice::from_ref(&one), &runs(KIND, 1, &mut stream));
    assert!(comparison.steady);
    let piece = &comparison.base[0];
    assert_eq!((piece.from, piece.to, piece.slices, piece.width), (6, 59, 53, 1));
    // A run that ended in its ramp has no steady stretch, so all of both is compared.
    one.milestones.spawned = None;
    let comparison = compared(std::slice::from_ref(&one), &runs(KIND, 1, &mut stream));
    assert!(!comparison.steady);
    assert_eq!((comparison.base[0].from, comparison.new[0].to), (0, 60));
}

fn kind() -> impl Strategy<Value = Kind> {
    (0_u64..40, 0.0..12.0, 0.001..1e4, 0.0..2.0, 0.0..1.0).prop_map(
        |(seconds, rate, median, spread, failing)| Kind { seconds, rate, median, spread, failing, ..KIND },
    )
}

proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(16))]

    #[test]
    fn it_never_panics_and_the_sides_mirror_each_other(
        base in prop::collection::vec(kind(), 1..3), new in prop::collection::vec(kind(), 1..3), seed: u64,
    ) {
        let mut stream = Stream::new(u128::from(seed));
        let base: Vec<_> = base.into_iter().map(|kind| run(kind, &mut stream)).collect();
        let new: Vec<_> = new.into_iter().map(|kind| run(kind, &mut stream)).collect();
        let (there, back) = (compared(&base, &new), compared(&new, &base));
        prop_assert_eq!(there.judged, back.judged);
        prop_assert_eq!(there.names.len(), back.names.len());
        for ((_, one), (_, other)) in there.changes().zip(back.changes()) {
            let there_scale = one.metric.scale();
            prop_assert_eq!((one.base, one.new), (other.new, other.base));
            prop_assert_eq!(one.difference, other.difference.map(|difference| -difference));
            let mirrored = match one.finding {
                Finding::Worse => Finding::Better,
                Finding::Better => Finding::Worse,
                finding => finding,
            };
            prop_assert_eq!(mirrored, other.finding);
            if let (Some(one), Some(other)) = (one.relative_interval, other.relative_interval) {
                prop_assert!(one.0.is_finite() && one.1.is_finite());
                let ratio = (1.0 + one.0) * (1.0 + other.1);
                let by_ratio = Scale::Ratio == there_scale;
                prop_assert!(!by_ratio || (ratio - 1.0).abs() < 1e-6, "{}", ratio);
            }
            // An interval leaves zero out where, and only where, the difference is real.
            if let Some((low, high)) = one.difference_interval {
                let touches = low.abs().min(high.abs()) < 1e-9 * (high - low).abs();
                prop_assert!(touches || one.is_real() == (low > 0.0 || high < 0.0), "{:?}", one);
            }
        }
    }
}
