//! All names and figures of two sides, and what is real of their differences.

use super::difference::{Difference, miss_allowed};
use super::metric::{Metric, Scale};
use super::side::{Account, LEAST_SLICES, Piece, Side};
use crate::stats::RunResult;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// How often equal runs may be called different, over all names and figures of a comparison together.
pub const RATE: f64 = 0.01;

/// The logarithm of a ratio that is as good as endless.
const WIDEST: f64 = 20.0;

/// Two sides beside each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Whether only what lies between the ramp and the end is compared.
    pub steady: bool,
    /// Whether the same load was to be made, so that a lower rate is a worse one.
    pub same_load: bool,
    /// What is compared of each run of the one side.
    pub base: Vec<Piece>,
    /// What is compared of each run of the other.
    pub new: Vec<Piece>,
    /// How many differences were judged.
    pub judged: usize,
    /// How sure each interval is, 0 to 1.
    pub confidence: f64,
    /// By name, then method; all names together come last, with an empty method.
    pub names: Vec<NameComparison>,
}

/// A name on two sides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NameComparison {
    /// The type column; empty for all names together.
    pub method: Arc<str>,
    /// The name.
    pub name: Arc<str>,
    /// On which sides it is.
    pub presence: Presence,
    /// Requests that are compared, of the one side and of the other.
    pub requests: (u64, u64),
    /// One for each of [`Metric::ALL`].
    pub changes: Vec<Change>,
}

/// On which sides a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// On both.
    Both,
    /// On the new one only.
    Added,
    /// On the base only.
    Removed,
}

/// A figure on two sides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Which figure.
    pub metric: Metric,
    /// On the base; none without data.
    pub base: Option<f64>,
    /// On the new side.
    pub new: Option<f64>,
    /// New less base.
    pub difference: Option<f64>,
    /// The difference as a share of the base; none where that is zero.
    pub relative: Option<f64>,
    /// Where the true difference lies.
    pub difference_interval: Option<(f64, f64)>,
    /// The same as shares of the base.
    pub relative_interval: Option<(f64, f64)>,
    /// The chance that noise alone makes such a difference.
    pub p_value: Option<f64>,
    /// What it means.
    pub finding: Finding,
}

/// What a difference means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// Worse, and more than noise.
    Worse,
    /// Better, and more than noise.
    Better,
    /// More than noise, and neither better nor worse.
    Changed,
    /// It may be noise.
    Noise,
    /// There is too little to tell.
    CannotTell(Lack),
    /// It is not judged.
    Shown,
}

/// What there is too little of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lack {
    /// A run has too few slices.
    Slices {
        /// How many it has.
        have: usize,
        /// How many it needs.
        needs: usize,
    },
    /// A side has too few requests.
    Requests {
        /// How many it has.
        have: u64,
        /// How many it needs.
        needs: u64,
    },
    /// Only the first names that came have slices of their own.
    Series,
    /// The name is on one side only, or one side has no such figure.
    Data,
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slices { have, needs } => write!(f, "needs {needs} slices in each run, has {have}"),
            Self::Requests { have, needs } => write!(f, "needs {needs} requests on each side, has {have}"),
            Self::Series => write!(f, "beyond the names whose course is kept"),
            Self::Data => write!(f, "no data on one side"),
        }
    }
}

/// Compares runs; several on one side are pooled, as repetitions. `same_load` says whether the same load was to be made.
///
/// The same runs always give the same comparison.
#[must_use]
pub fn compare(base: &[&RunResult], new: &[&RunResult], same_load: bool) -> Comparison {
    let enough = |side: &Side<'_>| side.fewest_slices() >= LEAST_SLICES;
    let (steady_base, steady_new) = (Side::new(base, true), Side::new(new, true));
    let steady = enough(&steady_base) && enough(&steady_new);
    let (base, new) = match steady {
        true => (steady_base, steady_new),
        false => (Side::new(base, false), Side::new(new, false)),
    };
    let slices = base.fewest_slices().min(new.fewest_slices());
    let lack = (slices < LEAST_SLICES).then_some(Lack::Slices { have: slices, needs: LEAST_SLICES });

    let mut drafts = Vec::new();
    for ((name, method), presence) in presences(&base, &new) {
        let accounts = (base.of(&method, &name), new.of(&method, &name));
        drafts.push(Draft::new(method, name, presence, &accounts, lack));
    }
    let all = (base.of_all(), new.of_all());
    drafts.push(Draft::new("".into(), "Aggregated".into(), Presence::Both, &all, lack));

    let p_values: Vec<f64> = drafts.iter().flat_map(Draft::p_values).collect();
    let miss = miss_allowed(&p_values, RATE);
    Comparison {
        steady,
        same_load,
        base: base.pieces(),
        new: new.pieces(),
        judged: p_values.len(),
        confidence: 1.0 - miss,
        names: drafts.into_iter().map(|draft| draft.judged(miss, same_load)).collect(),
    }
}

/// All names of both sides, by name and method.
fn presences(base: &Side<'_>, new: &Side<'_>) -> BTreeMap<(Arc<str>, Arc<str>), Presence> {
    let keys = |side: &Side<'_>| -> BTreeSet<(Arc<str>, Arc<str>)> {
        side.names().into_iter().map(|(method, name)| (name, method)).collect()
    };
    let (base, new) = (keys(base), keys(new));
    let presence = |key: &(Arc<str>, Arc<str>)| match (base.contains(key), new.contains(key)) {
        (true, true) => Presence::Both,
        (true, false) => Presence::Removed,
        (false, _) => Presence::Added,
    };
    base.union(&new).map(|key| (key.clone(), presence(key))).collect()
}

