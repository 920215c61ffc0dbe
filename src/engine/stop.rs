//! How a user learns that it must end.

use crate::script::{Call, TaskEnd};
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use tokio::time::{Instant, Sleep, sleep_until};

/// What the shard wants of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// Go on.
    Run,
    /// End: stop waiting at once, finish the task by then, run `on_stop`.
    Finish {
        /// When a running task is cut off.
        deadline: Instant,
    },
    /// End at once.
    Cut,
}

/// The shard's wish for one user. The user looks at it whenever it is polled; it is one tokio task, so one waker is
/// enough, and a user that nobody stops pays a comparison.
#[derive(Debug)]
pub(super) struct StopSignal {
    wish: Cell<Wish>,
    waker: RefCell<Option<Waker>>,
}

impl StopSignal {
    pub(super) fn new() -> Self {
        Self { wish: Cell::new(Wish::Run), waker: RefCell::new(None) }
    }

    /// The wish now.
    pub(super) fn wish(&self) -> Wish {
        self.wish.get()
    }

    /// Changes the wish and wakes the user.
    pub(super) fn set(&self, wish: Wish) {
        self.wish.set(wish);
        if let Some(waker) = self.waker.borrow().as_ref() {
            waker.wake_by_ref();
        }
    }

    fn remember(&self, context: &Context<'_>) {
        let mut waker = self.waker.borrow_mut();
        if !waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
            *waker = Some(context.waker().clone());
        }
    }

    /// Waits for `future`; none if the user should end before it is ready.
    pub(super) async fn unless_stopping<F: Future>(&self, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        poll_fn(|context| {
            if self.wish.get() != Wish::Run {
                return Poll::Ready(None);
            }
            self.remember(context);
            future.as_mut().poll(context).map(Some)
        })
        .await
    }

    /// Runs a script function to its end, or to the deadline that `deadline_of` finds in the wish.
    pub(super) async fn until_cut(&self, mut call: Call, deadline_of: impl Fn(Wish) -> Deadline) -> TaskEnd {
        let mut timer: Option<(Instant, Pin<Box<Sleep>>)> = None;
        poll_fn(|context| {
            self.remember(context);
            match deadline_of(self.wish.get()) {
                Deadline::None => {}
                Deadline::Now => call.cut(),
                Deadline::At(deadline) => {
                    let known = timer.as_ref().is_some_and(|(known, _)| *known == deadline);
                    if !known {
                        timer = Some((deadline, Box::pin(sleep_until(deadline))));
                    }
                    if timer.as_mut().is_some_and(|(_, sleep)| sleep.as_mut().poll(context).is_ready()) {
                        call.cut();
                        timer = Some((deadline, Box::pin(sleep_until(deadline + FOREVER))));
                    }
                }
            }
            Pin::new(&mut call).poll(context)
        })
        .await
    }
}

/// Far beyond any run.
const FOREVER: std::time::Duration = std::time::Duration::from_secs(86_400 * 365);

/// When a script function is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deadline {
    /// Not yet known: nobody wants the user to end.
    None,
    /// Then.
    At(Instant),
    /// At once.
    Now,
}

impl Deadline {
    /// For a task or an `on_start`: it may go on until the wish's deadline.
    pub(super) fn of_task(wish: Wish) -> Self {
        match wish {
            Wish::Run => Self::None,
            Wish::Finish { deadline } => Self::At(deadline),
            Wish::Cut => Self::Now,
        }
    }
}
