//! One request: from the options that a script gives to the response that it gets back.

pub(super) mod auth;
pub(super) mod batch;
mod draft;
pub(super) mod header_fields;
pub(super) mod headers;
pub(super) mod response;
pub(super) mod send;
mod uploads;
mod urls;
