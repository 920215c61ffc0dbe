//! The documentation is true: every example in it is run, every flag and function that it names exists, and none is
//! missing.
//!
//! What a fenced block is for stands behind its language:
//!
//! | block | what is done with it |
//! |---|---|
//! | `rhai` | checked; with a user class of its own, also run once |
//! | `rhai,fragment` | wrapped into a task and run once; it must not throw |
//! | `LANGUAGE,file=NAME` | written to that file; later blocks of the document may use it |
//! | `sh` | each `katydid` or `cargo run` command is run, shortened; `# exits N` behind it says how it ends |
//! | `yaml` | read as a manifest |
//! | `toml` | read as a configuration file, for a run |

mod support;

use katydid::demo::DemoServer;
use katydid::manifest::Manifest;
use regex_lite::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use support::own_environment;

const BINARY: &str = env!("CARGO_BIN_EXE_katydid");

/// The documents that users read. `docs/decisions.md` is for those who build katydid.
const DOCUMENTS: [&str; 8] = [
    "README.md",
    "docs/scripting.md",
    "docs/command-line.md",
    "docs/errors.md",
    "docs/manifests.md",
    "docs/results.md",
    "docs/validity.md",
    "docs/compare.md",
];

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A fenced block.
struct Block {
    language: String,
    /// What follows the language: `fragment`, `file=lib/shop.rhai`.
    notes: Vec<String>,
    text: String,
    /// `README.md:12`
    place: String,
}

impl Block {
    fn file(&self) -> Option<&str> {
        self.notes.iter().find_map(|note| note.strip_prefix("file="))
    }

    fn is_fragment(&self) -> bool {
        self.notes.iter().any(|note| note == "fragment")
    }
}

fn blocks(document: &str) -> Vec<Block> {
    let text = read(document);
    let mut found = Vec::new();
    let mut open: Option<Block> = None;
    for (number, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(info), None) => {
                let mut words = info.split(',').map(|word| word.trim().to_owned());
                open = Some(Block {
                    language: words.next().unwrap_or_default(),
                    notes: words.collect(),
                    text: String::new(),
                    place: format!("{document}:{}", number + 2),
                });
            }
            (Some(""), Some(_)) => found.extend(open.take()),
            (_, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (_, None) => {}
        }
    }
    assert!(open.is_none(), "{document}: a block is not closed");
    found
}

/// A folder as a reader of the document would have it: the repository's scripts and manifests, and the document's files.
struct Desk {
    folder: tempfile::TempDir,
    server: DemoServer,
}

impl Desk {
    fn new(document: &str) -> Self {
        let desk = Self {
            folder: tempfile::tempdir().expect("a folder"),
            server: DemoServer::start(0).expect("a port"),
        };
        for folder in ["scripts", "manifests"] {
            copy(&repository().join(folder), &desk.folder.path().join(folder));
        }
        // Blocks are scripts in this folder, and data files lie beside a script.
        copy(&repository().join("scripts/data"), &desk.folder.path().join("data"));
        for block in blocks(document) {
            if let Some(name) = block.file() {
                desk.write(name, &block.text);
            }
        }
        desk
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    /// Runs a shell command in which `katydid` is the binary under test, with a short time for runs that name none.
    fn shell(&self, command: &str) -> Output {
        let programs = Path::new(BINARY).parent().expect("a folder").to_path_buf();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(std::iter::once(programs).chain(std::env::split_paths(&path)));
        let mut shell = Command::new("sh");
        own_environment(&mut shell);
        shell.env("PATH", path.expect("a path")).env("KATYDID_RUN_TIME", "1s");
        // How busy this machine is does not make a document wrong.
        shell.env("KATYDID_ALLOW_SATURATION", "yes");
        shell.args(["-c", command]).current_dir(self.folder.path()).stdin(Stdio::null());
        shell.output().expect("a shell")
    }

    fn run_once(&self, script: &str) -> Output {
        self.write("block.rhai", script);
        let host = self.server.url();
        self.shell(&format!("katydid run block.rhai --host {host} -i 1 --only-summary"))
    }

    fn check(&self, script: &str) -> Output {
        self.write("block.rhai", script);
        self.shell("katydid check block.rhai")
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let path: PathBuf = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).expect("a copy");
        }
    }
}

