use super::{Resolver, origin};
use crate::script::error::diagnose;
use crate::script::source::files::Files;
use crate::script::source::tokens;
use rhai::{Array, Dynamic, Engine, FnPtr, NativeCallContext, OptimizationLevel, Position, Scope};
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;

type Kept = Rc<RefCell<Vec<FnPtr>>>;

/// A folder of scripts and an engine whose `keep(f)` collects functions and whose `declare(name)` counts.
struct Bench {
    folder: tempfile::TempDir,
    files: Files,
    engine: Engine,
    kept: Kept,
    declared: Rc<RefCell<Vec<String>>>,
}

impl Bench {
    fn new(scripts: &[(&str, &str)], folders: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in scripts {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let (files, kept, declared) =
            (Files::default(), Kept::default(), Rc::<RefCell<Vec<String>>>::default());
        let mut engine = Engine::new();
        engine.set_optimization_level(OptimizationLevel::None);
        let keep = Rc::clone(&kept);
        engine.register_fn("keep", move |function: FnPtr| keep.borrow_mut().push(function));
        let declare = Rc::clone(&declared);
        engine.register_fn("declare", move |name: &str| {
            declare.borrow_mut().push(name.to_owned());
            name.to_owned()
        });
        tokens::install(&mut engine);
        let folders: Vec<PathBuf> = folders.iter().map(|name| folder.path().join(name)).collect();
        engine.set_module_resolver(Resolver::new(files.clone(), folders, standard));
        Self { folder, files, engine, kept, declared }
    }

    fn try_run(&self, name: &str) -> Result<Dynamic, String> {
        let path = self.folder.path().join(name);
        let text = std::fs::read_to_string(&path).unwrap();
        let file =
            self.files.compile(&self.engine, name, Some(path), &text).map_err(|broken| broken.to_string())?;
        let prefix = format!("{}/", self.folder.path().display());
        self.engine
            .eval_ast_with_scope(&mut Scope::new(), &file.ast)
            .map_err(|error| diagnose(&error, &self.files).to_string().replace(&prefix, ""))
    }

    fn run(&self, name: &str) -> Dynamic {
        self.try_run(name).unwrap_or_else(|failure| panic!("{failure}"))
    }

    /// Calls a kept function as the engine's users do: long after the script has ended, without its environment.
    fn call(&self, index: usize, arguments: Array) -> Dynamic {
        let global = self.engine.new_global_runtime_state();
        let context =
            NativeCallContext::new_with_all_fields(&self.engine, "task", None, &global, Position::NONE);
        let function = self.kept.borrow()[index].clone();
        function.call_raw(&context, None, arguments).unwrap_or_else(|failure| panic!("{failure}"))
    }
}

fn standard(name: &str) -> Option<&'static str> {
    match name {
        "std/auth" => Some("import \"std/more\" as more; fn login() { more::answer() }"),
        "std/more" => Some("fn answer() { 42 }"),
        _ => None,
    }
}

fn int(value: &Dynamic) -> i64 {
    value.as_int().unwrap()
}

#[test]
fn looks_beside_the_importing_file_then_in_the_folders() {
    let scripts = [
        (
            "main.rhai",
            "import \"lib/a\" as a; import \"far\" as far; import \"std/auth\" as auth; [a::b(), far::v(), auth::login()]",
        ),
        ("lib/a.rhai", "import \"./b.rhai\" as b; import \"../beside\" as c; fn b() { b::v() + c::v() }"),
        ("lib/b.rhai", "fn v() { 1 }"),
        ("beside.rhai", "fn v() { 10 }"),
        ("one/far.rhai", "fn v() { 100 }"),
        ("two/far.rhai", "fn v() { 200 }"),
        ("two/b.rhai", "fn v() { 300 }"),
    ];
    let answers = Bench::new(&scripts, &["one", "two"]).run("main.rhai").into_array().unwrap();
    assert_eq!(answers.iter().map(int).collect::<Vec<_>>(), [11, 100, 42]);
}

