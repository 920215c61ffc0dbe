//! All of Rhai: the engine, the API, imports, fibers, limits, errors with source lines.

mod api;
mod csv_table;
mod current;
mod cursor;
mod documents;
mod files;
mod json;
mod locale;
mod persona;
mod readable;
mod rows;
mod secrets;
mod stdlib;
#[cfg(test)]
mod test_support;
mod world;

pub use current::Actor;
pub use world::World;
