//! The metrics that a threshold can name.

use crate::stats::Entry;
use serde::{Deserialize, Serialize};

/// The 20 metrics of Locust's CSV header, by exactly these names, in its order.
pub const METRIC_COLUMNS: [&str; 20] = [
    "Request Count",
    "Failure Count",
    "Median Response Time",
    "Average Response Time",
    "Min Response Time",
    "Max Response Time",
    "Average Content Size",
    "Requests/s",
    "Failures/s",
    "50%",
    "66%",
    "75%",
    "80%",
    "90%",
    "95%",
    "98%",
    "99%",
    "99.9%",
    "99.99%",
    "100%",
];

/// The short names, beside `p50`, `p99.9` and any other percentile.
pub(super) const SHORT_NAMES: [&str; 9] =
    ["count", "failures", "fail_ratio", "median", "avg", "min", "max", "size", "rps"];

/// What a threshold judges.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Metric {
    /// Requests.
    RequestCount,
    /// Failed requests.
    FailureCount,
    /// Failed requests as a share of all, 0 to 1.
    FailRatio,
    /// The response time that half of the requests lie below: of a run the percentile of 50, in a CSV a column of its own.
    Median,
    /// Mean response time.
    Average,
    /// Shortest response time.
    Min,
    /// Longest response time.
    Max,
    /// Mean size of a body.
    ContentSize,
    /// Requests per second of the run.
    RequestRate,
    /// Failures per second of the run.
    FailureRate,
    /// The response time below which this share of the requests lies, in percent, 0 to 100.
    Percentile(f64),
}

/// What a metric is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A whole number.
    Count,
    /// A share of 1, shown in percent.
    Ratio,
    /// Milliseconds.
    Milliseconds,
    /// Bytes.
    Bytes,
    /// Per second.
    PerSecond,
}

impl Metric {
    /// The metric of this name: a column of the CSV, or a short name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "Request Count" | "count" => Self::RequestCount,
            "Failure Count" | "failures" => Self::FailureCount,
            "fail_ratio" => Self::FailRatio,
            "Median Response Time" | "median" => Self::Median,
            "Average Response Time" | "avg" => Self::Average,
            "Min Response Time" | "min" => Self::Min,
            "Max Response Time" | "max" => Self::Max,
            "Average Content Size" | "size" => Self::ContentSize,
            "Requests/s" | "rps" => Self::RequestRate,
            "Failures/s" => Self::FailureRate,
            column if METRIC_COLUMNS.contains(&column) => percent(column.strip_suffix('%')?)?,
            short => percent(short.strip_prefix('p')?)?,
        })
    }

    /// The metric of a column of the CSV.
    pub(super) fn column(name: &str) -> Option<Self> {
        METRIC_COLUMNS.contains(&name).then(|| Self::named(name))?
    }

    /// What it is measured in.
    #[must_use]
    pub fn unit(self) -> Unit {
        match self {
            Self::RequestCount | Self::FailureCount => Unit::Count,
            Self::FailRatio => Unit::Ratio,
            Self::Median | Self::Average | Self::Min | Self::Max | Self::Percentile(_) => Unit::Milliseconds,
            Self::ContentSize => Unit::Bytes,
            Self::RequestRate | Self::FailureRate => Unit::PerSecond,
        }
    }

    /// Its value for a row that was counted in so many seconds; none where the row has no data for it.
    pub(super) fn of(self, entry: &Entry, seconds: f64) -> Option<f64> {
        let milliseconds = |time: std::time::Duration| time.as_nanos() as f64 / 1e6;
        if entry.requests == 0 {
            return None;
        }
        // Before any time has passed there is no rate.
        let over_time = |count: u64| (seconds > 0.0).then(|| count as f64 / seconds);
        match self {
            Self::RequestCount => Some(entry.requests as f64),
            Self::FailureCount => Some(entry.failures as f64),
            Self::FailRatio => entry.fail_ratio(),
            Self::Median => entry.times.percentile(0.5).map(milliseconds),
            Self::Average => entry.times.average_ms(),
            Self::Min => entry.times.min().map(milliseconds),
            Self::Max => entry.times.max().map(milliseconds),
            Self::ContentSize => entry.average_content_bytes(),
            Self::RequestRate => over_time(entry.requests),
            Self::FailureRate => over_time(entry.failures),
            Self::Percentile(percent) => entry.times.percentile(percent / 100.0).map(milliseconds),
        }
    }
}

/// A percentile from its number, which must be plain decimal.
fn percent(number: &str) -> Option<Metric> {
    let plain = number.starts_with(|c: char| c.is_ascii_digit())
        && number.chars().all(|c| c.is_ascii_digit() || c == '.');
    let value: f64 = plain.then(|| number.parse().ok())??;
    (value <= 100.0).then_some(Metric::Percentile(value))
}

impl Unit {
    /// A value with its unit, as short as three decimals allow.
    #[must_use]
    pub fn show(self, value: f64) -> String {
        match self {
            Self::Count => decimals(value),
            Self::Ratio => format!("{}%", decimals(value * 100.0)),
            Self::Milliseconds => format!("{} ms", decimals(value)),
            Self::Bytes => format!("{} B", decimals(value)),
            Self::PerSecond => format!("{}/s", decimals(value)),
        }
    }
}

/// At most three decimals, without trailing zeros.
fn decimals(value: f64) -> String {
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::{METRIC_COLUMNS, Metric, SHORT_NAMES, Unit};

    #[test]
    fn knows_all_columns_and_short_names() {
        for name in METRIC_COLUMNS.iter().chain(&SHORT_NAMES) {
            assert!(Metric::named(name).is_some(), "{name}");
        }
        assert_eq!(Metric::named("99.99%"), Some(Metric::Percentile(99.99)));
        assert_eq!(Metric::named("p99.99"), Some(Metric::Percentile(99.99)));
    }

    #[test]
    fn refuses_everything_else() {
        for name in [
            "", "p", "%", "99.0%", "97%", "p101", "pinf", "p-1", "p+1", "p1e1", "p1.2.3", "Type", "P99",
            "rps ",
        ] {
            assert_eq!(Metric::named(name), None, "{name}");
        }
    }

    #[test]
    fn shows_values_short() {
        assert_eq!(Unit::Milliseconds.show(60.0), "60 ms");
        assert_eq!(Unit::Milliseconds.show(0.1234), "0.123 ms");
        assert_eq!(Unit::Ratio.show(0.015), "1.5%");
        assert_eq!(Unit::Count.show(1000.0), "1000");
        assert_eq!(Unit::PerSecond.show(-0.000_01), "0/s");
    }
}
