//! One user's way through the plan: enter sets, pick tasks, run them, wait, leave.

use super::budget::Budget;
use super::debug::{Eye, Seen};
use super::diary::Diary;
use super::hooks::{self, HookWitness};
use super::order::Order;
use super::pace::Pace;
use super::pulse::Pulse;
use super::stop::{Deadline, StopSignal, Wish};
use crate::plan::{Event, FnId, Plan, SetId, Target, UserClass};
use crate::script::{Exception, Pace as _, Pause, Script, TaskEnd, User};
use crate::util::Stream;
use std::cell::Cell;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::Instant;

/// `on_stop` may send; so it gets this long at least, even where tasks are cut off at once.
const LEAST_STOP_TIME: Duration = Duration::from_secs(5);

/// What the users of a shard share for walking.
pub(super) struct Terrain {
    pub(super) script: Script,
    pub(super) plan: Plan,
    /// By set index.
    pub(super) orders: Vec<Order>,
    pub(super) budget: Budget,
    /// After so many runs of task functions a user ends; none = never for that.
    pub(super) runs_per_user: Option<u64>,
    pub(super) stop_timeout: Duration,
    /// How the shard itself fares.
    pub(super) pulse: Pulse,
}

/// What a walking user tells its shard.
pub(super) trait Witness: HookWitness {
    /// A script function threw.
    fn exception(&self, exception: &Exception, task: &str);
    /// A script ended the run.
    fn stop_test(&self, reason: &str);
    /// The grant of task runs is used up.
    fn needs_grant(&self);
    /// A task function has ended.
    fn iteration(&self);
    /// Who looks at this user, if anybody does.
    fn eye(&self) -> Option<&Rc<Eye>> {
        None
    }
}

/// A user on its way.
pub(super) struct Walk<W> {
    pub(super) terrain: Rc<Terrain>,
    pub(super) user: User,
    pub(super) signal: Rc<StopSignal>,
    pub(super) witness: W,
    pub(super) pace: Rc<Pace>,
    /// How many task functions the user has run.
    runs: u64,
    /// Where a trace is written.
    diary: Option<Diary>,
}

/// How a step went on.
pub(super) enum Step {
    /// Wait, then pick.
    Wait,
    /// Pick at once.
    Pick,
    /// Leave the innermost set, then wait or pick.
    Leave { reschedule: bool },
    /// End the user.
    End,
}

/// What was picked.
pub(super) enum Pick {
    /// A task function: the set and the place in it, and the function to run.
    Task((SetId, usize), FnId),
    /// Something else, which has been done.
    Went(Step),
}

impl<W: Witness> Walk<W> {
    /// A user that has not begun; `schedule` decides which tasks it picks and how long it waits.
    pub(super) fn new(
        terrain: Rc<Terrain>,
        user: User,
        signal: Rc<StopSignal>,
        schedule: Stream,
        witness: W,
    ) -> Self {
        let pace = Rc::new(Pace::new(terrain.clone(), signal.clone(), schedule));
        user.waits_by(pace.clone());
        Self { terrain, user, signal, witness, pace, runs: 0, diary: None }
    }

    /// The same, writing down what it does.
    pub(super) fn traced(self, diary: Option<Diary>) -> Self {
        Self { diary, ..self }
    }

    /// Walks until the user ends; every set that it was in has been left properly, unless it was cut.
    pub(super) async fn run(mut self, class: &UserClass) {
        // A user that is stopped before its first turn has done nothing, and does nothing.
        if self.signal.wish() != Wish::Run {
            return;
        }
        let mut step = Box::pin(self.start(class)).await;
        loop {
            let waits = match step {
                Step::Wait => true,
                Step::Pick => false,
                Step::Leave { reschedule } => {
                    Box::pin(self.leave_set()).await;
                    !reschedule
                }
                Step::End => break,
            };
            let goes_on = if waits { self.wait().await } else { self.pace.give_way().await };
            if !goes_on {
                break;
            }
            step = self.step().await;
        }
        Box::pin(self.leave_all()).await;
    }

    /// Enters the class. Where its `on_start` threw or left, nothing was set up, so nothing is taken down; where it ended
    /// the user, or was cut off, `on_stop` runs as it does after a task.
    pub(super) async fn start(&mut self, class: &UserClass) -> Step {
        self.pace.enter(class.root);
        let end = match self.terrain.plan.sets[class.root.0].on_start {
            Some(hook) => self.call(hook, "on_start").await,
            None => TaskEnd::Done(None),
        };
        if matches!(end, TaskEnd::Failed(_) | TaskEnd::Interrupt { .. }) {
            self.pace.leave();
        }
        match end {
            TaskEnd::Done(_) | TaskEnd::Reschedule => Step::Pick,
            _ => Step::End,
        }
    }

