//! Asking load shapes what they want.

use super::call::Call;
use super::explain::{explain, panicked};
use super::loader::block_on;
use super::script::Script;
use crate::plan::{FnId, Plan, UserTarget};
use crate::script::context::current::Actor;
use crate::script::declare::shapes;
use crate::script::fiber::control::Control;
use crate::script::fiber::{Fiber, FiberEnd};
use crate::script::user::ending::Exception;
use crate::util::Diagnostic;
use rhai::{Dynamic, EvalAltResult, Position};
use std::cell::RefCell;
use std::rc::Rc;

impl Script {
    /// Calls a load shape at `t` seconds since the start of spawning. When the call is done, the answer can be read.
    pub fn shape_at(&self, function: FnId, actor: &Rc<Actor>, t: f64) -> (Call, ShapeAnswer) {
        let value = Rc::new(RefCell::new(Dynamic::UNIT));
        let (core, slot) = (self.0.clone(), value.clone());
        let fiber = Fiber::new(actor.clone(), self.0.limits.fiber, move || {
            let value = core.functions.call(&core.engine, function, t.into())?;
            *slot.borrow_mut() = value;
            Ok(Dynamic::UNIT)
        });
        let call = Call::new(self, None, fiber);
        (call, ShapeAnswer { script: self.clone(), function, value })
    }

    /// What a load shape wants at `t` seconds, for those who are not running it; none = the run is to end.
    ///
    /// # Errors
    ///
    /// When it throws, or returns what is no target.
    pub fn shape_now(
        &self,
        function: FnId,
        actor: &Rc<Actor>,
        t: f64,
        plan: &Plan,
    ) -> Result<Option<UserTarget>, Diagnostic> {
        let core = self.0.clone();
        let shape = move || core.functions.call(&core.engine, function, t.into());
        let fiber = Fiber::new(actor.clone(), self.0.limits.fiber, shape).map_err(Diagnostic::error)?;
        let target = match block_on(fiber) {
            FiberEnd::Returned(value) => value.and_then(|value| self.target(function, &value, plan)),
            FiberEnd::Panicked(text) => return Err(panicked(&text)),
        };
        target.or_else(|error| match Control::in_error(&error) {
            Some(Control::StopTest(_)) => Ok(None),
            _ => Err(explain(&error, &self.0.files, None, &self.0.limits)),
        })
    }

    /// What the load shape `function` means by `value`; an error is placed at the function.
    fn target(
        &self,
        function: FnId,
        value: &Dynamic,
        plan: &Plan,
    ) -> Result<Option<UserTarget>, Box<EvalAltResult>> {
        shapes::target(value, &self.0.classes, plan).map_err(|error| {
            let (source, name) = self.0.functions.location(function);
            let (source, name) = (source.to_owned(), name.to_owned());
            Box::new(EvalAltResult::ErrorInFunctionCall(name, source, error, Position::NONE))
        })
    }
}

/// What a load shape returned.
pub struct ShapeAnswer {
    script: Script,
    function: FnId,
    value: Rc<RefCell<Dynamic>>,
}

impl ShapeAnswer {
    /// The target that it means, for the classes of `plan`, which was filtered perhaps; none = the run is to end.
    ///
    /// # Errors
    ///
    /// When it is no target. The exception is placed at the function.
    pub fn target(&self, plan: &Plan) -> Result<Option<UserTarget>, Exception> {
        let target = self.script.target(self.function, &self.value.borrow(), plan);
        target.map_err(|error| self.script.exception(&error))
    }
}
