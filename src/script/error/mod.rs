//! What went wrong in a script, with the line that did it and the calls that led there.

mod diagnose;
mod explain;
mod shown;
mod syntax;
#[cfg(test)]
mod tests;

pub(super) use diagnose::{diagnose, diagnose_in, diagnose_parse, exception_key, fatal};
pub(super) use explain::{foreign_word, purity_help};
