//! The command line: words in, words out. The only room that prints or reads the environment.

mod args;
mod canvas;
mod check;
mod colours;
mod command;
mod compare;
mod config_file;
mod debug_view;
mod demo;
mod exchange_text;
pub mod exit;
mod file_names;
mod form;
#[cfg(test)]
mod fuzz_tests;
mod layers;
mod list;
mod live;
mod logging;
mod manifests;
mod merge;
mod network;
mod observer;
mod once;
mod options;
mod origin;
mod outputs;
mod parse;
mod plot;
mod prepare;
mod record;
mod redact;
mod report;
mod report_settings;
mod run;
mod screen;
mod script_options;
pub mod settings;
mod show;
mod signals;
pub mod tree;
mod verify;
mod wish;

pub use command::main;

pub use form::Form;
pub use origin::{Origin, Origins};
pub use report_settings::{FileSettings, ReportSettings};
pub use wish::{Refusal, Wish, wish};
