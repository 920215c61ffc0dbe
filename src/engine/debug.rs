//! Single users whose requests somebody looks at.

use crate::http::{Response, Transcript};
use crate::script::{Exception, TaskEnd, Word};
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A user that is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// Its number; 0 for the user of set-up and tear-down.
    pub user: u64,
    /// Its class; empty for the user of set-up and tear-down.
    pub class: String,
}

/// Someone who looks at the requests of single users while they happen, on the threads of the shards.
pub trait DebugView: Send + Sync {
    /// A function of the user begins: a task by its path, `on_start`, `on_stop`.
    fn begins(&self, user: &Watched, function: &str);
    /// A request has its answer, or has failed.
    fn exchanged(&self, user: &Watched, transcript: &Transcript, response: &Response);
    /// The script has said what became of a request; it may still think again.
    fn said(&self, user: &Watched, method: &str, name: &str, word: &Word);
    /// A verdict has fallen; without a failure the request passed.
    fn judged(&self, user: &Watched, method: &str, name: &str, failure: Option<&str>);
    /// A hook of the run threw.
    fn threw(&self, user: &Watched, function: &str, exception: &Exception);
    /// A function of the user has ended after so long, and so it went on.
    fn ended(&self, user: &Watched, function: &str, end: &TaskEnd, took: Duration);
}

/// Which users are looked at, and by whom.
#[derive(Clone)]
pub struct Debugging {
    /// As many as this of those that are started first.
    pub users: u64,
    /// Who looks.
    pub view: Arc<dyn DebugView>,
}

impl fmt::Debug for Debugging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Debugging({})", self.users)
    }
}

/// The numbers of users that shards start by themselves begin after this one.
const OPEN_USERS: u64 = 1_000_000_000;

impl Debugging {
    /// The eye on a user, if it is one of those that are looked at. Users of open classes have numbers of their own,
    /// dealt over shards and classes: of each kind the first ones are looked at.
    pub(super) fn eye_on(&self, user: u64, class: &str) -> Option<Rc<Eye>> {
        let place = if user > OPEN_USERS { user - OPEN_USERS } else { user };
        (place <= self.users).then(|| {
            let watched = Watched { user, class: class.to_owned() };
            Rc::new(Eye { watched, view: self.view.clone() })
        })
    }
}

/// The view of one user.
pub(super) struct Eye {
    pub(super) watched: Watched,
    pub(super) view: Arc<dyn DebugView>,
}

/// A run of a function that is looked at.
pub(super) struct Seen {
    eye: Rc<Eye>,
    function: String,
    begun: Instant,
}

impl Seen {
    /// It begins; `function` is its name behind those of the class and the sets.
    pub(super) fn begin(eye: &Rc<Eye>, function: String) -> Self {
        eye.view.begins(&eye.watched, &function);
        Self { eye: eye.clone(), function, begun: Instant::now() }
    }

    /// It has ended.
    pub(super) fn end(self, end: &TaskEnd) {
        self.eye.view.ended(&self.eye.watched, &self.function, end, self.begun.elapsed());
    }
}
