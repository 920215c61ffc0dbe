//! A script, read, declared and ready to run on one thread.

use super::engine;
use crate::plan::{Event, FnId, Plan, UserTarget};
use crate::script::check;
use crate::script::context::current::Actor;
use crate::script::context::world::World;
use crate::script::declare::declaration::Declaration;
use crate::script::declare::hooks::{self, Fields};
use crate::script::declare::shapes;
use crate::script::error;
use crate::script::fiber::Limits;
use crate::script::fiber::control::Control;
use crate::script::fiber::{Fiber, FiberEnd, Stopped};
use crate::script::source::calls::FunctionTable;
use crate::script::source::files::{Files, SourceFile};
use crate::script::source::imports::{self, Resolver};
use crate::script::source::stdlib;
use crate::script::user::{User, pace};
use crate::util::{Diagnostic, Place, Severity};
use rhai::{Dynamic, Engine, EvalAltResult, Position};
use std::cell::RefCell;
use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// What scripts to load and how: the same for every shard.
#[derive(Clone, Debug)]
pub struct Loader {
    /// The scripts of the run.
    pub scripts: Vec<PathBuf>,
    /// Folders to look for libraries in, after the importing file's own.
    pub libraries: Vec<PathBuf>,
    /// Bounds of script code.
    pub limits: Limits,
    /// What all users of the process share.
    pub world: Arc<World>,
}

/// What loading gives.
pub struct Loaded {
    /// The functions, ready to be called on this thread.
    pub script: Script,
    /// What the top levels declared.
    pub plan: Plan,
    /// What the user should know although the run can start.
    pub warnings: Vec<Diagnostic>,
}

/// The functions of the loaded scripts, on the thread that loaded them.
#[derive(Clone)]
pub struct Script(Rc<Core>);

struct Core {
    engine: Engine,
    functions: Rc<FunctionTable>,
    files: Files,
    limits: Limits,
    /// Names of all user classes, chosen for the run or not.
    classes: Vec<String>,
}

/// How a run of a script function ended.
#[derive(Clone, Debug, PartialEq)]
pub enum TaskEnd {
    /// It returned; a number is kept, for waits.
    Done(Option<f64>),
    /// It leaves its task set; `reschedule` says whether the parent picks at once or waits first.
    Interrupt {
        /// Pick at once.
        reschedule: bool,
    },
    /// It ends this task, as if it had returned.
    Reschedule,
    /// It ends its user.
    StopUser,
    /// It ends the run.
    StopTest(String),
    /// The engine cut it off.
    Cut,
    /// It threw.
    Failed(Exception),
}

/// An exception that a script did not catch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// What happened, in words that group.
    pub message: String,
    /// `file:line` of the statement.
    pub place: String,
    /// The whole story, for the log.
    pub diagnostic: String,
}

impl Loader {
    /// Reads, checks and declares the scripts on this thread. `quiet` keeps the top level from logging and printing:
    /// every shard runs it, one is heard.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the scripts, in the order of the files.
    pub fn load(&self, quiet: bool) -> Result<Loaded, Vec<Diagnostic>> {
        let declaration = Rc::new(Declaration::default());
        let (files, functions) = (Files::default(), pace::Functions::default());
        let mut engine = engine::build(&self.limits, &declaration, &files, &functions);
        engine.set_module_resolver(Resolver::new(files.clone(), self.libraries.clone(), stdlib::source));
        let mains = self.read(&engine, &files)?;
        let findings = check::check(&engine, &files);
        let (errors, warnings): (Vec<_>, Vec<_>) =
            findings.into_iter().partition(|finding| finding.severity == Severity::Error);
        if !errors.is_empty() {
            return Err(errors);
        }
        let actor = Actor::new(0, self.world.clone());
        let actor = Rc::new(if quiet { actor.quiet() } else { actor });
        let engine = Rc::new(engine);
        for main in &mains {
            declare(&engine, main, &files, &actor, &self.limits).map_err(|error| vec![error])?;
        }
        let mut table = FunctionTable::new(files.clone());
        let plan = declaration.finish(&mut table).map_err(|error| vec![error])?;
        let functions = functions.get_or_init(|| Rc::new(table)).clone();
        let Ok(engine) = Rc::try_unwrap(engine) else { unreachable!("the top level has ended") };
        let classes = plan.classes.iter().map(|class| class.name.clone()).collect();
        let script = Script(Rc::new(Core { engine, functions, files, limits: self.limits, classes }));
        Ok(Loaded { script, plan, warnings })
    }