    /// Picks a task of the innermost set and runs it.
    async fn step(&mut self) -> Step {
        match self.pick().await {
            Pick::Task(place, function) => {
                if !self.take_run().await {
                    return Step::End;
                }
                self.run_task(place, function).await
            }
            Pick::Went(step) => step,
        }
    }

    /// Picks from the innermost set, and goes where that leads, short of running a task function.
    pub(super) async fn pick(&mut self) -> Pick {
        let Some((set, index)) = self.pace.pick() else { return Pick::Went(self.at_the_end()) };
        match self.terrain.plan.sets[set.0].tasks[index].target {
            Target::Stop => Pick::Went(self.leaving(true)),
            Target::Enter(nested) => Pick::Went(Box::pin(self.enter_set(nested)).await),
            Target::Call(function) => Pick::Task((set, index), function),
        }
    }

    /// Runs a task function.
    pub(super) async fn run_task(&mut self, (set, index): (SetId, usize), function: FnId) -> Step {
        let terrain = self.terrain.clone();
        let name = terrain.plan.sets[set.0].tasks[index].name.as_str();
        let begun = self.diary.is_some().then(Instant::now);
        let end = self.call(function, name).await;
        self.note_run(begun, name);
        self.witness.iteration();
        self.runs += 1;
        // No task will follow, so there is nothing to wait for.
        if terrain.runs_per_user.is_some_and(|runs| self.runs >= runs) {
            return Step::End;
        }
        self.after(&end)
    }

    /// The next task function serves this arrival.
    pub(super) fn note_arrival(&mut self, number: u64) {
        if let Some(diary) = &mut self.diary {
            diary.serves(number);
        }
    }

    /// Writes down that a task function which began then has ended; nothing where no trace is written.
    fn note_run(&mut self, begun: Option<Instant>, task: &str) {
        if let (Some(diary), Some(begun)) = (&mut self.diary, begun) {
            diary.ran(begun, self.pace.path() + task, self.user.take_noted_rows());
        }
    }

    /// One run of the `-i` budget; false when the user should end instead.
    pub(super) async fn take_run(&self) -> bool {
        let take = self.terrain.budget.take(|| self.witness.needs_grant());
        self.signal.unless_stopping(take).await.unwrap_or(false)
    }

    async fn enter_set(&mut self, nested: SetId) -> Step {
        self.pace.enter(nested);
        let Some(hook) = self.terrain.plan.sets[nested.0].on_start else { return Step::Pick };
        let step = match self.call(hook, "on_start").await {
            TaskEnd::Done(_) | TaskEnd::Reschedule => return Step::Pick,
            TaskEnd::Interrupt { reschedule: true } => Step::Pick,
            TaskEnd::Failed(_) | TaskEnd::Interrupt { reschedule: false } => Step::Wait,
            TaskEnd::StopUser | TaskEnd::StopTest(_) | TaskEnd::Cut => Step::End,
        };
        // The set was not entered: its `on_stop` has nothing to take down.
        self.pace.leave();
        step
    }

    /// Nothing is left to pick: a set whose tasks run once is left, everything else is at its end.
    fn at_the_end(&self) -> Step {
        if self.pace.depth() > 1 && self.pace.is_once() {
            return Step::Leave { reschedule: true };
        }
        Step::End
    }

    fn after(&self, end: &TaskEnd) -> Step {
        match end {
            // Where each task is to run once, none keeps the others from that.
            TaskEnd::Interrupt { .. } | TaskEnd::StopUser if self.pace.is_once() => Step::Pick,
            TaskEnd::Done(_) | TaskEnd::Reschedule | TaskEnd::Failed(_) => Step::Wait,
            TaskEnd::Interrupt { reschedule } => self.leaving(*reschedule),
            TaskEnd::StopUser | TaskEnd::StopTest(_) | TaskEnd::Cut => Step::End,
        }
    }

    /// The class's own set cannot be left: there is no parent to pick. It is as if the task had ended.
    fn leaving(&self, reschedule: bool) -> Step {
        match (self.pace.depth() > 1, reschedule) {
            (true, reschedule) => Step::Leave { reschedule },
            (false, true) => Step::Pick,
            (false, false) => Step::Wait,
        }
    }

