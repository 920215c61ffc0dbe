//! Fibers: script functions on stacks of their own, how they wait, what stops them and how they leave.

pub(super) mod control;
mod coroutine;

pub(super) use coroutine::{Fiber, FiberEnd, Stopped, guard, is_cut, wait};
pub use coroutine::{FiberLimits, set_max_stacks};
