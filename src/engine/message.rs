//! What crosses the seam between the controller and its shards: plain data, so that a shard can be another process.

use crate::plan::{ClassId, Event, FnId, UserTarget};
use crate::stats::{ShardHealth, Snapshot, TraceStep};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A user to be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Assignment {
    /// Number of the user in the run, from 1: it names the user's random streams.
    pub(super) user: u64,
    /// What kind of user it is.
    pub(super) class: ClassId,
}

/// What the controller tells a shard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Command {
    /// Start these users now.
    Start(Vec<Assignment>),
    /// End these users gracefully: there are to be fewer.
    Stop(Vec<u64>),
    /// This many more task runs are allowed; 0 means that there will be no more.
    Grant(u64),
    /// Run the hooks of this event, and report. One at a time, to one shard.
    Hook {
        /// What happened.
        event: Event,
        /// What the hooks get to see of it.
        fields: serde_json::Map<String, serde_json::Value>,
    },
    /// End the hooks that run now.
    CutHook,
    /// Ask the script's load shape, and report. One at a time, to one shard.
    Shape {
        /// The function given to `load_shape(..)`.
        function: FnId,
        /// Since the start of spawning.
        at: Duration,
    },
    /// Start the users that open classes have before their first arrival, and report.
    Prepare,
    /// Let the arrivals of open classes in, and report when there are no more and their iterations are done.
    OpenDoors {
        /// When the schedules begin, since the start of the run.
        at: Duration,
    },
    /// End gracefully: waiting users stop at once, running tasks have until then, `on_stop` runs.
    Finish {
        /// How long running tasks may go on.
        stop_timeout: Duration,
    },
    /// End at once: nothing more runs.
    Cut,
    /// Nothing more will come: report what is left and end the thread.
    Quit,
}

/// What a shard tells the controller.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Report {
    /// The scripts are loaded; users can be started.
    Ready {
        /// The shard's index.
        shard: usize,
    },
    /// The shard cannot run: its scripts could not be loaded.
    Broken {
        /// Why.
        reason: String,
    },
    /// What was counted since the last snapshot.
    Counted {
        /// The statistics.
        snapshot: Box<Snapshot>,
    },
    /// Users of open classes that the shard has started since the last such report. It comes before the report of their
    /// end.
    Joined {
        /// Who they are.
        users: Vec<Assignment>,
    },
    /// The users that open classes have before their first arrival have gone through their `on_start`.
    Prepared,
    /// Every schedule of arrivals has ended, and its iterations are done.
    Settled,
    /// How the shard itself fared since the last time.
    Health {
        /// The shard's index.
        shard: usize,
        /// What was measured.
        health: Box<ShardHealth>,
    },
    /// What users did since the last time; only where a trace is written.
    Traced {
        /// In the order in which they ended.
        steps: Vec<TraceStep>,
    },
    /// Users that have ended since the last such report.
    Ended {
        /// Their numbers.
        users: Vec<u64>,
    },
    /// The shard has used up its grant of task runs.
    NeedsGrant {
        /// The shard's index.
        shard: usize,
    },
    /// The hooks of an event have ended.
    Hooked {
        /// The event.
        event: Event,
        /// What came of them.
        outcome: HookOutcome,
    },
    /// What the script's load shape said.
    Shaped {
        /// The target; none = the run is to end. An exception of the function was counted, and says nothing.
        answer: Result<Option<UserTarget>, ShapeFailed>,
    },
    /// A script ended the run.
    StopTest {
        /// As the script gave it.
        reason: String,
    },
    /// The run is being ended, and no user is left. What was counted came before.
    Idle {
        /// The shard's index.
        shard: usize,
    },
    /// The shard has ended. Its last snapshot came before.
    Done {
        /// The shard's index.
        shard: usize,
    },
}

/// What came of the hooks of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct HookOutcome {
    /// How many of them threw; the exceptions were counted.
    pub(super) failed: u64,
    /// One of them ended the run.
    pub(super) stop: Option<String>,
    /// The exit code that one of them asked for.
    pub(super) exit_code: Option<u8>,
}

/// The function of the load shape threw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ShapeFailed;
