//! The native namespaces of scripts, one file each.

mod crypto;
mod data;
mod encoding;
mod env;
mod fake;
mod json;
mod log;
mod namespace;
mod random;
mod readable;
mod register;
mod shared;
mod time;

pub(super) use register::register_all;
