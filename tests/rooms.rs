//! The house rules that the compiler does not know: who may know whom, and what belongs in one place only.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use std::fs;
use std::path::{Path, PathBuf};

/// Every room, and the rooms that it must never know.
const ROOMS: [(&str, &[&str]); 11] = [
    ("cli", &[]),
    ("plan", &["engine", "http", "report", "cli"]),
    ("script", &["engine", "report", "cli", "stats"]),
    ("engine", &["report", "cli"]),
    ("http", &["script", "plan", "engine", "stats"]),
    ("stats", &["script", "http", "engine"]),
    ("manifest", &["engine", "script", "http"]),
    ("compare", &["cli", "plan", "script", "engine", "http", "manifest", "report", "demo"]),
    ("report", &["engine", "script", "http"]),
    ("demo", &["cli", "plan", "script", "engine", "http", "stats", "manifest", "report"]),
    ("util", &["cli", "plan", "script", "engine", "http", "stats", "manifest", "report", "demo"]),
];

/// The folders of `script`: each knows those before it.
const SCRIPT: [&str; 13] = [
    "value", "data", "context", "fiber", "source", "error", "user", "request", "stream", "declare", "api",
    "check", "program",
];

/// Who knows whom all the same: data is kept in a world and asks who draws from it, files that cannot be read are told as
/// errors, and a user keeps what is still open of its requests and streams, and the hooks that are told of them.
const SCRIPT_BACK: [(&str, &str); 5] =
    [("data", "context"), ("source", "error"), ("user", "request"), ("user", "stream"), ("user", "program")];

/// The one file with `unsafe` in it.
const UNSAFE: &str = "script/fiber/coroutine.rs";

/// The one file besides the command line that reads the environment and prints: it is told how long tests go on, and says
/// what they met.
const FUZZ: &str = "util/fuzz.rs";

/// The files that read the wall clock: when a run began, what scripts are told, the log. Everything else is measured on the
/// monotonic clock, which nobody sets.
const WALL_CLOCK: [&str; 5] = [
    "cli/logging.rs",
    "cli/prepare.rs",
    "engine/controller.rs",
    "script/api/time.rs",
    "script/user/listeners.rs",
];

/// What a file, by its path in `src`, does against the rules.
fn violations(path: &str, text: &str) -> Vec<String> {
    let code = code(text);
    let room = path.split_once('/').map(|(room, _)| room);
    let mut found = Vec::new();
    if let Some(room) = room {
        found.extend(forbidden_rooms(room, &code));
    }
    if path.ends_with("/mod.rs") && !is_table_of_contents(&code) {
        found.push("mod.rs holds more than `mod` and `use`".to_owned());
    }
    if path != UNSAFE && has_word(&code, "unsafe") {
        found.push(format!("`unsafe` outside of {UNSAFE}"));
    }
    if room != Some("cli") && path != "main.rs" && path != FUZZ {
        let prints = ["println!", "eprintln!", "print!", "eprint!"].into_iter();
        found.extend(
            prints.filter(|call| has_word(&code, call)).map(|call| format!("`{call}` outside of cli")),
        );
        if names_after(&code, "std").contains(&"env") {
            found.push("`std::env` outside of cli".to_owned());
        }
    }
    let wall_clock = ["SystemTime", "Timestamp::now", "Zoned::now"];
    if !WALL_CLOCK.contains(&path) && wall_clock.iter().any(|clock| has_word(&code, clock)) {
        found.push("the wall clock may be set while a run goes on; use `Instant`".to_owned());
    }
    if let Some(folder) = path.strip_prefix("script/").and_then(|path| path.split_once('/')) {
        found.extend(later_folders(folder.0, &code));
    }
    let unfinished = ["todo!", "unimplemented!", "dbg!"].into_iter();
    found.extend(unfinished.filter(|call| has_word(&code, call)).map(|call| format!("`{call}`")));
    found.into_iter().map(|what| format!("src/{path}: {what}")).collect()
}

fn forbidden_rooms(room: &str, code: &str) -> Vec<String> {
    let Some((_, forbidden)) = ROOMS.iter().find(|(known, _)| *known == room) else {
        return vec![format!("`{room}` is not a room of the house")];
    };
    let named = names_after(code, "crate");
    let met = forbidden.iter().filter(|other| named.contains(other));
    met.map(|other| format!("the room `{room}` must not know `{other}`")).collect()
}

