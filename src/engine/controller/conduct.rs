//! From the first user to the end of the run: which users there are to be, and what ends it.

use super::{Controller, HOOKS_RUN_ON, every_second, until};
use crate::engine::budget::Purse;
use crate::engine::message::{Command, ShapeFailed};
use crate::engine::observer::{Ending, Observer};
use crate::plan::{Event, Shape, UserTarget};
use crate::stats::Health;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// How long users that open classes begin with may take for their `on_start` before the arrivals begin without them.
const PREPARATION: Duration = Duration::from_secs(60);

/// So much later than the command the arrivals begin: every shard has it by then, and none is late from the first.
const HEAD_START: Duration = Duration::from_millis(5);

impl Controller {
    /// From the first user to the last.
    pub(super) async fn conduct(&mut self, observer: &mut dyn Observer) -> Result<Ending, String> {
        let config = self.config.clone();
        let shape = config.plan.shape.as_ref();
        if let Some(ending) = self.prepare_open_classes().await? {
            return Ok(ending);
        }
        self.begin(observer);
        let deadline = config.run_time.map(|run_time| self.begun + run_time);
        let mut seconds = every_second();
        let mut look = shape.map(|_| Duration::ZERO);
        if shape.is_none() && config.plan.has_dealt_users() {
            let target = UserTarget { users: config.users, spawn_rate: config.spawn_rate, classes: None };
            self.head_for(target, observer);
        }
        loop {
            let next_change = self.course.next_change().map(|change| self.begun + change);
            let next_look = look.and_then(|look| self.begun.checked_add(look));
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
                () = until(next_look) => {
                    let due = look.take().unwrap_or_default();
                    if let Some(shape) = shape.filter(|_| !self.shape_over) {
                        let at = shape.looked_at(due, self.begun.elapsed());
                        look = shape.next_look(at);
                        if self.ask_shape(shape, at, observer) == Next::End
                            && self.end_of_shape(observer) == Next::End
                        {
                            return Ok(Ending::Shape);
                        }
                    }
                }
                _ = seconds.tick() => {
                    self.show(observer)?;
                    if let Some(objection) = observer.objection(&self.progress()) {
                        return Ok(Ending::Objection(objection));
                    }
                }
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
        let config = self.config.clone();
        let plan = &config.plan;
        if !plan.arrivals.is_empty() {
            self.begun += HEAD_START;
        }
        let begun = self.begun.saturating_duration_since(self.started);
        self.milestones.begun = begun;
        self.milestones.stages = plan.stage_ends().into_iter().map(|end| begun + end).collect();
        if plan.arrivals.is_empty() {
            return;
        }
        observer.opening(&plan.arrivals);
        self.crew.tell_all(&Command::OpenDoors { at: begun });
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
            Some(Ok(Some(target))) => {
                self.shape_has_spoken = true;
                self.head_for(target, observer);
            }
            // Nothing would ever happen.
            Some(Err(ShapeFailed)) if !self.shape_has_spoken && self.config.plan.arrivals.is_empty() => {
                let reason = "its load shape threw before it had said how many users there should be";
                return Some(Ending::StopTest(reason.to_owned()));
            }
            // It was counted as an exception; the last target stands.
            Some(Ok(None) | Err(ShapeFailed)) | None => {}
        }
        if !self.config.plan.arrivals.is_empty() {
            let over = self.arrivals_done() && (self.config.plan.shape.is_none() || self.shape_over);
            return over.then_some(Ending::Arrivals);
        }
        // A shape may add users again.
        let over = self.config.plan.shape.is_none() && !self.course.is_ramping() && self.crew.is_empty();
        // The users may have ended because there were no runs left, before the last of these was counted here.
        let spent = self.purse.as_ref().is_some_and(Purse::is_spent);
        over.then_some(if spent { Ending::Iterations } else { Ending::UsersEnded })
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

    /// What the load shape wants at that time. A function that has not answered is not asked again.
    fn ask_shape(&mut self, shape: &Shape, at: Duration, observer: &mut dyn Observer) -> Next {
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
        let before = self.users();
        self.crew.resize(users, classes);
        let after = self.users();
        // Those that are to leave run on for a while, and say when they have ended.
        if after.users > before.users {
            self.note_users_now(after);
        }
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
        self.milestones.spawned.get_or_insert(self.started.elapsed());
        observer.spawned(&self.progress());
        self.send_hook(Event::SpawningComplete);
    }
}

/// Whether the run goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    GoOn,
    End,
}
