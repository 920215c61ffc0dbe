//! All of Rhai: the engine, the API, imports, fibers, limits, errors with source lines.
//!
//! Data flows one way here too, with the exceptions that a test names: a folder knows those above it.
//!
//! | folder | it holds |
//! |---|---|
//! | `value` | reading what a script gives, with messages that say what was expected |
//! | `data` | JSON, data files, what users hand to each other |
//! | `context` | the actor that runs now, and the world that all users share |
//! | `fiber` | stacks of their own for script functions; waiting, the guard, leaving |
//! | `source` | files, syntax trees, imports, the standard library, calls of script functions |
//! | `error` | errors with source lines, and how to mend them |
//! | `user` | the `user` object, think time, transactions, verdicts |
//! | `request` | `user.get(..)` and its kin, options, responses, batches |
//! | `stream` | `user.stream(..)` |
//! | `declare` | `user_class(..)`, `stages(..)`, `settings(..)` and all else that the top level says |
//! | `api` | the namespaces: `random::`, `fake::`, `data::` and the others |
//! | `check` | what is wrong with a script before it runs |
//! | `program` | the engine, and the scripts that it has loaded, ready to be called |

mod api;
mod check;
mod context;
mod data;
mod declare;
mod error;
mod fiber;
#[cfg(test)]
mod fuzz_tests;
mod options;
mod program;
mod request;
mod source;
mod stream;
#[cfg(test)]
mod test_support;
mod user;
mod value;

pub use context::current::Actor;
pub use context::given::{GivenOption, GivenOptions, OPTION_PREFIX, option_variable};
pub use context::secrets::Mask;
pub use context::world::World;
pub use declare::hooks::Fields;
pub use fiber::{Cut, FiberLimits, Limits, set_max_stacks};
pub use program::{Call, Loaded, Loader, Script, ShapeAnswer};
pub use user::User;
pub use user::ending::{Exception, TaskEnd};
pub use user::host::{Host, Phased, Sample, WaitForResponse};
pub use user::listeners::Listeners;
pub use user::pace::{Pace, Pause};
pub use user::site::{CallSite, Charge};
