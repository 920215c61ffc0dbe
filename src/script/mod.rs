//! All of Rhai: the engine, the API, imports, fibers, limits, errors with source lines.

mod api;
mod auth;
mod calls;
mod check;
mod control;
mod convert;
mod current;
mod declare;
mod engine;
mod error;
mod fiber;
mod host;
mod imports;
mod json;
mod options;
mod program;
mod request;
mod response;
mod source;
mod tokens;
mod user;
mod verdict;
mod waits;
mod world;

pub use current::Actor;
pub use engine::Limits;
pub use fiber::{FiberLimits, set_max_stacks};
pub use host::{Host, Sample};
pub use program::{Call, Exception, Loaded, Loader, Script, TaskEnd};
pub use user::User;
pub use world::World;
