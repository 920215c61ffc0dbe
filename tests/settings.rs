//! Where settings come from: a file, variables and flags reach a real run, the stronger over the weaker.

mod support;

use katydid::demo::DemoServer;
use support::Katydid;

const SCRIPT: &str = r#"user_class("U").task("t", |user| { user.get("/items/1"); });"#;

/// How many requests the server got.
#[track_caller]
fn requests(command: Katydid) -> u64 {
    let server = DemoServer::start(0).expect("a port");
    command.against(&server).run().exits(0);
    server.ledger().total
}

#[test]
fn a_file_reaches_the_run_and_variables_and_flags_beat_it() {
    let command =
        || Katydid::run_script(SCRIPT).file("katydid.toml", "iterations = 3\nusers = 2\nspawn-rate = 50\n");
    assert_eq!(requests(command()), 3);
    assert_eq!(requests(command().env("KATYDID_ITERATIONS", "5")), 5);
    assert_eq!(requests(command().env("KATYDID_ITERATIONS", "5").args(["-i", "7"])), 7);
}

#[test]
fn another_file_is_read_by_config() {
    let command =
        Katydid::run_script(SCRIPT).file("slow/ci.toml", "iterations = 4").args(["--config", "slow/ci.toml"]);
    assert_eq!(requests(command), 4);
}

#[test]
fn users_and_host_come_from_locusts_variables() {
    let server = DemoServer::start(0).expect("a port");
    let finished = Katydid::run_script(SCRIPT)
        .env("LOCUST_USERS", "4")
        .env("LOCUST_SPAWN_RATE", "100")
        .env("LOCUST_HOST", &server.url())
        .env("LOCUST_HEADLESS", "true")
        .args(["-i", "40"])
        .run()
        .exits(0);
    assert_eq!(server.ledger().total, 40);
    assert!(finished.stderr.contains("Ramping to 4 users at a rate of 100.00"), "{}", finished.stderr);
}

#[test]
fn everything_may_come_from_the_file() {
    let server = DemoServer::start(0).expect("a port");
    let settings =
        format!("script = \"main.rhai\"\nhost = \"{}\"\niterations = 6\ncsv = \"r\"\n", server.url());
    let finished =
        Katydid::new(["run"]).file("main.rhai", SCRIPT).file("katydid.toml", &settings).run().exits(0);
    assert_eq!(server.ledger().total, 6);
    assert_eq!(finished.csv("r")[&(String::new(), "Aggregated".to_owned())]["Request Count"], "6");
}

#[test]
fn libraries_are_found_by_flag_variable_and_beside_the_script() {
    let library = |path: &str| format!("fn look(user) {{ user.get(\"{path}\"); }}");
    let command = || {
        Katydid::new(["run", "tests/main.rhai", "-i", "1"])
            .file("tests/main.rhai", "import \"lib\" as lib;\nuser_class(\"U\").task(lib::look);")
            .file("flag/lib.rhai", &library("/items/1"))
            .file("path/lib.rhai", &library("/items/2"))
    };
    for (command, path) in [
        (command().args(["-I", "flag"]), "/items/1"),
        (command().env("KATYDID_PATH", "nowhere:path"), "/items/2"),
        (command().args(["-I", "flag"]).env("KATYDID_PATH", "path"), "/items/1"),
        (command().file("tests/lib.rhai", &library("/items/3")).args(["-I", "flag"]), "/items/3"),
    ] {
        let finished = command.args(["--host", "demo"]).run().exits(0);
        assert!(finished.stdout.contains(path), "{path}\n{}", finished.stdout);
    }
}

#[test]
fn several_scripts_are_one_test() {
    let class = |name: &str, item: u32| {
        format!(
            "user_class(\"{name}\").fixed_count(1).task(\"t\", |user| {{ user.get(\"/items/{item}\"); user.stop(); }});"
        )
    };
    for words in
        [["a.rhai", "b.rhai"].as_slice(), &["-f", "a.rhai", "-f", "b.rhai"], &["a.rhai", "-f", "b.rhai"]]
    {
        let finished = Katydid::new(["run", "--host", "demo", "-u", "2", "-r", "100"])
            .file("a.rhai", &class("A", 1))
            .file("b.rhai", &class("B", 2))
            .args(words.to_vec())
            .run()
            .exits(0);
        let (first, second) = (finished.stdout.contains("/items/1"), finished.stdout.contains("/items/2"));
        assert!(first && second, "{words:?}\n{}", finished.stdout);
    }
    let said = Katydid::new(["run", "a.rhai", "b.rhai"])
        .file("a.rhai", &class("A", 1))
        .file("b.rhai", &class("A", 2))
        .refused();
    insta::assert_snapshot!(said, @r#"
    error: user class `A` is declared twice
     --> b.rhai:1:1
      |
    1 | user_class("A").fixed_count(1).task("t", |user| { user.get("/items/2"); user.stop(); });
      | ^^^^^^^^^^
      = note: first at a.rhai:1:1
      = help: give one of them another name
    "#);
}

#[test]
fn a_class_can_be_chosen() {
    let script = r#"
        user_class("Reader").task("r", |user| { user.get("/items/1"); });
        user_class("Writer").task("w", |user| { user.get("/items/2"); });
    "#;
    let finished = Katydid::run_script(script)
        .args(["--host", "demo", "-u", "4", "-r", "100", "-i", "20", "--class", "Writer"])
        .run()
        .exits(0);
    assert!(
        !finished.stdout.contains("/items/1") && finished.stdout.contains("/items/2"),
        "{}",
        finished.stdout
    );
}

#[test]
fn a_variable_that_nothing_reads_is_a_warning() {
    let finished = Katydid::run_script(SCRIPT)
        .args(["--host", "demo", "-i", "1"])
        .env("KATYDID_USRES", "9")
        .run()
        .exits(0);
    let warning: Vec<_> = finished.stderr.lines().filter(|line| line.contains("KATYDID_US")).collect();
    insta::assert_snapshot!(warning.join("\n"), @r"
    warning: nothing reads the variable KATYDID_USRES
      = help: did you mean KATYDID_USERS?
    ");
}

#[test]
fn the_log_goes_where_it_is_told() {
    let finished = Katydid::run_script(SCRIPT)
        .args(["--host", "demo", "-i", "1", "--logfile", "run.log", "-L", "info"])
        .run()
        .exits(0);
    assert_eq!(finished.stderr, "");
    assert!(finished.written("run.log").contains("Ramping to 1 users"));
    let quiet = Katydid::run_script(SCRIPT).args(["--host", "demo", "-i", "1", "-L", "error"]).run().exits(0);
    assert_eq!(quiet.stderr, "");
}

#[test]
fn the_seed_decides_what_is_picked() {
    let script = r#"user_class("U")
        .task("a", |user| { user.get("/items/1", #{ name: `n${random::int(1, 1000000)}` }); });"#;
    let one_user = |seed: &str| -> Vec<_> {
        let finished = Katydid::run_script(script)
            .args(["--host", "demo", "-i", "5", "--csv", "r", "--seed", seed])
            .run()
            .exits(0);
        finished.csv("r").into_keys().map(|(_, name)| name).collect()
    };
    assert_eq!(one_user("7"), one_user("7"));
    assert_ne!(one_user("7"), one_user("8"));
}
