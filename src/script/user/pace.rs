//! `sleep(..)` and `user.wait()`: think time inside a task.

use super::handle::User;
use crate::plan::FnId;
use crate::script::context::current;
use crate::script::fiber::control::Control;
use crate::script::fiber::{self, Stopped};
use crate::script::source::calls::FunctionTable;
use crate::script::value::convert;
use rhai::{Dynamic, Engine, EvalAltResult, ImmutableString, NativeCallContext};
use std::cell::OnceCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

/// Thirty years, in seconds: beyond that a pause is as good as for ever, and this one fits a timer.
const LONGEST_PAUSE: f64 = 1e9;

/// How long a user waits between two tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// So long.
    For(Duration),
    /// What this function of the script returns, in seconds.
    Ask(FnId),
}

impl Pause {
    /// A pause of so many seconds; what is no time at all is none.
    #[must_use]
    pub fn of_seconds(seconds: f64) -> Self {
        let seconds = if seconds > 0.0 { seconds.min(LONGEST_PAUSE) } else { 0.0 };
        Self::For(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::ZERO))
    }
}

/// How a user waits, as the engine that walks it through the plan knows.
pub trait Pace {
    /// The next wait of the task set that the user is in, drawn from its schedule.
    fn pause(&self) -> Pause;

    /// Waits so long; false, and at once, when the user should end.
    fn rest(&self, pause: Duration) -> Pin<Box<dyn Future<Output = bool> + '_>>;
}

/// The functions of a plan, which are known when the top levels have ended.
pub(in crate::script) type Functions = Rc<OnceCell<Rc<FunctionTable>>>;

/// `user.wait()`: waits as after a task. A user that should end does so here.
fn wait(
    context: &NativeCallContext<'_>,
    functions: &Functions,
    user: &User,
) -> Result<(), Box<EvalAltResult>> {
    // A user of no class waits for nothing.
    let Some(pace) = user.0.pace.get() else { return Ok(()) };
    let mut pause = pace.pause();
    if let (Pause::Ask(function), Some(functions)) = (pause, functions.get()) {
        let answer = functions.call(context.engine(), function, Dynamic::from(user.clone()))?;
        pause = Pause::of_seconds(convert::number("the wait time", &answer)?);
    }
    let Pause::For(pause) = pause else { return Ok(()) };
    if fiber::wait(pace.rest(pause))? {
        return Ok(());
    }
    // Not as `user.stop()`: what is open was not finished, and is not counted.
    Err(Control::Stopped(Stopped::Cut).raise())
}

/// Registers both.
pub(in crate::script) fn register(engine: &mut Engine, functions: &Functions) {
    let functions = functions.clone();
    engine.register_fn("wait", move |context: NativeCallContext<'_>, user: &mut User| {
        wait(&context, &functions, user)
    });
    // Rhai's own `sleep` blocks the thread, and with it every other user of the shard.
    let sleep = |seconds: Dynamic| -> Result<(), Box<EvalAltResult>> {
        let pause = convert::duration("sleep(..)", &seconds)?;
        if current::actor().is_top_level() {
            return Err(convert::refuse(
                "sleep(..) belongs into a task or a hook; the top level only declares",
            ));
        }
        Ok(fiber::wait(tokio::time::sleep(pause))?)
    };
    engine.register_fn("sleep", move |seconds: i64| sleep(seconds.into()));
    engine.register_fn("sleep", move |seconds: f64| sleep(seconds.into()));
    engine.register_fn("sleep", move |duration: ImmutableString| sleep(duration.into()));
}
