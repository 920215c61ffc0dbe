use super::{diagnose, exception_key};
use crate::script::source::files::Files;
use crate::script::source::imports::Resolver;
use crate::script::source::tokens;
use rhai::{Dynamic, Engine, EvalAltResult, FnPtr, Map, Module, NativeCallContext, OptimizationLevel};

#[derive(Clone)]
struct User;

fn engine(files: &Files) -> Engine {
    let mut engine = Engine::new();
    engine.set_optimization_level(OptimizationLevel::None);
    engine.register_type_with_name::<User>("User");
    engine.register_fn("user", || User);
    engine.register_fn("get", |_: &mut User, _: &str| 200_i64);
    engine.register_fn("fail", || -> Result<i64, Box<EvalAltResult>> { Err("the wire is cut".into()) });
    engine.register_fn("hold", |context: NativeCallContext<'_>, _: &mut User, block: FnPtr| {
        block.call_within_context::<Dynamic>(&context, ())
    });
    let mut random = Module::new();
    random.set_native_fn("int", |a: i64, _: i64| Ok(a));
    engine.register_static_module("random", random.into());
    engine
        .set_max_operations(10_000)
        .set_max_call_levels(20)
        .set_max_array_size(100)
        .set_max_string_size(1000);
    tokens::install(&mut engine);
    engine.set_module_resolver(Resolver::new(files.clone(), Vec::new(), standard));
    engine
}

fn standard(name: &str) -> Option<&'static str> {
    match name {
        "std/deep" => Some(
            "fn fails(x) {\n    inner(x)\n}\nprivate fn inner(x) {\n    x.missing.more\n}\nlet hidden = 1; export let shown = 2;",
        ),
        "std/wrong" => Some("let x = 1;\nthrow \"at the top\";"),
        "std/syntax" => Some("fn f() {\n    let for = 1;\n}"),
        _ => None,
    }
}

fn error(text: &str) -> (Box<EvalAltResult>, Files) {
    let files = Files::default();
    let engine = engine(&files);
    let file = files.compile(&engine, "a.rhai", None, text).unwrap_or_else(|broken| panic!("{broken}"));
    files.learn(&engine);
    (engine.run_ast(&file.ast).expect_err("the script is meant to fail"), files)
}

fn shown(text: &str) -> String {
    let (error, files) = error(text);
    diagnose(&error, &files).to_string()
}

fn broken(text: &str) -> String {
    let files = Files::default();
    files
        .compile(&engine(&files), "a.rhai", None, text)
        .expect_err("the script is meant to be broken")
        .to_string()
}

