use super::check;
use crate::script::source::files::Files;
use crate::script::source::imports::Resolver;
use crate::script::source::tokens;
use crate::util::Diagnostic;
use rhai::{Array, Dynamic, Engine, FnPtr, Map, Module, OptimizationLevel};
use std::path::Path;

#[derive(Clone)]
struct User;

#[derive(Clone)]
struct Set;

/// An engine with a few of the functions that scripts use.
fn engine(files: &Files, level: OptimizationLevel) -> Engine {
    let mut engine = Engine::new();
    engine.set_optimization_level(level).set_max_expr_depths(64, 64);
    engine.register_type_with_name::<User>("User").register_type_with_name::<Set>("TaskSet");
    for method in ["get", "post", "put", "delete"] {
        engine.register_fn(method, |_: &mut User, _: &str| 200_i64);
        engine.register_fn(method, |_: &mut User, _: &str, _: Map| 200_i64);
    }
    engine.register_fn("request", |_: &mut User, _: &str, _: &str, _: Map| 200_i64);
    engine.register_fn("batch", |_: &mut User, _: Array| Array::new());
    engine.register_fn("interrupt", |_: &mut User| ());
    engine.register_fn("transaction", |_: &mut User, _: &str, _: FnPtr| ());
    engine.register_fn("timed", |_: &mut User, _: &str, _: &str, _: FnPtr| ());
    engine.register_fn("task_set", |_: &str| Set);
    engine.register_fn("user_class", |_: &str| Set);
    engine.register_fn("on", |_: &str, _: FnPtr| ());
    engine.register_fn("tags", |set: &mut Set, _: Array| set.clone());
    engine.register_fn("stop", |set: &mut Set| set.clone());
    engine.register_fn("on_start", |set: &mut Set, _: FnPtr| set.clone());
    engine.register_fn("task", |set: &mut Set, _: FnPtr| set.clone());
    engine.register_fn("task", |set: &mut Set, _: FnPtr, _: Dynamic| set.clone());
    engine.register_fn("task", |set: &mut Set, _: &str, _: Dynamic, _: FnPtr| set.clone());
    engine.register_get("id", |_: &mut User| 1_i64);
    let mut random = Module::new();
    random.set_native_fn("int", |a: i64, _: i64| Ok(a));
    random.set_native_fn("uuid", || Ok("u".to_owned()));
    engine.register_static_module("random", random.into());
    let mut log = Module::new();
    log.set_native_fn("debug", |_: Dynamic| Ok(()));
    engine.register_static_module("log", log.into());
    tokens::install(&mut engine);
    engine.set_module_resolver(Resolver::new(files.clone(), Vec::new(), standard));
    engine
}

fn standard(name: &str) -> Option<&'static str> {
    (name == "std/auth").then_some("fn login(user, url) { user.post(url, #{ json: #{} }) }")
}

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

/// Checks `a.rhai` with libraries beside it. What is found must not depend on the optimiser.
fn found(text: &str, libraries: &[(&str, &str)]) -> Vec<Diagnostic> {
    let plain = found_at(text, libraries, OptimizationLevel::None);
    assert_eq!(plain, found_at(text, libraries, OptimizationLevel::Simple));
    plain
}

fn found_at(text: &str, libraries: &[(&str, &str)], level: OptimizationLevel) -> Vec<Diagnostic> {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), libraries);
    let files = Files::default();
    let engine = engine(&files, level);
    match files.compile(&engine, "a.rhai", Some(folder.path().join("a.rhai")), text) {
        Ok(_) => check(&engine, &files).into_iter().map(|found| without(found, folder.path())).collect(),
        Err(broken) => vec![broken],
    }
}

/// The temporary folder is another one each time.
fn without(mut found: Diagnostic, folder: &Path) -> Diagnostic {
    let prefix = format!("{}/", folder.display());
    let strip = |text: &mut String| *text = text.replace(&prefix, "");
    strip(&mut found.message);
    found.notes.iter_mut().for_each(strip);
    found.help.iter_mut().for_each(strip);
    found.place.iter_mut().for_each(|place| strip(&mut place.file));
    found
}

