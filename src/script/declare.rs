//! Declaring: the builders that the top level of a script calls, and the plan that they leave behind.

use super::arrivals::{self, ArrivalsDraft};
use super::calls::{FunctionTable, ScriptFn};
use super::convert::{refuse, string, strings, type_text, weight, whole};
use super::lowering::Lowering;
use super::options::TASK_OPTIONS;
use super::shapes::{self, ShapeHandle};
use super::{hooks, script_options, settings, waits};
use crate::plan::{Event, Plan, ScriptOption, Settings, TaskOrder, Transition, Wait};
use crate::util::{Diagnostic, nearest};
use rhai::{Dynamic, Engine, EvalAltResult, ImmutableString, Map, NativeCallContext};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

type Result<T> = std::result::Result<T, Box<EvalAltResult>>;

/// A place in a script as plain text: `file:line:column`.
pub(super) fn place(context: &NativeCallContext<'_>) -> String {
    let file = context.call_source().unwrap_or("script");
    match (context.call_position().line(), context.call_position().position()) {
        (Some(line), Some(column)) => format!("{file}:{line}:{column}"),
        _ => file.to_owned(),
    }
}

/// A wait as declared: its function has no number yet.
#[derive(Clone)]
pub(super) enum WaitDraft {
    /// One of the built-in waits.
    Ready(Wait),
    /// A function that returns seconds.
    Call(ScriptFn),
}

/// A task set while it is being declared.
#[derive(Clone, Default)]
pub(super) struct SetDraft {
    pub(super) name: String,
    pub(super) tasks: Vec<TaskDraft>,
    pub(super) tags: Vec<String>,
    pub(super) wait: Option<WaitDraft>,
    pub(super) on_start: Option<ScriptFn>,
    pub(super) on_stop: Option<ScriptFn>,
    pub(super) order: TaskOrder,
    pub(super) declared_at: String,
}

/// A task while its set is being declared.
#[derive(Clone)]
pub(super) struct TaskDraft {
    pub(super) name: String,
    pub(super) weight: f64,
    pub(super) tags: Vec<String>,
    pub(super) target: TargetDraft,
}

/// What a task does, as declared.
#[derive(Clone)]
pub(super) enum TargetDraft {
    Call(ScriptFn),
    Enter(TaskSetHandle),
    Stop,
}

/// What `task_set(..)` returns: a handle, so a call changes the set and returns it.
#[derive(Clone)]
pub(super) struct TaskSetHandle(pub(super) Rc<RefCell<SetDraft>>);

/// A user class while it is being declared.
pub(super) struct ClassDraft {
    pub(super) set: TaskSetHandle,
    pub(super) weight: Cell<f64>,
    pub(super) fixed_count: Cell<Option<usize>>,
    pub(super) host: RefCell<Option<String>>,
    pub(super) http: RefCell<serde_json::Map<String, serde_json::Value>>,
}

/// What `user_class(..)` returns: a handle likewise.
#[derive(Clone)]
pub(super) struct UserClassHandle(Rc<ClassDraft>);

impl UserClassHandle {
    /// The name of the class.
    pub(super) fn name(&self) -> String {
        self.0.set.0.borrow().name.clone()
    }
}

/// Everything declared so far by the scripts of one engine.
#[derive(Default)]
pub(super) struct Declaration {
    classes: RefCell<Vec<UserClassHandle>>,
    pub(super) shapes: RefCell<Vec<ShapeHandle>>,
    pub(super) hooks: RefCell<Vec<(Event, ScriptFn)>>,
    pub(super) settings: RefCell<Option<Settings>>,
    pub(super) options: RefCell<Vec<ScriptOption>>,
    pub(super) arrivals: RefCell<Vec<ArrivalsDraft>>,
    /// Requests, waits and declarations each belong to one of two times.
    over: Cell<bool>,
}

impl Declaration {
    /// Whether the top level has ended.
    pub(super) fn is_over(&self) -> bool {
        self.over.get()
    }

    /// Refuses what only the top level may do.
    pub(super) fn at_top_level(&self, what: &str) -> Result<()> {
        if self.over.get() {
            return Err(refuse(format!(
                "{what} declares; it belongs to the top level of the script, not into a task"
            )));
        }
        Ok(())
    }

    /// The top level has ended: numbers everything, and from now on nothing can be declared.
    ///
    /// # Errors
    ///
    /// When a function that was given as a task, hook or wait cannot be found or takes the wrong parameters; when arrivals
    /// are of no class, or of one that has some; when there are two load shapes, or one names a class that is not
    /// declared.
    pub(super) fn finish(&self, functions: &mut FunctionTable) -> std::result::Result<Plan, Diagnostic> {
        self.over.set(true);
        let mut lowering = Lowering::new(functions);
        for class in self.classes.borrow().iter() {
            lowering.class(&class.0)?;
        }
        let mut plan = lowering.finish();
        for (event, function) in self.hooks.borrow().iter() {
            plan.hooks.add(*event, functions.add(function, hooks::ARGUMENT)?);
        }
        plan.arrivals = arrivals::lower(&self.arrivals.borrow(), &plan.classes, functions)?;
        plan.shape = shapes::lower(&self.shapes.borrow(), functions, &plan.classes)?;
        plan.settings.clone_from(&self.settings.borrow());
        plan.options.clone_from(&self.options.borrow());
        Ok(plan)
    }
}

