//! Calling script functions from native code, each in the environment of the file it stands in.
//!
//! Since Rhai 1.26 a function pointer carries no environment: called from native code it would see neither the imports
//! nor the constants of its script, and a closure that a library returned would not be found at all. So every file ends
//! with a call of [`CAPTURE`] that leaves its environment here, and a function is called in the environment of the file
//! that defines it.

use super::user::User;
use crate::plan::FnId;
use crate::util::{Diagnostic, nearest};
use rhai::{
    AST, Dynamic, Engine, EvalAltResult, FnPtr, GlobalRuntimeState, ImmutableString, Module, NativeCallContext,
    Position, Shared,
};
use std::cell::RefCell;
use std::rc::Rc;

/// The native function that ends every file.
const CAPTURE: &str = "katydid_capture_environment";

/// A function as a script gave it: a pointer, and where it was given.
#[derive(Clone, Debug)]
pub(super) struct ScriptFn {
    pointer: FnPtr,
    /// The file to look in first.
    source: Option<ImmutableString>,
    /// `file:line:column` of the declaration that it was given to.
    place: String,
}

/// A function of an imported library, named without calling it: `.task(shop::browse)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LibraryFn {
    /// Source name of the library.
    pub(super) library: ImmutableString,
    /// Name of the function.
    pub(super) function: ImmutableString,
}

impl ScriptFn {
    /// Reads a function pointer or a function of a library; `source` is the file that the declaration stands in.
    pub(super) fn read(value: &Dynamic, source: Option<&str>, place: String) -> Option<Self> {
        if let Some(library) = value.read_lock::<LibraryFn>() {
            let pointer = FnPtr::new(library.function.clone()).ok()?;
            return Some(Self { pointer, source: Some(library.library.clone()), place });
        }
        let pointer = value.read_lock::<FnPtr>()?.clone();
        Some(Self { pointer, source: source.map(Into::into), place })
    }

    /// The name of a named function; none for a closure.
    pub(super) fn name(&self) -> Option<&str> {
        (!self.pointer.is_anonymous()).then(|| self.pointer.fn_name())
    }
}

/// What the functions of one file see: its functions, imports and constants.
struct Environment {
    source: ImmutableString,
    global: GlobalRuntimeState,
    lib: Shared<Module>,
}

impl Environment {
    /// Parameters of the functions called `name`, one entry per overload.
    fn parameters(&self, name: &str) -> Vec<usize> {
        let functions = self.lib.iter_script_fn_info();
        functions.filter(|(_, _, known, ..)| *known == name).map(|(_, _, _, count, _)| count).collect()
    }
}

/// The environments of all files of an engine, in the order in which their top levels ended.
#[derive(Clone, Default)]
pub(super) struct Environments(Rc<RefCell<Vec<Rc<Environment>>>>);

