//! `settings(#{ .. })`: the script's own defaults, below every other layer.

mod support;

use katydid::demo::DemoServer;
use support::{Katydid, mistake};

const USERS: &str = r#"
on("test_start", |event| {
    let it = event.environment;
    print(`${it.users} ${it.spawn_rate} ${it.run_time} ${it.stop_timeout} ${it.host}`);
    stop_test("seen");
});
user_class("U").task("t", |user| { user.get("/items"); });
"#;

fn script(settings: &str) -> String {
    format!("settings({settings});{USERS}")
}

/// What a run with this script sees of its settings.
fn seen(command: Katydid) -> String {
    let finished = command.run().exits(0);
    finished.stdout.lines().next().expect("a line").to_owned()
}

#[test]
fn every_setting_counts_where_nobody_says_otherwise() {
    let server = DemoServer::start(0).expect("a port");
    let url = server.url();
    let all = format!(
        "#{{ users: 20, spawn_rate: 4, run_time: \"1h30m\", host: \"{url}\", stop_timeout: \"500ms\", manifest: () }}"
    );
    assert_eq!(seen(Katydid::run_script(&script(&all))), format!("20 4.0 5400.0 0.5 {url}"));
    let few = format!("#{{ host: \"{url}\", run_time: 90 }}");
    assert_eq!(seen(Katydid::run_script(&script(&few))), format!("1 1.0 90.0 5.0 {url}"));
}

#[test]
fn every_other_layer_wins() {
    let settings =
        "#{ users: 20, spawn_rate: 4, run_time: 60, host: \"http://localhost:1\", stop_timeout: 1 }";
    let command = || Katydid::run_script(&script(settings));
    let flags = command().args(["-u", "2", "-r", "3", "-t", "4", "-s", "6", "--host", "http://127.0.0.1:5"]);
    assert_eq!(seen(flags), "2 3.0 4.0 6.0 http://127.0.0.1:5");
    let variables =
        command().env("KATYDID_USERS", "7").env("LOCUST_SPAWN_RATE", "8").env("KATYDID_RUN_TIME", "9");
    assert_eq!(seen(variables), "7 8.0 9.0 1.0 http://localhost:1");
    let file = command().file("katydid.toml", "users = 1\nspawn-rate = 11\nstop-timeout = 12");
    assert_eq!(seen(file), "1 11.0 60.0 12.0 http://localhost:1");
}

#[test]
fn a_class_keeps_its_own_host() {
    let (one, other) = (DemoServer::start(0).expect("a port"), DemoServer::start(0).expect("a port"));
    let script = format!(
        r#"settings(#{{ host: "{}" }});
        user_class("A").fixed_count(1).host("{}").task("t", |user| {{ user.get("/items"); user.stop(); }});
        user_class("B").fixed_count(1).task("t", |user| {{ user.get("/items"); user.stop(); }});"#,
        one.url(),
        other.url()
    );
    Katydid::run_script(&script).args(["-u", "2", "-r", "10"]).run().exits(0);
    assert_eq!((one.ledger().total, other.ledger().total), (1, 1));
    Katydid::run_script(&script).args(["-u", "2", "-r", "10"]).against(&one).run().exits(0);
    assert_eq!((one.ledger().total, other.ledger().total), (3, 1));
}

#[test]
fn the_demo_can_be_the_scripts_host() {
    let script = r#"settings(#{ host: "demo" }); user_class("U").task("t", |user| { user.get("/items"); });"#;
    let finished = Katydid::run_script(script).args(["-i", "2"]).run().exits(0);
    assert!(finished.stderr.contains("demo server at"), "{}", finished.stderr);
    Katydid::new(["check", "main.rhai"]).file("main.rhai", script).run().exits(0);
}

