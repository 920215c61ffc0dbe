//! Mistakes in what a script declares: what `run` and `check` say before anything is sent.

mod support;

use support::mistake;

#[test]
fn no_user_class() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"let shop = task_set("Shop");"#)]), @r#"
    error: no user class is declared
      = help: declare one: `user_class("Visitor").task(browse);`
    "#);
}

#[test]
fn a_task_set_without_tasks() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"user_class("U")
    .task(task_set("Shop"));"#)]), @r#"
    error: task set `Shop` has no tasks
     --> main.rhai:2:11
      |
    2 |     .task(task_set("Shop"));
      |           ^^^^^^^^
      = help: add one: `.task(browse)`
    "#);
}

#[test]
fn a_user_class_without_tasks() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"user_class("U");"#)]), @r#"
    error: user class `U` has no tasks
     --> main.rhai:1:1
      |
    1 | user_class("U");
      | ^^^^^^^^^^
      = help: add one: `.task(browse)`
    "#);
}

#[test]
fn a_task_set_that_contains_itself() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"let a = task_set("A");
let b = task_set("B").task(a);
a.task(b);
user_class("U").task(a);"#)]), @r#"
    error: task set `A` contains itself
     --> main.rhai:1:9
      |
    1 | let a = task_set("A");
      |         ^^^^^^^^
      = note: A -> B -> A
      = help: leave a task set with `.stop()` and let the one around it enter it again
    "#);
}

#[test]
fn a_wait_whose_bounds_are_swapped() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"user_class("U").wait_time(between(3, 1)).task("t", |user| user.get("/"));"#)]), @r#"
    error: between(3, 1): the upper bound is below the lower one
     --> main.rhai:1:27
      |
    1 | user_class("U").wait_time(between(3, 1)).task("t", |user| user.get("/"));
      |                           ^^^^^^^
    "#);
}

#[test]
fn two_user_classes_of_one_name() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"user_class("U").task("t", |user| { user.get("/"); });
user_class("U").task("t", |user| { user.get("/"); });"#)]), @r#"
    error: user class `U` is declared twice
     --> main.rhai:2:1
      |
    2 | user_class("U").task("t", |user| { user.get("/"); });
      | ^^^^^^^^^^
      = note: first at main.rhai:1:1
      = help: give one of them another name
    "#);
}

#[test]
fn a_negative_weight() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"user_class("U")
    .task("t", -1, |user| user.get("/"));"#)]), @r#"
    error: a weight must not be negative, but is -1; 0 switches off
     --> main.rhai:2:6
      |
    2 |     .task("t", -1, |user| user.get("/"));
      |      ^^^^
    "#);
}

#[test]
fn a_weight_that_is_no_number() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"user_class("U").weight("many").task("t", |user| user.get("/"));"#)]), @r#"
    error: a weight must be a number, not a string
     --> main.rhai:1:17
      |
    1 | user_class("U").weight("many").task("t", |user| user.get("/"));
      |                 ^^^^^^
    "#);
}

#[test]
fn all_weights_are_zero() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"user_class("U").task("t", 0, |user| user.get("/"));"#)]), @r#"
    error: every task of user class `U` is off: all weights are 0
     --> main.rhai:1:1
      |
    1 | user_class("U").task("t", 0, |user| user.get("/"));
      | ^^^^^^^^^^
      = help: give one a weight above 0
    "#);
}

#[test]
fn a_wrong_task_option() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"user_class("U").task("t", #{ wieght: 2 }, |user| user.get("/"));"#)]), @r#"
    error: unknown task option `wieght`
     --> main.rhai:1:30
      |
    1 | user_class("U").task("t", #{ wieght: 2 }, |user| user.get("/"));
      |                              ^^^^^^
      = help: did you mean `weight`?
    "#);
}

#[test]
fn a_closure_without_a_name() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"user_class("U")
    .task(|user| user.get("/"));"#)]), @r#"
    error: a closure has no name of its own; write .task("name", |user| ..)
     --> main.rhai:2:6
      |
    2 |     .task(|user| user.get("/"));
      |      ^^^^
    "#);
}

#[test]
fn a_task_with_three_parameters() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"fn f(user, a, b) { user.get(a + b); }
user_class("U").task(f);"#)]), @r#"
    error: `f` takes 3 parameters, but gets only `user`
     --> main.rhai:2:17
      |
    2 | user_class("U").task(f);
      |                 ^^^^
      = help: give a closure that knows the rest: `"f", |user| f(user, ..)`
    "#);
}

#[test]
fn a_closure_with_three_parameters() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"user_class("U")
    .task("t", |user, a, b| user.get(a));"#)]), @r#"
    error: this closure takes 3 parameters, but gets only `user`
     --> main.rhai:2:6
      |
    2 |     .task("t", |user, a, b| user.get(a));
      |      ^^^^
      = help: write it as `|user| ..`
    "#);
}

#[test]
fn a_task_that_is_no_function() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"user_class("U").task("t", 1, 2);"#)]), @r#"
    error: a task must be a function or a task set, not an integer
     --> main.rhai:1:17
      |
    1 | user_class("U").task("t", 1, 2);
      |                 ^^^^
    "#);
}

