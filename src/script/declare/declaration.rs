//! Declaring: the builders that the top level of a script calls, and the plan that they leave behind.

use super::arrivals::{self, ArrivalsDraft};
use super::builders::{name_of, register_builder};
use super::lowering::Lowering;
use super::shapes::{self, ShapeHandle};
use super::{class_options, hooks, script_options, settings, waits};
use crate::plan::{Event, Plan, ScriptOption, Settings, TaskOrder, Wait};
use crate::script::source::calls::{FunctionTable, ScriptFn};
use crate::script::value::convert::{refuse, weight, whole};
use crate::util::Diagnostic;
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
pub(super) struct UserClassHandle(pub(super) Rc<ClassDraft>);

impl UserClassHandle {
    /// The name of the class.
    pub(super) fn name(&self) -> String {
        self.0.set.0.borrow().name.clone()
    }
}

/// Everything declared so far by the scripts of one engine.
#[derive(Default)]
pub(in crate::script) struct Declaration {
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
    pub(in crate::script) fn finish(
        &self,
        functions: &mut FunctionTable,
    ) -> std::result::Result<Plan, Diagnostic> {
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
        class.0.http.replace(class_options::read(&options)?);
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
pub(in crate::script) fn register(engine: &mut Engine, declaration: &Rc<Declaration>) {
    register_task_set(engine, declaration);
    register_user_class(engine, declaration);
    waits::register(engine);
    shapes::register(engine, declaration);
    hooks::register(engine, declaration);
    settings::register(engine, declaration);
    script_options::register(engine, declaration);
    arrivals::register(engine, declaration);
}
