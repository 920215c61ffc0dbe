//! The table of options. Flags, variables, keys of the configuration file and the help are all made from it.

/// What an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One value.
    One,
    /// Yes or no; the flag alone means yes.
    Switch,
    /// A number; the flag alone means 1.
    Count,
    /// Several words: the flag repeated, or a list with commas.
    Words,
    /// Several files: the flag repeated. Commas belong to the name.
    Files,
    /// Names with values: the flag repeated, or a table. Commas belong to the value.
    Pairs,
}

/// A heading of the help, and with it which verbs take the option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    Script,
    Load,
    Selection,
    Ending,
    Results,
    Http,
    Network,
    Log,
    Limits,
    Configuration,
    Shown,
    Terminal,
    Demo,
}

/// A verb of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Run,
    Check,
    List,
    Report,
    Verify,
    Demo,
}

impl Group {
    /// None for the usual one.
    pub(super) fn heading(self) -> Option<&'static str> {
        Some(match self {
            Self::Script => "Script",
            Self::Load => "Load",
            Self::Selection => "Which tasks run",
            Self::Ending => "End of the run",
            Self::Results => "Results",
            Self::Http => "HTTP",
            Self::Network => "Network",
            Self::Log => "Log",
            Self::Limits => "Limits of scripts",
            Self::Configuration => "Configuration",
            Self::Terminal => "Terminal",
            Self::Shown | Self::Demo => return None,
        })
    }

    pub(super) fn is_of(self, verb: Verb) -> bool {
        match self {
            Self::Terminal => true,
            Self::Script | Self::Limits => matches!(verb, Verb::Run | Verb::Check | Verb::List),
            Self::Configuration => !matches!(verb, Verb::Report | Verb::Demo),
            Self::Demo => verb == Verb::Demo,
            Self::Shown => verb == Verb::List,
            _ => verb == Verb::Run,
        }
    }
}

/// One option.
#[derive(Debug)]
pub(super) struct Spec {
    /// The key in a configuration file, and the long flag unless `flag` says otherwise.
    pub(super) key: &'static str,
    pub(super) flag: &'static str,
    pub(super) short: Option<char>,
    /// The variable that Locust reads for the same purpose.
    pub(super) locust: Option<&'static str>,
    pub(super) kind: Kind,
    pub(super) group: Group,
    /// What the help calls the value.
    pub(super) value: &'static str,
    pub(super) help: &'static str,
    /// Read like a given value; empty where there is none.
    pub(super) default: &'static str,
    /// Whether the default says something to a reader of the help.
    pub(super) shows_default: bool,
}

impl Spec {
    const fn new(
        group: Group,
        kind: Kind,
        key: &'static str,
        value: &'static str,
        help: &'static str,
    ) -> Self {
        Self {
            key,
            flag: key,
            short: None,
            locust: None,
            kind,
            group,
            value,
            help,
            default: "",
            shows_default: false,
        }
    }

    const fn one(group: Group, key: &'static str, value: &'static str, help: &'static str) -> Self {
        Self::new(group, Kind::One, key, value, help)
    }

    const fn count(group: Group, key: &'static str, help: &'static str) -> Self {
        Self { default: "0", ..Self::new(group, Kind::Count, key, "N", help) }
    }

    const fn switch(group: Group, key: &'static str, help: &'static str) -> Self {
        Self { default: "no", ..Self::new(group, Kind::Switch, key, "yes|no", help) }
    }

    const fn short(mut self, short: char) -> Self {
        self.short = Some(short);
        self
    }

    const fn locust(mut self, variable: &'static str) -> Self {
        self.locust = Some(variable);
        self
    }

    const fn default(mut self, default: &'static str) -> Self {
        self.default = default;
        self.shows_default = true;
        self
    }

    const fn flag(mut self, flag: &'static str) -> Self {
        self.flag = flag;
        self
    }

    /// Whether a verb takes it.
    pub(super) fn is_of(&self, verb: Verb) -> bool {
        let more: &[&str] = match verb {
            Verb::Report => &REPORT,
            Verb::Verify => &VERIFY,
            _ => &[],
        };
        self.group.is_of(verb) || more.contains(&self.key)
    }

    /// The environment variable: `KATYDID_` and the key.
    pub(super) fn variable(&self) -> String {
        format!("KATYDID_{}", self.key.to_uppercase().replace('-', "_"))
    }