fn shown(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[track_caller]
fn succeeds(place: &str, output: &Output) {
    assert!(output.status.success(), "{place}: {}\n{}", output.status, shown(output));
}

/// Every block of the language in every document, with the desk of its document; none that are files.
fn each_block(language: &str, mut visit: impl FnMut(&Desk, &Block)) {
    let mut count = 0;
    for document in DOCUMENTS {
        let desk = Desk::new(document);
        for block in blocks(document).iter().filter(|block| block.language == language) {
            // Files are judged by the blocks that use them.
            if language == "rhai" && block.file().is_some() {
                continue;
            }
            visit(&desk, block);
            count += 1;
        }
    }
    assert!(count > 0, "there is no block of {language}");
}

#[test]
fn scripts_are_right_and_run() {
    each_block("rhai", |desk, block| {
        if block.is_fragment() {
            return;
        }
        if block.text.contains("user_class(") {
            succeeds(&block.place, &desk.check(&block.text));
            let output = desk.run_once(&block.text);
            succeeds(&block.place, &output);
        } else {
            // Functions and task sets only: they are declared, nobody uses them.
            let class = r#"user_class("Documented").task("nothing", || ());"#;
            succeeds(&block.place, &desk.check(&format!("{}\n{class}\n", block.text)));
        }
    });
}

#[test]
fn fragments_do_not_throw() {
    each_block("rhai", |desk, block| {
        if !block.is_fragment() {
            return;
        }
        let text = &block.text;
        let script = format!(
            "import \"std/auth\" as auth;\nuser_class(\"Documented\").task(\"fragment\", |user| {{\n{text}\n}});\n"
        );
        let output = desk.run_once(&script);
        let shown = shown(&output);
        // A fragment may show how a request fails.
        assert!(matches!(output.status.code(), Some(0 | 1)), "{}: {}\n{shown}", block.place, output.status);
        assert!(!shown.contains("xception"), "{}\n{shown}", block.place);
    });
}

/// The commands of a block: one a line, without comments, with what is expected of each.
fn commands(block: &Block) -> Vec<(String, i32)> {
    let joined = block.text.replace("\\\n", " ");
    let exits = Regex::new(r"# exits (\d)").expect("a pattern");
    let words = Regex::new(r"^([A-Z_]+=\S+ )*katydid ").expect("a pattern");
    joined
        .lines()
        .map(|line| line.trim().replace("cargo run --release -- ", "katydid "))
        .filter(|line| words.is_match(line))
        .map(|line| {
            let code = exits.captures(&line).map_or(0, |found| found[1].parse().expect("a digit"));
            (line.split(" # ").next().unwrap_or(&line).trim().to_owned(), code)
        })
        .collect()
}

#[test]
fn commands_run_and_end_as_they_are_said_to() {
    let time = Regex::new(r"(-t|--run-time) \S+").expect("a pattern");
    let address = Regex::new(r"http://127\.0\.0\.1:8080").expect("a pattern");
    each_block("sh", |desk, block| {
        for (command, code) in commands(block) {
            // A run of so many iterations ends by itself, and whether it then has every row must not depend on time.
            let counted = command.contains(" -i ");
            let command = if counted { command.into() } else { time.replace_all(&command, "-t 1s") };
            let url = desk.server.url();
            let command = address.replace_all(&command, url.as_str());
            if command.starts_with("katydid demo") {
                serves(&command, &block.place);
                continue;
            }
            let output = desk.shell(&command);
            assert_eq!(output.status.code(), Some(code), "{}: {command}\n{}", block.place, shown(&output));
        }
    });
}

/// `katydid demo` says where it listens, and ends at a signal.
fn serves(command: &str, place: &str) {
    let words: Vec<_> = command.split_whitespace().skip(1).filter(|word| *word != "&").collect();
    let known = match words[..] {
        ["demo"] => true,
        ["demo", "--port", port] => port.parse::<u16>().is_ok(),
        _ => false,
    };
    assert!(known, "{place}: {command}");
    // The port of the document may be taken on this machine.
    let out = tempfile::NamedTempFile::new().expect("a file");
    let log = Stdio::from(out.reopen().expect("the file"));
    let both = Stdio::from(out.reopen().expect("the file"));
    let mut child = own_environment(&mut Command::new(BINARY))
        .args(["demo", "--port", "0"])
        .stdout(log)
        .stderr(both)
        .spawn()
        .expect("a child");
    let begun = std::time::Instant::now();
    let said = || std::fs::read_to_string(out.path()).expect("the output").contains("http://127.0.0.1:");
    while !said() && begun.elapsed().as_secs() < 60 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let listening = said();
    let status = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    let ended = child.wait().expect("the child is ours");
    assert!(listening && status.success(), "{place}: {listening} {ended}");
}

#[test]
fn manifests_are_read() {
    each_block("yaml", |_, block| {
        Manifest::parse(&block.place, &block.text).unwrap_or_else(|error| panic!("{error}"));
    });
}

#[test]
fn configuration_files_are_read() {
    each_block("toml", |desk, block| {
        desk.write("documented.toml", &block.text);
        let url = desk.server.url();
        let output = desk.shell(&format!(
            "katydid run scripts/quickstart.rhai --config documented.toml --host {url} -i 1 -t 1s"
        ));
        assert_ne!(output.status.code(), Some(2), "{}\n{}", block.place, shown(&output));
    });
}

/// One option as the help shows it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Flag {
    long: String,
    short: String,
    value: String,
    default: String,
}

