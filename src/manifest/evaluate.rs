//! The verdict: every threshold with its actual value and margin.

use super::evidence::{Evidence, Figures, Row, Rows, Windows};
use super::formula::Reference;
use super::value::Value;
use super::{Limit, Manifest, Metric, Names, Severity, Threshold, Unit, Window};
use crate::stats::is_part;
use crate::util::nearest;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What a manifest says about a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The file of the manifest.
    #[serde(default)]
    pub manifest: String,
    /// One per threshold, in the manifest's order; one per name where a threshold means several.
    pub rows: Vec<VerdictRow>,
    /// Whether no threshold was missed, and there was one.
    pub passed: bool,
}

/// What became of one threshold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VerdictRow {
    /// The name of the requests.
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
    /// The stretch of the run, with its seconds where they are known; none = all of it.
    #[serde(default)]
    pub window: Option<String>,
    /// What was measured; none without a row or without data.
    pub actual: Option<f64>,
    /// How far the actual value is on the right side of the limit; negative on the wrong one.
    pub margin: Option<f64>,
    /// What became of it.
    pub judgement: Judgement,
    /// Why, in one sentence fragment.
    pub why: String,
    /// `file:line` of the threshold.
    pub place: String,
}

/// What became of a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Judgement {
    /// It was kept.
    Passed,
    /// It was missed.
    Failed,
    /// It was missed, and only a warning follows from that.
    Warned,
    /// There was nothing to judge, and that is all right.
    Skipped,
}

impl VerdictRow {
    /// Whether the manifest is missed for it.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.judgement == Judgement::Failed
    }
}

/// Judges a run. A missing row and a row without data miss their thresholds, unless the manifest allows that.
#[must_use]
pub fn evaluate<'a>(manifest: &Manifest, run: impl Into<Evidence<'a>>) -> Verdict {
    let mut windows = Windows::new(run.into());
    let rows: Vec<VerdictRow> =
        manifest.thresholds.iter().flat_map(|threshold| judge(threshold, &mut windows)).collect();
    let passed = !rows.is_empty() && !rows.iter().any(VerdictRow::failed);
    Verdict { manifest: manifest.file.clone(), rows, passed }
}

/// The first threshold whose miss ends a run that has gone on for `elapsed`, and is missed now: why. What was not measured
/// yet is not missed.
#[must_use]
pub fn breach<'a>(manifest: &Manifest, run: impl Into<Evidence<'a>>, elapsed: Duration) -> Option<String> {
    let mut windows = Windows::new(run.into());
    let due = |threshold: &&Threshold| threshold.terms.abort.is_some_and(|after| elapsed >= after);
    let mut rows =
        manifest.thresholds.iter().filter(due).flat_map(|threshold| judge(threshold, &mut windows));
    rows.find(|row| row.actual.is_some() && row.failed()).map(|row| row.why)
}

/// One row, or one for each name that a pattern means.
fn judge(threshold: &Threshold, windows: &mut Windows<'_>) -> Vec<VerdictRow> {
    let unseen = windows.unseen(threshold.terms.window);
    let rows = match windows.rows(threshold.terms.window) {
        Ok(rows) => rows,
        Err(why) => {
            return vec![
                Case::of(threshold, threshold.names.to_string(), None).missing(&format!("no data: {why}")),
            ];
        }
    };
    let window = rows.seconds.map(|(from, to)| format!("{}, {from} s to {to} s", threshold.terms.window));
    let case = |resource: String| Case::of(threshold, resource, window.clone());
    let fits = threshold.names.matcher();
    let kind = asked(threshold.kind.as_deref());
    let of_kind = |row: &&Row<'_>| fits(&row.name) && is_of(row, kind);
    let hidden = unseen.hides(threshold, rows.rows.iter().any(|row| of_kind(&row)));
    let hidden = hidden.map(|why| case(threshold.names.to_string()).unknown(&why));
    if !threshold.names.is_pattern() {
        let name = threshold.names.to_string();
        return vec![hidden.unwrap_or_else(|| case(name).judge(&threshold.names, rows))];
    }
    let mut names: Vec<&str> = rows.rows.iter().filter(of_kind).map(|row| &*row.name).collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() && hidden.is_none() {
        let nothing = format!(
            "no row: nothing was counted that fits {}",
            subject(threshold.kind.as_deref(), &threshold.names)
        );
        return vec![case(threshold.names.to_string()).missing(&nothing)];
    }
    let judged =
        names.into_iter().map(|name| case(name.to_owned()).judge(&Names::One(name.to_owned()), rows));
    judged.chain(hidden).collect()
}