#[test]
fn an_import_that_leads_nowhere_says_where_it_looked() {
    let bench = Bench::new(&[("main.rhai", "import \"shop\" as shop;")], &["one", "two"]);
    insta::assert_snapshot!(bench.try_run("main.rhai").unwrap_err(), @r#"
    error: no library `shop`
     --> main.rhai:1:8
      |
    1 | import "shop" as shop;
      |        ^
      = note: looked at shop.rhai
      = note: looked at one/shop.rhai
      = note: looked at two/shop.rhai
      = help: a path is relative to the importing file, then to each `-I` folder and KATYDID_PATH
    "#);
}

#[test]
fn a_library_runs_once_by_whatever_path() {
    let scripts = [
        (
            "main.rhai",
            "import \"lib/a\" as a; import \"lib/b\" as b; import \"lib/../lib/a.rhai\" as c; import \"./lib/a\" as d; a::set + b::set() + c::set + d::set",
        ),
        ("lib/a.rhai", "export let set = declare(\"A\");"),
        ("lib/b.rhai", "import \"a\" as a; declare(\"B\"); fn set() { a::set }"),
    ];
    let bench = Bench::new(&scripts, &[]);
    assert_eq!(bench.run("main.rhai").to_string(), "AAAA");
    assert_eq!(*bench.declared.borrow(), ["A", "B"]);
}

#[test]
fn functions_of_a_library_are_values() {
    let scripts = [
        (
            "main.rhai",
            "import \"shop\" as shop; let f = shop::browse; keep(f); keep(shop::browse); keep(shop::nothing);
             [f.call(1), shop::browse(1), [1, 2].map(shop::browse)[1], shop::twice(1, 2), shop::twice(1)]",
        ),
        (
            "shop.rhai",
            "import \"inner\" as inner; const BASE = 100; const LATE = 1000;
             fn browse(x) { helper(x) + inner::one() + global::BASE + global::LATE }
             private fn helper(x) { x * 10 }
             fn twice(a) { a } fn twice(a, b) { a + b } fn nothing() { 7 }",
        ),
        ("inner.rhai", "fn one() { 1 }"),
    ];
    let bench = Bench::new(&scripts, &[]);
    let answers = bench.run("main.rhai").into_array().unwrap();
    assert_eq!(answers.iter().map(int).collect::<Vec<_>>(), [1111, 1111, 1121, 3, 1]);
    assert_eq!(bench.kept.borrow()[0].fn_name(), "browse", "the name that a task takes");
    assert_eq!(int(&bench.call(0, vec![5.into()])), 1151);
    assert_eq!(int(&bench.call(1, vec![6.into()])), 1161);
    assert_eq!(int(&bench.call(2, vec![6.into()])), 7, "an argument too many is left out");
}

#[test]
fn exported_values_keep_their_environment() {
    let scripts = [
        (
            "main.rhai",
            "import \"shop\" as shop; keep(shop::buy); keep(shop::table.sell); keep(shop::list[0]);
             [shop::buy.call(1), shop::number, shop::table.n]",
        ),
        (
            "shop.rhai",
            "const BASE = 100; let captured = 5; fn helper(x) { x + global::BASE }
             export let buy = |x| helper(x) + captured; export let number = 3;
             export let table = #{ n: 4, sell: |x| helper(x) }; export let list = [Fn(\"helper\")];",
        ),
    ];
    let bench = Bench::new(&scripts, &[]);
    let answers = bench.run("main.rhai").into_array().unwrap();
    assert_eq!(answers.iter().map(int).collect::<Vec<_>>(), [106, 3, 4]);
    assert_eq!(int(&bench.call(0, vec![2.into(), "left out".into()])), 107);
    assert_eq!(int(&bench.call(1, vec![2.into()])), 102);
    assert_eq!(int(&bench.call(2, vec![2.into()])), 102);
    let names: Vec<_> = bench.kept.borrow().iter().map(|kept| kept.fn_name().to_owned()).collect();
    assert_eq!(names, ["buy", "sell", "helper"]);
}

#[test]
fn closures_that_a_library_returns_are_found_by_their_file() {
    let scripts = [
        ("main.rhai", "import \"shop\" as shop; keep(shop::make(5));"),
        ("shop.rhai", "const BASE = 100; fn make(n) { |x| x + n + global::BASE }"),
    ];
    let bench = Bench::new(&scripts, &[]);
    assert!(bench.run("main.rhai").is_unit());
    let made = bench.kept.borrow()[0].clone();
    let file = bench.files.defining(made.fn_name()).unwrap();
    assert_eq!(Path::new(&file.name).file_name().unwrap(), "shop.rhai");
    let environment = file.environment.get().unwrap();
    let bound = super::library::pointer("made", &made, &file, environment).unwrap();
    bench.kept.borrow_mut()[0] = bound;
    assert_eq!(int(&bench.call(0, vec![1.into()])), 106);
}

#[test]
fn an_early_return_does_not_lose_the_functions() {
    let scripts = [
        ("main.rhai", "import \"shop\" as shop; let f = shop::browse; f.call(1)"),
        (
            "shop.rhai",
            "import \"inner\" as inner; fn browse(x) { x + inner::one() } if true { return; } declare(\"never\");",
        ),
        ("inner.rhai", "fn one() { 1 }"),
    ];
    let bench = Bench::new(&scripts, &[]);
    assert_eq!(int(&bench.run("main.rhai")), 2);
    assert!(bench.declared.borrow().is_empty());
}

#[test]
fn a_circle_is_named() {
    let scripts = [
        ("main.rhai", "import \"one\" as one;"),
        ("one.rhai", "import \"two\" as two;"),
        ("two.rhai", "let x = 1;\nimport \"one\" as one;"),
        ("self.rhai", "import \"self\" as me;"),
        ("back.rhai", "import \"to_main\" as t;"),
        ("to_main.rhai", "import \"back\" as b;"),
    ];
    let bench = Bench::new(&scripts, &[]);
    insta::assert_snapshot!(bench.try_run("main.rhai").unwrap_err(), @r#"
    error: these files import one another in a circle
     --> two.rhai:2:8
      |
    2 | import "one" as one;
      |        ^
      = note: one.rhai imports two.rhai imports one.rhai
      = note: imported at one.rhai:1:8
      = note: imported at main.rhai:1:8
      = help: move what both need into a third library
    "#);
    insta::assert_snapshot!(bench.try_run("self.rhai").unwrap_err(), @r#"
    error: these files import one another in a circle
     --> self.rhai:1:8
      |
    1 | import "self" as me;
      |        ^
      = note: self.rhai imports self.rhai
      = note: imported at main.rhai:1:8
      = help: move what both need into a third library
    "#);
    insta::assert_snapshot!(bench.try_run("back.rhai").unwrap_err(), @r#"
    error: these files import one another in a circle
     --> to_main.rhai:1:8
      |
    1 | import "back" as b;
      |        ^
      = note: back.rhai imports to_main.rhai imports back.rhai
      = note: imported at main.rhai:1:8
      = help: move what both need into a third library
    "#);
}

#[test]
fn a_broken_library_shows_its_line() {
    let scripts = [
        ("main.rhai", "import \"one\" as one;"),
        ("one.rhai", "import \"lib/broken\" as broken;"),
        ("lib/broken.rhai", "fn f() {\n    let x = ;\n}"),
        ("late.rhai", "\nimport \"throws\" as t;"),
        ("throws.rhai", "fn f(x) {\n    throw \"no \" + x;\n}\nf(1);"),
    ];
    let bench = Bench::new(&scripts, &[]);
    insta::assert_snapshot!(bench.try_run("main.rhai").unwrap_err(), @r"
    error: unexpected `;`
     --> lib/broken.rhai:2:13
      |
    2 |     let x = ;
      |             ^
      = note: imported at one.rhai:1:8
      = note: imported at main.rhai:1:8
      = help: something is missing before it, or a bracket was closed too early
    ");
    insta::assert_snapshot!(bench.try_run("late.rhai").unwrap_err(), @r#"
    error: no 1
     --> throws.rhai:2:5
      |
    2 |     throw "no " + x;
      |     ^^^^^
      = note: in `f`, called at throws.rhai:4:1
      = note: imported at main.rhai:2:8
    "#);
}

#[test]
fn an_error_in_a_function_that_was_handed_out_shows_the_library() {
    let scripts = [
        ("main.rhai", "import \"shop\" as shop;\nlet f = shop::browse;\nf.call(1);"),
        ("shop.rhai", "fn browse(x) {\n    x.a.b\n}"),
    ];
    insta::assert_snapshot!(Bench::new(&scripts, &[]).try_run("main.rhai").unwrap_err(), @r"
    error: cannot read `.a` of a value of type int
     --> shop.rhai:2:7
      |
    2 |     x.a.b
      |       ^
      = note: in `browse`, called at main.rhai:3:3
    ");
}

#[test]
fn a_library_that_is_no_text_is_refused() {
    let bench = Bench::new(&[("main.rhai", "import \"bytes\" as b;")], &[]);
    std::fs::write(bench.folder.path().join("bytes.rhai"), [0xff, 0xfe, 0x00]).unwrap();
    insta::assert_snapshot!(bench.try_run("main.rhai").unwrap_err(), @r#"
    error: cannot read the library: stream did not contain valid UTF-8
     --> main.rhai:1:8
      |
    1 | import "bytes" as b;
      |        ^
      = note: the file is bytes.rhai
    "#);
}

#[test]
fn a_function_of_a_library_says_where_it_comes_from() {
    let scripts = [
        (
            "main.rhai",
            "import \"shop\" as shop; import \"front\" as front; keep(shop::browse); keep(shop::add.curry(1)); keep(shop::more);
             keep(shop::more.curry(1)); keep(front::browse); keep(|x| x); front::browse.call(3) + shop::add.curry(1).call(2)",
        ),
        ("shop.rhai", "fn browse(x) { x * 10 } fn add(a, b) { a + b } let n = 5; export let more = |a, b| a + b + n;"),
        ("front.rhai", "import \"shop\" as shop; export let browse = shop::browse; fn browse(x) { -1 }"),
    ];
    let bench = Bench::new(&scripts, &[]);
    assert_eq!(int(&bench.run("main.rhai")), 33);
    let told: Vec<_> = bench.kept.borrow().iter().map(origin).collect();
    let told = told.iter().map(|told| {
        let Some(told) = told else { return ("none".to_owned(), String::new(), 0) };
        let library = Path::new(told.library.as_str()).file_name().unwrap().to_str().unwrap().to_owned();
        let name = if told.pointer.is_anonymous() { "closure" } else { told.pointer.fn_name() };
        (library, name.to_owned(), told.pointer.curry().len())
    });
    let expected = [
        ("shop.rhai", "browse", 0),
        ("shop.rhai", "add", 1),
        ("shop.rhai", "closure", 1),
        ("shop.rhai", "closure", 2),
        ("shop.rhai", "browse", 0),
        ("none", "", 0),
    ];
    assert_eq!(
        told.collect::<Vec<_>>(),
        expected.map(|(file, name, count)| (file.to_owned(), name.to_owned(), count))
    );
}

#[test]
fn a_main_script_keeps_its_environment_too() {
    let bench = Bench::new(&[("shop.rhai", "fn one() { 1 }")], &[]);
    let text = "import \"shop\" as shop; fn helper(x) { x + shop::one() + global::LATE } keep(|x| helper(x)); const LATE = 100;";
    let path = bench.folder.path().join("main.rhai");
    let main = bench.files.compile(&bench.engine, "main.rhai", Some(path), text).unwrap();
    super::run_top_level(&bench.engine, &main).unwrap();
    let global = main.environment.get().unwrap();
    let context = NativeCallContext::new_with_all_fields(&bench.engine, "task", None, global, Position::NONE);
    let kept = bench.kept.borrow()[0].clone();
    assert_eq!(int(&kept.call_raw(&context, None, [10.into()]).unwrap()), 111);
}
