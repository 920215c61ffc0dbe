//! Values at rest: JSON, data files with their rows, and what users hand to each other.

pub(super) mod csv_table;
mod cursor;
pub(super) mod documents;
pub(super) mod files;
pub(super) mod handles;
pub(super) mod json;
mod once;
pub(super) mod plain;
pub(super) mod rows;
pub(super) mod shared;
