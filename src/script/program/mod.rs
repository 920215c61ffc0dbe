//! Scripts as one program: loaded, declared, and its functions called.

pub(super) mod engine;
pub(super) mod script;
#[cfg(test)]
mod tests;
