//! All of Rhai: the engine, the API, imports, fibers, limits, errors with source lines.

mod check;
mod current;
mod error;
mod functions;
mod imports;
mod options;
mod source;
mod syntax;
mod tokens;
mod world;

pub use current::Actor;
pub use world::World;
