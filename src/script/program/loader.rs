//! From script files to a script that can run, on one thread.

use super::engine;
use super::explain::{explain, panicked};
use super::script::{Core, Script};
use crate::plan::Plan;
use crate::script::check;
use crate::script::context::current::Actor;
use crate::script::context::world::World;
use crate::script::declare::declaration::Declaration;
use crate::script::fiber::{Fiber, FiberEnd, Limits};
use crate::script::source::calls::FunctionTable;
use crate::script::source::files::{Files, SourceFile};
use crate::script::source::homonyms;
use crate::script::source::imports::{self, Resolver};
use crate::script::source::stdlib;
use crate::script::user::pace;
use crate::util::{Diagnostic, Severity};
use rhai::Engine;
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
        let mut mains = self.read(&engine, &files)?;
        let findings = check::check(&engine, &files);
        let (errors, warnings): (Vec<_>, Vec<_>) =
            findings.into_iter().partition(|finding| finding.severity == Severity::Error);
        if !errors.is_empty() {
            return Err(errors);
        }
        homonyms::separate(&engine, &files).map_err(|error| vec![error])?;
        for main in &mut mains {
            *main = files.find(&main.name).unwrap_or_else(|| main.clone());
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
        let script = Script::new(Core { engine, functions, files, limits: self.limits, classes });
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
pub(super) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}
