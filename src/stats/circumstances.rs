//! Where in a script a request comes from, and where it went: asked only of what is new or has failed.

use std::fmt;

/// A call in a script. Shown, it is `file:line:column`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallSite<'a> {
    /// The file as the user named it.
    pub file: &'a str,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
}

impl fmt::Display for CallSite<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// What is known of a request besides what is counted of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Circumstances<'a> {
    /// The call that sent it.
    pub call: Option<CallSite<'a>>,
    /// The call that said that it failed, where a script said so.
    pub failure: Option<CallSite<'a>>,
    /// Where it went, where a script said that it failed.
    pub url: Option<&'a str>,
}
