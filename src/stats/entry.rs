//! One row of the statistics.

use super::bounded::{NAMES_KEPT, Row};
use super::phases::{PhaseSample, Phases};
use super::recorder::Sample;
use super::seconds::Seconds;
use super::times::Times;
use crate::util::nanoseconds;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// Everything counted for one (method, name), or for several together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The type column: an HTTP method, `TX`, `REDIS`; empty where methods are pooled.
    pub method: Arc<str>,
    /// The name under which requests are counted.
    pub name: Arc<str>,
    /// Requests, failed ones included.
    pub requests: u64,
    /// Failed requests.
    pub failures: u64,
    /// Bytes of bodies.
    pub content_bytes: u64,
    /// When the last request ended, since the start of the run.
    #[serde(rename = "last_ns", with = "nanoseconds::option")]
    pub last: Option<Duration>,
    /// Response times; fewer than `requests` where some were counted but not timed.
    pub times: Times,
    /// Service times, where they differ from the response times. See [`Entry::service_times`].
    #[serde(default)]
    service: Option<Box<Times>>,
    /// Phases and bytes, where they were asked for.
    #[serde(default)]
    phases: Option<Box<Phases>>,
    pub(super) seconds: Seconds,
}

impl Entry {
    /// An entry that has counted nothing.
    #[must_use]
    pub fn new(method: &str, name: &str) -> Self {
        Self::shared(method.into(), name.into())
    }

    /// An entry that has counted nothing, under the names of another.
    pub(super) fn shared(method: Arc<str>, name: Arc<str>) -> Self {
        Self {
            method,
            name,
            requests: 0,
            failures: 0,
            content_bytes: 0,
            last: None,
            times: Times::default(),
            service: None,
            phases: None,
            seconds: Seconds::default(),
        }
    }

    pub(super) fn record(&mut self, sample: &Sample<'_>) {
        let failures = u64::from(sample.failure.is_some());
        self.requests += 1;
        self.failures += failures;
        self.content_bytes = self.content_bytes.saturating_add(sample.size);
        self.last = self.last.max(Some(sample.ended));
        if let Some(time) = sample.response_time {
            if sample.service_time.is_some() || self.service.is_some() {
                self.own_service().record(sample.service_time.unwrap_or(time));
            }
            self.times.record(time);
        }
        self.seconds.add(sample.ended.as_secs(), 1, failures);
    }

    pub(super) fn record_phases(&mut self, phases: &PhaseSample) {
        self.phases.get_or_insert_default().record(phases);
    }

    /// Adds what `other` counted; the names stay.
    pub fn merge(&mut self, other: &Self) {
        self.requests = self.requests.saturating_add(other.requests);
        self.failures = self.failures.saturating_add(other.failures);
        self.content_bytes = self.content_bytes.saturating_add(other.content_bytes);
        self.last = self.last.max(other.last);
        if other.service.is_some() || self.service.is_some() {
            self.own_service().merge(other.service_times());
        }
        if let Some(phases) = &other.phases {
            self.phases.get_or_insert_default().merge(phases);
        }
        self.times.merge(&other.times);
        self.seconds.merge(&other.seconds);
    }

    /// Counts its times from an earlier start: by so much, which is so many seconds of wall time.
    pub(super) fn shift(&mut self, later: Duration, seconds: u64) {
        self.last = self.last.map(|last| last.saturating_add(later));
        self.seconds.shift(seconds);
    }

    /// Until now no service time differed: they were the response times.
    fn own_service(&mut self) -> &mut Times {
        self.service.get_or_insert_with(|| Box::new(self.times.clone()))
    }

    /// Times from when the requests were really sent. Response times count from when they should have been sent, which is
    /// earlier for the first request of a late iteration of the open model; everywhere else the two are the same.
    #[must_use]
    pub fn service_times(&self) -> &Times {
        self.service.as_deref().unwrap_or(&self.times)
    }

    /// Whether a service time differs from its response time.
    #[must_use]
    pub fn has_service_times(&self) -> bool {
        self.service.is_some()
    }

    /// Whether it times parts of requests that are counted in another row: the first byte, the first event and the gaps
    /// between events of streams. They are in no sum of requests.
    #[must_use]
    pub fn is_part(&self) -> bool {
        is_part(&self.method)
    }

    /// Where the time of the requests went; none where that was not asked for, and where nothing was HTTP.
    #[must_use]
    pub fn phases(&self) -> Option<&Phases> {
        self.phases.as_deref()
    }

    /// Failures / requests, 0 to 1; none without requests.
    #[must_use]
    pub fn fail_ratio(&self) -> Option<f64> {
        (self.requests > 0).then(|| self.failures as f64 / self.requests as f64)
    }

    /// Mean bytes of a body; none without requests.
    #[must_use]
    pub fn average_content_bytes(&self) -> Option<f64> {
        (self.requests > 0).then(|| self.content_bytes as f64 / self.requests as f64)
    }
}

/// Whether rows of this type time parts of requests; see [`Entry::is_part`].
#[must_use]
pub fn is_part(method: &str) -> bool {
    matches!(method, "TTFB" | "TTFE" | "GAP")
}

/// Whether rows of this type and name count what came when there were more names than are kept apart.
#[must_use]
pub fn is_rest(method: &str, name: &str) -> bool {
    [method, name, ""] == Entry::BEYOND
}

impl Row for Entry {
    const KEPT: usize = NAMES_KEPT;
    const BEYOND: [&'static str; 3] = ["-", "(names beyond the first 10,000, counted together)", ""];

    fn key(&self) -> [&str; 3] {
        [&self.method, &self.name, ""]
    }

    fn empty([method, name, _]: [&str; 3]) -> Self {
        Self::new(method, name)
    }

    fn merge(&mut self, other: &Self) {
        Self::merge(self, other);
    }
}
