//! Due times against what they mean: areas under the curve, counts, and the statistics of random gaps.

use super::{Arrivals, Stage, portion};
use crate::plan::ClassId;
use crate::util::{Purpose, stream};
use proptest::prelude::*;
use std::time::Duration;

fn arrivals(stages: &[(f64, f64, f64)]) -> Arrivals {
    let stage = |&(seconds, from, to)| Stage { duration: Duration::from_secs_f64(seconds), from, to };
    Arrivals {
        class: ClassId(0),
        stages: stages.iter().map(stage).collect(),
        poisson: false,
        start_users: 0,
        max_users: None,
        declared_at: String::new(),
    }
}

/// The times in seconds.
fn times(arrivals: &Arrivals, seed: u64) -> Vec<f64> {
    let times = arrivals.due_times(0, 1, stream(seed, 0, Purpose::Arrivals));
    times.map(|(_, due)| due.as_secs_f64()).collect()
}

#[test]
fn a_constant_rate_is_even_and_exact() {
    let times = times(&arrivals(&[(20.0, 50.0, 50.0)]), 1);
    assert_eq!(times.len(), 1000);
    for (number, time) in times.iter().enumerate() {
        assert!((time - number as f64 * 0.02).abs() < 1e-9, "{number} at {time}");
    }
}

#[test]
fn counts_are_exact_where_the_area_is_whole() {
    let per_minute = 1.0 / 60.0;
    for (stages, count) in [
        (vec![(600.0, 100.0 * per_minute, 100.0 * per_minute)], 1000),
        (vec![(30.0, 7.0 * per_minute, 7.0 * per_minute), (30.0, 5.0 * per_minute, 5.0 * per_minute)], 6),
        (vec![(10.0, 0.0, 100.0)], 500),
        (vec![(10.0, 0.0, 10.0), (10.0, 10.0, 10.0), (10.0, 10.0, 0.0)], 200),
        (vec![(0.1, 10.0, 10.0); 10], 10),
        (vec![(3.0, 0.1, 0.1); 100], 30),
        // Arrivals are from 0 on: a fraction above a whole number is begun.
        (vec![(1.0, 2.5, 2.5)], 3),
        (vec![(1.0, 0.001, 0.001)], 1),
        (vec![(10.0, 0.0, 0.0)], 0),
        (vec![], 0),
    ] {
        assert_eq!(times(&arrivals(&stages), 1).len(), count, "{stages:?}");
    }
}

#[test]
fn fractions_are_carried_over_stages() {
    // 1.5 arrivals, then 1.5 more: the third is due in the middle of nothing but its own time.
    let split = times(&arrivals(&[(1.0, 1.5, 1.5), (1.0, 1.5, 1.5)]), 1);
    assert_eq!(split, times(&arrivals(&[(2.0, 1.5, 1.5)]), 1));
}

#[test]
fn a_pause_and_a_jump_hold_no_arrival() {
    let stages = [(2.0, 0.0, 0.0), (0.0, 0.0, 10.0), (1.0, 10.0, 10.0), (5.0, 0.0, 0.0), (0.2, 10.0, 10.0)];
    let times = times(&arrivals(&stages), 1);
    assert_eq!(times.len(), 12);
    // Not at the pause's beginning, where the area comes to a whole number, but at its end, where it goes on.
    assert_eq!((times[0], times[10]), (2.0, 8.0));
    assert!((times[9] - 2.9).abs() < 1e-9 && (times[11] - 8.1).abs() < 1e-9, "{times:?}");
}

#[test]
fn a_ramp_follows_the_square_root() {
    // 0 to 100/s in 10 s: the area is 5 t^2.
    for (number, time) in times(&arrivals(&[(10.0, 0.0, 100.0)]), 1).iter().enumerate() {
        assert!((time - (number as f64 / 5.0).sqrt()).abs() < 1e-9, "{number} at {time}");
    }
    // And down again it is the mirror image, arrival 500 - n at 10 - t.
    let down = times(&arrivals(&[(10.0, 100.0, 0.0)]), 1);
    assert_eq!(down.len(), 500);
    for (number, time) in down.iter().enumerate() {
        assert!((time - (10.0 - ((500 - number) as f64 / 5.0).sqrt())).abs() < 1e-9, "{number} at {time}");
    }
}

#[test]
fn a_long_run_does_not_drift() {
    let day = arrivals(&[(86_400.0, 1000.0, 1000.0)]);
    let mut late = day.due_times(86_399_999, 1, stream(1, 0, Purpose::Arrivals));
    let (number, due) = late.next().expect("the last arrival of the day");
    assert_eq!(number, 86_399_999);
    assert!((due.as_secs_f64() - 86_399.999).abs() < 1e-9, "{due:?}");
    assert_eq!(late.next(), None);
}

