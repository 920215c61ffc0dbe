//! Looked-up names: each once per shard and run, so that lookups are not what is measured.

use super::error::TransportError;
use super::url::Origin;
use std::cell::RefCell;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::rc::Rc;

/// Names that were looked up.
#[derive(Debug, Default)]
pub(super) struct Names(RefCell<HashMap<(String, u16), Rc<[SocketAddr]>>>);

impl Names {
    /// The addresses of an origin, in the order of preference.
    pub(super) async fn addresses(&self, origin: &Origin) -> Result<Rc<[SocketAddr]>, TransportError> {
        if let Some(address) = origin.address() {
            return Ok([SocketAddr::new(address, origin.port())].into());
        }
        let key = (origin.host().to_owned(), origin.port());
        if let Some(known) = self.0.borrow().get(&key) {
            return Ok(known.clone());
        }
        let found = tokio::net::lookup_host((origin.host(), origin.port())).await;
        let addresses: Rc<[SocketAddr]> = found.map_err(|_| TransportError::Dns)?.collect();
        if addresses.is_empty() {
            return Err(TransportError::Dns);
        }
        self.0.borrow_mut().insert(key, addresses.clone());
        Ok(addresses)
    }
}
