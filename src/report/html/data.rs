//! What the charts show: plain numbers, in a bounded number of bytes.

use super::course::{Course, Milliseconds, Rounded};
use super::distribution::Distribution;
use super::markup::data_bytes;
use crate::report::Record;
use crate::stats::{Cell, Gauges, Series, Timeline};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use std::time::Duration;

/// No chart has more slices.
const MOST_SLICES: u64 = 300;
/// A slice of one name is about so long.
const SLICE_BYTES: usize = 24;
/// The rest of a name: itself and its distribution.
const NAME_BYTES: usize = 700;
/// No name has fewer slices than this, where the run has them.
const LEAST_SLICES: usize = 50;

/// The data of the charts.
#[derive(Debug, Serialize)]
pub(super) struct Data {
    /// Seconds since 1970.
    start: i64,
    /// Seconds.
    duration: Rounded,
    bands: Vec<Band>,
    all: All,
    names: Vec<Box<RawValue>>,
    /// How many names there are, with those that have no chart.
    named: usize,
}

/// A stretch of the run that has a name.
#[derive(Debug, Serialize)]
struct Band {
    from: Rounded,
    to: Rounded,
    label: String,
}

/// All names together, and how the run stood.
#[derive(Debug, Serialize)]
struct All {
    course: Course,
    /// None in a slice in which nobody looked.
    users: Vec<Option<u64>>,
    /// Arrivals of the open model; empty without any.
    due: Vec<u64>,
    started: Vec<u64>,
    /// Seconds of processor time; none, as for the lateness, in a slice in which nothing was reported.
    cpu: Vec<Option<Rounded>>,
    lateness: Vec<Option<Milliseconds>>,
    distribution: Distribution,
}

/// One name.
#[derive(Serialize)]
struct Named<'a> {
    method: &'a str,
    name: &'a str,
    course: Course,
    #[serde(skip_serializing_if = "Option::is_none")]
    distribution: Option<Distribution>,
}

impl Data {
    /// The data of a run, with as many names as fit into so many bytes: those with the most requests.
    pub(super) fn new(record: &Record, most_bytes: usize) -> Self {
        let timeline = record.run.totals.timeline();
        let all = all(record, timeline);
        let spent = serde_json::to_string(&all).map_or(0, |json| json.len());
        let (names, named) = names(record, timeline, most_bytes.saturating_sub(spent));
        Self {
            start: record.run.started().as_second(),
            duration: Rounded(record.run.duration.as_secs_f64()),
            bands: bands(record),
            all,
            names,
            named,
        }
    }
}

/// How the time axis is cut: the slices of the timeline, or wider ones where it has many.
#[derive(Clone, Copy)]
struct Grid {
    /// Seconds of a slice.
    width: u64,
    /// Slices from the first of the run to the last in which something happened.
    count: usize,
}

impl Grid {
    fn of(timeline: &Timeline) -> Self {
        let seconds = timeline.slices().map(|(from, _)| from + timeline.width()).max().unwrap_or(0);
        let count = seconds.div_ceil(timeline.width());
        let factor = count.div_ceil(MOST_SLICES).max(1);
        // At most MOST_SLICES.
        Self { width: timeline.width() * factor, count: count.div_ceil(factor) as usize }
    }

    /// With slices that are so many times as wide.
    fn coarser(self, factor: usize) -> Self {
        Self { width: self.width * factor as u64, count: self.count.div_ceil(factor) }
    }

    fn course<'a>(self, slices: impl Iterator<Item = (u64, &'a Cell)>) -> Course {
        Course::new(slices, self.width, self.count)
    }
}