    pub(super) async fn leave_set(&mut self) {
        if let Some(set) = self.pace.innermost()
            && let Some(hook) = self.terrain.plan.sets[set.0].on_stop
        {
            self.call_leaving(hook).await;
        }
        self.pace.leave();
    }

    /// Leaves every set, inside out.
    pub(super) async fn leave_all(&mut self) {
        while self.signal.wish() != Wish::Cut && self.pace.depth() > 0 {
            self.leave_set().await;
        }
    }

    /// Runs a task, a wait or an `on_start`: while the user should end, it may go on until the wish's deadline.
    fn call(&mut self, function: FnId, name: &str) -> impl Future<Output = TaskEnd> {
        self.call_until(function, name, Deadline::of_task)
    }

    /// Runs an `on_stop`: it has its own time, from when the user should end.
    async fn call_leaving(&mut self, function: FnId) {
        self.pace.leaving.set(true);
        self.call_until(function, "on_stop", self.own_time()).await;
        self.pace.leaving.set(false);
    }

    /// Runs a script function and tells the witness what came of it. What hardly any run does is boxed: it would make
    /// the state of every user larger, and every call would move it.
    async fn call_until(
        &mut self,
        function: FnId,
        name: &str,
        deadline_of: impl Fn(Wish) -> Deadline,
    ) -> TaskEnd {
        let seen = self.witness.eye().map(|eye| Box::new(Seen::begin(eye, self.pace.path() + name)));
        let call = self.terrain.script.call(function, &self.user);
        let end = self.signal.until_cut(call, deadline_of).await;
        match &end {
            TaskEnd::Failed(exception) => {
                self.witness.exception(exception, name);
                if self.terrain.plan.hooks.has(Event::UserError) {
                    Box::pin(self.call_error_hooks(exception, name)).await;
                }
            }
            TaskEnd::StopTest(reason) => self.witness.stop_test(reason),
            _ => {}
        }
        if self.user.has_untold() {
            Box::pin(self.call_listeners()).await;
        }
        if let Some(seen) = seen {
            seen.end(&end);
        }
        end
    }

    /// The hooks of `user_error`, on a fiber of their own.
    async fn call_error_hooks(&self, exception: &Exception, task: &str) {
        let fields = hooks::error_fields(exception, task);
        let event = Event::UserError;
        let (signal, own_time) = (&self.signal, self.own_time());
        let outcome =
            hooks::run(&self.terrain, event, &self.user, &fields, signal, own_time, &self.witness).await;
        if let Some(reason) = outcome.stop {
            self.witness.stop_test(&reason);
        }
    }

    /// The hooks of requests whose verdicts fell when their fiber had ended already.
    async fn call_listeners(&self) {
        let call = self.terrain.script.call_listeners(&self.user);
        self.signal.until_cut(call, self.own_time()).await;
    }

    /// For what runs after a task that may have been cut off: it has its own time, from when the user should end.
    fn own_time(&self) -> impl Fn(Wish) -> Deadline + use<W> {
        let grace = self.terrain.stop_timeout.max(LEAST_STOP_TIME);
        let deadline = Cell::new(None);
        move |wish| match wish {
            Wish::Finish { .. } => {
                let known = deadline.get().unwrap_or_else(|| Instant::now() + grace);
                deadline.set(Some(known));
                Deadline::At(known)
            }
            wish => Deadline::of_task(wish),
        }
    }

    /// Waits as the innermost set, or the class, says; false when the user should end.
    async fn wait(&mut self) -> bool {
        let mut pause = self.pace.pause();
        if let Pause::Ask(function) = pause {
            pause = match Box::pin(self.call(function, "wait_time")).await {
                TaskEnd::Done(seconds) => Pause::of_seconds(seconds.unwrap_or(0.0)),
                TaskEnd::StopUser | TaskEnd::StopTest(_) | TaskEnd::Cut => return false,
                _ => Pause::of_seconds(0.0),
            };
        }
        match pause {
            Pause::For(pause) => {
                if let Some(diary) = &mut self.diary {
                    diary.waits(pause);
                }
                self.pace.wait(pause).await
            }
            Pause::Ask(_) => true,
        }
    }
}

#[cfg(test)]
#[path = "walk_tests.rs"]
mod tests;
