//! What the clients of one shard share: counters, the network, looked-up names, TLS configurations.

use super::net::dns::Names;
use super::net::network::Network;
use super::response::WireBytes;
use super::tls::configuration::Configurations;
use super::url::Origin;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// What really happened on the wire, counted where it happened.
#[derive(Debug, Default)]
pub struct Counters {
    /// Request heads that were written completely, to the host or to the proxy that forwards them. What is said to a
    /// proxy to get a way through it is no request of the run, and its bytes are not counted either.
    pub wire_requests: Cell<u64>,
    /// Heads that left when nobody waited for their answers any more: of requests that were given up while HTTP/2 held
    /// them back. They are among `wire_requests`.
    pub abandoned: Cell<u64>,
    /// Kept connections that were found closed before the first byte of a request, and replaced.
    pub reconnects: Cell<u64>,
    /// Connections that were opened.
    pub connections: Cell<u64>,
    /// Bytes written; with TLS, before encryption.
    pub bytes_sent: Cell<u64>,
    /// Bytes read; with TLS, after decryption.
    pub bytes_received: Cell<u64>,
}

impl Counters {
    /// The bytes counted so far.
    pub(super) fn wire(&self) -> WireBytes {
        WireBytes { sent: self.bytes_sent.get(), received: self.bytes_received.get() }
    }
}

/// Adds to a counter.
pub(super) fn add(counter: &Cell<u64>, more: u64) {
    counter.set(counter.get() + more);
}

/// Shared by the clients of one thread.
#[derive(Debug)]
pub struct Shared {
    /// What happened on the wire.
    pub counters: Counters,
    pub(super) network: Network,
    pub(super) names: Names,
    turns: Turns,
    pub(super) configurations: Configurations,
    /// Origins that were asked for HTTP/2 and chose HTTP/1.1.
    pub(super) without_http2: RefCell<Vec<Rc<Origin>>>,
    /// Where bytes are read to before they are looked at: one for all connections, so that those which wait hold none.
    pub(super) incoming: RefCell<Box<[u8]>>,
    /// Where requests are written to before they are sent; taken while one is on its way.
    pub(super) outgoing: RefCell<Vec<u8>>,
}

/// Bytes that are read at once.
const INCOMING: usize = 64 * 1024;

impl Shared {
    /// Nothing counted, nothing looked up.
    #[must_use]
    pub fn new() -> Rc<Self> {
        Self::of_shard(Network::default(), 0, 1)
    }

    /// The same for one of `shards` threads, which deal addresses to their users together, in a network of this kind.
    #[must_use]
    pub fn of_shard(network: Network, shard: usize, shards: usize) -> Rc<Self> {
        Rc::new(Self {
            counters: Counters::default(),
            network,
            names: Names::default(),
            turns: Turns { next: Cell::new(shard), step: shards },
            configurations: Configurations::default(),
            without_http2: RefCell::default(),
            incoming: RefCell::new(vec![0; INCOMING].into()),
            outgoing: RefCell::default(),
        })
    }

    /// The turn of a user that connects for the first time.
    pub(super) fn next_turn(&self) -> usize {
        self.turns.next.replace(self.turns.next.get().wrapping_add(self.turns.step))
    }
}

/// Which of several addresses the next user takes. The first shard deals 0, n, 2n, .. over n shards, the second 1, n + 1,
/// ..: no two users have the same turn.
#[derive(Debug)]
struct Turns {
    next: Cell<usize>,
    step: usize,
}
