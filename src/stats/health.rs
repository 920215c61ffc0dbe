//! How the generator itself fared: whether users went on when they should, and what it took.

use super::Lateness;
use crate::util::nanoseconds;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// The health of one shard, in some stretch of the run or in all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ShardHealth {
    /// How long after the end of its wait each waiting user went on.
    pub waits: Lateness,
    /// How long after its time each tick of an even beat was served: what anything that came at that moment, an answer
    /// of the server too, had to wait for the shard. A moment in every twenty milliseconds is looked at.
    pub beat: Lateness,
    /// The longest time in which the shard served nothing.
    #[serde(rename = "longest_gap_ns", with = "nanoseconds")]
    pub longest_gap: Duration,
    /// Processor time of the shard's thread; none where the system does not tell.
    #[serde(rename = "cpu_ns", with = "nanoseconds::option")]
    pub cpu: Option<Duration>,
    /// The time in which that was used.
    #[serde(rename = "wall_ns", with = "nanoseconds")]
    pub wall: Duration,
}

impl ShardHealth {
    /// Adds what `other` measured of the same shard in another stretch.
    pub fn merge(&mut self, other: &Self) {
        self.waits.merge(&other.waits);
        self.beat.merge(&other.beat);
        self.longest_gap = self.longest_gap.max(other.longest_gap);
        self.cpu = match (self.cpu, other.cpu) {
            (Some(mine), Some(other)) => Some(mine + other),
            (mine, other) => mine.or(other),
        };
        self.wall += other.wall;
    }

    /// The share of a core that the shard used; none where it is not known, or no time has passed.
    #[must_use]
    pub fn cpu_share(&self) -> Option<f64> {
        let wall = self.wall.as_secs_f64();
        self.cpu.filter(|_| wall > 0.0).map(|cpu| cpu.as_secs_f64() / wall)
    }
}

/// The health of all shards.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Health {
    /// By the shard's index.
    pub shards: BTreeMap<usize, ShardHealth>,
}

impl Health {
    /// Adds what shard number `shard` measured since the last time.
    pub fn note(&mut self, shard: usize, measured: &ShardHealth) {
        self.shards.entry(shard).or_default().merge(measured);
    }

    /// The waits of the users of all shards.
    #[must_use]
    pub fn waits(&self) -> Lateness {
        let mut all = Lateness::default();
        self.shards.values().for_each(|shard| all.merge(&shard.waits));
        all
    }

    /// The largest share of a core that a shard used.
    #[must_use]
    pub fn busiest(&self) -> Option<f64> {
        self.shards.values().filter_map(ShardHealth::cpu_share).max_by(f64::total_cmp)
    }
}