/// The folders of `script` that one of them must not know, because they build on it.
fn later_folders(folder: &str, code: &str) -> Vec<String> {
    let Some(at) = SCRIPT.iter().position(|known| *known == folder) else {
        return vec![format!("`{folder}` is not a folder of `script`")];
    };
    let named = names_after(code, "crate::script");
    let met = SCRIPT[at + 1..].iter().filter(|later| named.contains(later));
    met.filter(|later| !SCRIPT_BACK.contains(&(folder, later)))
        .map(|later| format!("`script/{folder}` must not know `script/{later}`, which builds on it"))
        .collect()
}

/// Whether nothing but `mod x;` and `use ..;` stands there, with their attributes.
fn is_table_of_contents(code: &str) -> bool {
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("#["));
    let text = lines.collect::<Vec<_>>().join(" ");
    let mut statements = text.split(';').map(str::trim);
    let rest = statements.next_back().unwrap_or("");
    rest.is_empty()
        && statements.all(|statement| {
            let words = statement.split_whitespace().skip_while(|word| word.starts_with("pub"));
            let mut words = words.skip_while(|word| word.ends_with(')'));
            match words.next() {
                Some("mod") => words.count() == 1,
                Some("use") => true,
                _ => false,
            }
        })
}

/// The first names of all paths that begin with `root::`, those in a group included.
fn names_after<'a>(code: &'a str, root: &str) -> Vec<&'a str> {
    let start = format!("{root}::");
    let mut names = Vec::new();
    for (at, _) in code.match_indices(&start) {
        let before = &code[..at];
        if before.strip_suffix("::").unwrap_or(before).ends_with(is_word) {
            continue;
        }
        let rest = &code[at + start.len()..];
        match rest.trim_start().strip_prefix('{') {
            Some(group) => names.extend(group_names(group)),
            None => names.push(first_word(rest)),
        }
    }
    names
}

/// The first names in a group of imports, given from after its brace.
fn group_names(group: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let (mut depth, mut start) = (1, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 || depth == 1 && c == ',' {
            names.push(first_word(&group[start..at]));
            start = at + 1;
        }
        if depth == 0 {
            break;
        }
    }
    names
}

fn first_word(text: &str) -> &str {
    let text = text.trim_start();
    text.split(|c| !is_word(c)).next().unwrap_or("")
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn has_word(code: &str, word: &str) -> bool {
    let whole = |at: usize| {
        let after = &code[at + word.len()..];
        !code[..at].ends_with(is_word) && (word.ends_with('!') || !after.starts_with(is_word))
    };
    code.match_indices(word).any(|(at, _)| whole(at))
}

/// The text without its comments and without what stands in quotes; lines stay lines.
fn code(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let skipped = skipped(rest, code.ends_with(is_word));
        if skipped == 0 {
            code.push(c);
            rest = &rest[c.len_utf8()..];
        } else {
            let (gone, left) = rest.split_at(skipped);
            code.extend(gone.chars().filter(|c| *c == '\n'));
            rest = left;
        }
    }
    code
}

/// The length of the comment or literal that `text` begins with, or 0.
fn skipped(text: &str, in_word: bool) -> usize {
    let until =
        |start: usize, end: &str| text[start..].find(end).map_or(text.len(), |at| start + at + end.len());
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    if text.starts_with("/*") {
        return until(2, "*/");
    }
    if text.starts_with('"') {
        return escaped_end(text);
    }
    if text.starts_with('\'') {
        return char_literal(text);
    }
    let hashes = text.strip_prefix('r').map(|raw| raw.len() - raw.trim_start_matches('#').len());
    match hashes {
        Some(hashes) if !in_word && text[1 + hashes..].starts_with('"') => {
            until(hashes + 2, &format!("\"{}", "#".repeat(hashes)))
        }
        _ => 0,
    }
}

