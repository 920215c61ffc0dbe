//! Two sides of runs beside each other: what changed, and whether that is more than noise. Pure functions of results.
//!
//! A figure's noise is taken from the run itself: its slices, which hang together, are drawn in blocks ([`blocks`]); the
//! difference of two sides is judged by Student's distribution ([`difference`]), all differences of a comparison
//! together. `docs/compare.md` says so to users.

mod bins;
mod blocks;
mod comparison;
mod difference;
mod metric;
mod side;
mod student;
#[cfg(test)]
mod tests;

pub use comparison::{Change, Comparison, Finding, Lack, NameComparison, Presence, RATE, compare};
pub use metric::Metric;
pub use side::{LEAST_SLICES, Piece};
