//! `env::`: the environment of the process, as the command line read it.

use super::namespace::Namespace;
use crate::script::context::current::world;
use crate::script::value::args::{Answer, text};
use rhai::{Dynamic, Engine};

/// Adds the namespace to `engine`.
pub(in crate::script) fn register(engine: &mut Engine) {
    Namespace::new("env")
        .function("get", |name: Dynamic| get(&name, Dynamic::UNIT))
        .function("get", |name: Dynamic, default: Dynamic| get(&name, default))
        .register(engine);
}

/// `env::get(name)`, `env::get(name, default)`: the value of a variable, a string; the default, or `()`, if it is not set.
/// Values of variables whose names contain `TOKEN`, `SECRET`, `PASSWORD` or `KEY` are masked in every output.
fn get(name: &Dynamic, default: Dynamic) -> Answer<Dynamic> {
    let name = text(name, "env::get(name)", "name")?;
    Ok(world().environment.get(name.as_str()).map_or(default, Into::into))
}

#[cfg(test)]
mod tests {
    use crate::script::test_support::Bench;
    use std::path::Path;

    #[test]
    fn gives_the_value_the_default_or_nothing() {
        let bench = Bench::within(Path::new("."), &[("STAGE", "test"), ("EMPTY", "")]);
        let script = r#"[env::get("STAGE"), env::get("STAGE", 1), env::get("EMPTY", 1), env::get("NONE", 1), env::get("NONE")]"#;
        assert_eq!(bench.value(script).to_string(), r#"["test", "test", "", 1, ()]"#);
        assert!(bench.error("env::get(1)").contains("`name` must be a string, not 1"));
    }
}
