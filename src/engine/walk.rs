//! One user's way through the plan: enter sets, pick tasks, run them, wait, leave.

use super::budget::Budget;
use super::order::Order;
use super::stop::{Deadline, StopSignal, Wish};
use crate::plan::{self, FnId, Pacing, Plan, SetId, Target, UserClass, Wait};
use crate::script::{Exception, Script, TaskEnd, User};
use crate::util::Stream;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// `on_stop` may send; so it gets this long at least, even where tasks are cut off at once.
const LEAST_STOP_TIME: Duration = Duration::from_secs(5);

/// Thirty years, in seconds: a script's wait beyond that is as good as for ever, and this one fits a timer.
const LONGEST_WAIT: f64 = 1e9;

/// What the users of a shard share for walking.
pub(super) struct Terrain {
    pub(super) script: Script,
    pub(super) plan: Plan,
    /// By set index.
    pub(super) orders: Vec<Order>,
    pub(super) budget: Budget,
    pub(super) stop_timeout: Duration,
}

/// What a walking user tells its shard.
pub(super) trait Witness {
    /// A script function threw.
    fn exception(&self, exception: &Exception, task: &str);
    /// A script ended the run.
    fn stop_test(&self, reason: &str);
    /// The grant of task runs is used up.
    fn needs_grant(&self);
    /// A task function has ended.
    fn iteration(&self);
}

/// A user on its way.
pub(super) struct Walk<W> {
    pub(super) terrain: Rc<Terrain>,
    pub(super) user: User,
    pub(super) signal: Rc<StopSignal>,
    pub(super) schedule: Stream,
    pub(super) witness: W,
    /// The sets that the user is in, the class's own first.
    pub(super) frames: Vec<Frame>,
}

/// A set that the user is in.
pub(super) struct Frame {
    set: SetId,
    /// How many tasks of a sequential set have been picked.
    position: u64,
    pacing: Pacing,
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
    /// Walks until the user ends; every set that it was in has been left properly, unless it was cut.
    pub(super) async fn run(mut self, class: &UserClass) {
        // A user that is stopped before its first turn has done nothing, and does nothing.
        if self.signal.wish() != Wish::Run {
            return;
        }
        let mut step = self.start(class).await;
        loop {
            let waits = match step {
                Step::Wait => true,
                Step::Pick => false,
                Step::Leave { reschedule } => {
                    self.leave_set().await;
                    !reschedule
                }
                Step::End => break,
            };
            let goes_on = if waits { self.wait().await } else { self.give_way().await };
            if !goes_on {
                break;
            }
            step = self.step().await;
        }
        self.leave_all().await;
    }

    /// Enters the class. Where its `on_start` threw or left, nothing was set up, so nothing is taken down; where it ended
    /// the user, or was cut off, `on_stop` runs as it does after a task.
    pub(super) async fn start(&mut self, class: &UserClass) -> Step {
        let pacing = Pacing::new(since_start());
        let end = match self.terrain.plan.sets[class.root.0].on_start {
            Some(hook) => self.call(hook, "on_start").await,
            None => TaskEnd::Done(None),
        };
        if !matches!(end, TaskEnd::Failed(_) | TaskEnd::Interrupt { .. }) {
            self.enter(class.root, pacing);
        }
        match end {
            TaskEnd::Done(_) | TaskEnd::Reschedule => Step::Pick,
            _ => Step::End,
        }
    }

    /// `pacing` began before the set's `on_start`, whose time counts into the first interval.
    fn enter(&mut self, set: SetId, pacing: Pacing) {
        self.frames.push(Frame { set, position: 0, pacing });
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
        let terrain = self.terrain.clone();
        let frame = self.frames.last_mut().expect("a user that walks is in a set");
        let set = &terrain.plan.sets[frame.set.0];
        let index = terrain.orders[frame.set.0].next(&mut frame.position, &mut self.schedule);
        let Some(index) = index else { return Pick::Went(Step::End) };
        let (place, task) = ((frame.set, index), &set.tasks[index]);
        match task.target {
            Target::Stop => Pick::Went(self.leaving(true)),
            Target::Enter(nested) => Pick::Went(self.enter_set(nested).await),
            Target::Call(function) => Pick::Task(place, function),
        }
    }

    /// Runs a task function.
    pub(super) async fn run_task(&mut self, (set, index): (SetId, usize), function: FnId) -> Step {
        let terrain = self.terrain.clone();
        let end = self.call(function, &terrain.plan.sets[set.0].tasks[index].name).await;
        self.witness.iteration();
        self.after(&end)
    }

    /// One run of the `-i` budget; false when the user should end instead.
    pub(super) async fn take_run(&self) -> bool {
        let take = self.terrain.budget.take(|| self.witness.needs_grant());
        self.signal.unless_stopping(take).await.unwrap_or(false)
    }