/// A threshold that is being judged for one name.
struct Case<'a> {
    threshold: &'a Threshold,
    unit: Unit,
    row: VerdictRow,
}

impl<'a> Case<'a> {
    fn of(threshold: &'a Threshold, resource: String, seconds: Option<String>) -> Self {
        let unit = threshold.metric.unit();
        let written = match &threshold.limit {
            Limit::Fixed(limit) => unit.show(*limit),
            Limit::Formula(formula) => formula.text.clone(),
        };
        let window = (threshold.terms.window != Window::Whole)
            .then(|| seconds.unwrap_or_else(|| threshold.terms.window.to_string()));
        let row = VerdictRow {
            resource,
            kind: threshold.kind.clone(),
            metric: threshold.written.clone(),
            unit,
            limit: format!("{} {written}", threshold.operator),
            window,
            actual: None,
            margin: None,
            judgement: Judgement::Failed,
            why: String::new(),
            place: threshold.place.clone(),
        };
        Self { threshold, unit, row }
    }

    /// There is nothing to judge.
    fn missing(mut self, why: &str) -> VerdictRow {
        why.clone_into(&mut self.row.why);
        self.row.judgement = match (self.threshold.terms.allow_missing, self.threshold.terms.severity) {
            (true, _) => Judgement::Skipped,
            (false, Severity::Warn) => Judgement::Warned,
            (false, Severity::Fail) => Judgement::Failed,
        };
        self.row
    }

    /// There is something to judge, and it cannot be told what: no manifest allows that.
    fn unknown(mut self, why: &str) -> VerdictRow {
        why.clone_into(&mut self.row.why);
        self.row.judgement = match self.threshold.terms.severity {
            Severity::Warn => Judgement::Warned,
            Severity::Fail => Judgement::Failed,
        };
        self.row
    }

    fn judge(mut self, names: &Names, rows: &Rows<'_>) -> VerdictRow {
        let threshold = self.threshold;
        let asked = Asked {
            kind: threshold.kind.as_deref(),
            names,
            metric: threshold.metric,
            written: &threshold.written,
        };
        let subject = asked.subject();
        let (actual, requests) = match asked.value(rows) {
            Ok(found) => found,
            Err(why) => return self.missing(&why),
        };
        if requests < threshold.terms.min_samples {
            let wanted = threshold.terms.min_samples;
            return self.missing(&format!("no data: {subject} has {requests} samples, {wanted} are wanted"));
        }
        let limit = match &threshold.limit {
            Limit::Fixed(limit) => *limit,
            Limit::Formula(formula) => match formula.value(&|reference| reference_value(reference, rows)) {
                Ok(limit) => {
                    self.row.limit =
                        format!("{} {} ({})", threshold.operator, self.unit.show(limit), formula.text);
                    limit
                }
                Err(why) => return self.missing(&why),
            },
        };
        let Some(kept) = actual.holds(threshold.operator, limit) else {
            let (low, high) = actual.bounds();
            let bounds = format!("{} and {}", self.unit.show(low), self.unit.show(high));
            let why = format!(
                "no data: {subject} lies between {bounds}, the CSV does not tell where; the limit is {}",
                self.row.limit
            );
            return self.missing(&why);
        };
        let is = match (actual.exact(), kept) {
            (Some(_), _) => "is",
            (None, true) => "is at worst",
            (None, false) => "is at best",
        };
        let actual = actual.nearer(limit);
        self.row.actual = Some(actual);
        self.row.margin = Some(threshold.operator.margin(actual, limit));
        self.row.judgement = match (kept, threshold.terms.severity) {
            (true, _) => Judgement::Passed,
            (false, Severity::Warn) => Judgement::Warned,
            (false, Severity::Fail) => Judgement::Failed,
        };
        let shown = shown(self.unit, actual, limit, kept);
        let window = self.row.window.as_ref().map(|window| format!(" ({window})")).unwrap_or_default();
        self.row.why = format!("{subject}{window} {is} {shown}, the limit is {}", self.row.limit);
        self.row
    }
}

