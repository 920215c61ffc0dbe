//! Can a task leave the set that it is in?

use crate::script::source::syntax;
use rhai::{AST, ASTNode};
use std::collections::BTreeSet;

/// What ends a task set, from inside of a task: leaving it, ending its user, ending the run.
const LEAVING: [&str; 3] = ["interrupt", "stop", "stop_test"];

/// Does the function or closure `name` of `ast` contain a call that leaves its task set, itself or in a function of the
/// same file that it calls?
///
/// What a library does is not known here: a call into one counts as leaving, if it is given anything at all. The answer
/// serves a warning, and a wrong warning is worse than none.
pub(in crate::script) fn calls_interrupt(ast: &AST, name: &str) -> bool {
    let libraries: BTreeSet<String> = syntax::imports(ast)
        .into_iter()
        .filter_map(|import| import.alias)
        .chain(syntax::dynamic_imports(ast))
        .collect();
    let mut seen = BTreeSet::new();
    let mut waiting = vec![name.to_owned()];
    while let Some(name) = waiting.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        if syntax::bodies(ast, &name).iter().any(|body| leaves(body, &libraries, &mut waiting)) {
            return true;
        }
    }
    false
}

/// Does `body` itself leave? What it calls is added to `waiting`.
fn leaves(body: &AST, libraries: &BTreeSet<String>, waiting: &mut Vec<String>) -> bool {
    let mut leaves = false;
    syntax::walk(body, |path| {
        let Some(node) = path.last() else { return };
        if let ASTNode::Expr(expression) = node {
            waiting.extend(syntax::closure(expression).map(|closure| closure.function));
            // A function that is handed to somebody may be called by him.
            waiting.extend(syntax::root(expression).map(|(name, _)| name.to_owned()));
        }
        let Some(call) = syntax::call(node) else { return };
        let namespace = &call.call.namespace;
        if namespace.is_empty() {
            leaves |= LEAVING.contains(&call.call.name.as_str());
            waiting.push(call.call.name.to_string());
        } else {
            leaves |= libraries.contains(namespace.root()) && !call.call.args.is_empty();
        }
    });
    leaves
}

#[cfg(test)]
mod tests {
    use super::calls_interrupt;
    use rhai::Engine;

    #[test]
    fn follows_calls_and_closures_of_the_file() {
        let text = "import \"lib\" as lib;
            fn direct(user) { if user.done { user.interrupt(); } }
            fn through(user) { helper(user, 1); }
            fn helper(user, n) { if n == 0 { stop_test(\"end\"); } else { helper(user, n - 1); } }
            fn block(user) { user.transaction(\"t\", |user| user.interrupt(false)); }
            fn handed(user) { user.timed(\"T\", \"n\", direct); }
            fn library(user) { lib::anything(user); }
            fn names_only(user) { let interrupt = 1; lib::constant(); user.get(\"/interrupt\"); random::int(1, 2); }
            fn circle(user) { again(user); } fn again(user) { circle(user); }";
        let ast = Engine::new().compile(text).unwrap();
        for leaving in ["direct", "through", "block", "handed", "library"] {
            assert!(calls_interrupt(&ast, leaving), "{leaving}");
        }
        for staying in ["names_only", "circle", "missing"] {
            assert!(!calls_interrupt(&ast, staying), "{staying}");
        }
    }
}
