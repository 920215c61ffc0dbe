//! A run of a script function, as a future.

use super::explain::panicked;
use super::script::Script;
use crate::script::fiber::{Fiber, FiberEnd};
use crate::script::user::User;
use crate::script::user::ending::{Exception, TaskEnd};
use crate::util::Diagnostic;
use rhai::{Dynamic, EvalAltResult};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A run of a script function.
pub struct Call {
    script: Script,
    /// Whose requests get their verdicts when it has ended; none for a function that has no user.
    user: Option<User>,
    /// The fiber, or why there is none; that is told once.
    fiber: Result<Fiber<Result<Dynamic, Box<EvalAltResult>>>, Option<String>>,
}

impl Call {
    pub(super) fn new(
        script: &Script,
        user: Option<User>,
        fiber: Result<Fiber<Result<Dynamic, Box<EvalAltResult>>>, String>,
    ) -> Self {
        Self { script: script.clone(), user, fiber: fiber.map_err(Some) }
    }

    /// Ends the function where it stands: what it waits for is dropped, and it can wait no more.
    pub fn cut(&mut self) {
        if let Ok(fiber) = &mut self.fiber {
            fiber.cut();
        }
    }
}

impl Future for Call {
    type Output = TaskEnd;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<TaskEnd> {
        let end = match &mut self.fiber {
            Ok(fiber) => match Pin::new(fiber).poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(FiberEnd::Returned(result)) => self.script.end_of(result),
                Poll::Ready(FiberEnd::Panicked(text)) => failed(panicked(&text)),
            },
            Err(text) => failed(Diagnostic::error(text.take().unwrap_or_default())),
        };
        if let Some(user) = &self.user {
            user.settle(matches!(end, TaskEnd::Cut));
        }
        Poll::Ready(end)
    }
}

fn failed(diagnostic: Diagnostic) -> TaskEnd {
    let text = diagnostic.to_string();
    TaskEnd::Failed(Exception { message: diagnostic.message, place: String::new(), diagnostic: text })
}