    async fn enter_set(&mut self, nested: SetId) -> Step {
        let pacing = Pacing::new(since_start());
        if let Some(hook) = self.terrain.plan.sets[nested.0].on_start {
            match self.call(hook, "on_start").await {
                TaskEnd::Done(_) | TaskEnd::Reschedule => {}
                // The set was not entered: its `on_stop` has nothing to take down.
                TaskEnd::Interrupt { reschedule: true } => return Step::Pick,
                TaskEnd::Failed(_) | TaskEnd::Interrupt { reschedule: false } => return Step::Wait,
                TaskEnd::StopUser | TaskEnd::StopTest(_) | TaskEnd::Cut => return Step::End,
            }
        }
        self.enter(nested, pacing);
        Step::Pick
    }

    fn after(&self, end: &TaskEnd) -> Step {
        match end {
            TaskEnd::Done(_) | TaskEnd::Reschedule | TaskEnd::Failed(_) => Step::Wait,
            TaskEnd::Interrupt { reschedule } => self.leaving(*reschedule),
            TaskEnd::StopUser | TaskEnd::StopTest(_) | TaskEnd::Cut => Step::End,
        }
    }

    /// The class's own set cannot be left: there is no parent to pick. It is as if the task had ended.
    fn leaving(&self, reschedule: bool) -> Step {
        match (self.frames.len() > 1, reschedule) {
            (true, reschedule) => Step::Leave { reschedule },
            (false, true) => Step::Pick,
            (false, false) => Step::Wait,
        }
    }

    pub(super) async fn leave_set(&mut self) {
        if let Some(frame) = self.frames.pop()
            && let Some(hook) = self.terrain.plan.sets[frame.set.0].on_stop
        {
            self.call_leaving(hook).await;
        }
    }

    /// Leaves every set, inside out.
    pub(super) async fn leave_all(&mut self) {
        while self.signal.wish() != Wish::Cut && !self.frames.is_empty() {
            self.leave_set().await;
        }
    }

    /// Runs a task, a wait or an `on_start`: while the user should end, it may go on until the wish's deadline.
    async fn call(&mut self, function: FnId, name: &str) -> TaskEnd {
        self.call_until(function, name, Deadline::of_task).await
    }

    /// Runs an `on_stop`: it has its own time, from when the user should end.
    async fn call_leaving(&mut self, function: FnId) {
        let grace = self.terrain.stop_timeout.max(LEAST_STOP_TIME);
        let deadline = Cell::new(None);
        let deadline_of = |wish| match wish {
            Wish::Finish { .. } => {
                let known = deadline.get().unwrap_or_else(|| Instant::now() + grace);
                deadline.set(Some(known));
                Deadline::At(known)
            }
            wish => Deadline::of_task(wish),
        };
        self.call_until(function, "on_stop", deadline_of).await;
    }

    /// Runs a script function and tells the witness what came of it.
    async fn call_until(
        &mut self,
        function: FnId,
        name: &str,
        deadline_of: impl Fn(Wish) -> Deadline,
    ) -> TaskEnd {
        let call = self.terrain.script.call(function, &self.user);
        let end = self.signal.until_cut(call, deadline_of).await;
        match &end {
            TaskEnd::Failed(exception) => self.witness.exception(exception, name),
            TaskEnd::StopTest(reason) => self.witness.stop_test(reason),
            _ => {}
        }
        end
    }

    /// Waits as the innermost set, or the class, says; false when the user should end.
    async fn wait(&mut self) -> bool {
        let terrain = self.terrain.clone();
        let sets = &terrain.plan.sets;
        let (Some(inner), Some(outer)) = (self.frames.last(), self.frames.first()) else { return false };
        // A set without a wait of its own uses its user's, and with it the user's pace.
        let (owner, wait) = match (sets[inner.set.0].wait, sets[outer.set.0].wait) {
            (Some(wait), _) => (self.frames.len() - 1, wait),
            (None, Some(wait)) => (0, wait),
            (None, None) => (0, Wait::Constant(0.0)),
        };
        let seconds = match wait {
            Wait::Function(function) => match self.call(function, "wait_time").await {
                TaskEnd::Done(Some(seconds)) if seconds > 0.0 => seconds.min(LONGEST_WAIT),
                TaskEnd::StopUser | TaskEnd::StopTest(_) | TaskEnd::Cut => return false,
                _ => 0.0,
            },
            wait => {
                let pacing = &mut self.frames[owner].pacing;
                let paced = matches!(wait, Wait::ConstantPacing(_) | Wait::ConstantThroughput(_));
                let now = if paced { since_start() } else { Duration::ZERO };
                plan::seconds(&wait, &mut self.schedule, pacing, now).unwrap_or(0.0)
            }
        };
        let pause = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::ZERO);
        if pause.is_zero() {
            self.give_way().await
        } else {
            self.signal.unless_stopping(sleep(pause)).await.is_some()
        }
    }

    /// A user whose tasks never wait for anything must not keep the others from running; false when it should end.
    pub(super) async fn give_way(&self) -> bool {
        self.signal.unless_stopping(tokio::task::consume_budget()).await.is_some()
    }
}

/// A clock for paces: the time since this thread first asked.
fn since_start() -> Duration {
    thread_local! {
        static START: Instant = Instant::now();
    }
    START.with(Instant::elapsed)
}

#[cfg(test)]
#[path = "walk_tests.rs"]
mod tests;
