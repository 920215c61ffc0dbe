//! The words of the command line, as clap reads them: still text, nothing resolved.

use super::options::{Group, Kind, OPTIONS, Spec, Verb};
use crate::cli::{compare, merge};
use clap::{Arg, ArgAction, ArgMatches, Command};
use std::collections::BTreeMap;

/// A value as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Raw {
    /// One value.
    One(String),
    /// Several, each by itself.
    Many(Vec<String>),
}

/// What was given on the command line, by the key of the option.
pub(super) type Given = BTreeMap<&'static str, Raw>;

const SCRIPT: &str = "SCRIPT";
const RESULT: &str = "RESULT";
const VERIFIED: &str = "FILE";
const COLUMNS: usize = 100;

const AFTER_RUN: &str = "\
Every option may also be a variable (KATYDID_SPAWN_RATE=2; where unset, Locust's LOCUST_SPAWN_RATE)
or a key of katydid.toml (spawn-rate = 2). Flags beat variables, variables beat files.

Exit codes: 0 passed; 1 a request failed or a task threw; 2 usage, script or configuration error,
nothing was sent; 3 a threshold was missed; 4 the run is not valid: the generator could not keep
up, or a second signal cut it. Reports go to stdout, the log to stderr.";

const AFTER_REPORT: &str = "\
Without any of these options, prints what the run printed at its end. Flags alone count: what the
environment and katydid.toml say is meant for runs.";

const AFTER_VERIFY: &str = "\
The exit code is what that of the run would have been with these manifests: 0 all thresholds are
kept; 1 a task or hook threw; 2 a file cannot be read, understood or written; 3 a threshold is
missed; 4 the run is not valid. What variables and katydid.toml say of reports is meant for runs.";

/// The whole command line.
pub(super) fn command() -> Command {
    Command::new("katydid")
        .about("A load tester whose test scripts are Rhai")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .max_term_width(COLUMNS)
        .subcommand(verb(Verb::Run, "run", "Run scripts against a host").after_help(AFTER_RUN))
        .subcommand(verb(Verb::Check, "check", "Find what is wrong with scripts, without sending anything"))
        .subcommand(verb(
            Verb::List,
            "list",
            "Show what scripts declare: classes, task sets, weights, ratios",
        ))
        .subcommand(
            verb(Verb::Report, "report", "Write the saved result of a run in other forms")
                .after_help(AFTER_REPORT),
        )
        .subcommand(
            verb(Verb::Verify, "verify", "Judge a saved result, or a _stats.csv, by manifests")
                .after_help(AFTER_VERIFY),
        )
        .subcommand(compare::command())
        .subcommand(merge::command())
        .subcommand(verb(Verb::Demo, "demo", "Serve the built-in shop on this machine, to try scripts on"))
}

fn verb(verb: Verb, name: &'static str, about: &'static str) -> Command {
    let options = OPTIONS.iter().filter(|spec| spec.is_of(verb)).map(argument);
    // The last of a repeated option wins, as in Locust, so that wrappers can append.
    let command = Command::new(name).about(about).args_override_self(true).max_term_width(COLUMNS);
    let command = if Group::Script.is_of(verb) { command.arg(scripts()) } else { command };
    let command = if verb == Verb::Report { command.arg(result()) } else { command };
    let command = if verb == Verb::Verify { command.arg(verified()) } else { command };
    command.args(options)
}

fn scripts() -> Arg {
    let several = ArgAction::Append;
    Arg::new(SCRIPT).action(several).num_args(0..).help("Script files; several declare one test together")
}

fn result() -> Arg {
    Arg::new(RESULT).required(true).help("The file that `katydid run --result FILE` wrote")
}

fn verified() -> Arg {
    let help =
        "Manifests, then what they judge: the result file of a run, or a _stats.csv of katydid or Locust";
    Arg::new(VERIFIED).action(ArgAction::Append).num_args(1..).required(true).help(help)
}