/// A name whose differences are known, and not yet what they mean.
struct Draft {
    method: Arc<str>,
    name: Arc<str>,
    presence: Presence,
    requests: (u64, u64),
    changes: Vec<(Change, Option<Difference>)>,
}

impl Draft {
    fn new(
        method: Arc<str>,
        name: Arc<str>,
        presence: Presence,
        (base, new): &(Account, Account),
        lack: Option<Lack>,
    ) -> Self {
        let change = |(number, metric): (usize, Metric)| {
            let values = (base.values[number], new.values[number]);
            let estimates = (base.estimates.get(number), new.estimates.get(number));
            let found = match estimates {
                (None, _) | (_, None) => Err(Finding::Shown),
                (Some(base_estimate), Some(new_estimate)) => lack_of(metric, (base, new), lack)
                    .map_or_else(
                        || {
                            let both = base_estimate.as_ref().zip(new_estimate.as_ref());
                            both.map(|(base, new)| Difference::between(base, new)).ok_or(Lack::Data)
                        },
                        Err,
                    )
                    .map_err(Finding::CannotTell),
            };
            (bare_change(metric, values, found.err().unwrap_or(Finding::Noise)), found.ok())
        };
        let changes = Metric::ALL.into_iter().enumerate().map(change).collect();
        Self { method, name, presence, requests: (base.requests, new.requests), changes }
    }

    fn p_values(&self) -> impl Iterator<Item = f64> {
        self.changes.iter().filter_map(|(_, difference)| Some((*difference)?.p_value()))
    }

    fn judged(self, miss: f64, same_load: bool) -> NameComparison {
        let judge = |(mut change, difference): (Change, Option<Difference>)| {
            if let Some(difference) = difference {
                change.judge(&difference, miss, same_load);
            }
            change
        };
        NameComparison {
            method: self.method,
            name: self.name,
            presence: self.presence,
            requests: self.requests,
            changes: self.changes.into_iter().map(judge).collect(),
        }
    }
}

/// What keeps a figure from being judged.
fn lack_of(metric: Metric, (base, new): (&Account, &Account), lack: Option<Lack>) -> Option<Lack> {
    let (have, needs) = (base.requests.min(new.requests), metric.least_requests());
    if have == 0 {
        return Some(Lack::Data);
    }
    if !base.has_series || !new.has_series {
        return Some(Lack::Series);
    }
    lack.or_else(|| (have < needs).then_some(Lack::Requests { have, needs }))
}

/// A change of which nothing is known but its values.
fn bare_change(metric: Metric, (base, new): (Option<f64>, Option<f64>), finding: Finding) -> Change {
    let difference = base.zip(new).map(|(base, new)| new - base);
    let relative = difference.zip(base).filter(|(_, base)| *base > 0.0);
    Change {
        metric,
        base,
        new,
        difference,
        relative: relative.map(|(difference, base)| difference / base),
        difference_interval: None,
        relative_interval: None,
        p_value: None,
        finding,
    }
}

impl Change {
    fn judge(&mut self, found: &Difference, miss: f64, same_load: bool) {
        let (low, high) = found.interval(miss);
        let base = self.base.unwrap_or(0.0);
        (self.difference_interval, self.relative_interval) = match self.metric.scale() {
            Scale::Ratio => {
                let share = |ln: f64| ln.clamp(-WIDEST, WIDEST).exp_m1();
                let relative = (share(low), share(high));
                (Some((base * relative.0, base * relative.1)), Some(relative))
            }
            Scale::Difference => (Some((low, high)), (base > 0.0).then(|| (low / base, high / base))),
        };
        let p_value = found.p_value();
        self.p_value = Some(p_value);
        let direction = found.value.partial_cmp(&0.0);
        self.finding = match self.metric.worse(same_load) {
            _ if p_value > miss => Finding::Noise,
            None => Finding::Changed,
            worse if worse == direction => Finding::Worse,
            Some(_) => Finding::Better,
        };
    }

    /// Whether it is more than noise.
    #[must_use]
    pub fn is_real(&self) -> bool {
        matches!(self.finding, Finding::Worse | Finding::Better | Finding::Changed)
    }

    /// Whether it is worse, beyond noise, and by more than the share `limit` of the base. What was zero and is not any
    /// more is beyond any share.
    #[must_use]
    pub fn is_regression(&self, limit: f64) -> bool {
        self.finding == Finding::Worse && self.relative.is_none_or(|relative| relative.abs() > limit)
    }
}

impl Comparison {
    /// What is worse, beyond noise, and by more than the share `limit`.
    pub fn regressions(&self, limit: f64) -> impl Iterator<Item = (&NameComparison, &Change)> {
        self.changes().filter(move |(_, change)| change.is_regression(limit))
    }

    /// All figures of all names.
    pub fn changes(&self) -> impl Iterator<Item = (&NameComparison, &Change)> {
        self.names.iter().flat_map(|name| name.changes.iter().map(move |change| (name, change)))
    }
}
