//! `import`: where libraries are looked for, and what an imported library looks like from outside.
//!
//! A library is looked for beside the file that imports it, then in each library folder; `std/..` is built in. Its top
//! level runs once per engine, however many files import it and by whatever path, so that it may declare task sets.
//!
//! From outside a library is its public functions and its exported variables. A public function is a value too:
//! `let f = shop::browse;` and `.task(shop::browse, 3)` work, because for each function the module also has a variable
//! of that name (unless it exports one itself), a function pointer that carries its library's environment. Exported
//! closures are treated alike. To whoever calls such a pointer it is a native function named `browse`: it needs no
//! look-up, and it may be given more arguments than the function takes; those are left out. Where it comes from is its
//! first curried value, a [`LibraryFn`]; see [`origin`].

mod library;

pub(in crate::script) use library::{LibraryFn, origin, run_top_level};

use super::files::{Files, SourceFile};
use crate::script::error::fatal;
use crate::util::{Diagnostic, nearest};
use rhai::{AST, Engine, EvalAltResult, GlobalRuntimeState, Module, ModuleResolver, Position, Scope};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

/// The text of a module of the standard library by its full name, as `std/auth`.
pub(super) type StandardLibrary = fn(&str) -> Option<&'static str>;

type Fallible<T> = Result<T, Box<EvalAltResult>>;

/// Resolves imports for one engine.
pub(in crate::script) struct Resolver {
    files: Files,
    folders: Vec<PathBuf>,
    standard: StandardLibrary,
    /// Name of a library by its canonical path: one file is one library.
    names: RefCell<BTreeMap<PathBuf, String>>,
    /// Evaluated libraries by name.
    modules: RefCell<BTreeMap<String, Rc<Module>>>,
    /// Names of the files whose top level runs right now, the main script first.
    running: RefCell<Vec<String>>,
}

/// Where a library is.
enum Found {
    Standard(String, &'static str),
    File(PathBuf),
}

impl Resolver {
    /// Libraries are looked for beside the importing file, then in `folders` in their order; every file that is read
    /// is kept in `files`.
    pub(in crate::script) fn new(files: Files, folders: Vec<PathBuf>, standard: StandardLibrary) -> Self {
        Self {
            files,
            folders,
            standard,
            names: RefCell::default(),
            modules: RefCell::default(),
            running: RefCell::default(),
        }
    }

    /// Reads and compiles what `request` in `importer` means, without running it; a file is read once.
    fn load(
        &self,
        engine: &Engine,
        importer: Option<&SourceFile>,
        request: &str,
    ) -> Result<Rc<SourceFile>, Diagnostic> {
        if let Some(known) = importer.and_then(|importer| self.files.linked(&importer.name, request)) {
            return Ok(known);
        }
        let file = match self.find(importer, request)? {
            Found::Standard(name, text) => match self.files.find(&name) {
                Some(known) => known,
                None => self.files.compile(engine, &name, None, text)?,
            },
            Found::File(path) => self.read(engine, &path)?,
        };
        if let Some(importer) = importer {
            self.files.link(&importer.name, request, &file.name);
        }
        Ok(file)
    }

    fn find(&self, importer: Option<&SourceFile>, request: &str) -> Result<Found, Diagnostic> {
        let base = request.strip_suffix(".rhai").unwrap_or(request);
        let mut looked = Vec::new();
        if base.starts_with("std/") {
            match (self.standard)(base) {
                Some(text) => return Ok(Found::Standard(base.to_owned(), text)),
                None => looked.push("the standard library".to_owned()),
            }
        }
        let file = format!("{base}.rhai");
        for path in self.candidates(importer, Path::new(&file)) {
            if path.is_file() {
                return Ok(Found::File(path));
            }
            looked.push(tidy(&path).display().to_string());
        }
        looked.dedup();
        let missing = Diagnostic::error(format!("no library `{request}`"));
        let missing =
            looked.into_iter().fold(missing, |missing, place| missing.note(format!("looked at {place}")));
        let near = nearest(base, super::stdlib::names()).filter(|_| base.starts_with("std/"));
        Err(missing.help(match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "a path is relative to the importing file, then to each `-I` folder and KATYDID_PATH"
                .to_owned(),
        }))
    }

    fn candidates(&self, importer: Option<&SourceFile>, file: &Path) -> Vec<PathBuf> {
        if file.is_absolute() {
            return vec![file.to_owned()];
        }
        let beside = importer.map(|importer| importer.path.as_deref().and_then(Path::parent));
        let beside = match beside {
            Some(Some(folder)) => Some(folder.join(file)),
            // A module of the standard library is beside no file.
            Some(None) if importer.is_some_and(|importer| importer.name.starts_with("std/")) => None,
            Some(None) | None => Some(file.to_owned()),
        };
        beside.into_iter().chain(self.folders.iter().map(|folder| folder.join(file))).collect()
    }

    fn read(&self, engine: &Engine, path: &Path) -> Result<Rc<SourceFile>, Diagnostic> {
        let shown = tidy(path).display().to_string();
        let canonical = path.canonicalize().map_err(|failure| unreadable(&shown, &failure))?;
        if let Some(known) = self.known(&canonical) {
            return Ok(known);
        }
        let text = std::fs::read_to_string(path).map_err(|failure| unreadable(&shown, &failure))?;
        let taken = self.files.find(&shown).is_some();
        let name = if taken { canonical.display().to_string() } else { shown };
        let file = self.files.compile(engine, &name, Some(path.to_owned()), &text)?;
        self.names.borrow_mut().insert(canonical, name);
        Ok(file)
    }