/// A metric that is asked for.
struct Asked<'a> {
    kind: Option<&'a str>,
    names: &'a Names,
    metric: Metric,
    written: &'a str,
}

impl Asked<'_> {
    /// Its value, and how many requests that is about.
    fn value(&self, rows: &Rows<'_>) -> Result<(Value, u64), String> {
        let figures = self.figures(rows).ok_or_else(|| format!("no row: {}", self.nothing(rows)))?;
        let value = figures.value(self.metric).map_err(|why| format!("no data: {} {why}", self.subject()))?;
        Ok((value, figures.requests()))
    }

    /// The rows that are meant, put together.
    fn figures<'r>(&self, rows: &Rows<'r>) -> Option<Figures<'r>> {
        let kind = asked(self.kind);
        if *self.names == Names::Everything && kind.is_none() {
            return rows.all.clone();
        }
        let fits = self.names.matcher();
        let meant = |row: &&Row<'_>| fits(&row.name) && is_of(row, kind);
        let meant: Vec<&Row<'r>> = rows.rows.iter().filter(meant).collect();
        Figures::pooled(&meant)
    }

    fn subject(&self) -> String {
        format!("{} for {}", self.written, subject(self.kind, self.names))
    }

    /// What is missing, and what it may have been meant to be.
    fn nothing(&self, rows: &Rows<'_>) -> String {
        let what = format!("nothing was counted as {}", subject(self.kind, self.names));
        if rows.rows.is_empty() {
            return format!("{what}, nor as anything else");
        }
        let fits = self.names.matcher();
        let mut kinds: Vec<&str> =
            rows.rows.iter().filter(|row| fits(&row.name)).map(|row| &*row.kind).collect();
        if !kinds.is_empty() {
            kinds.sort_unstable();
            kinds.dedup();
            return format!("{what}; its types are {}", kinds.join(", "));
        }
        let written = self.names.to_string();
        if let Some((kind, name)) = written.split_once(' ')
            && rows.rows.iter().any(|row| *row.kind == *kind && *row.name == *name)
        {
            return format!("{what}; the name is {name}, the type is said by `type: {kind}`");
        }
        match nearest(&written, rows.rows.iter().map(|row| &*row.name)) {
            Some(name) => format!("{what}; did you mean {name}?"),
            None => what,
        }
    }
}

/// The value of a metric in a formula.
fn reference_value(reference: &Reference, rows: &Rows<'_>) -> Result<f64, String> {
    let Reference { metric, written, kind, names } = reference;
    let asked = Asked { kind: kind.as_deref(), names, metric: *metric, written };
    let (value, _) = asked.value(rows)?;
    value.exact().ok_or_else(|| format!("no data: the CSV tells {} only roughly", asked.subject()))
}

/// The actual value with as many decimals as it takes to see that it misses the limit.
fn shown(unit: Unit, actual: f64, limit: f64, kept: bool) -> String {
    let short = unit.show(actual);
    if !kept && short == unit.show(limit) && actual.to_bits() != limit.to_bits() {
        return format!("{short} ({actual})");
    }
    short
}

/// The type that is asked for; the empty one is Locust's way to say none.
fn asked(kind: Option<&str>) -> Option<&str> {
    kind.filter(|kind| !kind.is_empty())
}

/// Whether a row is of the type that is asked for. Parts of requests are asked for by their type only.
fn is_of(row: &Row<'_>, kind: Option<&str>) -> bool {
    kind.map_or(!is_part(&row.kind), |kind| kind == &*row.kind)
}

fn subject(kind: Option<&str>, names: &Names) -> String {
    match asked(kind) {
        Some(kind) => format!("{kind} {names}"),
        None => names.to_string(),
    }
}
