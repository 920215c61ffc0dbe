//! What the options under Network say, and what can be found wrong with it before anything is sent.

use super::layers::Layers;
use super::origin::Origins;
use super::parse;
use crate::http::{ClientOptions, Network, NoProxy, Proxy, Resolve, parse_addresses, without_password};
use crate::util::{Diagnostic, parse_timespan};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::{IpAddr, ToSocketAddrs, UdpSocket};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Where connections come from and what they go through.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkSettings {
    /// Given names, how long looked-up ones are known, and local addresses.
    pub network: Network,
    /// Every request has a connection of its own.
    pub no_keepalive: bool,
    /// Connections of a user to one host, at least 1.
    pub max_connections: usize,
    /// Connections that a user keeps in all, at least 1.
    pub max_idle_connections: usize,
    /// How long an attempt to connect may take.
    pub connect_timeout: Option<Duration>,
    /// What connections go through.
    pub proxy: Option<Arc<Proxy>>,
    /// Hosts that are reached without it.
    pub no_proxy: NoProxy,
}

/// Variables by which other programs are told of a proxy.
const PROXY_VARIABLES: [&str; 6] =
    ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

impl NetworkSettings {
    /// Reads the options.
    ///
    /// # Errors
    ///
    /// A value that cannot be read, with what gave it.
    pub(super) fn resolve(layers: &mut Layers<'_>) -> Result<Self, Diagnostic> {
        let resolve = RefCell::new(Vec::new());
        // Commas part entries, and the addresses of an entry: what is an address belongs to the entry before it.
        layers.list("resolve", |text| Resolve::add(&mut resolve.borrow_mut(), text))?;
        let network = Network {
            resolve: resolve.into_inner(),
            dns_ttl: layers.optional("dns-ttl", parse_timespan)?,
            sources: layers.list("source-address", parse_addresses)?.into_iter().flatten().collect(),
        };
        let exceptions = layers.list("no-proxy", |text| {
            NoProxy::parse([text])?;
            Ok(text.to_owned())
        })?;
        Ok(Self {
            network,
            no_keepalive: layers.switch("no-keepalive")?,
            max_connections: layers.value("max-connections", parse::whole(1..=MOST_CONNECTIONS))?,
            max_idle_connections: layers.value("max-idle-connections", parse::whole(1..=MOST_CONNECTIONS))?,
            connect_timeout: layers.optional("connect-timeout", parse::time)?,
            proxy: layers.optional("proxy", Proxy::parse)?.map(Arc::new),
            no_proxy: NoProxy::parse(exceptions.iter().map(String::as_str)).unwrap_or_default(),
        })
    }

    /// The client options that say the same.
    pub(in crate::cli) fn client_options(&self) -> ClientOptions {
        ClientOptions {
            keep_alive: !self.no_keepalive,
            max_connections: self.max_connections,
            max_idle_connections: self.max_idle_connections,
            connect_timeout: self.connect_timeout,
            proxy: self.proxy.clone(),
            no_proxy: self.no_proxy.clone(),
            ..ClientOptions::default()
        }
    }

    /// A variable that other programs would take a proxy from, where none is given here.
    pub(in crate::cli) fn unheeded_proxy(
        &self,
        environment: &BTreeMap<String, String>,
    ) -> Option<&'static str> {
        let is_set = |name: &&&str| environment.get(**name).is_some_and(|value| !value.trim().is_empty());
        PROXY_VARIABLES.iter().find(is_set).copied().filter(|_| self.proxy.is_none())
    }
}

/// More connections than a process may have files; a slip in the number must not be found out by a server.
const MOST_CONNECTIONS: usize = 100_000;

/// This machine has every address that connections are to come from.
pub(in crate::cli) fn verify_sources(network: &Network, origins: &Origins) -> Result<(), Diagnostic> {
    for source in network.sources.iter() {
        // A datagram socket needs no port that connections could miss, and sends nothing.
        if let Err(error) = UdpSocket::bind((source, 0)) {
            let what = format!("this machine cannot send from `{source}`: {error}");
            return Err(origins.of("source-address").refuse("source-address", &what).help(format!(
                "`ip address` shows the addresses it has; `ip address add {source} dev lo` adds one"
            )));
        }
    }
    Ok(())
}

/// A name can be looked up, and connections to one of its addresses can be made. `given` says who named it, and how.
pub(in crate::cli) fn verify_name(
    name: &str,
    port: u16,
    network: &Network,
    given: &str,
) -> Result<(), Diagnostic> {
    let given = || format!("given by {given}");
    let addresses: Vec<IpAddr> = match network.given(name, port) {
        Some(addresses) => addresses.to_vec(),
        None => {
            let found = (name, port).to_socket_addrs().map(Iterator::collect).unwrap_or_else(|_| Vec::new());
            found.iter().map(std::net::SocketAddr::ip).collect()
        }
    };
    if addresses.is_empty() {
        return Err(Diagnostic::error(format!("unknown host `{name}`"))
            .note(given())
            .help("check the spelling, or whether this machine can look names up"));
    }
    if !addresses.iter().any(|address| network.sources.reach(*address)) {
        let [its, other] = if addresses[0].is_ipv4() { ["IPv4", "IPv6"] } else { ["IPv6", "IPv4"] };
        return Err(Diagnostic::error(format!("`{name}` cannot be reached from the source addresses"))
            .note(given())
            .note(format!("its addresses are {its}, those of --source-address are {other}")));
    }
    Ok(())
}

/// There is a Unix socket at this path; nobody is connected to.
pub(in crate::cli) fn verify_socket(path: &Path, given: &str) -> Result<(), Diagnostic> {
    use std::os::unix::fs::FileTypeExt;
    let refuse = |why: String| {
        let diagnostic = Diagnostic::error(format!("cannot use the Unix socket `{}`: {why}", path.display()));
        Err(diagnostic.note(format!("given by {given}")))
    };
    match std::fs::metadata(path) {
        Err(error) => refuse(error.to_string()),
        Ok(found) if !found.file_type().is_socket() => refuse("it is no socket".to_owned()),
        Ok(_) => Ok(()),
    }
}

/// Who gave a host or a proxy, and what, for a note.
pub(in crate::cli) fn given(origin: &str, url: &str) -> String {
    format!("{origin}: {}", without_password(url))
}
