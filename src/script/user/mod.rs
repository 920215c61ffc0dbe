//! The `user` of a script: its state, how it waits, and what becomes of the requests that it sends.

mod block;
pub(super) mod blocks;
pub(super) mod ending;
pub(super) mod handle;
pub(super) mod host;
pub(super) mod listeners;
pub(super) mod pace;
pub(super) mod site;
mod transaction;
pub(super) mod verdict;

pub use handle::User;
