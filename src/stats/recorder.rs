//! The shard's end of the ledger: the hot path.

use super::arrivals::ArrivalSummary;
use super::bounded::{Bounded, Spot, TEXT_KEPT, clip};
use super::circumstances::Circumstances;
use super::counters::RunCounters;
use super::entry::Entry;
use super::grouping::grouped;
use super::overflow::{Beyond, News};
use super::phases::PhaseSample;
use super::problems::{Exceptions, Failures};
use super::snapshot::Snapshot;
use std::collections::{BTreeMap, HashMap, hash_map};
use std::time::Duration;

/// One finished request, or anything else that is counted like one.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    /// The type column: `GET`, `TX`, `REDIS`.
    pub method: &'a str,
    /// The name under which it is counted.
    pub name: &'a str,
    /// How long it took, counted from when it should have begun; none = counted, not timed.
    pub response_time: Option<Duration>,
    /// How long it took from when it did begin, where that was later than it should have been.
    pub service_time: Option<Duration>,
    /// Bytes of the body.
    pub size: u64,
    /// Why it failed, if it did.
    pub failure: Option<&'a str>,
    /// When it ended, since the start of the run: the second that it belongs to.
    pub ended: Duration,
}

/// Counts what one shard does. Not shared: every shard has its own.
///
/// Its memory is bounded by the number of names: [`Recorder::take`] hands the counts over and keeps the names.
#[derive(Debug, Default)]
pub struct Recorder {
    series: Bounded<Entry>,
    /// The second that the series count now.
    second: u64,
    /// Which series have counted something in it since the last take, in the order of their first sample.
    touched: Vec<Spot>,
    /// Seconds that are over, or that a verdict which fell late belongs to.
    others: BTreeMap<u64, HashMap<Spot, Entry>>,
    failures: Failures,
    /// Failure texts are grouped from the first on.
    grouping: bool,
    exceptions: Exceptions,
    /// Names that were counted for the first time since the last take.
    news: Vec<News>,
    /// What there was no room for since the last take.
    beyond: Beyond,
    counters: RunCounters,
    arrivals: Option<Box<ArrivalSummary>>,
}

impl Recorder {
    /// A recorder that has counted nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, which groups the texts of failures and exceptions from the first on, if `grouping` says so, and not only where there are too many.
    #[must_use]
    pub fn grouping(grouping: bool) -> Self {
        Self {
            grouping,
            failures: Failures::new(grouping),
            exceptions: Exceptions::new(grouping),
            ..Self::default()
        }
    }

    /// Counts a sample: one lookup by (method, name), no allocation for a known name.
    pub fn record(&mut self, sample: &Sample<'_>) {
        self.record_phased(sample, None);
    }

    /// The same for a request whose phases are counted too.
    pub fn record_phased(&mut self, sample: &Sample<'_>, phases: Option<&PhaseSample>) {
        self.record_in(sample, phases, &Circumstances::default());
    }

    /// The same where it is known what line of a script made it.
    pub fn record_in(
        &mut self,
        sample: &Sample<'_>,
        phases: Option<&PhaseSample>,
        circumstances: &Circumstances<'_>,
    ) {
        if sample.name.len().max(sample.method.len()) > TEXT_KEPT {
            return self.record_cut(sample, phases, circumstances);
        }
        let known = self.series.len();
        let spot = self.series.spot([sample.method, sample.name, ""]);
        if !matches!(spot, Spot::Kept(at) if at < known) {
            self.note_news(sample, spot, circumstances);
        }
        let second = sample.ended.as_secs();
        if second > self.second {
            self.turn_to(second);
        }
        let entry = if second == self.second {
            let entry = self.series.at(spot);
            if entry.requests == 0 {
                self.touched.push(spot);
            }
            entry
        } else {
            let Entry { method, name, .. } = self.series.at(spot);
            let (method, name) = (method.clone(), name.clone());
            let others = self.others.entry(second).or_default();
            others.entry(spot).or_insert_with(|| Entry::shared(method, name))
        };
        entry.record(sample);
        if let Some(phases) = phases {
            entry.record_phases(phases);
        }
        if let Some(text) = sample.failure {
            let text = &*clip(text);
            let form = || grouped(text, sample.name, circumstances.url);
            let row = self.failures.row([sample.method, sample.name, text], form);
            row.seen(sample.ended, text, circumstances.failure.or(circumstances.call));
        }
    }

