//! Functions of the same name in several files.
//!
//! Rhai finds the function of a call by its name and number of arguments, in all files that are being called into, the
//! last one first, and remembers what it found until the outermost call ends (rhai 1.27.0, `resolve_fn`). If a script and
//! its library each have an `fn id(x)`, one of them ends up in the other's. So each file whose functions have rivals
//! elsewhere calls them by names that nobody else has: in a second reading of its text, with names of the same length,
//! so that every place stays what it was.

use super::files::{Files, SourceFile, parse};
use super::syntax;
use crate::util::Diagnostic;
use rhai::{AST, Engine, FnAccess, Module, Position, ScriptFuncDef};
use std::collections::{BTreeMap, BTreeSet};

/// Name and number of arguments.
type Key = (String, usize);

/// Lets every file in `files` that has such functions call its own. To be done before any of them runs.
///
/// # Errors
///
/// When a file cannot be read a second time, which would be a defect.
pub(in crate::script) fn separate(engine: &Engine, files: &Files) -> Result<(), Diagnostic> {
    let all = files.all();
    let (own, called): (Vec<_>, Vec<_>) = all.iter().map(|file| (functions(file), calls(file))).unzip();
    let mut taken: BTreeSet<String> = all.iter().flat_map(|file| words(&file.text)).collect();
    for (index, file) in all.iter().enumerate() {
        let elsewhere = |key: &Key| {
            let mut others = (0..all.len()).filter(|other| *other != index);
            others.any(|other| own[other].contains(key) || called[other].contains_key(key))
        };
        let replaces_for = |other: usize| {
            called[other].keys().any(|key| own[index].contains(key) && !own[other].contains(key))
        };
        let contested: Vec<&Key> =
            called[index].keys().filter(|key| own[index].contains(*key) && elsewhere(key)).collect();
        let mut aliases = BTreeMap::new();
        for key in &contested {
            if let Some(alias) = unused(&key.0, &taken) {
                taken.insert(alias.clone());
                aliases.insert((*key).clone(), alias);
            }
        }
        let mut is_clear = !(0..all.len()).any(replaces_for);
        if !aliases.is_empty() {
            let file = files.add(renamed(engine, file, &called[index], &aliases)?);
            let left = calls(&file);
            is_clear &= !contested.iter().any(|key| left.contains_key(*key));
        }
        is_clear &= aliases.len() == contested.len();
        if !is_clear {
            files.note_ambiguity();
        }
    }
    files.are_told_apart();
    Ok(())
}

fn functions(file: &SourceFile) -> BTreeSet<Key> {
    let named = file.ast.iter_functions().filter(|function| !function.name.starts_with("anon$"));
    named.map(|function| (function.name.to_owned(), function.params.len())).collect()
}

/// The calls of functions and methods that are not asked of a library by its name, with their places.
fn calls(file: &SourceFile) -> BTreeMap<Key, Vec<Position>> {
    let mut found: BTreeMap<Key, Vec<Position>> = BTreeMap::new();
    syntax::walk(&file.ast, |path| {
        if let Some(call) = path.last().and_then(syntax::call)
            && call.call.namespace.is_empty()
        {
            let key = (call.call.name.to_string(), call.call.args.len());
            found.entry(key).or_default().push(call.position);
        }
    });
    found
}

fn words(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words.filter(|word| !word.is_empty()).map(str::to_owned)
}

/// A name as long as `name` that is none of `taken`: its end is replaced by a number.
fn unused(name: &str, taken: &BTreeSet<String>) -> Option<String> {
    let letters = |kept: usize| (name.len() - kept).min(4);
    let starts = (1..name.len()).rev().map(|kept| &name[..kept]);
    let longer = starts.flat_map(|start| {
        let digits = letters(start.len());
        (0..10_usize.pow(u32::try_from(digits).unwrap_or_default()))
            .map(move |number| format!("{start}{number:0digits$}"))
    });
    let single = ('a'..='z').chain('A'..='Z').map(String::from).filter(|_| name.len() == 1);
    single
        .chain(longer)
        .find(|alias| alias.len() == name.len() && rhai::is_valid_identifier(alias) && !taken.contains(alias))
}