    fn read(&self, engine: &Engine, files: &Files) -> Result<Vec<Rc<SourceFile>>, Vec<Diagnostic>> {
        let mut mains = Vec::new();
        let mut errors = Vec::new();
        for path in &self.scripts {
            match files.read(engine, path) {
                Ok(file) => mains.push(file),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(mains) } else { Err(errors) }
    }
}

/// Runs the top level of `file` on a fiber, so that the guard watches it too.
fn declare(
    engine: &Rc<Engine>,
    file: &Rc<SourceFile>,
    files: &Files,
    actor: &Rc<Actor>,
    limits: &Limits,
) -> Result<(), Diagnostic> {
    let (engine, main) = (engine.clone(), file.clone());
    let fiber =
        Fiber::new(actor.clone(), limits.fiber, move || imports::run_top_level(&engine, &main).map(drop));
    match block_on(fiber.map_err(Diagnostic::error)?) {
        FiberEnd::Returned(Ok(())) => Ok(()),
        FiberEnd::Returned(Err(error)) => Err(explain(&error, files, Some(&file.name), limits)),
        FiberEnd::Panicked(text) => Err(panicked(&text)),
    }
}

/// Polls a future that never really waits: the top level may compute, but not sleep or send.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

fn panicked(text: &str) -> Diagnostic {
    Diagnostic::error(format!("a defect in katydid: {text}"))
        .help("please report it, with the script if you can")
}

/// An error of script code as a diagnostic, where `root` is the file whose top level ran; what the guard stopped is named by its limit.
fn explain(error: &EvalAltResult, files: &Files, root: Option<&str>, limits: &Limits) -> Diagnostic {
    let mut diagnostic = match root {
        Some(root) => error::diagnose_in(error, files, Some(root)),
        None => error::diagnose(error, files),
    };
    match Control::in_error(error) {
        Some(Control::Stopped(stopped @ Stopped::OutOfOperations)) => {
            diagnostic.message = limits.message_of(stopped);
            diagnostic.help = Some(
                "is this loop endless? If not, raise --max-operations, or sleep(..) now and then".to_owned(),
            );
        }
        Some(Control::Stopped(stopped @ Stopped::OutOfStack)) => {
            diagnostic.message = limits.message_of(stopped);
            diagnostic.help = Some("does this recursion end? If so, raise --stack-size".to_owned());
        }
        Some(_) => {
            "this leaves a task, but no task runs here".clone_into(&mut diagnostic.message);
        }
        None => {}
    }
    diagnostic
}

impl Script {
    /// Calls a function as `user`: a future that is ready when the function has ended. Afterwards the verdicts of all
    /// its requests have fallen.
    pub fn call(&self, function: FnId, user: &User) -> Call {
        let (core, callee) = (self.0.clone(), user.clone());
        self.run(user, move || {
            let argument = Dynamic::from(callee.clone());
            callee.tell_after(core.functions.call(&core.engine, function, argument))
        })
    }

    /// Calls a hook of `event` with these fields, on behalf of `user`, whom hooks that may send get as a field too.
    pub fn call_hook(&self, event: Event, function: FnId, user: &User, fields: Fields) -> Call {
        let (core, callee) = (self.0.clone(), user.clone());
        self.run(user, move || {
            let result = {
                let _inside = callee.actor().enter_hook(event);
                core.functions.call(&core.engine, function, hooks::argument(event, &callee, fields))
            };
            callee.tell_after(result)
        })
    }

    /// Tells the hooks of requests what they were not told on a fiber of `user` that has ended.
    pub fn call_listeners(&self, user: &User) -> Call {
        let callee = user.clone();
        self.run(user, move || callee.tell().map(|()| Dynamic::UNIT))
    }

    /// Calls a function on the fiber that runs now.
    pub(in crate::script) fn call_here(
        &self,
        function: FnId,
        argument: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        self.0.functions.call(&self.0.engine, function, argument)
    }

    /// Calls a load shape at `t` seconds since the start of spawning. When the call is done, the answer can be read.
    pub fn shape_at(&self, function: FnId, actor: &Rc<Actor>, t: f64) -> (Call, ShapeAnswer) {
        let value = Rc::new(RefCell::new(Dynamic::UNIT));
        let (core, slot) = (self.0.clone(), value.clone());
        let fiber = Fiber::new(actor.clone(), self.0.limits.fiber, move || {
            let value = core.functions.call(&core.engine, function, t.into())?;
            *slot.borrow_mut() = value;
            Ok(Dynamic::UNIT)
        });
        let call = Call { script: self.clone(), user: None, fiber: fiber.map_err(Some) };
        (call, ShapeAnswer { script: self.clone(), function, value })
    }

    fn run(
        &self,
        user: &User,
        function: impl FnOnce() -> Result<Dynamic, Box<EvalAltResult>> + 'static,
    ) -> Call {
        let fiber = Fiber::new(user.actor().clone(), self.0.limits.fiber, function);
        Call { script: self.clone(), user: Some(user.clone()), fiber: fiber.map_err(Some) }
    }

    /// Whether a function may leave its task set, judged by its source: it, or a function that it calls, says
    /// `interrupt`.
    #[must_use]
    pub fn may_interrupt(&self, function: FnId) -> bool {
        let (source, name) = self.0.functions.location(function);
        self.0.files.find(source).is_some_and(|file| check::calls_interrupt(&file.ast, name))
    }

    /// The same diagnostic with the source line of its place, where that is in one of the scripts.
    #[must_use]
    pub fn show_line(&self, mut diagnostic: Diagnostic) -> Diagnostic {
        if let Some(place) = &mut diagnostic.place
            && let Some(file) = self.0.files.find(&place.file)
        {
            *place = file.place(place.line, place.column);
        }
        diagnostic
    }

