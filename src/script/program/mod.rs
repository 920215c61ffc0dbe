//! Scripts as one program: loaded, declared, and its functions called.

mod call;
mod engine;
mod explain;
mod load_shape;
mod loader;
mod script;
#[cfg(test)]
mod tests;

pub use call::Call;
pub use load_shape::ShapeAnswer;
pub use loader::{Loaded, Loader};
pub use script::Script;