fn help(verb: &str) -> Vec<Flag> {
    let output = own_environment(&mut Command::new(BINARY))
        .args([verb, "--help"])
        .output()
        .expect("the binary starts");
    let text = String::from_utf8(output.stdout).expect("text");
    let line = Regex::new(r"^ +(-(\w), )?--([a-z-]+)(?:\[=)?(?: ?<([^>]+)>\]?(?:\.\.\.)?)?(?:  |$)")
        .expect("a pattern");
    let default = Regex::new(r"\[default: ([^\]]+)\]").expect("a pattern");
    let mut flags: Vec<(Flag, String)> = Vec::new();
    for row in text.lines() {
        if let Some(found) = line.captures(row) {
            let group = |number| found.get(number).map_or("", |text| text.as_str()).to_owned();
            let flag = Flag { long: group(3), short: group(2), value: group(4), default: String::new() };
            flags.push((flag, row.to_owned()));
        } else if let Some((_, about)) = flags.last_mut() {
            about.push(' ');
            about.push_str(row.trim());
        }
    }
    flags
        .into_iter()
        .filter(|(flag, _)| flag.long != "help")
        .map(|(flag, about)| {
            let default = default.captures(&about).map_or(String::new(), |found| found[1].to_owned());
            Flag { default, ..flag }
        })
        .collect()
}

/// The flags of every verb, each once.
fn flags() -> Vec<Flag> {
    let mut flags = help("run");
    for flag in help("list").into_iter().chain(help("demo")) {
        if !flags.iter().any(|known| known.long == flag.long) {
            flags.push(flag);
        }
    }
    flags
}

/// The rows of the option tables of docs/command-line.md: flag, variable, Locust's variable, key, default.
fn option_rows() -> Vec<[String; 5]> {
    let text = read("docs/command-line.md");
    let rows = text.lines().filter(|line| line.starts_with("| `-"));
    rows.map(|row| {
        let row = row.replace("\\|", "/");
        let mut cells = row.trim_matches('|').split(" | ").map(|cell| cell.trim().replace('`', ""));
        [(); 5].map(|()| cells.next().unwrap_or_default())
    })
    .collect()
}

