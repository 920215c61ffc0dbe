//! `load_shape(..)`, `stages(..)`, `spike(..)`, `steps(..)` and `sine(..)`: how the number of users follows the time.

use super::declaration::{Declaration, UserClassHandle, place};
use crate::plan::{ClassId, Plan, Shape, ShapeStage, Spawn, UserClass, UserTarget};
use crate::script::options::{SINE_KEYS, SPIKE_KEYS, STAGE_KEYS, STEPS_KEYS, TARGET_KEYS};
use crate::script::source::calls::{FunctionTable, ScriptFn};
use crate::script::value::convert::{duration, number, refuse, string, type_text, whole};
use crate::util::{Diagnostic, nearest};
use rhai::{Array, Dynamic, Engine, EvalAltResult, Map, NativeCallContext};
use std::rc::Rc;
use std::time::Duration;

type Result<T> = std::result::Result<T, Box<EvalAltResult>>;

/// More users than any machine holds; a slip in a number must not fill the memory.
const MOST_USERS: f64 = 1e9;

/// What the functions that make shapes return: a handle to the one that they declared.
#[derive(Clone)]
pub(super) struct ShapeHandle(Rc<ShapeDraft>);

/// A load shape as declared: its function has no number yet, and neither have its classes.
struct ShapeDraft {
    kind: Kind,
    declared_at: String,
}

enum Kind {
    Function(ScriptFn),
    /// With the names of the classes for each [`Spawn`] of the shape, in order.
    Ready(Shape, Vec<Option<Vec<String>>>),
}

/// The one load shape of all scripts, if there is one.
///
/// # Errors
///
/// When there are two, when it names a class that is not declared, or when its function cannot be called.
pub(super) fn lower(
    drafts: &[ShapeHandle],
    functions: &mut FunctionTable,
    classes: &[UserClass],
) -> std::result::Result<Option<Shape>, Diagnostic> {
    let draft = match drafts {
        [] => return Ok(None),
        [ShapeHandle(draft)] => draft,
        [ShapeHandle(first), ShapeHandle(second), ..] => {
            let twice = Diagnostic::error("a run has one load shape, but two are declared")
                .note(format!("first at {}", first.declared_at))
                .help("leave one of them out");
            return Err(functions.show(twice, &second.declared_at));
        }
    };
    match &draft.kind {
        Kind::Function(function) => functions.add(function, "t").map(|id| Some(Shape::Function(id))),
        Kind::Ready(shape, names) => {
            let mut shape = shape.clone();
            for (spawn, names) in shape.spawns_mut().into_iter().zip(names) {
                let Some(names) = names else { continue };
                let known = |name: &str| classes.iter().position(|class| class.name == name);
                let mut ids = Vec::with_capacity(names.len());
                for name in names {
                    match known(name) {
                        Some(id) => ids.push(ClassId(id)),
                        None => {
                            let unknown =
                                unknown_class(name, classes.iter().map(|class| class.name.as_str()));
                            return Err(functions.show(unknown, &draft.declared_at));
                        }
                    }
                }
                spawn.classes = Some(ids);
            }
            Ok(Some(shape))
        }
    }
}

/// What a load shape returned, as a target for the classes of `plan`; none = the run is to end. `declared` are the
/// classes of the scripts: one that was not chosen for the run is no mistake, and its users are not added.
pub(in crate::script) fn target(
    value: &Dynamic,
    declared: &[String],
    plan: &Plan,
) -> Result<Option<UserTarget>> {
    if value.is_unit() {
        return Ok(None);
    }
    let wrong = || {
        refuse(format!(
            "a load shape returns [users, spawn_rate], #{{ users, spawn_rate, user_classes }}, or () to end the run, \
             not {}",
            type_text(value)
        ))
    };
    let (users, rate, names) = if let Some(map) = value.read_lock::<Map>() {
        known_keys("what a load shape returns", &map, TARGET_KEYS)?;
        let users = map.get("users").filter(|users| !users.is_unit());
        let users = users.ok_or_else(|| refuse("what a load shape returns needs `users`"))?;
        (users_of("`users`", users)?, rate_of(map.get("spawn_rate"))?, names_of(map.get("user_classes"))?)
    } else if let Some(list) = value.read_lock::<Array>() {
        match &list[..] {
            [users, rest @ ..] if rest.len() < 3 => {
                (users_of("the number of users", users)?, rate_of(rest.first())?, names_of(rest.get(1))?)
            }
            _ => return Err(wrong()),
        }
    } else {
        return Err(wrong());
    };
    let classes = names.map(|names| class_ids(&names, declared, plan)).transpose()?;
    Ok(Some(UserTarget { users, spawn_rate: rate.unwrap_or(UserTarget::AT_ONCE), classes }))
}

