//! The writers: pure functions of what was counted, to text and to files.
//!
//! Every one of them renders the same totals, so the last line of a file and of the console say the same.

pub mod console;
pub mod csv;
pub mod html;
mod numbers;
mod output;
mod record;
pub mod trace;

pub use output::Output;
pub use record::{EndingCause, FORMAT, GivenOption, Machine, Record, RunEnding, VERSION};
