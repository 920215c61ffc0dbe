//! The verdict: every threshold with its actual value and margin.

use super::{Manifest, Threshold, Unit};
use crate::stats::{Entry, RunResult, Totals};
use crate::util::nearest;
use serde::{Deserialize, Serialize};

/// What a manifest says about a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// One per threshold, in the manifest's order.
    pub rows: Vec<VerdictRow>,
    /// Whether every threshold was kept, and there was one.
    pub passed: bool,
}

/// What became of one threshold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VerdictRow {
    /// The name of the requests, as the manifest has it.
    pub resource: String,
    /// The type, if the manifest names one.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The metric, as the manifest calls it.
    pub metric: String,
    /// What limit, actual value and margin are measured in.
    pub unit: Unit,
    /// The limit with its operator, as in `<= 100 ms`.
    pub limit: String,
    /// What was measured; none without a row or without data.
    pub actual: Option<f64>,
    /// How far the actual value is on the right side of the limit; negative on the wrong one.
    pub margin: Option<f64>,
    /// Whether the threshold was kept.
    pub passed: bool,
    /// Why it was missed, or how it was kept, in one sentence fragment.
    pub why: String,
    /// `file:line` of the threshold.
    pub place: String,
}

/// Judges a finished run. A missing row and a row without data miss their thresholds.
#[must_use]
pub fn evaluate(manifest: &Manifest, result: &RunResult) -> Verdict {
    let rows: Vec<VerdictRow> =
        manifest.thresholds.iter().map(|threshold| judge(threshold, &result.totals)).collect();
    let passed = !rows.is_empty() && rows.iter().all(|row| row.passed);
    Verdict { rows, passed }
}

fn judge(threshold: &Threshold, totals: &Totals) -> VerdictRow {
    let unit = threshold.metric.unit();
    let limit = format!("{} {}", threshold.operator, unit.show(threshold.limit));
    let entry = select(threshold, totals);
    let actual = entry.as_ref().and_then(|entry| threshold.metric.of(entry, totals));
    let passed = actual.is_some_and(|actual| threshold.operator.holds(actual, threshold.limit));
    let subject = format!("{} for {}", threshold.written, subject(threshold));
    let why = match (entry, actual) {
        (None, _) => format!("no row: {}", missing(threshold, totals)),
        (Some(_), None) => format!("no data: {subject} was never measured"),
        (Some(_), Some(actual)) => {
            let shown = shown(unit, actual, threshold.limit, passed);
            format!("{subject} is {shown}, the limit is {limit}")
        }
    };
    VerdictRow {
        resource: threshold.resource.clone(),
        kind: threshold.kind.clone(),
        metric: threshold.written.clone(),
        unit,
        limit,
        actual,
        margin: actual.map(|actual| threshold.operator.margin(actual, threshold.limit)),
        passed,
        why,
        place: threshold.place.clone(),
    }
}

/// The actual value with as many decimals as it takes to see that it misses the limit.
fn shown(unit: Unit, actual: f64, limit: f64, passed: bool) -> String {
    let short = unit.show(actual);
    if !passed && short == unit.show(limit) && actual.to_bits() != limit.to_bits() {
        return format!("{short} ({actual})");
    }
    short
}

/// Whether a threshold means all rows together.
fn is_everything(threshold: &Threshold) -> bool {
    matches!(threshold.resource.as_str(), "*" | "Aggregated")
}

/// The type that a threshold asks for; the empty one is Locust's way to say none.
fn kind(threshold: &Threshold) -> Option<&str> {
    threshold.kind.as_deref().filter(|kind| !kind.is_empty())
}

fn subject(threshold: &Threshold) -> String {
    match kind(threshold) {
        Some(kind) => format!("{kind} {}", threshold.resource),
        None => threshold.resource.clone(),
    }
}

/// The rows that a threshold means, merged.
fn select(threshold: &Threshold, totals: &Totals) -> Option<Entry> {
    let kind = kind(threshold);
    if is_everything(threshold) && kind.is_none() {
        return (totals.aggregated().requests > 0).then(|| totals.aggregated().clone());
    }
    if let (Some(kind), false) = (kind, is_everything(threshold)) {
        return totals.entry(kind, &threshold.resource).cloned();
    }
    let mut pooled: Option<Entry> = None;
    for entry in totals.entries() {
        let named = is_everything(threshold) || *entry.name == *threshold.resource;
        // Parts of requests are asked for by their type only.
        if named && kind.map_or(!entry.is_part(), |kind| *entry.method == *kind) {
            pooled.get_or_insert_with(|| Entry::new("", &entry.name)).merge(entry);
        }
    }
    pooled
}

/// What is missing, and what it may have been meant to be.
fn missing(threshold: &Threshold, totals: &Totals) -> String {
    let what = format!("nothing was counted as {}", subject(threshold));
    let entries = totals.entries();
    if entries.is_empty() {
        return format!("{what}, nor as anything else");
    }
    let kinds: Vec<&str> = entries
        .iter()
        .filter(|entry| is_everything(threshold) || *entry.name == *threshold.resource)
        .map(|entry| &*entry.method)
        .collect();
    if !kinds.is_empty() {
        let mut kinds = kinds;
        kinds.sort_unstable();
        kinds.dedup();
        return format!("{what}; its types are {}", kinds.join(", "));
    }
    match nearest(&threshold.resource, entries.iter().map(|entry| &*entry.name)) {
        Some(name) => format!("{what}; did you mean {name}?"),
        None => what,
    }
}
