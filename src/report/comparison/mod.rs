//! Comparisons as text, Markdown, a page and JSON.

mod html;
mod markdown;
mod sheet;
#[cfg(test)]
mod tests;
mod text;
mod words;

pub use html::comparison_html;
pub use markdown::comparison_markdown;
pub use sheet::{COMPARISON_FORMAT, COMPARISON_VERSION, ComparedRun, ComparisonSheet};
pub use text::comparison_text;
