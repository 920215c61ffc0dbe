//! Counts of the run as a whole, which belong to no row.

use serde::{Deserialize, Serialize};

/// What happened on the wire and in the run, beside the rows.
///
/// `wire_requests` = sum of all request counts - `never_sent` + `redirects` + `cut_off`, as far as the rows are HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunCounters {
    /// Request heads that were written completely: what the server saw.
    pub wire_requests: u64,
    /// Requests that failed before a byte of them was written: refused, DNS, TLS.
    pub never_sent: u64,
    /// Further requests that followed a redirect; they are in no row of their own.
    pub redirects: u64,
    /// Kept connections that were found closed before the first byte of a request and were replaced.
    pub reconnects: u64,
    /// Requests in flight when the run was over: in no row and in no failure count.
    pub cut_off: u64,
    /// Runs of task functions that were started.
    pub iterations: u64,
    /// Bytes written to the wire, heads included; with TLS, before encryption.
    pub bytes_sent: u64,
    /// Bytes read from the wire, heads and framing included; with TLS, after decryption.
    pub bytes_received: u64,
    /// Connections that were not opened because no more files may be open.
    pub out_of_descriptors: u64,
    /// Connections that were not opened because no local port was free.
    pub out_of_ports: u64,
}

impl RunCounters {
    /// Adds what `other` counted.
    pub fn merge(&mut self, other: &Self) {
        self.wire_requests += other.wire_requests;
        self.never_sent += other.never_sent;
        self.redirects += other.redirects;
        self.reconnects += other.reconnects;
        self.cut_off += other.cut_off;
        self.iterations += other.iterations;
        self.bytes_sent = self.bytes_sent.saturating_add(other.bytes_sent);
        self.bytes_received = self.bytes_received.saturating_add(other.bytes_received);
        self.out_of_descriptors += other.out_of_descriptors;
        self.out_of_ports += other.out_of_ports;
    }
}
