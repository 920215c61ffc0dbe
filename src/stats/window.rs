//! Percentiles of the last seconds, from a series of states of one entry.

use super::times::rank;
use super::{Entry, Histogram};
use std::collections::VecDeque;
use std::time::Duration;

/// How far back the window reaches.
const REACH: Duration = Duration::from_secs(10);

/// The response times of the last ten seconds of one entry. It is told the entry's state from time to time and keeps the
/// differences, which are small.
#[derive(Clone, Debug, Default)]
pub struct Window {
    before: Histogram,
    parts: VecDeque<(Duration, Histogram)>,
}

impl Window {
    /// Tells that at `now` the entry stands as given.
    pub fn advance(&mut self, now: Duration, entry: &Entry) {
        let state = entry.times.histogram();
        if state.len() < self.before.len() {
            // The statistics were reset.
            *self = Self::default();
        }
        while self.parts.front().is_some_and(|(at, _)| *at + REACH <= now) {
            self.parts.pop_front();
        }
        if state.len() > self.before.len() {
            self.parts.push_back((now, state.since(&self.before)));
            self.before.clone_from(state);
        }
    }

    /// Percentiles of the window; `quantiles` must ascend. Empty if nothing ended in it. None is above the entry's maximum.
    #[must_use]
    pub fn percentiles(&self, entry: &Entry, quantiles: &[f64]) -> Vec<Duration> {
        let mut all = Histogram::default();
        self.parts.iter().for_each(|(_, part)| all.merge(part));
        let ranks: Vec<u64> = quantiles.iter().map(|quantile| rank(*quantile, all.len())).collect();
        let (min, max) = (entry.times.min().unwrap_or_default(), entry.times.max().unwrap_or(Duration::MAX));
        all.values_at(&ranks).into_iter().map(|value| Duration::from_nanos(value).clamp(min, max)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Window;
    use crate::stats::{Recorder, Sample, Totals};
    use std::time::Duration;

    #[test]
    fn forgets_what_is_older_than_ten_seconds() {
        let mut totals = Totals::new(jiff::Timestamp::UNIX_EPOCH);
        let mut recorder = Recorder::new();
        let mut window = Window::default();
        for second in 1..=30 {
            let now = Duration::from_secs(second);
            let time = Duration::from_micros(if second <= 15 { 900 } else { 2 });
            let sample = Sample {
                method: "GET",
                name: "/",
                response_time: Some(time),
                service_time: None,
                size: 0,
                failure: None,
                ended: now,
            };
            recorder.record(&sample);
            totals.merge(&recorder.take());
            window.advance(now, totals.aggregated());
            let median = window.percentiles(totals.aggregated(), &[0.5, 1.0]);
            let expected = match second {
                ..=15 => [900, 900],
                16..=20 => [900, 900],
                21..=24 => [2, 900],
                _ => [2, 2],
            };
            let near = |a: Duration, b: u64| a.as_nanos().abs_diff(u128::from(b) * 1000) < 1000;
            assert!(near(median[0], expected[0]) && near(median[1], expected[1]), "{second}: {median:?}");
        }
        window.advance(Duration::from_secs(50), totals.aggregated());
        assert!(window.percentiles(totals.aggregated(), &[0.5]).is_empty());
    }
}
