//! How script functions end.

/// How a run of a script function ended.
#[derive(Clone, Debug, PartialEq)]
pub enum TaskEnd {
    /// It returned; a number is kept, for waits.
    Done(Option<f64>),
    /// It leaves its task set; `reschedule` says whether the parent picks at once or waits first.
    Interrupt {
        /// Pick at once.
        reschedule: bool,
    },
    /// It ends this task, as if it had returned.
    Reschedule,
    /// It ends its user.
    StopUser,
    /// It ends the run.
    StopTest(String),
    /// The engine cut it off.
    Cut,
    /// It threw.
    Failed(Exception),
}

/// An exception that a script did not catch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// What happened, in words that group.
    pub message: String,
    /// `file:line` of the statement.
    pub place: String,
    /// The whole story, for the log.
    pub diagnostic: String,
}
