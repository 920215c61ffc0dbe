//! HTTP/1.1 (RFC 9112): requests as bytes, answers from bytes.

pub(super) mod body;
pub(super) mod exchange;
pub(super) mod head;
pub(super) mod incoming;
pub(super) mod wire;
