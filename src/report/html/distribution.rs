//! How response times are distributed: the percentile spectrum, and a histogram.

use super::course::Milliseconds;
use crate::stats::Times;
use serde::Serialize;

/// Bars of a histogram.
const BARS: usize = 40;

/// The times at the shares 1 - 10^-x, for x from 0 in steps of 1/`steps`; the last is the largest of all, where x is log10
/// of their number.
#[derive(Debug, Serialize)]
pub(super) struct Spectrum {
    count: u64,
    steps: u32,
    times: Vec<Milliseconds>,
}

impl Spectrum {
    /// With so many points for each further nine.
    pub(super) fn new(times: &Times, steps: u32) -> Self {
        let reach = (times.len().max(1) as f64).log10() * f64::from(steps);
        // Not negative, and at most 20 nines.
        let points = (reach - 1e-9).ceil().max(0.0) as u32;
        let shares = (0..points).map(|point| 1.0 - 10_f64.powf(-f64::from(point) / f64::from(steps)));
        let shares: Vec<f64> = shares.chain([1.0]).collect();
        let times_at = times.percentiles(&shares).into_iter().map(Milliseconds).collect();
        Self { count: times.len(), steps, times: times_at }
    }
}

/// How many times fell between `from` * `ratio`^i and `from` * `ratio`^(i + 1).
#[derive(Debug, Default, Serialize)]
pub(super) struct Bars {
    from: Option<Milliseconds>,
    ratio: Option<Ratio>,
    counts: Vec<u64>,
}

#[derive(Debug, Serialize)]
struct Ratio(f64);

impl Bars {
    pub(super) fn new(times: &Times) -> Self {
        let (Some(min), Some(max)) = (times.min(), times.max()) else { return Self::default() };
        let lowest = min.as_nanos().max(1) as f64;
        let whole = (max.as_nanos() as f64 / lowest).max(1.5);
        // A hair more, so that the largest falls into the last bar and not behind it.
        let ratio = whole.powf(1.0 / BARS as f64) * (1.0 + 1e-9);
        let mut counts = vec![0; BARS];
        for (value, count) in times.histogram().values() {
            // Bounded by the number of bars; what a bucket rounds below the smallest belongs to the first.
            let bar = ((value as f64 / lowest).ln() / ratio.ln()).max(0.0) as usize;
            counts[bar.min(BARS - 1)] += count;
        }
        Self { from: Some(Milliseconds(min)), ratio: Some(Ratio(ratio)), counts }
    }
}

/// Both, and the spectrum of the service times where they differ.
#[derive(Debug, Serialize)]
pub(super) struct Distribution {
    response: Spectrum,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<Spectrum>,
    bars: Bars,
}

impl Distribution {
    pub(super) fn new(times: &Times, service: Option<&Times>, steps: u32) -> Self {
        Self {
            response: Spectrum::new(times, steps),
            service: service.map(|times| Spectrum::new(times, steps)),
            bars: Bars::new(times),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Bars, Spectrum};
    use crate::stats::Times;
    use std::time::Duration;

    fn of(milliseconds: impl IntoIterator<Item = u64>) -> Times {
        let mut times = Times::default();
        milliseconds.into_iter().for_each(|ms| times.record(Duration::from_millis(ms)));
        times
    }

    fn json(value: &impl serde::Serialize) -> String {
        serde_json::to_string(value).expect("plain data")
    }

    #[test]
    fn the_spectrum_begins_with_the_smallest_and_ends_with_the_largest() {
        let times = of(1..=1000);
        assert_eq!(json(&Spectrum::new(&times, 1)), r#"{"count":1000,"steps":1,"times":[1,901,991,1000]}"#);
        assert_eq!(json(&Spectrum::new(&of([7]), 20)), r#"{"count":1,"steps":20,"times":[7]}"#);
        assert_eq!(json(&Spectrum::new(&of([]), 20)), r#"{"count":0,"steps":20,"times":[]}"#);
    }

    #[test]
    fn every_time_is_in_a_bar() {
        for times in [of([5]), of([5, 5, 5]), of([0, 1, 100_000]), of(1..3000)] {
            let bars = Bars::new(&times);
            assert_eq!(bars.counts.iter().sum::<u64>(), times.len(), "{bars:?}");
            assert!(bars.counts[0] > 0);
        }
        assert_eq!(json(&Bars::new(&of([]))), r#"{"from":null,"ratio":null,"counts":[]}"#);
    }
}
