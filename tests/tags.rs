//! `-T` and `-E`: which tasks run, as the server sees it.

mod support;

use katydid::demo::DemoServer;
use std::collections::BTreeSet;
use support::Katydid;

const SCRIPT: &str = r#"
let inner = task_set("Inner").sequential().tags(["set"])
    .task("a", #{ tags: ["a"] }, |user| { user.get("/items/1", #{ name: "a" }); })
    .task("b", #{ tags: ["b"] }, |user| { user.get("/items/2", #{ name: "b" }); })
    .task("plain", |user| { user.get("/items/3", #{ name: "plain" }); })
    .stop();
user_class("U").sequential()
    .task(inner)
    .task("top", #{ tags: ["a", "top"] }, |user| { user.get("/items/4", #{ name: "top" }); })
    .task("untagged", |user| { user.get("/items/5", #{ name: "untagged" }); });
"#;

/// The names that were requested.
#[track_caller]
fn requested(args: &[&str], environment: &[(&str, &str)]) -> BTreeSet<String> {
    let server = DemoServer::start(0).expect("a port");
    let command = Katydid::run_script(SCRIPT).args(["-i", "12", "--csv", "r"]).args(args.to_vec());
    let command = environment.iter().fold(command, |command, (name, value)| command.env(name, value));
    let finished = command.against(&server).run().exits(0);
    assert_eq!(server.ledger().total, 12, "only tasks that run are counted");
    finished.csv("r").into_keys().map(|(_, name)| name).filter(|name| name != "Aggregated").collect()
}

fn names<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

#[test]
fn without_tags_everything_runs() {
    assert_eq!(requested(&[], &[]), names(["a", "b", "plain", "top", "untagged"]));
}

#[test]
fn a_tag_selects_tasks_by_their_own_tags_and_by_those_of_their_sets() {
    assert_eq!(requested(&["-T", "top"], &[]), names(["top"]));
    assert_eq!(requested(&["--tags", "a"], &[]), names(["a", "top"]));
    assert_eq!(requested(&["-T", "set"], &[]), names(["a", "b", "plain"]));
}

#[test]
fn several_tags_are_any_of_them_in_either_spelling() {
    let expected = names(["b", "top"]);
    assert_eq!(requested(&["-T", "b,top"], &[]), expected);
    assert_eq!(requested(&["-T", "b", "-T", "top"], &[]), expected);
}

#[test]
fn an_excluded_tag_wins() {
    assert_eq!(requested(&["-E", "set"], &[]), names(["top", "untagged"]));
    assert_eq!(requested(&["-T", "a", "--exclude-tags", "top"], &[]), names(["a"]));
}

#[test]
fn variables_select_too_and_flags_beat_them() {
    assert_eq!(requested(&[], &[("KATYDID_TAGS", "b")]), names(["b"]));
    assert_eq!(requested(&[], &[("LOCUST_EXCLUDE_TAGS", "set,top")]), names(["untagged"]));
    assert_eq!(requested(&["-T", "top"], &[("KATYDID_TAGS", "b")]), names(["top"]));
}

#[test]
fn a_selection_that_leaves_nothing_is_refused() {
    let said = Katydid::run_script(SCRIPT).args(["-T", "b", "-E", "set"]).refused();
    insta::assert_snapshot!(said, @r"
    error: the selection by tags leaves no task in any user class that is on
      = help: `katydid list` shows the tags of every task
    ");
}
