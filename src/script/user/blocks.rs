//! What a task does with a block: `user.transaction(..)` and `user.timed(..)`; and `user.record(..)`, which needs none.

use super::block::Block;
use super::handle::User;
use super::host::Sample;
use super::site::CallSite;
use crate::script::error;
use crate::script::fiber::Limits;
use crate::script::fiber::Stopped;
use crate::script::fiber::control::Control;
use crate::script::options::RECORD_OPTIONS;
use crate::script::source::files::Files;
use crate::script::value::convert::{number, refuse, type_text};
use crate::util::nearest;
use rhai::{Dynamic, Engine, EvalAltResult, FnPtr, ImmutableString, Map, NativeCallContext};
use std::time::Duration;
use tokio::time::Instant;

type Result<T> = std::result::Result<T, Box<EvalAltResult>>;

/// How a block ended, as the one who counts it sees it.
enum BlockEnd {
    /// It returned, or left its task on purpose.
    Well,
    /// It threw, or was stopped by a limit.
    Failed(String),
    /// The engine cut it off: it is not counted.
    Cut,
}

impl BlockEnd {
    fn of(result: &Result<Dynamic>, limits: &Limits) -> Self {
        let Err(error) = result else { return Self::Well };
        match Control::in_error(error) {
            Some(Control::Stopped(Stopped::Cut)) => Self::Cut,
            Some(Control::Stopped(stopped)) => Self::Failed(limits.message_of(stopped)),
            Some(_) => Self::Well,
            None => Self::Failed(error::exception_key(error).0),
        }
    }
}

/// Runs the block and counts the sum of its requests.
fn transaction(
    user: &User,
    name: ImmutableString,
    limits: &Limits,
    site: CallSite,
    block: impl FnOnce() -> Result<Dynamic>,
) -> Result<Dynamic> {
    let entered = user.0.verdicts.transaction.enter(name, user, site);
    let result = block();
    match BlockEnd::of(&result, limits) {
        BlockEnd::Well => entered.end(None),
        BlockEnd::Failed(text) => entered.end(Some(text)),
        BlockEnd::Cut => drop(entered),
    }
    result
}

/// Runs the block and counts the time that it took; an exception in it is a failure and goes no further.
fn timed(
    user: &User,
    kind: ImmutableString,
    name: ImmutableString,
    limits: &Limits,
    site: CallSite,
    block: impl FnOnce() -> Result<Dynamic>,
) -> Result<Dynamic> {
    let serial = user.0.verdicts.next_serial();
    let covered = user.0.verdicts.transaction.cover();
    let begun = Instant::now();
    let result = block();
    let ended = Instant::now();
    drop(covered);
    let failure = match BlockEnd::of(&result, limits) {
        BlockEnd::Well => None,
        BlockEnd::Failed(text) => Some(text),
        BlockEnd::Cut => return result,
    };
    let response_time = Some(ended.saturating_duration_since(begun));
    let sample = Sample {
        method: kind,
        name,
        response_time,
        lateness: Duration::ZERO,
        size: 0,
        failure,
        phases: None,
        ended,
        site,
        charge: None,
    };
    count(user, serial, sample);
    match result {
        Err(error) if error.unwrap_inner().is_catchable() => Ok(Dynamic::UNIT),
        result => result,
    }
}

/// Counts what is like a request and has its verdict already.
fn count(user: &User, serial: u64, sample: Sample) {
    if let Some(transaction) = user.0.verdicts.transaction.get() {
        transaction.add_time(sample.response_time.unwrap_or_default().saturating_sub(sample.lateness));
        transaction.add_lateness(sample.lateness);
        transaction.add_size(sample.size);
        if let Some(text) = &sample.failure {
            transaction.request_failed(serial, &sample.name, text);
        }
    }
    user.count_other(sample);
}

/// Counts a request of another protocol as its options describe it.
fn record(
    user: &User,
    kind: ImmutableString,
    name: ImmutableString,
    options: Map,
    site: CallSite,
) -> Result<()> {
    if kind.is_empty() {
        return Err(refuse("the type of a request must not be empty"));
    }
    let ended = Instant::now();
    let mut sample = Sample {
        method: kind,
        name,
        response_time: None,
        lateness: Duration::ZERO,
        size: 0,
        failure: None,
        phases: None,
        ended,
        site,
        charge: None,
    };
    for (key, value) in options {
        // An option set to `()` is as if it were not given.
        if value.is_unit() {
            continue;
        }
        match key.as_str() {
            "time_ms" => sample.response_time = Some(milliseconds(&value)?),
            "length" => sample.size = length(&value)?,
            "error" => sample.failure = Some(value.to_string()),
            unknown => return Err(unknown_option(unknown)),
        }
    }
    if let Some(time) = sample.response_time {
        sample.lateness = user.take_lateness();
        sample.response_time = Some(sample.lateness + time);
    }
    count(user, user.0.verdicts.next_serial(), sample);
    Ok(())
}

fn milliseconds(value: &Dynamic) -> Result<Duration> {
    let time = number("`time_ms`", value)?;
    Duration::try_from_secs_f64(time / 1000.0)
        .map_err(|_| refuse(format!("`time_ms` must be a time of at least 0 milliseconds, but is {time}")))
}

fn length(value: &Dynamic) -> Result<u64> {
    let bytes = value.as_int().ok().and_then(|bytes| u64::try_from(bytes).ok());
    bytes.ok_or_else(|| match value.as_int() {
        Ok(negative) => refuse(format!("`length` must not be negative, but is {negative}")),
        Err(_) => refuse(format!("`length` must be a whole number of bytes, not {}", type_text(value))),
    })
}

fn unknown_option(key: &str) -> Box<EvalAltResult> {
    let hint = match nearest(key, RECORD_OPTIONS.iter().copied()) {
        Some(known) => format!("did you mean `{known}`?"),
        None => format!("known are {}", RECORD_OPTIONS.join(", ")),
    };
    refuse(format!("unknown option `{key}`; {hint}"))
}

/// Registers the methods; blocks are functions of `files`.
pub(in crate::script) fn register(engine: &mut Engine, limits: &Limits, files: &Files) {
    let (limits, known) = (*limits, files.clone());
    engine.register_fn(
        "transaction",
        move |context: NativeCallContext<'_>, user: &mut User, name: ImmutableString, block: FnPtr| {
            let block = Block::read(&context, &known, &block)?;
            transaction(user, name, &limits, CallSite::of(&context), || block.call(&context, user))
        },
    );
    let known = files.clone();
    engine.register_fn(
        "timed",
        move |context: NativeCallContext<'_>,
              user: &mut User,
              kind: ImmutableString,
              name: ImmutableString,
              block: FnPtr| {
            let block = Block::read(&context, &known, &block)?;
            timed(user, kind, name, &limits, CallSite::of(&context), || block.call(&context, user))
        },
    );
    engine.register_fn(
        "record",
        |context: NativeCallContext<'_>, user: &mut User, kind: ImmutableString, name: ImmutableString| {
            record(user, kind, name, Map::new(), CallSite::of(&context))
        },
    );
    engine.register_fn(
        "record",
        |context: NativeCallContext<'_>,
         user: &mut User,
         kind: ImmutableString,
         name: ImmutableString,
         options: Map| { record(user, kind, name, options, CallSite::of(&context)) },
    );
}
