//! The built-in shop: a small HTTP server, in process and on loopback, to try scripts against and to test katydid with.
//!
//! It keeps a ledger of every request head that it read, so that what a run claims to have sent can be compared with
//! what arrived. One thread serves everything; its state needs no locks, and what can be made beforehand is.

mod account;
mod catalogue;
mod io;
mod items;
mod ledger;
mod orders;
mod probes;
mod refusal;
mod reply;
mod routes;
mod sale;
mod server;
mod service;
mod sessions;
mod shop;

pub use ledger::Ledger;
pub use server::{DemoServer, Stopper};
