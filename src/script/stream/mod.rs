//! `user.stream(..)`: an answer that is read while it comes, event by event or line by line.
//!
//! It is one request, which lasts until its stream ends or is closed; a task that ends closes what it left open. How long
//! the first byte and the first event took, and the gaps between events, are entries of their own.

pub(super) mod cutter;
pub(super) mod methods;
mod open;
pub(super) mod reading;
