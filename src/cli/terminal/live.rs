//! The live view of a run: what the engine tells, put on the terminal.

use super::screen::Live;
use super::show;
use crate::cli::settings::RunSettings;
use crate::engine::Progress;
use crate::manifest::Manifest;
use crate::plan::Plan;
use crate::report::console::{LiveFacts, LiveStage, LiveView, live_lines};
use std::io;
use std::time::Duration;

/// A view that follows a run. The terminal is left as it was found when it is dropped.
pub(in crate::cli) struct LiveRun {
    view: LiveView,
    live: Live,
    colours: bool,
}

impl LiveRun {
    /// A view of the run of this plan.
    ///
    /// # Errors
    ///
    /// When the system has no thread for it.
    pub(in crate::cli) fn begin(settings: &RunSettings, plan: &Plan) -> io::Result<Self> {
        let scripts: Vec<_> =
            settings.script.scripts.iter().map(|script| script.display().to_string()).collect();
        let view = LiveView {
            script: scripts.join(", "),
            host: settings.host.clone(),
            end: end(settings.run_time, plan),
            iteration_limit: settings.iterations,
            ..LiveView::default()
        };
        Ok(Self { view, live: Live::begin()?, colours: show::report_colours() })
    }

    /// The number of users heads for so many.
    pub(in crate::cli) fn ramping(&mut self, users: usize) {
        self.view.target = Some(users as u64);
        self.view.stage = LiveStage::Ramping;
        self.show();
    }

    /// Arrivals begin.
    pub(in crate::cli) fn opening(&mut self) {
        self.view.stage = LiveStage::Running;
        self.show();
    }

    /// There are as many users as there are to be.
    pub(in crate::cli) fn spawned(&mut self) {
        self.view.stage = LiveStage::Running;
        self.show();
    }

    /// The run is being ended.
    pub(in crate::cli) fn ending(&mut self) {
        self.view.stage = LiveStage::Stopping;
        self.show();
    }

    /// A second has passed.
    pub(in crate::cli) fn second(&mut self, progress: &Progress<'_>, manifests: &[Manifest]) {
        self.view.elapsed = progress.elapsed;
        self.view.iterations = progress.iterations;
        self.view.users = progress.users.iter().sum();
        self.view.update(&LiveFacts {
            totals: progress.totals,
            health: progress.health,
            milestones: progress.milestones,
            since_start: progress.since_start,
            manifests,
        });
        self.show();
    }

    fn show(&self) {
        let (view, colours) = (self.view.clone(), self.colours);
        self.live.show(Box::new(move |columns, rows| {
            let lines = live_lines(&view, columns, rows);
            lines.iter().map(|line| show::styled(line, colours).into_owned()).collect()
        }));
    }
}

/// When the run ends by itself at the latest, as far as its plan says; none where nobody knows.
fn end(run_time: Option<Duration>, plan: &Plan) -> Option<Duration> {
    let arrivals = plan.arrivals.iter().map(crate::plan::Arrivals::duration).max();
    let schedule = match &plan.shape {
        Some(shape) => shape.duration().map(|end| end.max(arrivals.unwrap_or_default())),
        None => arrivals,
    };
    run_time.into_iter().chain(schedule).min()
}
