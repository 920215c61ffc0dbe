//! What a run had more of than is kept apart, and which line of the script makes it.

use super::bounded::{FAILURES_KEPT, NAMES_KEPT, Row};
use super::entry::Entry;
use super::problems::{Exceptions, Failures};
use super::texts::TextRow;
use super::timeline::SERIES_KEPT;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// The first that there was no room for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct First {
    /// `GET /items/10001`, or what an exception says.
    what: String,
    /// `file:line:column` of the request, `file:line` of the exception; none where it is not known.
    place: Option<Arc<str>>,
}

/// A name that was counted for the first time, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct News {
    pub(super) method: Arc<str>,
    pub(super) name: Arc<str>,
    pub(super) place: Arc<str>,
}

/// What there was no room for, so far. Which is the first depends on the order in which things are counted, as that does
/// which of them are kept apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Beyond {
    #[serde(skip_serializing_if = "Option::is_none")]
    names: Option<First>,
    #[serde(skip_serializing_if = "Option::is_none")]
    series: Option<First>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exceptions: Option<First>,
    /// There were more failures than rows for them.
    pub(super) failures: bool,
}

impl Beyond {
    /// A name for which there was no row.
    #[cold]
    pub(super) fn name(&mut self, method: &str, name: &str, place: impl FnOnce() -> Option<Arc<str>>) {
        self.names.get_or_insert_with(|| First { what: format!("{method} {name}"), place: place() });
    }

    /// An entry for which there was no series.
    pub(super) fn series(&mut self, entry: &Entry, place: Option<Arc<str>>) {
        self.series.get_or_insert_with(|| First { what: format!("{} {}", entry.method, entry.name), place });
    }

    /// An exception for which there was no row.
    #[cold]
    pub(super) fn exception(&mut self, message: &str, place: &str) {
        self.exceptions.get_or_insert_with(|| First { what: message.to_owned(), place: Some(place.into()) });
    }

    /// Whether there was room for everything.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether an entry without a series is known.
    pub(super) fn knows_series(&self) -> bool {
        self.series.is_some()
    }

    /// Adds what `other` knows; what was first here stays.
    pub(super) fn merge(&mut self, other: &Self) {
        let either = |ours: &mut Option<First>, theirs: &Option<First>| {
            if ours.is_none() {
                ours.clone_from(theirs);
            }
        };
        either(&mut self.names, &other.names);
        either(&mut self.series, &other.series);
        either(&mut self.exceptions, &other.exceptions);
        self.failures |= other.failures;
    }

    /// In words.
    pub(super) fn overflows(&self, failures: &Failures, exceptions: &Exceptions) -> Vec<Overflow> {
        let of = |what, first: &Option<First>| {
            let First { what: first, place } = first.clone()?;
            Some(Overflow { what, first: Some(first), place, together: 0 })
        };
        let failures = self.failures.then(|| {
            let crowded = failures.iter().filter(|row| row.is_grouped());
            let most = crowded.max_by(|a, b| (a.occurrences, b.key()).cmp(&(b.occurrences, a.key())));
            let rest = failures.iter().find(|row| row.is_rest()).map_or(0, |row| row.occurrences);
            let place = most.and_then(|row| row.place.clone());
            Overflow { what: Overflowing::Failures, first: None, place, together: rest }
        });
        let exceptions = of(Overflowing::Exceptions, &self.exceptions).map(|overflow| {
            let rest = exceptions.iter().find(|row| row.counts_rest());
            Overflow { together: rest.map_or(0, |row| row.count), ..overflow }
        });
        let series = self.series.as_ref().filter(|_| self.names.is_none()).cloned();
        let found =
            [of(Overflowing::Names, &self.names), of(Overflowing::Series, &series), failures, exceptions];
        found.into_iter().flatten().collect()
    }
}

/// What a run may have too many of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Overflowing {
    /// Names of requests: [`NAMES_KEPT`] have rows.
    Names,
    /// Names with a course over time: [`SERIES_KEPT`] have one.
    Series,
    /// Failure texts: [`FAILURES_KEPT`] have rows.
    Failures,
    /// Exceptions: [`FAILURES_KEPT`] have rows.
    Exceptions,
}

/// More of something than is kept apart. Shown, it says of what, where it comes from, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overflow {
    /// Of what.
    pub what: Overflowing,
    /// The first that there was no room for, where that is known.
    pub first: Option<String>,
    /// `file:line:column` in the script that makes them, where that is known.
    pub place: Option<Arc<str>>,
    /// Failures that are counted in one row although their grouped texts differ.
    pub together: u64,
}

impl Overflow {
    /// What there was too much of, and what became of it: a sentence fragment.
    #[must_use]
    pub fn message(&self) -> String {
        let first = |which: &str| match &self.first {
            Some(first) => format!("; {which} is `{}`", one_line(first)),
            None => String::new(),
        };
        let place =
            |verb: &str| self.place.as_ref().map(|place| format!("{verb} {place}")).unwrap_or_default();
        match self.what {
            Overflowing::Names => format!(
                "more than {} names: requests under further ones are counted in one row{}{}",
                thousands(NAMES_KEPT),
                first("the first"),
                place(", sent at")
            ),
            Overflowing::Series => format!(
                "more than {SERIES_KEPT} names: later ones have rows, but no course over time for charts and for windows \
                 of manifests{}{}",
                first("the first"),
                place(", sent at")
            ),
            Overflowing::Failures => self.grouped("failure", &place("; most come from")),
            Overflowing::Exceptions => {
                let first = first(&format!("number {}", FAILURES_KEPT + 1));
                self.grouped("exception", &format!("{first}{}", place(", thrown at")))
            }
        }
    }

    /// There were too many of something, and `where_from`.
    fn grouped(&self, what: &str, where_from: &str) -> String {
        let rest = match self.together {
            0 => String::new(),
            1 => format!(", and 1 {what} that differs even so is in a row for the rest"),
            rest => format!(", and {rest} {what}s that differ even so are counted in one row"),
        };
        format!(
            "more than {FAILURES_KEPT} different {what}s: their texts are grouped, ids, numbers and addresses left \
             out{rest}{where_from}"
        )
    }

    /// How to mend it: a sentence without its full stop.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self.what {
            Overflowing::Names | Overflowing::Series => {
                "Give all requests of a kind one name: the option `name`, or `path` with `{id}` in the url"
            }
            Overflowing::Failures => {
                "Leave out of failure(..) what differs each time, or give --failure-grouping, which groups from the first \
                 on"
            }
            Overflowing::Exceptions => {
                "Leave out of what is thrown what differs each time, or give --failure-grouping, which groups from the first \
                 on"
            }
        }
    }
}

impl fmt::Display for Overflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. {}", self.message(), self.help())
    }
}

/// On one line, and not more of it than tells it from others.
fn one_line(text: &str) -> String {
    const CHARACTERS: usize = 120;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(CHARACTERS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn thousands(number: usize) -> String {
    let text = number.to_string();
    let (high, low) = text.split_at(text.len().saturating_sub(3));
    if high.is_empty() { low.to_owned() } else { format!("{high},{low}") }
}
