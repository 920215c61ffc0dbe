//! Variables that a function cannot see.

use super::findings::Scope;
use crate::script::error::{foreign_word, purity_help};
use crate::script::source::files::SourceFile;
use crate::script::source::syntax::{self, Variable};
use crate::util::{Diagnostic, nearest};
use rhai::{ASTNode, Engine, EvalAltResult, Expr, Position, Stmt};
use std::collections::BTreeSet;

pub(super) fn check(scope: &Scope<'_>, engine: &Engine) -> Vec<Diagnostic> {
    let mut found = library_variables(scope);
    let top = syntax::top_level(&scope.file.ast);
    for function in scope.file.ast.iter_functions().filter(|function| !function.name.starts_with("anon$")) {
        let Some(body) = syntax::body(&scope.file.ast, function.name, function.params.len()) else {
            continue;
        };
        // Custom syntax may declare variables that the tree does not show.
        if has_custom_syntax(&body) {
            continue;
        }
        let mut local: BTreeSet<String> = function.params.iter().map(|&name| name.to_owned()).collect();
        local.extend(declared(&body));
        for (name, position) in unresolved(&body) {
            if scope.own.contains_key(&name) || local.contains(&name) || provided(engine, &name) {
                continue;
            }
            let top = top.iter().rfind(|variable| variable.name == name);
            found.push(unknown(scope, &name, position, top, &local));
        }
    }
    found
}

fn unknown(
    scope: &Scope<'_>,
    name: &str,
    position: Position,
    top: Option<&Variable>,
    local: &BTreeSet<String>,
) -> Diagnostic {
    let place = scope.file.at(position);
    if let Some(variable) = top {
        return Diagnostic::error(format!("`{name}` is not visible in a function"))
            .at(place)
            .help(purity_help(variable));
    }
    let unknown = Diagnostic::error(format!("no variable `{name}`")).at(place);
    if let Some(meant) = foreign_word(name) {
        return unknown.help(meant);
    }
    let known = local.iter().chain(scope.own.keys());
    match nearest(name, known.map(String::as_str)) {
        Some(near) => unknown.help(format!("did you mean `{near}`?")),
        None if scope.world.functions.namespaces.contains_key(name) || scope.aliases.contains_key(name) => {
            unknown.help(format!("`{name}` is a namespace: write `{name}::..`"))
        }
        None => unknown,
    }
}

/// Variables that the parser found no declaration for.
fn unresolved(body: &rhai::AST) -> Vec<(String, Position)> {
    let mut found = Vec::new();
    syntax::walk(body, |path| {
        if let Some(ASTNode::Expr(Expr::Variable(variable, None, position))) = path.last()
            && variable.0.is_none()
            && variable.2.is_empty()
        {
            found.push((variable.1.to_string(), *position));
        }
    });
    found
}

/// Everything that the function declares anywhere, closures apart.
fn declared(body: &rhai::AST) -> Vec<String> {
    let mut names = Vec::new();
    syntax::walk(body, |path| match path.last() {
        Some(ASTNode::Stmt(Stmt::Var(variable, ..))) => names.push(variable.0.as_str().to_owned()),
        Some(ASTNode::Stmt(Stmt::For(one, _))) => {
            names.push(one.0.as_str().to_owned());
            names.extend(one.1.iter().map(|counter| counter.as_str().to_owned()));
        }
        Some(ASTNode::Stmt(Stmt::TryCatch(parts, _))) => {
            if let Expr::Variable(variable, ..) = &parts.expr {
                names.push(variable.1.to_string());
            }
        }
        _ => {}
    });
    names
}

fn has_custom_syntax(body: &rhai::AST) -> bool {
    let mut custom = false;
    syntax::walk(body, |path| custom |= matches!(path.last(), Some(ASTNode::Expr(Expr::Custom(..)))));
    custom
}

/// Does the host provide a variable of this name (`Engine::on_var`)?
fn provided(engine: &Engine, name: &str) -> bool {
    !matches!(
        engine.eval_expression::<rhai::Dynamic>(name).map_err(|error| *error),
        Err(EvalAltResult::ErrorVariableNotFound(..))
    )
}

/// `shop::tasks`, where the library has no such function and exports no such variable.
fn library_variables(scope: &Scope<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    syntax::walk(&scope.file.ast, |path| {
        if let Some(ASTNode::Expr(Expr::Variable(variable, _, position))) = path.last()
            && let [alias] = &variable.2.path[..]
            && let Some(Some(library)) = scope.aliases.get(alias.as_str())
            && !syntax::offers(&library.ast).iter().any(|name| *name == *variable.1)
        {
            found.push(not_offered(scope.file, library, alias.as_str(), &variable.1, *position));
        }
    });
    found
}

fn not_offered(
    file: &SourceFile,
    library: &SourceFile,
    alias: &str,
    name: &str,
    position: Position,
) -> Diagnostic {
    let missing = Diagnostic::error(format!("{} exports no `{name}`", library.name)).at(file.at(position));
    if syntax::top_level(&library.ast).iter().any(|variable| variable.name == name) {
        return missing.help(format!("write `export let {name} = ..` in {}", library.name));
    }
    if library.ast.iter_functions().any(|function| function.name == name) {
        return missing.help(format!("the function is `private` in {}", library.name));
    }
    match nearest(name, syntax::offers(&library.ast).iter().map(String::as_str)) {
        Some(near) => missing.help(format!("did you mean `{alias}::{near}`?")),
        None => missing,
    }
}
