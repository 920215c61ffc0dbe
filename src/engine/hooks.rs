//! Hooks of the run: what they get to see, and what comes of them.

use super::config::RunConfig;
use super::message::HookOutcome;
use super::stop::{Deadline, StopSignal};
use super::walk::{Terrain, Witness};
use crate::plan::Event;
use crate::script::{TaskEnd, User};
use crate::stats::Totals;
use serde_json::{Map, Value, json};

/// What the hooks of `event` get to see of the run.
pub(super) fn fields(
    event: Event,
    config: &RunConfig,
    _totals: &Totals,
    users: &[u64],
) -> Map<String, Value> {
    let mut fields = Map::new();
    let environment = json!({ "host": config.host, "seed": config.seed, "users": config.users });
    fields.insert("environment".to_owned(), environment);
    if event == Event::SpawningComplete {
        fields.insert("user_count".to_owned(), users.iter().sum::<u64>().into());
    }
    fields
}

/// Runs the hooks of `event` one after the other as `user`; they end when `signal` says so.
pub(super) async fn run(
    terrain: &Terrain,
    event: Event,
    user: &User,
    _fields: Map<String, Value>,
    witness: &impl Witness,
    signal: &StopSignal,
) -> HookOutcome {
    let mut outcome = HookOutcome::default();
    for hook in terrain.plan.hooks.of(event) {
        let call = terrain.script.call(*hook, user);
        match signal.until_cut(call, Deadline::of_task).await {
            TaskEnd::Failed(exception) => {
                outcome.failed += 1;
                witness.exception(&exception, &format!("on({})", event.name()));
            }
            TaskEnd::StopTest(reason) => outcome.stop = Some(reason),
            TaskEnd::Cut => break,
            _ => {}
        }
    }
    outcome
}
