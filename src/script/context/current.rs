//! Who is running now on this thread: native functions ask here for the random stream and the world of the run.
//!
//! A fiber puts its actor here each time it is resumed and takes it away when it suspends, so a native function finds
//! its own user whatever ran in between. Nothing may be borrowed from here across a suspension.

use super::world::World;
use crate::plan::Event;
use crate::util::{Purpose, Stream, stream};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

/// Whether a user stands behind what runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    TopLevel,
    User,
    Hooks,
}

/// The one on whose behalf script code runs: a user, or, as number 0, the top level of the script or the hooks that no
/// user stands behind.
#[derive(Debug)]
pub struct Actor {
    /// The user's number, from 1; 0 where there is none.
    pub number: u64,
    role: Role,
    /// What `random::`, `fake::` and data rows draw from.
    pub stream: RefCell<Stream>,
    /// What all users of the process share.
    pub world: Arc<World>,
    /// Its `log::` calls write nothing: the top level of every shard but the first, which says the same.
    pub quiet: bool,
    /// At the top level: how often it asked each thing that all shards share, so that every shard's top level gets the
    /// same answers.
    pub(in crate::script) asked: RefCell<Vec<(usize, usize)>>,
    /// The rows of data files that it drew, as `file:index` joined by `;`; none = nobody wants to know.
    rows: RefCell<Option<String>>,
    /// The event whose hook runs now.
    hook: Cell<Option<Event>>,
}

impl Actor {
    /// Actor number `number` of a run in `world`, with the stream that the run's seed gives it.
    ///
    /// A shard has one actor number 0, for its top level and whatever else no user stands behind.
    #[must_use]
    pub fn new(number: u64, world: Arc<World>) -> Self {
        let role = if number == 0 { Role::TopLevel } else { Role::User };
        Self::of(number, role, world)
    }

    /// The one on whose behalf the hooks of `event` run, where no user stands behind them. What they draw changes
    /// nothing for anybody else.
    #[must_use]
    pub fn of_hooks(event: Event, world: Arc<World>) -> Self {
        let stream = stream(world.seed, event as u64, Purpose::Hook);
        Self { stream: RefCell::new(stream), ..Self::of(0, Role::Hooks, world) }
    }

    fn of(number: u64, role: Role, world: Arc<World>) -> Self {
        let stream = RefCell::new(stream(world.seed, number, Purpose::Script));
        Self {
            number,
            role,
            stream,
            world,
            quiet: false,
            asked: RefCell::default(),
            rows: RefCell::default(),
            hook: Cell::default(),
        }
    }

    /// The same, noting which rows of data files it draws.
    #[must_use]
    pub fn noting_rows(self) -> Self {
        Self { rows: RefCell::new(Some(String::new())), ..self }
    }

    /// It drew the row number `index` of `file`.
    pub(in crate::script) fn note_row(&self, file: &str, index: usize) {
        if let Some(rows) = &mut *self.rows.borrow_mut() {
            let separator = if rows.is_empty() { "" } else { ";" };
            rows.push_str(&format!("{separator}{file}:{index}"));
        }
    }

    /// What was noted since the last time.
    pub(in crate::script) fn take_noted_rows(&self) -> String {
        self.rows.borrow_mut().as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// The same, silent in the log.
    #[must_use]
    pub fn quiet(self) -> Self {
        Self { quiet: true, ..self }
    }

    /// Whether this is the top level of the script and not a user.
    #[must_use]
    pub fn is_top_level(&self) -> bool {
        self.role == Role::TopLevel
    }

    /// The event whose hook runs now on behalf of this actor.
    pub(in crate::script) fn hook(&self) -> Option<Event> {
        self.hook.get()
    }

    /// From now until the guard is dropped a hook of `event` runs.
    pub(in crate::script) fn enter_hook(self: &Rc<Self>, event: Event) -> InHook {
        InHook { actor: self.clone(), before: self.hook.replace(Some(event)) }
    }
}

/// A hook runs. Hooks nest: what the hook of an error sends may have a hook of requests.
pub(in crate::script) struct InHook {
    actor: Rc<Actor>,
    before: Option<Event>,
}

impl Drop for InHook {
    fn drop(&mut self) {
        self.actor.hook.set(self.before);
    }
}

thread_local! {
    static CURRENT: RefCell<Option<Rc<Actor>>> = const { RefCell::new(None) };
}

/// Makes `actor` the current one and returns who was.
pub(in crate::script) fn replace(actor: Option<Rc<Actor>>) -> Option<Rc<Actor>> {
    CURRENT.with(|current| current.replace(actor))
}

/// The current actor.
///
/// # Panics
///
/// When no script runs on this thread: native functions are only called by scripts.
pub(in crate::script) fn actor() -> Rc<Actor> {
    CURRENT
        .with(|current| current.borrow().clone())
        .expect("a native function is called by a script that runs")
}

/// Draws from the current actor's stream.
pub(in crate::script) fn draw<T>(f: impl FnOnce(&mut Stream) -> T) -> T {
    f(&mut actor().stream.borrow_mut())
}

/// The world of the run.
pub(in crate::script) fn world() -> Arc<World> {
    actor().world.clone()
}
