//! Mistakes in the code of a script: what `run` and `check` say before anything is sent.

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
fn an_empty_script() {
    insta::assert_snapshot!(mistake(&[("main.rhai", "")]), @r#"
    error: no user class is declared
      = help: declare one: `user_class("Visitor").task(browse);`
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
    error: sleep(..) belongs into a task or a hook; the top level only declares
     --> main.rhai:1:1
      |
    1 | sleep(1);
      | ^^^^^
    "#);
}

#[test]
fn a_comparison_with_one_equals_sign() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"fn f(user) {
    let page = user.get("/");
    if page.status = 200 { page.success(); }
}
user_class("U").task(f);"#)]), @r#"
    error: `=` sets a value; to compare two is `==`
     --> main.rhai:3:20
      |
    3 |     if page.status = 200 { page.success(); }
      |                    ^
    "#);
}

#[test]
fn a_closure_of_another_language() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"user_class("U").task("t", user => user.get("/"));"#)]), @r#"
    error: expecting `,` to separate the arguments to function call 'task'
     --> main.rhai:1:32
      |
    1 | user_class("U").task("t", user => user.get("/"));
      |                                ^
      = help: a closure is written `|user| ..`
    "#);
}

#[test]
fn a_data_file_that_is_not_there() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"let rows = data::csv("nope.csv");
user_class("U").task("t", |user| { user.get("/"); });"#)]), @r#"
    error: cannot read nope.csv: No such file or directory (os error 2); paths are relative to the script's folder
     --> main.rhai:1:18
      |
    1 | let rows = data::csv("nope.csv");
      |                  ^^^
    "#);
}

#[test]
fn a_namespace_with_too_few_arguments_and_a_slip() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"user_class("U").task("t", |user| { random::int(3); fake::nmae(); });"#)]), @r#"
    error: `random::int` takes 2 arguments, not 1
     --> main.rhai:1:44
      |
    1 | user_class("U").task("t", |user| { random::int(3); fake::nmae(); });
      |                                            ^^^

    error: no function `fake::nmae`
     --> main.rhai:1:58
      |
    1 | user_class("U").task("t", |user| { random::int(3); fake::nmae(); });
      |                                                          ^^^^
      = help: did you mean `fake::name`?
    "#);
}
