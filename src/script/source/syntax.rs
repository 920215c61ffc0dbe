//! What can be read off a syntax tree without running it: functions, imports, variables of the top level, closures.

use super::files::{Files, SourceFile};
use rhai::{
    AST, ASTFlags, ASTNode, Dynamic, Expr, FnAccess, FnCallExpr, FnPtr, Module, Position, ScriptFuncDef, Stmt,
};
use std::rc::Rc;

/// An `import` whose path is literal.
#[derive(Debug)]
pub(in crate::script) struct Import {
    /// As written.
    pub(in crate::script) path: String,
    /// The name after `as`.
    pub(in crate::script) alias: Option<String>,
    /// Of the path.
    pub(in crate::script) position: Position,
}

/// A variable or constant of the top level.
#[derive(Debug)]
pub(in crate::script) struct Variable {
    pub(in crate::script) name: String,
    pub(in crate::script) constant: bool,
    /// Visible to who imports the file.
    pub(super) exported: bool,
}

/// Calls `visit` for every node, with the path to it from the statement; functions are included.
pub(in crate::script) fn walk(ast: &AST, mut visit: impl FnMut(&[ASTNode<'_>])) {
    ast.walk(&mut |path: &[ASTNode<'_>]| {
        visit(path);
        true
    });
}

/// The functions called `name`, whatever their numbers of parameters, each as a tree to walk.
pub(in crate::script) fn bodies(ast: &AST, name: &str) -> Vec<AST> {
    ast.iter_fn_def().filter(|function| function.name == name).map(alone).collect()
}

/// The function called `name` with so many parameters, as a tree to walk.
pub(in crate::script) fn body(ast: &AST, name: &str, arity: usize) -> Option<AST> {
    ast.iter_fn_def().find(|function| function.name == name && function.params.len() == arity).map(alone)
}

/// `AST::clone_functions_only_filtered` keeps everything (rhai 1.27.0): it forgets its filter on an empty module.
fn alone(function: &Rc<ScriptFuncDef>) -> AST {
    let mut module = Module::new();
    module.set_script_fn(Rc::clone(function));
    AST::new_from_module(module)
}

/// The statements of a function, without the blocks inside of them.
pub(super) fn statements(function: &Rc<ScriptFuncDef>) -> Box<[Stmt]> {
    let mut found = Vec::new();
    walk(&alone(function), |path| {
        if let [ASTNode::Stmt(statement)] = path {
            found.push((*statement).clone());
        }
    });
    found.into()
}

/// All imports with a literal path, those inside of functions included.
pub(in crate::script) fn imports(ast: &AST) -> Vec<Import> {
    let mut found = Vec::new();
    walk(ast, |path| {
        if let Some(ASTNode::Stmt(Stmt::Import(import, _))) = path.last()
            && let Some(text) = string(&import.0)
        {
            let alias = (!import.1.is_empty()).then(|| import.1.as_str().to_owned());
            found.push(Import { path: text, alias, position: import.0.position() });
        }
    });
    found
}

/// The library that `file` calls `alias`, if it was found.
pub(in crate::script) fn library_of(files: &Files, file: &SourceFile, alias: &str) -> Option<Rc<SourceFile>> {
    let import = imports(&file.ast).into_iter().rfind(|import| import.alias.as_deref() == Some(alias))?;
    files.linked(&file.name, &import.path)
}

/// Names given by imports whose path is computed: nothing is known of them.
pub(in crate::script) fn dynamic_imports(ast: &AST) -> Vec<String> {
    let mut found = Vec::new();
    walk(ast, |path| {
        if let Some(ASTNode::Stmt(Stmt::Import(import, _))) = path.last()
            && string(&import.0).is_none()
        {
            found.push(import.1.as_str().to_owned());
        }
    });
    found
}

/// What the top level declares by `let` and `const`, outside of blocks.
pub(in crate::script) fn top_level(ast: &AST) -> Vec<Variable> {
    let mut found: Vec<Variable> = Vec::new();
    for statement in ast.statements() {
        match statement {
            Stmt::Var(variable, flags, _) => found.push(Variable {
                name: variable.0.as_str().to_owned(),
                constant: flags.contains(ASTFlags::CONSTANT),
                exported: flags.contains(ASTFlags::EXPORTED),
            }),
            Stmt::Export(names, _) => export(&mut found, names.0.as_str(), names.1.as_str()),
            _ => {}
        }
    }
    found
}

/// `export a as b`: `a` itself stays private.
fn export(found: &mut Vec<Variable>, name: &str, alias: &str) {
    let constant = found.iter().rev().any(|variable| variable.name == name && variable.constant);
    if alias.is_empty() || alias == name {
        found
            .iter_mut()
            .filter(|variable| variable.name == name)
            .for_each(|variable| variable.exported = true);
    } else {
        found.push(Variable { name: alias.to_owned(), constant, exported: true });
    }
}

/// What an import of this file can name: public functions and exported variables.
pub(in crate::script) fn offers(ast: &AST) -> Vec<String> {
    let functions = ast
        .iter_functions()
        .filter(|function| function.access == FnAccess::Public && !function.name.starts_with("anon$"));
    let variables =
        top_level(ast).into_iter().filter(|variable| variable.exported).map(|variable| variable.name);
    let mut names: Vec<_> = functions.map(|function| function.name.to_owned()).chain(variables).collect();
    names.sort();
    names.dedup();
    names
}

/// The text of a literal string.
pub(in crate::script) fn string(expression: &Expr) -> Option<String> {
    match expression {
        Expr::StringConstant(text, _) => Some(text.to_string()),
        Expr::DynamicConstant(value, _) => {
            value.read_lock::<rhai::ImmutableString>().map(|text| text.to_string())
        }
        _ => None,
    }
}

/// A closure in the source: the function that it became and the variables that it captured.
#[derive(Debug)]
pub(in crate::script) struct Closure {
    pub(in crate::script) function: String,
    pub(in crate::script) captured: Vec<String>,
}

/// The closure that `expression` is, if it is one.
pub(in crate::script) fn closure(expression: &Expr) -> Option<Closure> {
    match expression {
        Expr::DynamicConstant(value, _) => {
            anonymous(value).map(|function| Closure { function, captured: Vec::new() })
        }
        Expr::FnCall(call, _) => curried(call),
        Expr::Stmt(block) => match block.statements() {
            [Stmt::Share(_), Stmt::Expr(inner)] => closure(inner),
            [Stmt::Share(_), Stmt::FnCall(call, _)] => curried(call),
            _ => None,
        },
        _ => None,
    }
}

fn curried(call: &FnCallExpr) -> Option<Closure> {
    let (first, captured) = call.args.split_first()?;
    let inner = if call.name == "curry" { closure(first)? } else { return None };
    let captured = captured.iter().filter_map(|argument| match argument {
        Expr::Variable(variable, ..) => Some(variable.1.to_string()),
        _ => None,
    });
    Some(Closure { function: inner.function, captured: captured.collect() })
}

fn anonymous(value: &Dynamic) -> Option<String> {
    let pointer = value.read_lock::<FnPtr>()?;
    pointer.is_anonymous().then(|| pointer.fn_name().to_owned())
}

/// A call, however it is written.
#[derive(Clone, Copy)]
pub(in crate::script) struct Call<'a> {
    pub(in crate::script) call: &'a FnCallExpr,
    pub(in crate::script) position: Position,
    /// Written as `receiver.name(..)`.
    pub(in crate::script) method: bool,
}

/// The call that `node` is; operators are none.
pub(in crate::script) fn call<'a>(node: &ASTNode<'a>) -> Option<Call<'a>> {
    let (call, position, method) = match *node {
        ASTNode::Expr(Expr::FnCall(call, position)) | ASTNode::Stmt(Stmt::FnCall(call, position)) => {
            (call, position, false)
        }
        ASTNode::Expr(Expr::MethodCall(call, position)) => (call, position, true),
        _ => return None,
    };
    let named = !call.is_operator_call() && rhai::is_valid_identifier(&call.name);
    named.then_some(Call { call, position: *position, method })
}

/// The variable that is assigned to at the root of `expression`: `x` in `x`, `x.a` and `x[0].b`.
pub(in crate::script) fn root(expression: &Expr) -> Option<(&str, Position)> {
    match expression {
        Expr::Variable(variable, ..) if variable.2.is_empty() => Some((&variable.1, expression.position())),
        Expr::Dot(inner, ..) | Expr::Index(inner, ..) => root(&inner.lhs),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{imports, offers, top_level};
    use rhai::Engine;

    #[test]
    fn reads_what_a_library_offers() {
        let text = "import \"a/b\" as b; let secret = 1; export let open = 2; const C = 3; export C as D;
            let later = 4; export later; fn shown() {} private fn hidden() {} let f = |x| x;";
        let ast = Engine::new().compile(text).unwrap();
        assert_eq!(offers(&ast), ["D", "later", "open", "shown"]);
        let names: Vec<_> = top_level(&ast).iter().map(|variable| variable.name.clone()).collect();
        assert_eq!(names, ["secret", "open", "C", "D", "later", "f"]);
        let import = &imports(&ast)[0];
        assert_eq!((import.path.as_str(), import.alias.as_deref()), ("a/b", Some("b")));
        assert_eq!(import.position.position(), Some(8));
    }
}
