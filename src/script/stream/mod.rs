//! An answer that is read while it comes.

pub(super) mod cutter;
pub(super) mod reading;
