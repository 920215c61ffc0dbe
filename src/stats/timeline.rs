//! The run over time: what ended in each second, thinned out as the run grows.

mod join;
mod saved;
#[cfg(test)]
mod tests;

use super::packed::PackedTimes;
use super::{Entry, Times};
use crate::util::nanoseconds;
use saved::Saved;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// How many slices are kept before they are made wider.
const SLICES: usize = 300;

/// Seconds of a slice: each a multiple of the one before. A run of 5 minutes has slices of a second, one of 25 minutes
/// of 5 seconds, one of 5 hours of a minute.
const WIDTHS: [u64; 6] = [1, 5, 60, 300, 3600, 86_400];

/// So many seconds at the end are also kept one by one, once slices are wider.
const RECENT: u64 = 120;

/// How many (method, name) have slices of their own: the first that come. All count in the slices of all together.
pub const SERIES_KEPT: usize = 200;

/// What requests of one name, or all, came to in one slice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// Requests that ended, failed ones included.
    pub requests: u64,
    /// Failed requests.
    pub failures: u64,
    /// Bytes of bodies.
    pub content_bytes: u64,
    times: PackedTimes,
}

impl Cell {
    fn add(&mut self, entry: &Entry) {
        self.requests = self.requests.saturating_add(entry.requests);
        self.failures = self.failures.saturating_add(entry.failures);
        self.content_bytes = self.content_bytes.saturating_add(entry.content_bytes);
        self.times.merge(&entry.times);
    }

    fn merge(&mut self, other: &Self) {
        self.requests = self.requests.saturating_add(other.requests);
        self.failures = self.failures.saturating_add(other.failures);
        self.content_bytes = self.content_bytes.saturating_add(other.content_bytes);
        self.times.merge(&other.times());
    }

    /// The counts as a row: `empty`, which has counted nothing.
    fn to_entry(&self, mut empty: Entry) -> Entry {
        empty.requests = self.requests;
        empty.failures = self.failures;
        empty.content_bytes = self.content_bytes;
        empty.times = self.times();
        empty
    }

    /// The response times, as exact as those of the whole run.
    #[must_use]
    pub fn times(&self) -> Times {
        self.times.clone().into()
    }
}

/// How the run itself stood in one slice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Gauges {
    /// Users that ran, at most.
    pub users: u64,
    /// Arrivals of the open model that came due.
    pub due: u64,
    /// Those whose iteration began.
    pub started: u64,
    /// Processor time of all shards.
    #[serde(rename = "cpu_ns", with = "nanoseconds")]
    pub cpu: Duration,
    /// The longest lateness of anything the generator itself was to do.
    #[serde(rename = "lateness_ns", with = "nanoseconds")]
    pub lateness: Duration,
}

impl Gauges {
    /// Those of both stretches together, which follow each other or are one.
    pub fn merge(&mut self, other: &Self) {
        self.users = self.users.max(other.users);
        self.due += other.due;
        self.started += other.started;
        self.cpu += other.cpu;
        self.lateness = self.lateness.max(other.lateness);
    }
}

/// What happened in a stretch of the run.
#[derive(Clone, Debug, Default)]
pub struct Slice {
    /// All names together.
    pub all: Cell,
    /// How the run stood.
    pub gauges: Gauges,
    /// By the index of the name.
    rows: BTreeMap<u32, Cell>,
}

impl Slice {
    fn merge(&mut self, other: &Self) {
        self.all.merge(&other.all);
        self.gauges.merge(&other.gauges);
        for (name, cell) in &other.rows {
            self.rows.entry(*name).or_default().merge(cell);
        }
    }
}

/// One name over time.
#[derive(Clone, Debug)]
pub struct Series<'a> {
    /// Its method.
    pub method: &'a str,
    /// The name.
    pub name: &'a str,
    /// The second in which each slice begins, and what it came to.
    pub slices: Vec<(u64, &'a Cell)>,
}

