//! The controller: leads a run through its phases, and gathers what the shards count.

mod conduct;

use super::budget::Purse;
use super::config::RunConfig;
use super::crew::{self, Crew};
use super::hooks;
use super::message::{Command, HookOutcome, Report, ShapeFailed};
use super::observer::{Ending, Observer, Outcome, Progress};
use crate::plan::{Course, Event, UserTarget};
use crate::script::Loader;
use crate::stats::{Gauges, Health, Lateness, Milestones, Overflowing, RunResult, Totals, TraceStep};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until};

/// Runs a plan to its end. `signals` brings the user's wishes to stop: the first ends the run gracefully, the second at
/// once.
///
/// # Errors
///
/// When a shard cannot start; nothing was sent then.
pub async fn run(
    config: RunConfig,
    loader: &Loader,
    signals: UnboundedReceiver<()>,
    observer: &mut dyn Observer,
) -> Result<Outcome, String> {
    let mut controller = Controller::new(config, loader, signals)?;
    controller.wait_until_ready().await?;
    let ending = controller.lead(observer).await?;
    controller.show_trace(observer);
    Ok(controller.conclude(ending))
}

struct Controller {
    config: Arc<RunConfig>,
    crew: Crew,
    reports: UnboundedReceiver<Report>,
    signals: UnboundedReceiver<()>,
    purse: Option<Purse>,
    totals: Totals,
    health: Health,
    milestones: Milestones,
    /// What the user was told that there is too much of.
    warned: Vec<Overflowing>,
    /// What the observer was not told yet.
    trace: Vec<TraceStep>,
    /// When the run started, which samples are counted from.
    started: Instant,
    /// When the first user was due: shapes and the run time are counted from here.
    begun: Instant,
    course: Course,
    /// The load shape was asked and has not answered yet.
    shape_asked: bool,
    shape_answer: Option<Result<Option<UserTarget>, ShapeFailed>>,
    /// Task functions that have ended, statistics reset or not.
    iterations: u64,
    stop_reason: Option<String>,
    was_spawned: bool,
    /// How many users ran when they were last looked at.
    seen_users: u64,
    /// Shards whose open classes have the users that they begin with.
    prepared: usize,
    /// Shards whose arrivals are all done.
    settled: usize,
    /// The load shape has said that it is at its end.
    shape_over: bool,
    /// The load shape has said how many users there should be.
    shape_has_spoken: bool,
    /// A first signal came during the set-up.
    interrupted: bool,
    /// A second signal came: nothing more runs.
    cut: bool,
    exit_code: Option<u8>,
    failed_hooks: u64,
}

/// What a signal means while hooks run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Patience {
    /// Nothing has begun: the first signal gives the hook the stop timeout, then cuts it off.
    SettingUp,
    /// The run is being ended: a signal cuts.
    Ending,
}

impl Controller {
    fn new(config: RunConfig, loader: &Loader, signals: UnboundedReceiver<()>) -> Result<Self, String> {
        let config = Arc::new(config);
        let started = std::time::Instant::now();
        let (crew, reports) = Crew::start(&config, loader, started)?;
        Ok(Self {
            purse: config.iterations.map(|runs| Purse::new(runs, config.shards)),
            totals: Totals::new(jiff::Timestamp::now()),
            health: Health::default(),
            milestones: Milestones::default(),
            warned: Vec::new(),
            trace: Vec::new(),
            started: Instant::from_std(started),
            begun: Instant::from_std(started),
            course: Course::default(),
            shape_asked: false,
            shape_answer: None,
            iterations: 0,
            stop_reason: None,
            was_spawned: false,
            seen_users: 0,
            prepared: 0,
            settled: 0,
            shape_over: false,
            shape_has_spoken: false,
            interrupted: false,
            cut: false,
            exit_code: None,
            failed_hooks: 0,
            crew,
            reports,
            signals,
            config,
        })
    }

    async fn wait_until_ready(&mut self) -> Result<(), String> {
        let mut ready = 0;
        while ready < self.crew.shards() {
            match self.reports.recv().await {
                Some(Report::Ready { .. }) => ready += 1,
                Some(Report::Broken { reason }) => return Err(reason),
                Some(_) => {}
                None => return Err("a shard ended before it was ready".to_owned()),
            }
        }
        Ok(())
    }

    /// The phases of a run: set up, spawn and run, wind down, tear down.
    async fn lead(&mut self, observer: &mut dyn Observer) -> Result<Ending, String> {
        if self.hook(Event::Init, Patience::SettingUp).await? > 0 {
            return self.quit(Ending::InitFailed, observer).await;
        }
        if let Some(ending) = self.ending_in_set_up() {
            return self.quit(ending, observer).await;
        }
        self.hook(Event::TestStart, Patience::SettingUp).await?;
        let ending = match self.ending_in_set_up() {
            Some(ending) => ending,
            None => self.conduct(observer).await?,
        };
        self.milestones.ending = Some(self.started.elapsed());
        observer.ending(&ending);
        self.hook(Event::TestStopping, Patience::Ending).await?;
        self.wind_down(observer).await?;
        self.hook(Event::TestStop, Patience::Ending).await?;
        self.quit(ending, observer).await
    }

