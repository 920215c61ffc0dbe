//! Mistakes in a script: what `run` and `check` say before anything is sent.

mod support;

use support::mistake;

#[test]
fn a_syntax_error() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"fn f(user) {
    user.get("/";
}
user_class("U").task("t", |user| { user.get("/"); });"#)]), @r#"
    error: expecting `,` to separate the arguments to function call 'get'
     --> main.rhai:2:17
      |
    2 |     user.get("/";
      |                 ^
      = help: close the call with `)`, or separate its arguments with `,`
    "#);
}

#[test]
fn a_function_with_a_reserved_name() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"fn go(user) { user.get("/"); }
user_class("U").task(go);"#)]), @r#"
    error: expecting function name in function declaration
     --> main.rhai:1:4
      |
    1 | fn go(user) { user.get("/"); }
      |    ^^
      = help: `go` is reserved: choose another name; a task may be called so, `.task("go", f)`
    "#);
}

#[test]
fn an_unknown_function() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"fn f(user) {
    usr_get(user, "/");
}
user_class("U").task(f);"#)]), @r#"
    error: no function `usr_get`
     --> main.rhai:2:5
      |
    2 |     usr_get(user, "/");
      |     ^^^^^^^
      = help: write `fn usr_get(..)` in this file, or import the library that has it and write `library::usr_get(..)`
    "#);
}

#[test]
fn an_unknown_method_and_the_nearest() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"fn f(user) {
    user.gett("/");
}
user_class("U").task(f);"#)]), @r#"
    error: no method `gett`
     --> main.rhai:2:10
      |
    2 |     user.gett("/");
      |          ^^^^
      = help: did you mean `get`?
    "#);
}

#[test]
fn all_slips_at_once() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"fn f(user) {
    user.get("/", #{ parms: #{ a: 1 } });
    lgo::info("x");
}
user_class("U").task(f);"#)]), @r#"
    error: unknown request option `parms`
     --> main.rhai:2:22
      |
    2 |     user.get("/", #{ parms: #{ a: 1 } });
      |                      ^^^^^
      = help: did you mean `params`?

    error: no namespace `lgo`
     --> main.rhai:3:5
      |
    3 |     lgo::info("x");
      |     ^^^
      = help: did you mean `log`?
    "#);
}

#[test]
fn a_variable_of_the_top_level_in_a_function() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"let path = "/items";
fn f(user) { user.get(path); }
user_class("U").task(f);"#)]), @r#"
    error: `path` is not visible in a function
     --> main.rhai:2:23
      |
    2 | fn f(user) { user.get(path); }
      |                       ^^^^
      = help: a function sees no variables of the top level: pass it as an argument, make it a `const` and write `global::path`, or keep it in `user.path`
    "#);
}

#[test]
fn no_user_class() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"let shop = task_set("Shop");"#)]), @r#"
    error: no user class is declared
      = help: declare one: `user_class("Visitor").task(browse);`
    "#);
}

#[test]
fn an_empty_script() {
    insta::assert_snapshot!(mistake(&[("main.rhai", "")]), @r#"
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
    error: a task must be a function, not an integer
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
fn an_exception_at_the_top_level() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"throw "no data today";
user_class("U").task("t", |user| { user.get("/"); });"#)]), @r#"
    error: no data today
     --> main.rhai:1:1
      |
    1 | throw "no data today";
      | ^^^^^
    "#);
}

#[test]
fn endless_recursion_at_the_top_level() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"fn f(n) { f(n + 1) }
f(0);
user_class("U").task("t", |user| { user.get("/"); });"#)]), @r#"
    error: too many calls inside one another
     --> main.rhai:2:1
      |
    2 | f(0);
      | ^
      = help: does the function call itself without an end? a loop needs no stack
    "#);
}

#[test]
fn a_request_at_the_top_level() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"let page = user.get("/");
user_class("U").task("t", |user| { user.get("/"); });"#)]), @r#"
    error: no variable `user`
     --> main.rhai:1:12
      |
    1 | let page = user.get("/");
      |            ^^^^
      = help: the top level only declares: what a user does belongs into a task, `.task("name", |user| ..)`
    "#);
}

#[test]
fn a_sleep_at_the_top_level() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"sleep(1);
user_class("U").task("t", |user| { user.get("/"); });"#)]), @r#"
    error: sleep(..) belongs into a task; the top level only declares
     --> main.rhai:1:1
      |
    1 | sleep(1);
      | ^^^^^
    "#);
}

#[test]
fn an_unknown_option_of_the_client() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"user_class("U").http(#{ tmeout: 1 })
    .task("t", |user| user.get("/"));"#)]), @r#"
    error: option `tmeout` of .http(..): there is no such option; did you mean `timeout`?
     --> main.rhai:1:1
      |
    1 | user_class("U").http(#{ tmeout: 1 })
      | ^^^^^^^^^^
    "#);
}

#[test]
fn certificates_of_a_class_that_are_not_there() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"user_class("U").http(#{ ca: "nope.pem" })
    .task("t", |user| user.get("/"));"#)]), @r#"
    error: cannot trust the certificates of this file: I/O error: No such file or directory (os error 2)
     --> nope.pem
      = help: give a PEM file with at least one `-----BEGIN CERTIFICATE-----`
    "#);
}
