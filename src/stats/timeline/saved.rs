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
    slices: Vec<SavedSlice>,
    /// The same of single seconds.
    recent: Vec<SavedSlice>,
    series: Vec<SavedSeries>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// All names together in a stretch of the run.
#[derive(PartialEq, Serialize, Deserialize)]
struct SavedSlice {
    /// The second in which it begins.
    from: u64,
    counts: Cell,
    gauges: Gauges,
}

/// One name in a stretch of the run.
#[derive(PartialEq, Serialize, Deserialize)]
struct SavedCell {
    /// The second in which it begins.
    from: u64,
    counts: Cell,
}

/// One name in a file.
#[derive(PartialEq, Serialize, Deserialize)]
struct SavedSeries {
    method: Arc<str>,
    name: Arc<str>,
    slices: Vec<SavedCell>,
    recent: Vec<SavedCell>,
}

impl From<Timeline> for Saved {
    fn from(timeline: Timeline) -> Self {
        let of_all = |slices: &BTreeMap<u64, Slice>, width: u64, phase: u64| {
            let saved = slices.iter().map(|(number, slice)| SavedSlice {
                from: (number * width).saturating_sub(phase),
                counts: slice.all.clone(),
                gauges: slice.gauges,
            });
            saved.collect()
        };
        let of_one = |slices: &BTreeMap<u64, Slice>, index: u32, width: u64, phase: u64| {
            let cells = slices.iter().filter_map(|(number, slice)| {
                let from = (number * width).saturating_sub(phase);
                Some(SavedCell { from, counts: slice.rows.get(&index)?.clone() })
            });
            cells.collect()
        };
        let mut series: Vec<SavedSeries> = (0..)
            .zip(&timeline.names)
            .map(|(index, (method, name))| SavedSeries {
                method: method.clone(),
                name: name.clone(),
                slices: of_one(&timeline.slices, index, timeline.width, timeline.phase),
                recent: of_one(&timeline.recent, index, 1, 0),
            })
            .collect();
        series.sort_by(|a, b| (&a.name, &a.method).cmp(&(&b.name, &b.method)));
        Self {
            width: timeline.width,
            phase: timeline.phase,
            slices: of_all(&timeline.slices, timeline.width, timeline.phase),
            recent: of_all(&timeline.recent, 1, 0),
            series,
        }
    }
}

impl From<Saved> for Timeline {
    fn from(saved: Saved) -> Self {
        // A width that this version does not know would never be made wider.
        let width = WIDTHS.iter().copied().find(|width| *width >= saved.width).unwrap_or(1);
        let phase = saved.phase % WIDTHS[WIDTHS.len() - 1];
        let mut timeline = Self { width, phase, ..Self::default() };
        let of_all = |slices: Vec<SavedSlice>, width: u64, phase: u64| {
            let slices = slices.into_iter().map(|SavedSlice { from, counts, gauges }| {
                (from.saturating_add(phase) / width, Slice { all: counts, gauges, rows: BTreeMap::new() })
            });
            slices.collect()
        };
        timeline.slices = of_all(saved.slices, width, phase);
        timeline.recent = of_all(saved.recent, 1, 0);
        for series in saved.series {
            let Some(index) = timeline.index_of(&series.method, &series.name) else { continue };
            for (slices, cells, width, phase) in [
                (&mut timeline.slices, series.slices, width, phase),
                (&mut timeline.recent, series.recent, 1, 0),
            ] {
                for SavedCell { from, counts } in cells {
                    slices.entry(from.saturating_add(phase) / width).or_default().rows.insert(index, counts);
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
