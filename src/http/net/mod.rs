//! The way to a server: names, addresses, proxies, sockets.

pub(super) mod addresses;
pub(super) mod connection;
pub(super) mod dial;
pub(super) mod dns;
pub(super) mod network;
pub(super) mod proxy;
pub(super) mod transport;
pub(super) mod tunnel;
