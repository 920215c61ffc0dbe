//! Fibers: script functions look blocking, the thread never blocks.
//!
//! Each run of a script function is a stackful coroutine that is a [`Future`]. A native function that must wait hands
//! the future to [`wait`], which suspends the fiber; the future is then polled *on the thread's own stack* until it is
//! ready, and only then is the fiber resumed. So waiting costs no stack switches, and network code never runs on the
//! small stacks. A stack is taken from the thread's pool when a function starts and returned when it ends: a user
//! between two tasks holds none.
//!
//! This is the only file with `unsafe` code. What makes it sound:
//!
//! * A fiber is `!Send`: it is polled and dropped on the thread that made it.
//! * [`Frame`] lives on the fiber's stack for as long as the fiber's function runs, and [`FRAME`] points to it only
//!   while that fiber is the one that runs: it is set after each switch in and restored after each switch out.
//! * A [`Step`] points into the stack of a suspended fiber. It is used only by that fiber's `poll`, which forgets it
//!   before the fiber is resumed or unwound, so it never outlives what it points to.

#![expect(
    unsafe_code,
    reason = "switching stacks cannot be said in safe Rust; see the module's documentation"
)]

use super::limits::FiberLimits;
use super::stacks;
use crate::script::context::current::{self, Actor};
use corosensei::stack::{DefaultStack, Stack};
use corosensei::{Coroutine, CoroutineResult, Yielder};
use std::any::Any;
use std::cell::Cell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::ptr::NonNull;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// The part of a stack that script code may not enter. One evaluation step of the interpreter and everything native
/// that it calls must fit, because the guard looks only between steps.
const RESERVED_STACK: usize = 192 * 1024;

/// How many operations pass between two looks at the clock.
const OPERATIONS_PER_LOOK: u64 = 4096;

/// A script that computes yields to the other users of its shard after this long.
///
/// Not sooner, because Rhai locks a captured variable during a method call on it: a yield in the middle of one would
/// show other users a lock that has nothing to do with them.
const SLICE: Duration = Duration::from_millis(5);

/// The engine wants the script function to end: every wait fails from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut;

/// Why the guard stops a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::script) enum Stopped {
    /// More operations than allowed since it last waited.
    OutOfOperations,
    /// The calls are nested deeper than the stack allows.
    OutOfStack,
    /// The engine cut the task off.
    Cut,
}

/// One attempt to get on with what a suspended fiber waits for.
type Step = NonNull<dyn FnMut(&mut Context<'_>) -> Poll<()>>;

/// What a fiber is told when it is switched in.
#[derive(Clone, Copy)]
enum Resume {
    Go,
    Cut,
}

/// The running fiber's own record, on its own stack.
struct Frame {
    yielder: NonNull<Yielder<Resume, Step>>,
    /// Lowest address that script code may use.
    floor: usize,
    /// Deepest address seen by the guard.
    deepest: Cell<usize>,
    operations: Cell<u64>,
    max_operations: u64,
    /// When the guard first looked at the clock since the fiber was switched in: most runs end before it does.
    looked_at: Cell<Option<Instant>>,
    cut: Cell<bool>,
}

thread_local! {
    static FRAME: Cell<Option<NonNull<Frame>>> = const { Cell::new(None) };
}

/// How a fiber ended.
#[derive(Debug)]
pub(in crate::script) enum FiberEnd<T> {
    /// Its function returned.
    Returned(T),
    /// A native function panicked: a defect of katydid's, contained to this task.
    Panicked(String),
}

/// A function that runs on a stack of its own, as a future.
pub(in crate::script) struct Fiber<T: 'static> {
    coroutine: Option<Coroutine<Resume, Step, (T, usize), DefaultStack>>,
    actor: Rc<Actor>,
    step: Option<Step>,
    cut: bool,
}

