//! What a user has who speaks TLS or HTTP/2: nothing, as long as it does not.

use super::error::TransportError;
use super::http2::multiplexed::Multiplexed;
use super::net::connection::{Connection, Opened};
use super::tls::configuration::{OwnTls, Tls};
use super::url::Origin;
use std::cell::{OnceCell, RefCell};
use std::future::Future;
use std::rc::Rc;

/// How many connections with HTTP/2 a user keeps. The one that was opened first is closed first.
const KEPT: usize = 24;

/// The part of a client that only TLS and HTTP/2 need.
#[derive(Debug, Default)]
pub(super) struct Secure {
    /// How the client speaks TLS where a request does not say otherwise.
    pub(super) tls: OnceCell<Tls>,
    /// The same with sessions of its own.
    pub(super) own: OwnTls,
    multiplexed: RefCell<Vec<Rc<Multiplexed>>>,
    openings: RefCell<Vec<Rc<Opening>>>,
}

/// A connection that is being opened, of which it is not known yet whether it carries many requests: those that overlap
/// wait for it, so that a user has one connection and not one per request.
#[derive(Debug)]
struct Opening {
    origin: Rc<Origin>,
    tls: Option<Tls>,
    /// Filled by the first who comes; if that one gives up, by the next.
    outcome: tokio::sync::OnceCell<Result<(), TransportError>>,
}

/// What became of the wish for a connection.
pub(super) enum Wished {
    /// One that carries many requests.
    Shared(Rc<Multiplexed>),
    /// One for this request alone.
    Single(Connection),
    /// Somebody else opened one that carries one request at a time.
    Alone,
}

impl Secure {
    /// The connection with HTTP/2 to `origin` that is used by all requests there.
    pub(super) fn find(&self, origin: &Rc<Origin>, tls: Option<&Tls>) -> Option<Rc<Multiplexed>> {
        self.multiplexed.borrow().iter().rfind(|kept| kept.leads_to(origin, tls)).cloned()
    }

    /// Whether there is one, however TLS is spoken on it.
    pub(super) fn shares(&self, origin: &Rc<Origin>) -> bool {
        self.multiplexed.borrow().iter().any(|kept| kept.leads_to_origin(origin))
    }

    /// Gives no further request to `connection`; those on their way keep it.
    pub(super) fn forget(&self, connection: &Rc<Multiplexed>) {
        self.multiplexed.borrow_mut().retain(|kept| !Rc::ptr_eq(kept, connection));
    }

    /// Keeps `connection` for the requests to come.
    pub(super) fn keep(&self, connection: Rc<Multiplexed>) {
        let mut kept = self.multiplexed.borrow_mut();
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push(connection);
    }

    /// Opens a connection by `open`, or waits for the one that is being opened.
    pub(super) async fn wish(
        &self,
        origin: &Rc<Origin>,
        tls: Option<&Tls>,
        open: impl Future<Output = Result<Opened, TransportError>>,
    ) -> Result<Wished, TransportError> {
        let opening = self.opening(origin, tls);
        let mut single = None;
        let outcome = opening.outcome.get_or_init(async || {
            let opened = open.await;
            self.openings.borrow_mut().retain(|other| !Rc::ptr_eq(other, &opening));
            match opened? {
                Opened::Shared(connection) => self.keep(connection),
                Opened::Single(connection) => single = Some(connection),
            }
            Ok(())
        });
        (*outcome.await)?;
        if let Some(connection) = single {
            return Ok(Wished::Single(connection));
        }
        Ok(self.find(origin, tls).map_or(Wished::Alone, Wished::Shared))
    }

    fn opening(&self, origin: &Rc<Origin>, tls: Option<&Tls>) -> Rc<Opening> {
        let mut openings = self.openings.borrow_mut();
        let alike =
            |opening: &&Rc<Opening>| *opening.origin == **origin && Tls::alike(opening.tls.as_ref(), tls);
        if let Some(known) = openings.iter().find(alike) {
            return known.clone();
        }
        let outcome = tokio::sync::OnceCell::new();
        let new = Rc::new(Opening { origin: origin.clone(), tls: tls.cloned(), outcome });
        openings.push(new.clone());
        new
    }
}