#[test]
fn shows_the_innermost_line_and_the_calls_that_led_there() {
    insta::assert_snapshot!(shown("fn outer(list) {\n    list.map(|x| inner(x))\n}\nfn inner(x) {\n    x.name.first\n}\nouter([1]);"), @r"
    error: cannot read `.name` of a value of type int
     --> a.rhai:5:7
      |
    5 |     x.name.first
      |       ^^^^
      = note: in `inner`, called at a.rhai:2:18
      = note: in a closure, called at a.rhai:2:10
      = note: in `map`, called at a.rhai:2:10
      = note: in `outer`, called at a.rhai:7:1
    ");
}

#[test]
fn a_library_shows_its_own_line() {
    insta::assert_snapshot!(shown("import \"std/deep\" as deep;\nfn f(x) {\n    deep::fails(x);\n}\nf(#{});"), @r"
    error: cannot read `.more` of a value of type `()`
     --> std/deep:5:15
      |
    5 |     x.missing.more
      |               ^^^^
      = note: in `inner`, called at std/deep:2:5
      = note: in `fails`, called at a.rhai:3:11
      = note: in `f`, called at a.rhai:5:1
      = help: the value before the dot is not there: test it, or write `x?.name` and `x ?? other`
    ");
    insta::assert_snapshot!(shown("import \"std/wrong\" as wrong;"), @r#"
    error: at the top
     --> std/wrong:2:1
      |
    2 | throw "at the top";
      | ^^^^^
      = note: imported at a.rhai:1:8
    "#);
    insta::assert_snapshot!(shown("import \"std/syntax\" as broken;"), @r"
    error: expecting name of a variable
     --> std/syntax:2:9
      |
    2 |     let for = 1;
      |         ^^^
      = note: imported at a.rhai:1:8
      = help: `for` is a keyword, and no name
    ");
    insta::assert_snapshot!(shown("fn f() {\n    import \"nowhere\" as n;\n}\nf();"), @r#"
    error: no library `nowhere`
     --> a.rhai:2:12
      |
    2 |     import "nowhere" as n;
      |            ^
      = note: looked at nowhere.rhai
      = note: in `f`, called at a.rhai:4:1
      = help: a path is relative to the importing file, then to each `-I` folder and KATYDID_PATH
    "#);
    insta::assert_snapshot!(shown("import \"std/deep\" as deep; let x = deep::hidden;"), @r#"
    error: no variable `deep::hidden`
     --> a.rhai:1:36
      |
    1 | import "std/deep" as deep; let x = deep::hidden;
      |                                    ^^^^
      = help: write `export let hidden = ..` in std/deep
    "#);
    insta::assert_snapshot!(shown("import \"std/deep\" as deep; let x = deep::shwon;"), @r#"
    error: no variable `deep::shwon`
     --> a.rhai:1:36
      |
    1 | import "std/deep" as deep; let x = deep::shwon;
      |                                    ^^^^
      = help: did you mean `deep::shown`?
    "#);
}

#[test]
fn variables() {
    insta::assert_snapshot!(shown("const LIMIT = 1;\nfn f() {\n    LIMIT\n}\nf();"), @r"
    error: no variable `LIMIT`
     --> a.rhai:3:5
      |
    3 |     LIMIT
      |     ^^^^^
      = note: in `f`, called at a.rhai:5:1
      = help: a function sees constants of the top level by `global::LIMIT`
    ");
    insta::assert_snapshot!(shown("let count = 1;\nfn f() {\n    count\n}\nf();"), @r"
    error: no variable `count`
     --> a.rhai:3:5
      |
    3 |     count
      |     ^^^^^
      = note: in `f`, called at a.rhai:5:1
      = help: a function sees no variables of the top level: pass it as an argument, make it a `const` and write `global::count`, or keep it in `user.count`
    ");
    insta::assert_snapshot!(shown("fn f() {\n    global::LIMIT\n}\nf();"), @r"
    error: no variable `global::LIMIT`
     --> a.rhai:2:5
      |
    2 |     global::LIMIT
      |     ^^^^^^
      = note: in `f`, called at a.rhai:4:1
      = help: `global::` knows constants of this file: write `const LIMIT = ..;` at its top level, before the first task
    ");
    insta::assert_snapshot!(shown("let x = null;"), @r"
    error: no variable `null`
     --> a.rhai:1:9
      |
    1 | let x = null;
      |         ^^^^
      = help: Rhai's nothing is `()`
    ");
    insta::assert_snapshot!(shown("random.int(1, 2);"), @r"
    error: no variable `random`
     --> a.rhai:1:1
      |
    1 | random.int(1, 2);
      | ^^^^^^
      = help: `random` is a namespace: write `random::int(..)`
    ");
    insta::assert_snapshot!(shown("randm::int(1, 2);"), @r"
    error: no namespace `randm`
     --> a.rhai:1:1
      |
    1 | randm::int(1, 2);
      | ^^^^^
      = help: did you mean `random`?
    ");
    insta::assert_snapshot!(shown("const A = [1];\nA.push(1);"), @r"
    error: `push` would change a constant
     --> a.rhai:2:3
      |
    2 | A.push(1);
      |   ^^^^
      = help: constants, imported variables and loop variables cannot be changed; what lasts belongs to the user: `user.name = value`
    ");
}

#[test]
fn functions() {
    insta::assert_snapshot!(shown("fn lgin(a) {}\nlogin(1);"), @r"
    error: no function `login(int)`
     --> a.rhai:2:1
      |
    2 | login(1);
      | ^^^^^
      = help: did you mean `lgin`?
    ");
    insta::assert_snapshot!(shown("let u = user(); u.get(1, #{}, \"x\", (), 1.5);"), @r#"
    error: no function `get(User, int, map, string, (), float)`
     --> a.rhai:1:19
      |
    1 | let u = user(); u.get(1, #{}, "x", (), 1.5);
      |                   ^^^
      = help: `get` exists, but not for arguments of these types
    "#);
    insta::assert_snapshot!(shown("random::int(1.0, \"x\");"), @r#"
    error: no function `random::int(float, string)`
     --> a.rhai:1:9
      |
    1 | random::int(1.0, "x");
      |         ^^^
      = help: `int` exists, but not for arguments of these types
    "#);
    insta::assert_snapshot!(shown("let f = Fn(\"anon\"); f.call();"), @r#"
    error: no function `anon()`
     --> a.rhai:1:23
      |
    1 | let f = Fn("anon"); f.call();
      |                       ^^^^
    "#);
    insta::assert_snapshot!(shown("let x = 1 + #{};"), @r"
    error: no operator `+(int, map)`
     --> a.rhai:1:11
      |
    1 | let x = 1 + #{};
      |           ^
    ");
}

#[test]
fn values_that_are_not_there() {
    insta::assert_snapshot!(shown("let x = #{}; x.a.b;"), @r"
    error: cannot read `.b` of a value of type `()`
     --> a.rhai:1:18
      |
    1 | let x = #{}; x.a.b;
      |                  ^
      = help: the value before the dot is not there: test it, or write `x?.name` and `x ?? other`
    ");
    insta::assert_snapshot!(shown("let x = #{}; x.a[1];"), @r"
    error: cannot index a value of type `()`
     --> a.rhai:1:17
      |
    1 | let x = #{}; x.a[1];
      |                 ^
      = help: the value before the bracket is not there: test it, or write `x?[key]` and `x ?? other`
    ");
    insta::assert_snapshot!(shown("let x = #{}; x.a.b = 1;"), @r"
    error: cannot set `.b` of a value of type `()`
     --> a.rhai:1:18
      |
    1 | let x = #{}; x.a.b = 1;
      |                  ^
      = help: the value before the dot is not there: test it, or write `x?.name` and `x ?? other`
    ");
    insta::assert_snapshot!(shown("let u = user(); u.nothing"), @r"
    error: cannot read `.nothing` of a value of type User
     --> a.rhai:1:19
      |
    1 | let u = user(); u.nothing
      |                   ^^^^^^^
    ");
    insta::assert_snapshot!(shown("let x = [1]; x[3]"), @r"
    error: array index 3 out of bounds: only 1 element in array
     --> a.rhai:1:16
      |
    1 | let x = [1]; x[3]
      |                ^
    ");
    insta::assert_snapshot!(shown("let n = 7; for x in n {}"), @r"
    error: `for` needs something to loop over: an array, a range, a string
     --> a.rhai:1:21
      |
    1 | let n = 7; for x in n {}
      |                     ^
    ");
    insta::assert_snapshot!(shown("let n = 1; if n { }"), @r"
    error: expecting a value of type bool, not int
     --> a.rhai:1:15
      |
    1 | let n = 1; if n { }
      |               ^
    ");
}

#[test]
fn limits() {
    insta::assert_snapshot!(shown("loop {}"), @r"
    error: too many operations
     --> a.rhai:1:6
      |
    1 | loop {}
      |      ^
      = help: an endless loop? a loop that waits for something needs a `sleep(..)`; `--max-operations` raises the limit
    ");
    insta::assert_snapshot!(shown("fn f(n) { f(n + 1) }\nf(0);"), @r"
    error: too many calls inside one another
     --> a.rhai:2:1
      |
    2 | f(0);
      | ^
      = help: does the function call itself without an end? a loop needs no stack
    ");
    insta::assert_snapshot!(shown("let a = []; for i in 0..200 { a.push(i); }"), @r"
    error: size of array/BLOB is over the limit
     --> a.rhai:1:33
      |
    1 | let a = []; for i in 0..200 { a.push(i); }
      |                                 ^^^^
      = help: build less at once, or raise the limit by its option
    ");
    insta::assert_snapshot!(shown("let x = 9223372036854775807;\nx += 1;"), @r"
    error: addition overflow: 9223372036854775807 + 1
     --> a.rhai:2:3
      |
    2 | x += 1;
      |   ^
      = help: an integer has 64 bits; with floats (`2.0 * x`) there is no overflow
    ");
    insta::assert_snapshot!(shown("let x = 1 / 0;"), @r"
    error: division by zero: 1 / 0
     --> a.rhai:1:11
      |
    1 | let x = 1 / 0;
      |           ^
    ");
}

#[test]
fn what_a_script_throws_is_readable() {
    insta::assert_snapshot!(shown("fn f() {\n    throw #{ code: 3, what: [\"a\", ()] };\n}\nf();"), @r#"
    error: #{ code: 3, what: ["a", ()] }
     --> a.rhai:2:5
      |
    2 |     throw #{ code: 3, what: ["a", ()] };
      |     ^^^^^
      = note: in `f`, called at a.rhai:4:1
    "#);
    insta::assert_snapshot!(shown("throw;"), @r"
    error: the script threw `()`
     --> a.rhai:1:1
      |
    1 | throw;
      | ^^^^^
    ");
    insta::assert_snapshot!(shown("throw |x| x;"), @r"
    error: closure
     --> a.rhai:1:1
      |
    1 | throw |x| x;
      | ^^^^^
    ");
    insta::assert_snapshot!(shown("let x = fail();"), @r"
    error: the wire is cut
     --> a.rhai:1:9
      |
    1 | let x = fail();
      |         ^^^^
    ");
}

#[test]
fn a_captured_user_is_explained() {
    insta::assert_snapshot!(shown("let u = user();\nu.hold(|| u.get(\"/x\"));"), @r"
    error: the closure captured the variable that `hold` is called on
     --> a.rhai
      = help: the call has locked it: let the closure use a copy, `let copy = ..;`, or write a loop
    ");
    insta::assert_snapshot!(
        shown("fn f() {\n    let list = [1, 2];\n    list.map(|x| x + list.len)\n}\nf();"), @r"
    error: the closure captured the variable that `map` is called on
     --> a.rhai:3:10
      |
    3 |     list.map(|x| x + list.len)
      |          ^^^
      = help: the call has locked it: let the closure use a copy, `let copy = ..;`, or write a loop
    ");
}

#[test]
fn a_stopped_script_says_why() {
    let files = Files::default();
    let stopped = EvalAltResult::ErrorTerminated("the run is over".into(), rhai::Position::NONE);
    insta::assert_snapshot!(diagnose(&stopped, &files), @r"error: the script was stopped: the run is over");
}

#[test]
fn a_deep_chain_is_shortened() {
    insta::assert_snapshot!(shown("fn f(n) { if n == 0 { throw \"bottom\"; } f(n - 1); }\nf(15);"), @r#"
    error: bottom
     --> a.rhai:1:23
      |
    1 | fn f(n) { if n == 0 { throw "bottom"; } f(n - 1); }
      |                       ^^^^^
      = note: in `f`, called at a.rhai:1:41
      = note: in `f`, called at a.rhai:1:41
      = note: in `f`, called at a.rhai:1:41
      = note: in `f`, called at a.rhai:1:41
      = note: ... 9 more calls ...
      = note: in `f`, called at a.rhai:1:41
      = note: in `f`, called at a.rhai:1:41
      = note: in `f`, called at a.rhai:2:1
    "#);
}

#[test]
fn broken_syntax() {
    insta::assert_snapshot!(broken("let in = 1;"), @r"
    error: expecting name of a variable
     --> a.rhai:1:5
      |
    1 | let in = 1;
      |     ^^
      = help: `in` is a keyword, and no name
    ");
    insta::assert_snapshot!(broken("let x = this.y;"), @r"
    error: 'this' can only be used in functions
     --> a.rhai:1:9
      |
    1 | let x = this.y;
      |         ^^^^
    ");
    insta::assert_snapshot!(broken("fn f() {\n    fn g() {}\n}"), @r"
    error: function definitions must be at global level and cannot be inside a block or another function
     --> a.rhai:2:5
      |
    2 |     fn g() {}
      |     ^^
      = help: move the `fn` to the top level, or write a closure: `let name = |x| { .. };`
    ");
    insta::assert_snapshot!(broken("let s = 'hello';"), @r"
    error: invalid character: 'hello'
     --> a.rhai:1:9
      |
    1 | let s = 'hello';
      |         ^
      = help: single quotes hold one character; a string takes double quotes or backticks
    ");
    insta::assert_snapshot!(broken("let s = \"hello;\nlet t = 1;"), @r#"
    error: open string is not terminated
     --> a.rhai:1:9
      |
    1 | let s = "hello;
      |         ^
      = help: close the string on its line, or use backticks for a string of several lines
    "#);
    insta::assert_snapshot!(broken("let x = 1\nlet y = 2;"), @r"
    error: expecting `;` to terminate this statement
     --> a.rhai:2:1
      |
    2 | let y = 2;
      | ^^^
      = help: end the line before with `;`
    ");
    insta::assert_snapshot!(broken("function f() {}"), @r"
    error: expecting `;` to terminate this statement
     --> a.rhai:1:10
      |
    1 | function f() {}
      |          ^
      = help: a function is `fn name(a, b) { .. }`
    ");
    insta::assert_snapshot!(broken("fn f() {\n    if x {\n"), @r"
    error: expecting `}` to terminate this block
     --> a.rhai:3:1
      = help: a `{` was opened and not closed
    ");
    insta::assert_snapshot!(broken("let x = #{ a: 1 b: 2 };"), @r"
    error: expecting `,` to separate the items of this object map literal
     --> a.rhai:1:17
      |
    1 | let x = #{ a: 1 b: 2 };
      |                 ^
    ");
    insta::assert_snapshot!(broken("if x === 1 {}"), @r"
    error: '===' is not a valid operator. This is not JavaScript! Should it be '=='?
     --> a.rhai:1:6
      |
    1 | if x === 1 {}
      |      ^
    ");
    insta::assert_snapshot!(broken("fn f(a, a) {}"), @r"
    error: duplicated parameter a for function f
     --> a.rhai:1:9
      |
    1 | fn f(a, a) {}
      |         ^
    ");
    insta::assert_snapshot!(broken("let x = 12abc;"), @r"
    error: expecting `;` to terminate this statement
     --> a.rhai:1:11
      |
    1 | let x = 12abc;
      |           ^^^
    ");
}

#[test]
fn exceptions_group_by_message_and_line() {
    let text = "fn f(x) {\n    throw \"wrong item\";\n}\nfn g() { f(1); }\ng();";
    let (first, _) = error(text);
    assert_eq!(exception_key(&first), ("wrong item".to_owned(), "a.rhai:2".to_owned()));
    let (second, _) = error("import \"nowhere\" as n;");
    assert_eq!(exception_key(&second), ("no library `nowhere`".to_owned(), "a.rhai:1".to_owned()));
    let map = EvalAltResult::ErrorRuntime(Map::from([("a".into(), 1.into())]).into(), rhai::Position::NONE);
    assert_eq!(exception_key(&map), ("#{ a: 1 }".to_owned(), String::new()));
}

#[test]
fn no_text_differs_from_run_to_run() {
    for script in ["[1].map(|x| x.y.z)", "let f = |x| x.y.z; f.call(1)", "throw [|x| x]"] {
        let (error, files) = error(script);
        let text = diagnose(&error, &files).to_string();
        assert!(!text.contains("anon$") && !text.contains("0x"), "{text}");
    }
}
