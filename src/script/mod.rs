//! All of Rhai: the engine, the API, imports, fibers, limits, errors with source lines.

mod api;
mod auth;
mod calls;
mod check;
mod control;
mod convert;
mod csv_table;
mod current;
mod cursor;
mod declare;
mod documents;
mod engine;
mod error;
mod fiber;
mod files;
mod host;
mod imports;
mod json;
mod locale;
mod options;
mod persona;
mod program;
mod readable;
mod request;
mod response;
mod rows;
mod secrets;
mod source;
mod stdlib;
mod tokens;
mod user;
mod verdict;
mod waits;
#[cfg(test)]
mod test_support;
mod world;

pub use current::Actor;
pub use engine::Limits;
pub use fiber::{FiberLimits, set_max_stacks};
pub use host::{Host, Sample};
pub use program::{Call, Exception, Loaded, Loader, Script, TaskEnd};
pub use user::User;
pub use world::World;
