//! What the live view shows, as plain data.

use std::time::Duration;

/// Which part of its way a run is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LiveStage {
    /// Nothing has begun yet.
    #[default]
    Starting,
    /// The number of users is on its way to what it is to be.
    Ramping,
    /// There are as many users as there are to be.
    Running,
    /// The run is being ended.
    Stopping,
}

/// A run that goes on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LiveView {
    /// The scripts, as the user named them.
    pub script: String,
    /// Where relative urls go; none where each class has a host of its own.
    pub host: Option<String>,
    /// Which part of its way the run is on.
    pub stage: LiveStage,
    /// Since the first user or arrival was due.
    pub elapsed: Duration,
    /// When the run ends by itself, counted like `elapsed`; none where nobody knows.
    pub end: Option<Duration>,
    /// Task functions that have ended.
    pub iterations: u64,
    /// How many of them there are to be; none = no bound.
    pub iteration_limit: Option<u64>,
    /// Users that run.
    pub users: u64,
    /// How many there are to be; none where they come by arrivals.
    pub target: Option<u64>,
    /// Requests that have ended, failed ones included.
    pub requests: u64,
    /// Failed requests.
    pub failures: u64,
    /// Exceptions in scripts.
    pub exceptions: u64,
    /// What the last ten whole seconds came to.
    pub now: LiveRates,
    /// What became of arrivals; none where no class is open.
    pub arrivals: Option<LiveArrivals>,
    /// The last two minutes by whole seconds, the latest last.
    pub course: Vec<LivePoint>,
    /// The names of the last ten seconds, the busiest first.
    pub names: Vec<LiveName>,
    /// The most frequent failures and exceptions of the run, with their counts.
    pub failing: Vec<(u64, String)>,
    /// How the manifests stand; none without any.
    pub standing: Option<Standing>,
    /// What is wrong with the generator; none while it keeps up.
    pub trouble: Option<Trouble>,
}

/// What some seconds came to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LiveRates {
    /// Requests per second, failed ones included.
    pub requests: f64,
    /// Failed requests per second.
    pub failures: f64,
    /// The 50th, the 95th and the 99th percentile of response times; none where nothing was timed.
    pub percentiles: Option<[Duration; 3]>,
}

/// Arrivals of the open model.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LiveArrivals {
    /// Arrivals that came due per second, over the last ten whole seconds.
    pub offered: f64,
    /// Those that began per second, over the same time.
    pub achieved: f64,
    /// Arrivals that are due and wait for a user.
    pub waiting: u64,
    /// Arrivals of the whole run that were turned away.
    pub dropped: u64,
    /// Arrivals of the whole run that began late.
    pub late: u64,
}

/// One second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LivePoint {
    /// Requests that ended in it.
    pub requests: u64,
    /// Those of them that failed.
    pub failures: u64,
    /// The 95th percentile of its response times; none where nothing was timed.
    pub p95: Option<Duration>,
}

/// One name, over the last ten whole seconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LiveName {
    /// The type column.
    pub method: String,
    /// The name.
    pub name: String,
    /// Requests per second.
    pub rate: f64,
    /// Failed requests / requests, 0 to 1.
    pub fail_ratio: f64,
    /// The 95th percentile of its response times.
    pub p95: Option<Duration>,
}

/// How thresholds stand, were the run to end now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standing {
    /// Those that are kept.
    pub kept: usize,
    /// Those of which nothing was measured yet.
    pub open: usize,
    /// All of them.
    pub all: usize,
    /// Why each missed one is missed, the worst first.
    pub missed: Vec<String>,
    /// The same for those that only warn.
    pub warned: Vec<String>,
}

/// What is wrong with the generator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What, in one sentence fragment.
    pub what: String,
    /// The run is not valid for it, as it stands.
    pub invalid: bool,
}
