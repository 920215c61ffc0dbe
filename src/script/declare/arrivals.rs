//! `arrivals(#{ .. })`: the open model, as scripts declare it.

use super::declaration::{self, Declaration, UserClassHandle};
use crate::plan::{Arrivals, ClassId, DEFAULT_MAX_USERS, Stage, UserClass};
use crate::script::options::{ARRIVALS_OPTIONS, STAGE_OPTIONS};
use crate::script::source::calls::FunctionTable;
use crate::script::value::convert::{boolean, duration, number, refuse, string, type_text};
use crate::util::{Diagnostic, nearest};
use rhai::{Array, Dynamic, Engine, EvalAltResult, Map, NativeCallContext};
use std::rc::Rc;
use std::time::Duration;

type Result<T> = std::result::Result<T, Box<EvalAltResult>>;

/// Arrivals per second that no machine starts; a rate beyond it is a slip of the pen.
const HIGHEST_RATE: f64 = 1e7;

/// Arrivals as declared: the class may be declared later, so it is a name.
pub(super) struct ArrivalsDraft {
    class: String,
    /// Its class has no number yet.
    arrivals: Arrivals,
}

/// Registers the function.
pub(super) fn register(engine: &mut Engine, declaration: &Rc<Declaration>) {
    let declaration = declaration.clone();
    engine.register_fn("arrivals", move |context: NativeCallContext<'_>, options: Map| -> Result<()> {
        declaration.at_top_level("arrivals(..)")?;
        let draft = read(&options, declaration::place(&context))?;
        declaration.arrivals.borrow_mut().push(draft);
        Ok(())
    });
}

/// The arrivals of all drafts, with the numbers of their classes.
///
/// # Errors
///
/// When there is no such class, or it has arrivals already.
pub(super) fn lower(
    drafts: &[ArrivalsDraft],
    classes: &[UserClass],
    functions: &FunctionTable,
) -> std::result::Result<Vec<Arrivals>, Diagnostic> {
    let mut lowered: Vec<Arrivals> = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let declared_at = &draft.arrivals.declared_at;
        let name = draft.class.as_str();
        let Some(class) = classes.iter().position(|class| class.name == name).map(ClassId) else {
            return Err(functions.show(unknown(name, classes), declared_at));
        };
        if let Some(first) = lowered.iter().find(|earlier| earlier.class == class) {
            let twice = Diagnostic::error(format!("user class `{name}` has two arrivals(..)"))
                .note(format!("the first at {}", first.declared_at))
                .help("write its whole course as the `stages` of one");
            return Err(functions.show(twice, declared_at));
        }
        lowered.push(Arrivals { class, ..draft.arrivals.clone() });
    }
    Ok(lowered)
}

fn unknown(name: &str, classes: &[UserClass]) -> Diagnostic {
    let names = || classes.iter().map(|class| class.name.as_str());
    let diagnostic = Diagnostic::error(format!("no user class is called `{name}`"));
    match nearest(name, names()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help(format!(
            "declared are {}",
            names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        )),
    }
}

fn read(options: &Map, declared_at: String) -> Result<ArrivalsDraft> {
    refuse_unknown("arrivals(..)", options, ARRIVALS_OPTIONS)?;
    let class = match get(options, "user_class") {
        Some(class) => match class.read_lock::<UserClassHandle>() {
            Some(handle) => handle.name(),
            None => string("`user_class`", class)?.into(),
        },
        None => return Err(refuse("arrivals(..) needs `user_class`, the name of the class that arrives")),
    };
    let arrivals = Arrivals {
        class: ClassId(0),
        stages: stages(options)?,
        poisson: get(options, "poisson").map_or(Ok(false), |value| boolean("`poisson`", value))?,
        start_users: users("start_users", options, 0)?.unwrap_or(0),
        max_users: users("max_users", options, 1)?,
        declared_at,
    };
    if arrivals.expected() <= 0.0 {
        return Err(refuse("arrivals(..) brings nobody: give a `rate` above 0 and a `duration`"));
    }
    if arrivals.start_users > arrivals.user_limit() {
        let limit = arrivals.max_users.map_or_else(
            || format!("{DEFAULT_MAX_USERS}, the default of `max_users`"),
            |limit| format!("`max_users`, {limit}"),
        );
        return Err(refuse(format!("`start_users` is {}, more than {limit}", arrivals.start_users)));
    }
    Ok(ArrivalsDraft { class, arrivals })
}

