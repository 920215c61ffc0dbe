//! Builds the interpreter of a shard: packages, limits, the guard, and every native function.

use crate::script::context::current;
use crate::script::declare::declaration::{self, Declaration};
use crate::script::fiber::control::Control;
use crate::script::fiber::{self, Limits};
use crate::script::source::files::Files;
use crate::script::source::tokens;
use crate::script::user::{self, blocks, pace};
use crate::script::{api, request, stream};
use rhai::packages::{Package, StandardPackage};
use rhai::{Engine, OptimizationLevel};
use std::rc::Rc;

/// An engine with everything that scripts may call; `files` are those whose functions it will run, `functions` those of
/// their plan.
pub(super) fn build(
    limits: &Limits,
    declaration: &Rc<Declaration>,
    files: &Files,
    functions: &pace::Functions,
) -> Engine {
    // Raw: no string interner, which unique urls and tokens would always miss at twice the cost of a call.
    let mut engine = Engine::new_raw();
    StandardPackage::new().register_into_engine(&mut engine);
    // The optimiser folds a constant map and then panics when the script changes a copy of it; it gains nothing here.
    engine.set_optimization_level(OptimizationLevel::None);
    set_limits(&mut engine, limits);
    tokens::install(&mut engine);
    engine.disable_symbol("eval");
    engine.on_print(print);
    engine.on_debug(|text, source, position| {
        tracing::debug!(target: "script", "{text} ({}:{position:?})", source.unwrap_or("script"));
    });
    user::handle::register(&mut engine);
    request::send::register(&mut engine);
    request::batch::register(&mut engine);
    blocks::register(&mut engine, limits, files);
    pace::register(&mut engine, functions);
    stream::methods::register(&mut engine);
    request::response::register(&mut engine);
    request::headers::register(&mut engine);
    request::auth::register(&mut engine);
    declaration::register(&mut engine, declaration);
    api::register_all(&mut engine);
    engine
}

fn set_limits(engine: &mut Engine, limits: &Limits) {
    // Named here because Rhai's defaults differ between debug and release builds.
    engine.set_max_expr_depths(64, 64);
    engine.set_max_call_levels(limits.max_call_levels);
    engine.set_max_string_size(limits.max_string_size);
    engine.set_max_array_size(limits.max_array_size);
    engine.set_max_map_size(limits.max_map_size);
    // Operations are counted by the guard, which starts anew whenever a script waits.
    engine.on_progress(|_| match fiber::guard() {
        Ok(()) => None,
        Err(stopped) => Some(Control::Stopped(stopped).token()),
    });
}

/// `print(..)`: to stdout at the top level and in hooks, to the log in tasks.
fn print(text: &str) {
    let actor = current::actor();
    if !actor.is_top_level() && actor.hook().is_none() {
        tracing::info!(target: "script", "{}", actor.world.mask(text));
    } else if !actor.quiet {
        (actor.world.print)(&actor.world.mask(text));
    }
}
