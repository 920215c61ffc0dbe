//! Every option through every layer, and what is refused.

use super::RunSettings;
use super::args::{command, given};
use super::layers::Environment;
use super::options::{Kind, OPTIONS, Verb};
use super::resolve::{resolve, resolve_demo, resolve_script};
use crate::engine::Late;
use crate::http::{HttpVersion, TlsVersion};
use crate::util::Diagnostic;
use std::time::Duration;

/// A command line, an environment and files, in a folder of their own.
struct Setup {
    folder: tempfile::TempDir,
    words: Vec<String>,
    environment: Environment,
}

impl Setup {
    fn new(words: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            folder,
            words: words.iter().map(|&word| word.to_owned()).collect(),
            environment: Environment::new(),
        }
    }

    fn word(mut self, word: impl Into<String>) -> Self {
        self.words.push(word.into());
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    fn file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.folder.path().join(name), text).unwrap();
        self
    }

    fn resolve(&self) -> Result<RunSettings, Diagnostic> {
        let words = ["katydid".to_owned(), "run".to_owned()].into_iter().chain(self.words.iter().cloned());
        let matches = command().try_get_matches_from(words).unwrap_or_else(|error| panic!("{error}"));
        let (_, matches) = matches.subcommand().unwrap();
        resolve(&given(Verb::Run, matches), &self.environment, self.folder.path())
    }

    fn error(&self) -> String {
        self.resolve().unwrap_err().to_string()
    }
}

/// An option, five texts for it that give five different values, and how its value reads.
type Case = (&'static str, [&'static str; 5], fn(&RunSettings) -> String);

