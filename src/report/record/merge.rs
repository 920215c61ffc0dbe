//! The records of several generators in one run, as one.

use super::{EndingCause, GivenOption, Machine, Record, RunEnding};
use crate::plan::{ClassOutline, Outline};
use crate::stats::RunResult;
use std::collections::BTreeSet;

impl Record {
    /// The records of generators that made load at the same time, as one; none of no records. The same in whatever order
    /// they are given, and in whatever groups they are merged before.
    ///
    /// A run is as valid as the least valid of its parts. Thresholds are not judged: what a part says of them says nothing
    /// about the whole.
    #[must_use]
    pub fn merged(parts: &[&Self]) -> Option<Self> {
        let mut parts = parts.to_vec();
        // What only one of them can say is said by the first of this order, whatever order they are given in.
        parts.sort_by_cached_key(|part| (part.run.started(), part.seed, part.exit_code));
        let first = *parts.first()?;
        let texts = |text: fn(&Self) -> &str| joined_texts(parts.iter().map(|part| text(part)));
        let hosts: Vec<&str> = parts.iter().filter_map(|part| part.host.as_deref()).collect();
        let invalid: BTreeSet<&String> = parts.iter().flat_map(|part| &part.invalid).collect();
        let scripts = parts.iter().all(|part| part.scripts == first.scripts);
        let scripts = if scripts {
            first.scripts.clone()
        } else {
            let all: BTreeSet<&String> = parts.iter().flat_map(|part| &part.scripts).collect();
            all.into_iter().cloned().collect()
        };
        Some(Self {
            format: first.format.clone(),
            version: first.version,
            katydid: texts(|part| &part.katydid),
            machine: joined_machines(&parts),
            scripts,
            host: (!hosts.is_empty()).then(|| joined_texts(hosts.into_iter())),
            seed: parts.iter().map(|part| part.seed).min().unwrap_or_default(),
            options: joined_options(&parts),
            plan: joined_plans(&parts),
            ending: parts.iter().map(|part| &part.ending).max_by(|a, b| gravity(a).cmp(&gravity(b)))?.clone(),
            failed_hooks: parts.iter().map(|part| part.failed_hooks).sum(),
            run: RunResult::joined(&parts.iter().map(|part| &part.run).collect::<Vec<_>>()),
            invalid: invalid.into_iter().cloned().collect(),
            allow_saturation: parts.iter().all(|part| part.allow_saturation),
            verdicts: Vec::new(),
            exit_code_on_error: parts.iter().map(|part| part.exit_code_on_error).min().flatten(),
            exit_code_of_hook: parts
                .iter()
                .filter_map(|part| part.exit_code_of_hook)
                .max_by_key(|code| weight(*code)),
            exit_code: parts.iter().map(|part| part.exit_code).max_by_key(|code| weight(*code))?,
        })
    }

    /// What speaks against these records being parts of one run, each as a clause.
    #[must_use]
    pub fn doubts(parts: &[(&str, &Self)]) -> Vec<String> {
        let mut doubts = Vec::new();
        for (number, (file, part)) in parts.iter().enumerate() {
            for (other_file, other) in &parts[..number] {
                if part.seed == other.seed {
                    doubts.push(format!(
                        "{other_file} and {file} have the seed {}: their users did the same things at random; give each \
                         generator a --seed of its own",
                        part.seed
                    ));
                }
                let span = |record: &Self| {
                    let start = record.run.started();
                    (start, start.checked_add(record.run.duration).unwrap_or(start))
                };
                let ((start, end), (other_start, other_end)) = (span(part), span(other));
                if start >= other_end || other_start >= end {
                    doubts.push(format!(
                        "{other_file} and {file} did not run at the same time; repetitions are compared by `katydid compare`, \
                         not merged"
                    ));
                }
            }
        }
        let (first_file, first) = match parts.first() {
            Some(first) => *first,
            None => return doubts,
        };
        for (file, part) in &parts[1..] {
            let unlike = first.unlike(part);
            let matters = |clause: &&String| {
                ["katydid", "scripts", "load shape"]
                    .iter()
                    .any(|what| clause.starts_with(&format!("{what}: ")))
            };
            doubts.extend(
                unlike
                    .iter()
                    .filter(matters)
                    .map(|clause| format!("{first_file} and {file} differ in {clause}")),
            );
        }
        doubts
    }
}

/// Each text once, in the order of the alphabet; texts that were joined before come apart again.
fn joined_texts<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let texts: BTreeSet<&str> = texts.flat_map(|text| text.split(" + ")).collect();
    texts.into_iter().collect::<Vec<_>>().join(" + ")
}

/// All machines as one: their cores and their memory together.
fn joined_machines(parts: &[&Record]) -> Machine {
    let machines = || parts.iter().map(|part| &part.machine);
    let processors: Vec<&str> = machines().filter_map(|machine| machine.processor.as_deref()).collect();
    let memory: Option<Vec<u64>> = machines().map(|machine| machine.memory_bytes).collect();
    Machine {
        os: joined_texts(machines().map(|machine| &*machine.os)),
        arch: joined_texts(machines().map(|machine| &*machine.arch)),
        processor: (!processors.is_empty()).then(|| joined_texts(processors.into_iter())),
        cores: machines().map(|machine| machine.cores).sum(),
        memory_bytes: memory.map(|memory| memory.into_iter().fold(0, u64::saturating_add)),
    }
}

/// Every option once, with every value that it had.
fn joined_options(parts: &[&Record]) -> Vec<GivenOption> {
    let options = parts.iter().flat_map(|part| &part.options);
    let options: BTreeSet<_> = options.map(|option| (&option.name, &option.value, &option.origin)).collect();
    let given = |(name, value, origin): (&String, &String, &String)| GivenOption {
        name: name.clone(),
        value: value.clone(),
        origin: origin.clone(),
    };
    options.into_iter().map(given).collect()
}

/// The plan, where all had the same; else every class that any of them had.
fn joined_plans(parts: &[&Record]) -> Outline {
    let plans = || parts.iter().map(|part| &part.plan);
    if let Some(first) = plans().next().filter(|first| plans().all(|plan| plan == *first)) {
        return first.clone();
    }
    let mut classes: Vec<&ClassOutline> = plans().flat_map(|plan| &plan.classes).collect();
    classes
        .sort_by_cached_key(|class| (class.name.clone(), serde_json::to_string(class).unwrap_or_default()));
    classes.dedup();
    let shapes: Vec<&str> = plans().filter_map(|plan| plan.shape.as_deref()).collect();
    Outline {
        classes: classes.into_iter().cloned().collect(),
        shape: (!shapes.is_empty()).then(|| joined_texts(shapes.into_iter())),
    }
}

/// Of several endings the gravest is told.
fn gravity(ending: &RunEnding) -> (u8, Option<&str>) {
    let gravity = match ending.cause {
        EndingCause::Iterations => 0,
        EndingCause::UsersEnded => 1,
        EndingCause::Arrivals => 2,
        EndingCause::Shape => 3,
        EndingCause::RunTime => 4,
        EndingCause::StopTest => 5,
        EndingCause::Threshold => 6,
        EndingCause::Interrupted => 7,
        EndingCause::InitFailed => 8,
        EndingCause::Cut => 9,
    };
    (gravity, ending.reason.as_deref())
}

/// Of several exit codes the first that applies of 4, 3, those that somebody chose, 1 and 0.
fn weight(code: u8) -> (u8, u8) {
    match code {
        4 => (3, 0),
        3 => (2, 0),
        code => (1, code),
    }
}
