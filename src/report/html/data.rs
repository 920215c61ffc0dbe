//! What the charts show: plain numbers, in a bounded number of bytes.

use super::course::{Course, Milliseconds, Rounded};
use super::distribution::Distribution;
use crate::report::Record;
use crate::stats::{Cell, Series, Slice, Timeline};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use std::time::Duration;

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

/// The number of slices from the first of the run to the last in which something happened.
fn slices(timeline: &Timeline) -> usize {
    let last = timeline.slices().map(|(from, _)| from / timeline.width()).max();
    last.map_or(0, |last| usize::try_from(last + 1).unwrap_or(0))
}

fn all(record: &Record, timeline: &Timeline) -> All {
    let (width, count) = (timeline.width(), slices(timeline));
    let totals = record.run.totals.aggregated();
    let service = totals.has_service_times().then(|| totals.service_times());
    let mut by_slot: Vec<Option<&Slice>> = vec![None; count];
    for (from, slice) in timeline.slices() {
        if let Some(slot) = usize::try_from(from / width).ok().and_then(|slot| by_slot.get_mut(slot)) {
            *slot = Some(slice);
        }
    }
    // Where requests ended there were users.
    let looked = |slice: &Slice| slice.gauges.users > 0 || slice.all.requests == 0;
    let users = |slice: &Option<&Slice>| match slice {
        Some(slice) => looked(slice).then_some(slice.gauges.users),
        None => Some(0),
    };
    let users = by_slot.iter().map(users).collect();
    let gauges: Vec<_> =
        by_slot.iter().map(|slice| slice.map(|slice| slice.gauges).unwrap_or_default()).collect();
    let reported: Vec<_> = gauges
        .iter()
        .map(|gauge| Some(gauge).filter(|gauge| !(gauge.cpu + gauge.lateness).is_zero()))
        .collect();
    let open = record.run.arrivals().is_some();
    let of_arrivals = |count: fn(&crate::stats::Gauges) -> u64| {
        if open { gauges.iter().map(count).collect() } else { Vec::new() }
    };
    All {
        course: Course::new(timeline.slices().map(|(from, slice)| (from, &slice.all)), width, count),
        users,
        due: of_arrivals(|gauge| gauge.due),
        started: of_arrivals(|gauge| gauge.started),
        cpu: reported.iter().map(|gauge| gauge.map(|gauge| Rounded(gauge.cpu.as_secs_f64()))).collect(),
        lateness: reported.iter().map(|gauge| gauge.map(|gauge| Milliseconds(gauge.lateness))).collect(),
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
    let count = slices(timeline);
    let fits = |factor: &usize| {
        let each = count.div_ceil(*factor) * SLICE_BYTES + NAME_BYTES;
        each * series.len() <= most_bytes || count.div_ceil(*factor) <= LEAST_SLICES
    };
    let factor = (1..).find(fits).unwrap_or(1);
    let width = timeline.width() * factor as u64;
    let mut bytes = 0;
    let mut names = Vec::new();
    for series in &series {
        let entry = totals.entry(series.method, series.name);
        let named = Named {
            method: series.method,
            name: series.name,
            course: Course::new(series.slices.iter().copied(), width, count.div_ceil(factor)),
            distribution: entry.map(|entry| {
                let service = entry.has_service_times().then(|| entry.service_times());
                Distribution::new(&entry.times, service, 5)
            }),
        };
        let Ok(json) = to_raw_value(&named) else { continue };
        bytes += json.get().len();
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
