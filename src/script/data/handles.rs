//! What scripts hold of what users hand to each other.

use super::shared::{Counter, Queue, Store};
use rhai::Dynamic;
use std::sync::Arc;

/// A script's handle on a store; a copy is the same store.
#[derive(Clone)]
pub(in crate::script) struct StoreHandle(pub(in crate::script) Arc<Store>);

/// A script's handle on a queue.
#[derive(Clone)]
pub(in crate::script) struct QueueHandle(pub(in crate::script) Arc<Queue>);

/// A script's handle on a counter.
#[derive(Clone)]
pub(in crate::script) struct CounterHandle(pub(in crate::script) Arc<Counter>);

/// Whether `value` is a handle: a copy of it is the same thing.
pub(in crate::script) fn is_handle(value: &Dynamic) -> bool {
    value.read_lock::<StoreHandle>().is_some()
        || value.read_lock::<QueueHandle>().is_some()
        || value.read_lock::<CounterHandle>().is_some()
}
