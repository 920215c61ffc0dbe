//! What users hand to each other: stores, queues and counters, one of each name per process.
//!
//! What the top level of a script does to them takes effect once, though it runs on every shard.

use super::cursor::Cursor;
use super::once::Once;
use super::plain::Plain;
use crate::script::context::current::Actor;
use std::collections::{BTreeMap, VecDeque};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Everything that the users of a process share by name.
#[derive(Debug, Default)]
pub(in crate::script) struct Shared {
    stores: Named<Store>,
    queues: Named<Queue>,
    counters: Named<Counter>,
}

/// Things by their names, made when they are first asked for.
#[derive(Debug)]
struct Named<T>(Mutex<BTreeMap<String, Arc<T>>>);

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Named<T> {
    fn get(&self, name: &str, make: impl FnOnce() -> T) -> Arc<T> {
        let mut things = lock(&self.0);
        match things.get(name) {
            Some(thing) => thing.clone(),
            None => things.entry(name.to_owned()).or_insert(Arc::new(make())).clone(),
        }
    }
}

/// What a panic of another thread left is still whole: nothing here panics between two changes.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(in crate::script) fn store(&self, name: &str) -> Arc<Store> {
        self.stores.get(name, Store::default)
    }

    pub(in crate::script) fn queue(&self, name: &str) -> Arc<Queue> {
        self.queues.get(name, Queue::default)
    }

    /// The counter called `name`; `start` is where it begins, if this is the first to ask for it.
    pub(in crate::script) fn counter(&self, name: &str, start: i64) -> Arc<Counter> {
        self.counters.get(name, || Counter { start, cursor: Cursor::default() })
    }
}

/// Values by key. A key whose value is `()` is not there.
#[derive(Debug, Default)]
pub(in crate::script) struct Store {
    entries: Mutex<BTreeMap<String, Arc<Plain>>>,
    top_level: Once<Arc<Plain>>,
}

impl Store {
    /// The value of `key`, or `()`.
    pub(in crate::script) fn get(&self, actor: &Actor, key: &str) -> Arc<Plain> {
        self.top_level.answer(actor, || {
            let entries = lock(&self.entries);
            entries.get(key).cloned().unwrap_or(Arc::new(Plain::Unit))
        })
    }

    /// Keeps `value` under `key` and gives what was there before, or `()`.
    pub(in crate::script) fn set(&self, actor: &Actor, key: &str, value: Plain) -> Arc<Plain> {
        self.top_level.answer(actor, || {
            let mut entries = lock(&self.entries);
            let before = match value {
                Plain::Unit => entries.remove(key),
                value => entries.insert(key.to_owned(), Arc::new(value)),
            };
            before.unwrap_or(Arc::new(Plain::Unit))
        })
    }

    /// The keys, in their order.
    pub(in crate::script) fn keys(&self, actor: &Actor) -> Arc<Plain> {
        self.top_level.answer(actor, || {
            let keys = lock(&self.entries).keys().map(|key| Plain::Text(key.as_str().into())).collect();
            Arc::new(Plain::Array(keys))
        })
    }

    /// How many keys there are.
    pub(in crate::script) fn len(&self, actor: &Actor) -> Arc<Plain> {
        self.top_level.answer(actor, || count(lock(&self.entries).len()))
    }
}

/// Values in the order in which they came; each is taken once.
#[derive(Debug, Default)]
pub(in crate::script) struct Queue {
    items: Mutex<VecDeque<Arc<Plain>>>,
    arrived: Notify,
    top_level: Once<Arc<Plain>>,
}

impl Queue {
    /// Adds a value at the end.
    pub(in crate::script) fn push(&self, actor: &Actor, value: Plain) {
        self.top_level.answer(actor, || {
            lock(&self.items).push_back(Arc::new(value));
            self.arrived.notify_one();
            Arc::new(Plain::Unit)
        });
    }

    /// Takes the first value; `()` when there is none.
    pub(in crate::script) fn pop(&self, actor: &Actor) -> Arc<Plain> {
        self.top_level.answer(actor, || self.take().unwrap_or(Arc::new(Plain::Unit)))
    }

    fn take(&self) -> Option<Arc<Plain>> {
        lock(&self.items).pop_front()
    }