#[test]
fn random_gaps_have_the_rate_and_the_spread_of_a_poisson_process() {
    let mut steady = arrivals(&[(200.0, 50.0, 50.0)]);
    steady.poisson = true;
    let seeds = 20;
    let (mut total, mut squares) = (0.0, 0.0);
    for seed in 0..seeds {
        let times = times(&steady, seed);
        let mut seconds = [0.0; 200];
        times.iter().for_each(|time| seconds[*time as usize] += 1.0);
        total += times.len() as f64;
        squares += seconds.iter().map(|count| (count - 50.0) * (count - 50.0)).sum::<f64>();
        // Kolmogorov and Smirnov: the gaps are exponential. 1.63 / sqrt(n) is the bound at one percent.
        let mut gaps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        gaps.sort_by(f64::total_cmp);
        let n = gaps.len() as f64;
        let distance = gaps.iter().enumerate().map(|(rank, gap)| {
            let wanted = 1.0 - (-50.0 * gap).exp();
            (rank as f64 / n - wanted).abs().max(((rank + 1) as f64 / n - wanted).abs())
        });
        let distance = distance.fold(0.0, f64::max);
        assert!(distance < 1.95 / n.sqrt(), "seed {seed}: {distance}");
    }
    let bins = 200.0 * seeds as f64;
    // The mean and the variance of the count of a second are both 50; the bounds are four standard errors.
    assert!((total / bins - 50.0).abs() < 4.0 * (50.0 / bins).sqrt(), "mean {}", total / bins);
    let dispersion = squares / bins / 50.0;
    assert!((dispersion - 1.0).abs() < 4.0 * (2.0 / bins).sqrt(), "index of dispersion {dispersion}");
}

#[test]
fn a_shard_serves_arrivals_in_proportion_to_its_users() {
    let minute = [(60.0, 1.0, 1.0)];
    let numbers = |users: usize, shards: usize, part: usize| -> Vec<u64> {
        let arrivals = Arrivals { max_users: Some(users), ..arrivals(&minute) };
        let times = arrivals.due_times(part as u64, shards as u64, stream(1, 0, Purpose::Arrivals));
        times.map(|(number, _)| number).take(6).collect()
    };
    assert_eq!(numbers(3, 2, 0), [0, 2, 3, 5, 6, 8], "two users of three");
    assert_eq!(numbers(3, 2, 1), [1, 4, 7, 10, 13, 16]);
    assert_eq!(numbers(4, 2, 1), [1, 3, 5, 7, 9, 11]);
    assert_eq!(numbers(1, 1, 0), [0, 1, 2, 3, 4, 5]);
}

#[test]
fn portions_make_the_whole() {
    let parts = |whole, parts| (0..parts).map(|part| portion(whole, part, parts)).collect::<Vec<_>>();
    assert_eq!(parts(10, 3), [4, 3, 3]);
    assert_eq!(parts(2, 3), [1, 1, 0]);
    let few = Arrivals { max_users: Some(2), ..arrivals(&[]) };
    assert_eq!((few.parts(8), few.parts(1), arrivals(&[]).parts(8)), (2, 1, 8));
}

fn stages() -> impl Strategy<Value = Vec<(f64, f64, f64)>> {
    let rate = || prop_oneof![2 => Just(0.0), 1 => 0.01..1.0, 4 => 0.5..80.0];
    let stage = (prop_oneof![1 => Just(0.0), 6 => 0.01..6.0], rate(), rate());
    let flat = (0.01..6.0, rate()).prop_map(|(seconds, rate)| (seconds, rate, rate));
    prop::collection::vec(prop_oneof![stage, flat], 1..6)
}

/// The area under the curve up to a time, summed up in many small steps.
fn integral(stages: &[(f64, f64, f64)], until: f64) -> f64 {
    let (mut start, mut area) = (0.0, 0.0);
    for &(seconds, from, to) in stages {
        let here = (until - start).clamp(0.0, seconds);
        let steps = 400;
        let step = here / f64::from(steps);
        for index in 0..steps {
            let middle = (f64::from(index) + 0.5) * step;
            area += step * (from + (to - from) * middle / seconds.max(f64::MIN_POSITIVE));
        }
        start += seconds;
    }
    area
}

proptest! {
    #[test]
    fn every_arrival_is_due_when_the_area_is_its_number(stages in stages()) {
        // As `Duration` has them: to the nanosecond.
        let stages: Vec<_> = stages
            .into_iter()
            .map(|(seconds, from, to)| (Duration::from_secs_f64(seconds).as_secs_f64(), from, to))
            .collect();
        let arrivals = arrivals(&stages);
        let times = times(&arrivals, 1);
        let end = arrivals.duration().as_secs_f64();
        let total = integral(&stages, end + 1.0);
        prop_assert!((times.len() as f64 - total) > -1e-6 && (times.len() as f64 - total) < 1.0 + 1e-6, "{} of {total}", times.len());
        for (number, time) in times.iter().enumerate() {
            prop_assert!(*time <= end + 1e-9);
            // A nanosecond at 80 per second is an area of 1e-7.
            let area = integral(&stages, *time);
            prop_assert!((area - number as f64).abs() < 1e-5, "{number} at {time}: {area}");
        }
        prop_assert!(times.windows(2).all(|pair| pair[0] <= pair[1]), "in order");
    }

    #[test]
    fn shards_together_have_every_arrival_once(
        stages in stages(), users in 1usize..20, shards in 1usize..6, poisson: bool, seed: u64,
    ) {
        let arrivals = Arrivals { poisson, max_users: Some(users), ..arrivals(&stages) };
        let parts = arrivals.parts(shards) as u64;
        let of = |first, parts| arrivals.due_times(first, parts, stream(seed, 0, Purpose::Arrivals)).take(2000);
        let alone: Vec<_> = of(0, 1).collect();
        let mut together: Vec<_> = (0..parts).flat_map(|first| of(first, parts)).collect();
        together.sort_unstable();
        together.truncate(alone.len().max(1));
        if alone.len() < 2000 {
            prop_assert_eq!(alone, together);
        }
    }
}