fn cases() -> Vec<Case> {
    vec![
        ("script", ["a", "b", "c", "d", "e"], |s| format!("{:?}", s.script.scripts)),
        ("library", ["a", "b", "c", "d", "e"], |s| format!("{:?}", s.script.libraries)),
        ("host", ["http://a", "http://b", "http://c", "http://d", "demo"], |s| format!("{:?}", s.host)),
        ("users", ["11", "12", "13", "14", "15"], |s| s.users.to_string()),
        ("spawn-rate", ["1.5", "2.5", "3.5", "4.5", "5.5"], |s| s.spawn_rate.to_string()),
        ("run-time", ["11s", "12s", "13s", "14s", "15s"], |s| format!("{:?}", s.run_time)),
        ("iterations", ["11", "12", "13", "14", "15"], |s| format!("{:?}", s.iterations)),
        ("iterations-per-user", ["11", "12", "13", "14", "15"], |s| format!("{:?}", s.iterations_per_user)),
        ("tags", ["a", "b", "c", "d", "e"], |s| format!("{:?}", s.tags)),
        ("exclude-tags", ["a", "b", "c", "d", "e"], |s| format!("{:?}", s.exclude_tags)),
        ("class", ["A", "B=2", "C", "D", "E"], |s| format!("{:?}", s.classes)),
        ("csv", ["a", "b", "c", "d", "e"], |s| format!("{:?}", s.files.csv)),
        ("html", ["a", "b", "c", "d", "-"], |s| format!("{:?}", s.files.forms)),
        ("json", ["a", "b", "c", "d", "-"], |s| format!("{:?}", s.files.forms)),
        ("junit", ["a", "b", "c", "d", "-"], |s| format!("{:?}", s.files.forms)),
        ("markdown", ["a", "b", "c", "d", "-"], |s| format!("{:?}", s.files.forms)),
        ("result", ["a", "b", "c", "d", "-"], |s| format!("{:?}", s.files.forms)),
        ("trace", ["a", "b", "c", "d", "e"], |s| format!("{:?}", s.trace)),
        ("debug-http", ["1", "2", "no", "7", "9"], |s| format!("{:?}", s.debug_http)),
        ("manifest", ["a", "b", "c", "d", "e"], |s| format!("{:?}", s.manifests)),
        ("stop-timeout", ["11s", "0", "13s", "14s", "15s"], |s| format!("{:?}", s.stop_timeout)),
        ("exit-code-on-error", ["11", "12", "13", "0", "255"], |s| format!("{:?}", s.exit_code_on_error)),
        ("seed", ["11", "12", "13", "14", "0"], |s| s.seed.to_string()),
        ("shards", ["11", "12", "13", "14", "15"], |s| s.shards.to_string()),
        ("ca", ["a", "b", "c", "d", "e"], |s| format!("{:?}", s.ca)),
        ("cert", ["a", "b", "c", "d", "e"], |s| format!("{:?}", s.cert)),
        ("key", ["a", "b", "c", "d", "e"], |s| format!("{:?}", s.key)),
        ("allow-host", ["a", "*.b", "c:80", "127.0.0.1", "::1"], |s| format!("{:?}", s.allowed_hosts)),
        ("timeout", ["11s", "12s", "13s", "14s", "15s"], |s| format!("{:?}", s.timeout)),
        ("connect-timeout", ["11s", "12s", "13s", "14s", "15s"], |s| {
            format!("{:?}", s.network.connect_timeout)
        }),
        ("max-connections", ["1", "2", "3", "4", "5"], |s| s.network.max_connections.to_string()),
        ("max-idle-connections", ["1", "2", "3", "4", "5"], |s| s.network.max_idle_connections.to_string()),
        ("resolve", ["a:1:::1", "a:1:::2", "a:2:::1", "*:1:::1", "a:*:::1,::2"], |s| {
            format!("{:?}", s.network.network.resolve)
        }),
        ("dns-ttl", ["11s", "0", "13s", "14s", "15s"], |s| format!("{:?}", s.network.network.dns_ttl)),
        ("source-address", ["::1", "::2", "::3,::4", "::5-::7", "127.0.0.0/28"], |s| {
            format!("{:?}", s.network.network.sources)
        }),
        ("proxy", ["http://a", "http://b", "socks5://a", "socks5h://a", "http://a:1"], |s| {
            format!("{:?}", s.network.proxy)
        }),
        ("no-proxy", ["a", "b", "a,b", "10.0.0.0/8", "*"], |s| format!("{:?}", s.network.no_proxy)),
        ("max-body", ["1KiB", "2KiB", "3KiB", "4KiB", "5"], |s| format!("{:?}", s.max_body)),
        ("loglevel", ["debug", "error", "warning", "trace", "off"], |s| s.log.level.to_string()),
        ("logfile", ["a", "b", "c", "d", "e"], |s| format!("{:?}", s.log.file)),
        ("max-operations", ["11", "12", "13", "14", "0"], |s| s.script.limits.max_operations.to_string()),
        ("max-string-size", ["1KiB", "2KiB", "3KiB", "4KiB", "5"], |s| {
            s.script.limits.max_string_size.to_string()
        }),
        ("max-array-size", ["11", "12", "13", "14", "15"], |s| s.script.limits.max_array_size.to_string()),
        ("max-map-size", ["11", "12", "13", "14", "15"], |s| s.script.limits.max_map_size.to_string()),
        ("max-call-levels", ["11", "12", "13", "14", "15"], |s| s.script.limits.max_call_levels.to_string()),
        ("stack-size", ["2MiB", "3MiB", "4MiB", "5MiB", "6MiB"], |s| s.script.limits.stack_size.to_string()),
    ]
}

