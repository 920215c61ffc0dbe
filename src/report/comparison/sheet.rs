//! A comparison with what its readers must know of the runs.

use crate::compare::{Change, Comparison, Finding, Lack, Metric, NameComparison, Presence, compare};
use crate::report::stamps::utc;
use crate::report::{EndingCause, Record};
use crate::stats::RunResult;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the JSON form of a comparison says it is.
pub const COMPARISON_FORMAT: &str = "katydid-comparison";

/// The number of that form. It grows when older readers could no longer understand it; fields may come at any time.
pub const COMPARISON_VERSION: u32 = 1;

/// Everything that a comparison says. Its JSON form is this, as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ComparisonSheet {
    /// [`COMPARISON_FORMAT`].
    pub format: String,
    /// [`COMPARISON_VERSION`].
    pub version: u32,
    /// The version of katydid that compared.
    pub katydid: String,
    /// The runs of the one side.
    pub base: Vec<ComparedRun>,
    /// The runs of the other.
    pub new: Vec<ComparedRun>,
    /// In what the runs are not alike, besides their results.
    pub unlike: Vec<String>,
    /// The share by which something may be worse; none where nobody asked.
    pub limit: Option<f64>,
    /// How many figures are worse by more, and beyond noise.
    pub regressions: usize,
    /// What changed.
    pub comparison: Comparison,
}

/// A run that is compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ComparedRun {
    /// The file of its result.
    pub file: String,
    /// When it began, in UTC.
    pub started: String,
    /// How long it took, in seconds.
    pub duration_s: f64,
    /// The largest number of users.
    pub users: u64,
    /// All its requests.
    pub requests: u64,
    /// Why it says nothing about the server; empty where it is valid.
    pub invalid: Vec<String>,
}

impl ComparedRun {
    fn new(file: &str, record: &Record) -> Self {
        let mut invalid = record.invalid.clone();
        if record.ending.cause == EndingCause::Cut {
            invalid.push("a second signal cut it".to_owned());
        }
        Self {
            file: file.to_owned(),
            started: utc(record.run.started()),
            duration_s: record.run.duration.as_secs_f64(),
            users: record.run.user_count,
            requests: record.run.totals.aggregated().requests,
            invalid,
        }
    }
}

fn results(side: &[(String, Record)]) -> Vec<&RunResult> {
    side.iter().map(|(_, record)| &record.run).collect()
}

impl ComparisonSheet {
    /// Compares the records of two sides, each with the name of its file. `limit` is the share by which something may be
    /// worse.
    #[must_use]
    pub fn new(base: &[(String, Record)], new: &[(String, Record)], limit: Option<f64>) -> Self {
        let runs = |side: &[(String, Record)]| -> Vec<ComparedRun> {
            side.iter().map(|(file, record)| ComparedRun::new(file, record)).collect()
        };
        let all = || base.iter().chain(new).map(|(_, record)| record);
        let first = all().next();
        let same_load = first.is_none_or(|first| all().all(|record| first.has_load_of(record)));
        let mut unlike: Vec<String> = Vec::new();
        for difference in first.into_iter().flat_map(|first| all().flat_map(|record| first.unlike(record))) {
            if !unlike.contains(&difference) {
                unlike.push(difference);
            }
        }
        let comparison = compare(&results(base), &results(new), same_load);
        Self {
            format: COMPARISON_FORMAT.to_owned(),
            version: COMPARISON_VERSION,
            katydid: env!("CARGO_PKG_VERSION").to_owned(),
            base: runs(base),
            new: runs(new),
            unlike,
            limit,
            regressions: limit.map_or(0, |limit| comparison.regressions(limit).count()),
            comparison,
        }
    }

    /// The JSON form.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = serde_json::to_vec_pretty(self).expect("plain data");
        json.push(b'\n');
        json
    }

    /// Runs of either side that say nothing about the server, with the reasons.
    pub fn invalid(&self) -> impl Iterator<Item = (&str, &str)> {
        let runs = self.base.iter().chain(&self.new);
        runs.flat_map(|run| run.invalid.iter().map(|reason| (&*run.file, &**reason)))
    }

    /// What is more than noise, by name: what is worse comes first.
    pub(super) fn real(&self) -> Vec<(&NameComparison, Vec<&Change>)> {
        let names = self.comparison.names.iter().map(|name| {
            let real: Vec<&Change> = name.changes.iter().filter(|change| change.is_real()).collect();
            (name, real)
        });
        let mut names: Vec<_> = names.filter(|(_, real)| !real.is_empty()).collect();
        names.sort_by_key(|(_, changes)| !changes.iter().any(|change| change.finding == Finding::Worse));
        names
    }

    /// Names that are on one side only.
    pub(super) fn alone(&self, presence: Presence) -> Vec<&NameComparison> {
        self.comparison.names.iter().filter(|name| name.presence == presence).collect()
    }

    /// What there is too little of, each in a sentence.
    pub(super) fn lacks(&self) -> Vec<String> {
        let mut requests = BTreeMap::<u64, (Vec<Metric>, Vec<(String, u64)>)>::new();
        let mut sentences = Vec::new();
        for (name, change) in self.comparison.changes() {
            match change.finding {
                Finding::CannotTell(Lack::Requests { have, needs }) => {
                    let (metrics, names) = requests.entry(needs).or_default();
                    if !metrics.contains(&change.metric) {
                        metrics.push(change.metric);
                    }
                    let title = super::words::title(name);
                    if !names.iter().any(|(known, _)| *known == title) {
                        names.push((title, have));
                    }
                }
                Finding::CannotTell(lack @ (Lack::Slices { .. } | Lack::Series)) => {
                    let sentence = match lack {
                        Lack::Series => "Names that came late have no course of their own.".to_owned(),
                        lack => format!("Too short to tell noise from change: {lack}."),
                    };
                    if !sentences.contains(&sentence) {
                        sentences.push(sentence);
                    }
                }
                _ => {}
            }
        }
        sentences.extend(requests.into_iter().map(|(needs, (metrics, names))| {
            let metrics: Vec<&str> = metrics.into_iter().map(Metric::name).collect();
            let more = names.len().saturating_sub(3);
            let names: Vec<String> =
                names.iter().take(3).map(|(name, have)| format!("{name} has {have}")).collect();
            let more = if more > 0 { format!(", and {more} more have fewer") } else { String::new() };
            format!(
                "Too few requests for {}: {needs} are needed on each side; {}{more}.",
                metrics.join(", "),
                names.join(", ")
            )
        }));
        sentences
    }
}
