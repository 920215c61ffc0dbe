//! The native namespaces of scripts, one file each.

pub(super) mod args;
mod crypto;
mod data;
mod encoding;
mod env;
mod fake;
mod json;
mod log;
mod namespace;
pub(super) mod random;
mod register;
pub(super) mod shared;
mod time;

pub(super) use register::register_all;
