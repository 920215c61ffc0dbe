//! Looked-up names: each once per shard and run, unless the run says how long a name is known, so that lookups are not
//! what is measured.

use super::network::Network;
use crate::http::error::TransportError;
use std::cell::RefCell;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use tokio::sync::OnceCell;
use tokio::time::Instant;

/// Names that are known at a time: a script that makes up host names must not fill the memory with them.
const MOST: usize = 4096;

/// The addresses of one name, in the order of preference.
pub(in crate::http) type Addresses = Rc<[SocketAddr]>;

/// Names that were looked up.
#[derive(Debug, Default)]
pub(in crate::http) struct Names(RefCell<HashMap<(String, u16), Known>>);

#[derive(Clone, Debug)]
struct Known {
    /// Filled by the first who asks; the others wait for it.
    answer: Rc<OnceCell<Result<Addresses, TransportError>>>,
    /// When it was asked for.
    since: Instant,
}

impl Names {
    /// The addresses of a host, in the order of preference.
    pub(in crate::http) async fn addresses(
        &self,
        network: &Network,
        host: &str,
        port: u16,
    ) -> Result<Addresses, TransportError> {
        if let Some(given) = network.given(host, port) {
            return Ok(given.iter().map(|address| SocketAddr::new(*address, port)).collect());
        }
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok([SocketAddr::new(address, port)].into());
        }
        if network.dns_ttl.is_some_and(|ttl| ttl.is_zero()) {
            return look_up(host, port).await;
        }
        let known = self.known(network, host, port);
        let answer = known.answer.get_or_init(|| async {
            let found = look_up(host, port).await;
            if found.is_err() {
                self.forget(host, port, &known);
            }
            found
        });
        answer.await.clone()
    }

    /// What is known of a name, or is about to be.
    fn known(&self, network: &Network, host: &str, port: u16) -> Known {
        let mut names = self.0.borrow_mut();
        let key = (host.to_owned(), port);
        let now = Instant::now();
        let valid = |known: &Known| {
            network.dns_ttl.is_none_or(|ttl| now.saturating_duration_since(known.since) < ttl)
        };
        if let Some(known) = names.get(&key).filter(|known| valid(known)) {
            return known.clone();
        }
        if names.len() >= MOST {
            names.clear();
        }
        let known = Known { answer: Rc::default(), since: now };
        names.insert(key, known.clone());
        known
    }

    /// A failure is told to all who wait for it, and the next one who asks looks the name up again.
    fn forget(&self, host: &str, port: u16, failed: &Known) {
        let mut names = self.0.borrow_mut();
        let key = (host.to_owned(), port);
        if names.get(&key).is_some_and(|known| Rc::ptr_eq(&known.answer, &failed.answer)) {
            names.remove(&key);
        }
    }
}

async fn look_up(host: &str, port: u16) -> Result<Addresses, TransportError> {
    let found = tokio::net::lookup_host((host, port)).await;
    let mut addresses = Vec::new();
    for address in found.map_err(|error| TransportError::looking_up(&error))? {
        // A hosts file may have a line twice, and nobody's turn shall come twice for it.
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.is_empty() { Err(TransportError::Dns) } else { Ok(addresses.into()) }
}

/// The order in which a user tries the addresses of a host. Those of the family that the system prefers are dealt to
/// users in turn, so that load is spread over all machines that a name stands for; the others are for when they fail.
pub(in crate::http) fn in_turn(addresses: &[SocketAddr], turn: usize) -> impl Iterator<Item = &SocketAddr> {
    let preferred = match addresses.first() {
        Some(first) => addresses.iter().take_while(|other| other.is_ipv4() == first.is_ipv4()).count(),
        None => 0,
    };
    let (preferred, others) = addresses.split_at(preferred);
    let (before, from) = preferred.split_at(turn.checked_rem(preferred.len()).unwrap_or(0));
    from.iter().chain(before).chain(others)
}

#[cfg(test)]
mod tests {
    use super::{MOST, Names, in_turn};
    use crate::http::TransportError;
    use crate::http::net::network::{Network, Resolve};
    use std::net::SocketAddr;
    use std::rc::Rc;
    use std::time::Duration;

    #[test]
    fn addresses_of_the_preferred_family_are_dealt_in_turn() {
        let all = ["[::1]:80", "[::2]:80", "10.0.0.1:80", "10.0.0.2:80"];
        let all: Vec<SocketAddr> = all.iter().map(|text| text.parse().expect("an address")).collect();
        let order = |turn: usize| -> Vec<usize> {
            in_turn(&all, turn)
                .map(|address| all.iter().position(|one| one == address).expect("known"))
                .collect()
        };
        assert_eq!((order(0), order(1), order(2)), (vec![0, 1, 2, 3], vec![1, 0, 2, 3], vec![0, 1, 2, 3]));
        assert_eq!(in_turn(&[], 3).count(), 0);
    }

    async fn look(names: &Names, network: &Network, host: &str) -> Result<Rc<[SocketAddr]>, TransportError> {
        names.addresses(network, host, 80).await
    }

    #[tokio::test]
    async fn a_name_is_looked_up_once_or_again_after_its_time() {
        let ever = Network::default();
        let never = Network { dns_ttl: Some(Duration::ZERO), ..Network::default() };
        let long = Network { dns_ttl: Some(Duration::from_secs(3600)), ..Network::default() };
        let short = Network { dns_ttl: Some(Duration::from_nanos(1)), ..Network::default() };
        for (network, same) in [(&ever, true), (&long, true), (&short, false), (&never, false)] {
            let names = Names::default();
            let first = look(&names, network, "localhost").await.expect("localhost is known");
            let again = look(&names, network, "localhost").await.expect("localhost is known");
            assert_eq!((Rc::ptr_eq(&first, &again), first == again), (same, true), "{network:?}");
        }
    }

    #[tokio::test]
    async fn a_failure_is_told_to_those_who_wait_and_then_forgotten() {
        let (names, network) = (Names::default(), Network::default());
        let ask = || look(&names, &network, "no-such-host.invalid");
        let both = tokio::join!(ask(), ask());
        assert_eq!(both, (Err(TransportError::Dns), Err(TransportError::Dns)));
        assert!(names.0.borrow().is_empty());
        assert_eq!(ask().await, Err(TransportError::Dns));
    }

    #[tokio::test]
    async fn given_addresses_are_not_looked_up() {
        let mut network = Network::default();
        Resolve::add(&mut network.resolve, "no-such-host.invalid:80:10.0.0.1").expect("an entry");
        Resolve::add(&mut network.resolve, "10.0.0.2").expect("one more address");
        let names = Names::default();
        let found = look(&names, &network, "no-such-host.invalid").await.expect("two addresses");
        assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.0.0.1:80", "10.0.0.2:80"]);
        let itself = look(&names, &network, "10.0.0.9").await.expect("an address");
        assert_eq!(itself[0].to_string(), "10.0.0.9:80");
        assert!(names.0.borrow().is_empty());
    }

    #[tokio::test]
    async fn so_many_names_are_known_and_no_more() {
        let (names, network) = (Names::default(), Network::default());
        for number in 0..MOST * 2 + 1 {
            names.known(&network, &format!("host-{number}"), 80);
        }
        assert_eq!(names.0.borrow().len(), 1);
    }
}