fn class_ids(names: &[String], declared: &[String], plan: &Plan) -> Result<Vec<ClassId>> {
    let mut ids = Vec::with_capacity(names.len());
    for name in names {
        match plan.classes().find(|(_, class)| class.name == *name) {
            Some((id, _)) => ids.push(id),
            None if declared.contains(name) => {}
            None => {
                let unknown = unknown_class(name, declared.iter().map(String::as_str));
                let hint = unknown.help.or(unknown.notes.into_iter().next()).unwrap_or_default();
                return Err(refuse(format!("{}; {hint}", unknown.message)));
            }
        }
    }
    Ok(ids)
}

fn unknown_class<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> Diagnostic {
    let diagnostic = Diagnostic::error(format!("the load shape names `{name}`, which is no user class"));
    match nearest(name, known.clone()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.note(format!("user classes: {}", known.collect::<Vec<_>>().join(", "))),
    }
}

/// Refuses keys that nobody reads.
fn known_keys(what: &str, map: &Map, known: &[&str]) -> Result<()> {
    let Some(unknown) = map.keys().find(|key| !known.contains(&key.as_str())) else { return Ok(()) };
    let hint = match nearest(unknown, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known are {}", known.join(", ")),
    };
    Err(refuse(format!("unknown key `{unknown}` of {what}; {hint}")))
}

/// A number of users; one that a formula made is rounded.
fn users_of(what: &str, value: &Dynamic) -> Result<usize> {
    match number(what, value)?.round() {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the bounds")]
        users if (0.0..=MOST_USERS).contains(&users) => Ok(users as usize),
        users => Err(refuse(format!("{what} must be between 0 and {MOST_USERS}, but is {users}"))),
    }
}

/// A spawn rate; none = all at once.
fn rate_of(value: Option<&Dynamic>) -> Result<Option<f64>> {
    let Some(value) = value.filter(|value| !value.is_unit()) else { return Ok(None) };
    match number("`spawn_rate`", value)? {
        rate if rate > 0.0 => Ok(Some(rate)),
        rate => Err(refuse(format!("`spawn_rate` must be more than 0 users per second, but is {rate}"))),
    }
}

/// Names of user classes, given as text or as the class itself; none = all.
fn names_of(value: Option<&Dynamic>) -> Result<Option<Vec<String>>> {
    let Some(value) = value.filter(|value| !value.is_unit()) else { return Ok(None) };
    let name = |value: &Dynamic| match value.read_lock::<UserClassHandle>() {
        Some(class) => Ok(class.name()),
        None => string("a user class", value).map(Into::into),
    };
    let names = match value.read_lock::<Array>() {
        Some(names) => names.iter().map(name).collect::<Result<Vec<_>>>()?,
        None => vec![name(value)?],
    };
    if names.is_empty() {
        return Err(refuse("`user_classes` names no class; leave it out for all"));
    }
    Ok(Some(names))
}

/// The map of one of the functions, with its keys known.
struct Fields<'a> {
    what: &'static str,
    map: &'a Map,
}

impl<'a> Fields<'a> {
    fn new(what: &'static str, map: &'a Map, known: &[&str]) -> Result<Self> {
        known_keys(what, map, known)?;
        Ok(Self { what, map })
    }

    fn optional(&self, key: &str) -> Option<&'a Dynamic> {
        self.map.get(key).filter(|value| !value.is_unit())
    }

    fn get(&self, key: &str) -> Result<&'a Dynamic> {
        self.optional(key).ok_or_else(|| refuse(format!("{} needs `{key}`", self.what)))
    }

    fn users(&self, key: &str) -> Result<usize> {
        users_of(&format!("`{key}` of {}", self.what), self.get(key)?)
    }

    fn time(&self, key: &str) -> Result<Duration> {
        duration(&format!("`{key}` of {}", self.what), self.get(key)?)
    }

    /// A time that may not be 0.
    fn some_time(&self, key: &str) -> Result<Duration> {
        match self.time(key)? {
            Duration::ZERO => Err(refuse(format!("`{key}` of {} must be longer than 0", self.what))),
            time => Ok(time),
        }
    }

    /// How users are added; the classes are only names yet.
    fn spawn(&self) -> Result<(Spawn, Option<Vec<String>>)> {
        let rate = rate_of(self.optional("spawn_rate"))?;
        Ok((Spawn { rate, classes: None }, names_of(self.optional("user_classes"))?))
    }
}