#[test]
fn the_table_of_options_is_that_of_the_help() {
    let rows = option_rows();
    let wanted = flags();
    for flag in &wanted {
        let short = if flag.short.is_empty() { String::new() } else { format!("-{}, ", flag.short) };
        let value = if flag.value.is_empty() || flag.value == "yes|no" {
            String::new()
        } else {
            format!(" {}", flag.value)
        };
        let name = format!("{short}--{}{value}", flag.long);
        let row = rows.iter().find(|row| row[0] == name).unwrap_or_else(|| panic!("no row for `{name}`"));
        let key = if flag.long == "port" { "demo-port" } else { &flag.long };
        assert_eq!(row[1], format!("KATYDID_{}", key.to_uppercase().replace('-', "_")), "{name}");
        assert_eq!(row[3], if key == "config" { "" } else { key }, "{name}");
        let default = flag.default.split(';').next().unwrap_or_default();
        assert_eq!(row[4], if flag.value == "yes|no" { "no" } else { default }, "{name}");
    }
    assert_eq!(rows.len(), wanted.len(), "a row has no option");
}

#[test]
fn the_variables_of_locust_are_those_that_are_read() {
    let source = read("src/cli/settings/options.rs");
    let read: BTreeSet<_> = Regex::new(r#"\.locust\("(LOCUST_\w+)"\)"#)
        .expect("a pattern")
        .captures_iter(&source)
        .map(|found| found[1].to_owned())
        .collect();
    let said: BTreeSet<_> =
        option_rows().into_iter().map(|row| row[2].clone()).filter(|cell| !cell.is_empty()).collect();
    assert_eq!(said, read);
    assert!(said.len() > 10);
}

#[test]
fn no_document_names_a_flag_that_does_not_exist() {
    let mut known: BTreeSet<String> = flags().into_iter().map(|flag| flag.long).collect();
    // katydid's own two, and cargo's.
    known.extend(["compare", "merge"].into_iter().flat_map(help).map(|flag| flag.long));
    known.extend(["help", "version", "release"].map(str::to_owned));
    let flags = Regex::new(r"(?:^|[\s`(/=])--([a-z][a-z-]*)").expect("a pattern");
    for document in DOCUMENTS {
        let text = read(document);
        for found in flags.captures_iter(&text) {
            assert!(known.contains(&found[1]), "{document} names --{}", &found[1]);
        }
    }
}

/// The functions of the namespaces, from the source that registers them.
fn namespace_functions() -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let namespace = Regex::new(r#"Namespace::new\("(\w+)"\)"#).expect("a pattern");
    let function = Regex::new(r#"\.function\(\s*"(\w+)""#).expect("a pattern");
    let listed = Regex::new(r#"\("(\w+)", (?:\||Level::)"#).expect("a pattern");
    let folder = repository().join("src/script/api");
    for entry in std::fs::read_dir(folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            continue;
        }
        let text = std::fs::read_to_string(path).expect("a source");
        let text = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
        let Some(name) = namespace.captures(&text).map(|found| found[1].to_owned()) else { continue };
        let functions = found.entry(name.clone()).or_default();
        functions.extend(function.captures_iter(&text).map(|found| found[1].to_owned()));
        if name == "log" {
            functions.extend(listed.captures_iter(&text).map(|found| found[1].to_owned()));
        }
        if name == "fake" {
            let makers = read("src/script/api/fake/persona.rs");
            let makers = makers.split("const MAKERS").nth(1).and_then(|rest| rest.split("];").next());
            let makers = makers.expect("the table of makers");
            functions.extend(listed.captures_iter(makers).map(|found| found[1].to_owned()));
        }
    }
    found
}

#[test]
fn every_function_of_every_namespace_is_documented() {
    let text = read("docs/scripting.md");
    let all = namespace_functions();
    let names: Vec<_> = all.keys().map(String::as_str).collect();
    assert_eq!(names, ["crypto", "data", "encoding", "env", "fake", "json", "log", "random", "time"]);
    for (namespace, functions) in &all {
        assert!(!functions.is_empty(), "{namespace}");
        for function in functions {
            assert!(text.contains(&format!("{namespace}::{function}")), "{namespace}::{function}");
        }
    }
    // And the other way round: what the reference names exists.
    let named =
        Regex::new(r"\b(crypto|data|encoding|env|fake|json|log|random|time)::(\w+)").expect("a pattern");
    for document in DOCUMENTS {
        for found in named.captures_iter(&read(document)) {
            assert!(all[&found[1]].contains(&found[2]), "{document} names {}", &found[0]);
        }
    }
}

#[test]
fn every_method_property_and_option_is_documented() {
    let text = read("docs/scripting.md");
    let registered = Regex::new(r#"\.(?:register_(?:fn|get|get_set)|with)\(\s*"(\w+)""#).expect("a pattern");
    let inside = ["to_string", "to_debug"];
    for file in [
        "declare/declaration",
        "declare/waits",
        "user/handle",
        "request/send",
        "request/response",
        "request/headers",
        "stream/methods",
        "request/auth",
        "user/pace",
        "request/batch",
        "user/blocks",
        "api/data",
        "api/shared",
        "declare/hooks",
        "declare/settings",
        "declare/script_options",
    ] {
        let source = read(&format!("src/script/{file}.rs"));
        let source = source.split("#[cfg(test)]").next().unwrap_or_default();
        let mut count = 0;
        for found in registered.captures_iter(source).filter(|found| !inside.contains(&&found[1])) {
            let name = Regex::new(&format!(r"[`.]{}\b", &found[1])).expect("a pattern");
            assert!(name.is_match(&text), "{file}.rs registers `{}`", &found[1]);
            count += 1;
        }
        assert!(count > 0, "{file}");
    }
    for (file, list) in [
        ("src/script/options.rs", "REQUEST_OPTIONS"),
        ("src/script/options.rs", "BATCH_KEYS"),
        ("src/script/options.rs", "STREAM_KEYS"),
        ("src/script/options.rs", "RECORD_OPTIONS"),
        ("src/script/options.rs", "TASK_OPTIONS"),
        ("src/script/options.rs", "SETTINGS"),
        ("src/script/options.rs", "OPTION_KEYS"),
        ("src/script/options.rs", "CLASS_OPTIONS"),
    ] {
        let source = read(file);
        let start = source.find(&format!("{list}: &[")).unwrap_or_else(|| panic!("{list} in {file}"));
        let list = source[start..].split("];").next().unwrap_or_default();
        for found in Regex::new(r#""(\w+)""#).expect("a pattern").captures_iter(list) {
            assert!(text.contains(&format!("`{}`", &found[1])), "option `{}` of {file}", &found[1]);
        }
    }
}

#[test]
fn every_event_is_documented() {
    let text = read("docs/scripting.md");
    for event in katydid::plan::Event::ALL {
        assert!(text.contains(&format!("| `{}` |", event.name())), "{}", event.name());
    }
}

#[test]
fn every_metric_is_documented() {
    let text = read("docs/manifests.md");
    for metric in katydid::manifest::METRIC_COLUMNS {
        assert!(text.contains(&format!("`{metric}`")), "{metric}");
    }
}

#[test]
fn links_lead_to_files() {
    let link = Regex::new(r"\]\(([^)#:]+)(?:#[^)]*)?\)").expect("a pattern");
    for document in DOCUMENTS {
        let folder = repository().join(document).parent().expect("a folder").to_path_buf();
        for found in link.captures_iter(&read(document)) {
            assert!(folder.join(&found[1]).exists(), "{document} links to {}", &found[1]);
        }
    }
}
