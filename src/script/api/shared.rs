//! `data::store(name)`, `data::queue(name)`, `data::counter(name)`: what users hand to each other, over all shards.

use crate::script::context::current::{actor, world};
use crate::script::data::handles::{CounterHandle, QueueHandle, StoreHandle};
use crate::script::data::plain::Plain;
use crate::script::fiber;
use crate::script::value::args::{Answer, fail, text, whole};
use crate::script::value::convert;
use rhai::{Dynamic, Engine, FuncRegistration, Module, RhaiNativeFunc, Variant};

/// `data::store(name)`
pub(super) fn store(name: &Dynamic) -> Answer<StoreHandle> {
    Ok(StoreHandle(world().shared.store(&text(name, "data::store(name)", "name")?)))
}

/// `data::queue(name)`
pub(super) fn queue(name: &Dynamic) -> Answer<QueueHandle> {
    Ok(QueueHandle(world().shared.queue(&text(name, "data::queue(name)", "name")?)))
}

/// `data::counter(name)`, `data::counter(name, start)`: begins at `start`, or at 0.
pub(super) fn counter(name: &Dynamic, start: Option<&Dynamic>) -> Answer<CounterHandle> {
    let call = if start.is_some() { "data::counter(name, start)" } else { "data::counter(name)" };
    let name = text(name, call, "name")?;
    let start = start.map(|start| whole(start, call, "start")).transpose()?;
    let counter = world().shared.counter(&name, start.unwrap_or(0));
    match start {
        Some(start) if start != counter.start => {
            fail(format!("{call}: the counter `{name}` starts at {}, not at {start}", counter.start))
        }
        _ => Ok(CounterHandle(counter)),
    }
}

/// Methods that may be called on a constant too: they change what the handle names, not the handle.
struct Methods(Module);

impl Methods {
    fn with<A: 'static, const N: usize, const X: bool, R, const F: bool, FUNC>(
        mut self,
        name: &str,
        method: FUNC,
    ) -> Self
    where
        R: Variant + Clone,
        FUNC: RhaiNativeFunc<A, N, X, R, F> + 'static,
    {
        FuncRegistration::new(name)
            .with_purity(true)
            .with_volatility(true)
            .set_into_module(&mut self.0, method);
        self
    }

    fn register(self, engine: &mut Engine) {
        engine.register_global_module(self.0.into());
    }
}

/// Registers the types with their methods.
pub(super) fn register(engine: &mut Engine) {
    engine
        .register_type_with_name::<StoreHandle>("Store")
        .register_type_with_name::<QueueHandle>("Queue")
        .register_type_with_name::<CounterHandle>("Counter");
    let methods = Methods(Module::new())
        .with("get", |store: &mut StoreHandle, key: Dynamic| get(store, &key, Dynamic::UNIT))
        .with("get", |store: &mut StoreHandle, key: Dynamic, default: Dynamic| get(store, &key, default))
        .with("set", |store: &mut StoreHandle, key: Dynamic, value: Dynamic| -> Answer<()> {
            const CALL: &str = "store.set(key, value)";
            store.0.set(&actor(), &text(&key, CALL, "key")?, Plain::read(&value, CALL)?);
            Ok(())
        })
        .with("remove", |store: &mut StoreHandle, key: Dynamic| -> Answer<Dynamic> {
            let key = text(&key, "store.remove(key)", "key")?;
            Ok(store.0.set(&actor(), &key, Plain::Unit).to_dynamic())
        })
        .with("contains", |store: &mut StoreHandle, key: Dynamic| -> Answer<bool> {
            let key = text(&key, "store.contains(key)", "key")?;
            Ok(*store.0.get(&actor(), &key) != Plain::Unit)
        })
        .with("keys", |store: &mut StoreHandle| store.0.keys(&actor()).to_dynamic())
        .with("len", |store: &mut StoreHandle| store.0.len(&actor()).to_dynamic())
        .with("get$len", |store: &mut StoreHandle| store.0.len(&actor()).to_dynamic())
        .with("push", |queue: &mut QueueHandle, value: Dynamic| -> Answer<()> {
            queue.0.push(&actor(), Plain::read(&value, "queue.push(value)")?);
            Ok(())
        })
        .with("pop", |queue: &mut QueueHandle| queue.0.pop(&actor()).to_dynamic())
        .with("pop", |queue: &mut QueueHandle, seconds: Dynamic| pop_within(queue, &seconds))
        .with("len", |queue: &mut QueueHandle| queue.0.len(&actor()).to_dynamic())
        .with("get$len", |queue: &mut QueueHandle| queue.0.len(&actor()).to_dynamic())
        .with("next", |counter: &mut CounterHandle| counter.0.next(&actor()));
    methods.register(engine);
}

fn get(store: &StoreHandle, key: &Dynamic, default: Dynamic) -> Answer<Dynamic> {
    match &*store.0.get(&actor(), &text(key, "store.get(key)", "key")?) {
        Plain::Unit => Ok(default),
        value => Ok(value.to_dynamic()),
    }
}

/// `queue.pop(seconds)`: waits so long for a value; `()` when none came.
fn pop_within(queue: &QueueHandle, seconds: &Dynamic) -> Answer<Dynamic> {
    const CALL: &str = "queue.pop(seconds)";
    let patience = convert::duration(CALL, seconds)?;
    if actor().is_top_level() {
        return fail(format!("{CALL} waits; it belongs into a task or a hook"));
    }
    let queue = queue.0.clone();
    let item = fiber::wait(async move { tokio::time::timeout(patience, queue.wait()).await })?;
    Ok(item.map_or(Dynamic::UNIT, |item| item.to_dynamic()))
}
