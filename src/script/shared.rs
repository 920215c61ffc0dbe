//! What users hand to each other: stores, queues and counters, one of each name per process.
//!
//! What the top level of a script does to them takes effect once, though it runs on every shard.

use super::Actor;
use super::cursor::Cursor;
use super::once::Once;
use super::plain::Plain;
use std::collections::{BTreeMap, VecDeque};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Everything that the users of a process share by name.
#[derive(Debug, Default)]
pub(super) struct Shared {
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
    pub(super) fn store(&self, name: &str) -> Arc<Store> {
        self.stores.get(name, Store::default)
    }

    pub(super) fn queue(&self, name: &str) -> Arc<Queue> {
        self.queues.get(name, Queue::default)
    }

    /// The counter called `name`; `start` is where it begins, if this is the first to ask for it.
    pub(super) fn counter(&self, name: &str, start: i64) -> Arc<Counter> {
        self.counters.get(name, || Counter { start, cursor: Cursor::default() })
    }
}

/// Values by key. A key whose value is `()` is not there.
#[derive(Debug, Default)]
pub(super) struct Store {
    entries: Mutex<BTreeMap<String, Arc<Plain>>>,
    top_level: Once<Arc<Plain>>,
}

impl Store {
    /// The value of `key`, or `()`.
    pub(super) fn get(&self, actor: &Actor, key: &str) -> Arc<Plain> {
        self.top_level.answer(actor, || {
            let entries = lock(&self.entries);
            entries.get(key).cloned().unwrap_or(Arc::new(Plain::Unit))
        })
    }

    /// Keeps `value` under `key` and gives what was there before, or `()`.
    pub(super) fn set(&self, actor: &Actor, key: &str, value: Plain) -> Arc<Plain> {
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
    pub(super) fn keys(&self, actor: &Actor) -> Arc<Plain> {
        self.top_level.answer(actor, || {
            let keys = lock(&self.entries).keys().map(|key| Plain::Text(key.as_str().into())).collect();
            Arc::new(Plain::Array(keys))
        })
    }

    /// How many keys there are.
    pub(super) fn len(&self, actor: &Actor) -> Arc<Plain> {
        self.top_level.answer(actor, || count(lock(&self.entries).len()))
    }
}

/// Values in the order in which they came; each is taken once.
#[derive(Debug, Default)]
pub(super) struct Queue {
    items: Mutex<VecDeque<Arc<Plain>>>,
    arrived: Notify,
    top_level: Once<Arc<Plain>>,
}

impl Queue {
    /// Adds a value at the end.
    pub(super) fn push(&self, actor: &Actor, value: Plain) {
        self.top_level.answer(actor, || {
            lock(&self.items).push_back(Arc::new(value));
            self.arrived.notify_one();
            Arc::new(Plain::Unit)
        });
    }

    /// Takes the first value; `()` when there is none.
    pub(super) fn pop(&self, actor: &Actor) -> Arc<Plain> {
        self.top_level.answer(actor, || self.take().unwrap_or(Arc::new(Plain::Unit)))
    }

    fn take(&self) -> Option<Arc<Plain>> {
        lock(&self.items).pop_front()
    }

    /// Waits for a value and takes it. Whoever gives up waiting takes none.
    pub(super) async fn wait(&self) -> Arc<Plain> {
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
    pub(super) fn len(&self, actor: &Actor) -> Arc<Plain> {
        self.top_level.answer(actor, || count(lock(&self.items).len()))
    }
}

fn count(len: usize) -> Arc<Plain> {
    Arc::new(Plain::Int(i64::try_from(len).unwrap_or(i64::MAX)))
}

/// Whole numbers, each given out once.
#[derive(Debug)]
pub(super) struct Counter {
    /// The first number.
    pub(super) start: i64,
    cursor: Cursor,
}

impl Counter {
    /// The next number.
    pub(super) fn next(&self, actor: &Actor) -> i64 {
        self.start.wrapping_add_unsigned(self.cursor.advance(actor))
    }
}
