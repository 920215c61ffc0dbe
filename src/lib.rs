//! katydid: a load tester whose test scripts are Rhai.
//!
//! The directory map. Data flows one way: the command line reads wishes, a script declares a plan, the engine walks
//! users through it, the client talks HTTP, the statistics count, the report and the manifest write it down.
//!
//! | room | it holds |
//! |---|---|
//! | [`cli`] | the verbs, the flags and their resolution, exit codes; all printing |
//! | [`plan`] | the test plan as plain data, and pure rules over it |
//! | [`script`] | all of Rhai: engine, API, imports, fibers, errors with source lines |
//! | [`engine`] | controller, shards, users, scheduling, shutdown |
//! | [`http`] | the measured client |
//! | [`stats`] | recorder, snapshots, percentiles, failures |
//! | [`manifest`] | thresholds: parse, evaluate, explain |
//! | [`compare`] | two sides of runs: what changed beyond noise |
//! | [`report`] | writers: console tables and CSV |
//! | [`demo`] | the built-in shop server with its ledger |
//! | [`util`] | diagnostics, units, random streams |

pub mod cli;
pub mod compare;
pub mod demo;
pub mod engine;
pub mod http;
pub mod manifest;
pub mod plan;
pub mod report;
pub mod script;
pub mod stats;
pub mod util;