    /// Counts what has a name that is too long to be kept.
    #[cold]
    fn record_cut(
        &mut self,
        sample: &Sample<'_>,
        phases: Option<&PhaseSample>,
        circumstances: &Circumstances<'_>,
    ) {
        let (method, name) = (clip(sample.method), clip(sample.name));
        self.record_in(&Sample { method: &method, name: &name, ..*sample }, phases, circumstances);
    }

    /// Says where a name comes from that is new, or for which there is no room.
    #[cold]
    fn note_news(&mut self, sample: &Sample<'_>, spot: Spot, circumstances: &Circumstances<'_>) {
        let place = || circumstances.call.map(|call| call.to_string().into());
        if spot == Spot::Rest {
            self.beyond.name(sample.method, sample.name, place);
        } else if let Some(place) = place() {
            let Entry { method, name, .. } = self.series.at(spot);
            self.news.push(News { method: method.clone(), name: name.clone(), place });
        }
    }

    /// Puts what the series have counted aside, and lets them count a later second.
    #[cold]
    fn turn_to(&mut self, second: u64) {
        if !self.touched.is_empty() {
            let aside = self.others.entry(self.second).or_default();
            for spot in self.touched.drain(..) {
                let entry = self.series.at(spot);
                let counted =
                    std::mem::replace(entry, Entry::shared(entry.method.clone(), entry.name.clone()));
                match aside.entry(spot) {
                    hash_map::Entry::Vacant(free) => {
                        free.insert(counted);
                    }
                    hash_map::Entry::Occupied(mut known) => known.get_mut().merge(&counted),
                }
            }
        }
        self.second = second;
    }

    /// Counts an exception of a script function; `place` is `file:line` of the script, `task` the task or hook that threw.
    pub fn exception(&mut self, message: &str, place: &str, task: &str, at: Duration) {
        let message = &*clip(message);
        let row = self.exceptions.row([message, place, ""], || grouped(message, "", None));
        row.seen(task, at, message);
        if self.exceptions.is_crowded() {
            self.beyond.exception(message, place);
        }
    }

    /// The counts of the run as a whole, to add to.
    pub fn counters(&mut self) -> &mut RunCounters {
        &mut self.counters
    }

    /// What became of arrivals, to add to. Only for those who have any: a run without open classes has no summary.
    pub fn arrivals(&mut self) -> &mut ArrivalSummary {
        self.arrivals.get_or_insert_default()
    }