fn argument(spec: &'static Spec) -> Arg {
    let help = if spec.shows_default {
        format!("{} [default: {}]", spec.help, spec.default)
    } else {
        spec.help.to_owned()
    };
    let argument = Arg::new(spec.key).long(spec.flag).value_name(spec.value).help(help);
    let argument = match spec.group.heading() {
        Some(heading) => argument.help_heading(heading),
        None => argument,
    };
    let argument = match spec.short {
        Some(short) => argument.short(short),
        None => argument,
    };
    match spec.kind {
        // A negative number is a value like another, to be refused by its name.
        Kind::One => argument.action(ArgAction::Set).num_args(1).allow_negative_numbers(true),
        Kind::Count => {
            argument.action(ArgAction::Set).num_args(0..=1).require_equals(true).default_missing_value("1")
        }
        // `--insecure=no` undoes a yes of a variable or a file.
        Kind::Switch => {
            argument.action(ArgAction::Set).num_args(0..=1).require_equals(true).default_missing_value("yes")
        }
        Kind::Words | Kind::Files | Kind::Pairs => argument.action(ArgAction::Append).num_args(1),
    }
}

/// The result that `report` is about.
pub(super) fn named_result(matches: &ArgMatches) -> String {
    matches.get_one::<String>(RESULT).cloned().unwrap_or_default()
}

/// What `verify` judges: the last of its arguments.
pub(super) fn verified_data(matches: &ArgMatches) -> Option<String> {
    matches.get_many::<String>(VERIFIED)?.next_back().cloned()
}

/// What clap found for `verb`, by key. Scripts given as arguments come before those of `-f`, manifests before those of
/// `--manifest`.
pub(super) fn given(verb: Verb, matches: &ArgMatches) -> Given {
    let all = |id: &str| -> Option<Vec<String>> { Some(matches.get_many::<String>(id)?.cloned().collect()) };
    let mut given = Given::new();
    for spec in OPTIONS.iter().filter(|spec| spec.is_of(verb)) {
        let raw = match spec.kind {
            Kind::One | Kind::Switch | Kind::Count => {
                matches.get_one::<String>(spec.key).cloned().map(Raw::One)
            }
            Kind::Words | Kind::Files | Kind::Pairs => all(spec.key).map(Raw::Many),
        };
        given.extend(raw.map(|raw| (spec.key, raw)));
    }
    if Group::Script.is_of(verb) {
        let scripts: Vec<String> = all(SCRIPT).into_iter().chain(all("script")).flatten().collect();
        if !scripts.is_empty() {
            given.insert("script", Raw::Many(scripts));
        }
    }
    if verb == Verb::Verify {
        let mut words = all(VERIFIED).unwrap_or_default();
        words.pop();
        words.extend(all("manifest").into_iter().flatten());
        if !words.is_empty() {
            given.insert("manifest", Raw::Many(words));
        }
    }
    given
}

#[cfg(test)]
mod tests {
    use super::command;

    #[test]
    fn clap_finds_no_contradiction() {
        command().debug_assert();
    }

    fn help(verb: &str) -> String {
        let mut command = command().term_width(100);
        command.build();
        command.find_subcommand_mut(verb).expect("a verb").render_help().to_string()
    }