impl<T: 'static> Fiber<T> {
    /// A fiber that will run `function` on behalf of `actor`.
    ///
    /// # Errors
    ///
    /// When there is no stack to be had.
    pub(in crate::script) fn new(
        actor: Rc<Actor>,
        limits: FiberLimits,
        function: impl FnOnce() -> T + 'static,
    ) -> Result<Self, String> {
        let stack = stacks::take(limits.stack_size.max(RESERVED_STACK + 64 * 1024))?;
        let floor = stack.limit().get() + RESERVED_STACK;
        let coroutine =
            Coroutine::with_stack(stack, move |yielder: &Yielder<Resume, Step>, resume: Resume| {
                let frame = Frame {
                    yielder: NonNull::from(yielder),
                    floor,
                    deepest: Cell::new(usize::MAX),
                    operations: Cell::new(0),
                    max_operations: limits.max_operations,
                    looked_at: Cell::new(None),
                    cut: Cell::new(matches!(resume, Resume::Cut)),
                };
                FRAME.set(Some(NonNull::from(&frame)));
                let result = function();
                (result, frame.deepest.get())
            });
        Ok(Self { coroutine: Some(coroutine), actor, step: None, cut: false })
    }

    /// From the next poll on, the fiber's waits fail, so that its script ends where it stands.
    pub(in crate::script) fn cut(&mut self) {
        self.cut = true;
        self.step = None;
    }

    /// Switches to the fiber until it suspends or ends.
    fn resume(&mut self) -> Result<CoroutineResult<Step, (T, usize)>, Box<dyn Any + Send>> {
        let coroutine = self.coroutine.as_mut().expect("a fiber is not polled after its end");
        let told = if self.cut { Resume::Cut } else { Resume::Go };
        let actor_before = current::replace(Some(self.actor.clone()));
        let frame_before = FRAME.get();
        let result = catch_unwind(AssertUnwindSafe(|| coroutine.resume(told)));
        FRAME.set(frame_before);
        current::replace(actor_before);
        result
    }

    fn end(&mut self, deepest: usize) {
        if let Some(coroutine) = self.coroutine.take() {
            stacks::give_back(coroutine.into_stack(), deepest);
        }
    }
}

impl<T: 'static> Unpin for Fiber<T> {}

impl<T: 'static> Future for Fiber<T> {
    type Output = FiberEnd<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<FiberEnd<T>> {
        loop {
            if let Some(mut step) = self.step {
                // SAFETY: `step` points to a closure in a frame of this fiber, which is suspended in `suspend_until`
                // and stays so until it is resumed below; nothing else points there.
                if unsafe { step.as_mut() }(context).is_pending() {
                    return Poll::Pending;
                }
                self.step = None;
            }
            match self.resume() {
                Ok(CoroutineResult::Yield(step)) => self.step = Some(step),
                Ok(CoroutineResult::Return((value, deepest))) => {
                    self.end(deepest);
                    return Poll::Ready(FiberEnd::Returned(value));
                }
                Err(panic) => {
                    self.end(usize::MAX);
                    return Poll::Ready(FiberEnd::Panicked(panic_text(&*panic)));
                }
            }
        }
    }
}

/// A fiber that is dropped while suspended is unwound: destructors on its stack run, with its actor in place.
impl<T: 'static> Drop for Fiber<T> {
    fn drop(&mut self) {
        self.step = None;
        if let Some(mut coroutine) = self.coroutine.take() {
            let actor_before = current::replace(Some(self.actor.clone()));
            let frame_before = FRAME.get();
            // A destructor that panics while unwinding would be a second defect; there is nobody left to tell.
            let unwound = catch_unwind(AssertUnwindSafe(|| coroutine.force_unwind()));
            FRAME.set(frame_before);
            current::replace(actor_before);
            if unwound.is_ok() && coroutine.done() {
                stacks::give_back(coroutine.into_stack(), usize::MAX);
            } else {
                stacks::lose();
            }
        }
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "unknown panic".to_owned())
}

/// The running fiber's record.
fn frame() -> Option<NonNull<Frame>> {
    FRAME.get()
}

