//! What one user did, for the trace.

use crate::stats::TraceStep;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::Instant;

/// The steps of a shard's users that were not handed over yet.
pub(super) type Pages = Rc<RefCell<Vec<TraceStep>>>;

/// Writes a user's steps down. A step is complete when the wait after it is known, or the next one begins, or the user
/// has ended.
#[derive(Debug)]
pub(super) struct Diary {
    user: u64,
    /// When the run started.
    started: Instant,
    steps: u64,
    arrival: Option<u64>,
    open: Option<TraceStep>,
    pages: Pages,
}

impl Diary {
    pub(super) fn new(user: u64, started: Instant, pages: Pages) -> Self {
        Self { user, started, steps: 0, arrival: None, open: None, pages }
    }

    /// The next task function will serve the arrival with this number, from 0.
    pub(super) fn serves(&mut self, arrival: u64) {
        self.arrival = Some(arrival + 1);
    }

    /// A task function that began at `begun` has ended.
    pub(super) fn ran(&mut self, begun: Instant, task: String, rows: String) {
        self.close();
        self.steps += 1;
        let started = begun.saturating_duration_since(self.started);
        self.open = Some(TraceStep {
            user: self.user,
            step: self.steps,
            started,
            arrival: self.arrival,
            task,
            wait: None,
            rows,
        });
    }

    /// The next wait was drawn.
    pub(super) fn waits(&mut self, pause: Duration) {
        if let Some(step) = &mut self.open {
            step.wait = Some(pause);
        }
        self.close();
    }

    fn close(&mut self) {
        self.pages.borrow_mut().extend(self.open.take());
    }
}

impl Drop for Diary {
    fn drop(&mut self) {
        self.close();
    }
}
