//! The failures of a run, of a bounded number: kept apart by their texts as long as there is room, by their grouped texts
//! from then on.

use super::bounded::{Bounded, Row, clip};
use super::circumstances::Circumstances;
use super::grouping::grouped;
use super::problems::FailureRow;
use super::recorder::Sample;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;

/// Rows by (method, name, text).
///
/// Whether texts are grouped, and the rows, follow from what was counted, in whatever order it came, up to as many grouped
/// texts as are kept apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Failures {
    rows: Bounded<FailureRow>,
    /// Texts are grouped: somebody wants it, or there were too many.
    grouped: bool,
    /// There were too many.
    crowded: bool,
}

impl Failures {
    /// No failures yet; their texts are to be `grouped` from the first on.
    pub(super) fn new(grouped: bool) -> Self {
        Self { grouped, ..Self::default() }
    }

    /// Counts a failed request.
    pub(super) fn count(&mut self, sample: &Sample<'_>, text: &str, circumstances: &Circumstances<'_>) {
        let text = clip(text);
        let form = || grouped(&text, sample.name, circumstances.url);
        let site = circumstances.failure.or(circumstances.call);
        if !self.grouped {
            if let Some(row) = self.rows.row_if_room([sample.method, sample.name, &text]) {
                if row.occurrences == 0
                    && let Cow::Owned(form) = form()
                    && form != *text
                {
                    row.form = Some(form.into());
                }
                row.seen(sample.ended, &text, site);
                return;
            }
            self.group();
            self.crowded = true;
        }
        let row = self.rows.row([sample.method, sample.name, &form()]);
        row.seen(sample.ended, &text, site);
        self.crowded |= row.is_rest();
    }

    /// Adds a row, grouped or not.
    pub(super) fn add(&mut self, row: &FailureRow) {
        if row.is_grouped() || row.is_rest() {
            self.group();
        }
        if !self.grouped {
            if let Some(ours) = self.rows.row_if_room(row.key()) {
                ours.merge(row);
                return;
            }
            self.group();
            self.crowded = true;
        }
        self.add_grouped(row);
    }

    fn add_grouped(&mut self, row: &FailureRow) {
        if row.is_rest() {
            self.rows.add(row);
            self.crowded = true;
            return;
        }
        let text = row.form.as_deref().unwrap_or(&row.text);
        let ours = self.rows.row([&row.method, &row.name, text]);
        ours.merge(row);
        self.crowded |= ours.is_rest();
    }

    /// From now on texts are grouped, and so are those that were kept apart.
    #[cold]
    fn group(&mut self) {
        if !self.grouped {
            self.grouped = true;
            let apart = std::mem::take(&mut self.rows);
            apart.iter().for_each(|row| self.add_grouped(row));
        }
    }

    /// Adds what `other` counted.
    pub(super) fn merge(&mut self, other: &Self) {
        other.iter().for_each(|row| self.add(row));
        self.crowded |= other.crowded;
    }

    /// Whether there were more than are kept apart.
    pub(super) fn is_crowded(&self) -> bool {
        self.crowded
    }

    /// All rows, that for the rest last.
    pub(super) fn iter(&self) -> impl Iterator<Item = &FailureRow> {
        self.rows.iter()
    }
}

/// Equal rows: the rest follows from them.
impl PartialEq for Failures {
    fn eq(&self, other: &Self) -> bool {
        self.rows == other.rows
    }
}

