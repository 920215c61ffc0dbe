//! What the run had more of than is kept apart.

use super::styles::WARN;
use crate::report::one_line::one_line;
use crate::stats::Totals;
use std::fmt::Write;

/// A paragraph for each kind: what there was too much of, where it comes from and how to mend it; empty where there was room
/// for everything.
#[must_use]
pub fn overflow_report(totals: &Totals) -> String {
    let mut text = String::new();
    for overflow in totals.overflows() {
        let overflow = overflow.to_string();
        writeln!(text, "{WARN}Warning:{WARN:#} {}.", one_line(&overflow)).expect("a String takes everything");
    }
    text
}
