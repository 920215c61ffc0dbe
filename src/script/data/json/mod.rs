//! JSON to script values and back, without a value in between.

mod read;
#[cfg(test)]
mod tests;
mod write;

pub(in crate::script) use read::{from_value, to_dynamic};
pub(in crate::script) use write::{MAX_DEPTH, to_pretty_text, to_text};
