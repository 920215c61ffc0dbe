//! What a user sees and gets while a run goes on.

use super::terminal::live::LiveRun;
use super::terminal::show;
use crate::engine::{Ending, Observer, Progress};
use crate::manifest::{Evidence, Manifest, breach};
use crate::plan::{Arrivals, UserTarget};
use crate::report::console::{Rates, request_table};
use crate::report::csv::CsvWriter;
use crate::report::trace::TraceWriter;
use crate::stats::{RunResult, TraceStep};

/// What is shown of a run while it goes on.
pub(super) enum Course {
    /// Nothing.
    Nothing,
    /// Locust's table every two seconds.
    Tables,
    /// The live view.
    Live(Box<LiveRun>),
}

/// Shows how a run stands and keeps the CSV files up to date.
pub(super) struct RunObserver {
    csv: Option<CsvWriter>,
    trace: Option<TraceWriter>,
    classes: Vec<String>,
    manifests: Vec<Manifest>,
    course: Course,
    seconds: u64,
}

/// How many seconds pass between two tables.
const TABLE_EVERY: u64 = 2;

impl RunObserver {
    /// An observer of a run with these user classes, which may end at a threshold of these manifests.
    pub(super) fn new(
        csv: Option<CsvWriter>,
        trace: Option<TraceWriter>,
        classes: Vec<String>,
        manifests: Vec<Manifest>,
        course: Course,
    ) -> Self {
        Self { csv, trace, classes, manifests, course, seconds: 0 }
    }

    /// Writes the final state of the files.
    pub(super) fn finish(self, result: &RunResult) {
        let Some(csv) = self.csv else { return };
        if let Err(error) = csv.finish(&result.totals, result.duration, 0) {
            // The run is not lost for it: the console has the numbers.
            tracing::warn!("{error}");
        }
    }

    fn live(&mut self) -> Option<&mut LiveRun> {
        match &mut self.course {
            Course::Live(live) => Some(live),
            Course::Nothing | Course::Tables => None,
        }
    }

    fn write_csv(&mut self, progress: &Progress<'_>) {
        let users = usize::try_from(progress.users.iter().sum::<u64>()).unwrap_or(usize::MAX);
        if let Some(csv) = &mut self.csv
            && let Err(error) = csv.tick(progress.totals, progress.since_start, users)
        {
            tracing::warn!("{error}");
        }
    }
}

impl Observer for RunObserver {
    fn ramping(&mut self, users: usize, spawn_rate: f64) {
        if spawn_rate >= UserTarget::AT_ONCE {
            tracing::info!("Going to {users} users at once");
        } else {
            tracing::info!("Ramping to {users} users at a rate of {spawn_rate:.2} per second");
        }
        if let Some(live) = self.live() {
            live.ramping(users);
        }
    }

    fn opening(&mut self, arrivals: &[Arrivals]) {
        for arrivals in arrivals {
            let name = &self.classes[arrivals.class.0];
            tracing::info!("Users of \"{name}\" come by arrivals: {arrivals}");
        }
        if let Some(live) = self.live() {
            live.opening();
        }
    }

    fn spawned(&mut self, progress: &Progress<'_>) {
        if let Some(live) = self.live() {
            live.spawned();
        }
        let counts =
            self.classes.iter().zip(progress.users).map(|(name, count)| format!("\"{name}\": {count}"));
        let total: u64 = progress.users.iter().sum();
        // Users that come by arrivals are not started ahead, and a shape may want none for a while.
        if total == 0 {
            return;
        }
        tracing::info!(
            "All users spawned: {{{}}} ({total} total users)",
            counts.collect::<Vec<_>>().join(", ")
        );
    }

    fn second(&mut self, progress: &Progress<'_>) {
        self.seconds += 1;
        self.write_csv(progress);
        match &mut self.course {
            Course::Tables if self.seconds.is_multiple_of(TABLE_EVERY) => {
                let table = request_table(progress.totals, Rates::Current, show::columns());
                show::report(&format!("{table}\n"));
            }
            Course::Live(live) => live.second(progress, &self.manifests),
            Course::Tables | Course::Nothing => {}
        }
    }

    fn objection(&mut self, progress: &Progress<'_>) -> Option<String> {
        let run = || Evidence::so_far(progress.totals, progress.milestones, progress.since_start);
        self.manifests.iter().find_map(|manifest| breach(manifest, run(), progress.elapsed))
    }

    fn traced(&mut self, steps: &[TraceStep]) {
        if let Some(trace) = &mut self.trace
            && let Err(error) = trace.write(steps)
        {
            tracing::warn!("the trace is given up: {error}");
            self.trace = None;
        }
    }

    fn ending(&mut self, ending: &Ending) {
        if let Some(live) = self.live() {
            live.ending();
        }
        match ending {
            Ending::RunTime => tracing::info!("run time limit reached, stopping"),
            Ending::Iterations => tracing::info!("all iterations done, stopping"),
            Ending::Arrivals => tracing::info!("all arrivals done, stopping"),
            Ending::UsersEnded => tracing::info!("all users have ended, stopping"),
            Ending::Shape => tracing::info!("the load shape has ended, stopping"),
            Ending::Objection(why) => tracing::error!("a threshold was missed, stopping: {why}"),
            Ending::InitFailed => tracing::error!("an `init` hook failed, not starting"),
            Ending::StopTest(reason) => tracing::info!("a script stopped the test: {reason}"),
            Ending::Interrupted => tracing::info!("interrupted, stopping; a second signal stops at once"),
            Ending::Cut => tracing::warn!("second signal, cutting off"),
        }
    }
}
