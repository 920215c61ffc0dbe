//! The functions of scripts, ready to be called on one thread.

use super::call::Call;
use super::explain::explain;
use crate::plan::{Event, FnId};
use crate::script::check;
use crate::script::declare::hooks::{self, Fields};
use crate::script::error;
use crate::script::fiber::control::Control;
use crate::script::fiber::{Fiber, Limits, Stopped};
use crate::script::source::calls::FunctionTable;
use crate::script::source::files::Files;
use crate::script::user::User;
use crate::script::user::ending::{Exception, TaskEnd};
use crate::util::{Diagnostic, Place};
use rhai::{Dynamic, Engine, EvalAltResult};
use std::rc::Rc;

/// The functions of the loaded scripts, on the thread that loaded them.
#[derive(Clone)]
pub struct Script(pub(super) Rc<Core>);

pub(super) struct Core {
    pub(super) engine: Engine,
    pub(super) functions: Rc<FunctionTable>,
    pub(super) files: Files,
    pub(super) limits: Limits,
    /// Names of all user classes, chosen for the run or not.
    pub(super) classes: Vec<String>,
}

impl Script {
    pub(super) fn new(core: Core) -> Self {
        Self(Rc::new(core))
    }

    /// Calls a function as `user`: a future that is ready when the function has ended. Afterwards the verdicts of all
    /// its requests have fallen.
    pub fn call(&self, function: FnId, user: &User) -> Call {
        let (core, callee) = (self.0.clone(), user.clone());
        self.run(user, move || {
            let argument = Dynamic::from(callee.clone());
            callee.tell_after(core.functions.call(&core.engine, function, argument))
        })
    }

    /// Calls a hook of `event` with these fields, on behalf of `user`, whom hooks that may send get as a field too.
    pub fn call_hook(&self, event: Event, function: FnId, user: &User, fields: Fields) -> Call {
        let (core, callee) = (self.0.clone(), user.clone());
        self.run(user, move || {
            let result = {
                let _inside = callee.actor().enter_hook(event);
                core.functions.call(&core.engine, function, hooks::argument(event, &callee, fields))
            };
            callee.tell_after(result)
        })
    }

    /// Tells the hooks of requests what they were not told on a fiber of `user` that has ended.
    pub fn call_listeners(&self, user: &User) -> Call {
        let callee = user.clone();
        self.run(user, move || callee.tell().map(|()| Dynamic::UNIT))
    }

    /// Calls a function on the fiber that runs now.
    pub(in crate::script) fn call_here(
        &self,
        function: FnId,
        argument: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        self.0.functions.call(&self.0.engine, function, argument)
    }

    fn run(
        &self,
        user: &User,
        function: impl FnOnce() -> Result<Dynamic, Box<EvalAltResult>> + 'static,
    ) -> Call {
        let fiber = Fiber::new(user.actor().clone(), self.0.limits.fiber, function);
        Call::new(self, Some(user.clone()), fiber)
    }

    /// Whether a function may leave its task set, judged by its source: it, or a function that it calls, says
    /// `interrupt`.
    #[must_use]
    pub fn may_interrupt(&self, function: FnId) -> bool {
        let (source, name) = self.0.functions.location(function);
        self.0.files.find(source).is_some_and(|file| check::calls_interrupt(&file.ast, name))
    }

    /// The same diagnostic with the source line of its place, where that is in one of the scripts.
    #[must_use]
    pub fn show_line(&self, mut diagnostic: Diagnostic) -> Diagnostic {
        if let Some(place) = &mut diagnostic.place
            && let Some(file) = self.0.files.find(&place.file)
        {
            *place = file.place(place.line, place.column);
        }
        diagnostic
    }

    /// Where a script sends a request to a relative url, if one does.
    #[must_use]
    pub fn relative_url(&self) -> Option<Place> {
        check::first_relative(&self.0.files)
    }

    pub(in crate::script) fn end_of(&self, result: Result<Dynamic, Box<EvalAltResult>>) -> TaskEnd {
        let error = match result {
            #[expect(clippy::cast_precision_loss, reason = "a wait in seconds")]
            Ok(value) => {
                return TaskEnd::Done(value.as_float().or_else(|_| value.as_int().map(|n| n as f64)).ok());
            }
            Err(error) => error,
        };
        match Control::in_error(&error) {
            Some(Control::Interrupt { reschedule }) => TaskEnd::Interrupt { reschedule },
            Some(Control::Reschedule) => TaskEnd::Reschedule,
            Some(Control::StopUser) => TaskEnd::StopUser,
            Some(Control::StopTest(reason)) => TaskEnd::StopTest(reason),
            Some(Control::Stopped(Stopped::Cut)) => TaskEnd::Cut,
            Some(Control::Stopped(_)) | None => TaskEnd::Failed(self.exception(&error)),
        }
    }

    pub(super) fn exception(&self, error: &EvalAltResult) -> Exception {
        let diagnostic = explain(error, &self.0.files, None, &self.0.limits);
        let (_, place) = error::exception_key(error);
        Exception { message: diagnostic.message.clone(), place, diagnostic: diagnostic.to_string() }
    }
}
