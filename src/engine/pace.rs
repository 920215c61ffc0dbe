//! How a user waits: between its tasks, and inside one by `user.wait()`.

use super::stop::{StopSignal, Wish};
use super::walk::Terrain;
use crate::plan::{self, Pacing, SetId, Wait};
use crate::script::{self, Pause};
use crate::util::Stream;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// What decides how long a user waits. Its walk and its script share it.
pub(super) struct Pace {
    pub(super) terrain: Rc<Terrain>,
    pub(super) signal: Rc<StopSignal>,
    pub(super) schedule: RefCell<Stream>,
    /// The sets that the user is in, the class's own first.
    frames: RefCell<Vec<Frame>>,
    /// Whether an `on_stop` runs.
    pub(super) leaving: Cell<bool>,
}

/// A set that the user is in.
struct Frame {
    set: SetId,
    /// Where in a sequential or a Markov set the user is.
    position: u64,
    pacing: Pacing,
}

impl Pace {
    pub(super) fn new(terrain: Rc<Terrain>, signal: Rc<StopSignal>, schedule: Stream) -> Self {
        Self {
            terrain,
            signal,
            schedule: RefCell::new(schedule),
            frames: RefCell::default(),
            leaving: Cell::new(false),
        }
    }

    /// Enters a set. Its pacing begins now, so that the time of its `on_start` counts into the first interval.
    pub(super) fn enter(&self, set: SetId) {
        self.frames.borrow_mut().push(Frame { set, position: 0, pacing: Pacing::new(since_start()) });
    }

    /// Forgets the innermost set.
    pub(super) fn leave(&self) {
        self.frames.borrow_mut().pop();
    }

    /// The innermost set.
    pub(super) fn innermost(&self) -> Option<SetId> {
        self.frames.borrow().last().map(|frame| frame.set)
    }

    /// How many sets the user is in.
    pub(super) fn depth(&self) -> usize {
        self.frames.borrow().len()
    }

    /// Where the user is: the names of its sets, the class's own first, each followed by `/`.
    pub(super) fn path(&self) -> String {
        let frames = self.frames.borrow();
        frames.iter().map(|frame| format!("{}/", self.terrain.plan.sets[frame.set.0].name)).collect()
    }

    /// Picks the next task of the innermost set: the index of the set, and that of the task in it. None where there is
    /// no task.
    pub(super) fn pick(&self) -> Option<(SetId, usize)> {
        let mut frames = self.frames.borrow_mut();
        let frame = frames.last_mut()?;
        let order = &self.terrain.orders[frame.set.0];
        let index = order.next(&mut frame.position, &mut self.schedule.borrow_mut())?;
        Some((frame.set, index))
    }

    /// Whether the innermost set runs each of its tasks once.
    pub(super) fn is_once(&self) -> bool {
        self.innermost().is_some_and(|set| self.terrain.orders[set.0].is_once())
    }

    /// Waits so long; false when the user should end instead.
    pub(super) async fn wait(&self, pause: Duration) -> bool {
        if pause.is_zero() {
            return self.give_way().await;
        }
        let due = Instant::now() + pause;
        let waited = self.signal.unless_stopping(sleep_until(due)).await.is_some();
        if waited {
            self.terrain.pulse.waited(due.elapsed());
        }
        waited
    }

    /// A user whose tasks never wait for anything must not keep the others from running; false when it should end.
    pub(super) async fn give_way(&self) -> bool {
        self.signal.unless_stopping(tokio::task::consume_budget()).await.is_some()
    }
}

impl script::Pace for Pace {
    fn pause(&self) -> Pause {
        let mut frames = self.frames.borrow_mut();
        let wait_of =
            |frame: Option<&Frame>| frame.and_then(|frame| self.terrain.plan.sets[frame.set.0].wait);
        // A set without a wait of its own uses its user's, and with it the user's pace.
        let (owner, wait) = match (wait_of(frames.last()), wait_of(frames.first())) {
            (Some(wait), _) => (frames.len() - 1, wait),
            (None, Some(wait)) => (0, wait),
            (None, None) => return Pause::For(Duration::ZERO),
        };
        let now = match wait {
            Wait::Function(function) => return Pause::Ask(function),
            Wait::ConstantPacing(_) | Wait::ConstantThroughput(_) => since_start(),
            _ => Duration::ZERO,
        };
        let pacing = &mut frames[owner].pacing;
        let seconds = plan::seconds(&wait, &mut *self.schedule.borrow_mut(), pacing, now);
        Pause::of_seconds(seconds.unwrap_or(0.0))
    }

    fn rest(&self, pause: Duration) -> Pin<Box<dyn Future<Output = bool> + '_>> {
        Box::pin(async move {
            // A user that ends has nothing to wait for, but what its `on_stop` does must be done.
            let ends = || self.leaving.get() && self.signal.wish() != Wish::Run;
            ends() || self.wait(pause).await || ends()
        })
    }
}

/// A clock for paces: the time since this thread first asked.
fn since_start() -> Duration {
    thread_local! {
        static START: Instant = Instant::now();
    }
    START.with(Instant::elapsed)
}