    #[test]
    fn help_of_run() {
        insta::assert_snapshot!(help("run"), @r"
        Run scripts against a host

        Usage: katydid run [OPTIONS] [SCRIPT]...

        Arguments:
          [SCRIPT]...  Script files; several declare one test together

        Options:
          -h, --help  Print help

        Script:
          -f, --script <FILE>        Another script; the same as SCRIPT
          -I, --library <DIR>        Where imports are looked for after the importing file's own folder; may
                                     be repeated. The folders of KATYDID_PATH follow
          -o, --option <NAME=VALUE>  A value for an option of the script; may be repeated. Also
                                     KATYDID_OPT_NAME

        Load:
          -H, --host <URL>         Where relative urls go, as http://127.0.0.1:8080; over the host of every
                                   user class. `demo` starts the built-in shop
          -u, --users <N>          Users at the same time, at the top of the ramp [default: 1]
          -r, --spawn-rate <RATE>  Users started per second; may be a fraction [default: 1]
              --late <WHAT>        Wait or drop: what an arrival does that finds every user of its class
                                   busy and may have no new one [default: wait]
              --seed <N>           The number that all randomness comes from [default: a new one, printed]
              --shards <N>         Threads that run users [default: one per core]

        Which tasks run:
              --class <NAME[=WEIGHT]>  Only this user class; may be repeated
          -T, --tags <TAG,..>          Only tasks with one of these tags, their own or a set's around them
          -E, --exclude-tags <TAG,..>  No tasks with one of these tags; wins over --tags

        End of the run:
          -t, --run-time <TIME>              End after this time, counted from the first user: 90 (seconds),
                                             30s, 1h30m [default: no end]
          -i, --iterations <N>               End after so many task runs, of all users together [default: no
                                             end]
              --iterations-per-user <N>      Each user ends after so many task runs; the run ends with the
                                             last user [default: no end]
          -s, --stop-timeout <TIME>          How long tasks that run at the end may take to finish [default:
                                             5s]
              --exit-code-on-error <CODE>    Exit code if a request failed or a task threw, 0 to 255
                                             [default: 1; failed requests alone do not count beside a
                                             manifest]
              --allow-saturation[=<yes|no>]  Only warn where the generator itself could not keep up, instead
                                             of exit code 4

        Results:
              --manifest <FILE>              Thresholds that the run must hold, or it ends with exit code 3;
                                             may be repeated
              --csv <PREFIX>                 Write PREFIX_stats.csv, PREFIX_stats_history.csv,
                                             PREFIX_failures.csv and PREFIX_exceptions.csv
              --csv-full-history[=<yes|no>]  A history row per name and second, not only for the sum of all;
                                             needs --csv
              --csv-integer-ms[=<yes|no>]    Whole milliseconds in the CSV files, as Locust writes them
              --html <FILE>                  Write the report as one HTML page; {u}, {r} and {t} in the
                                             names of reports become users, spawn rate and run time
              --json <FILE>                  Write a summary for programs; `-` is stdout, and the tables go
                                             to stderr then
              --junit <FILE>                 Write a JUnit report for CI, a test case for each threshold;
                                             `-` is stdout
              --markdown <FILE>              Write a summary in Markdown, for a comment or the summary page
                                             of a job; `-` is stdout
              --result <FILE>                Write the whole result, to report, verify and compare later;
                                             packed where the name ends in .zst; `-` is stdout
              --trace <FILE>                 Write what each user did, a CSV line per task run, to compare
                                             two runs; `-` is stdout
              --failure-grouping[=<yes|no>]  Count failures and exceptions together whose texts differ only
                                             in ids, numbers and addresses
              --phases[=<yes|no>]            A table of where the time of requests went: dns, connect, tls,
                                             send, wait, receive, and their bytes
              --once[=<yes|no>]              Run each task of each class once, without waits, show its
                                             requests, and say which tasks passed
              --debug-http[=<N>]             Show requests and answers of the first user on stderr;
                                             --debug-http=N of the first N, 0 of none
              --only-summary[=<yes|no>]      Neither live view nor tables while the run goes on, only the
                                             tables at its end
          -q, --quiet[=<yes|no>]             No tables at all: what failed and the outcome, and a log of
                                             warnings only unless -L says otherwise
              --reset-stats[=<yes|no>]       Forget what was counted when all users have been started
              --headless[=<yes|no>]          Accepted for Locust's sake: there is no web UI, every run is
                                             headless
              --web[=<yes|no>]               Refused: there is no web UI yet

        HTTP:
              --timeout <TIME>                How long a request may take, unless the script says otherwise
                                              [default: 60s]
              --allow-host <HOST,..>          Only these hosts may be called, as shop.example.com,
                                              *.example.com or 127.0.0.1:8080; may be repeated
              --max-body <SIZE>               Longer bodies are a failure, as 65536, 64KiB or 1GB [default:
                                              256MiB; none for bodies that are not kept]
              --ca <FILE>                     Certificates (PEM) to trust besides the system's
              --cert <FILE>                   The client's own certificate (PEM), with its key if there is
                                              no --key
              --key <FILE>                    The key (PEM) of --cert
              --insecure[=<yes|no>]           Do not verify certificates
              --tls-min <VERSION>             The oldest version of TLS that is accepted, 1.2 or 1.3
                                              [default: 1.2]
              --no-tls-resumption[=<yes|no>]  A full TLS handshake for every connection
              --http-version <VERSION>        Auto, 1.1 or 2; auto is HTTP/2 where the server offers it by
                                              TLS, 2 also without TLS [default: auto]

        Network:
              --connect-timeout <TIME>       How long each attempt to connect may take, TLS included
                                             [default: no more than --timeout]
              --no-keepalive[=<yes|no>]      A connection for every request
              --max-connections <N>          Connections of a user to one host; only requests of a batch
                                             need a second one [default: 6]
              --max-idle-connections <N>     Connections that a user keeps for later requests, in all
                                             [default: 24]
              --resolve <HOST:PORT:ADDR,..>  Addresses of a host instead of those that are looked up; * is
                                             any host or port
              --dns-ttl <TIME>               How long a looked-up name is known; 0 = looked up for every
                                             connection [default: the whole run]
              --source-address <ADDR,..>     Local addresses that connections come from, dealt to users in
                                             turn: 10.0.0.2, 10.0.0.2-10.0.0.9 or 10.0.0.0/28
              --proxy <URL>                  What connections go through: http://, socks5:// or socks5h://,
                                             with user:password@ before the host. HTTP_PROXY and its like
                                             are not heeded
              --no-proxy <HOST,..>           Hosts that are reached without the proxy: example.com and all
                                             below it, example.com:8080, 10.0.0.0/8 or *

        Log:
          -L, --loglevel <LEVEL>  trace, debug, info, warning, error, critical or off [default: info]
              --logfile <FILE>    Append the log to this file [default: stderr]

        Limits of scripts:
              --max-operations <N>      Operations of a task since it last waited; 0 = no limit, also for
                                        the next three [default: 50000000]
              --max-string-size <SIZE>  Bytes of a string, as 65536, 64KiB or 64MiB [default: 64MiB]
              --max-array-size <N>      Elements of an array [default: 10000000]
              --max-map-size <N>        Properties of a map [default: 1000000]
              --max-call-levels <N>     Nested calls, 1 to 10000 [default: 64]
              --stack-size <SIZE>       Stack of a running task, 256KiB to 256MiB [default: 1MiB]

        Configuration:
              --config <FILE>  A configuration file; over katydid.toml in the working folder, which is read
                               if it is there

        Terminal:
              --no-color[=<yes|no>]  No colours, on whatever terminal; as the variable NO_COLOR

        Every option may also be a variable (KATYDID_SPAWN_RATE=2; where unset, Locust's LOCUST_SPAWN_RATE)
        or a key of katydid.toml (spawn-rate = 2). Flags beat variables, variables beat files.

        Exit codes: 0 passed; 1 a request failed or a task threw; 2 usage, script or configuration error,
        nothing was sent; 3 a threshold was missed; 4 the run is not valid: the generator could not keep
        up, or a second signal cut it. Reports go to stdout, the log to stderr.
        ");
    }

    #[test]
    fn help_of_check() {
        insta::assert_snapshot!(help("check"), @r"
        Find what is wrong with scripts, without sending anything

        Usage: katydid check [OPTIONS] [SCRIPT]...

        Arguments:
          [SCRIPT]...  Script files; several declare one test together

        Options:
          -h, --help  Print help

        Script:
          -f, --script <FILE>        Another script; the same as SCRIPT
          -I, --library <DIR>        Where imports are looked for after the importing file's own folder; may
                                     be repeated. The folders of KATYDID_PATH follow
          -o, --option <NAME=VALUE>  A value for an option of the script; may be repeated. Also
                                     KATYDID_OPT_NAME

        Limits of scripts:
              --max-operations <N>      Operations of a task since it last waited; 0 = no limit, also for
                                        the next three [default: 50000000]
              --max-string-size <SIZE>  Bytes of a string, as 65536, 64KiB or 64MiB [default: 64MiB]
              --max-array-size <N>      Elements of an array [default: 10000000]
              --max-map-size <N>        Properties of a map [default: 1000000]
              --max-call-levels <N>     Nested calls, 1 to 10000 [default: 64]
              --stack-size <SIZE>       Stack of a running task, 256KiB to 256MiB [default: 1MiB]

        Configuration:
              --config <FILE>  A configuration file; over katydid.toml in the working folder, which is read
                               if it is there

        Terminal:
              --no-color[=<yes|no>]  No colours, on whatever terminal; as the variable NO_COLOR
        ");
    }

    #[test]
    fn help_of_verify() {
        insta::assert_snapshot!(help("verify"), @r"
        Judge a saved result, or a _stats.csv, by manifests

        Usage: katydid verify [OPTIONS] <FILE>...

        Arguments:
          <FILE>...  Manifests, then what they judge: the result file of a run, or a _stats.csv of katydid
                     or Locust

        Options:
          -h, --help  Print help

        End of the run:
              --exit-code-on-error <CODE>    Exit code if a request failed or a task threw, 0 to 255
                                             [default: 1; failed requests alone do not count beside a
                                             manifest]
              --allow-saturation[=<yes|no>]  Only warn where the generator itself could not keep up, instead
                                             of exit code 4

        Results:
              --manifest <FILE>  Thresholds that the run must hold, or it ends with exit code 3; may be
                                 repeated
              --html <FILE>      Write the report as one HTML page; {u}, {r} and {t} in the names of reports
                                 become users, spawn rate and run time
              --json <FILE>      Write a summary for programs; `-` is stdout, and the tables go to stderr
                                 then
              --junit <FILE>     Write a JUnit report for CI, a test case for each threshold; `-` is stdout
              --markdown <FILE>  Write a summary in Markdown, for a comment or the summary page of a job;
                                 `-` is stdout

        Configuration:
              --config <FILE>  A configuration file; over katydid.toml in the working folder, which is read
                               if it is there

        Terminal:
              --no-color[=<yes|no>]  No colours, on whatever terminal; as the variable NO_COLOR

        The exit code is what that of the run would have been with these manifests: 0 all thresholds are
        kept; 1 a task or hook threw; 2 a file cannot be read, understood or written; 3 a threshold is
        missed; 4 the run is not valid. What variables and katydid.toml say of reports is meant for runs.
        ");
    }

    #[test]
    fn help_of_report() {
        insta::assert_snapshot!(help("report"), @r"
        Write the saved result of a run in other forms

        Usage: katydid report [OPTIONS] <RESULT>

        Arguments:
          <RESULT>  The file that `katydid run --result FILE` wrote

        Options:
          -h, --help  Print help

        Results:
              --csv <PREFIX>                 Write PREFIX_stats.csv, PREFIX_stats_history.csv,
                                             PREFIX_failures.csv and PREFIX_exceptions.csv
              --csv-full-history[=<yes|no>]  A history row per name and second, not only for the sum of all;
                                             needs --csv
              --csv-integer-ms[=<yes|no>]    Whole milliseconds in the CSV files, as Locust writes them
              --html <FILE>                  Write the report as one HTML page; {u}, {r} and {t} in the
                                             names of reports become users, spawn rate and run time
              --json <FILE>                  Write a summary for programs; `-` is stdout, and the tables go
                                             to stderr then
              --junit <FILE>                 Write a JUnit report for CI, a test case for each threshold;
                                             `-` is stdout
              --markdown <FILE>              Write a summary in Markdown, for a comment or the summary page
                                             of a job; `-` is stdout

        Terminal:
              --no-color[=<yes|no>]  No colours, on whatever terminal; as the variable NO_COLOR

        Without any of these options, prints what the run printed at its end. Flags alone count: what the
        environment and katydid.toml say is meant for runs.
        ");
    }

    #[test]
    fn help_of_compare() {
        insta::assert_snapshot!(help("compare"), @r"
        Show what changed between results, and what of it is more than noise

        Usage: katydid compare [OPTIONS] <RESULT>...

        Arguments:
          <RESULT>...  BASE and NEW; with --with, all of them BASE

        Options:
              --with <NEW>...                 Results of the new side
              --fail-on-regression <PERCENT>  Exit code 3 if something is worse by more than this, as 5%,
                                              and by more than noise
              --allow-saturation              Judge runs too in which the generator could not keep up
              --markdown <FILE>               Write the comparison in Markdown, for a pull request; `-` is
                                              stdout
              --html <FILE>                   Write the comparison as a page
              --json <FILE>                   Write the comparison for programs; `-` is stdout, and the text
                                              goes to stderr then
              --no-color                      No colours
          -h, --help                          Print help

        BASE and NEW are files that `katydid run --result FILE` wrote; several runs on a side, as
        repetitions: katydid compare main-*.json --with branch-*.json

        Exit codes: 0 compared; 2 a file cannot be read or understood; with --fail-on-regression also 3
        something is worse by more, and 4 a run is not valid.
        ");
    }

    #[test]
    fn help_of_merge() {
        insta::assert_snapshot!(help("merge"), @r"
        Make one result of those of several generators in one run

        Usage: katydid merge [OPTIONS] --result <FILE> <RESULT>...

        Arguments:
          <RESULT>...  What `katydid run --result FILE` wrote

        Options:
              --result <FILE>  Write the whole result there; packed where the name ends in .zst; `-` is
                               stdout
              --no-color       No colours
          -h, --help           Print help

        Times are aligned by the clocks of the generators, to the second. Thresholds are judged by
        `katydid verify`. Exit codes: 0 merged; 2 a file cannot be read, understood or written.
        ");
    }

    #[test]
    fn help_of_demo() {
        insta::assert_snapshot!(help("demo"), @r"
        Serve the built-in shop on this machine, to try scripts on

        Usage: katydid demo [OPTIONS]

        Options:
              --port <N>  The port on 127.0.0.1; 0 = any that is free [default: 8080]
          -h, --help      Print help

        Terminal:
              --no-color[=<yes|no>]  No colours, on whatever terminal; as the variable NO_COLOR
        ");
    }

    #[test]
    fn help_of_all() {
        insta::assert_snapshot!(command().term_width(100).render_help(), @r"
        A load tester whose test scripts are Rhai

        Usage: katydid <COMMAND>

        Commands:
          run      Run scripts against a host
          check    Find what is wrong with scripts, without sending anything
          list     Show what scripts declare: classes, task sets, weights, ratios
          report   Write the saved result of a run in other forms
          verify   Judge a saved result, or a _stats.csv, by manifests
          compare  Show what changed between results, and what of it is more than noise
          merge    Make one result of those of several generators in one run
          demo     Serve the built-in shop on this machine, to try scripts on

        Options:
          -h, --help     Print help
          -V, --version  Print version
        ");
    }
}
