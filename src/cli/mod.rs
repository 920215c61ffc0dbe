//! The command line: words in, words out. The only room that prints or reads the environment.
//!
//! One file per verb, from `run.rs` to `demo.rs`, and:
//!
//! | folder | it holds |
//! |---|---|
//! | [`settings`] | words, variables and files, and what a command is to do by them |
//! | `terminal` | printing, and what is drawn |
//! | `debug` | requests and answers as people read them |

mod check;
mod command;
mod compare;
mod debug;
mod demo;
pub mod exit;
mod list;
mod logging;
mod manifests;
mod merge;
mod observer;
mod once;
mod outputs;
mod prepare;
mod record;
mod report;
mod run;
mod script_options;
pub mod settings;
mod signals;
mod terminal;
mod verify;

pub use command::main;
pub use settings::{FileSettings, Form, Origin, Origins, Refusal, ReportSettings, Wish, wish};
