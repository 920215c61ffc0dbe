//! The list of namespaces.

use rhai::Engine;

/// Adds every namespace to `engine`.
pub(in crate::script) fn register_all(engine: &mut Engine) {
    super::crypto::register(engine);
    super::data::register(engine);
    super::encoding::register(engine);
    super::env::register(engine);
    super::fake::register(engine);
    super::json::register(engine);
    super::log::register(engine);
    super::random::register(engine);
    super::shared::register(engine);
    super::time::register(engine);
}
