//! The motor: a controller that deals out users, shards that walk them through the plan.

mod alarm;
mod budget;
mod client;
mod config;
mod controller;
mod crew;
mod debug;
mod desk;
mod diary;
mod hooks;
mod line;
mod message;
mod observer;
mod open;
mod open_walk;
mod order;
mod pace;
mod pulse;
mod shard;
mod stop;
mod walk;

pub use client::client_options_of;
pub use config::{Late, RunConfig};
pub use controller::run;
pub use debug::{DebugView, Debugging, Watched};
pub use observer::{Ending, Observer, Outcome, Progress};