fn shown(text: &str, libraries: &[(&str, &str)]) -> String {
    found(text, libraries).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n")
}

#[test]
fn unknown_functions() {
    insta::assert_snapshot!(shown(
        "fn f(user) {
    user.gett(\"/x\");
    usr_class(\"U\");
    prnt(1);
    random::itn(1, 2);
    ramdom::int(1, 2);
    random::nothing();
    uuid();
}
let add = |a, b| a + b;
add(1, 2);",
        &[]
    ), @r#"
    error: no method `gett`
     --> a.rhai:2:10
      |
    2 |     user.gett("/x");
      |          ^^^^
      = help: did you mean `get`?

    error: no function `usr_class`
     --> a.rhai:3:5
      |
    3 |     usr_class("U");
      |     ^^^^^^^^^
      = help: did you mean `user_class`?

    error: no function `prnt`
     --> a.rhai:4:5
      |
    4 |     prnt(1);
      |     ^^^^
      = help: did you mean `print`?

    error: no function `random::itn`
     --> a.rhai:5:13
      |
    5 |     random::itn(1, 2);
      |             ^^^
      = help: did you mean `random::int`?

    error: no namespace `ramdom`
     --> a.rhai:6:5
      |
    6 |     ramdom::int(1, 2);
      |     ^^^^^^
      = help: did you mean `random`?

    error: no function `random::nothing`
     --> a.rhai:7:13
      |
    7 |     random::nothing();
      |             ^^^^^^^
      = help: `random` has `int`, `uuid`

    error: no function `uuid`
     --> a.rhai:8:5
      |
    8 |     uuid();
      |     ^^^^
      = help: did you mean `random::uuid(..)`?

    error: no function `add`
      --> a.rhai:11:1
       |
    11 | add(1, 2);
       | ^^^
       = help: `add` is a variable: a function in a variable is called by `add.call(..)`
    "#);
}

#[test]
fn wrong_numbers_of_arguments() {
    insta::assert_snapshot!(shown(
        "fn f(user) { user.get(); user.get(\"/x\", #{}, 1); random::int(1); random::uuid(1); task_set(); }
fn g(a, b) { g(a) + a.g(b) + f(a, b); }",
        &[]
    ), @r#"
    error: `get` takes 1 or 2 arguments, not 0
     --> a.rhai:1:19
      |
    1 | fn f(user) { user.get(); user.get("/x", #{}, 1); random::int(1); random::uuid(1); task_set(); }
      |                   ^^^

    error: `get` takes 1 or 2 arguments, not 3
     --> a.rhai:1:31
      |
    1 | fn f(user) { user.get(); user.get("/x", #{}, 1); random::int(1); random::uuid(1); task_set(); }
      |                               ^^^

    error: `random::int` takes 2 arguments, not 1
     --> a.rhai:1:58
      |
    1 | fn f(user) { user.get(); user.get("/x", #{}, 1); random::int(1); random::uuid(1); task_set(); }
      |                                                          ^^^

    error: `random::uuid` takes no arguments, not 1
     --> a.rhai:1:74
      |
    1 | fn f(user) { user.get(); user.get("/x", #{}, 1); random::int(1); random::uuid(1); task_set(); }
      |                                                                          ^^^^

    error: `task_set` takes 1 argument, not 0
     --> a.rhai:1:83
      |
    1 | fn f(user) { user.get(); user.get("/x", #{}, 1); random::int(1); random::uuid(1); task_set(); }
      |                                                                                   ^^^^^^^^

    error: `g` takes 2 arguments, not 1
     --> a.rhai:2:14
      |
    2 | fn g(a, b) { g(a) + a.g(b) + f(a, b); }
      |              ^

    error: `g` takes 2 arguments, not 1
     --> a.rhai:2:23
      |
    2 | fn g(a, b) { g(a) + a.g(b) + f(a, b); }
      |                       ^
      = help: write `g(..)` with the value before the dot as first argument

    error: `f` takes 1 argument, not 2
     --> a.rhai:2:30
      |
    2 | fn g(a, b) { g(a) + a.g(b) + f(a, b); }
      |                              ^
    "#);
}

#[test]
fn functions_that_hide_methods() {
    insta::assert_snapshot!(shown(
        "fn get(user, path) { user.get(path, #{}); }
fn put(path) { this.post(path) }
fn f(user) { get(user, \"/x\"); user.get(\"/x\"); user.put(\"/x\"); }",
        &[]
    ), @r"
    error: this calls `fn get` of this file, not the method `get`
     --> a.rhai:1:27
      |
    1 | fn get(user, path) { user.get(path, #{}); }
      |                           ^^^
      = help: give the function another name: with as many arguments it comes before the method
    ");
}

#[test]
fn unknown_keys_of_files() {
    let text = "fn f(user) {
    user.post(\"/x\", #{ multipart: #{ a: #{ pth: \"p\" }, b: #{ path: user.p, nmae: 1 }, c: [1, #{ x: 1 }], d: 2 } });
    user.put(\"/x\", #{ body: #{ path: \"p\", tpye: \"t\" } });
    user.batch([#{ url: \"/x\", body: #{ data: user.p } }]);
    user.post(\"/x\", #{ multipart: [[\"a\", #{ anything: 1 }]], json: #{ path: 1, other: 2 } });
}";
    let diagnostics = found(text, &[]);
    let found: Vec<_> = diagnostics
        .iter()
        .map(|found| {
            let place = found.place.as_ref().expect("a place");
            format!(
                "{}:{} {}; {}",
                place.line,
                place.column,
                found.message,
                found.help.as_deref().unwrap_or("-")
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            "2:44 unknown multipart key `pth`; did you mean `path`?",
            "2:76 unknown multipart key `nmae`; did you mean `name`?",
            "3:43 unknown body key `tpye`; did you mean `type`?",
            "4:40 unknown body key `data`; known are path, type",
        ]
    );
}

#[test]
fn unknown_options() {
    insta::assert_snapshot!(shown(
        "const LIMIT = 10;
fn f(user) {
    user.get(\"/x\", #{ parms: #{ limit: 10 } });
    user.post(\"/x\", #{
        json: #{ anything: 1, parms: 2 },
        header: user.h,
    });
    user.request(\"GET\", \"/x\", #{ colour: \"red\", \"name\": 1 });
    user.batch([#{ method: \"GET\", url: \"/\", heders: 1 }]);
}
task_set(\"s\").task(f, #{ wieght: 2, tags: [] });",
        &[]
    ), @r#"
    error: unknown request option `parms`
     --> a.rhai:3:23
      |
    3 |     user.get("/x", #{ parms: #{ limit: 10 } });
      |                       ^^^^^
      = help: did you mean `params`?

    error: unknown request option `header`
     --> a.rhai:6:9
      |
    6 |         header: user.h,
      |         ^^^^^^
      = help: did you mean `headers`?

    error: unknown request option `colour`
     --> a.rhai:8:34
      |
    8 |     user.request("GET", "/x", #{ colour: "red", "name": 1 });
      |                                  ^^^^^^
      = help: known are allow_redirects, auth, body, cert, context, cookies, form, headers, json, keep_body, key, multipart, name, params, path, tags, timeout, verify

    error: unknown request option `heders`
     --> a.rhai:9:45
      |
    9 |     user.batch([#{ method: "GET", url: "/", heders: 1 }]);
      |                                             ^^^^^^
      = help: did you mean `headers`?

    error: unknown task option `wieght`
      --> a.rhai:11:26
       |
    11 | task_set("s").task(f, #{ wieght: 2, tags: [] });
       |                          ^^^^^^
       = help: did you mean `weight`?
    "#);
}

#[test]
fn variables_that_a_function_does_not_see() {
    insta::assert_snapshot!(shown(
        "const ITEMS = \"/items\";
let count = 0;
fn f(user) { user.get(ITEMS); count += 1; usr.get(null); let c = || count; random.int(1, 2); }",
        &[]
    ), @r"
    error: `ITEMS` is not visible in a function
     --> a.rhai:3:23
      |
    3 | fn f(user) { user.get(ITEMS); count += 1; usr.get(null); let c = || count; random.int(1, 2); }
      |                       ^^^^^
      = help: a function sees constants of the top level by `global::ITEMS`

    error: `count` is not visible in a function
     --> a.rhai:3:31
      |
    3 | fn f(user) { user.get(ITEMS); count += 1; usr.get(null); let c = || count; random.int(1, 2); }
      |                               ^^^^^
      = help: a function sees no variables of the top level: pass it as an argument, make it a `const` and write `global::count`, or keep it in `user.count`

    error: no variable `usr`
     --> a.rhai:3:43
      |
    3 | fn f(user) { user.get(ITEMS); count += 1; usr.get(null); let c = || count; random.int(1, 2); }
      |                                           ^^^
      = help: did you mean `user`?

    error: no variable `null`
     --> a.rhai:3:51
      |
    3 | fn f(user) { user.get(ITEMS); count += 1; usr.get(null); let c = || count; random.int(1, 2); }
      |                                                   ^^^^
      = help: Rhai's nothing is `()`

    error: `count` is not visible in a function
     --> a.rhai:3:69
      |
    3 | fn f(user) { user.get(ITEMS); count += 1; usr.get(null); let c = || count; random.int(1, 2); }
      |                                                                     ^^^^^
      = help: a function sees no variables of the top level: pass it as an argument, make it a `const` and write `global::count`, or keep it in `user.count`

    error: no variable `random`
     --> a.rhai:3:76
      |
    3 | fn f(user) { user.get(ITEMS); count += 1; usr.get(null); let c = || count; random.int(1, 2); }
      |                                                                            ^^^^^^
      = help: `random` is a namespace: write `random::..`

    error: `int` takes no arguments, not 2
     --> a.rhai:3:83
      |
    3 | fn f(user) { user.get(ITEMS); count += 1; usr.get(null); let c = || count; random.int(1, 2); }
      |                                                                                   ^^^
    ");
}

#[test]
fn tasks_that_change_what_they_captured() {
    insta::assert_snapshot!(shown(
        "let count = 0; let list = [];
task_set(\"s\").task(\"t\", 1, |user| { count += 1; user.transaction(\"x\", |u| { list[0] = 1; }); })
    .on_start(|user| { let count = 1; count = 2; });
on(\"request\", |r| { count = r.n; });",
        &[]
    ), @r#"
    warning: a task changes `count`, which it captured from outside
     --> a.rhai:2:37
      |
    2 | task_set("s").task("t", 1, |user| { count += 1; user.transaction("x", |u| { list[0] = 1; }); })
      |                                     ^^^^^
      = note: every shard has its own copy, shared by the users on it
      = help: keep in each user what belongs to it: `user.count`

    warning: a task changes `list`, which it captured from outside
     --> a.rhai:2:77
      |
    2 | task_set("s").task("t", 1, |user| { count += 1; user.transaction("x", |u| { list[0] = 1; }); })
      |                                                                             ^^^^
      = note: every shard has its own copy, shared by the users on it
      = help: keep in each user what belongs to it: `user.list`

    warning: a hook changes `count`, which it captured from outside
     --> a.rhai:4:21
      |
    4 | on("request", |r| { count = r.n; });
      |                     ^^^^^
      = note: every shard has its own copy, shared by the users on it
      = help: hand it to users by data::store(..): `data::store("run").set("count", ..)`
    "#);
}

#[test]
fn mistakes_inside_a_library_and_in_its_use() {
    insta::assert_snapshot!(shown(
        "import \"lib/shop\" as shop;
import \"std/auth\" as auth;
task_set(\"s\").task(shop::browse, 1).task(shop::brouse, 1).task(shop::hidden, 1);
let t = [shop::tasks, shop::open];
fn f(user) { shop::browse(); shop::brows(user); shop::hidden(user); auth::login(user); auth::more::x(); }",
        &[("lib/shop.rhai", "let tasks = 1; export let open = 2; private fn hidden(user) {}
fn browse(user) { user.gett(\"/\"); }")]
    ), @r#"
    error: lib/shop.rhai exports no `brouse`
     --> a.rhai:3:48
      |
    3 | task_set("s").task(shop::browse, 1).task(shop::brouse, 1).task(shop::hidden, 1);
      |                                                ^^^^^^
      = help: did you mean `shop::browse`?

    error: lib/shop.rhai exports no `hidden`
     --> a.rhai:3:70
      |
    3 | task_set("s").task(shop::browse, 1).task(shop::brouse, 1).task(shop::hidden, 1);
      |                                                                      ^^^^^^
      = help: the function is `private` in lib/shop.rhai

    error: lib/shop.rhai exports no `tasks`
     --> a.rhai:4:16
      |
    4 | let t = [shop::tasks, shop::open];
      |                ^^^^^
      = help: write `export let tasks = ..` in lib/shop.rhai

    error: `shop::browse` takes 1 argument, not 0
     --> a.rhai:5:20
      |
    5 | fn f(user) { shop::browse(); shop::brows(user); shop::hidden(user); auth::login(user); auth::more::x(); }
      |                    ^^^^^^

    error: no function `shop::brows`
     --> a.rhai:5:36
      |
    5 | fn f(user) { shop::browse(); shop::brows(user); shop::hidden(user); auth::login(user); auth::more::x(); }
      |                                    ^^^^^
      = help: did you mean `shop::browse`?

    error: no function `shop::hidden`
     --> a.rhai:5:55
      |
    5 | fn f(user) { shop::browse(); shop::brows(user); shop::hidden(user); auth::login(user); auth::more::x(); }
      |                                                       ^^^^^^
      = help: `shop` has `browse`

    error: `auth::login` takes 2 arguments, not 1
     --> a.rhai:5:75
      |
    5 | fn f(user) { shop::browse(); shop::brows(user); shop::hidden(user); auth::login(user); auth::more::x(); }
      |                                                                           ^^^^^

    error: no method `gett`
     --> lib/shop.rhai:2:24
      |
    2 | fn browse(user) { user.gett("/"); }
      |                        ^^^^
      = help: did you mean `get`?
    "#);
}

#[test]
fn broken_libraries() {
    insta::assert_snapshot!(shown(
        "import \"broken\" as broken;\nimport \"missing\" as missing;\nimport \"std/nothing\" as s;\nimport \"one\" as one;\nbroken::f(missing::g());",
        &[
            ("broken.rhai", "fn f(x) {\n    let y = x +;\n}"),
            ("one.rhai", "import \"two\" as two;"),
            ("two.rhai", "import \"a\" as a;"),
            ("a.rhai", ""),
        ]
    ), @r#"
    error: no library `missing`
     --> a.rhai:2:8
      |
    2 | import "missing" as missing;
      |        ^
      = note: looked at missing.rhai
      = help: a path is relative to the importing file, then to each `-I` folder and KATYDID_PATH

    error: no library `std/nothing`
     --> a.rhai:3:8
      |
    3 | import "std/nothing" as s;
      |        ^
      = note: looked at the standard library
      = note: looked at std/nothing.rhai
      = help: a path is relative to the importing file, then to each `-I` folder and KATYDID_PATH

    error: these files import one another in a circle
     --> two.rhai:1:8
      |
    1 | import "a" as a;
      |        ^
      = note: a.rhai imports one.rhai imports two.rhai imports a.rhai
      = help: move what both need into a third library

    error: unexpected `;`
     --> broken.rhai:2:16
      |
    2 |     let y = x +;
      |                ^
      = note: imported at a.rhai:1:8
      = help: something is missing before it, or a bracket was closed too early
    "#);
}

#[test]
fn blocks_that_capture_the_user() {
    insta::assert_snapshot!(shown(
        "fn f(user) {
    user.transaction(\"t\", || { user.get(\"/\"); });
    user.timed(\"T\", \"t\", |user| { user.get(\"/\"); });
    let id = 1; user.timed(\"T\", \"t\", |user| { user.get(`/${id}`); });
}",
        &[]
    ), @r#"
    error: the block captured `user`, which the call of `transaction` is using
     --> a.rhai:2:10
      |
    2 |     user.transaction("t", || { user.get("/"); });
      |          ^^^^^^^^^^^
      = help: give the block `user` as its parameter: `|user| { .. }`
    "#);
}

/// Scripts in which nothing is wrong, with the features that a careless check trips over.
const CORRECT: [&str; 14] = [
    // Closures in maps, `this`, getters and setters of maps.
    "let o = #{ n: 1, inc: || this.n += 1, add: |x| this.n + x }; o.inc(); o.add(2); o.n = 3; o[\"n\"] = 4;",
    "let o = #{}; o.later = |x| x + 1; o.later(1); o[\"sooner\"] = |x| x; o.sooner(2);",
    "fn make() { #{ twice: |x| x * 2 } } let m = make(); m.twice(3); make().twice(4);",
    // Function pointers, currying, calls of variables.
    "fn add(a, b) { a + b } let f = Fn(\"add\"); f.call(1, 2); call(f, 1, 2); let g = f.curry(1); g.call(2); curry(f, 1).call(2);",
    "let f = |a, b| a + b; f.call(1, 2); let h = [f][0]; h.call(1, 2); fn k(f) { f.call(1) } k(|x| x); let named = add; fn add(a) { a }",
    // Methods of arrays, strings and maps with closures.
    "let a = [1, 2, 3].map(|x| x * 2).filter(|x| x > 1).reduce(|s, x| s + x, 0); [3, 1].sort(|a, b| a - b); a.type_of(); \"a,b\".split(\",\").len(); \"x\".len; #{ a: 1 }.keys().len();",
    // Control flow.
    "for (x, i) in [1, 2] { if i == 0 { continue; } print(x + i); } for x in 0..10 { break; } for x in 0..=10 {} for c in \"abc\" {} let x = 3; let y = switch x { 1 | 2 => 0, 3..5 if x > 2 => 1, _ => 2 }; do { x -= 1; } while x > 0; loop { break; } while false {}",
    "fn risky(n) { try { if n > 0 { throw #{ code: n }; } } catch (err) { print(err.code); return -1; } 0 } risky(1); let z = if risky(0) == 0 { 1 } else { 2 };",
    // Names and operators.
    "let s = `a ${1 + 2} ${[1].len()} b`; let t = 1 in [1] && !(2 in [1]); let u = () ?? 1; let v = #{}?.a?.b; let w = -1 + +2; w **= 2; let m = #{ \"a b\": 1, default: 2, in: 3 }; m.default + m.in;",
    "const A = 1; const B = #{ get: 1 }; fn f() { global::A + global::B.get } fn g(n) { if n == 0 { f() } else { g(n - 1) } } g(2); print(A); let count = A; count += 1; fn h(count) { count += 1; let A = 2; A + count } h(1);",
    "fn outer(x) { let y = 1; let f = |z| { let w = x + y + z; [1].map(|q| q + w) }; f.call(2) } outer(1); is_def_fn(\"outer\", 1); is_def_var(\"zzz\"); type_of(1); debug(\"x\"); print(); fn own() { this.x } let o = #{ x: 1 }; o.own();",
    // Imports with aliases, in functions, of nested libraries.
    "import \"lib/shop\" as shop; import \"std/auth\" as auth; fn f(user) { auth::login(user, \"/l\"); shop::browse(user); shop::inner::deep(1); import \"lib/shop\" as again; again::browse(user); } let t = shop::tasks; let g = shop::browse; g.call(1); export let mine = 1; export t as yours;",
    // The test style itself.
    "let s = task_set(\"S\").tags([\"a\"]).on_start(|user| { user.token = 1; }).task(\"t\", 1, |user| { let r = user.get(\"/x\", #{ params: #{ any: 1 }, name: \"n\", timeout: 5 }); r.json().default.gett; }).stop(); on(\"test_stop\", |e| print(e.user)); user_class(\"U\").task(s, 5).task(view, #{ weight: 2, tags: [\"x\"] }).task(\"n\", #{ weight: 1 }, |user| user.request(\"GET\", \"/\", #{ json: 1 })); fn view(user) { let page = random::int(1, 2); log::debug(page); user.transaction(\"t\", |user| { user.post(\"/\", #{ json: #{ weird: 1 } }); }); let seen = 0; [1, 2].for_each(|x| { seen += x; }); user.custom = seen; user.batch([#{ method: \"GET\", url: \"/\", name: \"x\" }]); }",
    // Keys of maps that are no options.
    "let m = #{ a: 1 }; m.get(\"a\"); m.set(\"b\", #{ strange: 1 }); let opts = #{ json: 1 }; fn f(user) { let o = #{ anything: 1 }; user.get(\"/\", o); user.put(\"/\", #{ json: o } + #{ name: \"x\" }); }",
];

const SHOP: (&str, &str) = (
    "lib/shop.rhai",
    "import \"inner\" as inner; export let tasks = task_set(\"shop\"); fn browse(user) { helper(user) } private fn helper(user) { inner::deep(1) }",
);

#[test]
fn correct_scripts_give_no_diagnostics() {
    for script in CORRECT {
        let diagnostics = shown(script, &[SHOP, ("lib/inner.rhai", "fn deep(x) { x }")]);
        assert!(diagnostics.is_empty(), "{script}\n{diagnostics}");
    }
}

/// Pieces that make more interesting nonsense than single letters.
const PIECES: [&str; 48] = [
    "fn f(user) {",
    "}",
    "{",
    "(",
    ")",
    "[",
    "]",
    "#{",
    "let x = ",
    "const A = ",
    ";",
    ",",
    ".",
    "::",
    "?.",
    "??",
    "|",
    "||",
    "|user| ",
    "user.get(\"/x\", ",
    "import \"lib\" as lib",
    "export ",
    "lib::f",
    "random::int(1, 2)",
    "a: 1",
    "if ",
    "else ",
    "for x in ",
    "while ",
    "switch ",
    "=>",
    "_",
    "this",
    "in",
    "return ",
    "throw ",
    "`a${",
    "`",
    "\"",
    "'",
    "1",
    "1.5",
    "-",
    "+",
    "= ",
    "default",
    "task_set(\"s\").task(",
    "\n",
];

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 400, failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_text_makes_it_panic(text in ".{0,80}") {
        shown(&text, &[]);
    }

    #[test]
    fn no_nonsense_makes_it_panic(pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..30)) {
        shown(&pieces.concat(), &[("lib.rhai", "fn f() {}")]);
    }
}

#[test]
fn fuzz_scripts() {
    let corpus: [&[u8]; 4] = [
        include_bytes!("../../../scripts/quickstart.rhai"),
        include_bytes!("../../../scripts/checks.rhai"),
        include_bytes!("../../../scripts/login_and_data.rhai"),
        include_bytes!("../../../scripts/arrivals.rhai"),
    ];
    crate::util::fuzz::fuzz("scripts", &corpus, &PIECES, |bytes| {
        let said = shown(&String::from_utf8_lossy(bytes), &[("lib.rhai", "fn f() {}")]);
        said.lines().next().map(|line| line.chars().take(20).collect::<String>())
    });
}
