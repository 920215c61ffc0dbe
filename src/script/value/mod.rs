//! Values that scripts give, read with messages that say what was expected.

pub(super) mod args;
pub(super) mod convert;
pub(super) mod pairs;