/// The length of a quoted text in which a backslash escapes.
fn escaped_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of a character in quotes; 0 for a lifetime.
fn char_literal(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    let first = chars.next().map_or('\'', |(_, c)| c);
    let from = if first == '\\' { 3 } else { 1 + first.len_utf8() };
    match text.get(from..).and_then(|rest| rest.find('\'')) {
        Some(0) => from + 1,
        Some(more) if first == '\\' => from + more + 1,
        _ => 0,
    }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

#[test]
fn the_house_is_in_order() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = rust_files(&src);
    assert!(files.len() > 20, "only {} files in {}", files.len(), src.display());
    let mut found = Vec::new();
    for file in files {
        let path = file.strip_prefix(&src).unwrap().to_str().unwrap().replace('\\', "/");
        found.extend(violations(&path, &fs::read_to_string(&file).unwrap()));
    }
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn a_forbidden_room_is_caught_however_it_is_named() {
    for text in [
        "use crate::engine::Shard;",
        "use crate::engine;",
        "pub(crate) use crate::{util::Stream, engine::Shard};",
        "use crate::{\n    util::{Diagnostic, Place},\n    engine,\n};",
        "fn f() { crate::engine::run() }",
        "let x: &'static str = crate::engine::NAME; // 'tis so",
        "macro_rules! m { () => { $crate::engine::run() } }",
        "const Q: char = '\"'; use crate::engine::Shard; const R: char = '\"';",
    ] {
        let found = violations("http/send.rs", text);
        assert_eq!(found, ["src/http/send.rs: the room `http` must not know `engine`"], "{text}");
    }
    for (path, text) in [
        ("script/fiber/a.rs", "use crate::script::user::User;"),
        ("script/value/a.rs", "fn f() { crate::script::data::json::to_text(x) }"),
        ("script/user/a.rs", "use crate::script::{declare, fiber};"),
        ("script/kitchen/a.rs", ""),
    ] {
        assert_eq!(violations(path, text).len(), 1, "{path}: {text}");
    }
    assert_eq!(violations("util/a.rs", "use crate::demo::Ledger;").len(), 1);
    assert_eq!(violations("demo/a.rs", "use crate::{http, util};").len(), 1);
    assert_eq!(violations("kitchen/a.rs", ""), ["src/kitchen/a.rs: `kitchen` is not a room of the house"]);
}

#[test]
fn what_belongs_elsewhere_is_caught() {
    for (path, text) in [
        ("plan/a.rs", "fn f() { println!(\"x\") }"),
        ("plan/a.rs", "fn f() { std::eprint!(\"x\") }"),
        ("plan/a.rs", "use std::env;"),
        ("plan/a.rs", "use std::{collections::BTreeMap, env};"),
        ("plan/a.rs", "let home = ::std::env::var(\"HOME\");"),
        ("plan/a.rs", "fn f() { unsafe { g() } }"),
        ("cli/a.rs", "unsafe impl Send for X {}"),
        ("stats/a.rs", "use std::time::{Duration, SystemTime};"),
        ("report/a.rs", "let now = jiff::Timestamp::now();"),
        ("plan/a.rs", "fn f() { todo!() }"),
        ("cli/a.rs", "fn f() { unimplemented!(\"later\") }"),
        ("plan/mod.rs", "mod a;\nfn f() {}\n"),
        ("plan/mod.rs", "mod a { }\n"),
        ("plan/mod.rs", "mod a;\npub use a::A;\nconst B: u8 = 1;\n"),
    ] {
        assert_eq!(violations(path, text).len(), 1, "{path}: {text}");
    }
}

#[test]
fn what_is_allowed_is_let_be() {
    for (path, text) in [
        ("http/a.rs", "//! See [`crate::engine`]; it is unsafe to println! here.\nuse crate::util::Stream;"),
        ("http/a.rs", "/* use crate::engine::X; */ const A: &str = \"crate::engine::X unsafe \\\" todo!\";"),
        ("http/a.rs", "const A: &str = r#\"crate::engine \"unsafe\" \"#;"),
        ("http/a.rs", "use crate::http::engine::X; use super::engine; use other::crate::engine;"),
        (
            "http/a.rs",
            "#![deny(unsafe_code)] let pretty_print = env!(\"CARGO_PKG_VERSION\"); f(b'\\'', '\\u{e9}', 'x');",
        ),
        (UNSAFE, "unsafe { f() }"),
        ("script/user/a.rs", "use crate::script::fiber; use crate::script::stream::reading::Reading;"),
        ("script/mod.rs", "pub use program::Loader;"),
        ("cli/run.rs", "use crate::{engine, report}; println!(\"{:?}\", std::env::args());"),
        ("main.rs", "fn main() { println!(\"hello\") }"),
        (
            "plan/mod.rs",
            "//! Plans.\n\nmod a;\n#[cfg(test)]\nmod b;\npub(crate) mod c;\n\npub use a::{\n    A, B,\n};\n",
        ),
    ] {
        assert_eq!(violations(path, text), Vec::<String>::new(), "{path}: {text}");
    }
}
