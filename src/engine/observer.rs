//! What the engine tells of a run: while it goes on, and at its end.

use crate::plan::Arrivals;
use crate::stats::{Health, Milestones, RunResult, Totals, TraceStep};
use std::time::Duration;

/// What ended a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The run time was over.
    RunTime,
    /// The task runs of `-i` were done.
    Iterations,
    /// Every user had ended by itself.
    UsersEnded,
    /// The schedules of all open classes had ended, and their iterations were done.
    Arrivals,
    /// The load shape said so.
    Shape,
    /// Who watches it said so: why.
    Objection(String),
    /// A script said so.
    StopTest(String),
    /// An `init` hook threw, so nothing was begun.
    InitFailed,
    /// A first signal.
    Interrupted,
    /// A second signal: cut at once, so the result is not complete.
    Cut,
}

/// What a run gave.
#[derive(Debug)]
pub struct Outcome {
    /// Everything that was counted.
    pub result: RunResult,
    /// What ended it.
    pub ending: Ending,
    /// The exit code that a `quitting` hook asked for.
    pub exit_code: Option<u8>,
    /// Hooks of the run that threw, statistics reset or not.
    pub failed_hooks: u64,
}

/// How a run stands.
pub struct Progress<'a> {
    /// Everything counted so far.
    pub totals: &'a Totals,
    /// Since the start of spawning.
    pub elapsed: Duration,
    /// Since the start of the run, which samples are counted from.
    pub since_start: Duration,
    /// Users that run now, by class index.
    pub users: &'a [u64],
    /// What the run has come to.
    pub milestones: &'a Milestones,
    /// How the generator itself has fared so far.
    pub health: &'a Health,
    /// Task functions that have ended, statistics reset or not.
    pub iterations: u64,
}

/// Someone who watches a run.
pub trait Observer {
    /// A ramp begins, up or down.
    fn ramping(&mut self, users: usize, spawn_rate: f64);
    /// Arrivals begin.
    fn opening(&mut self, arrivals: &[Arrivals]);
    /// The ramp is over: there are as many users as there are to be.
    fn spawned(&mut self, progress: &Progress<'_>);
    /// Once a second.
    fn second(&mut self, progress: &Progress<'_>);
    /// Why the run is to end now; asked once a second while it goes on.
    fn objection(&mut self, progress: &Progress<'_>) -> Option<String>;
    /// What users did since the last time; only where the run is traced.
    fn traced(&mut self, steps: &[TraceStep]);
    /// The run is being ended.
    fn ending(&mut self, ending: &Ending);
}