/// `file` with each call in `aliases` by its alias, and a copy of the function under that name. The function keeps its own
/// name too: it may be exported, or a value.
fn renamed(
    engine: &Engine,
    file: &SourceFile,
    calls: &BTreeMap<Key, Vec<Position>>,
    aliases: &BTreeMap<Key, String>,
) -> Result<SourceFile, Diagnostic> {
    let mut lines: Vec<Vec<char>> = file.text.split('\n').map(|line| line.chars().collect()).collect();
    for (key, alias) in aliases {
        for position in &calls[key] {
            rename(&mut lines, *position, &key.0, alias);
        }
    }
    let lines: Vec<String> = lines.iter().map(|line| line.iter().collect()).collect();
    let mut ast = parse(engine, &file.name, &file.text, &lines.join("\n"))?;
    let mut copies = Module::new();
    for function in ast.iter_fn_def() {
        if let Some(alias) = aliases.get(&(function.name.to_string(), function.params.len())) {
            copies.set_script_fn(ScriptFuncDef {
                name: alias.into(),
                access: FnAccess::Private,
                ..function.as_ref().clone()
            });
        }
    }
    ast.combine(AST::new_from_module(copies));
    ast.set_source(file.name.as_str());
    let named = |((name, _), alias): (&Key, &String)| (alias.clone(), name.clone());
    Ok(SourceFile {
        name: file.name.clone(),
        path: file.path.clone(),
        text: file.text.clone(),
        ast,
        environment: std::cell::OnceCell::new(),
        aliases: aliases.iter().map(named).collect(),
    })
}

/// Replaces `name` at `position` of the text by `alias`, if it stands there.
fn rename(lines: &mut [Vec<char>], position: Position, name: &str, alias: &str) {
    let (Some(line), Some(column)) = (position.line(), position.position()) else { return };
    let (line, start) = (line.saturating_sub(1), column.saturating_sub(1));
    let there = lines.get_mut(line).and_then(|line| line.get_mut(start..start + name.len()));
    if let Some(there) = there
        && there.iter().copied().eq(name.chars())
    {
        there.iter_mut().zip(alias.chars()).for_each(|(old, new)| *old = new);
    }
}

#[cfg(test)]
mod tests {
    use super::{Files, calls, separate};
    use rhai::Engine;

    #[test]
    fn every_call_gets_its_alias_wherever_it_stands() {
        let (engine, files) = (Engine::new(), Files::default());
        let one = "fn id(x) { x }\nfn f(x) { `é ${id(x)} ${[1].map(|y| id(y))}`; x.id(1); if id(x) == 1 { id(2) } }";
        for (name, text) in [("one", one), ("two", "fn id(x) { -x }\nid(1);")] {
            files.compile(&engine, name, None, text).unwrap();
        }
        separate(&engine, &files).unwrap();
        for file in files.all() {
            let left = calls(&file);
            assert!(!left.contains_key(&("id".to_owned(), 1)), "{}: {left:?}", file.name);
            let aliases = &file.aliases;
            assert!(aliases.len() == 1 && left.contains_key(&(aliases.keys().next().unwrap().clone(), 1)));
        }
        assert!(files.names_are_clear());
    }

    #[test]
    fn what_cannot_be_told_apart_is_known() {
        let clear = |texts: &[&str]| {
            let (engine, files) = (Engine::new(), Files::default());
            for (index, text) in texts.iter().enumerate() {
                files.compile(&engine, &format!("{index}"), None, text).unwrap();
            }
            separate(&engine, &files).unwrap();
            (engine, files)
        };
        assert!(clear(&["fn f(x) { g(x) }\nfn g(x) { x }", "fn h(x) { x }\nh(1);"]).1.names_are_clear());
        assert!(
            !clear(&["fn max(a, b) { a }", "max(1, 2);"]).1.names_are_clear(),
            "a built-in function is replaced"
        );
        // What is imported by a path that is computed is read later.
        let (engine, files) = clear(&["fn f(x) { x }\nf(1);"]);
        files.compile(&engine, "late", None, "fn f(x) { -x }").unwrap();
        assert!(!files.names_are_clear());
    }
}
