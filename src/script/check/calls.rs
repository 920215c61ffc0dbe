//! Calls of functions that nobody has.

use super::findings::{Scope, each_call};
use crate::script::source::files::SourceFile;
use crate::script::source::functions::Arities;
use crate::script::source::syntax::{self, Call};
use crate::util::{Diagnostic, nearest};
use rhai::{ASTNode, Expr, FnAccess, Position};
use std::collections::BTreeSet;

/// What the language resolves by itself, whatever the number of arguments.
const LANGUAGE: [&str; 2] = ["call", "curry"];

pub(super) fn check(scope: &Scope<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    each_call(scope.file, |call, _| {
        let wrong = match (call.call.namespace.is_empty(), call.method) {
            (false, _) => qualified(scope, call),
            (true, true) => method(scope, call),
            (true, false) => function(scope, call),
        };
        found.extend(wrong);
    });
    found
}

fn function(scope: &Scope<'_>, call: Call<'_>) -> Option<Diagnostic> {
    let (name, count) = (call.call.name.as_str(), call.call.args.len());
    if LANGUAGE.contains(&name) {
        return None;
    }
    let mut counts = counts_of(&scope.world.functions.global, name);
    counts.extend(counts_of(&scope.own, name));
    if counts.contains(&count) {
        return None;
    }
    if !counts.is_empty() {
        return Some(wrong_count(scope.file, name, call.position, count, &counts));
    }
    let unknown = Diagnostic::error(format!("no function `{name}`")).at(scope.file.at(call.position));
    let known = scope.world.functions.global.keys().chain(scope.own.keys());
    Some(match nearest(name, known.map(String::as_str)) {
        Some(near) => unknown.help(format!("did you mean `{near}`?")),
        None if scope.declares(name) => unknown
            .help(format!("`{name}` is a variable: a function in a variable is called by `{name}.call(..)`")),
        None => match scope.home_of(name) {
            Some(home) => unknown.help(format!("did you mean `{home}::{name}(..)`?")),
            None => unknown.help(format!(
                "write `fn {name}(..)` in this file, or import the library that has it and write `library::{name}(..)`"
            )),
        },
    })
}

/// Whether `file` has a function of that name that knows nothing of `this`: called as a method it forgets its receiver,
/// which nobody can mean.
fn hides_method(file: &SourceFile, name: &str, count: usize) -> bool {
    syntax::body(&file.ast, name, count).is_some_and(|body| {
        let mut uses_this = false;
        syntax::walk(&body, |path| uses_this |= matches!(path.last(), Some(ASTNode::Expr(Expr::ThisPtr(_)))));
        !uses_this
    })
}

fn method(scope: &Scope<'_>, call: Call<'_>) -> Option<Diagnostic> {
    let (name, count) = (call.call.name.as_str(), call.call.args.len());
    if LANGUAGE.contains(&name) || scope.world.keys.contains(name) {
        return None;
    }
    // A native function counts its receiver, a script function has it as `this`.
    let native = counts_of(&scope.world.functions.global, name);
    let mut counts: BTreeSet<usize> = native.iter().filter_map(|count| count.checked_sub(1)).collect();
    let hidden = counts.contains(&count) && hides_method(scope.file, name, count);
    counts.extend(counts_of(&scope.own, name));
    if hidden {
        let message = format!("this calls `fn {name}` of this file, not the method `{name}`");
        let wrong = Diagnostic::error(message).at(scope.file.at(call.position));
        return Some(
            wrong.help("give the function another name: with as many arguments it comes before the method"),
        );
    }
    if counts.contains(&count) {
        return None;
    }
    if !counts.is_empty() {
        let wrong = wrong_count(scope.file, name, call.position, count, &counts);
        // `thing.f()` for `fn f(thing)`: the receiver of a script function is `this`, and no argument.
        let as_function = counts_of(&scope.own, name).contains(&(count + 1));
        return Some(if as_function {
            wrong.help(format!("write `{name}(..)` with the value before the dot as first argument"))
        } else {
            wrong
        });
    }
    let unknown = Diagnostic::error(format!("no method `{name}`")).at(scope.file.at(call.position));
    let methods =
        scope.world.functions.global.iter().filter(|(_, counts)| counts.iter().any(|count| *count > 0));
    let known = methods.map(|(name, _)| name).chain(scope.own.keys());
    Some(match nearest(name, known.map(String::as_str)) {
        Some(near) => unknown.help(format!("did you mean `{near}`?")),
        None => unknown,
    })
}

