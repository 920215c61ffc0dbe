//! The measured client: requests, connections, TLS, redirects, cookies, phases.

mod allowed;
mod body;
mod client;
mod connection;
mod cookies;
mod decode;
mod dns;
mod error;
mod exchange;
mod head;
mod incoming;
mod options;
mod phases;
mod redirect;
mod request;
mod response;
mod shared;
mod tls;
mod transport;
mod url;
mod wire;

pub use allowed::{AllowedHosts, HostPattern};
pub use client::Client;
pub use decode::DecodeError;
pub use error::TransportError;
pub use options::ClientOptions;
pub use request::Request;
pub use response::{Hop, Response, Timings, WireBytes};
pub use shared::{Counters, Shared};
pub use url::{Base, Origin, Url, UrlError, without_password};
