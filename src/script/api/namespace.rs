//! A namespace of native functions under construction.

use rhai::{Dynamic, Engine, EvalAltResult, FuncRegistration, Module, NativeCallContext};
use rhai::{Position, RhaiFunc, RhaiNativeFunc, Shared, Variant};

/// Functions that scripts call as `name::function(..)`.
pub(in crate::script) struct Namespace {
    name: &'static str,
    module: Module,
}

impl Namespace {
    /// One without functions.
    pub(in crate::script) fn new(name: &'static str) -> Self {
        Self { name, module: Module::new() }
    }

    /// The same with one function more. It counts as volatile: the optimiser must not call it in advance.
    pub(in crate::script) fn function<A: 'static, const N: usize, const X: bool, R, const F: bool, FUNC>(
        mut self,
        name: &str,
        function: FUNC,
    ) -> Self
    where
        R: Variant + Clone,
        FUNC: RhaiNativeFunc<A, N, X, R, F> + 'static,
    {
        let function = with_place(function.into_rhai_function(true, true));
        FuncRegistration::new(name).set_into_module_raw(&mut self.module, FUNC::param_types(), function);
        self
    }

    /// Makes it known to the scripts of `engine`.
    pub(in crate::script) fn register(self, engine: &mut Engine) {
        engine.register_static_module(self.name, self.module.into());
    }
}

/// The same function, whose exceptions carry the place of the call: Rhai adds it to those of every native function but
/// one that is called by a qualified name.
fn with_place(function: RhaiFunc) -> RhaiFunc {
    match function {
        RhaiFunc::Pure { func, is_pure, is_volatile, .. } => {
            let func =
                Shared::new(move |context: Option<NativeCallContext<'_>>, args: &mut [&mut Dynamic]| {
                    let place = place_of(context.as_ref());
                    func(context, args).map_err(|error| at(error, place))
                });
            RhaiFunc::Pure { func, has_context: true, is_pure, is_volatile }
        }
        RhaiFunc::Method { func, is_pure, is_volatile, .. } => {
            let func =
                Shared::new(move |context: Option<NativeCallContext<'_>>, args: &mut [&mut Dynamic]| {
                    let place = place_of(context.as_ref());
                    func(context, args).map_err(|error| at(error, place))
                });
            RhaiFunc::Method { func, has_context: true, is_pure, is_volatile }
        }
        other => other,
    }
}

fn place_of(context: Option<&NativeCallContext<'_>>) -> Position {
    context.map_or(Position::NONE, NativeCallContext::call_position)
}

fn at(mut error: Box<EvalAltResult>, place: Position) -> Box<EvalAltResult> {
    if error.position().is_none() {
        error.set_position(place);
    }
    error
}
