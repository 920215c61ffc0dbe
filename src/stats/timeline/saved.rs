//! A timeline as it is written down.

use super::{Cell, Gauges, Slice, Timeline, WIDTHS};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A timeline in a file: names with their slices, by name, so that equal contents are equal bytes.
#[derive(PartialEq, Serialize, Deserialize)]
pub(super) struct Saved {
    /// Seconds of a slice.
    width: u64,
    /// Seconds by which slice number 0 begins before the run.
    #[serde(default, skip_serializing_if = "is_zero")]
    phase: u64,
    /// What a slice begins with, and what it came to.
    slices: Vec<(u64, Cell, Gauges)>,
    /// The same of single seconds.
    recent: Vec<(u64, Cell, Gauges)>,
    series: Vec<SavedSeries>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// One name in a file.
#[derive(PartialEq, Serialize, Deserialize)]
struct SavedSeries {
    method: Arc<str>,
    name: Arc<str>,
    slices: Vec<(u64, Cell)>,
    recent: Vec<(u64, Cell)>,
}

impl From<Timeline> for Saved {
    fn from(timeline: Timeline) -> Self {
        let of_all = |slices: &BTreeMap<u64, Slice>| {
            slices.iter().map(|(number, slice)| (*number, slice.all.clone(), slice.gauges)).collect()
        };
        let of_one = |slices: &BTreeMap<u64, Slice>, index: u32| {
            let cells =
                slices.iter().filter_map(|(number, slice)| Some((*number, slice.rows.get(&index)?.clone())));
            cells.collect()
        };
        let mut series: Vec<SavedSeries> = (0..)
            .zip(&timeline.names)
            .map(|(index, (method, name))| SavedSeries {
                method: method.clone(),
                name: name.clone(),
                slices: of_one(&timeline.slices, index),
                recent: of_one(&timeline.recent, index),
            })
            .collect();
        series.sort_by(|a, b| (&a.name, &a.method).cmp(&(&b.name, &b.method)));
        Self {
            width: timeline.width,
            phase: timeline.phase,
            slices: of_all(&timeline.slices),
            recent: of_all(&timeline.recent),
            series,
        }
    }
}

impl From<Saved> for Timeline {
    fn from(saved: Saved) -> Self {
        // A width that this version does not know would never be made wider.
        let width = WIDTHS.iter().copied().find(|width| *width >= saved.width).unwrap_or(1);
        let mut timeline = Self { width, phase: saved.phase, ..Self::default() };
        let of_all = |slices: Vec<(u64, Cell, Gauges)>| {
            slices
                .into_iter()
                .map(|(number, all, gauges)| (number, Slice { all, gauges, rows: BTreeMap::new() }))
                .collect()
        };
        timeline.slices = of_all(saved.slices);
        timeline.recent = of_all(saved.recent);
        for series in saved.series {
            let Some(index) = timeline.index_of(&series.method, &series.name) else { continue };
            for (slices, cells) in
                [(&mut timeline.slices, series.slices), (&mut timeline.recent, series.recent)]
            {
                for (number, cell) in cells {
                    slices.entry(number).or_default().rows.insert(index, cell);
                }
            }
        }
        timeline
    }
}

/// Equal contents, in whatever order the names came.
impl PartialEq for Timeline {
    fn eq(&self, other: &Self) -> bool {
        Saved::from(self.clone()) == Saved::from(other.clone())
    }
}
