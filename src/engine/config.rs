//! What a run is to be: plain data, resolved by the command line.

use super::debug::Debugging;
use crate::http::{ClientOptions, Network};
use crate::plan::Plan;
use crate::script::Fields;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What becomes of an arrival that finds every user of its open class busy and may have no new one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Late {
    /// It waits, first come first served, and is late.
    #[default]
    Wait,
    /// It is turned away and counted.
    Drop,
}

/// A run, without anything left open.
#[derive(Clone, Debug)]
pub struct RunConfig {
    /// What the scripts declared, after tags and classes were chosen.
    pub plan: Plan,
    /// Users at the top of the ramp.
    pub users: usize,
    /// Users started per second.
    pub spawn_rate: f64,
    /// From the start of spawning; none = until something else ends the run.
    pub run_time: Option<Duration>,
    /// Runs of task functions in total; none = no bound.
    pub iterations: Option<u64>,
    /// What becomes of arrivals that find no user.
    pub late: Late,
    /// Runs of task functions of each user; none = no bound.
    pub iterations_per_user: Option<u64>,
    /// How long running tasks may go on when the run ends.
    pub stop_timeout: Duration,
    /// Threads that run users.
    pub shards: usize,
    /// Fibers that one shard may have suspended at once.
    pub max_fibers: usize,
    /// Where all randomness comes from.
    pub seed: u64,
    /// Tell the observer every run of a task function.
    pub trace: bool,
    /// Count the phases of requests, and their bytes, per name.
    pub phases: bool,
    /// Group failure texts from the first on.
    pub failure_grouping: bool,
    /// Users whose requests somebody looks at.
    pub debugging: Option<Debugging>,
    /// Run each task of each set once, one user after the other, on one shard; for a plan that was made for it by
    /// [`make_once`](crate::plan::make_once).
    pub once: bool,
    /// Forget what was counted when all users have been started.
    pub reset_stats: bool,
    /// The host of every class without one of its own, and of set-up and tear-down.
    pub host: Option<String>,
    /// What hooks are told of the run as their `environment`.
    pub environment: Fields,
    /// The client of every user, where its class does not say otherwise.
    pub client: ClientOptions,
    /// Where names lead, and where connections come from.
    pub network: Network,
}
