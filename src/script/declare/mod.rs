//! What the top level of a script calls, from `user_class(..)` to `arrivals(..)`, and the plan that it leaves behind.

mod arrivals;
mod builders;
mod class_options;
pub(super) mod declaration;
pub(super) mod hooks;
mod lowering;
mod script_options;
mod settings;
pub(super) mod shapes;
mod waits;