fn all(record: &Record, timeline: &Timeline) -> All {
    let grid = Grid::of(timeline);
    let totals = record.run.totals.aggregated();
    let service = totals.has_service_times().then(|| totals.service_times());
    let course = grid.course(timeline.slices().map(|(from, slice)| (from, &slice.all)));
    let mut gauges = vec![Gauges::default(); grid.count];
    let mut requests = vec![0; grid.count];
    for (from, slice) in timeline.slices() {
        let slot = usize::try_from(from / grid.width).unwrap_or(usize::MAX);
        if let Some((gauges, requests)) = gauges.get_mut(slot).zip(requests.get_mut(slot)) {
            gauges.merge(&slice.gauges);
            *requests += slice.all.requests;
        }
    }
    // Where requests ended there were users, and somebody did not look.
    let users = gauges.iter().zip(requests);
    let users = users.map(|(gauge, requests)| Some(gauge.users).filter(|users| *users > 0 || requests == 0));
    let reported =
        gauges.iter().map(|gauge| Some(gauge).filter(|gauge| !(gauge.cpu + gauge.lateness).is_zero()));
    let open = record.run.arrivals().is_some();
    let of_arrivals = |count: fn(&Gauges) -> u64| {
        if open { gauges.iter().map(count).collect() } else { Vec::new() }
    };
    All {
        course,
        users: users.collect(),
        due: of_arrivals(|gauge| gauge.due),
        started: of_arrivals(|gauge| gauge.started),
        cpu: reported.clone().map(|gauge| gauge.map(|gauge| Rounded(gauge.cpu.as_secs_f64()))).collect(),
        lateness: reported.map(|gauge| gauge.map(|gauge| Milliseconds(gauge.lateness))).collect(),
        distribution: Distribution::new(&totals.times, service, 20),
    }
}

/// Names with their course; where there are many, their slices are wider. And how many there are in all.
fn names(record: &Record, timeline: &Timeline, most_bytes: usize) -> (Vec<Box<RawValue>>, usize) {
    let totals = &record.run.totals;
    let mut series: Vec<Series<'_>> = timeline.series().collect();
    series.sort_by_key(|series| {
        let requests: u64 = series.slices.iter().map(|(_, cell): &(u64, &Cell)| cell.requests).sum();
        std::cmp::Reverse(requests)
    });
    let finest = Grid::of(timeline);
    let fits = |grid: &Grid| {
        let each = grid.count * SLICE_BYTES + NAME_BYTES;
        each * series.len() <= most_bytes || grid.count <= LEAST_SLICES
    };
    let grid = (1..).map(|factor| finest.coarser(factor)).find(fits).unwrap_or(finest);
    let mut bytes = 0;
    let mut names = Vec::new();
    for series in &series {
        let entry = totals.entry(series.method, series.name);
        let named = Named {
            method: series.method,
            name: series.name,
            course: grid.course(series.slices.iter().copied()),
            distribution: entry.map(|entry| {
                let service = entry.has_service_times().then(|| entry.service_times());
                Distribution::new(&entry.times, service, 5)
            }),
        };
        let Ok(json) = to_raw_value(&named) else { continue };
        bytes += data_bytes(json.get()) + 1;
        if bytes > most_bytes {
            break;
        }
        names.push((series.name, series.method, json));
    }
    names.sort_by_key(|(name, method, _)| (*name, *method));
    (names.into_iter().map(|(.., json)| json).collect(), totals.entries().len())
}

/// The stages or the ramp, and what came after the end.
fn bands(record: &Record) -> Vec<Band> {
    let milestones = &record.run.milestones;
    let ending = milestones.ending.unwrap_or(record.run.duration);
    let band = |from: Duration, to: Duration, label: String| {
        let [from, to] = [from, to].map(|moment| Rounded(moment.as_secs_f64()));
        Band { from, to, label }
    };
    let mut bands = Vec::new();
    let mut from = milestones.begun;
    for (index, end) in milestones.stages.iter().enumerate() {
        if from >= ending {
            break;
        }
        bands.push(band(from, (*end).min(ending), format!("stage {}", index + 1)));
        from = *end;
    }
    if milestones.stages.is_empty() {
        let spawned = milestones.spawned.unwrap_or(ending);
        if spawned > milestones.begun + Duration::from_millis(500) {
            bands.push(band(milestones.begun, spawned, "ramp".to_owned()));
        }
    }
    if record.run.duration > ending + Duration::from_millis(500) {
        bands.push(band(ending, record.run.duration, "stopping".to_owned()));
    }
    bands
}
