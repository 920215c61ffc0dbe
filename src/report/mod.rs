//! The writers: pure functions of what was counted, to text and to files.
//!
//! Every one of them renders the same totals, so the last line of a file and of the console say the same.

pub mod console;
pub mod csv;
mod numbers;
pub mod trace;
