//! Running the hooks of an event, one after the other.

use super::config::RunConfig;
use super::message::{HookOutcome, ShapeFailed};
use super::stop::{Deadline, StopSignal, Wish};
use super::walk::{Terrain, Witness};
use crate::plan::{Event, FnId, UserTarget};
use crate::script::{Actor, Exception, Fields, TaskEnd, User};
use crate::stats::Totals;
use serde_json::{Value, json};
use std::rc::Rc;
use std::time::Duration;

/// Who hears of hooks that throw.
pub(super) trait HookWitness {
    /// A hook of `event` threw.
    fn hook_failed(&self, event: Event, exception: &Exception);
}

/// Runs the hooks of `event` on behalf of `user`, each to its end or to the deadline that `deadline_of` finds in the
/// wish. One that throws does not keep the next from running; one that ends the run, or is cut off, does.
pub(super) async fn run(
    terrain: &Terrain,
    event: Event,
    user: &User,
    fields: &Fields,
    signal: &StopSignal,
    deadline_of: impl Fn(Wish) -> Deadline,
    witness: &impl HookWitness,
) -> HookOutcome {
    let mut outcome = HookOutcome::default();
    for function in terrain.plan.hooks.of(event) {
        let call = terrain.script.call_hook(event, *function, user, fields.clone());
        let end = signal.until_cut(call, &deadline_of).await;
        if user.has_untold() {
            signal.until_cut(terrain.script.call_listeners(user), &deadline_of).await;
        }
        match end {
            TaskEnd::Done(Some(code)) if event == Event::Quitting => match exit_code(code) {
                Some(code) => outcome.exit_code = Some(code),
                None => {
                    outcome.failed += 1;
                    witness.hook_failed(event, &no_exit_code(code));
                }
            },
            TaskEnd::Failed(exception) => {
                outcome.failed += 1;
                witness.hook_failed(event, &exception);
            }
            TaskEnd::StopTest(reason) => {
                outcome.stop = Some(reason);
                break;
            }
            TaskEnd::Cut => break,
            // Hooks leave no task: the script room refuses that.
            TaskEnd::Done(_) | TaskEnd::Interrupt { .. } | TaskEnd::Reschedule | TaskEnd::StopUser => {}
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

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is tested")]
fn exit_code(code: f64) -> Option<u8> {
    (code.fract() == 0.0 && (0.0..=255.0).contains(&code)).then_some(code as u8)
}

fn no_exit_code(given: f64) -> Exception {
    let message = format!(
        "a hook of `quitting` returns an exit code from 0 to 255, or nothing; this one returned {given}"
    );
    Exception { message: message.clone(), place: String::new(), diagnostic: message }
}

/// What a hook of `user_error` is told.
pub(super) fn error_fields(exception: &Exception, task: &str) -> Fields {
    let traceback = Value::from(exception.diagnostic.as_str());
    let fields = [
        ("exception", exception.message.as_str().into()),
        ("tb", traceback.clone()),
        ("traceback", traceback),
        ("place", exception.place.as_str().into()),
        ("task", task.into()),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// What the hooks of `event`, one of the whole run, are told; `users` run now, by class.
pub(super) fn fields(event: Event, config: &RunConfig, totals: &Totals, users: &[u64]) -> Fields {
    let mut fields = Fields::new();
    fields.insert("environment".to_owned(), config.environment.clone().into());
    if event == Event::SpawningComplete {
        fields.insert("user_count".to_owned(), users.iter().sum::<u64>().into());
    }
    if matches!(event, Event::TestStopping | Event::TestStop | Event::Quitting) {
        fields.insert("stats".to_owned(), stats(totals));
    }
    fields
}

fn stats(totals: &Totals) -> Value {
    let all = totals.aggregated();
    let percentiles = all.times.percentiles(&[0.5, 0.95, 0.99]);
    let percentile = |index: usize| percentiles.get(index).copied().map_or(0.0, milliseconds);
    json!({
        "requests": all.requests,
        "failures": all.failures,
        "fail_ratio": all.fail_ratio().unwrap_or(0.0),
        "avg": all.times.average_ms().unwrap_or(0.0),
        "min": all.times.min().map_or(0.0, milliseconds),
        "max": all.times.max().map_or(0.0, milliseconds),
        "p50": percentile(0),
        "p95": percentile(1),
        "p99": percentile(2),
        "rps": totals.total_rate(all).requests,
    })
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
