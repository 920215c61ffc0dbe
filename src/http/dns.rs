//! Looked-up names: each once per shard and run, so that lookups are not what is measured.

use super::error::TransportError;
use super::url::Origin;
use std::cell::RefCell;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::rc::Rc;
use tokio::sync::OnceCell;

/// Names that were looked up.
#[derive(Debug, Default)]
pub(super) struct Names(RefCell<HashMap<(String, u16), Rc<Answer>>>);

/// Filled by the first who asks; the others wait for it. A failed lookup leaves it empty for the next one.
type Answer = OnceCell<Rc<[SocketAddr]>>;

impl Names {
    /// The addresses of an origin, in the order of preference.
    pub(super) async fn addresses(&self, origin: &Origin) -> Result<Rc<[SocketAddr]>, TransportError> {
        if let Some(address) = origin.address() {
            return Ok([SocketAddr::new(address, origin.port())].into());
        }
        let key = (origin.host().to_owned(), origin.port());
        let answer = self.0.borrow_mut().entry(key).or_default().clone();
        answer.get_or_try_init(|| look_up(origin)).await.cloned()
    }
}

async fn look_up(origin: &Origin) -> Result<Rc<[SocketAddr]>, TransportError> {
    let found = tokio::net::lookup_host((origin.host(), origin.port())).await;
    let addresses: Rc<[SocketAddr]> = found.map_err(|error| TransportError::looking_up(&error))?.collect();
    if addresses.is_empty() { Err(TransportError::Dns) } else { Ok(addresses) }
}
