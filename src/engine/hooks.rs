//! Hooks of the run: what they get to see, and what comes of them.

use super::config::RunConfig;
use super::message::{HookOutcome, ShapeFailed};
use super::stop::{Deadline, StopSignal};
use super::walk::{Terrain, Witness};
use crate::plan::{Event, FnId, UserTarget};
use crate::script::{Actor, TaskEnd, User};
use crate::stats::Totals;
use serde_json::{Map, Value, json};
use std::rc::Rc;
use std::time::Duration;

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

/// Asks the load shape `function` what there should be `at` a time after the start of spawning. An exception is counted.
pub(super) async fn shape(
    terrain: &Terrain,
    function: FnId,
    actor: &Rc<Actor>,
    at: Duration,
    witness: &impl Witness,
    signal: &StopSignal,
) -> Result<Option<UserTarget>, ShapeFailed> {
    let (call, answer) = terrain.script.shape_at(function, actor, at.as_secs_f64());
    let answer = match signal.until_cut(call, Deadline::of_task).await {
        TaskEnd::Done(_) => answer.target(&terrain.plan),
        TaskEnd::Failed(exception) => Err(exception),
        TaskEnd::StopTest(reason) => {
            witness.stop_test(&reason);
            return Err(ShapeFailed);
        }
        TaskEnd::Interrupt { .. } | TaskEnd::Reschedule | TaskEnd::StopUser | TaskEnd::Cut => {
            return Err(ShapeFailed);
        }
    };
    answer.map_err(|exception| {
        witness.exception(&exception, "load_shape");
        ShapeFailed
    })
}
