//! Counting through something that all users of a process share: each number is given out once.

use super::Actor;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Gives out 0, 1, 2 and so on, over all shards.
///
/// The top level of a script runs once per shard and must see the same on each, so what it took is remembered: the
/// first shard to ask takes a number, the others get the one that it got.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    next: AtomicU64,
    top_level: Mutex<Vec<u64>>,
}

impl Cursor {
    /// The next number for `actor`.
    pub(super) fn advance(&self, actor: &Actor) -> u64 {
        if !actor.is_top_level() {
            return self.next.fetch_add(1, Ordering::Relaxed);
        }
        let turn = self.turn_of(actor);
        let mut taken = self.top_level.lock().unwrap_or_else(PoisonError::into_inner);
        match taken.get(turn) {
            Some(number) => *number,
            None => {
                let number = self.next.fetch_add(1, Ordering::Relaxed);
                taken.push(number);
                number
            }
        }
    }

    /// How often this top level has asked this cursor before.
    fn turn_of(&self, actor: &Actor) -> usize {
        let identity = std::ptr::from_ref(self).addr();
        let mut counts = actor.taken.borrow_mut();
        match counts.iter_mut().find(|(cursor, _)| *cursor == identity) {
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

#[cfg(test)]
mod tests {
    use super::Cursor;
    use crate::script::Actor;
    use crate::script::test_support::world;

    #[test]
    fn every_top_level_sees_the_same_numbers_and_users_get_the_rest() {
        let (world, cursor) = (world(), Cursor::default());
        let shards = [Actor::new(0, world.clone()), Actor::new(0, world.clone()).quiet()];
        for shard in &shards {
            assert_eq!([cursor.advance(shard), cursor.advance(shard)], [0, 1]);
        }
        let users = [Actor::new(1, world.clone()), Actor::new(2, world)];
        assert_eq!([cursor.advance(&users[0]), cursor.advance(&users[1])], [2, 3]);
        assert_eq!(cursor.advance(&shards[0]), 4);
        assert_eq!(cursor.advance(&users[1]), 5);
        assert_eq!(cursor.advance(&shards[1]), 4);
    }
}
