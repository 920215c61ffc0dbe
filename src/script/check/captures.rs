//! Tasks that change a variable which they captured: each shard has its own copy, so the sum is never what was meant.
//! And blocks that captured the user whose method runs them: Rhai has locked it, so they can never run.

use super::findings::{Scope, each_call};
use crate::script::source::files::SourceFile;
use crate::script::source::syntax::{self, Call, Closure};
use crate::util::Diagnostic;
use rhai::{AST, ASTNode, Expr, Position, Stmt};
use std::collections::BTreeSet;

/// Whoever takes a closure that users run.
const TAKES_TASKS: [&str; 4] = ["task", "on_start", "on_stop", "wait_time"];

pub(super) fn check(scope: &Scope<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    each_call(scope.file, |call, path| {
        found.extend(block_with_its_receiver(scope.file, call, path));
        let hook = !call.method && call.call.name == "on" && call.call.args.len() == 2;
        if hook || (call.method && TAKES_TASKS.contains(&call.call.name.as_str())) {
            for closure in call.call.args.iter().filter_map(syntax::closure) {
                let changed = changes(&scope.file.ast, &closure);
                let warn = |(name, position): (String, Position)| warning(scope.file, hook, &name, position);
                found.extend(changed.into_iter().map(warn));
            }
        }
    });
    found
}

/// Whoever runs the closure it is given before it returns.
const RUNS_BLOCKS: [&str; 2] = ["transaction", "timed"];

/// `user.transaction(name, || user.get(..))`: the call has locked `user`, and so the block cannot have it.
fn block_with_its_receiver(file: &SourceFile, call: Call<'_>, path: &[ASTNode<'_>]) -> Option<Diagnostic> {
    let [.., ASTNode::Expr(Expr::Dot(dot, ..)), _] = path else { return None };
    let (receiver, _) = syntax::root(&dot.lhs).filter(|_| RUNS_BLOCKS.contains(&call.call.name.as_str()))?;
    let mut blocks = call.call.args.iter().filter_map(syntax::closure);
    blocks.find(|block| block.captured.iter().any(|name| name == receiver))?;
    let message = format!("the block captured `{receiver}`, which the call of `{}` is using", call.call.name);
    let help = format!("give the block `{receiver}` as its parameter: `|{receiver}| {{ .. }}`");
    Some(Diagnostic::error(message).at(file.at(call.position)).help(help))
}

fn warning(file: &SourceFile, hook: bool, name: &str, position: Position) -> Diagnostic {
    let (who, help) = if hook {
        ("hook", format!("hand it to users by data::store(..): `data::store(\"run\").set(\"{name}\", ..)`"))
    } else {
        ("task", format!("keep in each user what belongs to it: `user.{name}`"))
    };
    Diagnostic::warning(format!("a {who} changes `{name}`, which it captured from outside"))
        .at(file.at(position))
        .note("every shard has its own copy, shared by the users on it")
        .help(help)
}

/// Assignments to captured variables, in the closure and in closures that it makes.
fn changes(ast: &AST, closure: &Closure) -> Vec<(String, Position)> {
    let Some(body) = syntax::bodies(ast, &closure.function).pop() else { return Vec::new() };
    let shadowed = declared(&body);
    let captured: BTreeSet<&str> =
        closure.captured.iter().map(String::as_str).filter(|name| !shadowed.contains(*name)).collect();
    if captured.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut inner = Vec::new();
    syntax::walk(&body, |path| match path.last() {
        Some(ASTNode::Stmt(Stmt::Assignment(assignment))) => {
            let root = syntax::root(&assignment.1.lhs).filter(|(name, _)| captured.contains(name));
            found.extend(root.map(|(name, position)| (name.to_owned(), position)));
        }
        Some(ASTNode::Expr(expression)) => inner.extend(syntax::closure(expression)),
        _ => {}
    });
    for mut closure in inner {
        closure.captured.retain(|name| captured.contains(name.as_str()));
        // A closure without captured variables is met twice, inside of its currying too: it changes nothing.
        found.extend(changes(ast, &closure));
    }
    found.sort_by_key(|(_, position)| (position.line(), position.position()));
    found.dedup();
    found
}

/// What the closure declares itself under a captured name is no longer the captured one.
fn declared(body: &AST) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    syntax::walk(body, |path| match path.last() {
        Some(ASTNode::Stmt(Stmt::Var(variable, ..))) => {
            names.insert(variable.0.as_str().to_owned());
        }
        Some(ASTNode::Stmt(Stmt::For(one, _))) => {
            names.insert(one.0.as_str().to_owned());
            names.extend(one.1.iter().map(|counter| counter.as_str().to_owned()));
        }
        _ => {}
    });
    names
}
