//! `katydid run --once`: which tasks are to run, and which did.

use super::debug::view::Noted;
use super::settings::RunSettings;
use crate::plan::{Plan, PlannedTask, planned_tasks};
use crate::report::console::{OnceOutcome, OnceRow};
use crate::util::Diagnostic;

/// A task, and why it is not run, if it is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Planned {
    path: String,
    skipped: Option<&'static str>,
}

/// Of `all` tasks, those that run: `chosen` are the ones of the classes that were asked for, `plan` has what the selection
/// by tags has left of them.
pub(super) fn planned(all: &[PlannedTask], chosen: &[PlannedTask], plan: &Plan) -> Vec<Planned> {
    let mut left = planned_tasks(plan);
    let find = |task: &PlannedTask| {
        let Some(now) = chosen.iter().find(|other| other.class == task.class) else {
            return Some("not chosen by --class");
        };
        // A choice of classes may have given one a weight.
        let now = chosen.iter().find(|other| other.path == task.path).unwrap_or(now);
        match left.iter().position(|other| other.path == task.path) {
            Some(index) => {
                left.remove(index);
                now.off
            }
            None => now.off.or(Some("left out by tags")),
        }
    };
    let skipped: Vec<_> = all.iter().map(find).collect();
    all.iter().zip(skipped).map(|(task, skipped)| Planned { path: task.path.clone(), skipped }).collect()
}

/// A warning for each setting of the load: there is none.
pub(super) fn without_effect(settings: &RunSettings) -> Option<Diagnostic> {
    let load = ["users", "spawn-rate", "iterations", "iterations-per-user", "shards"];
    let given: Vec<String> = load
        .into_iter()
        .filter(|key| settings.origins.is_given(key))
        .map(|key| settings.origins.of(key).to_string())
        .filter(|origin| !origin.starts_with("settings(..)"))
        .collect();
    (!given.is_empty()).then(|| {
        let has = if given.len() == 1 { "has" } else { "have" };
        Diagnostic::warning(format!("{} {has} no effect with --once", given.join(", ")))
            .note("one user of each class runs each task once, one after the other")
    })
}

/// The rows of the table: what ran, in that order, then what was to run, then what was not.
pub(super) fn rows(planned: &[Planned], notes: Vec<Noted>) -> Vec<OnceRow> {
    let mut ran: Vec<String> = notes.iter().map(|noted| noted.function.clone()).collect();
    let failed: Vec<String> = notes
        .iter()
        .filter(|noted| !noted.failures.is_empty() || noted.remark.is_some())
        .map(|noted| noted.function.clone())
        .collect();
    let mut rows: Vec<OnceRow> = notes.into_iter().map(row).collect();
    for task in planned.iter().filter(|task| task.skipped.is_none()) {
        match ran.iter().position(|path| *path == task.path) {
            Some(index) => drop(ran.remove(index)),
            None => {
                let why = why_not(&task.path, &failed);
                rows.push(OnceRow { path: task.path.clone(), outcome: OnceOutcome::NotRun(why) });
            }
        }
    }
    rows.extend(planned.iter().filter_map(|task| {
        let why = task.skipped?;
        Some(OnceRow { path: task.path.clone(), outcome: OnceOutcome::Skipped(why.to_owned()) })
    }));
    rows
}

fn row(noted: Noted) -> OnceRow {
    let Noted { function, requests, failures, remark, took } = noted;
    let remark = remark.map(str::to_owned);
    OnceRow { path: function, outcome: OnceOutcome::Ran { requests, took, failures, remark } }
}

/// What kept a task from running: the `on_start` of its class, or of a set around it; else the end of the run.
fn why_not(path: &str, failed: &[String]) -> String {
    let around = path.match_indices('/').map(|(at, _)| format!("{}/on_start", &path[..at]));
    match around.into_iter().find(|hook| failed.contains(hook)) {
        Some(hook) => format!("because of {hook}"),
        None => "the run ended before".to_owned(),
    }
}
