//! TLS sessions that a user may take up again (RFC 8446, section 2.2).

use rustls::NamedGroup;
use rustls::client::{ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::pki_types::ServerName;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Tickets kept of one server: each is good for one connection, and servers send two of them at a time.
const TICKETS: usize = 2;

/// Servers that are remembered; the one that was new first is forgotten first.
const SERVERS: usize = 8;

/// The sessions of one user: small, as there is one for every user who speaks TLS.
#[derive(Default)]
pub(in crate::http) struct Sessions(Mutex<Vec<Known>>);

struct Known {
    server: ServerName<'static>,
    group: Option<NamedGroup>,
    tls12: Option<Tls12ClientSessionValue>,
    tickets: Vec<Tls13ClientSessionValue>,
}

impl Sessions {
    fn lock(&self) -> MutexGuard<'_, Vec<Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(&self, server: &ServerName<'_>, read: impl FnOnce(&mut Known) -> Option<T>) -> Option<T> {
        self.lock().iter_mut().find(|known| known.server == *server).and_then(read)
    }

    fn write(&self, server: ServerName<'static>, write: impl FnOnce(&mut Known)) {
        let mut all = self.lock();
        let index = all.iter().position(|known| known.server == server).unwrap_or_else(|| {
            if all.len() >= SERVERS {
                all.remove(0);
            }
            all.push(Known { server, group: None, tls12: None, tickets: Vec::new() });
            all.len() - 1
        });
        write(&mut all[index]);
    }
}

impl ClientSessionStore for Sessions {
    fn set_kx_hint(&self, server: ServerName<'static>, group: NamedGroup) {
        self.write(server, |known| known.group = Some(group));
    }

    fn kx_hint(&self, server: &ServerName<'_>) -> Option<NamedGroup> {
        self.read(server, |known| known.group)
    }

    fn set_tls12_session(&self, server: ServerName<'static>, session: Tls12ClientSessionValue) {
        self.write(server, |known| known.tls12 = Some(session));
    }

    fn tls12_session(&self, server: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.read(server, |known| known.tls12.clone())
    }

    fn remove_tls12_session(&self, server: &ServerName<'static>) {
        self.read(server, |known| known.tls12.take());
    }

    fn insert_tls13_ticket(&self, server: ServerName<'static>, ticket: Tls13ClientSessionValue) {
        self.write(server, |known| {
            if known.tickets.len() >= TICKETS {
                known.tickets.remove(0);
            }
            known.tickets.push(ticket);
        });
    }

    fn take_tls13_ticket(&self, server: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.read(server, |known| known.tickets.pop())
    }
}

/// Sessions are secrets.
impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}
