//! The result of one run that several generators made together.

use super::{Health, Milestones, RunResult, ShardHealth, Totals};
use std::collections::BTreeMap;
use std::time::Duration;

impl RunResult {
    /// The results of generators that ran at the same time, as one; the same in whatever order they are given, and in
    /// whatever groups they are joined before.
    ///
    /// Counts add up, times are counted from the start of the first generator. The largest numbers of users add up too, so
    /// `user_count` is an upper bound where they were not reached at the same time. Shards are numbered anew.
    #[must_use]
    pub fn joined(parts: &[&Self]) -> Self {
        let totals = Totals::joined(&parts.iter().map(|part| &part.totals).collect::<Vec<_>>());
        let later = |part: &Self| part.started().duration_since(totals.started()).unsigned_abs();
        let duration = parts.iter().map(|part| part.duration.saturating_add(later(part))).max();
        let mut class_counts = BTreeMap::new();
        for (class, count) in parts.iter().flat_map(|part| &part.class_counts) {
            *class_counts.entry(class.clone()).or_default() += count;
        }
        let milestones: Vec<Milestones> =
            parts.iter().map(|part| part.milestones.later_by(later(part))).collect();
        Self {
            duration: duration.unwrap_or_default(),
            user_count: parts.iter().map(|part| part.user_count).sum(),
            class_counts,
            health: joined_health(parts),
            milestones: joined_milestones(&milestones),
            totals,
        }
    }
}

/// The shards of all generators, in an order that does not depend on who comes first.
fn joined_health(parts: &[&RunResult]) -> Health {
    let mut shards: Vec<ShardHealth> =
        parts.iter().flat_map(|part| part.health.shards.values().cloned()).collect();
    shards.sort_by_cached_key(|shard| serde_json::to_string(shard).unwrap_or_default());
    Health { shards: shards.into_iter().enumerate().collect() }
}

/// The load is whole from when the last generator has all its users until the first one ends.
fn joined_milestones(parts: &[Milestones]) -> Milestones {
    let spawned: Option<Vec<Duration>> = parts.iter().map(|part| part.spawned).collect();
    let count = parts.first().map_or(0, |part| part.stages.len());
    let alike = parts.iter().all(|part| part.stages.len() == count);
    let stage = |number: usize| parts.iter().map(|part| part.stages[number]).max().unwrap_or_default();
    Milestones {
        begun: parts.iter().map(|part| part.begun).min().unwrap_or_default(),
        spawned: spawned.and_then(|spawned| spawned.into_iter().max()),
        ending: parts.iter().filter_map(|part| part.ending).min(),
        stages: if alike { (0..count).map(stage).collect() } else { Vec::new() },
    }
}

impl Milestones {
    /// The same moments, counted from so much earlier.
    fn later_by(&self, later: Duration) -> Self {
        let moved = |moment: Duration| moment.saturating_add(later);
        Self {
            begun: moved(self.begun),
            spawned: self.spawned.map(moved),
            ending: self.ending.map(moved),
            stages: self.stages.iter().copied().map(moved).collect(),
        }
    }
}