    /// What a signal, or a script's word, during the set-up makes of the run.
    fn ending_in_set_up(&mut self) -> Option<Ending> {
        if self.interrupted {
            return Some(Ending::Interrupted);
        }
        self.stop_reason.take().map(Ending::StopTest)
    }

    /// Runs the hooks of an event and waits for them; gives the number of those that threw.
    async fn hook(&mut self, event: Event, patience: Patience) -> Result<u64, String> {
        if self.cut || !self.config.plan.hooks.has(event) {
            return Ok(0);
        }
        self.send_hook(event);
        let mut seconds = every_second();
        let mut cut_off = None;
        loop {
            tokio::select! {
                biased;
                Some(()) = self.signals.recv() => {
                    if patience == Patience::SettingUp && !self.interrupted {
                        self.interrupted = true;
                        cut_off = Some(Instant::now() + self.config.stop_timeout);
                    } else {
                        self.cut_all();
                    }
                }
                () = until(cut_off) => {
                    cut_off = None;
                    self.crew.tell(HOOKS_RUN_ON, Command::CutHook);
                }
                Some(report) = self.reports.recv() => {
                    if let Some((hooked, failed)) = self.note(report)?
                        && hooked == event
                    {
                        return Ok(failed);
                    }
                    // Cut, the shard may have ended before it read the command.
                    if self.crew.all_done() {
                        return Ok(0);
                    }
                }
                _ = seconds.tick() => self.look_after_shards()?,
            }
        }
    }

    fn send_hook(&self, event: Event) {
        if self.config.plan.hooks.has(event) {
            let fields = hooks::fields(event, &self.config, &self.totals, self.crew.running());
            self.crew.tell(HOOKS_RUN_ON, Command::Hook { event, fields });
        }
    }

    /// Lets the users finish; a signal meanwhile cuts.
    async fn wind_down(&mut self, observer: &mut dyn Observer) -> Result<(), String> {
        // The next look is a second away.
        self.note_users();
        self.note_users_now(self.users());
        if !self.cut {
            self.crew.tell_all(&Command::Finish { stop_timeout: self.config.stop_timeout });
        }
        let mut seconds = every_second();
        while !self.crew.all_idle() {
            tokio::select! {
                biased;
                Some(()) = self.signals.recv() => {
                    observer.ending(&Ending::Cut);
                    self.cut_all();
                }
                Some(report) = self.reports.recv() => drop(self.note(report)?),
                _ = seconds.tick() => self.show(observer)?,
            }
        }
        Ok(())
    }

    /// The last hooks, and the end of the shards.
    async fn quit(&mut self, ending: Ending, observer: &mut dyn Observer) -> Result<Ending, String> {
        self.hook(Event::Quitting, Patience::Ending).await?;
        self.crew.tell_all(&Command::Quit);
        let mut seconds = every_second();
        while !self.crew.all_done() {
            tokio::select! {
                biased;
                Some(()) = self.signals.recv() => self.cut_all(),
                Some(report) = self.reports.recv() => drop(self.note(report)?),
                _ = seconds.tick() => self.show(observer)?,
            }
        }
        Ok(if self.cut { Ending::Cut } else { ending })
    }

    fn cut_all(&mut self) {
        self.cut = true;
        self.crew.tell_all(&Command::Cut);
    }

    fn conclude(mut self, ending: Ending) -> Outcome {
        self.crew.join();
        let duration = self.started.elapsed();
        let mut result = RunResult::new(self.totals, duration);
        let (users, classes) = self.crew.peak();
        result.class_counts = crew::by_name(&self.config.plan, classes);
        result.user_count = users;
        result.health = self.health;
        result.milestones = self.milestones;
        Outcome { result, ending, exit_code: self.exit_code, failed_hooks: self.failed_hooks }
    }

