//! Failures and exceptions, grouped by what they say.

use super::bounded::{FAILURES_KEPT, Row};
use super::circumstances::CallSite;
use super::texts::{TextRow, Texts, sample_with};
use crate::util::nanoseconds;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::sync::Arc;
use std::time::Duration;

/// The failures of a run.
pub(super) type Failures = Texts<FailureRow>;

/// The exceptions of a run.
pub(super) type Exceptions = Texts<ExceptionRow>;

/// Failed requests of one (method, name) with the same text, or with texts of the same grouped form.
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
    /// Where texts were grouped to this one, the first of them; see [`FailureRow::original`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<Arc<str>>,
    /// `file:line:column` of the call in the script that the first of them came from: of `failure(..)`, or of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Arc<str>>,
    /// The text as it is when it is grouped, where that is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) form: Option<Arc<str>>,
}

/// Exceptions of script functions at the same place with the same message, or with messages of the same grouped form.
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
    /// Where messages were grouped to this one, the first of them; see [`ExceptionRow::original`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<Arc<str>>,
    /// The message as it is when it is grouped, where that is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) form: Option<Arc<str>>,
}

impl FailureRow {
    /// The first text of the row as it came: of several at the same time, the smallest.
    #[must_use]
    pub fn original(&self) -> &str {
        self.first_text()
    }

    /// Whether texts that differ from each other may be counted in it.
    #[must_use]
    pub fn is_grouped(&self) -> bool {
        self.sample.is_some()
    }

    /// Whether it counts what came when there was no room for a row of its own.
    #[must_use]
    pub fn is_rest(&self) -> bool {
        self.counts_rest()
    }

    /// Counts a failure whose text was `original`.
    pub(super) fn seen(&mut self, at: Duration, original: &str, site: Option<CallSite<'_>>) {
        let is_first = self.occurrences == 0;
        let order = (at, original).cmp(&(self.first, self.original()));
        let text = |site: CallSite<'_>| Arc::from(site.to_string());
        if is_first || order == Ordering::Less {
            self.place = site.map(text);
        } else if order == Ordering::Equal {
            self.place = least(self.place.take(), site.map(text));
        }
        self.sample = sample_with(self, original, is_first || order == Ordering::Less);
        self.occurrences += 1;
        self.first = self.first.min(at);
        self.last = self.last.max(at);
    }
}

/// The smaller of those that there are.
fn least(ours: Option<Arc<str>>, theirs: Option<Arc<str>>) -> Option<Arc<str>> {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) => Some(ours.min(theirs)),
        (ours, theirs) => ours.or(theirs),
    }
}

impl TextRow for FailureRow {
    const TEXT: usize = 2;

    fn is_new(&self) -> bool {
        self.occurrences == 0
    }

    fn form(&self) -> Option<&Arc<str>> {
        self.form.as_ref()
    }

    fn set_form(&mut self, form: Arc<str>) {
        self.form = Some(form);
    }

    fn sample(&self) -> Option<&Arc<str>> {
        self.sample.as_ref()
    }
}

impl ExceptionRow {
    /// The first message of the row as it came: of several at the same time, the smallest.
    #[must_use]
    pub fn original(&self) -> &str {
        self.first_text()
    }

    /// Whether messages that differ from each other may be counted in it.
    #[must_use]
    pub fn is_grouped(&self) -> bool {
        self.sample.is_some()
    }

    /// Counts an exception whose message was `original`.
    pub(super) fn seen(&mut self, task: &str, at: Duration, original: &str) {
        let earlier = self.count == 0 || (at, original) < (self.first, self.original());
        self.sample = sample_with(self, original, earlier);
        if (at, task) < (self.first, &*self.task) {
            self.task = task.into();
        }
        self.count += 1;
        self.first = self.first.min(at);
        self.last = self.last.max(at);
    }
}

impl TextRow for ExceptionRow {
    const TEXT: usize = 0;

    fn is_new(&self) -> bool {
        self.count == 0
    }

    fn form(&self) -> Option<&Arc<str>> {
        self.form.as_ref()
    }

    fn set_form(&mut self, form: Arc<str>) {
        self.form = Some(form);
    }

    fn sample(&self) -> Option<&Arc<str>> {
        self.sample.as_ref()
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
            sample: None,
            place: None,
            form: None,
        }
    }

    /// The texts may differ, where that of `other` is grouped to this one.
    fn merge(&mut self, other: &Self) {
        let differs = self.is_grouped() || other.original() != &*self.text || other.is_grouped();
        let order = match self.occurrences {
            0 => Ordering::Greater,
            _ => (self.first, self.original()).cmp(&(other.first, other.original())),
        };
        let original = match order {
            Ordering::Greater => other.original(),
            _ => self.original(),
        };
        self.sample = differs.then(|| original.into());
        self.place = match order {
            Ordering::Less => self.place.take(),
            Ordering::Equal => least(self.place.take(), other.place.clone()),
            Ordering::Greater => other.place.clone(),
        };
        if other.text == self.text {
            self.form = least(self.form.take(), other.form.clone());
        }
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
            sample: None,
            form: None,
        }
    }

    /// The messages may differ, where that of `other` is grouped to this one.
    fn merge(&mut self, other: &Self) {
        let differs = self.is_grouped() || other.original() != &*self.message || other.is_grouped();
        let earlier = self.count == 0 || (other.first, other.original()) < (self.first, self.original());
        let original = if earlier { other.original() } else { self.original() };
        self.sample = differs.then(|| original.into());
        if other.message == self.message {
            self.form = least(self.form.take(), other.form.clone());
        }
        if (other.first, &*other.task) < (self.first, &*self.task) {
            self.task = Arc::clone(&other.task);
        }
        self.count = self.count.saturating_add(other.count);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}
