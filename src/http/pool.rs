//! The connections that a user keeps for its next requests.

use super::net::connection::Connection;
use super::options::ClientOptions;
use super::tls::configuration::Tls;
use super::url::Origin;
use std::cell::RefCell;
use std::rc::Rc;

/// Connections that nobody uses at the moment, the one that was used last at the end.
#[derive(Debug, Default)]
pub(super) struct Pool(RefCell<Vec<Connection>>);

impl Pool {
    /// A connection to `origin` with this TLS, if there is one.
    pub(super) fn take(&self, origin: &Rc<Origin>, tls: Option<&Tls>) -> Option<Connection> {
        let mut kept = self.0.borrow_mut();
        // The one that was used last: the server had the least time to close it.
        let index = kept.iter().rposition(|connection| connection.leads_to(origin, tls))?;
        Some(kept.remove(index))
    }

    /// Keeps a connection for the next request, as far as `options` allow.
    pub(super) fn keep(&self, connection: Connection, options: &ClientOptions) {
        if !options.keep_alive {
            return;
        }
        let mut kept = self.0.borrow_mut();
        if kept.len() >= options.max_connections.min(options.max_idle_connections) {
            make_room(&mut kept, &connection, options);
        }
        kept.push(connection);
    }
}

/// Closes connections that are one too many once `another` is kept.
#[cold]
fn make_room(kept: &mut Vec<Connection>, another: &Connection, options: &ClientOptions) {
    let alike = |connection: &Connection| connection.leads_to(another.origin(), another.tls());
    if kept.iter().filter(|connection| alike(connection)).count() >= options.max_connections
        && let Some(oldest) = kept.iter().position(alike)
    {
        kept.remove(oldest);
    }
    if kept.len() >= options.max_idle_connections && !kept.is_empty() {
        kept.remove(0);
    }
}
