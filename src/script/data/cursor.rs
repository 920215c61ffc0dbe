//! Counting through something that all users of a process share: each number is given out once.

use super::once::Once;
use crate::script::context::current::Actor;
use std::sync::atomic::{AtomicU64, Ordering};

/// Gives out 0, 1, 2 and so on, over all shards; to the top level of every shard the same numbers.
#[derive(Debug, Default)]
pub(in crate::script) struct Cursor {
    next: AtomicU64,
    top_level: Once<u64>,
}

impl Cursor {
    /// The next number for `actor`.
    pub(in crate::script) fn advance(&self, actor: &Actor) -> u64 {
        self.top_level.answer(actor, || self.next.fetch_add(1, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::Cursor;
    use crate::script::context::current::Actor;
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
