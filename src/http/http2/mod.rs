//! HTTP/2 (RFC 9113): many requests on a connection at a time.

pub(super) mod frames;
pub(super) mod multiplexed;
pub(super) mod stream;
pub(super) mod stream_head;
pub(super) mod tap;
