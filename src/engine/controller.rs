//! The controller: decides how many users of which class run where, and gathers what the shards count.

use super::budget::Purse;
use super::config::RunConfig;
use super::message::{Assignment, Command, Report};
use super::shard::{self, ShardSetup};
use crate::plan::{Dealer, Ramp};
use crate::script::Loader;
use crate::stats::{Health, RunResult, Totals};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};

/// What ended a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The run time was over.
    RunTime,
    /// The task runs of `-i` were done.
    Iterations,
    /// Every user had ended by itself.
    UsersEnded,
    /// A script said so.
    StopTest(String),
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
    /// Users are being started.
    fn ramping(&mut self, users: usize, spawn_rate: f64);
    /// All users have been started.
    fn spawned(&mut self, progress: &Progress<'_>);
    /// Once a second.
    fn second(&mut self, progress: &Progress<'_>);
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
    let mut controller = Controller::new(config, loader)?;
    controller.wait_until_ready().await?;
    let ending = controller.conduct(signals, observer).await?;
    Ok(controller.conclude(ending))
}

struct ShardHandle {
    commands: UnboundedSender<Command>,
    thread: Option<JoinHandle<()>>,
    /// Users that were started there, by class index.
    dealt: Vec<u64>,
    /// Those of them that have ended.
    ended: Vec<u64>,
    done: bool,
}

struct Controller {
    config: Arc<RunConfig>,
    shards: Vec<ShardHandle>,
    reports: UnboundedReceiver<Report>,
    dealer: Dealer,
    purse: Option<Purse>,
    totals: Totals,
    health: Health,
    started: Instant,
    dealt: usize,
    users: Vec<u64>,
    /// Task functions that have ended, statistics reset or not.
    iterations: u64,
    stop_reason: Option<String>,
}

impl Controller {
    fn new(config: RunConfig, loader: &Loader) -> Result<Self, String> {
        let config = Arc::new(config);
        let (reports_in, reports) = mpsc::unbounded_channel();
        let started = std::time::Instant::now();
        let mut shards = Vec::with_capacity(config.shards);
        for index in 0..config.shards {
            let (commands, commands_in) = mpsc::unbounded_channel();
            let setup = ShardSetup { index, config: config.clone(), loader: loader.clone(), started };
            let reports_in = reports_in.clone();
            let thread = std::thread::Builder::new()
                .name(format!("shard-{index}"))
                .spawn(move || shard::run(setup, commands_in, reports_in))
                .map_err(|error| format!("cannot start a shard: {error}"))?;
            let nobody = vec![0; config.plan.classes.len()];
            shards.push(ShardHandle {
                commands,
                thread: Some(thread),
                dealt: nobody.clone(),
                ended: nobody,
                done: false,
            });
        }
        Ok(Self {
            dealer: Dealer::new(&config.plan),
            purse: config.iterations.map(|runs| Purse::new(runs, config.shards)),
            totals: Totals::new(jiff::Timestamp::now()),
            health: Health::default(),
            started: Instant::from_std(started),
            dealt: 0,
            users: vec![0; config.plan.classes.len()],
            iterations: 0,
            stop_reason: None,
            shards,
            reports,
            config,
        })
    }

    async fn wait_until_ready(&mut self) -> Result<(), String> {
        let mut ready = 0;
        while ready < self.shards.len() {
            match self.reports.recv().await {
                Some(Report::Ready { .. }) => ready += 1,
                Some(Report::Broken { reason }) => return Err(reason),
                Some(_) => {}
                None => return Err("a shard ended before it was ready".to_owned()),
            }
        }
        Ok(())
    }

    /// From the first user to the last.
    async fn conduct(
        &mut self,
        mut signals: UnboundedReceiver<()>,
        observer: &mut dyn Observer,
    ) -> Result<Ending, String> {
        let config = self.config.clone();
        let ramp = Ramp::new(0, config.users, config.spawn_rate);
        let begun = Instant::now();
        let deadline = config.run_time.map(|run_time| begun + run_time);
        let mut seconds = interval_at(begun + Duration::from_secs(1), Duration::from_secs(1));
        seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        observer.ramping(config.users, config.spawn_rate);
        let mut next_batch = Some(begun);
        let ending = loop {
            tokio::select! {
                biased;
                Some(()) = signals.recv() => break Ending::Interrupted,
                () = until(deadline) => break Ending::RunTime,
                () = until(next_batch) => {
                    let elapsed = begun.elapsed();
                    self.deal(ramp.users_at(elapsed));
                    next_batch = ramp.next_change_after(elapsed).map(|change| begun + change);
                    if next_batch.is_none() {
                        self.spawned(begun, observer);
                    }
                }
                Some(report) = self.reports.recv() => {
                    self.note(report)?;
                    if let Some(reason) = self.stop_reason.take() {
                        break Ending::StopTest(reason);
                    }
                    // Users may still be waiting for a task that will never come.
                    if self.iterations_done() {
                        break Ending::Iterations;
                    }
                    if next_batch.is_none() && self.nobody_runs() {
                        break Ending::UsersEnded;
                    }
                }
                _ = seconds.tick() => self.show(begun, observer)?,
            }
        };
        observer.ending(&ending);
        self.wind_down(ending, &mut signals, begun, observer).await
    }

    /// Lets the shards finish; a signal meanwhile cuts.
    async fn wind_down(
        &mut self,
        ending: Ending,
        signals: &mut UnboundedReceiver<()>,
        begun: Instant,
        observer: &mut dyn Observer,
    ) -> Result<Ending, String> {
        self.tell_all(&Command::Finish { stop_timeout: self.config.stop_timeout });
        let mut seconds = interval_at(Instant::now() + Duration::from_secs(1), Duration::from_secs(1));
        let mut ending = ending;
        while self.shards.iter().any(|shard| !shard.done) {
            tokio::select! {
                biased;
                Some(()) = signals.recv() => {
                    ending = Ending::Cut;
                    observer.ending(&ending);
                    self.tell_all(&Command::Cut);
                }
                Some(report) = self.reports.recv() => self.note(report)?,
                _ = seconds.tick() => self.show(begun, observer)?,
            }
        }
        Ok(ending)
    }

    fn conclude(mut self, ending: Ending) -> Outcome {
        for shard in &mut self.shards {
            if let Some(thread) = shard.thread.take() {
                // A shard that panicked is a defect that was printed already; what the others counted stands.
                let _ = thread.join();
            }
        }
        let duration = self.started.elapsed();
        let mut result = RunResult::new(self.totals, duration);
        let classes = self.config.plan.classes.iter().map(|class| class.name.clone());
        result.class_counts = classes.zip(self.dealer.counts().iter().map(|count| *count as u64)).collect();
        result.user_count = self.dealt as u64;
        result.health = self.health;
        Outcome { result, ending }
    }

    /// Starts users until `target` have been started.
    fn deal(&mut self, target: usize) {
        let mut batches = vec![Vec::new(); self.shards.len()];
        while self.dealt < target {
            let Some(class) = self.dealer.deal() else { break };
            let shard = self.dealt % self.shards.len();
            self.dealt += 1;
            self.users[class.0] += 1;
            self.shards[shard].dealt[class.0] += 1;
            batches[shard].push(Assignment { user: self.dealt as u64, class });
        }
        for (shard, batch) in self.shards.iter().zip(batches) {
            if !batch.is_empty() {
                // A shard that is gone has said so, or will.
                let _ = shard.commands.send(Command::Start(batch));
            }
        }
    }

    fn spawned(&mut self, begun: Instant, observer: &mut dyn Observer) {
        if self.config.reset_stats {
            self.totals.reset(self.started.elapsed());
            self.health = Health::default();
        }
        observer.spawned(&self.progress(begun));
    }

    fn note(&mut self, report: Report) -> Result<(), String> {
        match report {
            Report::Ready { .. } => {}
            Report::Broken { reason } => return Err(reason),
            Report::Counted { snapshot } => {
                self.iterations += snapshot.counters.iterations;
                self.totals.merge(&snapshot);
            }
            Report::Health { shard, health } => self.health.note(shard, &health),
            Report::Ended { shard, ended } => {
                self.shards[shard].ended = ended;
                for (class, count) in self.users.iter_mut().enumerate() {
                    *count = self.shards.iter().map(|shard| shard.dealt[class] - shard.ended[class]).sum();
                }
            }
            Report::NeedsGrant { shard } => {
                let runs = self.purse.as_mut().map_or(0, Purse::portion);
                let _ = self.shards[shard].commands.send(Command::Grant(runs));
            }
            Report::StopTest { reason } => self.stop_reason = Some(reason),
            Report::Done { shard } => self.shards[shard].done = true,
        }
        Ok(())
    }

    fn nobody_runs(&self) -> bool {
        self.users.iter().all(|count| *count == 0)
    }

    fn iterations_done(&self) -> bool {
        self.config.iterations.is_some_and(|runs| self.iterations >= runs)
    }

    fn progress(&self, begun: Instant) -> Progress<'_> {
        Progress {
            totals: &self.totals,
            elapsed: begun.elapsed(),
            since_start: self.started.elapsed(),
            users: &self.users,
        }
    }

    fn show(&mut self, begun: Instant, observer: &mut dyn Observer) -> Result<(), String> {
        self.totals.note_time(self.started.elapsed());
        observer.second(&self.progress(begun));
        let gone =
            |shard: &ShardHandle| !shard.done && shard.thread.as_ref().is_some_and(JoinHandle::is_finished);
        if self.reports.is_empty() && self.shards.iter().any(gone) {
            return Err("a shard ended without a word: a defect in katydid; please report it".to_owned());
        }
        Ok(())
    }

    fn tell_all(&self, command: &Command) {
        for shard in &self.shards {
            let _ = shard.commands.send(command.clone());
        }
    }
}

/// Ready at `moment`; never without one.
async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