fn qualified(scope: &Scope<'_>, call: Call<'_>) -> Option<Diagnostic> {
    let path: Vec<&str> = call.call.namespace.path.iter().map(rhai::Ident::as_str).collect();
    let namespace = path.join("::");
    let (name, count) = (call.call.name.as_str(), call.call.args.len());
    let counts = match scope.aliases.get(path[0]) {
        Some(library) => of_library(scope, library.as_deref()?, &path[1..])?,
        None => match scope.world.functions.namespaces.get(&namespace) {
            Some(counts) => counts.clone(),
            None if scope.knows_namespace(&namespace) => return None,
            None => return Some(unknown_namespace(scope, &namespace, call.call.namespace.position())),
        },
    };
    match counts.get(name) {
        Some(known) if known.contains(&count) => None,
        Some(known) => {
            let wrong = wrong_count(scope.file, &format!("{namespace}::{name}"), call.position, count, known);
            Some(wrong)
        }
        None => {
            let unknown = Diagnostic::error(format!("no function `{namespace}::{name}`"))
                .at(scope.file.at(call.position));
            Some(match nearest(name, counts.keys().map(String::as_str)) {
                Some(near) => unknown.help(format!("did you mean `{namespace}::{near}`?")),
                None if counts.len() <= 12 => {
                    unknown.help(format!("`{namespace}` has {}", list(counts.keys())))
                }
                None => unknown,
            })
        }
    }
}

/// The public functions of a library, or of what it imports itself by the names in `path`.
fn of_library(scope: &Scope<'_>, library: &SourceFile, path: &[&str]) -> Option<Arities> {
    match path {
        [] => {
            let mut counts = Arities::new();
            for function in
                library.ast.iter_functions().filter(|function| function.access == FnAccess::Public)
            {
                counts.entry(function.name.to_owned()).or_default().insert(function.params.len());
            }
            counts.retain(|name, _| !name.starts_with("anon$"));
            Some(counts)
        }
        [alias, rest @ ..] => {
            let inner = syntax::library_of(scope.world.files, library, alias)?;
            of_library(scope, &inner, rest)
        }
    }
}

fn unknown_namespace(scope: &Scope<'_>, namespace: &str, position: Position) -> Diagnostic {
    let known = scope.world.functions.namespaces.keys().chain(scope.aliases.keys());
    let unknown = Diagnostic::error(format!("no namespace `{namespace}`")).at(scope.file.at(position));
    match nearest(namespace, known.map(String::as_str)) {
        Some(near) => unknown.help(format!("did you mean `{near}`?")),
        None => unknown.help(format!("a library is imported by `import \"path\" as {namespace};`")),
    }
}

fn wrong_count(
    file: &SourceFile,
    name: &str,
    position: Position,
    count: usize,
    known: &BTreeSet<usize>,
) -> Diagnostic {
    let known: Vec<String> = known.iter().map(ToString::to_string).collect();
    let plural = if known.len() == 1 && known[0] == "1" { "argument" } else { "arguments" };
    let known = match known.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => "no".to_owned(),
    };
    let known = if known == "0" { "no".to_owned() } else { known };
    Diagnostic::error(format!("`{name}` takes {known} {plural}, not {count}")).at(file.at(position))
}

fn counts_of(arities: &Arities, name: &str) -> BTreeSet<usize> {
    arities.get(name).cloned().unwrap_or_default()
}

fn list<'a>(names: impl Iterator<Item = &'a String>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

impl Scope<'_> {
    /// Is there a variable `name` anywhere in the file? Good enough for a help text.
    fn declares(&self, name: &str) -> bool {
        let mut declared = self.file.ast.iter_functions().any(|function| function.params.contains(&name));
        syntax::walk(&self.file.ast, |path| {
            if let Some(rhai::ASTNode::Stmt(rhai::Stmt::Var(variable, ..))) = path.last() {
                declared |= variable.0.as_str() == name;
            }
        });
        declared
    }

    /// A namespace that has a function `name`.
    fn home_of(&self, name: &str) -> Option<String> {
        let libraries = self.aliases.iter().filter_map(|(alias, library)| Some((alias, library.as_ref()?)));
        for (alias, library) in libraries {
            if of_library(self, library, &[]).is_some_and(|known| known.contains_key(name)) {
                return Some(alias.clone());
            }
        }
        let namespaces = self.world.functions.namespaces.iter();
        namespaces
            .filter(|(_, known)| known.contains_key(name))
            .map(|(namespace, _)| namespace.clone())
            .next()
    }

    /// Does the engine have anything inside of `namespace`?
    fn knows_namespace(&self, namespace: &str) -> bool {
        let inside = format!("{namespace}::");
        self.world.functions.namespaces.keys().any(|known| known.starts_with(&inside))
    }
}