/// The rate, piece by piece: each stage goes in a straight line from the rate before it to its own.
fn stages(options: &Map) -> Result<Vec<Stage>> {
    let per = get(options, "per").map_or(Ok(Duration::from_secs(1)), |value| duration("`per`", value))?;
    if per.is_zero() {
        return Err(refuse("`per` must be longer than 0 seconds"));
    }
    let start = get(options, "rate").map(|value| rate("`rate`", value, per)).transpose()?;
    let length = get(options, "duration").map(|value| duration("`duration`", value)).transpose()?;
    let Some(stages) = get(options, "stages") else {
        let (Some(rate), Some(duration)) = (start, length) else {
            return Err(refuse("arrivals(..) needs `rate` and `duration`, or `stages`"));
        };
        return Ok(vec![Stage { duration, from: rate, to: rate }]);
    };
    if length.is_some() {
        return Err(refuse("`duration` is for a constant rate; with `stages`, each has its own"));
    }
    let Some(stages) = stages.read_lock::<Array>() else {
        let message =
            format!("`stages` must be an array of #{{ duration, rate }}, not {}", type_text(stages));
        return Err(refuse(message));
    };
    let mut from = start.unwrap_or(0.0);
    let mut read = Vec::with_capacity(stages.len());
    for (index, value) in stages.iter().enumerate() {
        let what = format!("stage {} of arrivals(..)", index + 1);
        let stage = value.read_lock::<Map>().ok_or_else(|| {
            refuse(format!("{what} must be a map #{{ duration, rate }}, not {}", type_text(value)))
        })?;
        refuse_unknown(&what, &stage, STAGE_OPTIONS)?;
        let (Some(length), Some(target)) = (get(&stage, "duration"), get(&stage, "rate")) else {
            return Err(refuse(format!("{what} needs `duration` and `rate`")));
        };
        let to = rate(&format!("`rate` in {what}"), target, per)?;
        read.push(Stage { duration: duration(&format!("`duration` in {what}"), length)?, from, to });
        from = to;
    }
    Ok(read)
}

/// An option; one set to `()` is as if not given.
fn get<'a>(options: &'a Map, key: &str) -> Option<&'a Dynamic> {
    options.get(key).filter(|value| !value.is_unit())
}

/// A rate, as arrivals per second.
fn rate(what: &str, value: &Dynamic, per: Duration) -> Result<f64> {
    let given = number(what, value)?;
    let rate = given / per.as_secs_f64();
    if given < 0.0 {
        return Err(refuse(format!("{what} must not be negative, but is {given}")));
    }
    if rate > HIGHEST_RATE {
        return Err(refuse(format!("{what} is {rate} per second; at most {HIGHEST_RATE} can be asked for")));
    }
    Ok(rate)
}

/// A number of users of at least `least`.
fn users(key: &str, options: &Map, least: i64) -> Result<Option<usize>> {
    let Some(value) = get(options, key) else { return Ok(None) };
    let number = number(&format!("`{key}`"), value)?;
    #[expect(clippy::cast_possible_truncation, reason = "saturates, and is whole")]
    let count = Some(number as i64).filter(|count| number.fract() == 0.0 && *count >= least);
    match count.and_then(|count| usize::try_from(count).ok()) {
        Some(count) => Ok(Some(count)),
        None => Err(refuse(format!("`{key}` must be a whole number of at least {least}, but is {number}"))),
    }
}

fn refuse_unknown(what: &str, options: &Map, known: &[&str]) -> Result<()> {
    let Some(unknown) = options.keys().find(|key| !known.contains(&key.as_str())) else { return Ok(()) };
    let hint = nearest(unknown, known.iter().copied())
        .map_or_else(|| format!("known are {}", known.join(", ")), |near| format!("did you mean `{near}`?"));
    Err(refuse(format!("unknown option `{unknown}` of {what}; {hint}")))
}
