//! The controller: decides how many users of which class run where, and gathers what the shards count.

use super::budget::Purse;
use super::config::RunConfig;
use super::crew::{self, Crew};
use super::hooks;
use super::message::{Command, HookOutcome, Report, ShapeFailed};
use crate::plan::{Arrivals, Course, Event, Shape, UserTarget};
use crate::script::Loader;
use crate::stats::{Health, RunResult, Totals, TraceStep};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until};

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
    /// What users did since the last time; only where the run is traced.
    fn traced(&mut self, steps: &[TraceStep]);
    /// The run is being ended.
    fn ending(&mut self, ending: &Ending);
}

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
    /// Shards whose open classes have the users that they begin with.
    prepared: usize,
    /// Shards whose arrivals are all done.
    settled: usize,
    /// The load shape has said that it is at its end.
    shape_over: bool,
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
            trace: Vec::new(),
            started: Instant::from_std(started),
            begun: Instant::from_std(started),
            course: Course::default(),
            shape_asked: false,
            shape_answer: None,
            iterations: 0,
            stop_reason: None,
            was_spawned: false,
            prepared: 0,
            settled: 0,
            shape_over: false,
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

    /// From the first user to the last.
    async fn conduct(&mut self, observer: &mut dyn Observer) -> Result<Ending, String> {
        let config = self.config.clone();
        let shape = config.plan.shape.as_ref();
        if let Some(ending) = self.prepare_open_classes().await? {
            return Ok(ending);
        }
        self.begin(observer);
        let deadline = config.run_time.map(|run_time| self.begun + run_time);
        let mut seconds = every_second();
        let mut shape_ticks = shape.map(|_| ticking(self.begun));
        if shape.is_none() && config.plan.has_dealt_users() {
            let target = UserTarget { users: config.users, spawn_rate: config.spawn_rate, classes: None };
            self.head_for(target, observer);
        }
        loop {
            let next_change = self.course.next_change().map(|change| self.begun + change);
            tokio::select! {
                biased;
                Some(()) = self.signals.recv() => return Ok(Ending::Interrupted),
                () = until(deadline) => return Ok(Ending::RunTime),
                () = until(next_change) => self.follow_course(observer),
                Some(report) = self.reports.recv() => {
                    self.note(report)?;
                    if let Some(ending) = self.ending_by_report(observer) {
                        return Ok(ending);
                    }
                }
                () = tick(&mut shape_ticks) => {
                    if let Some(shape) = shape
                        && !self.shape_over
                        && self.ask_shape(shape, observer) == Next::End
                        && self.end_of_shape(observer) == Next::End
                    {
                        return Ok(Ending::Shape);
                    }
                }
                _ = seconds.tick() => self.show(observer)?,
            }
        }
    }

    /// Starts the users that open classes begin with, and waits until they have gone through their `on_start`, but not for
    /// ever.
    async fn prepare_open_classes(&mut self) -> Result<Option<Ending>, String> {
        if self.config.plan.arrivals.iter().all(|arrivals| arrivals.start_users == 0) {
            return Ok(None);
        }
        self.crew.tell_all(&Command::Prepare);
        let patience = Instant::now() + PREPARATION;
        let mut seconds = every_second();
        while self.prepared < self.crew.shards() {
            tokio::select! {
                biased;
                Some(()) = self.signals.recv() => return Ok(Some(Ending::Interrupted)),
                () = sleep_until(patience) => {
                    let seconds = PREPARATION.as_secs();
                    tracing::warn!("some start_users are in their on_start for {seconds} s; arrivals begin without them");
                    break;
                }
                Some(report) = self.reports.recv() => {
                    self.note(report)?;
                    if let Some(reason) = self.stop_reason.take() {
                        return Ok(Some(Ending::StopTest(reason)));
                    }
                }
                _ = seconds.tick() => self.look_after_shards()?,
            }
        }
        Ok(None)
    }

    /// The run begins: all its times but those of samples count from here.
    fn begin(&mut self, observer: &mut dyn Observer) {
        self.begun = Instant::now();
        let plan = &self.config.plan;
        if plan.arrivals.is_empty() {
            return;
        }
        self.begun += HEAD_START;
        observer.opening(&plan.arrivals);
        self.crew.tell_all(&Command::OpenDoors { at: self.begun.saturating_duration_since(self.started) });
        if plan.shape.is_none() && !plan.has_dealt_users() {
            self.spawned(observer);
        }
    }

    /// Whether what the shards reported ends the run.
    fn ending_by_report(&mut self, observer: &mut dyn Observer) -> Option<Ending> {
        if let Some(reason) = self.stop_reason.take() {
            return Some(Ending::StopTest(reason));
        }
        // Users may still be waiting for a task that will never come.
        if self.iterations_done() {
            return Some(Ending::Iterations);
        }
        match self.shape_answer.take() {
            Some(Ok(None)) if self.end_of_shape(observer) == Next::End => return Some(Ending::Shape),
            Some(Ok(Some(target))) => self.head_for(target, observer),
            // It was counted as an exception; the last target stands.
            Some(Ok(None) | Err(ShapeFailed)) | None => {}
        }
        if !self.config.plan.arrivals.is_empty() {
            let over = self.arrivals_done() && (self.config.plan.shape.is_none() || self.shape_over);
            return over.then_some(Ending::Arrivals);
        }
        // A shape may add users again.
        let over = self.config.plan.shape.is_none() && !self.course.is_ramping() && self.crew.is_empty();
        over.then_some(Ending::UsersEnded)
    }

    /// The load shape is at its end; that is the end of the run, unless arrivals are still to come.
    fn end_of_shape(&mut self, observer: &mut dyn Observer) -> Next {
        self.shape_over = true;
        if self.config.plan.arrivals.is_empty() || self.arrivals_done() {
            return Next::End;
        }
        let all = self.crew.placed();
        if all > 0 {
            let nobody = UserTarget { users: 0, spawn_rate: all as f64, classes: None };
            self.head_for(nobody, observer);
        }
        Next::GoOn
    }

    fn arrivals_done(&self) -> bool {
        self.settled == self.crew.shards()
    }

    /// Once a second: what the load shape wants now. A function that has not answered is not asked again.
    fn ask_shape(&mut self, shape: &Shape, observer: &mut dyn Observer) -> Next {
        let at = self.begun.elapsed();
        match (shape.target_at(at), shape) {
            (Some(None), _) => return Next::End,
            (Some(Some(target)), _) => self.head_for(target, observer),
            (None, Shape::Function(function)) if !self.shape_asked => {
                self.shape_asked = true;
                self.crew.tell(HOOKS_RUN_ON, Command::Shape { function: *function, at });
            }
            (None, _) => {}
        }
        Next::GoOn
    }

    /// Sets a new target, unless it is the one that was set last. A ramp that is under way is left where it is.
    fn head_for(&mut self, target: UserTarget, observer: &mut dyn Observer) {
        if self.course.target() == Some(&target) {
            return;
        }
        self.crew.forget_ended();
        observer.ramping(target.users, target.spawn_rate);
        self.course.head_for(target, self.crew.placed(), self.begun.elapsed());
    }

    /// Starts or stops users as the ramp says.
    fn follow_course(&mut self, observer: &mut dyn Observer) {
        let Some(users) = self.course.advance(self.begun.elapsed()) else { return };
        let classes = self.course.target().and_then(|target| target.classes.as_deref());
        self.crew.resize(users, classes);
        if !self.course.is_ramping() {
            self.spawned(observer);
        }
    }

    /// There are as many users as there are to be.
    fn spawned(&mut self, observer: &mut dyn Observer) {
        if self.config.reset_stats && !self.was_spawned {
            self.totals.reset(self.started.elapsed());
            self.health = Health::default();
        }
        self.was_spawned = true;
        observer.spawned(&self.progress());
        self.send_hook(Event::SpawningComplete);
    }

    /// Lets the users finish; a signal meanwhile cuts.
    async fn wind_down(&mut self, observer: &mut dyn Observer) -> Result<(), String> {
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
        Outcome { result, ending, exit_code: self.exit_code, failed_hooks: self.failed_hooks }
    }

    /// Takes in a report; names the event whose hooks have ended, and how many of them threw.
    fn note(&mut self, report: Report) -> Result<Option<(Event, u64)>, String> {
        match report {
            Report::Ready { .. } => {}
            Report::Broken { reason } => return Err(reason),
            Report::Counted { snapshot } => {
                self.iterations += snapshot.counters.iterations;
                self.totals.merge(&snapshot);
            }
            Report::Joined { users } => self.crew.note_joined(&users),
            Report::Prepared => self.prepared += 1,
            Report::Settled => self.settled += 1,
            Report::Health { shard, health } => self.health.note(shard, &health),
            Report::Traced { steps } => self.trace.extend(steps),
            Report::Ended { users } => self.crew.note_ended(&users),
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

    fn iterations_done(&self) -> bool {
        self.config.iterations.is_some_and(|runs| self.iterations >= runs)
    }

    fn progress(&self) -> Progress<'_> {
        Progress {
            totals: &self.totals,
            elapsed: self.begun.elapsed(),
            since_start: self.started.elapsed(),
            users: self.crew.running(),
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

/// The shard that runs the hooks of the run and its load shape.
const HOOKS_RUN_ON: usize = 0;

/// How long users that open classes begin with may take for their `on_start` before the arrivals begin without them.
const PREPARATION: Duration = Duration::from_secs(60);

/// So much later than the command the arrivals begin: every shard has it by then, and none is late from the first.
const HEAD_START: Duration = Duration::from_millis(5);

/// Whether the run goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    GoOn,
    End,
}

/// Ready at `moment`; never without one.
async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// The next tick; never without ticks.
async fn tick(ticks: &mut Option<Interval>) {
    match ticks {
        Some(ticks) => drop(ticks.tick().await),
        None => std::future::pending().await,
    }
}

/// Ticks each second from `first`.
fn ticking(first: Instant) -> Interval {
    let mut ticks = interval_at(first, Duration::from_secs(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// Ticks each second, the first time in a second.
fn every_second() -> Interval {
    ticking(Instant::now() + Duration::from_secs(1))
}
