//! Calling script functions from native code, each in the environment of the file it stands in.
//!
//! Since Rhai 1.26 a function pointer carries no environment: called from native code it would see neither the imports
//! nor the constants of its script, and a closure that a library returned would not be found at all. So every file keeps
//! the environment that its top level ended with, and a function is called in that of the file that defines it.

use super::files::{Files, SourceFile};
use super::imports::{self, LibraryFn};
use super::syntax;
use crate::plan::FnId;
use crate::script::data::handles::is_handle;
use crate::util::{Diagnostic, nearest};
use rhai::{
    Caches, Dynamic, Engine, EvalAltResult, FnPtr, GlobalRuntimeState, ImmutableString, Position, Scope, Stmt,
};
use std::cell::RefCell;
use std::rc::Rc;

/// What the argument of a task, an `on_start`, an `on_stop` or a wait is called.
pub(in crate::script) const USER: &str = "user";

/// A function as a script gave it: a pointer, and where it was given.
#[derive(Clone, Debug)]
pub(in crate::script) struct ScriptFn {
    pointer: FnPtr,
    /// The file to look in first.
    source: Option<ImmutableString>,
    /// `file:line:column` of the declaration that it was given to.
    place: String,
}

impl ScriptFn {
    /// Reads a function pointer or a function of a library; `source` is the file that the declaration stands in.
    pub(in crate::script) fn read(value: &Dynamic, source: Option<&str>, place: String) -> Option<Self> {
        let pointer = value.read_lock::<FnPtr>()?.clone();
        // A function of a library is given as a pointer that knows where it comes from.
        let (pointer, source) = match imports::origin(&pointer) {
            Some(LibraryFn { library, pointer }) => (pointer, Some(library)),
            None => (pointer, source.map(Into::into)),
        };
        Some(Self { pointer, source, place })
    }

    /// The name of a named function; none for a closure.
    pub(in crate::script) fn name(&self) -> Option<&str> {
        (!self.pointer.is_anonymous()).then(|| self.pointer.fn_name())
    }
}

/// A function that can be called: tasks, hooks, waits and load shapes.
struct Function {
    name: ImmutableString,
    source: ImmutableString,
    /// Shared by the functions of a file.
    environment: Rc<GlobalRuntimeState>,
    /// Names of captured variables, then of the argument, if it takes one.
    parameters: Vec<ImmutableString>,
    captured: Vec<Dynamic>,
    body: Box<[Stmt]>,
    findings: Findings,
}

/// Which functions calls in a file were found to mean, for the next call of one of its functions: Rhai itself forgets it
/// whenever a call from native code ends, and looking it up again is a tenth of the cost of a simple request. A function
/// that waits has its own.
#[derive(Clone, Default)]
#[expect(clippy::vec_box, reason = "moved for every call, and some hundred bytes large")]
struct Findings(Rc<RefCell<Vec<Box<Caches>>>>);

impl Findings {
    /// More than so many users wait for an answer at a time only where there is much to do anyway.
    const MOST: usize = 64;

    fn take(&self) -> Box<Caches> {
        self.0.borrow_mut().pop().unwrap_or_default()
    }

    fn keep(&self, caches: Box<Caches>) {
        let mut kept = self.0.borrow_mut();
        if kept.len() < Self::MOST {
            kept.push(caches);
        }
    }
}

/// The functions of a plan, by their numbers.
pub(in crate::script) struct FunctionTable {
    files: Files,
    functions: Vec<Function>,
}

impl FunctionTable {
    /// An empty table over `files`, whose top levels have ended.
    pub(in crate::script) fn new(files: Files) -> Self {
        Self { files, functions: Vec::new() }
    }

    /// Gives `function` a number. It will be called with one argument, which messages and their examples call
    /// `argument`.
    ///
    /// # Errors
    ///
    /// When it is not found, or takes other parameters than none or that one.
    pub(in crate::script) fn add(&mut self, function: &ScriptFn, argument: &str) -> Result<FnId, Diagnostic> {
        let name = function.pointer.fn_name();
        let file = self.file_of(function).ok_or_else(|| self.not_found(function))?;
        let parameters = parameters(&file, name);
        let own = function.pointer.curry().len();
        let takes = |count: usize| parameters.contains(&(count + own));
        if !takes(0) && !takes(1) {
            let given = parameters.iter().map(|count| count.saturating_sub(own)).max().unwrap_or(0);
            let what = function.name().map_or_else(|| "this closure".to_owned(), |name| format!("`{name}`"));
            let help = match function.name() {
                Some(name) => {
                    // A closure has no name of its own, and a task needs one.
                    let task = if argument == USER { format!("\"{name}\", ") } else { String::new() };
                    format!("give a closure that knows the rest: `{task}|{argument}| {name}({argument}, ..)`")
                }
                None => format!("write it as `|{argument}| ..`"),
            };
            let message = format!("{what} takes {given} parameters, but gets only `{argument}`");
            return Err(self.place(Diagnostic::error(message).help(help), function));
        }
        let environment = file.environment.get().ok_or_else(|| self.not_found(function))?;
        let count = own + usize::from(takes(1));
        let mut definitions = file.ast.iter_fn_def();
        let definition = definitions.find(|known| known.name == name && known.params.len() == count);
        let definition = definition.ok_or_else(|| self.not_found(function))?;
        let same_file = self.functions.iter().find(|known| known.source == file.name.as_str());
        self.functions.push(Function {
            name: name.into(),
            source: file.name.as_str().into(),
            environment: environment.clone(),
            parameters: definition.params.to_vec(),
            captured: function.pointer.curry().iter().map(captured).collect(),
            body: syntax::statements(definition),
            findings: same_file.map(|known| known.findings.clone()).unwrap_or_default(),
        });
        let id = u32::try_from(self.functions.len() - 1);
        Ok(FnId(id.expect("a script declares fewer than four thousand million functions")))
    }