    /// Takes in a report; names the event whose hooks have ended, and how many of them threw.
    fn note(&mut self, report: Report) -> Result<Option<(Event, u64)>, String> {
        match report {
            Report::Ready { .. } => {}
            Report::Broken { reason } => return Err(reason),
            Report::Counted { snapshot } => {
                self.iterations += snapshot.counters.iterations;
                if let Some(arrivals) = &snapshot.arrivals {
                    let (due, started) = (arrivals.due, arrivals.started);
                    self.note_gauges(Gauges { due, started, ..Gauges::default() });
                }
                self.totals.merge(&snapshot);
                self.warn_of_overflows();
            }
            Report::Joined { users } => {
                self.crew.note_joined(&users);
                self.note_gauges(self.users());
            }
            Report::Prepared => self.prepared += 1,
            Report::Settled => self.settled += 1,
            Report::Health { shard, health } => {
                let lateness = [&health.waits, &health.beat].into_iter().filter_map(Lateness::max).max();
                self.note_gauges(Gauges {
                    cpu: health.cpu.unwrap_or_default(),
                    lateness: lateness.unwrap_or_default().max(health.longest_gap),
                    ..Gauges::default()
                });
                self.health.note(shard, &health);
            }
            Report::Traced { steps } => self.trace.extend(steps),
            Report::Ended { users } => {
                let before = self.users();
                self.crew.note_ended(&users);
                if self.milestones.ending.is_some() || self.users().users == 0 {
                    // They ran in this second and the one before, and nobody may look again.
                    self.note_gauges(before);
                    self.note_users_now(before);
                }
            }
            Report::NeedsGrant { shard } => {
                let runs = self.purse.as_mut().map_or(0, Purse::portion);
                self.crew.tell(shard, Command::Grant(runs));
            }
            Report::Hooked { event, outcome: HookOutcome { failed, stop, exit_code } } => {
                self.stop_reason = self.stop_reason.take().or(stop);
                self.exit_code = exit_code.or(self.exit_code);
                self.failed_hooks += failed;
                return Ok(Some((event, failed)));
            }
            Report::Shaped { answer } => {
                self.shape_asked = false;
                self.shape_answer = Some(answer);
            }
            Report::StopTest { reason } => self.stop_reason = Some(reason),
            Report::Idle { shard } => self.crew.note_idle(shard),
            Report::Done { shard } => self.crew.note_done(shard),
        }
        Ok(None)
    }

    /// Says once of what there is more than is kept apart.
    fn warn_of_overflows(&mut self) {
        for overflow in self.totals.overflows() {
            if !self.warned.contains(&overflow.what) {
                tracing::warn!("{overflow}");
                self.warned.push(overflow.what);
            }
        }
    }

    /// Notes how the run stood in the second that has just passed: what shards report belongs to that.
    fn note_gauges(&mut self, gauges: Gauges) {
        let passed = self.started.elapsed().saturating_sub(REPORTS_COME_AFTER);
        self.totals.note_gauges(passed.as_secs(), &gauges);
    }

    /// Notes how many users ran in the second that has just passed: those that are there, and were at the last look.
    fn note_users(&mut self) {
        let Gauges { users, .. } = self.users();
        self.note_gauges(Gauges { users: users.min(self.seen_users), ..Gauges::default() });
        self.seen_users = users;
    }

    fn note_users_now(&mut self, users: Gauges) {
        self.totals.note_gauges(self.started.elapsed().as_secs(), &users);
    }

    /// How many users run.
    fn users(&self) -> Gauges {
        Gauges { users: self.crew.running().iter().sum(), ..Gauges::default() }
    }

    fn iterations_done(&self) -> bool {
        self.config.iterations.is_some_and(|runs| self.iterations >= runs)
    }

    fn progress(&self) -> Progress<'_> {
        Progress {
            totals: &self.totals,
            elapsed: self.begun.elapsed(),
            since_start: self.started.elapsed(),
            users: self.crew.running(),
            milestones: &self.milestones,
            health: &self.health,
            iterations: self.iterations,
        }
    }

    fn show_trace(&mut self, observer: &mut dyn Observer) {
        if !self.trace.is_empty() {
            observer.traced(&self.trace);
            self.trace.clear();
        }
    }

    fn show(&mut self, observer: &mut dyn Observer) -> Result<(), String> {
        self.totals.note_time(self.started.elapsed());
        self.note_users();
        observer.second(&self.progress());
        self.show_trace(observer);
        self.look_after_shards()
    }

    fn look_after_shards(&self) -> Result<(), String> {
        if self.reports.is_empty() && self.crew.has_lost_one() {
            return Err("a shard ended without a word: a defect in katydid; please report it".to_owned());
        }
        Ok(())
    }
}

/// Shards report at the end of each second, and some of them a little late.
const REPORTS_COME_AFTER: Duration = Duration::from_millis(500);

/// The shard that runs the hooks of the run and its load shape.
const HOOKS_RUN_ON: usize = 0;

/// Ready at `moment`; never without one.
async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// Ticks each second, the first time in a second. One that comes late delays none after it: a whole second would go without
/// one some day, and what is noted each second would miss there.
fn every_second() -> Interval {
    let second = Duration::from_secs(1);
    let mut ticks = interval_at(Instant::now() + second, second);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    ticks
}
