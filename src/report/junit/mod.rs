//! The run as JUnit XML, so that CI shows what passed and what did not.
//!
//! There is no standard; this is what Jenkins, GitLab and GitHub's actions all read: `testsuites`, `testsuite` and
//! `testcase` with `failure`, `skipped` and `system-out`.

mod cases;
mod xml;

pub use xml::{junit_report, junit_verdict};
