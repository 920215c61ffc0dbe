//! The verdict on a CSV, which knows nothing of the run but its rows.

use crate::manifest::Verdict;

/// What manifests say of a `_stats.csv`.
#[derive(Clone, Debug, PartialEq)]
pub struct CsvVerdict {
    /// The name of the file.
    pub file: String,
    /// One for each manifest.
    pub verdicts: Vec<Verdict>,
    /// What the verdict is to the shell: 0 or 3.
    pub exit_code: u8,
}

impl CsvVerdict {
    /// Whether every threshold was kept.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.exit_code == 0
    }
}
