//! `between(..)`, `constant(..)` and the other wait times.

use super::declaration::WaitDraft;
use crate::plan::Wait;
use crate::script::value::convert::{number, refuse};
use rhai::{Dynamic, Engine, EvalAltResult};

type Result<T> = std::result::Result<T, Box<EvalAltResult>>;

fn seconds(what: &str, value: &Dynamic) -> Result<f64> {
    crate::script::value::convert::duration(what, value).map(|duration| duration.as_secs_f64())
}

fn rate(what: &str, value: &Dynamic) -> Result<f64> {
    match number(what, value)? {
        rate if rate > 0.0 => Ok(rate),
        rate => Err(refuse(format!("{what} must be more than 0 per second, but is {rate}"))),
    }
}

/// Registers the wait functions; the semantics are the plan's.
pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<WaitDraft>("Wait");
    engine.register_fn("between", |low: Dynamic, high: Dynamic| -> Result<WaitDraft> {
        let (low, high) = (
            seconds("the lower bound of between(..)", &low)?,
            seconds("the upper bound of between(..)", &high)?,
        );
        if high < low {
            return Err(refuse(format!("between({low}, {high}): the upper bound is below the lower one")));
        }
        Ok(WaitDraft::Ready(Wait::Between { low, high }))
    });
    engine.register_fn("constant", |pause: Dynamic| -> Result<WaitDraft> {
        Ok(WaitDraft::Ready(Wait::Constant(seconds("constant(..)", &pause)?)))
    });
    engine.register_fn("constant_pacing", |period: Dynamic| -> Result<WaitDraft> {
        Ok(WaitDraft::Ready(Wait::ConstantPacing(seconds("constant_pacing(..)", &period)?)))
    });
    engine.register_fn("constant_throughput", |per_second: Dynamic| -> Result<WaitDraft> {
        Ok(WaitDraft::Ready(Wait::ConstantThroughput(rate("constant_throughput(..)", &per_second)?)))
    });
    engine.register_fn("poisson", |per_second: Dynamic| -> Result<WaitDraft> {
        Ok(WaitDraft::Ready(Wait::Poisson(rate("poisson(..)", &per_second)?)))
    });
}
