//! Failures and exceptions, grouped by what they say.

use super::bounded::{FAILURES_KEPT, Row};
use crate::util::nanoseconds;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// Failed requests of one (method, name) with the same text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureRow {
    /// The method of the requests.
    pub method: Arc<str>,
    /// The name of the requests.
    pub name: Arc<str>,
    /// What went wrong.
    pub text: Arc<str>,
    /// How often.
    pub occurrences: u64,
    /// When first, since the start of the run.
    #[serde(rename = "first_ns", with = "nanoseconds")]
    pub first: Duration,
    /// When last, since the start of the run.
    #[serde(rename = "last_ns", with = "nanoseconds")]
    pub last: Duration,
}

/// Exceptions of script functions with the same message at the same place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExceptionRow {
    /// What the exception says.
    pub message: Arc<str>,
    /// `file:line` in the script.
    pub place: Arc<str>,
    /// The task (or hook) in which it was seen first.
    pub task: Arc<str>,
    /// How often.
    pub count: u64,
    /// When first, since the start of the run.
    #[serde(rename = "first_ns", with = "nanoseconds")]
    pub first: Duration,
    /// When last, since the start of the run.
    #[serde(rename = "last_ns", with = "nanoseconds")]
    pub last: Duration,
}

impl FailureRow {
    pub(super) fn seen(&mut self, at: Duration) {
        self.occurrences += 1;
        self.first = self.first.min(at);
        self.last = self.last.max(at);
    }
}

impl ExceptionRow {
    pub(super) fn seen(&mut self, task: &str, at: Duration) {
        if (at, task) < (self.first, &*self.task) {
            self.task = task.into();
        }
        self.count += 1;
        self.first = self.first.min(at);
        self.last = self.last.max(at);
    }
}

impl Row for FailureRow {
    const KEPT: usize = FAILURES_KEPT;
    const BEYOND: [&'static str; 3] =
        ["-", "(any)", "further failures: more than 500 distinct ones, counted together"];

    fn key(&self) -> [&str; 3] {
        [&self.method, &self.name, &self.text]
    }

    /// Seen first at the end of time, so that the first sighting is earlier.
    fn empty([method, name, text]: [&str; 3]) -> Self {
        Self {
            method: method.into(),
            name: name.into(),
            text: text.into(),
            occurrences: 0,
            first: Duration::MAX,
            last: Duration::ZERO,
        }
    }

    fn merge(&mut self, other: &Self) {
        self.occurrences = self.occurrences.saturating_add(other.occurrences);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

impl Row for ExceptionRow {
    const KEPT: usize = FAILURES_KEPT;
    const BEYOND: [&'static str; 3] =
        ["further exceptions: more than 500 distinct ones, counted together", "-", ""];

    fn key(&self) -> [&str; 3] {
        [&self.message, &self.place, ""]
    }

    fn empty([message, place, _]: [&str; 3]) -> Self {
        Self {
            message: message.into(),
            place: place.into(),
            task: "".into(),
            count: 0,
            first: Duration::MAX,
            last: Duration::ZERO,
        }
    }

    fn merge(&mut self, other: &Self) {
        if (other.first, &*other.task) < (self.first, &*self.task) {
            self.task = Arc::clone(&other.task);
        }
        self.count = self.count.saturating_add(other.count);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}
