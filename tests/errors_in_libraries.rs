//! Mistakes in imported libraries, and imports that lead nowhere.

mod support;

use support::{Katydid, mistake};

#[test]
fn a_syntax_error_in_a_library() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"import "lib" as lib;
user_class("U").task("t", |user| { user.get("/"); });"#), ("lib.rhai", r#"fn f(user) {
    let x = ;
}"#)]), @r#"
    error: unexpected `;`
     --> lib.rhai:2:13
      |
    2 |     let x = ;
      |             ^
      = note: imported at main.rhai:1:8
      = help: something is missing before it, or a bracket was closed too early
    "#);
}

#[test]
fn an_unknown_function_in_a_library() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"import "lib" as lib;
user_class("U").task("t", |user| { user.get("/"); });"#), ("lib.rhai", r#"fn f(user) {
    usr_get(user);
}"#)]), @r#"
    error: no function `usr_get`
     --> lib.rhai:2:5
      |
    2 |     usr_get(user);
      |     ^^^^^^^
      = help: write `fn usr_get(..)` in this file, or import the library that has it and write `library::usr_get(..)`
    "#);
}

#[test]
fn an_error_at_the_top_level_of_a_library() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"import "lib" as lib;
user_class("U").task("t", |user| { user.get("/"); });"#), ("lib.rhai", r#"let a = [1];
let b = a[7];"#)]), @r#"
    error: array index 7 out of bounds: only 1 element in array
     --> lib.rhai:2:11
      |
    2 | let b = a[7];
      |           ^
      = note: imported at main.rhai:1:8
    "#);
}

#[test]
fn an_error_in_a_function_of_a_library() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"import "lib" as lib;
let x = lib::f(0);
user_class("U").task("t", |user| { user.get("/"); });"#), ("lib.rhai", r#"fn f(n) {
    10 / n
}"#)]), @r#"
    error: division by zero: 10 / 0
     --> lib.rhai:2:8
      |
    2 |     10 / n
      |        ^
      = note: in `f`, called at main.rhai:2:14
    "#);
}

#[test]
fn an_error_in_a_library_of_a_library() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"import "a/one" as one;
user_class("U").task("t", |user| { user.get("/"); });"#), ("a/one.rhai", r#"import "two" as two;"#), ("a/two.rhai", r#"throw "deep";"#)]), @r#"
    error: deep
     --> a/two.rhai:1:1
      |
    1 | throw "deep";
      | ^^^^^
      = note: imported at a/one.rhai:1:8
      = note: imported at main.rhai:1:8
    "#);
}

#[test]
fn a_library_that_is_not_there() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"import "libs/nope" as lib;
user_class("U").task("t", |user| { user.get("/"); });"#)]), @r#"
    error: no library `libs/nope`
     --> main.rhai:1:8
      |
    1 | import "libs/nope" as lib;
      |        ^
      = note: looked at libs/nope.rhai
      = help: a path is relative to the importing file, then to each `-I` folder and KATYDID_PATH
    "#);
}

#[test]
fn a_slip_in_the_name_of_a_standard_library() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"import "std/auht" as auth;
user_class("U").task("t", |user| { user.get("/"); });"#)]), @r#"
    error: no library `std/auht`
     --> main.rhai:1:8
      |
    1 | import "std/auht" as auth;
      |        ^
      = note: looked at the standard library
      = note: looked at std/auht.rhai
      = help: did you mean `std/auth`?
    "#);
}

#[test]
fn a_task_that_its_library_does_not_have() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"import "lib" as lib;
user_class("U").task(lib::brwse);"#), ("lib.rhai", "fn browse(user) {}")]), @r#"
    error: lib.rhai exports no `brwse`
     --> main.rhai:2:27
      |
    2 | user_class("U").task(lib::brwse);
      |                           ^^^^^
      = help: did you mean `lib::browse`?
    "#);
}

#[test]
fn a_call_that_its_library_does_not_have() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"import "lib" as lib;
user_class("U").task("t", |user| lib::brwse(user));"#), ("lib.rhai", "fn browse(user) {}")]), @r#"
    error: no function `lib::brwse`
     --> main.rhai:2:39
      |
    2 | user_class("U").task("t", |user| lib::brwse(user));
      |                                       ^^^^^
      = help: did you mean `lib::browse`?
    "#);
}

#[test]
fn a_library_that_imports_itself() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"import "a" as a;
user_class("U").task("t", |user| { user.get("/"); });"#), ("a.rhai", r#"import "b" as b;"#), ("b.rhai", r#"import "a" as a;"#)]), @r#"
    error: these files import one another in a circle
     --> b.rhai:1:8
      |
    1 | import "a" as a;
      |        ^
      = note: a.rhai imports b.rhai imports a.rhai
      = help: move what both need into a third library
    "#);
}

#[test]
fn a_task_set_that_a_library_keeps_to_itself() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"import "lib" as lib;
user_class("U").task(lib::shop);"#), ("lib.rhai", r#"let shop = task_set("Shop").task("t", |user| user.get("/"));"#)]), @r#"
    error: lib.rhai exports no `shop`
     --> main.rhai:2:27
      |
    2 | user_class("U").task(lib::shop);
      |                           ^^^^
      = help: write `export let shop = ..` in lib.rhai
    "#);
}

#[test]
fn every_folder_that_was_looked_in_is_named() {
    let said = Katydid::new(["run", "main.rhai"])
        .file(
            "main.rhai",
            r#"import "nope" as lib;
user_class("U").task("t", |user| { user.get("/"); });"#,
        )
        .file("more/x.rhai", "")
        .args(["-I", "more"])
        .env("KATYDID_PATH", "other")
        .refused();
    insta::assert_snapshot!(said, @r#"
    error: no library `nope`
     --> main.rhai:1:8
      |
    1 | import "nope" as lib;
      |        ^
      = note: looked at nope.rhai
      = note: looked at more/nope.rhai
      = note: looked at other/nope.rhai
      = help: a path is relative to the importing file, then to each `-I` folder and KATYDID_PATH
    "#);
}
