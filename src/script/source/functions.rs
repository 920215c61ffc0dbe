//! Which functions an engine has: names and numbers of arguments, without types.

use rhai::{Engine, FnNamespace, is_valid_identifier};
use std::collections::{BTreeMap, BTreeSet};

/// Numbers of arguments by function name.
pub(in crate::script) type Arities = BTreeMap<String, BTreeSet<usize>>;

/// The native functions of an engine.
#[derive(Debug, Default)]
pub(in crate::script) struct Functions {
    /// Callable by their bare name; the receiver of a method counts as an argument.
    pub(in crate::script) global: Arities,
    /// By namespace, `a::b` for nested ones.
    pub(in crate::script) namespaces: BTreeMap<String, Arities>,
}

/// What the language itself calls by name, with the numbers of arguments it takes (the receiver included).
const BUILT_IN: [(&str, &[usize]); 8] = [
    ("Fn", &[1]),
    ("eval", &[1]),
    ("type_of", &[1]),
    ("is_shared", &[1]),
    ("is_def_var", &[1]),
    ("is_def_fn", &[2, 3]),
    ("print", &[0, 1]),
    ("debug", &[0, 1, 2]),
];

impl Functions {
    /// Everything that is registered in `engine`, packages and namespaces included.
    pub(super) fn of(engine: &Engine) -> Self {
        let listed = engine.collect_fn_metadata(
            None,
            |info| {
                let data = info.metadata;
                let global = info.namespace.is_empty() || data.namespace == FnNamespace::Global;
                Some((info.namespace.to_string(), global, data.name.to_string(), data.num_params))
            },
            true,
        );
        let mut functions = Self::default();
        for (name, counts) in BUILT_IN {
            functions.global.entry(name.to_owned()).or_default().extend(counts);
        }
        for (namespace, global, name, arity) in listed {
            functions.add(&namespace, global, &name, arity);
        }
        functions
    }

    fn add(&mut self, namespace: &str, global: bool, name: &str, arity: usize) {
        // Operators, getters (`get$x`) and indexers are not called by name.
        if !is_valid_identifier(name) {
            return;
        }
        if global {
            self.global.entry(name.to_owned()).or_default().insert(arity);
        }
        if !namespace.is_empty() {
            let inside = self.namespaces.entry(namespace.to_owned()).or_default();
            inside.entry(name.to_owned()).or_default().insert(arity);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Functions;
    use rhai::{Engine, Module};
    use std::collections::BTreeSet;

    #[test]
    fn knows_packages_registered_functions_and_namespaces() {
        let mut engine = Engine::new();
        engine.register_fn("between", |a: f64, b: f64| a + b);
        let mut random = Module::new();
        random.set_native_fn("int", |a: i64, b: i64| Ok(a + b));
        let mut inner = Module::new();
        inner.set_native_fn("deep", || Ok(1_i64));
        random.set_sub_module("more", inner);
        engine.register_static_module("random", random.into());
        let functions = Functions::of(&engine);
        assert_eq!(functions.global["between"], BTreeSet::from([2]));
        assert!(functions.global["push"].contains(&2), "methods of the language's own arrays");
        assert_eq!(functions.namespaces["random"]["int"], BTreeSet::from([2]));
        assert_eq!(functions.namespaces["random::more"]["deep"], BTreeSet::from([0]));
        assert!(!functions.global.keys().any(|name| name.contains('$') || name == "+"));
    }
}
