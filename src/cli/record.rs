//! What is known of a run besides what was counted.

use super::settings::RunSettings;
use crate::engine::Ending;
use crate::plan::ScriptOption;
use crate::report::{EndingCause, GivenOption, Machine, RunEnding};
use crate::script::World;
use serde_json::Value;

/// What stands in the place of a secret.
const MASK: &str = "***";

/// The options that somebody gave, those of scripts with their values in this run.
pub(super) fn given_options(
    settings: &RunSettings,
    declared: &[ScriptOption],
    world: &World,
) -> Vec<GivenOption> {
    let shown = |text: &str| world.mask(&crate::http::without_password(text)).into_owned();
    let given = settings.origins.given().filter(|(name, ..)| *name != "option");
    let given = given.map(|(name, origin, text)| GivenOption {
        name: name.to_owned(),
        value: shown(text),
        origin: origin.to_string(),
    });
    let of_scripts = declared.iter().map(|option| {
        let value = match &option.value {
            _ if option.secret => MASK.to_owned(),
            Value::String(text) => shown(text),
            value => value.to_string(),
        };
        let origin = option.given.clone().unwrap_or_else(|| format!("the default at {}", option.declared_at));
        GivenOption { name: format!("-o {}", option.name), value, origin }
    });
    given.chain(of_scripts).collect()
}

/// How the run ended.
pub(super) fn ending(ending: &Ending) -> RunEnding {
    let (cause, reason) = match ending {
        Ending::RunTime => (EndingCause::RunTime, None),
        Ending::Iterations => (EndingCause::Iterations, None),
        Ending::UsersEnded => (EndingCause::UsersEnded, None),
        Ending::Arrivals => (EndingCause::Arrivals, None),
        Ending::Shape => (EndingCause::Shape, None),
        Ending::Objection(why) => (EndingCause::Threshold, Some(why)),
        Ending::StopTest(reason) => (EndingCause::StopTest, Some(reason)),
        Ending::InitFailed => (EndingCause::InitFailed, None),
        Ending::Interrupted => (EndingCause::Interrupted, None),
        Ending::Cut => (EndingCause::Cut, None),
    };
    RunEnding { cause, reason: reason.cloned() }
}

/// This machine, as far as it says what it is.
pub(super) fn machine() -> Machine {
    // On Linux; elsewhere nothing is said.
    let first = |file: &str, key: &str| {
        let text = std::fs::read_to_string(file).ok()?;
        let line = text.lines().find(|line| line.starts_with(key))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let kilobytes = first("/proc/meminfo", "MemTotal");
    let kilobytes = kilobytes.and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
    Machine {
        os: std::env::consts::OS.to_owned(),
        arch: std::env::consts::ARCH.to_owned(),
        processor: first("/proc/cpuinfo", "model name"),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        memory_bytes: kilobytes.map(|kilobytes| kilobytes * 1024),
    }
}
