//! What became of thresholds, as a part of the report of a run or alone.

use crate::manifest::{Judgement, Unit, Verdict, VerdictRow};
use crate::report::CsvVerdict;
use serde::Serialize;

/// What the verdict on a CSV says it is.
const FORMAT: &str = "katydid-verdict";

/// The number of its form. It grows when a field changes its meaning or goes; others can come at any time.
const VERSION: u32 = 1;

/// The verdict on a CSV as JSON, with `manifests` as in the report of a run. `docs/verdict.schema.json` describes it.
#[must_use]
pub fn json_verdict(verdict: &CsvVerdict) -> String {
    let summary = Summary {
        format: FORMAT,
        version: VERSION,
        katydid: env!("CARGO_PKG_VERSION"),
        passed: verdict.passed(),
        exit_code: verdict.exit_code,
        csv: &verdict.file,
        manifests: verdict.verdicts.iter().map(Judged::new).collect(),
    };
    let mut json = serde_json::to_string_pretty(&summary).expect("plain data");
    json.push('\n');
    json
}

#[derive(Serialize)]
struct Summary<'a> {
    format: &'static str,
    version: u32,
    katydid: &'static str,
    passed: bool,
    exit_code: u8,
    /// The file that was judged.
    csv: &'a str,
    manifests: Vec<Judged<'a>>,
}

/// A manifest and what became of its thresholds.
#[derive(Serialize)]
pub(super) struct Judged<'a> {
    manifest: &'a str,
    passed: bool,
    thresholds: Vec<Threshold<'a>>,
}

#[derive(Serialize)]
struct Threshold<'a> {
    #[serde(rename = "type")]
    kind: Option<&'a str>,
    name: &'a str,
    metric: &'a str,
    unit: Unit,
    window: Option<&'a str>,
    limit: &'a str,
    actual: Option<f64>,
    margin: Option<f64>,
    verdict: Judgement,
    why: &'a str,
    place: &'a str,
}

impl<'a> Judged<'a> {
    pub(super) fn new(verdict: &'a Verdict) -> Self {
        let threshold = |row: &'a VerdictRow| Threshold {
            kind: row.kind.as_deref(),
            name: &row.resource,
            metric: &row.metric,
            unit: row.unit,
            window: row.window.as_deref(),
            limit: &row.limit,
            actual: row.actual,
            margin: row.margin,
            verdict: row.judgement,
            why: &row.why,
            place: &row.place,
        };
        Self {
            manifest: &verdict.manifest,
            passed: verdict.passed,
            thresholds: verdict.rows.iter().map(threshold).collect(),
        }
    }
}
