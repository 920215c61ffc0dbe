//! From an error to the innermost line that is known, and the calls that led there.

use super::{explain, syntax};
use crate::script::source;
use crate::script::source::files::{Files, SourceFile};
use crate::script::source::syntax::Variable;
use crate::util::{Diagnostic, Place};
use rhai::{EvalAltResult, ParseError, Position};
use std::rc::Rc;

/// What `error` says, where it truly happened, and how to mend it.
///
/// The place is the innermost one that is known: Rhai's own `position()` is the outermost call. Errors at the top level
/// carry no file name; they are placed in the file that was read first, unless [`diagnose_in`] says otherwise.
pub(in crate::script) fn diagnose(error: &EvalAltResult, files: &Files) -> Diagnostic {
    let root = files.first().map(|file| file.name.clone());
    diagnose_in(error, files, root.as_deref())
}

/// As [`diagnose`], for an error of the top level of `root`.
pub(in crate::script) fn diagnose_in(error: &EvalAltResult, files: &Files, root: Option<&str>) -> Diagnostic {
    let trace = Trace::of(error, root);
    if let Some(own) = diagnostic_inside(trace.inner) {
        // An import that fails is placed at the import itself: no note need repeat it.
        let place = own.place.as_ref().map(|place| format!("at {place}"));
        let calls = trace
            .notes(false, files)
            .into_iter()
            .filter(|note| place.as_ref().is_none_or(|place| !note.ends_with(place)));
        return calls.fold(own.clone(), Diagnostic::note);
    }
    let file = trace.source.as_deref().and_then(|name| files.find(name));
    let mut diagnostic = explain::explain(trace.inner, &explain::Context { files, file, trace: &trace });
    diagnostic.place = trace.place(files);
    diagnostic.notes.extend(trace.notes(true, files));
    diagnostic
}

/// What is wrong with the syntax of `text`, the contents of the file `name`.
pub(in crate::script) fn diagnose_parse(error: &ParseError, name: &str, text: &str) -> Diagnostic {
    let position = error.position();
    let place = match position.line() {
        Some(line) => Place::in_text(name, text, line, position.position().unwrap_or(0)),
        None => Place::file(name),
    };
    syntax::explain(error.err_type(), &place).at(place)
}

/// What exceptions of tasks are grouped by: the message, and `file:line` (empty where neither is known).
pub(in crate::script) fn exception_key(error: &EvalAltResult) -> (String, String) {
    let trace = Trace::of(error, None);
    if let Some(own) = diagnostic_inside(trace.inner) {
        let place = own.place.as_ref().map(|place| format!("{}:{}", place.file, place.line));
        return (own.message.clone(), place.unwrap_or_default());
    }
    let place = match trace.innermost() {
        Some((Some(source), position)) => match position.line() {
            Some(line) => format!("{source}:{line}"),
            // Rhai forgets the line of what stopped a script from outside.
            None => source.to_string(),
        },
        Some((None, position)) => position.line().map_or_else(String::new, |line| format!("line {line}")),
        None => trace.source.clone().unwrap_or_default(),
    };
    (explain::message(trace.inner), place)
}

/// An error that a native function phrased itself, handed through Rhai as a system error.
///
/// Scripts cannot catch it: it is for what no script can mend, like a library that is not there.
pub(in crate::script) fn fatal(diagnostic: Diagnostic) -> Box<EvalAltResult> {
    EvalAltResult::ErrorSystem(String::new(), Box::new(diagnostic)).into()
}

fn diagnostic_inside(error: &EvalAltResult) -> Option<&Diagnostic> {
    match error {
        EvalAltResult::ErrorSystem(_, inner) => inner.downcast_ref(),
        _ => None,
    }
}

/// An error without its wrappers, and the calls that they told of, outermost first.
pub(super) struct Trace<'a> {
    inner: &'a EvalAltResult,
    /// The file that `inner` happened in.
    source: Option<String>,
    calls: Vec<Call<'a>>,
}

/// One wrapper: a function was called, or a library imported.
struct Call<'a> {
    name: &'a str,
    imports: bool,
    source: Option<String>,
    position: Position,
}

impl<'a> Trace<'a> {
    fn of(mut error: &'a EvalAltResult, root: Option<&str>) -> Self {
        let mut source = root.map(str::to_owned);
        let mut calls = Vec::new();
        loop {
            let (name, inside, inner, position, imports) = match error {
                EvalAltResult::ErrorInFunctionCall(name, inside, inner, position) => {
                    (name, inside, inner, *position, false)
                }
                EvalAltResult::ErrorInModule(name, inner, position) => (name, name, inner, *position, true),
                _ => return Self { inner: error, source, calls },
            };
            calls.push(Call { name, imports, source: source.clone(), position });
            if !inside.is_empty() {
                source = Some(inside.clone());
            }
            error = inner;
        }
    }

