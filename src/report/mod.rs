//! The writers: pure functions of what was counted, to text and to files.
//!
//! Every one of them renders the same totals, so the last line of a file and of the console say the same.

mod comparison;
pub mod console;
pub mod csv;
mod csv_verdict;
pub mod html;
mod json;
mod junit;
mod markdown;
mod numbers;
mod one_line;
mod output;
mod record;
mod stamps;
pub mod trace;

pub use comparison::{
    COMPARISON_FORMAT, COMPARISON_VERSION, ComparedRun, ComparisonSheet, comparison_html,
    comparison_markdown, comparison_text,
};
pub use csv_verdict::CsvVerdict;
pub use json::{json_report, json_verdict};
pub use junit::{junit_report, junit_verdict};
pub use markdown::{markdown_report, markdown_verdict};
pub use output::Output;
pub use record::{EndingCause, FORMAT, GivenOption, Machine, Record, RunEnding, VERSION};
