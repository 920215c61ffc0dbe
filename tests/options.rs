//! `option(name, default, help)`: values from the command line, the environment and the configuration file.

mod support;

use support::{Katydid, mistake};

const SCRIPT: &str = r#"
let buyers = option("buyers", 3, "weight of buyers");
option("slow-mo", false);
const TOKEN = option("token", "none-given", #{ help: "who we are", secret: true });
option("env", "test", #{ choices: ["test", "live"] });
option("pause", 0.5);
fn show(user) {
    log::warn(`saw ${option("buyers")} ${option("slow-mo")} ${option("env")} ${option("pause")} ${global::TOKEN}`);
}
user_class("Buyer").weight(buyers).task(show);
user_class("Visitor").task(show);
"#;

fn list() -> Katydid {
    Katydid::new(["list", "main.rhai"]).file("main.rhai", SCRIPT)
}

/// What `katydid list` says of the options.
fn listed(command: Katydid) -> String {
    let finished = command.run().exits(0);
    let (_, options) = finished.stdout.split_once("options of the script").expect("options");
    options.to_owned()
}

#[test]
fn list_shows_options_with_what_was_given() {
    insta::assert_snapshot!(listed(list()), @r"
    , given by -o NAME=VALUE
      buyers  (default 3)  weight of buyers
      slow-mo  (default false)
      token  (default ***)  who we are
      env  (default test, one of test live)
      pause  (default 0.5)
    ");
    let given = list()
        .args(["-o", "buyers=0", "--option", "token=s3cr3t-value"])
        .env("KATYDID_OPT_BUYERS", "9")
        .env("KATYDID_OPT_SLOW_MO", "yes")
        .file("katydid.toml", "[option]\nenv = \"live\"\nslow-mo = false\npause = 2\n");
    insta::assert_snapshot!(listed(given), @r"
    , given by -o NAME=VALUE
      buyers  (default 3, 0 by --option)  weight of buyers
      slow-mo  (default false, true by KATYDID_OPT_SLOW_MO)
      token  (default ***, *** by --option)  who we are
      env  (default test, live by katydid.toml:2:7, one of test live)
      pause  (default 0.5, 2.0 by katydid.toml:4:9)
    ");
}

#[test]
fn functions_read_what_was_declared() {
    let finished = Katydid::run_script(SCRIPT)
        .args(["--host", "demo", "-i", "1", "-o", "buyers=2", "-o", "pause=1", "-o", "env=live"])
        .run()
        .exits(0);
    assert!(finished.stderr.contains("saw 2 false live 1.0 ***"), "{}", finished.stderr);
}

#[test]
fn a_weight_of_0_switches_a_class_off() {
    let classes = |command: Katydid| {
        let finished = command.args(["--host", "demo", "-i", "4", "-u", "4", "-r", "100"]).run().exits(0);
        finished.stderr.lines().find(|line| line.contains("All users spawned")).expect("a line").to_owned()
    };
    let shown = classes(Katydid::run_script(SCRIPT));
    assert!(shown.contains("\"Buyer\": 3") && shown.contains("\"Visitor\": 1"), "{shown}");
    for command in [
        Katydid::run_script(SCRIPT).args(["-o", "buyers=0"]),
        Katydid::run_script(SCRIPT).env("KATYDID_OPT_BUYERS", "0"),
        Katydid::run_script(SCRIPT).file("katydid.toml", "[option]\nbuyers = 0"),
        Katydid::run_script(SCRIPT).file("katydid.toml", "option = \"buyers=0\""),
        Katydid::run_script(SCRIPT).env("KATYDID_OPTION", "buyers=0").env("KATYDID_OPT_BUYERS", "2"),
        Katydid::run_script(SCRIPT).args(["-o", "buyers=1", "-o", "buyers=0"]),
    ] {
        let shown = classes(command);
        assert!(shown.contains("\"Visitor\": 4"), "{shown}");
    }
}

#[test]
fn a_secret_is_in_no_output() {
    let script = r#"
        let token = option("token", "", #{ secret: true });
        print(`top ${token}`);
        user_class("U").task("t", |user| {
            log::warn(option("token"));
            user.get("/status/500").failure(`bad ${option("token")}`);
            throw `thrown ${option("token")}`;
        });
    "#;
    let run = Katydid::run_script(script).args([
        "--host",
        "demo",
        "-i",
        "1",
        "-o",
        "token=hunter2-hunter2",
        "-L",
        "debug",
    ]);
    let finished = run.run().exits(1);
    for text in [&finished.stdout, &finished.stderr] {
        assert!(!text.contains("hunter2") && text.contains("***"), "{text}");
    }
    let list = Katydid::new(["list", "main.rhai", "-o", "token=ab"]).file("main.rhai", script).run().exits(0);
    assert!(list.stdout.contains("*** by --option") && !list.stdout.contains(" ab "), "{}", list.stdout);
}

#[test]
fn a_variable_without_an_option_is_a_warning() {
    let finished = list().env("KATYDID_OPT_BUYRES", "1").run().exits(0);
    insta::assert_snapshot!(finished.stderr, @r"
    warning: no script has an option for the variable KATYDID_OPT_BUYRES
      = help: did you mean KATYDID_OPT_BUYERS?
    ");
}

#[test]
fn an_option_may_be_declared_twice_in_the_same_way() {
    let library = r#"export let size = option("size", 10, "how much");"#;
    let main = |default: &str| {
        format!(
            "import \"lib\" as lib;\nlet size = option(\"size\", {default});\nprint(`${{size}} ${{lib::size}}`);\n\
             user_class(\"U\").task(\"t\", |user| {{}});"
        )
    };
    let check = |default: &str| {
        Katydid::new(["check", "main.rhai", "-o", "size=20"])
            .file("main.rhai", &main(default))
            .file("lib.rhai", library)
    };
    assert!(check("10").run().exits(0).stdout.starts_with("20 20\n"));
    insta::assert_snapshot!(check("11").refused(), @r#"
    error: option `size` has the default 11 here and the default 10 at lib.rhai:1:19
     --> main.rhai:2:12
      |
    2 | let size = option("size", 11);
      |            ^^^^^^
    "#);
}

/// What is said of this value for an option.
fn refused(args: &[&str]) -> String {
    let said = ["run", "check", "list"].map(|verb| {
        let mut words = vec![verb, "main.rhai"];
        words.extend(args);
        Katydid::new(words).file("main.rhai", SCRIPT).refused()
    });
    assert!(said.iter().all(|text| *text == said[0]), "{said:?}");
    let [said, ..] = said;
    said
}

#[test]
fn values_that_do_not_fit_are_refused() {
    insta::assert_snapshot!(refused(&["-o", "buyers=many"]), @r#"
    error: option `buyers` takes a whole number, but --option gives `many`
     --> main.rhai:2:14
      |
    2 | let buyers = option("buyers", 3, "weight of buyers");
      |              ^^^^^^
    "#);
    insta::assert_snapshot!(refused(&["-o", "buyres=1"]), @r"
    error: --option: no script has an option `buyres`
      = help: did you mean `buyers`?
    ");
    insta::assert_snapshot!(refused(&["-o", "env=prod"]), @r#"
    error: option `env` takes one of test, live, but --option gives `prod`
     --> main.rhai:5:1
      |
    5 | option("env", "test", #{ choices: ["test", "live"] });
      | ^^^^^^
    "#);
    insta::assert_snapshot!(refused(&["-o", "slow-mo=maybe"]), @r#"
    error: option `slow-mo` takes true or false, but --option gives `maybe`
     --> main.rhai:3:1
      |
    3 | option("slow-mo", false);
      | ^^^^^^
    "#);
    insta::assert_snapshot!(refused(&["-o", "pause"]), @"error: --option: `pause` is not NAME=VALUE");
    let file = list().file("katydid.toml", "[option]\npause = 1\nbuyers = 2.5\n").refused();
    assert!(file.contains("but katydid.toml:3:10 gives `2.5`"), "{file}");
    let unknown = list().file("katydid.toml", "[option]\nbuyrs = 2\n").refused();
    assert!(unknown.starts_with("error: katydid.toml:2:9: no script has an option `buyrs`"), "{unknown}");
    let variable = list().env("KATYDID_OPT_PAUSE", "soon").refused();
    assert!(variable.contains("but KATYDID_OPT_PAUSE gives `soon`"), "{variable}");
}

#[test]
fn declarations_that_make_no_sense_are_refused() {
    let users = "user_class(\"U\").task(\"t\", |user| {});";
    let said = |line: &str| mistake(&[("main.rhai", &format!("{line}\n{users}"))]);
    insta::assert_snapshot!(said("option(\"a b\", 1);"), @r#"
    error: `a b` cannot be the name of an option; letters, digits, `_`, `-` and `.` can
     --> main.rhai:1:1
      |
    1 | option("a b", 1);
      | ^^^^^^
    "#);
    insta::assert_snapshot!(said("option(\"a\", []);"), @r#"
    error: the default of option `a` must be an integer, a float, a boolean or a string, not an array
     --> main.rhai:1:1
      |
    1 | option("a", []);
      | ^^^^^^
    "#);
    insta::assert_snapshot!(said("option(\"a\", 1, #{ hlep: \"x\" });"), @r#"
    error: unknown key of option(..) `hlep`
     --> main.rhai:1:19
      |
    1 | option("a", 1, #{ hlep: "x" });
      |                   ^^^^
      = help: did you mean `help`?
    "#);
    insta::assert_snapshot!(said("option(\"a\", 1, #{ choices: [1, 2.5] });"), @r#"
    error: each of the `choices` of option `a` must be a whole number
     --> main.rhai:1:1
      |
    1 | option("a", 1, #{ choices: [1, 2.5] });
      | ^^^^^^
    "#);
    insta::assert_snapshot!(said("option(\"a\", 1, #{ choices: [2, 3] });"), @r#"
    error: the default of option `a` is none of its `choices`
     --> main.rhai:1:1
      |
    1 | option("a", 1, #{ choices: [2, 3] });
      | ^^^^^^
    "#);
    insta::assert_snapshot!(said("print(option(\"a\"));"), @r#"
    error: no option `a` is declared; declare it at the top level: option("a", default, help)
     --> main.rhai:1:7
      |
    1 | print(option("a"));
      |       ^^^^^^
    "#);
}

#[test]
fn a_function_reads_and_does_not_declare() {
    let script = "user_class(\"U\").task(\"t\", |user| { option(\"late\", 1); });";
    let finished = Katydid::run_script(script).args(["--host", "demo", "-i", "1"]).run().exits(1);
    assert!(finished.stdout.contains("inside of a function write option(\"late\")"), "{}", finished.stdout);
}
