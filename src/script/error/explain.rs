//! What a run-time error means, and how to mend it: the traps that Rhai sets to everybody once.

use super::diagnose::{Trace, declared_at_top, is_closure};
use super::{shown, syntax};
use crate::script::source::files::{Files, SourceFile};
use crate::script::source::functions::Arities;
use crate::script::source::syntax::Variable;
use crate::util::{Diagnostic, nearest};
use rhai::EvalAltResult;
use std::rc::Rc;

/// What an explanation may look at.
pub(super) struct Context<'a> {
    pub(super) files: &'a Files,
    /// The file that the error happened in.
    pub(super) file: Option<Rc<SourceFile>>,
    pub(super) trace: &'a Trace<'a>,
}

pub(super) fn explain(error: &EvalAltResult, context: &Context<'_>) -> Diagnostic {
    let diagnostic = Diagnostic::error(message(error));
    match help(error, context) {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

/// What happened, as a fragment; the same for the same mistake, so that exceptions can be counted by it.
pub(super) fn message(error: &EvalAltResult) -> String {
    match error {
        EvalAltResult::ErrorRuntime(thrown, _) if thrown.is_unit() => "the script threw `()`".to_owned(),
        EvalAltResult::ErrorRuntime(thrown, _) => shown::value(thrown),
        EvalAltResult::ErrorParsing(error, _) => syntax::message(error),
        EvalAltResult::ErrorVariableNotFound(name, _) => format!("no variable `{name}`"),
        EvalAltResult::ErrorModuleNotFound(name, _) => format!("no namespace `{name}`"),
        EvalAltResult::ErrorFunctionNotFound(text, _) if text.contains("anon$") => {
            "a closure of another file cannot be called here".to_owned()
        }
        EvalAltResult::ErrorFunctionNotFound(text, _) if is_operator(text) => {
            format!("no operator `{}`", shown::signature(text))
        }
        EvalAltResult::ErrorFunctionNotFound(text, _) => format!("no function `{}`", shown::signature(text)),
        EvalAltResult::ErrorDataRace(what, _) => match locked_argument(what) {
            Some(function) => format!("the closure captured the variable that `{function}` is called on"),
            None => "data race detected: the variable is in use by a call that has not returned".to_owned(),
        },
        EvalAltResult::ErrorDotExpr(text, _) => dot(text),
        EvalAltResult::ErrorIndexingType(text, _) => indexing(text),
        EvalAltResult::ErrorMismatchDataType(wanted, found, _)
        | EvalAltResult::ErrorMismatchOutputType(wanted, found, _) => mismatch(wanted, found),
        EvalAltResult::ErrorFor(_) => {
            "`for` needs something to loop over: an array, a range, a string".to_owned()
        }
        EvalAltResult::ErrorUnboundThis(_) => "`this` is not bound here".to_owned(),
        EvalAltResult::ErrorAssignmentToConstant(name, _) => format!("`{name}` is a constant"),
        EvalAltResult::ErrorNonPureMethodCallOnConstant(name, _) if !name.contains('$') => {
            format!("`{name}` would change a constant")
        }
        EvalAltResult::ErrorTooManyOperations(_) => "too many operations".to_owned(),
        EvalAltResult::ErrorStackOverflow(_) => "too many calls inside one another".to_owned(),
        EvalAltResult::ErrorDataTooLarge(what, _) => format!("{} is over the limit", syntax::lower(what)),
        EvalAltResult::ErrorTerminated(token, _) if token.is_unit() => "the script was stopped".to_owned(),
        EvalAltResult::ErrorTerminated(token, _) => {
            format!("the script was stopped: {}", shown::value(token))
        }
        EvalAltResult::LoopBreak(..) => "`break` and `continue` work inside a loop only".to_owned(),
        other => plain(other),
    }
}

/// The function that Rhai refused to call, because one of its arguments captured the variable that it is called on:
/// `f` of "argument #2 of function 'f'".
pub(super) fn locked_argument(what: &str) -> Option<&str> {
    what.strip_prefix("argument #")?.split('\'').nth(1)
}

/// `+ (i64, map)` is an operator, `f (i64)` and `a::f (i64)` are functions.
fn is_operator(signature: &str) -> bool {
    !signature.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// Rhai's own words without the position that it appends.
fn plain(error: &EvalAltResult) -> String {
    let text = error.to_string();
    let position = format!(" ({})", error.position());
    syntax::lower(text.strip_suffix(&position).unwrap_or(&text))
}

/// "Unknown property 'x' - a getter is not registered for type 'T'" and its kin.
fn dot(text: &str) -> String {
    let quoted: Vec<_> = text.split('\'').skip(1).step_by(2).collect();
    match quoted[..] {
        [property, kind, ..] if text.contains("etter is not registered") => {
            let verb = if text.contains("setter") { "set" } else { "read" };
            format!("cannot {verb} `.{property}` of a value of type {}", type_in_words(kind))
        }
        _ => syntax::lower(text),
    }
}

fn indexing(text: &str) -> String {
    let kind = text.split_once(" [").map_or(text, |(kind, _)| kind);
    format!("cannot index a value of type {}", type_in_words(kind))
}

fn type_in_words(name: &str) -> String {
    if name == "()" { "`()`".to_owned() } else { shown::type_name(name) }
}

fn mismatch(wanted: &str, found: &str) -> String {
    let found = if found.is_empty() { "another type".to_owned() } else { type_in_words(found) };
    if wanted.is_empty() {
        format!("a value of type {found} cannot stand here")
    } else {
        format!("expecting a value of type {}, not {found}", type_in_words(wanted))
    }
}

fn help(error: &EvalAltResult, context: &Context<'_>) -> Option<String> {
    match error {
        EvalAltResult::ErrorVariableNotFound(name, _) => missing_variable(name, context),
        EvalAltResult::ErrorModuleNotFound(name, _) => missing_namespace(name, context),
        EvalAltResult::ErrorFunctionNotFound(text, _) => missing_function(text, context),
        EvalAltResult::ErrorDataRace(what, _) => locked_argument(what)
            .map(|function| match function {
                "transaction" | "timed" => {
                    "the call has locked it: give the block `user` as its parameter, `|user| { .. }`"
                        .to_owned()
                }
                _ => "the call has locked it: let the closure use a copy, `let copy = ..;`, or write a loop"
                    .to_owned(),
            })
            .or_else(|| fixed_help(error).map(str::to_owned)),
        EvalAltResult::ErrorDotExpr(text, _) if text.contains("'()'") => Some(
            "the value before the dot is not there: test it, or write `x?.name` and `x ?? other`".to_owned(),
        ),
        EvalAltResult::ErrorIndexingType(text, _) if text.starts_with("() ") => Some(
            "the value before the bracket is not there: test it, or write `x?[key]` and `x ?? other`"
                .to_owned(),
        ),
        EvalAltResult::ErrorArithmetic(text, _) if text.contains("overflow") => {
            Some("an integer has 64 bits; with floats (`2.0 * x`) there is no overflow".to_owned())
        }
        other => fixed_help(other).map(str::to_owned),
    }
}

fn fixed_help(error: &EvalAltResult) -> Option<&'static str> {
    Some(match error {
        EvalAltResult::ErrorDataRace(..) => {
            "a block that captured `user` locks it: give the block `user` as its parameter, `|user| { .. }`; \
             and what belongs to one user is kept in it, `user.name = ..`"
        }
        EvalAltResult::ErrorUnboundThis(_) => {
            "call the function as a method of what `this` shall be: `thing.f()`"
        }
        EvalAltResult::ErrorAssignmentToConstant(..)
        | EvalAltResult::ErrorNonPureMethodCallOnConstant(..) => {
            "constants, imported variables and loop variables cannot be changed; what lasts belongs to the user: `user.name = value`"
        }
        EvalAltResult::ErrorTooManyOperations(_) => {
            "an endless loop? a loop that waits for something needs a `sleep(..)`; `--max-operations` raises the limit"
        }
        EvalAltResult::ErrorStackOverflow(_) => {
            "does the function call itself without an end? a loop needs no stack"
        }
        EvalAltResult::ErrorDataTooLarge(..) => "build less at once, or raise the limit by its option",
        _ => return None,
    })
}

fn missing_variable(name: &str, context: &Context<'_>) -> Option<String> {
    if let Some(constant) = name.strip_prefix("global::") {
        return Some(format!(
            "`global::` knows constants of this file: write `const {constant} = ..;` at its top level, before the first task"
        ));
    }
    if let Some((alias, variable)) = name.split_once("::") {
        return Some(not_exported(alias, variable, context));
    }
    if name == "user" {
        return Some(match context.trace.function() {
            Some(function) => {
                let function = context.files.function_name(function);
                format!("write `fn {function}(user)`: a task gets the user that runs it")
            }
            None => "the top level only declares: what a user does belongs into a task, `.task(\"name\", |user| ..)`".to_owned(),
        });
    }
    if let Some(meant) = foreign_word(name) {
        return Some(meant.to_owned());
    }
    if context.trace.function().is_some()
        && let Some(variable) = declared_at_top(context.file.as_ref(), name)
    {
        return Some(purity_help(&variable));
    }
    if let Some(functions) = context.files.functions().filter(|known| known.namespaces.contains_key(name)) {
        let example = functions.namespaces[name].keys().next().map_or("..", String::as_str);
        return Some(format!("`{name}` is a namespace: write `{name}::{example}(..)`"));
    }
    None
}

/// The one thing that everybody who comes to Rhai must be told.
pub(in crate::script) fn purity_help(variable: &Variable) -> String {
    let name = &variable.name;
    if variable.constant {
        return format!("a function sees constants of the top level by `global::{name}`");
    }
    format!(
        "a function sees no variables of the top level: pass it as an argument, make it a `const` and write \
         `global::{name}`, or keep it in `user.{name}`"
    )
}

/// Words for nothing in other languages.
pub(in crate::script) fn foreign_word(name: &str) -> Option<&'static str> {
    match name {
        "null" | "nil" | "None" | "undefined" | "void" => Some("Rhai's nothing is `()`"),
        "True" => Some("write `true`"),
        "False" => Some("write `false`"),
        "self" => Some("write `this`, or `user`"),
        _ => None,
    }
}

fn not_exported(alias: &str, variable: &str, context: &Context<'_>) -> String {
    let library = context
        .file
        .as_ref()
        .and_then(|file| crate::script::source::syntax::library_of(context.files, file, alias));
    match library {
        Some(library) if declared_at_top(Some(&library), variable).is_some() => {
            format!("write `export let {variable} = ..` in {}", library.name)
        }
        Some(library) => {
            let offers = crate::script::source::syntax::offers(&library.ast);
            match nearest(variable, offers.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{alias}::{near}`?"),
                None => format!("{} has no function and no `export let` of that name", library.name),
            }
        }
        None => format!("a library hands out what it declares by `export let {variable} = ..`"),
    }
}

fn missing_namespace(name: &str, context: &Context<'_>) -> Option<String> {
    let mut known: Vec<String> = Vec::new();
    if let Some(file) = &context.file {
        known.extend(
            crate::script::source::syntax::imports(&file.ast).into_iter().filter_map(|import| import.alias),
        );
    }
    if let Some(functions) = context.files.functions() {
        known.extend(functions.namespaces.keys().cloned());
    }
    match nearest(name, known.iter().map(String::as_str)) {
        Some(near) if near != name => Some(format!("did you mean `{near}`?")),
        Some(_) => Some("import it at the top level of the file that uses it".to_owned()),
        None => Some(format!("a library is imported by `import \"path\" as {name};`")),
    }
}

fn missing_function(text: &str, context: &Context<'_>) -> Option<String> {
    let (name, _) = text.split_once(" (").unwrap_or((text, ""));
    if name.starts_with("anon$") {
        return Some(
            "call the closure inside the library that made it, or make it where it is used".to_owned(),
        );
    }
    let functions = context.files.functions().filter(|_| !is_operator(text))?;
    let (namespace, name) = name.rsplit_once("::").map_or((None, name), |(space, name)| (Some(space), name));
    let known: &Arities = match namespace {
        Some(namespace) => functions.namespaces.get(namespace)?,
        None => &functions.global,
    };
    let own = context.file.iter().flat_map(|file| file.ast.iter_functions());
    let own: Vec<_> = own
        .filter(|function| !is_closure(function.name))
        .map(|function| context.files.function_name(function.name))
        .collect();
    if known.contains_key(name) || own.iter().any(|own| own == name) {
        return Some(format!("`{name}` exists, but not for arguments of these types"));
    }
    nearest(name, known.keys().chain(&own).map(String::as_str)).map(|near| format!("did you mean `{near}`?"))
}