fn stages(list: &Array) -> Result<Kind> {
    let mut stages = Vec::with_capacity(list.len());
    let mut names = Vec::with_capacity(list.len());
    for stage in list {
        let map = stage.read_lock::<Map>();
        let map = map.ok_or_else(|| {
            refuse(format!("a stage is a map #{{ duration, users, spawn_rate }}, not {}", type_text(stage)))
        })?;
        let fields = Fields::new("a stage", &map, STAGE_KEYS)?;
        let (spawn, classes) = fields.spawn()?;
        stages.push(ShapeStage {
            duration: fields.some_time("duration")?,
            users: fields.users("users")?,
            spawn,
        });
        names.push(classes);
    }
    if stages.is_empty() {
        return Err(refuse("stages(..) needs a stage: stages([#{ duration: \"30s\", users: 10 }])"));
    }
    Ok(Kind::Ready(Shape::Stages(stages), names))
}

fn spike(map: &Map) -> Result<Kind> {
    let fields = Fields::new("spike(..)", map, SPIKE_KEYS)?;
    let (spawn, names) = fields.spawn()?;
    let shape = Shape::Spike {
        users: fields.users("users")?,
        peak: fields.users("peak")?,
        before: fields.time("before")?,
        hold: fields.some_time("hold")?,
        after: fields.time("after")?,
        spawn,
    };
    Ok(Kind::Ready(shape, vec![names]))
}

fn steps(map: &Map) -> Result<Kind> {
    let fields = Fields::new("steps(..)", map, STEPS_KEYS)?;
    let (spawn, names) = fields.spawn()?;
    let start = fields.optional("start").map(|start| users_of("`start` of steps(..)", start)).transpose()?;
    let start = start.unwrap_or(0);
    let whole = |key: &str| whole(&format!("`{key}` of steps(..)"), fields.get(key)?);
    let (step, count) = (whole("step")?, whole("count")?);
    let count = u32::try_from(count).ok().filter(|count| *count > 0);
    let count = count.ok_or_else(|| refuse("`count` of steps(..) must be at least 1"))?;
    let end = i128::from(step) * i128::from(count) + start as i128;
    #[expect(clippy::cast_possible_truncation, reason = "a round number")]
    if !(0..=MOST_USERS as i128).contains(&end) {
        return Err(refuse(format!(
            "steps(..) ends at {end} users, which must be between 0 and {MOST_USERS}"
        )));
    }
    let shape = Shape::Steps { start, step, every: fields.some_time("every")?, count, spawn };
    Ok(Kind::Ready(shape, vec![names]))
}

fn sine(map: &Map) -> Result<Kind> {
    let fields = Fields::new("sine(..)", map, SINE_KEYS)?;
    let (spawn, names) = fields.spawn()?;
    let (min, max) = (fields.users("min")?, fields.users("max")?);
    if max < min {
        return Err(refuse(format!("`max` of sine(..) is {max}, which is below `min`, {min}")));
    }
    let (period, duration) = (fields.some_time("period")?, fields.some_time("duration")?);
    Ok(Kind::Ready(Shape::Sine { min, max, period, duration, spawn }, vec![names]))
}

/// Registers everything that declares a load shape.
pub(super) fn register(engine: &mut Engine, declaration: &Rc<Declaration>) {
    engine.register_type_with_name::<ShapeHandle>("LoadShape");
    let declared = declaration.clone();
    let declare = move |what: &str, kind: Kind, declared_at: String| -> Result<ShapeHandle> {
        declared.at_top_level(what)?;
        let handle = ShapeHandle(Rc::new(ShapeDraft { kind, declared_at }));
        declared.shapes.borrow_mut().push(handle.clone());
        Ok(handle)
    };
    type Context<'a> = NativeCallContext<'a>;
    let ready = declare.clone();
    engine.register_fn("stages", move |context: Context<'_>, list: Array| {
        ready("stages(..)", stages(&list)?, place(&context))
    });
    for (name, read) in [("spike", spike as fn(&Map) -> Result<Kind>), ("steps", steps), ("sine", sine)] {
        let ready = declare.clone();
        engine.register_fn(name, move |context: Context<'_>, map: Map| {
            ready(&format!("{name}(..)"), read(&map)?, place(&context))
        });
    }
    engine.register_fn("load_shape", move |context: Context<'_>, shape: Dynamic| {
        // What `stages(..)` and its sisters return is declared already.
        if let Some(handle) = shape.read_lock::<ShapeHandle>() {
            return Ok(handle.clone());
        }
        let function = ScriptFn::read(&shape, context.call_source(), place(&context)).ok_or_else(|| {
            let wanted = "a function of the time, as |t| [users, spawn_rate], or stages([..])";
            refuse(format!("a load shape must be {wanted}, not {}", type_text(&shape)))
        })?;
        declare("load_shape(..)", Kind::Function(function), place(&context))
    });
}
