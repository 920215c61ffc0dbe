//! Rows that a threshold means and that nothing can be said about, because a run had more names than are kept apart.

use super::formula::Reference;
use super::printed::PrintedStats;
use super::{Limit, Names, Threshold, Window};
use crate::stats::{NAMES_KEPT, SERIES_KEPT, Totals, is_part, is_rest};
use std::cell::RefCell;
use std::sync::Arc;

/// What is counted and cannot be told apart, in a window.
#[derive(Debug, Default)]
pub(super) struct Unseen {
    /// Types and names that have a row, but no course over time.
    rows: Vec<(Arc<str>, Arc<str>)>,
    /// There are requests whose names are not known.
    nameless: bool,
}

impl Unseen {
    /// Nearly always nothing, and then it costs next to nothing.
    pub(super) fn of(totals: &Totals, window: Window) -> Self {
        let nameless = totals.has_nameless();
        let timeline = totals.timeline();
        if window == Window::Whole || !timeline.is_full() {
            return Self { rows: Vec::new(), nameless };
        }
        let entries = totals.entries().into_iter();
        let unseen = entries.filter(|entry| !timeline.has_series(&entry.method, &entry.name));
        Self { rows: unseen.map(|entry| (entry.method.clone(), entry.name.clone())).collect(), nameless }
    }

    /// What a CSV says of it; it has no windows.
    pub(super) fn printed(stats: &PrintedStats) -> Self {
        let nameless = stats.rows.iter().any(|row| is_rest(&row.kind, &row.name));
        Self { rows: Vec::new(), nameless }
    }

    /// Why a threshold cannot be judged; `has_row` says whether one that it means is known.
    pub(super) fn hides(&self, threshold: &Threshold, has_row: bool) -> Option<String> {
        let kind = threshold.kind.as_deref();
        if let Some(why) = self.out_of_time(kind, &threshold.names) {
            return Some(why);
        }
        if let Limit::Formula(formula) = &threshold.limit {
            let hidden = RefCell::new(None);
            let look = |reference: &Reference| {
                let why = self.out_of_time(reference.kind.as_deref(), &reference.names);
                hidden.borrow_mut().get_or_insert_with(|| why.clone());
                why.map_or(Ok(1.0), Err)
            };
            let _ = formula.value(&look);
            if let Some(why) = hidden.into_inner().flatten() {
                return Some(why);
            }
        }
        let may_be_among = threshold.names.is_pattern() || !(has_row || threshold.names == Names::Everything);
        (self.nameless && may_be_among).then(|| {
            format!("no data: requests under names beyond the first {NAMES_KEPT} are counted in one row, and may be meant")
        })
    }

    /// Why nothing can be said about a stretch of the run.
    fn out_of_time(&self, kind: Option<&str>, names: &Names) -> Option<String> {
        let kind = kind.filter(|kind| !kind.is_empty());
        if *names == Names::Everything && kind.is_none() {
            return None;
        }
        let fits = names.matcher();
        let of_kind = |row: &str| kind.map_or(!is_part(row), |kind| kind == row);
        let mut meant = self.rows.iter().filter(|(kind, name)| of_kind(kind) && fits(name));
        let (kind, name) = meant.next()?;
        let more = match meant.count() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        Some(format!(
            "no data: {kind} {name}{more} came after the first {SERIES_KEPT} names, and only those have a course over time; \
             judge the whole run, or give requests of a kind one name"
        ))
    }
}
