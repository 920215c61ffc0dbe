//! The run in Markdown, as GitHub and GitLab render it: for a comment on a change, or the summary page of a job.

mod escape;
mod page;
mod table;

pub(super) use escape::{code, escaped};
pub use page::{markdown_report, markdown_verdict};
