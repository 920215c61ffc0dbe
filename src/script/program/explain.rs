//! What ended a script function, as a diagnostic.

use crate::script::error;
use crate::script::fiber::control::Control;
use crate::script::fiber::{Limits, Stopped};
use crate::script::source::files::Files;
use crate::util::Diagnostic;
use rhai::EvalAltResult;

/// A native function panicked.
pub(super) fn panicked(text: &str) -> Diagnostic {
    Diagnostic::error(format!("a defect in katydid: {text}"))
        .help("please report it, with the script if you can")
}

/// An error of script code as a diagnostic, where `root` is the file whose top level ran; what the guard stopped is named by its limit.
pub(super) fn explain(
    error: &EvalAltResult,
    files: &Files,
    root: Option<&str>,
    limits: &Limits,
) -> Diagnostic {
    let mut diagnostic = match root {
        Some(root) => error::diagnose_in(error, files, Some(root)),
        None => error::diagnose(error, files),
    };
    match Control::in_error(error) {
        Some(Control::Stopped(stopped @ Stopped::OutOfOperations)) => {
            diagnostic.message = limits.message_of(stopped);
            diagnostic.help = Some(
                "is this loop endless? If not, raise --max-operations, or sleep(..) now and then".to_owned(),
            );
        }
        Some(Control::Stopped(stopped @ Stopped::OutOfStack)) => {
            diagnostic.message = limits.message_of(stopped);
            diagnostic.help = Some("does this recursion end? If so, raise --stack-size".to_owned());
        }
        Some(_) => {
            "this leaves a task, but no task runs here".clone_into(&mut diagnostic.message);
        }
        None => {}
    }
    diagnostic
}
