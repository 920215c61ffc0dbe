//! What task sets and user classes have in common when they are declared: tasks, transitions, hooks, waits, tags.

use super::declaration::{
    SetDraft, TargetDraft, TaskDraft, TaskSetHandle, UserClassHandle, WaitDraft, place,
};
use crate::plan::{TaskOrder, Transition};
use crate::script::options::TASK_OPTIONS;
use crate::script::source::calls::ScriptFn;
use crate::script::value::convert::{refuse, string, strings, type_text, weight};
use crate::util::nearest;
use rhai::{Dynamic, Engine, EvalAltResult, Map, NativeCallContext};
use std::cell::RefCell;

type Result<T> = std::result::Result<T, Box<EvalAltResult>>;

/// Both builders declare tasks, hooks, waits and tags in a set.
pub(super) trait Builder: Clone + 'static {
    fn set(&self) -> &RefCell<SetDraft>;
}

impl Builder for TaskSetHandle {
    fn set(&self) -> &RefCell<SetDraft> {
        &self.0
    }
}

impl Builder for UserClassHandle {
    fn set(&self) -> &RefCell<SetDraft> {
        &self.0.set.0
    }
}

/// Reads a function, or a function of a library; `what` must be `wanted`.
pub(super) fn function(
    context: &NativeCallContext<'_>,
    what: &str,
    wanted: &str,
    value: &Dynamic,
) -> Result<ScriptFn> {
    ScriptFn::read(value, context.call_source(), place(context))
        .ok_or_else(|| refuse(format!("{what} must be {wanted}, not {}", type_text(value))))
}

/// Reads the name of a user class or a task set.
pub(super) fn name_of(what: &str, name: &str) -> Result<String> {
    if name.trim().is_empty() {
        return Err(refuse(format!("{what} needs a name; it cannot be empty")));
    }
    Ok(name.to_owned())
}

/// Adds a task from the arguments of `.task(..)`, in any of its forms.
fn add_task(
    context: &NativeCallContext<'_>,
    set: &RefCell<SetDraft>,
    name: Option<&Dynamic>,
    options: Option<&Dynamic>,
    body: &Dynamic,
) -> Result<()> {
    let target = match body.read_lock::<TaskSetHandle>() {
        Some(nested) => TargetDraft::Enter(nested.clone()),
        None => TargetDraft::Call(function(context, "a task", "a function or a task set", body)?),
    };
    let own_name = match &target {
        TargetDraft::Enter(nested) => {
            Some(nested.0.try_borrow().map(|nested| nested.name.clone()).unwrap_or_default())
        }
        TargetDraft::Call(function) => function.name().map(str::to_owned),
        TargetDraft::Stop => None,
    };
    let name = name.map(|name| string("the name of a task", name)).transpose()?;
    let mut task = TaskDraft {
        name: name.map(Into::into).or(own_name).unwrap_or_default(),
        weight: 1.0,
        tags: Vec::new(),
        target,
    };
    if let Some(options) = options {
        apply_task_options(&mut task, options)?;
    }
    if task.name.is_empty() {
        return Err(refuse("a closure has no name of its own; write .task(\"name\", |user| ..)"));
    }
    set.borrow_mut().tasks.push(task);
    Ok(())
}