/// Suspends the running fiber until `step` is ready, and tells whether it may go on.
fn suspend_until(frame: &Frame, step: &mut dyn FnMut(&mut Context<'_>) -> Poll<()>) -> Result<(), Cut> {
    let step = NonNull::from(step);
    // SAFETY: only the lifetime is erased. The closure outlives its use: this function does not return, nor unwind,
    // before the fiber is resumed, and by then `Fiber::poll` or `Fiber::cut` or `Fiber::drop` has forgotten the step.
    let step: Step = unsafe { std::mem::transmute(step) };
    // SAFETY: the yielder lives on this fiber's stack for as long as its function runs.
    let told = unsafe { frame.yielder.as_ref() }.suspend(step);
    FRAME.set(Some(NonNull::from(frame)));
    frame.looked_at.set(None);
    if matches!(told, Resume::Cut) {
        frame.cut.set(true);
        return Err(Cut);
    }
    Ok(())
}

/// Waits for `future`, suspending the running fiber while it is pending.
///
/// No borrow of a thread-local or a `RefCell` may be held across this call: other fibers run meanwhile.
///
/// # Errors
///
/// [`Cut`] when the engine wants the script to end; the future is dropped then.
///
/// # Panics
///
/// Outside a fiber: scripts only run on fibers.
pub(in crate::script) fn wait<F: Future>(future: F) -> Result<F::Output, Cut> {
    let frame = frame().expect("scripts run on fibers");
    // SAFETY: the frame lives on this fiber's stack, below this call.
    let frame = unsafe { frame.as_ref() };
    if frame.cut.get() {
        return Err(Cut);
    }
    let mut future = pin!(future);
    let mut output = None;
    suspend_until(frame, &mut |context| match future.as_mut().poll(context) {
        Poll::Ready(value) => {
            output = Some(value);
            Poll::Ready(())
        }
        Poll::Pending => Poll::Pending,
    })?;
    frame.operations.set(0);
    Ok(output.expect("a fiber is resumed when its step is ready"))
}

/// Whether the script that runs now is being ended by the engine, or its stack unwound: it can wait no more.
pub(in crate::script) fn is_cut() -> bool {
    // SAFETY: the frame lives on this fiber's stack, below this call.
    frame().is_none_or(|frame| unsafe { frame.as_ref() }.cut.get())
}

/// The guard: called by the interpreter before each operation.
///
/// # Errors
///
/// Why the script must stop.
#[inline]
pub(in crate::script) fn guard() -> Result<(), Stopped> {
    let Some(frame) = frame() else { return Ok(()) };
    // SAFETY: the frame lives on this fiber's stack, below this call.
    let frame = unsafe { frame.as_ref() };
    let marker = 0_u8;
    let depth = (&raw const marker).addr();
    if depth < frame.deepest.get() {
        frame.deepest.set(depth);
        if depth < frame.floor {
            return Err(Stopped::OutOfStack);
        }
    }
    let operations = frame.operations.get() + 1;
    frame.operations.set(operations);
    if operations.is_multiple_of(OPERATIONS_PER_LOOK) { look_at_the_clock(frame, operations) } else { Ok(()) }
}

#[cold]
fn look_at_the_clock(frame: &Frame, operations: u64) -> Result<(), Stopped> {
    if operations > frame.max_operations {
        return Err(Stopped::OutOfOperations);
    }
    if frame.cut.get() {
        return Err(Stopped::Cut);
    }
    let Some(looked_at) = frame.looked_at.get() else {
        frame.looked_at.set(Some(Instant::now()));
        return Ok(());
    };
    if looked_at.elapsed() >= SLICE {
        // Not a plain wake: the runtime must look at its sockets and timers before this user's next slice.
        let mut others = pin!(tokio::task::yield_now());
        suspend_until(frame, &mut |context| others.as_mut().poll(context)).map_err(|Cut| Stopped::Cut)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
