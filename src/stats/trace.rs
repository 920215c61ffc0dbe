//! What users did, run by run: for comparing two runs.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One run of a task function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceStep {
    /// The user's number, from 1.
    pub user: u64,
    /// Which run of a task function this was in the user's life, from 1.
    pub step: u64,
    /// When it started, since the start of the run.
    pub started: Duration,
    /// The number of the arrival that it served, from 1; none outside the open model.
    pub arrival: Option<u64>,
    /// The user class, the task sets that it was in and the task, joined by `/`.
    pub task: String,
    /// The wait that was drawn after it; none where none was.
    pub wait: Option<Duration>,
    /// The rows of data files that were drawn for it, as `file:index` joined by `;`, from 0.
    pub rows: String,
}
