//! The measured client: requests, connections, TLS, redirects, cookies, phases.

mod body;
mod body_stream;
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
mod redirect;
mod request;
mod response;
mod shared;
mod tls;
mod transport;
mod url;
mod wire;

pub use body_stream::{BodyStream, Streamed};
pub use client::Client;
pub use decode::DecodeError;
pub use error::TransportError;
pub use options::{ClientOptions, MAX_BODY};
pub use request::Request;
pub use response::{Hop, Response, Timings};
pub use shared::{Counters, Shared};
pub use url::{Base, Origin, Url, UrlError, without_password};
