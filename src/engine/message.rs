//! What crosses the seam between the controller and its shards: plain data, so that a shard can be another process.

use crate::plan::ClassId;
use crate::stats::{ShardHealth, Snapshot};
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
    /// This many more task runs are allowed; 0 means that there will be no more.
    Grant(u64),
    /// End gracefully: waiting users stop at once, running tasks have until then, `on_stop` runs.
    Finish {
        /// How long running tasks may go on.
        stop_timeout: Duration,
    },
    /// End at once: nothing more runs.
    Cut,
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
    /// How the shard itself fared since the last time.
    Health {
        /// The shard's index.
        shard: usize,
        /// What was measured.
        health: Box<ShardHealth>,
    },
    /// Users that have ended since the beginning. Not those that run: users that were started meanwhile would seem to
    /// be missing from that.
    Ended {
        /// The shard's index.
        shard: usize,
        /// By class index.
        ended: Vec<u64>,
    },
    /// The shard has used up its grant of task runs.
    NeedsGrant {
        /// The shard's index.
        shard: usize,
    },
    /// A script ended the run.
    StopTest {
        /// As the script gave it.
        reason: String,
    },
    /// Every user has ended, and the shard with them. Its last snapshot came before.
    Done {
        /// The shard's index.
        shard: usize,
    },
}
