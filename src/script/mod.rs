//! All of Rhai: the engine, the API, imports, fibers, limits, errors with source lines.

mod current;
mod fiber;
mod world;

pub use current::Actor;
pub use fiber::{FiberLimits, set_max_stacks};
pub use world::World;
