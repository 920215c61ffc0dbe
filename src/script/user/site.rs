//! Which call of a script asked for something.

use rhai::{ImmutableString, NativeCallContext, Position};

/// A call in a script: two words that are copied, so that every request can carry them, and no text before somebody asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallSite {
    file: Option<ImmutableString>,
    position: Option<Position>,
}

/// Where a script said that a request failed, and where the request went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The call of `failure(..)`.
    pub site: CallSite,
    /// The url that the answer came from.
    pub url: String,
}

impl CallSite {
    /// The call that `context` belongs to.
    pub(in crate::script) fn of(context: &NativeCallContext<'_>) -> Self {
        let file = context.global_runtime_state().source.clone();
        Self { file, position: Some(context.call_position()) }
    }

    /// File, line and column, from 1; none where the call has no place of its own.
    #[must_use]
    pub fn parts(&self) -> Option<(&str, usize, usize)> {
        let position = self.position?;
        Some((self.file.as_deref()?, position.line()?, position.position().unwrap_or(1)))
    }
}