/// Both builders declare tasks, hooks, waits and tags in a set.
trait Builder: Clone + 'static {
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
fn name_of(what: &str, name: &str) -> Result<String> {
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
fn register_builder<B: Builder>(engine: &mut Engine) {
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

fn register_task_set(engine: &mut Engine, declaration: &Rc<Declaration>) {
    engine.register_type_with_name::<TaskSetHandle>("TaskSet");
    let declaration = declaration.clone();
    engine.register_fn(
        "task_set",
        move |context: NativeCallContext<'_>, name: ImmutableString| -> Result<TaskSetHandle> {
            declaration.at_top_level("task_set(..)")?;
            let name = name_of("a task set", &name)?;
            let draft = SetDraft { name, declared_at: place(&context), ..SetDraft::default() };
            Ok(TaskSetHandle(Rc::new(RefCell::new(draft))))
        },
    );
    register_builder::<TaskSetHandle>(engine);
    let stop = |set: &mut TaskSetHandle, weight: f64| {
        let task = TaskDraft { name: "stop".to_owned(), weight, tags: Vec::new(), target: TargetDraft::Stop };
        set.0.borrow_mut().tasks.push(task);
        set.clone()
    };
    engine.register_fn("stop", move |set: &mut TaskSetHandle| stop(set, 1.0));
    engine.register_fn("stop", move |set: &mut TaskSetHandle, chance: Dynamic| -> Result<TaskSetHandle> {
        Ok(stop(set, weight(&chance)?))
    });
    engine.register_fn(
        "copy",
        |context: NativeCallContext<'_>, set: &mut TaskSetHandle, name: ImmutableString| {
            copy_of(&context, set, &name)
        },
    );
}

/// An independent copy of a set under another name, declared where it was copied.
fn copy_of(context: &NativeCallContext<'_>, set: &TaskSetHandle, name: &str) -> Result<TaskSetHandle> {
    let name = name_of("a copy", name)?;
    let draft = SetDraft { name, declared_at: place(context), ..set.0.borrow().clone() };
    Ok(TaskSetHandle(Rc::new(RefCell::new(draft))))
}

fn register_user_class(engine: &mut Engine, declaration: &Rc<Declaration>) {
    engine.register_type_with_name::<UserClassHandle>("UserClass");
    let declared = declaration.clone();
    let declare = move |name: ImmutableString, declared_at: String| -> Result<UserClassHandle> {
        declared.at_top_level("user_class(..)")?;
        let set = SetDraft { name: name_of("a user class", &name)?, declared_at, ..SetDraft::default() };
        let class = UserClassHandle(Rc::new(ClassDraft {
            set: TaskSetHandle(Rc::new(RefCell::new(set))),
            weight: Cell::new(1.0),
            fixed_count: Cell::new(None),
            host: RefCell::default(),
            http: RefCell::default(),
        }));
        declared.classes.borrow_mut().push(class.clone());
        Ok(class)
    };
    engine.register_fn("user_class", move |context: NativeCallContext<'_>, name: ImmutableString| {
        declare(name, place(&context))
    });
    register_builder::<UserClassHandle>(engine);
    engine.register_fn("weight", |class: &mut UserClassHandle, share: Dynamic| -> Result<UserClassHandle> {
        class.0.weight.set(weight(&share)?);
        Ok(class.clone())
    });
    engine.register_fn(
        "fixed_count",
        |class: &mut UserClassHandle, count: Dynamic| -> Result<UserClassHandle> {
            let count = usize::try_from(whole("fixed_count", &count)?)
                .map_err(|_| refuse("fixed_count must not be negative"))?;
            class.0.fixed_count.set((count > 0).then_some(count));
            Ok(class.clone())
        },
    );
    engine.register_fn("host", |class: &mut UserClassHandle, host: ImmutableString| {
        class.0.host.replace(Some(host.into()));
        class.clone()
    });
    engine.register_fn("http", |class: &mut UserClassHandle, options: Map| -> Result<UserClassHandle> {
        let text = super::json::to_text(&Dynamic::from_map(options))?;
        let options = serde_json::from_str(&text).map_err(|error| refuse(error.to_string()))?;
        class.0.http.replace(options);
        Ok(class.clone())
    });
    let declared = declaration.clone();
    engine.register_fn(
        "copy",
        move |context: NativeCallContext<'_>,
              class: &mut UserClassHandle,
              name: ImmutableString|
              -> Result<UserClassHandle> {
            declared.at_top_level("copy(..)")?;
            let copy = UserClassHandle(Rc::new(ClassDraft {
                set: copy_of(&context, &class.0.set, &name)?,
                weight: class.0.weight.clone(),
                fixed_count: class.0.fixed_count.clone(),
                host: class.0.host.clone(),
                http: class.0.http.clone(),
            }));
            declared.classes.borrow_mut().push(copy.clone());
            Ok(copy)
        },
    );
}

/// Registers everything that declares.
pub(super) fn register(engine: &mut Engine, declaration: &Rc<Declaration>) {
    register_task_set(engine, declaration);
    register_user_class(engine, declaration);
    waits::register(engine);
    shapes::register(engine, declaration);
    hooks::register(engine, declaration);
    settings::register(engine, declaration);
    script_options::register(engine, declaration);
    arrivals::register(engine, declaration);
}
