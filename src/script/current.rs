//! Who is running now on this thread: native functions ask here for the random stream and the world of the run.
//!
//! A fiber puts its actor here each time it is resumed and takes it away when it suspends, so a native function finds
//! its own user whatever ran in between. Nothing may be borrowed from here across a suspension.

use super::World;
use crate::util::{Purpose, Stream, stream};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// The one on whose behalf script code runs: a user, or the top level of the script (number 0).
#[derive(Debug)]
pub struct Actor {
    /// The user's number, from 1; 0 is the top level.
    pub number: u64,
    /// What `random::`, `fake::` and data rows draw from.
    pub stream: RefCell<Stream>,
    /// What all users of the process share.
    pub world: Arc<World>,
    /// The top level runs on every shard and is heard on one.
    pub quiet: bool,
}

impl Actor {
    /// The actor `number` of a run in `world`, at the beginning of its stream.
    #[must_use]
    pub fn new(number: u64, world: Arc<World>) -> Rc<Self> {
        let stream = RefCell::new(stream(world.seed, number, Purpose::Script));
        Rc::new(Self { number, stream, world, quiet: false })
    }

    /// The top level of a script.
    #[must_use]
    pub fn top_level(world: Arc<World>, quiet: bool) -> Rc<Self> {
        let stream = RefCell::new(stream(world.seed, 0, Purpose::Script));
        Rc::new(Self { number: 0, stream, world, quiet })
    }
}

thread_local! {
    static CURRENT: RefCell<Option<Rc<Actor>>> = const { RefCell::new(None) };
}

/// Makes `actor` the current one and returns who was.
pub(super) fn replace(actor: Option<Rc<Actor>>) -> Option<Rc<Actor>> {
    CURRENT.with(|current| current.replace(actor))
}

/// The current actor.
///
/// # Panics
///
/// When no script runs on this thread: native functions are only called by scripts.
pub(super) fn actor() -> Rc<Actor> {
    CURRENT
        .with(|current| current.borrow().clone())
        .expect("a native function is called by a script that runs")
}

/// Draws from the current actor's stream.
pub(super) fn draw<T>(f: impl FnOnce(&mut Stream) -> T) -> T {
    f(&mut actor().stream.borrow_mut())
}

/// The world of the run.
pub(super) fn world() -> Arc<World> {
    actor().world.clone()
}
