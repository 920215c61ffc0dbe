//! Timelines of several generators in one run.

use super::{Gauges, SLICES, Slice, Timeline, WIDTHS};
use std::collections::{BTreeMap, BTreeSet};

/// What slices of all widths begin with at the same time.
const GRID: u64 = WIDTHS[WIDTHS.len() - 1];

impl Timeline {
    /// The timelines of generators that made load at the same time, each with the second of wall time in which it began,
    /// counted from the first of those seconds.
    ///
    /// Slices begin at whole multiples of their width of wall time, so that it does not matter in which order, or in which
    /// groups, timelines are joined. Where slices are wider than a second, those of a generator may move by less than a
    /// slice. Users of several generators add up; where widths differ the sum is of their largest numbers, an upper bound.
    pub(in crate::stats) fn joined(parts: &[(u64, &Self)]) -> Self {
        let start = parts.iter().map(|(began, _)| *began).min().unwrap_or(0);
        let mut all = Self { phase: start % GRID, ..Self::default() };
        let widest = parts.iter().map(|(_, part)| part.width).max().unwrap_or(1);
        while all.width < widest {
            all.widen();
        }
        let begins: BTreeSet<u64> = parts
            .iter()
            .flat_map(|(began, part)| part.slices().map(move |(begin, _)| begin + (began - start)))
            .collect();
        let slices =
            |all: &Self| begins.iter().map(|begin| all.number_of(*begin)).collect::<BTreeSet<_>>().len();
        while slices(&all) > SLICES && all.width < GRID {
            all.widen();
        }
        // Those that have room are the same whoever brings them.
        let names = parts.iter().flat_map(|(_, part)| part.names.iter().map(|(method, name)| (name, method)));
        for (name, method) in names.collect::<BTreeSet<_>>() {
            all.index_of(method, name);
        }
        for (began, part) in parts {
            all.join(part, began - start);
        }
        all.thin();
        all
    }

    /// Adds a timeline whose slices are no wider, and that began `later` seconds after this one.
    fn join(&mut self, part: &Self, later: u64) {
        let indexes: Vec<Option<u32>> =
            part.names.iter().map(|(method, name)| self.index_of(method, name)).collect();
        // Of the slices of one generator that fall into one of ours, the users are not those of so many generators.
        let mut slices: BTreeMap<u64, Slice> = BTreeMap::new();
        for (begin, slice) in part.slices() {
            slices.entry(self.number_of(begin + later)).or_default().merge(slice);
        }
        for (number, slice) in &slices {
            self.slices.entry(*number).or_default().join(slice, &indexes);
        }
        if self.width > 1 {
            let seconds: Vec<(u64, &Slice)> = match part.width {
                1 => part.slices().collect(),
                _ => part.recent.iter().map(|(second, slice)| (*second, slice)).collect(),
            };
            for (second, slice) in seconds {
                self.recent.entry(second + later).or_default().join(slice, &indexes);
            }
        }
    }
}

impl Slice {
    /// Adds the slice of another generator, whose names have these indexes here.
    fn join(&mut self, other: &Self, indexes: &[Option<u32>]) {
        self.all.merge(&other.all);
        self.gauges.join(&other.gauges);
        for (index, cell) in &other.rows {
            if let Some(index) = indexes.get(*index as usize).copied().flatten() {
                self.rows.entry(index).or_default().merge(cell);
            }
        }
    }
}

impl Gauges {
    /// Adds those of another generator in the same stretch.
    fn join(&mut self, other: &Self) {
        let users = self.users + other.users;
        self.merge(other);
        self.users = users;
    }
}
