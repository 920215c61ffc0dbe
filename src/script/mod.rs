//! All of Rhai: the engine, the API, imports, fibers, limits, errors with source lines.

mod current;
mod world;

pub use current::Actor;
pub use world::World;
