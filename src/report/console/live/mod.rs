//! The live view: how a run stands, on the lines of a terminal. What is known is a [`LiveView`], drawn by [`live_lines`];
//! neither knows a clock or a terminal.

mod chart;
mod draw;
mod gather;
mod line;
mod parts;
mod state;
#[cfg(test)]
mod tests;

pub use draw::live_lines;
pub use gather::LiveFacts;
pub use state::{LiveArrivals, LiveName, LivePoint, LiveRates, LiveStage, LiveView, Standing, Trouble};
