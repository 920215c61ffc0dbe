//! The stacks of a thread: taken when a function starts, given back when it ends.

use corosensei::stack::{DefaultStack, Stack};
use std::cell::RefCell;

/// A stack that was used deeper than this is given back to the system: its pages would stay resident in the pool.
const KEEP_STACK_USED: usize = 128 * 1024;

thread_local! {
    pub(super) static POOL: RefCell<Pool> = const {
        RefCell::new(Pool { idle: Vec::new(), live: 0, max: usize::MAX })
    };
}

/// The thread's stacks.
pub(super) struct Pool {
    pub(super) idle: Vec<DefaultStack>,
    pub(super) live: usize,
    max: usize,
}

/// Sets how many stacks this thread may hold at once. Each takes two of the process's memory maps, and at the system's
/// limit of those even `malloc` fails, so it must be met by an error of our own.
pub fn set_max_stacks(max: usize) {
    POOL.with_borrow_mut(|pool| pool.max = max);
}

/// A stack of at least `size` bytes.
///
/// # Errors
///
/// When there are too many, or no memory is left.
pub(super) fn take(size: usize) -> Result<DefaultStack, String> {
    POOL.with_borrow_mut(|pool| {
        while let Some(stack) = pool.idle.pop() {
            if stack.base().get() - stack.limit().get() >= size {
                return Ok(stack);
            }
            pool.live -= 1;
        }
        if pool.live >= pool.max {
            return Err(format!("too many tasks at once: {} fibers are suspended on this shard", pool.live));
        }
        let stack =
            DefaultStack::new(size).map_err(|error| format!("no memory for a fiber's stack: {error}"))?;
        pool.live += 1;
        Ok(stack)
    })
}

/// Takes a stack back that was used down to the address `deepest`.
pub(super) fn give_back(stack: DefaultStack, deepest: usize) {
    let used = stack.base().get().saturating_sub(deepest);
    POOL.with_borrow_mut(|pool| {
        if used > KEEP_STACK_USED {
            pool.live -= 1;
        } else {
            pool.idle.push(stack);
        }
    });
}

/// A stack is gone that cannot be given back.
pub(super) fn lose() {
    POOL.with_borrow_mut(|pool| pool.live -= 1);
}