/// The run in slices of whole seconds, counted from its start. Its memory is bounded whatever the length of the run, and
/// it is the same in whatever order things are counted, up to [`SERIES_KEPT`] names.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
pub struct Timeline {
    /// Seconds of a slice.
    width: u64,
    /// Seconds by which slice number 0 begins before the run: zero, unless timelines were joined.
    phase: u64,
    /// Methods and names that have slices of their own; their places are the indexes.
    names: Vec<(Arc<str>, Arc<str>)>,
    indexes: HashMap<(Arc<str>, Arc<str>), u32>,
    /// By the number of the slice; those in which nothing happened may be missing.
    slices: BTreeMap<u64, Slice>,
    /// The last seconds, by second; empty while the slices are seconds themselves.
    recent: BTreeMap<u64, Slice>,
}

impl Default for Timeline {
    fn default() -> Self {
        Self {
            width: WIDTHS[0],
            phase: 0,
            names: Vec::new(),
            indexes: HashMap::new(),
            slices: BTreeMap::new(),
            recent: BTreeMap::new(),
        }
    }
}

impl Timeline {
    /// Counts what ended in `second`.
    pub(super) fn add(&mut self, second: u64, entries: &[Entry]) {
        let indexes: Vec<Option<u32>> =
            entries.iter().map(|entry| self.index_of(&entry.method, &entry.name)).collect();
        self.change(second, |slice| {
            for (entry, index) in entries.iter().zip(&indexes) {
                if !entry.is_part() {
                    slice.all.add(entry);
                }
                if let Some(index) = index {
                    slice.rows.entry(*index).or_default().add(entry);
                }
            }
        });
    }

    /// Notes how the run stood in `second`; several notes of one second add up.
    pub fn note(&mut self, second: u64, gauges: &Gauges) {
        self.change(second, |slice| slice.gauges.merge(gauges));
    }

