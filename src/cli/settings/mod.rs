//! From the words of the command line, variables and files to what a command is to do.

mod args;
pub(super) mod colours;
mod config_file;
pub(super) mod file_names;
pub(super) mod form;
#[cfg(test)]
mod fuzz_tests;
mod layers;
pub(super) mod network;
pub(super) mod options;
mod origin;
mod parse;
mod report;
mod resolve;
#[cfg(test)]
mod tests;
mod wish;

pub use form::Form;
pub use network::NetworkSettings;
pub use origin::{Origin, Origins};
pub use report::{FileSettings, ReportSettings};
pub use resolve::{
    DemoSettings, ListSettings, LogSettings, RunSettings, ScriptLimits, ScriptSettings, VerifySettings,
};
pub use wish::{Refusal, Wish, wish};
