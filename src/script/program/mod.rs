//! Scripts as one program: loaded, declared, and its functions called.

mod engine;
pub(super) mod script;
#[cfg(test)]
mod tests;
