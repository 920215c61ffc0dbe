//! The measured client: requests, connections, TLS, redirects, cookies, phases.

mod body;
mod client;
mod connection;
mod cookies;
mod decode;
mod dns;
mod error;
mod exchange;
mod fields;
mod head;
mod incoming;
mod multipart;
mod options;
mod redirect;
mod request;
mod response;
mod shared;
mod tls;
mod transport;
mod upload;
mod url;
mod wire;

pub use client::Client;
pub use decode::DecodeError;
pub use error::TransportError;
pub use fields::Fields;
pub use multipart::{Finished, Multipart, Part, PartContent};
pub use options::ClientOptions;
pub use request::Request;
pub use response::{Hop, Response, Timings};
pub use shared::{Counters, Shared};
pub use upload::{Upload, UploadFile};
pub use url::{Base, Origin, Url, UrlError, without_password};
