//! The command line: words in, words out. The only room that prints or reads the environment.

mod args;
mod config_file;
pub mod exit;
mod layers;
mod options;
mod origin;
mod parse;
pub mod settings;
pub mod tree;
mod wish;

pub use origin::{Origin, Origins};
pub use wish::{Refusal, Wish, wish};