#[test]
fn a_manifest_lies_beside_the_script() {
    let script = r#"settings(#{ host: "demo", manifest: "limits.yaml" });
        user_class("U").task("t", |user| { user.get("/items"); });"#;
    let command = |verb: &str| {
        Katydid::new([verb, "tests/main.rhai"])
            .file("tests/main.rhai", script)
            .file("tests/limits.yaml", "/items:\n  count: 99\n  max: \"< 0.000001\"\n")
            .file("other.yaml", "/items:\n  count: 99\n")
    };
    let finished = command("run").args(["-i", "1"]).run().exits(3);
    assert!(finished.stdout.contains("Manifest: FAILED"), "{}", finished.stdout);
    command("run").args(["-i", "1", "--manifest", "other.yaml"]).run().exits(0);
    command("check").run().exits(0);
}

#[test]
fn list_shows_them() {
    let settings =
        "#{ users: 20, spawn_rate: 2.5, run_time: \"2m\", host: \"http://me:secret@h\", stop_timeout: 0 }";
    let finished = Katydid::new(["list", "main.rhai"]).file("main.rhai", &script(settings)).run().exits(0);
    let (_, shown) = finished.stdout.split_once("settings of the script").expect("settings");
    insta::assert_snapshot!(shown, @r"
    users  20
    spawn_rate  2.5
    run_time  120 s
    host  http://me:***@h
    stop_timeout  0 s
    ");
}

#[test]
fn mistakes_are_shown_at_their_line() {
    let said = |settings: &str| mistake(&[("main.rhai", &script(settings))]);
    insta::assert_snapshot!(said("#{ users: 0 }"), @r"
    error: `users` must be a whole number from 1, but is 0
     --> main.rhai:1:1
      |
    1 | settings(#{ users: 0 });
      | ^^^^^^^^
    ");
    insta::assert_snapshot!(said("#{ spawn_rate: \"fast\" }"), @r#"
    error: `spawn_rate` must be a number, not a string
     --> main.rhai:1:1
      |
    1 | settings(#{ spawn_rate: "fast" });
      | ^^^^^^^^
    "#);
    insta::assert_snapshot!(said("#{ run_time: \"soon\" }"), @r#"
    error: `run_time`: `soon` is not a duration; write seconds (`90`), or units as in `500ms`, `30s`, `1h30m`
     --> main.rhai:1:1
      |
    1 | settings(#{ run_time: "soon" });
      | ^^^^^^^^
    "#);
    insta::assert_snapshot!(said("#{ users: 1, spwan_rate: 2 }"), @r"
    error: unknown setting `spwan_rate`
     --> main.rhai:1:23
      |
    1 | settings(#{ users: 1, spwan_rate: 2 });
      |                       ^^^^^^^^^^
      = help: did you mean `spawn_rate`?
    ");
    insta::assert_snapshot!(said("#{ manifest: \"gone.yaml\" }"), @r#"
    error: cannot read the manifest gone.yaml: No such file or directory (os error 2)
     --> main.rhai:1:1
      |
    1 | settings(#{ manifest: "gone.yaml" });
      | ^^^^^^^^
      = help: a manifest that a script names is looked for from the main script's folder
    "#);
    let twice = format!("settings(#{{ users: 1 }});\n{}", script("#{ users: 2 }"));
    insta::assert_snapshot!(mistake(&[("main.rhai", &twice)]), @r"
    error: settings(..) was called before, at main.rhai:1:1
     --> main.rhai:2:1
      |
    2 | settings(#{ users: 2 });
      | ^^^^^^^^
    ");
}

#[test]
fn a_host_that_is_no_url_is_shown_at_its_line() {
    let script = script("#{ host: \"localhost\" }");
    let said = ["run", "check"].map(|verb| {
        let finished = Katydid::new([verb, "main.rhai"]).file("main.rhai", &script).run().exits(2);
        finished.stderr
    });
    assert!(
        said[0].contains("--> main.rhai:1:1") && said[0].contains("`localhost` is not a url"),
        "{}",
        said[0]
    );
    assert!(
        said[1].contains("--> main.rhai:1:1") && said[1].contains("`localhost` is not a url"),
        "{}",
        said[1]
    );
}