    /// The innermost file and position that are known.
    fn innermost(&self) -> Option<(Option<&str>, Position)> {
        let calls = self.calls.iter().rev().map(|call| (call.source.as_deref(), call.position));
        let own = (self.source.as_deref(), self.inner.position());
        std::iter::once(own).chain(calls).find(|(_, position)| !position.is_none())
    }

    fn place(&self, files: &Files) -> Option<Place> {
        if let Some(place) = self.refused_call(files) {
            return Some(place);
        }
        match self.innermost() {
            Some((Some(source), position)) => Some(files.place(source, position)),
            Some((None, _)) => None,
            None => self.source.as_deref().map(|source| self.function_in(source, files)),
        }
    }

    /// Without any position: where the function starts that was called, or else the file.
    fn function_in(&self, source: &str, files: &Files) -> Place {
        let start = self.calls.last().zip(files.find(source)).and_then(|(call, file)| {
            let mut functions = file.ast.iter_fn_def();
            functions
                .find(|function| function.name == call.name)
                .map(|function| function.body.start_position())
        });
        files.place(source, start.unwrap_or(Position::NONE))
    }

    /// Where the call is that Rhai refused without a word of where that was; if the function has one such call.
    fn refused_call(&self, files: &Files) -> Option<Place> {
        let EvalAltResult::ErrorDataRace(what, _) = self.inner else { return None };
        let refused = explain::locked_argument(what)?;
        let (file, caller) = (files.find(self.source.as_deref()?)?, self.calls.last()?);
        let mut found = Vec::new();
        for body in source::syntax::bodies(&file.ast, caller.name) {
            source::syntax::walk(&body, |path| {
                let call = path.last().and_then(source::syntax::call);
                found.extend(call.filter(|call| call.call.name == refused).map(|call| call.position));
            });
        }
        match found[..] {
            [position] => Some(file.at(position)),
            _ => None,
        }
    }

    /// The chain of calls from the inside out. With `placed`, the call that became the place itself is not repeated.
    fn notes(&self, placed: bool, files: &Files) -> Vec<String> {
        let mut skip = placed && self.inner.position().is_none();
        let mut notes = Vec::new();
        for call in self.calls.iter().rev() {
            if call.position.is_none() {
                continue;
            }
            if !std::mem::take(&mut skip) {
                notes.push(call.note(files));
            }
        }
        shorten(notes)
    }

    /// The name of the function that the error happened in; `None` at the top level and in a closure.
    pub(super) fn function(&self) -> Option<&'a str> {
        let call = self.calls.last().filter(|call| !call.imports)?;
        (!is_closure(call.name)).then_some(call.name)
    }
}

impl Call<'_> {
    fn note(&self, files: &Files) -> String {
        let place = match (&self.source, self.position.line(), self.position.position()) {
            (Some(source), Some(line), Some(column)) => format!("{source}:{line}:{column}"),
            (Some(source), Some(line), None) => format!("{source}:{line}"),
            (None, Some(line), _) => format!("line {line}"),
            (_, None, _) => "an unknown place".to_owned(),
        };
        match (self.imports, is_closure(self.name)) {
            (true, _) => format!("imported at {place}"),
            (false, true) => format!("in a closure, called at {place}"),
            (false, false) => format!("in `{}`, called at {place}", files.function_name(self.name)),
        }
    }
}

pub(super) fn is_closure(name: &str) -> bool {
    name.starts_with("anon$")
}

/// A recursion that failed at the bottom would fill the screen.
fn shorten(mut notes: Vec<String>) -> Vec<String> {
    const HEAD: usize = 4;
    const TAIL: usize = 3;
    if notes.len() > HEAD + TAIL + 1 {
        let left_out = notes.len() - HEAD - TAIL;
        notes.splice(HEAD..notes.len() - TAIL, [format!("... {left_out} more calls ...")]);
    }
    notes
}

/// The variable or constant `name` of the top level of `file`.
pub(super) fn declared_at_top(file: Option<&Rc<SourceFile>>, name: &str) -> Option<Variable> {
    source::syntax::top_level(&file?.ast).into_iter().rfind(|variable| variable.name == name)
}
