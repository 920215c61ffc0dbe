//! How a script function says that it wants to leave, in a way that its own `try` cannot catch.

use super::coroutine::{Cut, Stopped};
use rhai::{Dynamic, EvalAltResult, Position};

/// What ends a run of a script function before its last statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::script) enum Control {
    /// `user.interrupt()`: leave the task set; `reschedule` says whether the parent picks at once.
    Interrupt { reschedule: bool },
    /// `user.reschedule()`: end this task.
    Reschedule,
    /// `user.stop()`: end this user.
    StopUser,
    /// `stop_test(reason)`: end the run.
    StopTest(String),
    /// The guard or the engine stopped it.
    Stopped(Stopped),
}

impl Control {
    /// As the error that Rhai does not let a script catch.
    pub(in crate::script) fn raise(self) -> Box<EvalAltResult> {
        Box::new(EvalAltResult::ErrorTerminated(self.token(), Position::NONE))
    }

    /// As the value that `on_progress` returns.
    pub(in crate::script) fn token(self) -> Dynamic {
        Dynamic::from(self)
    }

    /// The control inside `error`, however many calls deep it was raised.
    pub(in crate::script) fn in_error(error: &EvalAltResult) -> Option<Self> {
        match error {
            EvalAltResult::ErrorInFunctionCall(_, _, inner, _)
            | EvalAltResult::ErrorInModule(_, inner, _) => Self::in_error(inner),
            EvalAltResult::ErrorTerminated(token, _) => {
                token.read_lock::<Self>().map(|control| control.clone())
            }
            _ => None,
        }
    }
}

/// So that `fiber::wait(..)?` works in native functions.
impl From<Cut> for Box<EvalAltResult> {
    fn from(_: Cut) -> Self {
        Control::Stopped(Stopped::Cut).raise()
    }
}
