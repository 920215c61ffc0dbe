//! What is written: files and their syntax trees, libraries, and the functions in them.

pub(super) mod calls;
pub(super) mod files;
pub(super) mod functions;
pub(super) mod homonyms;
pub(super) mod imports;
pub(super) mod stdlib;
pub(super) mod syntax;
pub(super) mod tokens;