fn apply_task_options(task: &mut TaskDraft, options: &Dynamic) -> Result<()> {
    let Some(options) = options.read_lock::<Map>() else {
        task.weight = weight(options)?;
        return Ok(());
    };
    for (key, value) in options.iter().filter(|(_, value)| !value.is_unit()) {
        match key.as_str() {
            "weight" => task.weight = weight(value)?,
            "tags" => task.tags = strings("`tags`", value)?,
            "name" => task.name = string("`name`", value)?.into(),
            unknown => {
                let hint = nearest(unknown, TASK_OPTIONS.iter().copied()).map_or_else(
                    || format!("known are {}", TASK_OPTIONS.join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                return Err(refuse(format!("unknown option `{unknown}` of a task; {hint}")));
            }
        }
    }
    Ok(())
}

/// Registers what both builders have in common. Builders are handles: each call changes the thing and returns it.
pub(super) fn register_builder<B: Builder>(engine: &mut Engine) {
    type Context<'a> = NativeCallContext<'a>;
    engine.register_fn("task", |context: Context<'_>, builder: &mut B, body: Dynamic| -> Result<B> {
        add_task(&context, builder.set(), None, None, &body)?;
        Ok(builder.clone())
    });
    engine.register_fn(
        "task",
        |context: Context<'_>, builder: &mut B, first: Dynamic, second: Dynamic| -> Result<B> {
            if first.is_string() {
                add_task(&context, builder.set(), Some(&first), None, &second)?;
            } else {
                add_task(&context, builder.set(), None, Some(&second), &first)?;
            }
            Ok(builder.clone())
        },
    );
    engine.register_fn(
        "task",
        |context: Context<'_>,
         builder: &mut B,
         name: Dynamic,
         options: Dynamic,
         body: Dynamic|
         -> Result<B> {
            add_task(&context, builder.set(), Some(&name), Some(&options), &body)?;
            Ok(builder.clone())
        },
    );
    engine.register_fn("tags", |builder: &mut B, tags: Dynamic| -> Result<B> {
        builder.set().borrow_mut().tags.extend(strings("tags", &tags)?);
        Ok(builder.clone())
    });
    engine.register_fn("wait_time", |context: Context<'_>, builder: &mut B, wait: Dynamic| -> Result<B> {
        let wait = match wait.read_lock::<WaitDraft>() {
            Some(wait) => wait.clone(),
            None if wait.is_int() || wait.is_float() => {
                return Err(refuse(format!("a wait is made by constant({wait}) or between(a, b)")));
            }
            None => WaitDraft::Call(function(
                &context,
                "a wait",
                "between(a, b), constant(s), .. or a function that returns seconds",
                &wait,
            )?),
        };
        builder.set().borrow_mut().wait = Some(wait);
        Ok(builder.clone())
    });
    engine.register_fn("on_start", |context: Context<'_>, builder: &mut B, hook: Dynamic| -> Result<B> {
        builder.set().borrow_mut().on_start = Some(function(&context, "on_start", "a function", &hook)?);
        Ok(builder.clone())
    });
    engine.register_fn("on_stop", |context: Context<'_>, builder: &mut B, hook: Dynamic| -> Result<B> {
        builder.set().borrow_mut().on_stop = Some(function(&context, "on_stop", "a function", &hook)?);
        Ok(builder.clone())
    });
    engine.register_fn("sequential", |builder: &mut B| -> Result<B> {
        let mut set = builder.set().borrow_mut();
        if let TaskOrder::Markov(_) = set.order {
            return Err(refuse(format!("`{}` has transitions, so it cannot be sequential too", set.name)));
        }
        set.order = TaskOrder::Sequential;
        drop(set);
        Ok(builder.clone())
    });
    engine.register_fn(
        "transition",
        |context: Context<'_>, builder: &mut B, from: Dynamic, to: Dynamic| -> Result<B> {
            add_transition(&context, builder.set(), &from, &to, 1.0)?;
            Ok(builder.clone())
        },
    );
    engine.register_fn(
        "transition",
        |context: Context<'_>, builder: &mut B, from: Dynamic, to: Dynamic, chance: Dynamic| -> Result<B> {
            add_transition(&context, builder.set(), &from, &to, weight(&chance)?)?;
            Ok(builder.clone())
        },
    );
}

/// Makes a set a Markov set, or adds to one. A task is named, or given as itself where that names it.
fn add_transition(
    context: &NativeCallContext<'_>,
    set: &RefCell<SetDraft>,
    from: &Dynamic,
    to: &Dynamic,
    weight: f64,
) -> Result<()> {
    let name = |task: &Dynamic| -> Result<String> {
        if let Some(nested) = task.read_lock::<TaskSetHandle>() {
            return Ok(nested.0.borrow().name.clone());
        }
        if task.is_fnptr() {
            let function = function(context, "a transition", "between tasks", task)?;
            return function.name().map(str::to_owned).ok_or_else(|| {
                refuse(
                    "a closure has no name of its own; write the name of the task: .transition(\"a\", \"b\")",
                )
            });
        }
        Ok(string("a transition leads from a task to a task: each", task)?.into())
    };
    let transition = Transition { from: name(from)?, to: name(to)?, weight, declared_at: place(context) };
    let mut set = set.borrow_mut();
    match &mut set.order {
        TaskOrder::Markov(transitions) => transitions.push(transition),
        TaskOrder::Random => set.order = TaskOrder::Markov(vec![transition]),
        TaskOrder::Sequential => {
            return Err(refuse(format!("`{}` is sequential, so it cannot have transitions too", set.name)));
        }
    }
    Ok(())
}
