//! All checks, over all files and the libraries that they import.

use super::{calls, captures, keys, variables};
use crate::script::error;
use crate::script::source::files::{Files, SourceFile};
use crate::script::source::functions::Functions;
use crate::script::source::imports::cycle;
use crate::script::source::syntax;
use crate::util::Diagnostic;
use rhai::{ASTNode, Engine, Expr};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Checks every file in `files` and every library that they import, against the functions of `engine`.
///
/// Libraries are read and compiled, but not run. Errors and warnings come in the order of the files and lines.
pub(in crate::script) fn check(engine: &Engine, files: &Files) -> Vec<Diagnostic> {
    let mut found = load_libraries(engine, files);
    let world = World::new(engine, files);
    for file in &world.all {
        let scope = world.scope(file);
        found.extend(calls::check(&scope));
        found.extend(keys::check(&scope));
        found.extend(variables::check(&scope, engine));
        found.extend(captures::check(&scope));
    }
    sort(&mut found, files);
    found
}

/// What all checks look at.
pub(super) struct World<'a> {
    pub(super) files: &'a Files,
    pub(super) all: Vec<Rc<SourceFile>>,
    pub(super) functions: &'a Functions,
    /// Names that may be closures in a map, anywhere.
    pub(super) keys: BTreeSet<String>,
}

/// What one file can name.
pub(super) struct Scope<'a> {
    pub(super) world: &'a World<'a>,
    pub(super) file: &'a Rc<SourceFile>,
    /// Script functions by name, with their numbers of parameters.
    pub(super) own: BTreeMap<String, BTreeSet<usize>>,
    /// Libraries by alias; `None` where it is not known which one it is.
    pub(super) aliases: BTreeMap<String, Option<Rc<SourceFile>>>,
}

impl<'a> World<'a> {
    fn new(engine: &Engine, files: &'a Files) -> Self {
        let all = files.all();
        let keys = all.iter().flat_map(|file| property_names(file)).collect();
        Self { files, all, functions: files.learn(engine), keys }
    }

    fn scope(&'a self, file: &'a Rc<SourceFile>) -> Scope<'a> {
        Scope { world: self, file, own: script_functions(file), aliases: self.aliases(file) }
    }

    fn aliases(&self, file: &SourceFile) -> BTreeMap<String, Option<Rc<SourceFile>>> {
        let mut aliases = BTreeMap::new();
        for import in syntax::imports(&file.ast) {
            let Some(alias) = import.alias else { continue };
            let library = self.files.linked(&file.name, &import.path);
            let one = aliases.entry(alias).or_insert_with(|| library.clone());
            // The same alias for two libraries, in two functions: either may be meant.
            if one.as_ref().map(|file| &file.name) != library.as_ref().map(|file| &file.name) {
                *one = None;
            }
        }
        aliases.extend(syntax::dynamic_imports(&file.ast).into_iter().map(|alias| (alias, None)));
        aliases
    }
}

fn script_functions(file: &SourceFile) -> BTreeMap<String, BTreeSet<usize>> {
    let mut own: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for function in file.ast.iter_functions().filter(|function| !function.name.starts_with("anon$")) {
        own.entry(function.name.to_owned()).or_default().insert(function.params.len());
    }
    own
}

/// Keys of map literals, properties and literal indexes: a method of such a name may be a closure kept there.
fn property_names(file: &SourceFile) -> Vec<String> {
    let mut names = Vec::new();
    syntax::walk(&file.ast, |path| match path.last() {
        Some(ASTNode::Expr(Expr::Map(map, _))) => {
            names.extend(map.0.iter().map(|(key, _)| key.as_str().to_owned()));
        }
        Some(ASTNode::Expr(Expr::Property(property, _))) => names.push(property.2.to_string()),
        Some(ASTNode::Expr(Expr::Index(index, ..))) => names.extend(syntax::string(&index.rhs)),
        Some(ASTNode::Expr(Expr::DynamicConstant(value, _))) => {
            names.extend(
                value.read_lock::<rhai::Map>().iter().flat_map(|map| map.keys()).map(ToString::to_string),
            );
        }
        _ => {}
    });
    names
}

/// Compiles every library that is imported by a literal path, and what these import.
fn load_libraries(engine: &Engine, files: &Files) -> Vec<Diagnostic> {
    let mut loader = Loader { engine, files, done: BTreeSet::new(), found: Vec::new() };
    for file in files.all() {
        loader.visit(&file, &mut Vec::new());
    }
    loader.found
}

struct Loader<'a> {
    engine: &'a Engine,
    files: &'a Files,
    done: BTreeSet<String>,
    found: Vec<Diagnostic>,
}

impl Loader<'_> {
    fn visit(&mut self, file: &Rc<SourceFile>, chain: &mut Vec<String>) {
        if !self.done.insert(file.name.clone()) {
            return;
        }
        chain.push(file.name.clone());
        for import in syntax::imports(&file.ast) {
            let resolver = self.engine.module_resolver();
            match resolver.resolve_ast(self.engine, Some(&file.name), &import.path, import.position) {
                Some(Ok(ast)) => self.follow(file, &import, ast.source().unwrap_or_default(), chain),
                Some(Err(failure)) => {
                    self.found.push(error::diagnose_in(&failure, self.files, Some(&file.name)));
                }
                None => {}
            }
        }
        chain.pop();
    }

    fn follow(&mut self, file: &SourceFile, import: &syntax::Import, library: &str, chain: &mut Vec<String>) {
        if let Some(start) = chain.iter().position(|name| name == library) {
            self.found.push(cycle(&chain[start..], library).at(file.at(import.position)));
        } else if let Some(library) = self.files.find(library) {
            self.visit(&library, chain);
        }
    }
}

/// By file in the order of reading, then by line; each thing is said once.
fn sort(found: &mut Vec<Diagnostic>, files: &Files) {
    let order: BTreeMap<_, _> =
        files.all().iter().enumerate().map(|(index, file)| (file.name.clone(), index)).collect();
    found.sort_by_cached_key(|diagnostic| {
        let place = diagnostic.place.as_ref();
        let file = place.map(|place| order.get(&place.file).copied().unwrap_or(usize::MAX));
        (file, place.map(|place| (place.line, place.column)), diagnostic.message.clone())
    });
    found.dedup();
}

/// Calls `visit` for every call in `file`.
pub(super) fn each_call(file: &SourceFile, mut visit: impl FnMut(syntax::Call<'_>, &[ASTNode<'_>])) {
    syntax::walk(&file.ast, |path| {
        if let Some(call) = path.last().and_then(syntax::call) {
            visit(call, path);
        }
    });
}
