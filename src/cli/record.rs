//! What is known of a run besides what was counted.

use super::exit;
use super::prepare::Prepared;
use super::settings::RunSettings;
use super::settings::options::OPTION;
use crate::engine::{Ending, Outcome};
use crate::http::without_password;
use crate::manifest::Verdict;
use crate::plan::{self, Outline, ScriptOption};
use crate::report::{EndingCause, FORMAT, GivenOption, Machine, Record, RunEnding, VERSION};
use crate::script::Mask;
use crate::util::Diagnostic;
use serde_json::Value;

/// What stands in the place of a secret.
const MASK: &str = "***";

/// What is known of a run before it begins, as people may see it.
pub(super) struct Known {
    options: Vec<GivenOption>,
    plan: Outline,
    mask: Mask,
}

impl Known {
    /// # Errors
    ///
    /// Task sets that contain themselves.
    pub(super) fn new(settings: &RunSettings, prepared: &Prepared) -> Result<Self, Diagnostic> {
        let mask = prepared.loader.world.secrets();
        let mut plan = plan::outline(&prepared.plan, settings.users)?;
        for class in &mut plan.classes {
            class.host = class.host.as_deref().map(|host| shown(&mask, host));
        }
        let options = given_options(settings, &prepared.plan.options, &mask);
        Ok(Self { options, plan, mask })
    }

    /// The run with what came of it, its exit code among that.
    pub(super) fn record(
        self,
        settings: &RunSettings,
        outcome: Outcome,
        invalid: Vec<String>,
        verdicts: Vec<Verdict>,
    ) -> Record {
        let scripts = settings.script.scripts.iter();
        let mut record = Record {
            format: FORMAT.to_owned(),
            version: VERSION,
            katydid: env!("CARGO_PKG_VERSION").to_owned(),
            machine: machine(),
            scripts: scripts.map(|script| script.display().to_string()).collect(),
            host: settings.host.as_deref().map(|host| shown(&self.mask, host)),
            seed: settings.seed,
            options: self.options,
            plan: self.plan,
            ending: ending(&outcome.ending, &self.mask),
            failed_hooks: outcome.failed_hooks,
            run: outcome.result,
            invalid,
            allow_saturation: settings.allow_saturation,
            verdicts,
            exit_code_on_error: settings.exit_code_on_error,
            exit_code_of_hook: outcome.exit_code,
            exit_code: exit::PASSED,
        };
        record.exit_code = exit::exit_code(&exit::Outcome::of(&record));
        record
    }
}

/// A text without passwords and secrets.
fn shown(mask: &Mask, text: &str) -> String {
    mask.apply(&without_password(text)).into_owned()
}

/// The options that somebody gave, and those of scripts with their values in this run.
fn given_options(settings: &RunSettings, declared: &[ScriptOption], mask: &Mask) -> Vec<GivenOption> {
    // Those of scripts follow one by one.
    let given = settings.origins.given().filter(|(name, ..)| *name != OPTION);
    let given = given.map(|(name, origin, text)| GivenOption {
        name: name.to_owned(),
        value: shown(mask, text),
        origin: origin.to_string(),
    });
    let of_scripts = declared.iter().map(|option| {
        let value = match &option.value {
            _ if option.secret => MASK.to_owned(),
            Value::String(text) => shown(mask, text),
            value => value.to_string(),
        };
        let origin = option.given.clone().unwrap_or_else(|| format!("the default at {}", option.declared_at));
        GivenOption { name: format!("-o {}", option.name), value, origin }
    });
    given.chain(of_scripts).collect()
}

fn ending(ending: &Ending, mask: &Mask) -> RunEnding {
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
    RunEnding { cause, reason: reason.map(|reason| mask.apply(reason).into_owned()) }
}

/// This machine, as far as it says what it is.
fn machine() -> Machine {
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