    /// What was counted since the last take. Series that were idle cost nothing.
    pub fn take(&mut self) -> Snapshot {
        self.turn_to(self.second);
        let seconds = std::mem::take(&mut self.others).into_iter();
        let seconds = seconds.map(|(second, entries)| {
            let mut entries: Vec<Entry> = entries.into_values().collect();
            entries.sort_unstable_by(|a, b| (&a.name, &a.method).cmp(&(&b.name, &b.method)));
            (second, entries)
        });
        let failures = std::mem::replace(&mut self.failures, Failures::new(self.grouping));
        let exceptions = std::mem::replace(&mut self.exceptions, Exceptions::new(self.grouping));
        let mut beyond = std::mem::take(&mut self.beyond);
        beyond.failures = failures.is_crowded();
        Snapshot {
            seconds: seconds.collect(),
            failures,
            exceptions,
            news: std::mem::take(&mut self.news),
            beyond,
            counters: std::mem::take(&mut self.counters),
            arrivals: self.arrivals.take(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Recorder, Sample};
    use crate::stats::{NAMES_KEPT, Totals};
    use std::time::Duration;

    fn sample(name: &str) -> Sample<'_> {
        Sample {
            method: "GET",
            name,
            response_time: Some(Duration::from_millis(3)),
            service_time: None,
            size: 10,
            failure: None,
            ended: Duration::from_secs(1),
        }
    }

    fn totals_of(recorder: &mut Recorder) -> Totals {
        let mut totals = Totals::new(jiff::Timestamp::UNIX_EPOCH);
        totals.merge(&recorder.take());
        totals
    }

    #[test]
    fn a_take_is_the_difference_and_idle_series_are_not_in_it() {
        let mut recorder = Recorder::new();
        recorder.record(&sample("/a"));
        recorder.record(&sample("/b"));
        assert_eq!(totals_of(&mut recorder).aggregated().requests, 2);
        recorder.record(&sample("/b"));
        let totals = totals_of(&mut recorder);
        assert_eq!(totals.entries().len(), 1);
        assert_eq!(totals.entry("GET", "/b").unwrap().requests, 1);
        assert!(recorder.take().is_empty());
    }

    #[test]
    fn parts_of_requests_are_rows_and_in_no_sum() {
        let mut recorder = Recorder::new();
        for method in ["GET", "TTFB", "TTFE", "GAP", "GAP"] {
            recorder.record(&Sample { method, ..sample("/a") });
        }
        let totals = totals_of(&mut recorder);
        let seen = |totals: &Totals| {
            let window = totals.timeline().window(0, 10).unwrap();
            let sums = [&window.aggregated, totals.aggregated()].map(|sum| sum.requests);
            (sums, totals.entries().len(), totals.entry("GAP", "/a").unwrap().requests)
        };
        assert_eq!(seen(&totals), ([1, 1], 4, 2));
        let saved = serde_json::to_string(&totals).unwrap();
        assert_eq!(seen(&serde_json::from_str(&saved).unwrap()), ([1, 1], 4, 2));
    }

    #[test]
    fn names_beyond_the_bound_are_counted_together() {
        let mut recorder = Recorder::new();
        for number in 0..NAMES_KEPT + 7 {
            recorder.record(&sample(&format!("/item/{number}")));
        }
        recorder.record(&sample("/item/3"));
        let totals = totals_of(&mut recorder);
        assert_eq!(totals.entries().len(), NAMES_KEPT + 1);
        assert_eq!(totals.aggregated().requests, NAMES_KEPT as u64 + 8);
        assert_eq!(totals.entry("GET", "/item/3").unwrap().requests, 2);
        let rest = totals.entry("-", "(names beyond the first 10,000, counted together)").unwrap();
        assert_eq!(rest.requests, 7);
    }

    #[test]
    fn failure_texts_and_exceptions_are_grouped_and_bounded() {
        let mut recorder = Recorder::new();
        for number in 0..600_u64 {
            let text =
                format!("wrong {}", "id ".repeat(number as usize / 2 + 1)) + ["", "!"][number as usize % 2];
            recorder.record(&Sample { failure: Some(&text), ..sample("/a") });
            recorder.exception("boom", "a.rhai:3", "buy", Duration::from_secs(number));
        }
        recorder.exception("boom", "a.rhai:4", "buy", Duration::ZERO);
        let totals = totals_of(&mut recorder);
        assert_eq!(totals.failures().len(), 501);
        assert_eq!(totals.failures().iter().map(|row| row.occurrences).sum::<u64>(), 600);
        assert_eq!(totals.failures()[0].occurrences, 100, "the rest comes first, being the most");
        let exceptions = totals.exceptions();
        assert_eq!(exceptions.iter().map(|row| row.count).collect::<Vec<_>>(), [600, 1]);
        assert_eq!(exceptions[0].first, Duration::ZERO);
        assert_eq!(exceptions[0].last, Duration::from_secs(599));
        assert_eq!(&*exceptions[0].task, "buy");
    }
}