    /// Whether a configuration file may hold it.
    pub(super) fn is_key(&self) -> bool {
        self.key != CONFIG
    }
}

/// The option that names the configuration file.
pub(super) const CONFIG: &str = "config";

/// The option that gives values to options of scripts.
pub(in crate::cli) const OPTION: &str = "option";

/// What `report` takes of the options of a run.
const REPORT: [&str; 7] = ["csv", "csv-full-history", "csv-integer-ms", "html", "json", "junit", "markdown"];

/// What `verify` takes of them.
const VERIFY: [&str; 7] =
    ["manifest", "allow-saturation", "exit-code-on-error", "html", "json", "junit", "markdown"];

/// The option with this key.
///
/// # Panics
///
/// When there is none: keys are written in the code.
pub(super) fn spec(key: &str) -> &'static Spec {
    OPTIONS.iter().find(|spec| spec.key == key).expect("the key is in the table")
}

use Group::{
    Configuration, Demo, Ending, Http, Limits, Load, Log, Network, Results, Script, Selection, Shown,
    Terminal,
};
use Kind::{Files, Pairs, Words};

/// Every option, in the order of the help.
pub(super) static OPTIONS: &[Spec] = &[
    Spec::new(Script, Files, "script", "FILE", "Another script; the same as SCRIPT").short('f'),
    Spec::new(
        Script,
        Files,
        "library",
        "DIR",
        "Where imports are looked for after the importing file's own folder; may be repeated. The folders of \
         KATYDID_PATH follow",
    )
    .short('I'),
    Spec::new(
        Script,
        Pairs,
        OPTION,
        "NAME=VALUE",
        "A value for an option of the script; may be repeated. Also KATYDID_OPT_NAME",
    )
    .short('o'),
    Spec::one(
        Load,
        "host",
        "URL",
        "Where relative urls go, as http://127.0.0.1:8080; over the host of every user class. `demo` starts the \
         built-in shop",
    )
    .short('H')
    .locust("LOCUST_HOST"),
    Spec::one(Load, "users", "N", "Users at the same time, at the top of the ramp")
        .short('u')
        .locust("LOCUST_USERS")
        .default("1"),
    Spec::one(Load, "spawn-rate", "RATE", "Users started per second; may be a fraction")
        .short('r')
        .locust("LOCUST_SPAWN_RATE")
        .default("1"),
    Spec::one(
        Load,
        "late",
        "WHAT",
        "Wait or drop: what an arrival does that finds every user of its class busy and may have no new one",
    )
    .default("wait"),
    Spec::one(Load, "seed", "N", "The number that all randomness comes from [default: a new one, printed]"),
    Spec::one(Load, "shards", "N", "Threads that run users [default: one per core]"),
    Spec::new(Selection, Words, "class", "NAME[=WEIGHT]", "Only this user class; may be repeated")
        .locust("LOCUST_USER_CLASSES"),
    Spec::new(
        Selection,
        Words,
        "tags",
        "TAG,..",
        "Only tasks with one of these tags, their own or a set's around them",
    )
    .short('T')
    .locust("LOCUST_TAGS"),
    Spec::new(Selection, Words, "exclude-tags", "TAG,..", "No tasks with one of these tags; wins over --tags")
        .short('E')
        .locust("LOCUST_EXCLUDE_TAGS"),
    Spec::one(
        Ending,
        "run-time",
        "TIME",
        "End after this time, counted from the first user: 90 (seconds), 30s, 1h30m [default: no end]",
    )
    .short('t')
    .locust("LOCUST_RUN_TIME"),
    Spec::one(Ending, "iterations", "N", "End after so many task runs, of all users together [default: no end]")
        .short('i'),
    Spec::one(
        Ending,
        "iterations-per-user",
        "N",
        "Each user ends after so many task runs; the run ends with the last user [default: no end]",
    ),
    Spec::one(Ending, "stop-timeout", "TIME", "How long tasks that run at the end may take to finish")
        .short('s')
        .locust("LOCUST_STOP_TIMEOUT")
        .default("5s"),
    Spec::one(
        Ending,
        "exit-code-on-error",
        "CODE",
        "Exit code if a request failed or a task threw, 0 to 255 [default: 1; failed requests alone do not count \
         beside a manifest]",
    )
    .locust("LOCUST_EXIT_CODE_ON_ERROR"),
    Spec::switch(
        Ending,
        "allow-saturation",
        "Only warn where the generator itself could not keep up, instead of exit code 4",
    ),
    Spec::new(
        Results,
        Files,
        "manifest",
        "FILE",
        "Thresholds that the run must hold, or it ends with exit code 3; may be repeated",
    ),
    Spec::one(
        Results,
        "csv",
        "PREFIX",
        "Write PREFIX_stats.csv, PREFIX_stats_history.csv, PREFIX_failures.csv and PREFIX_exceptions.csv",
    )
    .locust("LOCUST_CSV"),
    Spec::switch(
        Results,
        "csv-full-history",
        "A history row per name and second, not only for the sum of all; needs --csv",
    )
    .locust("LOCUST_CSV_FULL_HISTORY"),
    Spec::switch(Results, "csv-integer-ms", "Whole milliseconds in the CSV files, as Locust writes them"),
    Spec::one(
        Results,
        "html",
        "FILE",
        "Write the report as one HTML page; {u}, {r} and {t} in the names of reports become users, spawn rate and \
         run time",
    )
    .locust("LOCUST_HTML"),
    Spec::one(
        Results,
        "json",
        "FILE",
        "Write a summary for programs; `-` is stdout, and the tables go to stderr then",
    ),
    Spec::one(
        Results,
        "junit",
        "FILE",
        "Write a JUnit report for CI, a test case for each threshold; `-` is stdout",
    ),
    Spec::one(
        Results,
        "markdown",
        "FILE",
        "Write a summary in Markdown, for a comment or the summary page of a job; `-` is stdout",
    ),
    Spec::one(
        Results,
        "result",
        "FILE",
        "Write the whole result, to report, verify and compare later; packed where the name ends in .zst; `-` is \
         stdout",
    ),
    Spec::one(Results, "trace", "FILE", "Write what each user did, a CSV line per task run, to compare two runs; `-` is stdout"),
    Spec::switch(
        Results,
        "failure-grouping",
        "Count failures and exceptions together whose texts differ only in ids, numbers and addresses",
    ),
    Spec::switch(
        Results,
        "phases",
        "A table of where the time of requests went: dns, connect, tls, send, wait, receive, and their bytes",
    ),
    Spec::switch(
        Results,
        "once",
        "Run each task of each class once, without waits, show its requests, and say which tasks passed",
    ),
    Spec::count(
        Results,
        "debug-http",
        "Show requests and answers of the first user on stderr; --debug-http=N of the first N, 0 of none",
    ),
    Spec::switch(
        Results,
        "only-summary",
        "Neither live view nor tables while the run goes on, only the tables at its end",
    )
    .locust("LOCUST_ONLY_SUMMARY"),
    Spec::switch(
        Results,
        "quiet",
        "No tables at all: what failed and the outcome, and a log of warnings only unless -L says otherwise",
    )
    .short('q'),
    Spec::switch(Results, "reset-stats", "Forget what was counted when all users have been started")
        .locust("LOCUST_RESET_STATS"),
    Spec::switch(Results, "headless", "Accepted for Locust's sake: there is no web UI, every run is headless")
        .locust("LOCUST_HEADLESS"),
    Spec::switch(Results, "web", "Refused: there is no web UI yet"),
    Spec::one(Http, "timeout", "TIME", "How long a request may take, unless the script says otherwise")
        .default("60s"),
    Spec::new(
        Http,
        Words,
        "allow-host",
        "HOST,..",
        "Only these hosts may be called, as shop.example.com, *.example.com or 127.0.0.1:8080; may be repeated",
    ),
    Spec::one(
        Http,
        "max-body",
        "SIZE",
        "Longer bodies are a failure, as 65536, 64KiB or 1GB [default: 256MiB; none for bodies that are not kept]",
    ),
    Spec::one(Http, "ca", "FILE", "Certificates (PEM) to trust besides the system's"),
    Spec::one(Http, "cert", "FILE", "The client's own certificate (PEM), with its key if there is no --key"),
    Spec::one(Http, "key", "FILE", "The key (PEM) of --cert"),
    Spec::switch(Http, "insecure", "Do not verify certificates"),
    Spec::one(Http, "tls-min", "VERSION", "The oldest version of TLS that is accepted, 1.2 or 1.3").default("1.2"),
    Spec::switch(Http, "no-tls-resumption", "A full TLS handshake for every connection"),
    Spec::one(
        Http,
        "http-version",
        "VERSION",
        "Auto, 1.1 or 2; auto is HTTP/2 where the server offers it by TLS, 2 also without TLS",
    )
    .default("auto"),
    Spec::one(
        Network,
        "connect-timeout",
        "TIME",
        "How long each attempt to connect may take, TLS included [default: no more than --timeout]",
    ),
    Spec::switch(Network, "no-keepalive", "A connection for every request"),
    Spec::one(
        Network,
        "max-connections",
        "N",
        "Connections of a user to one host; only requests of a batch need a second one",
    )
    .default("6"),
    Spec::one(Network, "max-idle-connections", "N", "Connections that a user keeps for later requests, in all")
        .default("24"),
    Spec::new(
        Network,
        Words,
        "resolve",
        "HOST:PORT:ADDR,..",
        "Addresses of a host instead of those that are looked up; * is any host or port",
    ),
    Spec::one(
        Network,
        "dns-ttl",
        "TIME",
        "How long a looked-up name is known; 0 = looked up for every connection [default: the whole run]",
    ),
    Spec::new(
        Network,
        Words,
        "source-address",
        "ADDR,..",
        "Local addresses that connections come from, dealt to users in turn: 10.0.0.2, 10.0.0.2-10.0.0.9 or \
         10.0.0.0/28",
    ),
    Spec::one(
        Network,
        "proxy",
        "URL",
        "What connections go through: http://, socks5:// or socks5h://, with user:password@ before the host. \
         HTTP_PROXY and its like are not heeded",
    ),
    Spec::new(
        Network,
        Words,
        "no-proxy",
        "HOST,..",
        "Hosts that are reached without the proxy: example.com and all below it, example.com:8080, 10.0.0.0/8 or *",
    ),
    Spec::one(Log, "loglevel", "LEVEL", "trace, debug, info, warning, error, critical or off")
        .short('L')
        .locust("LOCUST_LOGLEVEL")
        .default("info"),
    Spec::one(Log, "logfile", "FILE", "Append the log to this file [default: stderr]").locust("LOCUST_LOGFILE"),
    Spec::one(
        Limits,
        "max-operations",
        "N",
        "Operations of a task since it last waited; 0 = no limit, also for the next three",
    )
    .default("50000000"),
    Spec::one(Limits, "max-string-size", "SIZE", "Bytes of a string, as 65536, 64KiB or 64MiB").default("64MiB"),
    Spec::one(Limits, "max-array-size", "N", "Elements of an array").default("10000000"),
    Spec::one(Limits, "max-map-size", "N", "Properties of a map").default("1000000"),
    Spec::one(Limits, "max-call-levels", "N", "Nested calls, 1 to 10000").default("64"),
    Spec::one(Limits, "stack-size", "SIZE", "Stack of a running task, 256KiB to 256MiB").default("1MiB"),
    Spec::one(
        Configuration,
        CONFIG,
        "FILE",
        "A configuration file; over katydid.toml in the working folder, which is read if it is there",
    ),
    Spec::switch(Terminal, "no-color", "No colours, on whatever terminal; as the variable NO_COLOR"),
    Spec::switch(Shown, "shape", "Draw the load shape instead: users over time"),
    Spec::one(Demo, "demo-port", "N", "The port on 127.0.0.1; 0 = any that is free").flag("port").default("8080"),
];

#[cfg(test)]
mod tests {
    use super::{Kind, OPTIONS};
    use std::collections::BTreeSet;

    #[test]
    fn nothing_is_in_the_table_twice() {
        let keys: BTreeSet<_> = OPTIONS.iter().map(|spec| spec.key).collect();
        assert_eq!(keys.len(), OPTIONS.len());
        let variables: Vec<_> = OPTIONS.iter().filter_map(|spec| spec.locust).collect();
        assert_eq!(variables.iter().collect::<BTreeSet<_>>().len(), variables.len());
        let shorts: Vec<_> = OPTIONS.iter().filter_map(|spec| spec.short).collect();
        assert_eq!(shorts.iter().collect::<BTreeSet<_>>().len(), shorts.len());
    }

    #[test]
    fn help_texts_are_sentences_without_an_end() {
        for spec in OPTIONS {
            assert!(!spec.help.ends_with('.'), "{}", spec.key);
            assert!(
                spec.help.starts_with(|c: char| c.is_uppercase()) || spec.key == "loglevel",
                "{}",
                spec.key
            );
            assert_eq!(spec.kind == Kind::Switch, spec.value == "yes|no", "{}", spec.key);
        }
    }
}
