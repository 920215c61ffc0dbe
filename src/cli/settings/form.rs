//! The forms in which a run is written down.

use crate::report::html::html_report;
use crate::report::{
    CsvVerdict, Record, json_report, json_verdict, junit_report, junit_verdict, markdown_report,
    markdown_verdict,
};
use std::path::Path;

/// What a file about a run holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// Everything, to be read back.
    Result,
    /// The report to look at.
    Html,
    /// A summary for programs.
    Json,
    /// Test cases, for CI.
    Junit,
    /// A summary for people, as a comment or a page.
    Markdown,
}

impl Form {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Result, Self::Html, Self::Json, Self::Junit, Self::Markdown];

    /// The key of the option that names the file.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Result => "result",
            Self::Html => "html",
            Self::Json => "json",
            Self::Junit => "junit",
            Self::Markdown => "markdown",
        }
    }

    /// How the verdict on a CSV is written; none where that takes a whole run.
    pub(in crate::cli) fn of_csv(self) -> Option<fn(&CsvVerdict) -> String> {
        match self {
            Self::Json => Some(json_verdict),
            Self::Junit => Some(junit_verdict),
            Self::Markdown => Some(markdown_verdict),
            Self::Result | Self::Html => None,
        }
    }

    /// What a file of this name is to hold.
    pub(in crate::cli) fn render(self, record: &Record, name: &Path) -> Vec<u8> {
        match self {
            Self::Result => record.to_bytes(name),
            Self::Html => html_report(record).into_bytes(),
            Self::Json => json_report(record).into_bytes(),
            Self::Junit => junit_report(record).into_bytes(),
            Self::Markdown => markdown_report(record).into_bytes(),
        }
    }
}

/// The file name that stands for stdout.
pub(in crate::cli) const STDOUT: &str = "-";