    /// The file of that path, if it was read already, as a library or as a main script.
    fn known(&self, canonical: &Path) -> Option<Rc<SourceFile>> {
        if let Some(name) = self.names.borrow().get(canonical) {
            return self.files.find(name);
        }
        let same = |file: &SourceFile| {
            file.path.as_ref().is_some_and(|path| path.canonicalize().is_ok_and(|path| path == canonical))
        };
        self.files.all().into_iter().find(|file| same(file))
    }

    /// The module that `file` becomes, evaluated the first time it is asked for.
    fn module(
        &self,
        engine: &Engine,
        global: &GlobalRuntimeState,
        importer: &str,
        file: &Rc<SourceFile>,
    ) -> Fallible<Rc<Module>> {
        if let Some(module) = self.modules.borrow().get(&file.name) {
            return Ok(Rc::clone(module));
        }
        self.enter(importer, &file.name)?;
        let module = library::evaluate(engine, global, file);
        self.leave();
        let module = Rc::new(module?);
        self.modules.borrow_mut().insert(file.name.clone(), Rc::clone(&module));
        Ok(module)
    }

    fn enter(&self, importer: &str, library: &str) -> Fallible<()> {
        let mut running = self.running.borrow_mut();
        if running.is_empty() {
            running.push(importer.to_owned());
        }
        if let Some(start) = running.iter().position(|name| name == library) {
            let circle = cycle(&running[start..], library);
            drop(running);
            self.leave_if_alone();
            return Err(fatal(circle));
        }
        running.push(library.to_owned());
        Ok(())
    }

    fn leave(&self) {
        self.running.borrow_mut().pop();
        self.leave_if_alone();
    }

    /// When no library runs any more, the main script is forgotten too: the next one may be another.
    fn leave_if_alone(&self) {
        let mut running = self.running.borrow_mut();
        if running.len() == 1 {
            running.clear();
        }
    }
}

impl ModuleResolver for Resolver {
    fn resolve_raw(
        &self,
        engine: &Engine,
        global: &mut GlobalRuntimeState,
        _: &mut Scope<'_>,
        path: &str,
        position: Position,
    ) -> Fallible<Rc<Module>> {
        let importer = global.source().unwrap_or_default().to_owned();
        let known = self.files.find(&importer);
        let file = self
            .load(engine, known.as_deref(), path)
            .map_err(|failure| in_module(path, fatal(self.placed(failure, &importer, position)), position))?;
        self.module(engine, global, &importer, &file).map_err(|failure| match *failure {
            EvalAltResult::ErrorSystem(text, inner) => match inner.downcast::<Diagnostic>() {
                Ok(inner) if inner.place.is_none() => {
                    in_module(path, fatal(self.placed(*inner, &importer, position)), position)
                }
                Ok(inner) => in_module(&file.name, fatal(*inner), position),
                Err(inner) => in_module(&file.name, EvalAltResult::ErrorSystem(text, inner).into(), position),
            },
            failure => in_module(&file.name, failure.into(), position),
        })
    }

    fn resolve(
        &self,
        engine: &Engine,
        source: Option<&str>,
        path: &str,
        position: Position,
    ) -> Fallible<Rc<Module>> {
        let mut global = engine.new_global_runtime_state();
        global.source = source.map(Into::into);
        self.resolve_raw(engine, &mut global, &mut Scope::new(), path, position)
    }

    /// Loads a library without running it; the tree's source is its name in [`Files`].
    fn resolve_ast(
        &self,
        engine: &Engine,
        source: Option<&str>,
        path: &str,
        position: Position,
    ) -> Option<Fallible<AST>> {
        let importer = source.unwrap_or_default();
        let known = self.files.find(importer);
        let loaded = self.load(engine, known.as_deref(), path);
        Some(
            loaded.map(|file| file.ast.clone()).map_err(|failure| {
                in_module(path, fatal(self.placed(failure, importer, position)), position)
            }),
        )
    }
}

impl Resolver {
    /// A library that is not there is the fault of the `import`; a broken one has its own place.
    fn placed(&self, failure: Diagnostic, importer: &str, position: Position) -> Diagnostic {
        if failure.place.is_some() || importer.is_empty() {
            return failure;
        }
        failure.at(self.files.place(importer, position))
    }
}

fn in_module(name: &str, inner: Box<EvalAltResult>, position: Position) -> Box<EvalAltResult> {
    EvalAltResult::ErrorInModule(name.to_owned(), inner, position).into()
}

fn unreadable(shown: &str, failure: &std::io::Error) -> Diagnostic {
    Diagnostic::error(format!("cannot read the library: {failure}")).note(format!("the file is {shown}"))
}

/// `chain` ends with the file that imports its own start, `name`.
pub(in crate::script) fn cycle(chain: &[String], name: &str) -> Diagnostic {
    let chain: Vec<_> = chain.iter().map(String::as_str).chain([name]).collect();
    Diagnostic::error("these files import one another in a circle")
        .note(chain.join(" imports "))
        .help("move what both need into a third library")
}

/// Without `.` and without `a/..`, to be read.
fn tidy(path: &Path) -> PathBuf {
    let mut tidied = PathBuf::new();
    for part in path.components() {
        let last = tidied.components().next_back();
        match (part, last) {
            (Component::CurDir, _) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => {
                tidied.pop();
            }
            (part, _) => tidied.push(part),
        }
    }
    tidied
}

#[cfg(test)]
mod tests;
