//! What is compared.

use serde::{Deserialize, Serialize};

/// A figure of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Requests per second, failed ones included.
    Rate,
    /// Failures / requests, 0 to 1.
    FailRatio,
    /// Mean response time in milliseconds.
    Average,
    /// Median response time in milliseconds.
    P50,
    /// 95th percentile of response times in milliseconds.
    P95,
    /// 99th percentile of response times in milliseconds.
    P99,
    /// Mean bytes of a body.
    ContentSize,
    /// The longest response time in milliseconds: shown, and never judged, since one request makes it.
    Max,
}

/// On which scale a figure is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// By its ratio: the logarithm.
    Ratio,
    /// By its difference: it may be zero.
    Difference,
}

impl Metric {
    /// In the order of tables.
    pub const ALL: [Self; 8] = [
        Self::Rate,
        Self::FailRatio,
        Self::Average,
        Self::P50,
        Self::P95,
        Self::P99,
        Self::ContentSize,
        Self::Max,
    ];

    /// Those whose noise is known.
    pub(super) const TESTED: [Self; 7] =
        [Self::Rate, Self::FailRatio, Self::Average, Self::P50, Self::P95, Self::P99, Self::ContentSize];

    /// As tables call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rate => "req/s",
            Self::FailRatio => "fails",
            Self::Average => "average",
            Self::P50 => "p50",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::ContentSize => "size",
            Self::Max => "max",
        }
    }

    pub(super) fn scale(self) -> Scale {
        match self {
            Self::FailRatio | Self::ContentSize => Scale::Difference,
            _ => Scale::Ratio,
        }
    }

    /// Whether more of it is worse, less is, or neither. A rate says something only where the same load was to be made.
    pub(super) fn worse(self, same_load: bool) -> Option<std::cmp::Ordering> {
        use std::cmp::Ordering::{Greater, Less};
        match self {
            Self::Rate => same_load.then_some(Less),
            Self::FailRatio | Self::Average | Self::P50 | Self::P95 | Self::P99 => Some(Greater),
            Self::ContentSize | Self::Max => None,
        }
    }

    /// Requests that each side must have: of a percentile, ten beyond it.
    pub(super) fn least_requests(self) -> u64 {
        match self {
            Self::P95 => 200,
            Self::P99 => 1000,
            _ => 20,
        }
    }

    /// The share of the requests that lie below a percentile.
    pub(super) fn quantile(self) -> Option<f64> {
        match self {
            Self::P50 => Some(0.5),
            Self::P95 => Some(0.95),
            Self::P99 => Some(0.99),
            _ => None,
        }
    }

    /// A value of it as tables show it, with its unit.
    #[must_use]
    pub fn text(self, value: f64) -> String {
        match self {
            Self::Rate => format!("{}/s", three_digits(value)),
            Self::FailRatio => format!("{:.2}%", value * 100.0),
            Self::ContentSize => crate::util::bytes_text(value.round().max(0.0) as u64),
            _ => format!("{} ms", three_digits(value)),
        }
    }
}

/// As many decimals as still say something.
fn three_digits(value: f64) -> String {
    let decimals = match value.abs() {
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}")
}
