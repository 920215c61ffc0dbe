//! The motor: a controller that deals out users, shards that walk them through the plan.

mod budget;
mod client;
mod config;
mod controller;
mod course;
mod crew;
mod diary;
mod hooks;
mod message;
mod order;
mod pace;
mod pulse;
mod shard;
mod stop;
mod walk;

pub use client::client_options_of;
pub use config::RunConfig;
pub use controller::{Ending, Observer, Outcome, Progress, run};
