//! What the top level of a script does to things that all shards share: it takes effect once.

use crate::script::context::current::Actor;
use std::sync::{Mutex, PoisonError};

/// The answers that top levels got from one shared thing, in order.
///
/// The top level runs once per shard and must see the same on each. So the first to ask is answered and the answer kept;
/// the others get what the first one got.
#[derive(Debug)]
pub(super) struct Once<T>(Mutex<Vec<T>>);

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Once<T> {
    /// What `ask` gives; for a top level, what it gave when a top level asked for the same time.
    pub(super) fn answer(&self, actor: &Actor, ask: impl FnOnce() -> T) -> T {
        if !actor.is_top_level() {
            return ask();
        }
        let turn = self.turn_of(actor);
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match answers.get(turn) {
            Some(answer) => answer.clone(),
            None => {
                let answer = ask();
                answers.push(answer.clone());
                answer
            }
        }
    }

    /// How often this top level has asked here before.
    fn turn_of(&self, actor: &Actor) -> usize {
        let identity = std::ptr::from_ref(self).addr();
        let mut counts = actor.asked.borrow_mut();
        match counts.iter_mut().find(|(asked, _)| *asked == identity) {
            Some((_, count)) => {
                *count += 1;
                *count - 1
            }
            None => {
                counts.push((identity, 1));
                0
            }
        }
    }
}
