//! Keys of literal option maps that nobody reads.

use super::Scope;
use crate::script::options::{
    ARRIVALS_OPTIONS, BATCH_KEYS, OPTION_KEYS, RECORD_OPTIONS, REQUEST_METHODS, REQUEST_OPTIONS, SETTINGS,
    STREAM_KEYS, TASK_OPTIONS, class_option_names,
};
use crate::script::source::SourceFile;
use crate::script::syntax::Call;
use crate::util::{Diagnostic, nearest};
use rhai::{Array, Dynamic, Expr, Map, Position};

pub(super) fn check(scope: &Scope<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    super::each_call(scope.file, |call, _| {
        let maps = if call.method {
            maps(call)
        } else if scope.own.contains_key(call.call.name.as_str()) {
            Vec::new()
        } else {
            maps_of_functions(call)
        };
        for (map, known, what) in maps {
            found.extend(unknown_keys(scope.file, map, &known, what));
        }
    });
    found
}

/// The option maps among the arguments of `call`, with their known keys.
fn maps<'a>(call: Call<'a>) -> Vec<(&'a Expr, Vec<&'static str>, &'static str)> {
    let (name, args) = (call.call.name.as_str(), &call.call.args);
    if let Some((_, place)) = REQUEST_METHODS.iter().find(|(method, _)| *method == name) {
        return args
            .get(*place)
            .map(|map| (map, REQUEST_OPTIONS.to_vec(), "request option"))
            .into_iter()
            .collect();
    }
    match (name, &args[..]) {
        ("task", args) => args.iter().map(|map| (map, TASK_OPTIONS.to_vec(), "task option")).collect(),
        ("batch", [requests]) => vec![(requests, batch_options(), "request option")],
        ("stream", [_, map] | [_, _, map]) => vec![(map, stream_options(), "request option")],
        ("http", [map]) => vec![(map, class_option_names().collect(), "client option")],
        ("record", [_, _, map]) => vec![(map, RECORD_OPTIONS.to_vec(), "option")],
        _ => Vec::new(),
    }
}

/// The same for functions that declare.
fn maps_of_functions<'a>(call: Call<'a>) -> Vec<(&'a Expr, Vec<&'static str>, &'static str)> {
    match (call.call.name.as_str(), &call.call.args[..]) {
        ("settings", [map]) => vec![(map, SETTINGS.to_vec(), "setting")],
        ("option", [_, _, about]) => vec![(about, OPTION_KEYS.to_vec(), "key of option(..)")],
        ("arrivals", [map]) => vec![(map, ARRIVALS_OPTIONS.to_vec(), "arrivals option")],
        _ => Vec::new(),
    }
}

fn stream_options() -> Vec<&'static str> {
    STREAM_KEYS.iter().chain(REQUEST_OPTIONS).copied().collect()
}

/// Each request of a batch says where it goes, too.
fn batch_options() -> Vec<&'static str> {
    REQUEST_OPTIONS.iter().chain(BATCH_KEYS).copied().collect()
}

fn unknown_keys(file: &SourceFile, map: &Expr, known: &[&str], what: &str) -> Vec<Diagnostic> {
    let unknown = keys(file, map).into_iter().filter(|(key, _)| !known.contains(&key.as_str()));
    let mut found = Vec::new();
    for (key, position) in unknown {
        let diagnostic = Diagnostic::error(format!("unknown {what} `{key}`")).at(file.at(position));
        found.push(match nearest(&key, known.iter().copied()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic.help(format!("known are {}", known.join(", "))),
        });
    }
    found
}

/// The keys of a map literal and where they stand. The optimiser turns a literal of constants into one constant, whose
/// keys have lost their positions: those are looked up in the text.
fn keys(file: &SourceFile, map: &Expr) -> Vec<(String, Position)> {
    match map {
        Expr::Map(map, _) => map.0.iter().map(|(key, _)| (key.as_str().to_owned(), key.pos)).collect(),
        Expr::DynamicConstant(value, start) => constant_keys(value)
            .into_iter()
            .map(|key| (key.clone(), find_key(&file.text, *start, &key)))
            .collect(),
        Expr::Array(maps, _) => maps.iter().flat_map(|map| keys(file, map)).collect(),
        _ => Vec::new(),
    }
}

/// The keys of a map, or of the maps in an array.
fn constant_keys(value: &Dynamic) -> Vec<String> {
    if let Some(map) = value.read_lock::<Map>() {
        return map.keys().map(ToString::to_string).collect();
    }
    let array = value.read_lock::<Array>();
    array.iter().flat_map(|array| array.iter()).flat_map(constant_keys).collect()
}

/// Where `key` first is followed by a colon, after `start`.
fn find_key(text: &str, start: Position, key: &str) -> Position {
    let first = start.line().unwrap_or(1);
    for (index, line) in text.lines().enumerate().skip(first - 1) {
        let from = if index + 1 == first { start.position().unwrap_or(1) - 1 } else { 0 };
        let letters: Vec<char> = line.chars().collect();
        let wanted: Vec<char> = key.chars().collect();
        for column in from..letters.len() {
            if is_key(&letters, column, &wanted)
                && let (Ok(line), Ok(column)) = (u16::try_from(index + 1), u16::try_from(column + 1))
            {
                return Position::new(line, column);
            }
        }
    }
    start
}

fn is_key(letters: &[char], column: usize, key: &[char]) -> bool {
    let word = |letter: &char| letter.is_alphanumeric() || *letter == '_';
    let starts = column == 0 || !word(&letters[column - 1]);
    let rest = &letters[column..];
    let after = rest.get(key.len()..).unwrap_or_default();
    let colon = after.iter().find(|letter| !letter.is_whitespace() && **letter != '"');
    starts && rest.starts_with(key) && colon == Some(&':')
}
