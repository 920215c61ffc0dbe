//! The HTML report: one page that needs nothing else, neither a network nor, but for its charts, JavaScript.

mod course;
mod data;
mod distribution;
mod facts;
mod headline;
mod health;
mod manifests;
mod markup;
mod page;
mod phases;
mod problems;
mod requests;
mod table;
mod tasks;

pub(super) use markup::escaped;
pub use page::{MOST_BYTES, html_report};