impl Environments {
    /// Registers the function that captures.
    pub(super) fn register(&self, engine: &mut Engine) {
        let environments = self.clone();
        engine.register_fn(CAPTURE, move |context: NativeCallContext<'_>| environments.capture(&context));
    }

    /// Lets `ast` end with a capture.
    pub(super) fn instrument(engine: &Engine, ast: &mut AST) {
        let last = engine.compile(format!("{CAPTURE}()")).expect("a call without arguments is valid");
        ast.combine(last);
    }

    #[expect(deprecated, reason = "the only way to a context's environment; the version is pinned")]
    fn capture(&self, context: &NativeCallContext<'_>) {
        let captured = context.store_data().global;
        let Some(lib) = captured.lib.last().cloned() else { return };
        let mut global = context.engine().new_global_runtime_state();
        for (name, module) in captured.iter_imports_raw() {
            global.push_import(name.clone(), module.clone());
        }
        global.lib.push(lib.clone());
        global.constants.clone_from(&captured.constants);
        global.source.clone_from(&captured.source);
        let source = captured.source.clone().unwrap_or_default();
        self.0.borrow_mut().push(Rc::new(Environment { source, global, lib }));
    }

    /// The environment that defines `function`, and how many parameters it takes there besides the captured ones.
    fn find(&self, function: &ScriptFn) -> Option<(Rc<Environment>, Vec<usize>)> {
        let environments = self.0.borrow();
        let at_home = |environment: &&Rc<Environment>| Some(&environment.source) == function.source.as_ref();
        let (home, abroad): (Vec<_>, Vec<_>) = environments.iter().partition(at_home);
        let abroad = if function.pointer.is_anonymous() { abroad } else { Vec::new() };
        home.into_iter().chain(abroad).find_map(|environment| {
            let parameters = environment.parameters(function.pointer.fn_name());
            (!parameters.is_empty()).then(|| (environment.clone(), parameters))
        })
    }

    /// Names of the functions that could be meant in `source`.
    fn names(&self, source: Option<&ImmutableString>) -> Vec<String> {
        let environments = self.0.borrow();
        let home = environments.iter().filter(|environment| Some(&environment.source) == source);
        home.flat_map(|environment| environment.lib.iter_script_fn_info().map(|(_, _, name, ..)| name.to_owned()))
            .collect()
    }
}

/// A function that can be called: tasks, hooks and waits.
struct Function {
    pointer: FnPtr,
    environment: Rc<Environment>,
    takes_user: bool,
}

/// The functions of a plan, by their numbers.
pub(super) struct FunctionTable {
    environments: Environments,
    functions: Vec<Function>,
}

impl FunctionTable {
    /// An empty table over `environments`.
    pub(super) fn new(environments: Environments) -> Self {
        Self { environments, functions: Vec::new() }
    }

    /// Gives `function` a number.
    ///
    /// # Errors
    ///
    /// When it is not found, or takes other parameters than none or `user`.
    pub(super) fn add(&mut self, function: &ScriptFn) -> Result<FnId, Diagnostic> {
        let name = function.pointer.fn_name();
        let (environment, parameters) = self.environments.find(function).ok_or_else(|| self.not_found(function))?;
        let captured = function.pointer.curry().len();
        let takes = |count: usize| parameters.contains(&(count + captured));
        if !takes(0) && !takes(1) {
            let given = parameters.iter().map(|count| count.saturating_sub(captured)).max().unwrap_or(0);
            let what = function.name().map_or_else(|| "this closure".to_owned(), |name| format!("`{name}`"));
            return Err(Diagnostic::error(format!("{what} takes {given} parameters, but gets only `user`"))
                .note(format!("declared at {}", function.place))
                .help(format!("write `|user| {name}(user, ..)`", name = function.name().unwrap_or("f"))));
        }
        debug_assert!(!name.is_empty());
        self.functions.push(Function {
            pointer: function.pointer.clone(),
            environment,
            takes_user: takes(1),
        });
        let id = u32::try_from(self.functions.len() - 1);
        Ok(FnId(id.expect("a script declares fewer than four thousand million functions")))
    }

    fn not_found(&self, function: &ScriptFn) -> Diagnostic {
        let name = function.pointer.fn_name();
        let names = self.environments.names(function.source.as_ref());
        let diagnostic = Diagnostic::error(format!("there is no function `{name}` to run"))
            .note(format!("declared at {}", function.place));
        match nearest(name, names.iter().map(String::as_str)) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic.help("give a function of this file, a closure, or `library::function`"),
        }
    }

    /// Name and file of a function, for those who look into its source.
    pub(super) fn location(&self, id: FnId) -> (&str, &str) {
        let function = &self.functions[id.0 as usize];
        (function.environment.source.as_str(), function.pointer.fn_name())
    }

    /// Calls a function as `user`. Blocks like any script code: call it on a fiber.
    pub(super) fn call(&self, engine: &Engine, id: FnId, user: User) -> Result<Dynamic, Box<EvalAltResult>> {
        let function = &self.functions[id.0 as usize];
        let environment = &*function.environment;
        let context = NativeCallContext::new_with_all_fields(
            engine,
            function.pointer.fn_name(),
            Some(environment.source.as_str()),
            &environment.global,
            Position::NONE,
        );
        if function.takes_user {
            function.pointer.call_raw(&context, None, [Dynamic::from(user)])
        } else {
            function.pointer.call_raw(&context, None, [])
        }
    }
}
