//! What can be known to be wrong before anything runs: the source is read, nothing is executed, nothing is sent.
//!
//! A false alarm stops a script that works, a miss is found by the run itself: in doubt these checks are silent.

mod calls;
mod captures;
mod findings;
mod keys;
mod leaves;
#[cfg(test)]
mod tests;
mod urls;
mod variables;

pub(super) use findings::check;
pub(super) use leaves::calls_interrupt;
pub(super) use urls::first_relative;