impl Serialize for Failures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.rows.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Failures {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut failures = Self::default();
        Vec::<FailureRow>::deserialize(deserializer)?.iter().for_each(|row| failures.add(row));
        Ok(failures)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Circumstances, FAILURES_KEPT, FailureRow, Recorder, Sample, Totals};
    use crate::stats::CallSite;
    use proptest::prelude::prop;
    use proptest::{prop_assert, prop_assert_eq, proptest};
    use std::time::Duration;

    /// A recorder, and failures counted by it: the text, the second and the line of the script.
    fn count(recorder: &mut Recorder, failures: impl IntoIterator<Item = (String, u64, usize)>) {
        for (text, second, line) in failures {
            let sample = Sample {
                method: "GET",
                name: "/items/[id]",
                response_time: None,
                service_time: None,
                size: 0,
                failure: Some(&text),
                ended: Duration::from_secs(second),
            };
            let failure = Some(CallSite { file: "main.rhai", line, column: 5 });
            let circumstances = Circumstances { failure, ..Circumstances::default() };
            recorder.record_in(&sample, None, &circumstances);
        }
    }

    fn totals(recorder: &mut Recorder) -> Totals {
        let mut totals = Totals::new(jiff::Timestamp::UNIX_EPOCH);
        totals.merge(&recorder.take());
        totals
    }

    fn shown(row: &FailureRow) -> (u64, &str, Option<&str>, Option<&str>) {
        (row.occurrences, &row.text, row.sample.as_deref(), row.place.as_deref())
    }

    #[test]
    fn grouped_from_the_first_on_one_sample_is_kept() {
        let mut recorder = Recorder::grouping(true);
        count(&mut recorder, (0..600).rev().map(|id| (format!("no item {id}"), 3 + id / 300, id as usize)));
        count(&mut recorder, [("gone".to_owned(), 9, 4)]);
        let totals = totals(&mut recorder);
        let rows = totals.failures();
        assert_eq!(rows.len(), 2);
        let first = Some("no item 0");
        assert_eq!(shown(rows[0]), (600, "no item <number>", first, Some("main.rhai:0:5")));
        assert_eq!((rows[0].first, rows[0].last), (Duration::from_secs(3), Duration::from_secs(4)));
        assert_eq!(shown(rows[1]), (1, "gone", None, Some("main.rhai:4:5")));
        assert!(totals.overflows().is_empty(), "{:?}", totals.overflows());
    }

    #[test]
    fn texts_stay_as_they_are_while_there_is_room_and_are_grouped_then() {
        let mut recorder = Recorder::new();
        let ids = |ids: std::ops::Range<u64>| ids.map(|id| (format!("no item {id}"), id, 7));
        count(&mut recorder, ids(0..FAILURES_KEPT as u64));
        let mut totals = totals(&mut recorder);
        assert_eq!(totals.failures().len(), FAILURES_KEPT);
        assert!(totals.overflows().is_empty());
        count(&mut recorder, ids(1000..1001));
        totals.merge(&recorder.take());
        assert_eq!(
            shown(totals.failures()[0]),
            (501, "no item <number>", Some("no item 0"), Some("main.rhai:7:5"))
        );
        assert_eq!(totals.failures().len(), 1);
        insta::assert_snapshot!(totals.overflows()[0].to_string(), @"more than 500 different failures: their texts are grouped, ids, numbers and addresses left out; most come from main.rhai:7:5. Leave out of failure(..) what differs each time, or give --failure-grouping, which groups from the first on");
    }

    #[test]
    fn what_differs_all_the_same_is_counted_together() {
        let word = |mut number: u64| {
            let mut word = String::new();
            for _ in 0..4 {
                word.push(char::from(b'a' + (number % 26) as u8));
                number /= 26;
            }
            word
        };
        for grouping in [false, true] {
            let mut recorder = Recorder::grouping(grouping);
            count(&mut recorder, (0..700).map(|number| (format!("no {}", word(number)), number, 7)));
            let totals = totals(&mut recorder);
            assert_eq!(totals.failures().len(), FAILURES_KEPT + 1);
            assert_eq!(totals.failures().iter().map(|row| row.occurrences).sum::<u64>(), 700);
            let rest = totals.failures()[0];
            assert!(rest.is_rest());
            assert_eq!((rest.occurrences, rest.original()), (200, format!("no {}", word(500)).as_str()));
            insta::allow_duplicates! {
                insta::assert_snapshot!(totals.overflows()[0].to_string(), @"more than 500 different failures: their texts are grouped, ids, numbers and addresses left out, and 200 failures that differ even so are counted in one row; most come from main.rhai:7:5. Leave out of failure(..) what differs each time, or give --failure-grouping, which groups from the first on");
            }
        }
    }

    #[test]
    fn a_text_of_a_megabyte_is_cut() {
        let mut recorder = Recorder::new();
        let body = "x".repeat(1 << 20);
        count(&mut recorder, [(format!("{body}1"), 1, 1), (format!("{body}2"), 1, 1)]);
        let totals = totals(&mut recorder);
        assert_eq!(totals.failures().len(), 1);
        assert_eq!(totals.failures()[0].text.len(), super::super::TEXT_KEPT);
    }

    proptest! {
        #![proptest_config(proptest::test_runner::Config { cases: 12, ..Default::default() })]

        /// Also where the bound is met in one part, in the sum of the parts, or nowhere.
        #[test]
        fn any_number_of_parts_gives_the_same_rows(
            failures in prop::collection::vec((0..2000_u64, 0..30_u64, 1..4_usize), 0..1500),
            grouping in proptest::bool::ANY,
        ) {
            let failures: Vec<_> = failures.into_iter().map(|(id, second, line)| {
                (if id % 7 == 0 { "gone".to_owned() } else { format!("no item {id}") }, second, line)
            }).collect();
            let of = |parts: usize, backwards: bool| {
                let mut snapshots: Vec<_> = (0..parts).map(|part| {
                    let mut recorder = Recorder::grouping(grouping);
                    count(&mut recorder, failures.iter().skip(part).step_by(parts).cloned());
                    recorder.take()
                }).collect();
                if backwards {
                    snapshots.reverse();
                }
                let mut totals = Totals::new(jiff::Timestamp::UNIX_EPOCH);
                snapshots.iter().for_each(|snapshot| {
                    let sent = serde_json::to_string(snapshot).unwrap();
                    totals.merge(&serde_json::from_str(&sent).unwrap());
                });
                totals
            };
            let one = of(1, false);
            let saved = serde_json::to_string(&one).unwrap();
            for parts in [2, 8, 64] {
                for backwards in [false, true] {
                    prop_assert_eq!(&serde_json::to_string(&of(parts, backwards)).unwrap(), &saved);
                }
            }
            prop_assert_eq!(&serde_json::from_str::<Totals>(&saved).unwrap(), &one);
            prop_assert!(one.failures().len() <= FAILURES_KEPT);
        }
    }
}
