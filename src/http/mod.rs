//! The measured client: requests, connections, TLS, redirects, cookies, phases.

mod addresses;
mod body;
mod client;
mod connection;
mod cookies;
mod decode;
mod dial;
mod dns;
mod error;
mod exchange;
mod head;
mod incoming;
mod network;
mod options;
mod phases;
mod proxy;
mod redirect;
mod request;
mod response;
mod shared;
mod tls;
mod transport;
mod tunnel;
mod url;
mod wire;

pub use addresses::parse_addresses;
pub use client::Client;
pub use decode::DecodeError;
pub use error::TransportError;
pub use network::{Network, Resolve, Sources};
pub use options::{ClientOptions, MAX_BODY, MAX_CONNECTIONS, MAX_IDLE_CONNECTIONS};
pub use proxy::{NoProxy, Proxy};
pub use request::Request;
pub use response::{Hop, Response, Timings, WireBytes};
pub use shared::{Counters, Shared};
pub use url::{Base, Origin, Url, UrlError, is_absolute, without_password};
