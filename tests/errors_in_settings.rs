//! Wrong words, variables and files: what `run` says before anything is sent.

mod support;

use support::Katydid;

const GOOD: &str = r#"user_class("U").task("t", |user| { user.get("/"); });"#;

#[test]
fn an_unknown_host() {
    let said = Katydid::run_script(GOOD).args(["--host", "http://no-such-host.invalid"]).refused();
    insta::assert_snapshot!(said, @r#"
    error: unknown host `no-such-host.invalid`
      = note: given by --host: http://no-such-host.invalid
      = help: check the spelling, or whether this machine can look names up
    "#);
}

#[test]
fn a_host_without_scheme() {
    let said = Katydid::run_script(GOOD).args(["--host", "localhost:8000"]).refused();
    insta::assert_snapshot!(said, @r#"
    error: --host: `localhost:8000` is not a url: it must begin with http:// or https://
      = help: did you mean `http://localhost:8000`?
    "#);
}

#[test]
fn hosts_that_are_something_else() {
    let said = |host| Katydid::run_script(GOOD).args(["--host", host]).refused();
    insta::assert_snapshot!(said("http://127.0.0.1:1/base?key=1"), @r#"
    error: --host: `http://127.0.0.1:1/base?key=1` is not a url: it has a query or a fragment, but relative urls are to be appended to it
    "#);
    insta::assert_snapshot!(said("unix:///run/app.sock"), @r#"
    error: --host: `unix:///run/app.sock` is not a url: it must begin with http:// or https://
      = help: did you mean `http+unix://%2Frun%2Fapp.sock`?
    "#);
    insta::assert_snapshot!(said("//example.com"), @r#"
    error: --host: `//example.com` is not a url: it must begin with http:// or https://
      = help: did you mean `http://example.com`?
    "#);
    insta::assert_snapshot!(said("http:/example.com"), @r#"
    error: --host: `http:/example.com` is not a url: it must begin with http:// or https://
    "#);
}

#[test]
fn negative_numbers() {
    for (flag, value, said) in [
        ("-u", "-1", "error: --users: `-1` is not a whole number from 1"),
        ("--spawn-rate", "-0.5", "error: --spawn-rate: `-0.5` is not a number above 0"),
        ("-t", "-5", "error: --run-time: `-5` is not a duration"),
    ] {
        let refused = Katydid::run_script(GOOD).args(["--host", "demo", flag, value]).refused();
        assert!(refused.starts_with(said), "{refused}");
    }
}

#[test]
fn a_slip_in_demo() {
    let said = Katydid::run_script(GOOD).args(["--host", "dmeo"]).refused();
    insta::assert_snapshot!(said, @r#"
    error: --host: `dmeo` is not a url: it must begin with http:// or https://
      = help: did you mean `demo`, the built-in shop?
    "#);
}

#[test]
fn a_script_that_is_not_there() {
    let said = Katydid::new(["run", "main.rhai"]).refused();
    insta::assert_snapshot!(said, @r#"
    error: cannot read the script: No such file or directory (os error 2)
     --> main.rhai
      = help: give the path of a script file, from the working folder
    "#);
}

#[test]
fn a_folder_as_script() {
    let said = Katydid::new(["run", "main.rhai"]).file("main.rhai/x", "").refused();
    insta::assert_snapshot!(said, @r#"
    error: cannot read the script: Is a directory (os error 21)
     --> main.rhai
      = help: give the path of a script file, from the working folder
    "#);
}

#[test]
fn a_script_that_is_no_text() {
    let run = Katydid::new(["run", "main.rhai"]);
    std::fs::write(run.folder().join("main.rhai"), b"let a = 1;\nlet b = \"\xFF\";").expect("a file");
    let said = run.refused();
    insta::assert_snapshot!(said, @r#"
    error: this is not UTF-8 text: a byte 0xff
     --> main.rhai:2:10
      = help: save the file as UTF-8
    "#);
}

#[test]
fn no_script() {
    let said = Katydid::new(["run"]).refused();
    insta::assert_snapshot!(said, @r#"
    error: no script is given
      = help: name one: `katydid run main.rhai`, or `script = "main.rhai"` in katydid.toml
    "#);
}

#[test]
fn an_endless_loop_at_the_top_level() {
    let said = Katydid::new(["run", "main.rhai"])
        .file(
            "main.rhai",
            r#"let n = 0;
loop { n += 1; }"#,
        )
        .args(["--max-operations", "100000"])
        .refused();
    insta::assert_snapshot!(said, @r#"
    error: more than 100000 operations without a wait
     --> main.rhai:2:10
      |
    2 | loop { n += 1; }
      |          ^
      = help: is this loop endless? If not, raise --max-operations, or sleep(..) now and then
    "#);
}

#[test]
fn certificates_that_are_not_there() {
    let said = Katydid::run_script(GOOD).args(["--ca", "nope.pem"]).refused();
    insta::assert_snapshot!(said, @r#"
    error: cannot use the certificates of this file: No such file or directory (os error 2)
     --> nope.pem
      = help: a path in a script is relative to the script's folder, one of a flag to the working folder
    "#);
}

#[test]
fn a_file_without_certificates() {
    let said = Katydid::run_script(GOOD).file("empty.pem", "hello").args(["--ca", "empty.pem"]).refused();
    insta::assert_snapshot!(said, @r#"
    error: cannot use the certificates of this file: it holds none
     --> empty.pem
      = help: give a PEM file with at least one `-----BEGIN CERTIFICATE-----`
    "#);
}

#[test]
fn a_manifest_that_is_not_there() {
    let said = Katydid::run_script(GOOD).args(["--manifest", "nope.yaml"]).refused();
    insta::assert_snapshot!(said, @r#"
    error: cannot read the manifest: No such file or directory (os error 2)
     --> nope.yaml
      = help: a manifest is a YAML file, named by its path from the working folder
    "#);
}

#[test]
fn a_manifest_with_an_unknown_metric() {
    let said = Katydid::run_script(GOOD)
        .file(
            "m.yaml",
            r#"/items:
  p99x: 3"#,
        )
        .args(["--manifest", "m.yaml"])
        .refused();
    insta::assert_snapshot!(said, @r#"
    error: unknown metric `p99x`
     --> m.yaml:2:3
      |
    2 |   p99x: 3
      |   ^^^^
      = note: the metrics are: Request Count, Failure Count, Median Response Time, Average Response Time, Min Response Time, Max Response Time, Average Content Size, Requests/s, Failures/s, 50%, 66%, 75%, 80%, 90%, 95%, 98%, 99%, 99.9%, 99.99%, 100%
      = note: and short: count, failures, fail_ratio, median, avg, min, max, size, rps, p50 .. p99.99
    "#);
}

#[test]
fn a_manifest_that_is_no_yaml() {
    let said = Katydid::run_script(GOOD)
        .file(
            "m.yaml",
            r#"/items:
  p99: [3"#,
        )
        .args(["--manifest", "m.yaml"])
        .refused();
    insta::assert_snapshot!(said, @r#"
    error: broken YAML: while parsing a flow sequence, expected ',' or ']'
     --> m.yaml:2:10
      |
    2 |   p99: [3
      |          ^
    "#);
}

#[test]
fn an_empty_manifest() {
    let said = Katydid::run_script(GOOD).file("m.yaml", "").args(["--manifest", "m.yaml"]).refused();
    insta::assert_snapshot!(said, @r#"
    error: the manifest is empty
     --> m.yaml:1:1
      = help: write a name and its limits, as in `/items: { 99%: 100, Failure Count: 0 }`
    "#);
}

#[test]
fn csv_files_below_a_file() {
    let said = Katydid::run_script(GOOD).file("file", "").args(["--csv", "file/x"]).refused();
    insta::assert_snapshot!(said, @r#"
    error: --csv: cannot make its folder: it is a file
     --> file
      = help: give `--csv` a name in a folder that can be written to
    "#);
}

#[test]
fn a_log_file_that_cannot_be_opened() {
    let said = Katydid::run_script(GOOD).args(["--logfile", "nope/x.log"]).refused();
    insta::assert_snapshot!(said, @r#"
    error: cannot open the log file: No such file or directory (os error 2)
     --> nope/x.log
      = help: give `--logfile` a file in a folder that can be written to
    "#);
}

#[test]
fn an_unknown_tag() {
    let said = Katydid::new(["run", "main.rhai"])
        .file("main.rhai", r#"user_class("Visitor").task("t", #{ tags: ["read"] }, |user| user.get("/"));"#)
        .args(["-T", "raed"])
        .refused();
    insta::assert_snapshot!(said, @r#"
    error: no task and no task set has the tag `raed`
      = note: known tags: read
      = help: did you mean `read`?
    "#);
}

#[test]
fn an_unknown_excluded_tag() {
    let said = Katydid::new(["run", "main.rhai"])
        .file("main.rhai", r#"user_class("Visitor").task("t", #{ tags: ["read"] }, |user| user.get("/"));"#)
        .args(["-E", "buy"])
        .refused();
    insta::assert_snapshot!(said, @r#"
    error: no task and no task set has the tag `buy`
      = note: known tags: read
    "#);
}

#[test]
fn an_unknown_class() {
    let said = Katydid::new(["run", "main.rhai"])
        .file("main.rhai", r#"user_class("Visitor").task("t", #{ tags: ["read"] }, |user| user.get("/"));"#)
        .args(["--class", "Vistor"])
        .refused();
    insta::assert_snapshot!(said, @r#"
    error: no user class is called `Vistor`
      = note: user classes: Visitor
      = help: did you mean `Visitor`?
    "#);
}

#[test]
fn an_unknown_flag() {
    let said = Katydid::run_script(GOOD).args(["--user", "3"]).refused();
    insta::assert_snapshot!(said, @r#"
    error: unexpected argument '--user' found

      tip: a similar argument exists: '--users'

    Usage: katydid run --users <N> [SCRIPT]...

    For more information, try '--help'.
    "#);
}

#[test]
fn a_bad_number_of_users() {
    let said = Katydid::run_script(GOOD).args(["--users", "many"]).refused();
    insta::assert_snapshot!(said, @r#"
    error: --users: `many` is not a whole number from 1
    "#);
}

#[test]
fn a_bad_run_time() {
    let said = Katydid::run_script(GOOD).args(["-t", "soon"]).refused();
    insta::assert_snapshot!(said, @r#"
    error: --run-time: `soon` is not a duration; write seconds (`90`), or units as in `500ms`, `30s`, `1h30m`
    "#);
}

#[test]
fn a_bad_spawn_rate() {
    let said = Katydid::run_script(GOOD).args(["-r", "0"]).refused();
    insta::assert_snapshot!(said, @r#"
    error: --spawn-rate: `0` is not a number above 0
    "#);
}

#[test]
fn an_exit_code_that_no_process_has() {
    let said = Katydid::run_script(GOOD).args(["--exit-code-on-error", "300"]).refused();
    insta::assert_snapshot!(said, @r#"
    error: --exit-code-on-error: `300` is not a whole number from 0 to 255
    "#);
}

#[test]
fn a_bad_variable() {
    let said = Katydid::run_script(GOOD).env("KATYDID_USERS", "many").refused();
    insta::assert_snapshot!(said, @r#"
    error: KATYDID_USERS: `many` is not a whole number from 1
    "#);
}

#[test]
fn a_bad_value_in_the_configuration() {
    let said = Katydid::run_script(GOOD)
        .file(
            "katydid.toml",
            r#"host = "http://h"
users = "many""#,
        )
        .refused();
    insta::assert_snapshot!(said, @r#"
    error: users: `many` is not a whole number from 1
     --> katydid.toml:2:9
      |
    2 | users = "many"
      |         ^^^^^^
    "#);
}

#[test]
fn a_bad_key_in_the_configuration() {
    let said = Katydid::run_script(GOOD).file("katydid.toml", "usres = 3").refused();
    insta::assert_snapshot!(said, @r#"
    error: no option is called `usres`
     --> katydid.toml:1:1
      |
    1 | usres = 3
      | ^^^^^
      = help: did you mean `users`?
    "#);
}

#[test]
fn a_configuration_that_is_no_toml() {
    let said = Katydid::run_script(GOOD).file("katydid.toml", "users = 3 4").refused();
    insta::assert_snapshot!(said, @r#"
    error: this is not TOML: string values must be quoted, expected literal string
     --> katydid.toml:1:9
      |
    1 | users = 3 4
      |         ^^^
    "#);
}

#[test]
fn a_configuration_that_is_not_there() {
    let said = Katydid::run_script(GOOD).args(["--config", "nope.toml"]).refused();
    insta::assert_snapshot!(said, @r#"
    error: cannot read the configuration file: No such file or directory (os error 2)
     --> nope.toml
      = help: --config takes a TOML file, by its path from the working folder
    "#);
}

#[test]
fn the_web_ui_that_is_not_there_yet() {
    let said = Katydid::run_script(GOOD).args(["--web"]).refused();
    insta::assert_snapshot!(said, @r#"
    error: there is no web UI yet: every run is headless
      = help: leave `web` out; the tables go to stdout, and --csv writes files
    "#);
}

#[test]
fn no_host_for_relative_urls() {
    let finished = Katydid::run_script(GOOD).args(["-t", "1s"]).run().exits(2);
    insta::assert_snapshot!(finished.stderr, @r#"
    error: no host: this url is relative
     --> main.rhai:1:45
      |
    1 | user_class("U").task("t", |user| { user.get("/"); });
      |                                             ^
      = note: user class `U` has none, declared at main.rhai:1:1
      = help: give --host http://.., or `.host("http://..")` on the class; --host demo starts the built-in shop
    "#);
    let words = GOOD.replace("\"/\"", "\"http://127.0.0.1:1/\"");
    Katydid::run_script(&words).args(["-i", "1"]).run().exits(1);
}

#[test]
fn a_class_whose_host_has_no_scheme() {
    let script = r#"user_class("U").host("localhost").task("t", |user| { user.get("/"); });"#;
    let finished = Katydid::run_script(script).args(["-t", "1s"]).run().exits(2);
    insta::assert_snapshot!(finished.stderr, @r#"
    error: the host of user class `U`: `localhost` is not a url: it must begin with http:// or https://
     --> main.rhai:1:1
      |
    1 | user_class("U").host("localhost").task("t", |user| { user.get("/"); });
      | ^^^^^^^^^^
      = help: did you mean `http://localhost`?
    "#);
    let checked = Katydid::new(["check", "main.rhai"]).file("main.rhai", script).refused();
    assert_eq!(checked, finished.stderr);
    Katydid::run_script(script).args(["--host", "demo", "-i", "1"]).run().exits(0);
}
