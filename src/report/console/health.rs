//! How the generator itself fared, in one line; or why the run says nothing about the server.

use super::styles::{BAD, WARN};
use crate::stats::{RunResult, ShardHealth};
use std::fmt::{Display, Write};
use std::time::Duration;

/// `The run is not valid: ..` for each reason, or one line that says how far from its limits the generator was.
/// `tolerated` says that the reasons are warnings only.
#[must_use]
pub fn health_report(result: &RunResult, tolerated: bool) -> String {
    let reasons = result.invalid();
    if reasons.is_empty() { figures(result) } else { invalid_report(&reasons, tolerated) }
}

/// `The run is not valid: ..` for each reason.
#[must_use]
pub fn invalid_report<R: Display>(reasons: &[R], tolerated: bool) -> String {
    let (style, introduction) =
        if tolerated { (WARN, "Warning: the run is not valid") } else { (BAD, "The run is not valid") };
    reasons.iter().fold(String::new(), |mut text, reason| {
        writeln!(text, "{style}{introduction}{style:#}: {reason}.").expect("a String takes everything");
        text
    })
}

/// What there is to say; nothing of a result that measured nothing.
fn figures(result: &RunResult) -> String {
    let shards = &result.health.shards;
    let late = |latenesses: &mut dyn Iterator<Item = Option<Duration>>| latenesses.flatten().max();
    let parts = [
        result.health.busiest().map(|share| {
            let of = if shards.len() == 1 { "the shard" } else { "the busiest shard" };
            format!("CPU {:.0}% of a core on {of}", share * 100.0)
        }),
        late(&mut shards.values().map(|shard: &ShardHealth| shard.beat.p99()))
            .map(|lateness| format!("got to what was ready {} late (p99)", ms(lateness))),
        result.health.waits().p99().map(|lateness| format!("waits ended {} late (p99)", ms(lateness))),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { String::new() } else { format!("The generator kept up: {}.\n", parts.join(", ")) }
}

fn ms(lateness: Duration) -> String {
    format!("{} ms", lateness.as_millis())
}