#[test]
fn a_wait_that_is_a_number() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"user_class("U").wait_time(2).task("t", |user| user.get("/"));"#)]), @r#"
    error: a wait is made by constant(2) or between(a, b)
     --> main.rhai:1:17
      |
    1 | user_class("U").wait_time(2).task("t", |user| user.get("/"));
      |                 ^^^^^^^^^
    "#);
}

#[test]
fn an_unknown_option_of_the_client() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"user_class("U").http(#{ tmeout: 1 })
    .task("t", |user| user.get("/"));"#)]), @r#"
    error: unknown client option `tmeout`
     --> main.rhai:1:25
      |
    1 | user_class("U").http(#{ tmeout: 1 })
      |                         ^^^^^^
      = help: did you mean `timeout`?
    "#);
}

#[test]
fn certificates_of_a_class_that_are_not_there() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"user_class("U").http(#{ ca: "nope.pem" })
    .task("t", |user| user.get("/"));"#)]), @r#"
    error: `ca` of .http(..): cannot read nope.pem: No such file or directory (os error 2); paths are relative to the script's folder
     --> main.rhai:1:17
      |
    1 | user_class("U").http(#{ ca: "nope.pem" })
      |                 ^^^^
    "#);
}

#[test]
fn values_that_the_client_cannot_have() {
    let said = |options: &str| {
        let script = format!(
            "let options = #{{ {options} }};\nuser_class(\"U\").http(options).task(\"t\", |user| user.get(\"/\"));"
        );
        let said = mistake(&[("main.rhai", &script)]);
        let (message, place) = said.split_once('\n').expect("a place");
        assert!(place.starts_with(" --> main.rhai:2:17\n"), "{said}");
        message.to_owned()
    };
    for (options, message) in [
        ("tmeout: 1", "unknown client option `tmeout`; did you mean `timeout`?"),
        ("timeout: -1", "`timeout` of .http(..) must be between 0 seconds and a year, but is -1"),
        (
            "connect_timeout: \"soon\"",
            "`connect_timeout` of .http(..): `soon` is not a duration; write seconds (`90`), or units as in `500ms`, `30s`, `1h30m`",
        ),
        ("verify: 1", "`verify` of .http(..) must be true or false, not an integer"),
        ("max_redirects: -1", "`max_redirects` of .http(..) must not be negative, but is -1"),
        ("max_redirects: 1.5", "`max_redirects` of .http(..) must be a whole number, not 1.5"),
        (
            "max_body: \"1 lot\"",
            "`max_body` of .http(..): `1 lot` is not a size; write bytes (65536), or a unit as in 64KiB or 1MiB",
        ),
        ("headers: 7", "`headers` must be a map or an array of [name, value] pairs, not an integer"),
        ("headers: #{ \"a b\": 1 }", "`a b` cannot be the name of a header"),
        ("auth: 7", "`auth` must be bearer(..), basic(..) or a token, not an integer"),
        (
            "auth: \"a\\nb\"",
            "the value of header `authorization` has a line break or another control character, which no header may have",
        ),
        ("cookies: #{ \"a b\": 1 }", "`a b` in `cookies` cannot be the name of a cookie"),
        (
            "cookies: #{ a: \"b; c\" }",
            "the value of cookie `a` has a `;` or a control character, where it would end",
        ),
        ("key: \"main.rhai\"", "`key` of .http(..) is the key of a certificate; give `cert` too"),
        (
            "cert: \"no/such\"",
            "`cert` of .http(..): cannot read no/such: No such file or directory (os error 2); paths are relative to the script's folder",
        ),
    ] {
        assert_eq!(said(options), format!("error: {message}"), "{options}");
    }
}

#[test]
fn cookies_without_a_host() {
    let script = r#"user_class("U").http(#{ cookies: #{ a: 1 } })
    .task("t", |user| user.get("http://127.0.0.1:1/"));"#;
    let said = support::Katydid::run_script(script).args(["-i", "1"]).run().exits(2).stderr;
    insta::assert_snapshot!(said, @r#"
    error: no host: user class `U` has cookies, and they are for its host
     --> main.rhai:1:1
      |
    1 | user_class("U").http(#{ cookies: #{ a: 1 } })
      | ^^^^^^^^^^
      = help: give --host http://.., or `.host("http://..")` on the class
    "#);
}

#[test]
fn a_class_without_a_name() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"user_class("").task("t", |user| user.get("/"));"#)]), @r#"
    error: a user class needs a name; it cannot be empty
     --> main.rhai:1:1
      |
    1 | user_class("").task("t", |user| user.get("/"));
      | ^^^^^^^^^^
    "#);
}

#[test]
fn a_wait_that_is_a_text() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"user_class("U").wait_time("1s").task("t", |user| user.get("/"));"#)]), @r#"
    error: a wait must be between(a, b), constant(s), .. or a function that returns seconds, not a string
     --> main.rhai:1:17
      |
    1 | user_class("U").wait_time("1s").task("t", |user| user.get("/"));
      |                 ^^^^^^^^^
    "#);
}

#[test]
fn a_hook_that_is_no_function() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"user_class("U").on_start(3).task("t", |user| user.get("/"));"#)]), @r#"
    error: on_start must be a function, not an integer
     --> main.rhai:1:17
      |
    1 | user_class("U").on_start(3).task("t", |user| user.get("/"));
      |                 ^^^^^^^^
    "#);
}