    /// Waits for a value and takes it. Whoever gives up waiting takes none.
    pub(in crate::script) async fn wait(&self) -> Arc<Plain> {
        loop {
            // Listen first: a value may come from another shard while this one looks.
            let mut arrived = pin!(self.arrived.notified());
            arrived.as_mut().enable();
            if let Some(item) = self.take() {
                return item;
            }
            arrived.await;
        }
    }

    /// How many values there are.
    pub(in crate::script) fn len(&self, actor: &Actor) -> Arc<Plain> {
        self.top_level.answer(actor, || count(lock(&self.items).len()))
    }
}

fn count(len: usize) -> Arc<Plain> {
    Arc::new(Plain::Int(i64::try_from(len).unwrap_or(i64::MAX)))
}

/// Whole numbers, each given out once.
#[derive(Debug)]
pub(in crate::script) struct Counter {
    /// The first number.
    pub(in crate::script) start: i64,
    cursor: Cursor,
}

impl Counter {
    /// The next number.
    pub(in crate::script) fn next(&self, actor: &Actor) -> i64 {
        self.start.wrapping_add_unsigned(self.cursor.advance(actor))
    }
}

#[cfg(test)]
mod tests {
    use super::{Queue, Shared};
    use crate::script::context::current::Actor;
    use crate::script::data::plain::Plain;
    use crate::script::test_support::world;
    use std::sync::Arc;
    use std::time::Duration;
    use tokio::time::{sleep, timeout};

    #[test]
    fn one_of_each_name() {
        let shared = Shared::default();
        assert!(Arc::ptr_eq(&shared.queue("a"), &shared.queue("a")));
        assert!(!Arc::ptr_eq(&shared.queue("a"), &shared.queue("b")));
        assert_eq!((shared.counter("c", 5).start, shared.counter("c", 9).start), (5, 5));
    }

    #[test]
    fn every_top_level_sees_the_same_and_nothing_happens_twice() {
        let (world, queue) = (world(), Queue::default());
        let shards = [Actor::new(0, world.clone()), Actor::new(0, world.clone())];
        for shard in &shards {
            queue.push(shard, Plain::Int(1));
            queue.push(shard, Plain::Int(2));
            assert_eq!(*queue.pop(shard), Plain::Int(1));
            assert_eq!(*queue.len(shard), Plain::Int(1));
        }
        let user = Actor::new(1, world);
        assert_eq!(
            [queue.pop(&user), queue.pop(&user)].map(|item| (*item).clone()),
            [Plain::Int(2), Plain::Unit]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_gives_up_waiting_takes_nothing() {
        let (user, queue) = (Actor::new(1, world()), Queue::default());
        let (gives_up, waits) = (queue.wait(), queue.wait());
        let push = async {
            sleep(Duration::from_secs(2)).await;
            queue.push(&user, Plain::Int(7));
        };
        let second = Duration::from_secs(1);
        let (gone, item, ()) = tokio::join!(timeout(second, gives_up), timeout(3 * second, waits), push);
        assert!(gone.is_err());
        assert_eq!(item.map(|item| (*item).clone()), Ok(Plain::Int(7)));
        assert_eq!(*queue.len(&user), Plain::Int(0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_value_wakes_one_who_waits_and_every_value_is_taken() {
        let (user, queue) = (Actor::new(1, world()), Queue::default());
        let push = async {
            sleep(Duration::from_secs(1)).await;
            (0..3).for_each(|number| queue.push(&user, Plain::Int(number)));
        };
        let (a, b, c, ()) = tokio::join!(queue.wait(), queue.wait(), queue.wait(), push);
        let mut taken = [a, b, c].map(|item| match &*item {
            Plain::Int(number) => *number,
            other => panic!("{other:?}"),
        });
        taken.sort_unstable();
        assert_eq!(taken, [0, 1, 2]);
    }

    #[test]
    fn a_value_from_another_shard_wakes() {
        let shared = Arc::new(Shared::default());
        let giver = shared.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            runtime.block_on(shared.queue("q").wait())
        });
        giver.queue("q").push(&Actor::new(1, world()), Plain::Int(4));
        assert_eq!(*thread.join().unwrap(), Plain::Int(4));
    }
}