type SwitchCase = (&'static str, fn(&RunSettings) -> bool);

/// The switches whose value shows in the settings.
fn switches() -> Vec<SwitchCase> {
    vec![
        ("csv-full-history", |s| s.files.csv_options.full_history),
        ("csv-integer-ms", |s| s.files.csv_options.integer_ms),
        ("failure-grouping", |s| s.failure_grouping),
        ("phases", |s| s.phases),
        ("once", |s| s.once),
        ("only-summary", |s| s.only_summary),
        ("quiet", |s| s.quiet),
        ("reset-stats", |s| s.reset_stats),
        ("insecure", |s| s.insecure),
        ("no-tls-resumption", |s| s.no_tls_resumption),
        ("no-keepalive", |s| s.network.no_keepalive),
        ("allow-saturation", |s| s.allow_saturation),
    ]
}

/// Options that the tables above cannot hold; each has a test of its own.
const ELSEWHERE: [&str; 10] = [
    "headless",
    "web",
    "config",
    "demo-port",
    "late",
    "option",
    "shape",
    "tls-min",
    "http-version",
    "no-color",
];

#[test]
fn no_option_is_left_untested() {
    let tested: Vec<&str> = cases()
        .iter()
        .map(|case| case.0)
        .chain(switches().iter().map(|case| case.0))
        .chain(ELSEWHERE)
        .collect();
    for spec in OPTIONS {
        assert!(tested.contains(&spec.key), "{} is in no table of these tests", spec.key);
    }
    assert_eq!(tested.len(), OPTIONS.len());
}

/// The layers below the flags that an option has, weakest first.
fn below_flags(key: &str, texts: &[&str; 5]) -> Vec<Layer> {
    let spec = super::options::spec(key);
    let mut layers = vec![
        Layer::File("katydid.toml", texts[4].to_owned()),
        Layer::File("other.toml", texts[3].to_owned()),
    ];
    layers.extend(spec.locust.map(|name| Layer::Variable(name.to_owned(), texts[2].to_owned())));
    layers.push(Layer::Variable(spec.variable(), texts[1].to_owned()));
    layers
}

enum Layer {
    File(&'static str, String),
    Variable(String, String),
}

impl Layer {
    fn add(&self, key: &str, setup: Setup) -> Setup {
        match self {
            Self::File(name, text) => setup.file(name, &format!("{key} = \"{text}\"\n")),
            Self::Variable(name, text) => setup.variable(name, text),
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::File(_, text) | Self::Variable(_, text) => text,
        }
    }

    fn name(&self, key: &str) -> String {
        match self {
            Self::File(name, _) => format!("{name}:1:{}", key.len() + 4),
            Self::Variable(name, _) => name.clone(),
        }
    }
}

fn base(key: &str) -> Setup {
    let setup = Setup::new(&[]).file("other.toml", "").word("--config=other.toml");
    let setup = if key == "script" { setup } else { setup.word("main.rhai") };
    if key == "csv-full-history" { setup.word("--csv=x") } else { setup }
}

#[test]
fn each_layer_beats_those_below_it() {
    for (key, texts, read) in cases() {
        let wanted = |text: &str| read(&base(key).word(format!("--{key}={text}")).resolve().unwrap());
        let distinct: std::collections::BTreeSet<_> = texts.iter().map(|text| wanted(text)).collect();
        assert_eq!(distinct.len(), texts.len(), "{key}: the texts must give different values");
        let mut setup = base(key);
        if key != "script" {
            let settings = setup.resolve().unwrap();
            assert!(!settings.origins.is_given(key), "{key} is given by nobody");
        }
        for layer in below_flags(key, &texts) {
            setup = layer.add(key, setup);
            let settings = setup.resolve().unwrap();
            assert_eq!(read(&settings), wanted(layer.text()), "{key}");
            assert_eq!(settings.origins.of(key).to_string(), layer.name(key), "{key}");
        }
        let settings = setup.word(format!("--{key}={}", texts[0])).resolve().unwrap();
        assert_eq!(read(&settings), wanted(texts[0]), "{key}");
        assert_eq!(settings.origins.of(key).to_string(), format!("--{key}"));
    }
}

#[test]
fn each_layer_of_a_switch_beats_those_below_it() {
    for (key, read) in switches() {
        assert!(!read(&base(key).resolve().unwrap()), "{key} is off by default");
        let mut setup = base(key);
        let mut on = true;
        for layer in below_flags(key, &["", "", "", "", ""]) {
            let text = if on { "yes" } else { "off" };
            let layer = match layer {
                Layer::File(name, _) => Layer::File(name, text.to_owned()),
                Layer::Variable(name, _) => Layer::Variable(name, text.to_owned()),
            };
            setup = layer.add(key, setup);
            let settings = setup.resolve().unwrap();
            assert_eq!(read(&settings), on, "{key}");
            assert_eq!(settings.origins.of(key).to_string(), layer.name(key), "{key}");
            on = !on;
        }
        let setup = setup.word(format!("--{key}"));
        assert!(read(&setup.resolve().unwrap()), "{key}");
        assert!(!read(&setup.word(format!("--{key}=no")).resolve().unwrap()), "{key}: the last one wins");
    }
}

#[test]
fn late_is_wait_or_drop() {
    let late = |setup: Setup| setup.resolve().map(|settings| settings.late);
    let setup = || Setup::new(&["main.rhai"]);
    assert_eq!(late(setup()), Ok(Late::Wait));
    let from_file = || setup().file("katydid.toml", "late = 'drop'\n");
    assert_eq!(late(from_file()), Ok(Late::Drop));
    let from_variable = || from_file().variable("KATYDID_LATE", "wait");
    assert_eq!(late(from_variable()), Ok(Late::Wait));
    assert_eq!(late(from_variable().word("--late=Drop")), Ok(Late::Drop));
    let refused = late(setup().word("--late=never")).expect_err("no such thing").to_string();
    assert!(refused.contains("--late: `never` is neither wait nor drop"), "{refused}");
}

#[test]
fn versions_of_tls_and_http() {
    let versions = |setup: Setup| setup.resolve().map(|settings| (settings.tls_min, settings.http_version));
    let setup = || Setup::new(&["main.rhai"]);
    assert_eq!(versions(setup()), Ok((TlsVersion::Tls12, HttpVersion::Auto)));
    let from_file = || setup().file("katydid.toml", "tls-min = 1.3\nhttp-version = 2\n");
    assert_eq!(versions(from_file()), Ok((TlsVersion::Tls13, HttpVersion::Http2)));
    let from_variable =
        || from_file().variable("KATYDID_TLS_MIN", "1.2").variable("KATYDID_HTTP_VERSION", "auto");
    assert_eq!(versions(from_variable()), Ok((TlsVersion::Tls12, HttpVersion::Auto)));
    let by_flag = from_variable().word("--tls-min=1.3").word("--http-version=1.1");
    assert_eq!(versions(by_flag), Ok((TlsVersion::Tls13, HttpVersion::Http1)));
    for (word, expected) in [
        ("--tls-min=1.1", "--tls-min: `1.1` is neither 1.2 nor 1.3"),
        ("--http-version=3", "--http-version: `3` is none of auto, 1.1 and 2"),
    ] {
        let refused = versions(setup().word(word)).expect_err("no such thing").to_string();
        assert!(refused.contains(expected), "{refused}");
    }
}

#[test]
fn defaults_are_those_of_the_help() {
    let settings = Setup::new(&["main.rhai"]).resolve().unwrap();
    assert_eq!((settings.users, settings.spawn_rate), (1, 1.0));
    assert_eq!((settings.stop_timeout, settings.timeout), (Duration::from_secs(5), Duration::from_secs(60)));
    assert_eq!((settings.run_time, settings.iterations, settings.host), (None, None, None));
    assert!(settings.shards >= 1);
    let limits = settings.script.limits;
    assert_eq!((limits.max_operations, limits.max_string_size), (50_000_000, 64 << 20));
    assert_eq!((limits.max_call_levels, limits.stack_size), (64, 1 << 20));
    let other = Setup::new(&["main.rhai"]).resolve().unwrap();
    assert_ne!(settings.seed, other.seed, "a seed that nobody gave is new every time");
}

#[test]
fn short_flags_are_those_of_locust() {
    let words = [
        "-f", "a.rhai", "-H", "demo", "-u", "5", "-r", "2", "-t", "1m", "-i", "9", "-T", "x", "-E", "y",
        "-s", "1", "-L", "debug", "-I", "lib", "-o", "a=1",
    ];
    let settings = Setup::new(&words).resolve().unwrap();
    let given: Vec<_> = OPTIONS
        .iter()
        .filter(|spec| spec.short.is_some() && spec.kind != Kind::Switch)
        .map(|spec| settings.origins.of(spec.key).to_string())
        .collect();
    assert_eq!(given.len() * 2, words.len());
    assert!(given.iter().all(|origin| origin.starts_with("--")), "{given:?}");
}

#[test]
fn who_wants_quiet_is_only_warned_unless_more_was_asked_for() {
    let level = |words: &[&str]| Setup::new(words).resolve().unwrap().log.level.to_string();
    assert_eq!(level(&["a.rhai"]), "info");
    assert_eq!(level(&["a.rhai", "-q"]), "warn");
    assert_eq!(level(&["a.rhai", "-q", "-L", "info"]), "info");
    assert_eq!(level(&["a.rhai", "-q", "-L", "off"]), "off");
}

#[test]
fn colours_are_refused_by_yes_or_no() {
    assert!(Setup::new(&["a.rhai", "--no-color"]).resolve().is_ok());
    insta::assert_snapshot!(Setup::new(&["a.rhai", "--no-color=maybe"]).error(), @"error: --no-color: `maybe` is neither yes (true, yes, on, 1) nor no (false, no, off, 0)");
}

#[test]
fn lists_may_be_repeated_or_have_commas() {
    let flags = Setup::new(&["a.rhai", "-f", "b,c.rhai", "-T", "x,y", "-T", " z ", "--class", "A,B=2"]);
    let settings = flags.resolve().unwrap();
    assert_eq!(settings.tags, ["x", "y", "z"]);
    assert_eq!(settings.classes, [("A".to_owned(), None), ("B".to_owned(), Some(2.0))]);
    assert_eq!(settings.script.scripts, ["a.rhai", "b,c.rhai"].map(std::path::PathBuf::from));
    let toml = "tags = ['x', 'y']\nclass = 'A,B'\nscript = ['a.rhai', 'b.rhai']\n";
    let settings = Setup::new(&[]).file("katydid.toml", toml).resolve().unwrap();
    assert_eq!((settings.tags.len(), settings.classes.len(), settings.script.scripts.len()), (2, 2, 2));
    let settings = Setup::new(&["a.rhai"])
        .variable("KATYDID_TAGS", "x, y")
        .variable("LOCUST_USER_CLASSES", "A B")
        .variable("LOCUST_EXCLUDE_TAGS", "[a, b]")
        .variable("KATYDID_MANIFEST", "m.yml,n.yml")
        .resolve()
        .unwrap();
    assert_eq!((settings.tags.len(), settings.classes.len(), settings.exclude_tags.len()), (2, 2, 2));
    assert_eq!(settings.manifests.len(), 2);
}

#[test]
fn the_library_path_follows_the_flags() {
    let settings = Setup::new(&["a.rhai", "-I", "one", "-I", "two"])
        .variable("KATYDID_PATH", "three:four")
        .variable("KATYDID_LIBRARY", "five:six")
        .resolve()
        .unwrap();
    assert_eq!(settings.script.libraries, ["one", "two", "three", "four"].map(std::path::PathBuf::from));
    let settings = Setup::new(&["a.rhai"]).variable("KATYDID_LIBRARY", "five:six").resolve().unwrap();
    assert_eq!(settings.script.libraries, ["five", "six"].map(std::path::PathBuf::from));
}

#[test]
fn an_empty_variable_says_nothing() {
    let settings = Setup::new(&["a.rhai"])
        .variable("KATYDID_USERS", "")
        .variable("LOCUST_USERS", "7")
        .resolve()
        .unwrap();
    assert_eq!(settings.users, 7);
}

#[test]
fn a_last_flag_wins() {
    assert_eq!(Setup::new(&["a.rhai", "-u", "3", "-u", "4"]).resolve().unwrap().users, 4);
}

#[test]
fn bad_values_name_their_origin() {
    let setup = || Setup::new(&["a.rhai"]);
    insta::assert_snapshot!(setup().word("--users=many").error(), @"error: --users: `many` is not a whole number from 1");
    insta::assert_snapshot!(setup().variable("KATYDID_RUN_TIME", "1h30").error(), @"error: KATYDID_RUN_TIME: `1h30` is not a duration; write seconds (`90`), or units as in `500ms`, `30s`, `1h30m`");
    insta::assert_snapshot!(setup().variable("LOCUST_HEADLESS", "maybe").error(), @"error: LOCUST_HEADLESS: `maybe` is neither yes (true, yes, on, 1) nor no (false, no, off, 0)");
    insta::assert_snapshot!(setup().file("katydid.toml", "# load\nusers = 5\nspawn-rate = 0 # none\n").error(), @r"
    error: spawn-rate: `0` is not a number above 0
     --> katydid.toml:3:14
      |
    3 | spawn-rate = 0 # none
      |              ^
    ");
    insta::assert_snapshot!(setup().file("katydid.toml", "users = [1, 2]").error(), @r"
    error: users: this takes one value, not a list
     --> katydid.toml:1:9
      |
    1 | users = [1, 2]
      |         ^^^^^^
    ");
}

#[test]
fn every_option_refuses_what_it_cannot_read() {
    let bad = |key: &str| match key {
        "host" | "csv" | "html" | "json" | "junit" | "markdown" | "result" | "trace" | "ca" | "cert"
        | "key" | "logfile" => Some(" "),
        "class" => Some("=1"),
        "option" | "script" | "library" | "manifest" | "tags" | "exclude-tags" | "config" | "demo-port"
        | "shape" => None,
        _ => Some("?"),
    };
    for spec in OPTIONS {
        let Some(text) = bad(spec.key) else { continue };
        let flag = Setup::new(&["a.rhai"]).word(format!("--{}={text}", spec.key)).error();
        assert!(flag.starts_with(&format!("error: --{}: ", spec.key)), "{flag}");
        let file =
            Setup::new(&["a.rhai"]).file("katydid.toml", &format!("{} = \"{text}\"", spec.key)).error();
        assert!(file.starts_with(&format!("error: {}: ", spec.key)), "{file}");
        assert!(file.contains("--> katydid.toml:1:") && file.contains('^'), "{file}");
        if spec.kind != Kind::Words && !text.trim().is_empty() {
            let variable = Setup::new(&["a.rhai"]).variable(&spec.variable(), text).error();
            assert!(variable.starts_with(&format!("error: {}: ", spec.variable())), "{variable}");
        }
    }
}

#[test]
fn a_full_history_needs_csv_files() {
    let flag = Setup::new(&["a.rhai", "--csv-full-history"]).error();
    assert_eq!(flag, "error: --csv-full-history: this needs --csv PREFIX");
    let file = Setup::new(&["a.rhai"]).file("katydid.toml", "csv-full-history = true").error();
    assert!(file.contains("katydid.toml:1:20"), "{file}");
    assert!(Setup::new(&["a.rhai", "--csv-full-history", "--csv", "x"]).resolve().is_ok());
}

#[test]
fn stdout_takes_one_report() {
    insta::assert_snapshot!(Setup::new(&["a.rhai", "--json=-", "--junit=x", "--markdown=-"]).error(), @r"
    error: --json and --markdown cannot all write to stdout
      = help: give all but one of them a file
    ");
    assert!(Setup::new(&["a.rhai", "--json=-", "--junit=x"]).resolve().is_ok());
}

#[test]
fn there_is_no_web_ui_and_headless_says_nothing_new() {
    insta::assert_snapshot!(Setup::new(&["a.rhai", "--web"]).error(), @r"
    error: there is no web UI yet: every run is headless
      = help: leave `web` out; the tables go to stdout, and --csv writes files
    ");
    assert!(Setup::new(&["a.rhai", "--headless", "--web=no"]).resolve().is_ok());
    assert!(Setup::new(&["a.rhai"]).variable("LOCUST_HEADLESS", "true").resolve().is_ok());
}

#[test]
fn a_script_must_be_given() {
    insta::assert_snapshot!(Setup::new(&[]).error(), @r#"
    error: no script is given
      = help: name one: `katydid run main.rhai`, or `script = "main.rhai"` in katydid.toml
    "#);
}

#[test]
fn options_of_scripts_are_layered_by_name() {
    let setup = Setup::new(&["a.rhai", "--config=other.toml", "-o", "a=1", "-o", "a=2,3", "--option", "b="])
        .file("other.toml", "[option]\na = 'x'\nc = true\n")
        .file("katydid.toml", "[option]\nc = 1\nd = 2.5\n")
        .variable("KATYDID_OPT_D", "7");
    let settings = setup.resolve().unwrap().script;
    let found = |name: &str| {
        let given = settings.options.find(name, &settings.environment)?;
        Some(format!("{} by {}", given.text, given.origin))
    };
    assert_eq!(found("a").unwrap(), "2,3 by --option", "of two the last counts, and a comma is no separator");
    assert_eq!(found("b").unwrap(), " by --option");
    assert_eq!(found("c").unwrap(), "true by other.toml:3:5");
    assert_eq!(found("d").unwrap(), "7 by KATYDID_OPT_D");
    assert_eq!(found("e"), None);
    let listed = Setup::new(&["a.rhai"])
        .file("katydid.toml", "option = ['a=1', 'b=2']")
        .variable("KATYDID_OPT_A", "3")
        .resolve()
        .unwrap()
        .script;
    let texts = ["a", "b"].map(|name| listed.options.find(name, &listed.environment).unwrap().text);
    assert_eq!(texts, ["3", "2"], "a variable beats a file");
    let variable = Setup::new(&["a.rhai"]).variable("KATYDID_OPTION", "a=1").resolve().unwrap().script;
    assert_eq!(variable.options.find("a", &variable.environment).unwrap().origin, "KATYDID_OPTION");
    insta::assert_snapshot!(Setup::new(&["a.rhai", "-o", "=1"]).error(), @"error: --option: `=1` is not NAME=VALUE");
    insta::assert_snapshot!(Setup::new(&["a.rhai"]).file("katydid.toml", "[option]\na = [1]").error(), @r"
    error: a: the value is an array, not a text, a number, true or false
     --> katydid.toml:2:5
      |
    2 | a = [1]
      |     ^^^
    ");
}

#[test]
fn a_configuration_file_that_is_named_must_be_there() {
    insta::assert_snapshot!(Setup::new(&["a.rhai", "--config", "gone.toml"]).error(), @r"
    error: cannot read the configuration file: No such file or directory (os error 2)
     --> gone.toml
      = help: --config takes a TOML file, by its path from the working folder
    ");
    let setup =
        Setup::new(&["a.rhai"]).file("other.toml", "users = 8").variable("KATYDID_CONFIG", "other.toml");
    assert_eq!(setup.resolve().unwrap().users, 8);
    let both = setup.file("katydid.toml", "users = 3\nspawn-rate = 2").resolve().unwrap();
    assert_eq!((both.users, both.spawn_rate), (8, 2.0), "the named file lies over the usual one");
}

#[test]
fn a_variable_that_nothing_reads_is_a_warning() {
    let settings = Setup::new(&["a.rhai"])
        .variable("KATYDID_USRES", "3")
        .variable("KATYDID_OPT_TOKEN", "x")
        .variable("KATYDID_PATH", "lib")
        .variable("KATYDID_CONFIG", "")
        .variable("LOCUST_SOMETHING", "x")
        .resolve()
        .unwrap();
    let warnings: Vec<_> = settings.script.warnings.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(warnings.join("\n"), @r"
    warning: nothing reads the variable KATYDID_USRES
      = help: did you mean KATYDID_USERS?
    ");
}

#[test]
fn other_verbs_read_the_same_layers() {
    let setup = Setup::new(&[])
        .file("katydid.toml", "script = 'a.rhai'\nusers = 3\nmax-map-size = 5\ndemo-port = 1234")
        .variable("KATYDID_MAX_ARRAY_SIZE", "6");
    let script =
        resolve_script(&std::collections::BTreeMap::new(), &setup.environment, setup.folder.path()).unwrap();
    assert_eq!((script.scripts.len(), script.limits.max_map_size, script.limits.max_array_size), (1, 5, 6));
    assert_eq!(script.environment, setup.environment);
    let demo =
        resolve_demo(&std::collections::BTreeMap::new(), &setup.environment, setup.folder.path()).unwrap();
    assert_eq!(demo.port, 1234);
}

#[test]
fn list_draws_the_shape_where_a_flag_a_variable_or_a_file_says_so() {
    let list = |setup: &Setup| {
        let words = ["katydid".to_owned(), "list".to_owned()].into_iter().chain(setup.words.iter().cloned());
        let matches = command().try_get_matches_from(words).unwrap_or_else(|error| panic!("{error}"));
        let (_, matches) = matches.subcommand().unwrap();
        super::resolve::resolve_list(&given(Verb::List, matches), &setup.environment, setup.folder.path())
    };
    let shape = |setup: &Setup| list(setup).unwrap().shape;
    assert!(!shape(&Setup::new(&["a.rhai"])));
    assert!(shape(&Setup::new(&["a.rhai", "--shape"])));
    assert!(shape(&Setup::new(&["a.rhai"]).variable("KATYDID_SHAPE", "yes")));
    assert!(shape(&Setup::new(&["a.rhai"]).file("katydid.toml", "shape = true")));
    assert!(!shape(&Setup::new(&["a.rhai", "--shape=no"]).variable("KATYDID_SHAPE", "yes")));
    let wrong = list(&Setup::new(&["a.rhai", "--shape=perhaps"])).unwrap_err().to_string();
    assert!(wrong.starts_with("error: --shape: "), "{wrong}");
}
