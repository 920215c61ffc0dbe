//! Fibers: script functions on stacks of their own, how they wait, what stops them and how they leave.

pub(super) mod control;
mod coroutine;
mod limits;
mod stacks;

pub use coroutine::Cut;
pub(super) use coroutine::{Fiber, FiberEnd, Stopped, guard, is_cut, wait};
pub use limits::{FiberLimits, Limits};
pub use stacks::set_max_stacks;