    /// Where a script sends a request to a relative url, if one does.
    #[must_use]
    pub fn relative_url(&self) -> Option<Place> {
        check::first_relative(&self.0.files)
    }

    pub(in crate::script) fn end_of(&self, result: Result<Dynamic, Box<EvalAltResult>>) -> TaskEnd {
        let error = match result {
            #[expect(clippy::cast_precision_loss, reason = "a wait in seconds")]
            Ok(value) => {
                return TaskEnd::Done(value.as_float().or_else(|_| value.as_int().map(|n| n as f64)).ok());
            }
            Err(error) => error,
        };
        match Control::in_error(&error) {
            Some(Control::Interrupt { reschedule }) => TaskEnd::Interrupt { reschedule },
            Some(Control::Reschedule) => TaskEnd::Reschedule,
            Some(Control::StopUser) => TaskEnd::StopUser,
            Some(Control::StopTest(reason)) => TaskEnd::StopTest(reason),
            Some(Control::Stopped(Stopped::Cut)) => TaskEnd::Cut,
            Some(Control::Stopped(_)) | None => TaskEnd::Failed(self.exception(&error)),
        }
    }

    fn exception(&self, error: &EvalAltResult) -> Exception {
        let diagnostic = explain(error, &self.0.files, None, &self.0.limits);
        let (_, place) = error::exception_key(error);
        Exception { message: diagnostic.message.clone(), place, diagnostic: diagnostic.to_string() }
    }
}

impl Script {
    /// What a load shape wants at `t` seconds, for those who are not running it; none = the run is to end.
    ///
    /// # Errors
    ///
    /// When it throws, or returns what is no target.
    pub fn shape_now(
        &self,
        function: FnId,
        actor: &Rc<Actor>,
        t: f64,
        plan: &Plan,
    ) -> Result<Option<UserTarget>, Diagnostic> {
        let core = self.0.clone();
        let shape = move || core.functions.call(&core.engine, function, t.into());
        let fiber = Fiber::new(actor.clone(), self.0.limits.fiber, shape).map_err(Diagnostic::error)?;
        let target = match block_on(fiber) {
            FiberEnd::Returned(value) => value.and_then(|value| self.target(function, &value, plan)),
            FiberEnd::Panicked(text) => return Err(panicked(&text)),
        };
        target.or_else(|error| match Control::in_error(&error) {
            Some(Control::StopTest(_)) => Ok(None),
            _ => Err(explain(&error, &self.0.files, None, &self.0.limits)),
        })
    }

    /// What the load shape `function` means by `value`; an error is placed at the function.
    fn target(
        &self,
        function: FnId,
        value: &Dynamic,
        plan: &Plan,
    ) -> Result<Option<UserTarget>, Box<EvalAltResult>> {
        shapes::target(value, &self.0.classes, plan).map_err(|error| {
            let (source, name) = self.0.functions.location(function);
            let (source, name) = (source.to_owned(), name.to_owned());
            Box::new(EvalAltResult::ErrorInFunctionCall(name, source, error, Position::NONE))
        })
    }
}

/// What a load shape returned.
pub struct ShapeAnswer {
    script: Script,
    function: FnId,
    value: Rc<RefCell<Dynamic>>,
}

impl ShapeAnswer {
    /// The target that it means, for the classes of `plan`, which was filtered perhaps; none = the run is to end.
    ///
    /// # Errors
    ///
    /// When it is no target. The exception is placed at the function.
    pub fn target(&self, plan: &Plan) -> Result<Option<UserTarget>, Exception> {
        let target = self.script.target(self.function, &self.value.borrow(), plan);
        target.map_err(|error| self.script.exception(&error))
    }
}

/// A run of a script function.
pub struct Call {
    script: Script,
    /// Whose requests get their verdicts when it has ended; none for a function that has no user.
    user: Option<User>,
    /// The fiber, or why there is none; that is told once.
    fiber: Result<Fiber<Result<Dynamic, Box<EvalAltResult>>>, Option<String>>,
}

impl Call {
    /// Ends the function where it stands: what it waits for is dropped, and it can wait no more.
    pub fn cut(&mut self) {
        if let Ok(fiber) = &mut self.fiber {
            fiber.cut();
        }
    }
}

impl Future for Call {
    type Output = TaskEnd;

    fn poll(mut self: std::pin::Pin<&mut Self>, context: &mut Context<'_>) -> Poll<TaskEnd> {
        let end = match &mut self.fiber {
            Ok(fiber) => match std::pin::Pin::new(fiber).poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(FiberEnd::Returned(result)) => self.script.end_of(result),
                Poll::Ready(FiberEnd::Panicked(text)) => failed(panicked(&text)),
            },
            Err(text) => failed(Diagnostic::error(text.take().unwrap_or_default())),
        };
        if let Some(user) = &self.user {
            user.settle(matches!(end, TaskEnd::Cut));
        }
        Poll::Ready(end)
    }
}

fn failed(diagnostic: Diagnostic) -> TaskEnd {
    let text = diagnostic.to_string();
    TaskEnd::Failed(Exception { message: diagnostic.message, place: String::new(), diagnostic: text })
}