    /// The file that defines `function`: the one that it was given in, or, for a closure, any that has it.
    fn file_of(&self, function: &ScriptFn) -> Option<Rc<SourceFile>> {
        let name = function.pointer.fn_name();
        let home = function.source.as_ref().and_then(|source| self.files.find(source));
        let home = home.filter(|file| !parameters(file, name).is_empty());
        if home.is_none() && function.pointer.is_anonymous() { self.files.defining(name) } else { home }
    }

    fn not_found(&self, function: &ScriptFn) -> Diagnostic {
        let name = function.pointer.fn_name();
        let home = function.source.as_ref().and_then(|source| self.files.find(source));
        let names: Vec<String> = home
            .iter()
            .flat_map(|file| file.ast.iter_functions().map(|known| known.name.to_owned()))
            .collect();
        let message = format!("there is no function `{name}` to run");
        let diagnostic = self.place(Diagnostic::error(message), function);
        match nearest(name, names.iter().map(String::as_str)) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic.help("give a function of this file, a closure, or `library::function`"),
        }
    }

    /// The diagnostic at the call that `function` was given to.
    fn place(&self, diagnostic: Diagnostic, function: &ScriptFn) -> Diagnostic {
        self.show(diagnostic, &function.place)
    }

    /// The diagnostic at a `file:line:column`, with its line.
    pub(in crate::script) fn show(&self, diagnostic: Diagnostic, place: &str) -> Diagnostic {
        match crate::plan::place(place) {
            Some(place) => match self.files.find(&place.file) {
                Some(file) => diagnostic.at(file.place(place.line, place.column)),
                None => diagnostic.at(place),
            },
            None => diagnostic,
        }
    }

    /// Name and file of a function, for those who look into its source.
    pub(in crate::script) fn location(&self, id: FnId) -> (&str, &str) {
        let function = &self.functions[id.0 as usize];
        (&function.source, &function.name)
    }

    /// Calls a function with its argument, if it takes one. Blocks like any script code: call it on a fiber.
    pub(in crate::script) fn call(
        &self,
        engine: &Engine,
        id: FnId,
        argument: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let function = &self.functions[id.0 as usize];
        let mut global = GlobalRuntimeState::clone(&function.environment);
        global.level += 1;
        // Not that of the file: a constant of the function is nobody else's.
        global.scope_level += 1;
        let imports = global.num_imports();
        let mut scope = Scope::new();
        let values = function.captured.iter().cloned().chain([argument]);
        function.parameters.iter().zip(values).for_each(|(name, value)| {
            scope.push_dynamic(name.clone(), value);
        });
        let mut caches = function.findings.take();
        #[expect(deprecated, reason = "Rhai has no other way to call a function with what it found before")]
        let result = engine.eval_statements_raw(&mut global, &mut caches, &mut scope, &function.body);
        // What is imported in a function is found there only.
        if self.files.names_are_clear() && global.num_imports() == imports {
            function.findings.keep(caches);
        }
        result.map_err(|error| {
            // What stopped the script from outside too: Rhai knows the line at most, not the file.
            let (name, source) = (function.name.to_string(), function.source.to_string());
            EvalAltResult::ErrorInFunctionCall(name, source, error, Position::NONE).into()
        })
    }
}

/// The same pointer, linked to its definition: a call then needs no look-up by name.
pub(in crate::script) fn linked(file: &SourceFile, pointer: &FnPtr, parameters: usize) -> FnPtr {
    let name = pointer.fn_name();
    let mut definitions = file.ast.iter_fn_def();
    let definition = definitions.find(|known| known.name == name && known.params.len() == parameters);
    definition.map_or_else(
        || pointer.clone(),
        |definition| {
            let mut linked = FnPtr::from(definition.clone());
            linked.set_curry(pointer.curry().iter().map(captured));
            linked
        },
    )
}

/// A captured value as its closure gets it. Rhai locks what is shared during a method call on it: one user that waits in
/// `queue.pop(5)` would keep all others out. A copy of a handle is the same thing, and nobody else's.
fn captured(value: &Dynamic) -> Dynamic {
    if is_handle(value) { value.flatten_clone() } else { value.clone() }
}

/// How many parameters the functions of `file` called `name` take, one entry per overload.
pub(in crate::script) fn parameters(file: &SourceFile, name: &str) -> Vec<usize> {
    file.ast.iter_fn_def().filter(|known| known.name == name).map(|known| known.params.len()).collect()
}
