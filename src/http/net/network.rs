//! What a run says about the network: where names lead, and where connections come from.

use super::addresses::address_of;
use std::net::IpAddr;
use std::time::Duration;

/// What all clients of a run have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// Addresses that are given instead of looked up; the first entry that fits counts.
    pub resolve: Vec<Resolve>,
    /// How long a looked-up name is known; none = for the whole run, zero = for no time: each new connection looks it up.
    pub dns_ttl: Option<Duration>,
    /// The local addresses that connections come from, dealt to users in turn; none = the system chooses.
    pub sources: Sources,
}

impl Network {
    /// The addresses that are given for a host, if there are.
    #[must_use]
    pub fn given(&self, host: &str, port: u16) -> Option<&[IpAddr]> {
        let entry = self.resolve.iter().find(|entry| entry.fits(host, port))?;
        Some(&entry.addresses)
    }
}

/// Local addresses that connections come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    v4: Vec<IpAddr>,
    v6: Vec<IpAddr>,
}

impl FromIterator<IpAddr> for Sources {
    fn from_iter<I: IntoIterator<Item = IpAddr>>(addresses: I) -> Self {
        let (v4, v6) = addresses.into_iter().partition(IpAddr::is_ipv4);
        Self { v4, v6 }
    }
}

impl Sources {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = IpAddr> {
        self.v4.iter().chain(&self.v6).copied()
    }

    /// Whether a connection to `remote` can be made: the system chooses the address, or one of them is of its family.
    #[must_use]
    pub fn reach(&self, remote: IpAddr) -> bool {
        self.of(remote, 0).is_ok()
    }

    /// The address for a connection to `remote` of the user whose turn this is; none = the system chooses.
    ///
    /// # Errors
    ///
    /// When there are addresses, but none of the family of `remote`.
    pub(in crate::http) fn of(&self, remote: IpAddr, turn: usize) -> Result<Option<IpAddr>, NoSource> {
        let family = if remote.is_ipv4() { &self.v4 } else { &self.v6 };
        match turn.checked_rem(family.len()) {
            Some(index) => Ok(family.get(index).copied()),
            None if self.v4.is_empty() && self.v6.is_empty() => Ok(None),
            None => Err(NoSource),
        }
    }
}

/// There are addresses to come from, but none of the family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) struct NoSource;

/// The addresses of a host that is not looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolve {
    /// In lower case; none = any.
    host: Option<String>,
    /// None = any.
    port: Option<u16>,
    addresses: Vec<IpAddr>,
}

impl Resolve {
    /// Reads `HOST:PORT:ADDR` as curl does, with `*` for any host or port, and adds it to `entries`. `ADDR` alone is one
    /// more address for the last entry: so a list with commas is read piece by piece.
    ///
    /// # Errors
    ///
    /// A sentence fragment that quotes the text and says what is accepted.
    pub fn add(entries: &mut Vec<Self>, text: &str) -> Result<(), String> {
        if let (Some(address), Some(last)) = (address_of(text), entries.last_mut()) {
            last.addresses.push(address);
            return Ok(());
        }
        let entry = Self::parse(text).ok_or_else(|| {
            format!("`{text}` is not HOST:PORT:ADDR; write example.com:443:127.0.0.1, or * for any port")
        })?;
        entries.push(entry);
        Ok(())
    }

    fn parse(text: &str) -> Option<Self> {
        let (host, rest) = match text.strip_prefix('[') {
            Some(text) => text.split_once("]:")?,
            None => text.split_once(':')?,
        };
        let (port, address) = rest.split_once(':')?;
        let named = |text: &str| if text == "*" { None } else { Some(text.to_lowercase()) };
        if host.is_empty() || host.contains(['/', '@', ' ']) {
            return None;
        }
        let port = named(port).map(|port| port.parse::<u16>().ok().filter(|port| *port > 0));
        let port = match port {
            Some(port) => Some(port?),
            None => None,
        };
        Some(Self { host: named(host), port, addresses: vec![address_of(address)?] })
    }

    fn fits(&self, host: &str, port: u16) -> bool {
        let same = |own: &String| own.eq_ignore_ascii_case(host);
        self.host.as_ref().is_none_or(same) && self.port.is_none_or(|own| own == port)
    }
}

#[cfg(test)]
mod tests {
    use super::{Network, NoSource, Resolve, Sources};
    use proptest::prelude::*;
    use std::net::IpAddr;

    fn network(entries: &[&str]) -> Network {
        let mut resolve = Vec::new();
        entries.iter().for_each(|entry| Resolve::add(&mut resolve, entry).expect(entry));
        Network { resolve, ..Network::default() }
    }

    fn given(network: &Network, host: &str, port: u16) -> Vec<String> {
        network.given(host, port).unwrap_or_default().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_first_entry_that_fits_counts() {
        let network = network(&[
            "Shop.test:80:10.0.0.1",
            "10.0.0.2",
            "shop.test:*:[::1]",
            "[::2]:80:10.0.0.3",
            "*:81:10.0.0.4",
        ]);
        assert_eq!(given(&network, "shop.test", 80), ["10.0.0.1", "10.0.0.2"]);
        assert_eq!(given(&network, "shop.test", 81), ["::1"]);
        assert_eq!(given(&network, "::2", 80), ["10.0.0.3"]);
        assert_eq!(given(&network, "other.test", 81), ["10.0.0.4"]);
        assert_eq!(network.given("other.test", 80), None);
    }

    #[test]
    fn what_is_no_entry_is_refused() {
        for text in [
            "",
            "10.0.0.1",
            "h:80",
            "h:80:",
            "h:0:::1",
            "h:99999:::1",
            ":80:::1",
            "h:80:name",
            "http://h:80:::1",
        ] {
            let refused = Resolve::add(&mut Vec::new(), text).expect_err(text);
            assert!(refused.starts_with(&format!("`{text}` is not HOST:PORT:ADDR")), "{refused}");
        }
    }

    #[test]
    fn sources_are_dealt_by_family() {
        let address = |text: &str| -> IpAddr { text.parse().expect("an address") };
        let sources: Sources = ["10.0.0.1", "fd00::1", "10.0.0.2"].map(address).into_iter().collect();
        let remote = address("192.0.2.1");
        let dealt = [0, 1, 2].map(|turn| sources.of(remote, turn));
        assert_eq!(dealt, ["10.0.0.1", "10.0.0.2", "10.0.0.1"].map(|text| Ok(Some(address(text)))));
        let only: Sources = [remote].into_iter().collect();
        assert_eq!(only.of(address("::1"), 0), Err(NoSource));
        assert!(only.reach(remote) && !only.reach(address("::1")) && Sources::default().reach(remote));
        assert_eq!(Sources::default().of(remote, 7), Ok(None));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[0-9a-f.:*\\[\\]]{0,40}", any in ".{0,20}") {
            let _ = (Resolve::add(&mut Vec::new(), &text), Resolve::add(&mut Vec::new(), &any));
        }
    }
}
