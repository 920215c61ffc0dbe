//! What `--debug-http` and `--once` show of requests, without what nobody may read.

mod exchange_text;
mod redact;
pub(super) mod view;