    /// Whether no further name will have slices of its own.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.names.len() >= SERIES_KEPT
    }

    /// Whether requests of this method and name have slices of their own.
    #[must_use]
    pub fn has_series(&self, method: &Arc<str>, name: &Arc<str>) -> bool {
        self.indexes.contains_key(&(method.clone(), name.clone()))
    }

    /// Seconds of a slice.
    #[must_use]
    pub fn width(&self) -> u64 {
        self.width
    }

    /// The slices with the second in which each begins; a stretch in which nothing happened has none.
    pub fn slices(&self) -> impl Iterator<Item = (u64, &Slice)> {
        self.slices.iter().map(|(number, slice)| (self.begin_of(*number), slice))
    }

    /// The slices of one name; none where it came after [`SERIES_KEPT`] others.
    pub fn series_of(&self, method: &Arc<str>, name: &Arc<str>) -> impl Iterator<Item = (u64, &Cell)> {
        let index = self.indexes.get(&(method.clone(), name.clone()));
        self.slices().filter_map(move |(begin, slice)| Some((begin, slice.rows.get(index?)?)))
    }

    /// The seconds in which those slices begin that lie wholly in the seconds `from..to`, also where nothing happened in
    /// them.
    pub fn whole_slices(&self, from: u64, to: u64) -> impl Iterator<Item = u64> {
        let first = (from + self.phase).div_ceil(self.width);
        let last = (to + self.phase) / self.width;
        (first..last).map(|number| self.begin_of(number))
    }

    /// The second in which a slice begins.
    fn begin_of(&self, number: u64) -> u64 {
        (number * self.width).saturating_sub(self.phase)
    }

    /// The number of the slice that a second is in.
    fn number_of(&self, second: u64) -> u64 {
        (second + self.phase) / self.width
    }

    /// Each name that has slices of its own, by name, then method, with its slices as [`Timeline::slices`] gives those of all.
    pub fn series(&self) -> impl Iterator<Item = Series<'_>> {
        let mut names: Vec<_> = (0..).zip(&self.names).collect();
        names.sort_by(|(_, (method, name)), (_, other)| (name, method).cmp(&(&other.1, &other.0)));
        names.into_iter().map(|(index, (method, name))| {
            let slices = self.slices().filter_map(|(from, slice)| Some((from, slice.rows.get(&index)?)));
            Series { method, name, slices: slices.collect() }
        })
    }

    /// The last seconds one by one, two minutes of them at least, as far as the run has come; one in which nothing happened
    /// may be missing.
    pub fn last_seconds(&self) -> impl Iterator<Item = (u64, &Slice)> {
        let (seconds, phase) = if self.width == 1 { (&self.slices, self.phase) } else { (&self.recent, 0) };
        seconds.iter().map(move |(number, slice)| (number - phase, slice))
    }

    /// What ended in the seconds `from..to`, as far as whole slices lie in them; none if no slice does.
    ///
    /// Within the last two minutes of the run both ends are exact to the second, elsewhere they are those of slices.
    #[must_use]
    pub fn window(&self, from: u64, to: u64) -> Option<Stretch> {
        let fine = match self.first_recent() {
            Some(first) if first <= from => from,
            Some(first) => self.begin_of((first + self.phase).div_ceil(self.width)).min(to),
            None => to,
        };
        let coarse = self
            .slices
            .iter()
            .map(|(number, slice)| (self.begin_of(*number), self.begin_of(number + 1), slice));
        let coarse = coarse.filter(|(begin, end, _)| *begin >= from && *end <= fine);
        let seconds =
            self.recent.range(fine..to.max(fine)).map(|(second, slice)| (*second, second + 1, slice));
        let mut bounds: Option<(u64, u64)> = None;
        let mut all = Slice::default();
        for (begin, end, slice) in coarse.chain(seconds) {
            all.merge(slice);
            bounds = Some((bounds.map_or(begin, |(first, _)| first), end));
        }
        let (first, last) = bounds?;
        let entries = all.rows.iter().filter_map(|(index, cell)| {
            let (method, name) = self.names.get(*index as usize)?;
            Some(cell.to_entry(Entry::shared(method.clone(), name.clone())))
        });
        Some(Stretch {
            from: first,
            to: last,
            entries: entries.collect(),
            aggregated: all.all.to_entry(Entry::new("", "Aggregated")),
        })
    }

    /// The first of the seconds that are kept one by one beside wider slices.
    fn first_recent(&self) -> Option<u64> {
        self.recent.keys().next_back().map(|last| (last + 1).saturating_sub(RECENT))
    }

    fn index_of(&mut self, method: &Arc<str>, name: &Arc<str>) -> Option<u32> {
        let key = (method.clone(), name.clone());
        if let Some(index) = self.indexes.get(&key) {
            return Some(*index);
        }
        let index = u32::try_from(self.names.len()).ok().filter(|index| (*index as usize) < SERIES_KEPT)?;
        self.names.push(key.clone());
        self.indexes.insert(key, index);
        Some(index)
    }

    /// Changes the slice of `second`, wherever it is kept.
    fn change(&mut self, second: u64, mut change: impl FnMut(&mut Slice)) {
        change(self.slices.entry(self.number_of(second)).or_default());
        if self.width > 1 && self.first_recent().is_none_or(|first| second >= first) {
            change(self.recent.entry(second).or_default());
        }
        self.thin();
    }

    fn thin(&mut self) {
        while self.slices.len() > SLICES && self.width < WIDTHS[WIDTHS.len() - 1] {
            self.widen();
        }
        if let Some(first) = self.first_recent() {
            while self.recent.first_key_value().is_some_and(|(second, _)| *second < first) {
                self.recent.pop_first();
            }
        }
    }

    /// Makes slices of the next width.
    fn widen(&mut self) {
        let next = WIDTHS.iter().copied().find(|width| *width > self.width).unwrap_or(self.width * 2);
        if self.width == 1 {
            let seconds = self.slices.iter().map(|(number, slice)| (number - self.phase, slice.clone()));
            self.recent = seconds.collect();
        }
        let factor = next / self.width;
        self.width = next;
        for (number, slice) in std::mem::take(&mut self.slices) {
            self.slices.entry(number / factor).or_default().merge(&slice);
        }
    }
}

/// What ended in a stretch of the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    /// Its first second.
    pub from: u64,
    /// The second after its last.
    pub to: u64,
    /// One row for each name, in the order of their coming.
    pub entries: Vec<Entry>,
    /// All of them, and those without slices of their own.
    pub aggregated: Entry,
}
