//! Keys of literal option maps that nobody reads.

use super::findings::{Scope, each_call};
use crate::script::options::{
    ARRIVALS_OPTIONS, BATCH_KEYS, BODY_FILE_OPTIONS, OPTION_KEYS, PART_OPTIONS, RECORD_OPTIONS,
    REQUEST_METHODS, REQUEST_OPTIONS, SETTINGS, STREAM_KEYS, TASK_OPTIONS, class_option_names,
};
use crate::script::source::files::SourceFile;
use crate::script::source::syntax::Call;
use crate::util::{Diagnostic, nearest};
use rhai::{Array, Dynamic, Expr, Map, Position};

/// What the options of a request are called.
const REQUEST: &str = "request option";

pub(super) fn check(scope: &Scope<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    each_call(scope.file, |call, _| {
        let maps = if call.method {
            maps(call)
        } else if scope.own.contains_key(call.call.name.as_str()) {
            Vec::new()
        } else {
            maps_of_functions(call)
        };
        for (map, known, what) in maps {
            found.extend(unknown_keys(scope.file, keys(scope.file, map), &known, what));
            if what == REQUEST {
                for (option, known) in [("multipart", PART_OPTIONS), ("body", BODY_FILE_OPTIONS)] {
                    let keys = keys_of_files(scope.file, map, option);
                    found.extend(unknown_keys(scope.file, keys, known, &format!("{option} key")));
                }
            }
        }
    });
    found
}

/// The option maps among the arguments of `call`, with their known keys.
fn maps<'a>(call: Call<'a>) -> Vec<(&'a Expr, Vec<&'static str>, &'static str)> {
    let (name, args) = (call.call.name.as_str(), &call.call.args);
    if let Some((_, place)) = REQUEST_METHODS.iter().find(|(method, _)| *method == name) {
        return args.get(*place).map(|map| (map, REQUEST_OPTIONS.to_vec(), REQUEST)).into_iter().collect();
    }
    match (name, &args[..]) {
        ("task", args) => args.iter().map(|map| (map, TASK_OPTIONS.to_vec(), "task option")).collect(),
        ("batch", [requests]) => vec![(requests, batch_options(), REQUEST)],
        ("stream", [_, map] | [_, _, map]) => vec![(map, stream_options(), REQUEST)],
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

fn unknown_keys(
    file: &SourceFile,
    keys: Vec<(String, Position)>,
    known: &[&str],
    what: &str,
) -> Vec<Diagnostic> {
    let unknown = keys.into_iter().filter(|(key, _)| !known.contains(&key.as_str()));
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

/// The keys of the maps that describe files in `option` of the requests in `map`: of a body, or of the values of `multipart`.
fn keys_of_files(file: &SourceFile, map: &Expr, option: &str) -> Vec<(String, Position)> {
    match map {
        Expr::Map(map, _) => match map.0.iter().find(|(key, _)| key.as_str() == option) {
            Some((_, value)) if option == "body" => map_keys(file, value),
            Some((_, Expr::Map(parts, _))) => {
                parts.0.iter().flat_map(|(_, part)| map_keys(file, part)).collect()
            }
            Some((_, Expr::DynamicConstant(parts, start))) => constant_parts(file, parts, *start),
            _ => Vec::new(),
        },
        Expr::DynamicConstant(value, start) => {
            let options = value.read_lock::<Map>();
            match options.as_ref().and_then(|options| options.get(option)) {
                Some(body) if option == "body" => placed(file, body, *start),
                Some(parts) => constant_parts(file, parts, *start),
                None => Vec::new(),
            }
        }
        Expr::Array(requests, _) => {
            requests.iter().flat_map(|request| keys_of_files(file, request, option)).collect()
        }
        _ => Vec::new(),
    }
}

/// The keys of a literal map; an array of such maps is something else.
fn map_keys(file: &SourceFile, value: &Expr) -> Vec<(String, Position)> {
    match value {
        Expr::Map(..) => keys(file, value),
        Expr::DynamicConstant(constant, start) => placed(file, constant, *start),
        _ => Vec::new(),
    }
}

/// The keys of those values of a constant `multipart` that are maps.
fn constant_parts(file: &SourceFile, parts: &Dynamic, start: Position) -> Vec<(String, Position)> {
    let parts = parts.read_lock::<Map>();
    parts.iter().flat_map(|parts| parts.values()).flat_map(|part| placed(file, part, start)).collect()
}

/// The keys of a constant map, looked up in the text.
fn placed(file: &SourceFile, value: &Dynamic, start: Position) -> Vec<(String, Position)> {
    let keys = value.read_lock::<Map>().map(|map| map.keys().map(ToString::to_string).collect::<Vec<_>>());
    keys.into_iter().flatten().map(|key| (key.clone(), find_key(&file.text, start, &key))).collect()
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
