//! What katydid relies on in Rhai, on the version that `Cargo.toml` pins: plain Rhai, none of katydid's own types.
//!
//! Rhai changed the first table twice within a month. When the version is raised, a test that fails here shows what
//! else must change; each says why it matters.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use rhai::{
    AST, CallFnOptions, Dynamic, Engine, EvalAltResult, FnPtr, GlobalRuntimeState, Module, NativeCallContext,
    OptimizationLevel, Position, Scope,
};
use std::cell::RefCell;
use std::rc::Rc;

type Kept = Rc<RefCell<Vec<FnPtr>>>;
type Outcome = Result<Dynamic, Box<EvalAltResult>>;

/// The library that the tables speak of.
const LIBRARY: &str = "
    const SECRET = 100;
    export let number = 7;
    fn f() { 1 }
    fn make(n) { |x| x + n }
    fn make_named() { Fn(\"hidden\") }
    private fn hidden(x) { x + global::SECRET }
    fn secret() { hidden(1) }
    fn each(list, action) { let sum = 0; for x in list { sum += action.call(x); } sum }
";

/// Collects closures by `keep(f)`, so that they can be called when the script has ended.
struct Bench {
    engine: Engine,
    kept: Kept,
    states: Rc<RefCell<Vec<GlobalRuntimeState>>>,
}

impl Bench {
    fn new() -> Self {
        let mut engine = Engine::new();
        engine.set_optimization_level(OptimizationLevel::None).set_max_expr_depths(64, 64);
        let (kept, states) = (Kept::default(), Rc::<RefCell<Vec<GlobalRuntimeState>>>::default());
        let (keep, state) = (Rc::clone(&kept), Rc::clone(&states));
        engine.register_fn("keep", move |context: NativeCallContext<'_>, function: FnPtr| {
            keep.borrow_mut().push(function);
            state.borrow_mut().push(context.global_runtime_state().clone());
        });
        let mut resolver = rhai::module_resolvers::StaticModuleResolver::new();
        let mut ast = engine.compile(LIBRARY).unwrap();
        ast.set_source("m");
        resolver.insert("m", Module::eval_ast_as_new(Scope::new(), &ast, &engine).unwrap());
        engine.set_module_resolver(resolver);
        Self { engine, kept, states }
    }

    fn eval(&self, script: &str) -> Outcome {
        self.engine.eval::<Dynamic>(script)
    }

    fn int(&self, script: &str) -> i64 {
        self.eval(script).unwrap_or_else(|error| panic!("{script}: {error}")).as_int().unwrap()
    }

    fn failure(&self, script: &str) -> String {
        self.eval(script).expect_err(script).to_string()
    }

    /// Runs `script`, and then calls what it kept with one argument, by `FnPtr::call`.
    fn later(&self, script: &str) -> Outcome {
        let ast = self.run(script);
        let kept = self.kept.borrow().last().unwrap().clone();
        kept.call::<Dynamic>(&self.engine, &ast, (1_i64,))
    }

    /// The same, in the environment in which it was kept.
    fn later_at_home(&self, script: &str) -> Outcome {
        self.run(script);
        let (kept, states) = (self.kept.borrow(), self.states.borrow());
        let state = states.last().unwrap();
        let context =
            NativeCallContext::new_with_all_fields(&self.engine, "later", None, state, Position::NONE);
        kept.last().unwrap().call_raw(&context, None, [1_i64.into()])
    }

    fn run(&self, script: &str) -> AST {
        let ast = self.engine.compile(script).unwrap();
        self.engine.run_ast(&ast).unwrap_or_else(|error| panic!("{script}: {error}"));
        ast
    }
}

fn is_int(outcome: Outcome, expected: i64) -> bool {
    outcome.unwrap().as_int() == Ok(expected)
}

fn fails(outcome: Outcome, with: &str) -> bool {
    outcome.unwrap_err().to_string().contains(with)
}

/// What a call means, where functions of several files are on the way to it.
mod finding_functions {
    use rhai::{
        AST, Caches, Engine, Module, OptimizationLevel, Scope, module_resolvers::StaticModuleResolver,
    };

    #[test]
    fn a_script_gets_the_function_of_its_library() {
        // Why calls get names of their own where two files have functions of the same name.
        let mut engine = Engine::new();
        engine.set_optimization_level(OptimizationLevel::None);
        let library = engine.compile("fn id() { 2 } fn twice() { id() + id() }").unwrap();
        let mut resolver = StaticModuleResolver::new();
        resolver.insert("n", Module::eval_ast_as_new(Scope::new(), &library, &engine).unwrap());
        engine.set_module_resolver(resolver);
        let called = |first: &str| {
            engine.eval::<i64>(&format!("import \"n\" as n; fn id() {{ 1 }} {first} id()")).unwrap()
        };
        assert_eq!((called(""), called("n::twice();")), (1, 2));
    }

    #[test]
    fn what_was_found_can_be_kept() {
        // Why functions are called as statements.
        let mut engine = Engine::new();
        engine.register_fn("two", || 2_i64);
        let ast: AST = engine.compile("if x > 1 { return two(); } two() + x").unwrap();
        let mut caches = Caches::new();
        for (x, result) in [(1_i64, 3), (2, 2), (1, 3)] {
            let mut scope = Scope::new();
            scope.push("x", x);
            let mut global = engine.new_global_runtime_state();
            #[expect(deprecated, reason = "as in the call of a task")]
            let value = engine.eval_statements_raw(&mut global, &mut caches, &mut scope, ast.statements());
            assert_eq!(value.unwrap().as_int(), Ok(result));
        }
        assert!(!caches.fn_resolution_cache_mut().dict.is_empty());
    }
}

/// Closures that run when the script has ended: every task is one.
mod closures_called_later {
    use super::{Bench, fails, is_int};

    #[test]
    fn a_captured_variable_is_there() {
        // The natural style of a test: `let base = ..; .task("t", 1, |user| .. base ..)`.
        assert!(is_int(Bench::new().later("let base = 5; keep(|x| x + base);"), 6));
    }

    #[test]
    fn functions_of_the_same_file_are_there() {
        // Tasks call helper functions.
        let bench = Bench::new();
        assert!(is_int(bench.later("fn help(x) { x * 2 } keep(|x| help(x));"), 2));
        assert!(is_int(bench.later("fn help(x) { x * 2 } keep(help);"), 2));
        assert!(is_int(bench.later("fn help(x) { x * 2 } keep(Fn(\"help\"));"), 2));
    }

    #[test]
    fn imports_are_not_there_but_for_a_kept_environment() {
        // Why callbacks keep the environment that they were registered in (and why 1.25 needed none).
        let (bench, script) = (Bench::new(), "import \"m\" as m; keep(|x| m::f() + x);");
        assert!(fails(bench.later(script), "Module not found: m"));
        assert!(is_int(bench.later_at_home(script), 2));
    }

    #[test]
    fn constants_are_not_there_but_for_a_kept_environment() {
        let (bench, script) = (Bench::new(), "const B = 5; keep(|x| global::B + x);");
        assert!(fails(bench.later(script), "Variable not found: global::B"));
        assert!(is_int(bench.later_at_home(script), 6));
        // A constant after the first registration: shared, so that a state kept once sees all that follow.
        assert!(is_int(bench.later_at_home("const A = 1; keep(|x| global::B + x); const B = 5;"), 6));
        // The first one after it is not: whoever keeps an environment must do so at the end of the file.
        assert!(fails(bench.later_at_home("keep(|x| global::B + x); const B = 5;"), "global::B"));
    }

    #[test]
    fn a_closure_that_a_library_returned_is_found_nowhere_else() {
        // Why such closures are looked up in the library's own tree.
        let (bench, script) = (Bench::new(), "import \"m\" as m; keep(m::make(5));");
        assert!(fails(bench.later(script), "Function not found: anon$"));
        assert!(fails(bench.later_at_home(script), "Function not found: anon$"));
        assert!(fails(
            bench.eval("import \"m\" as m; let f = m::make(5); f.call(1)"),
            "Function not found: anon$"
        ));
        assert!(fails(
            bench.eval("import \"m\" as m; let f = m::make_named(); f.call(1)"),
            "Function not found: hidden"
        ));
    }

    #[test]
    fn a_closure_handed_into_a_library_is_found() {
        // `std` functions may take blocks.
        let bench = Bench::new();
        assert_eq!(bench.int("import \"m\" as m; m::each([1, 2], |x| x * 10)"), 30);
        assert!(is_int(
            bench.later_at_home("import \"m\" as m; keep(|x| m::each([1, 2], |y| y * 10) + x);"),
            31
        ));
    }

    #[test]
    fn functions_of_a_library_keep_their_own_environment() {
        // Private functions and constants of a library work whoever calls it.
        let bench = Bench::new();
        assert_eq!(bench.int("import \"m\" as m; m::secret()"), 101);
        assert!(is_int(bench.later_at_home("import \"m\" as m; keep(|x| m::secret() + x);"), 102));
    }
}

/// Modules that native code registers: where `http::`, `random::` and their like live.
mod modules {
    use super::{Bench, LIBRARY, fails, is_int};
    use rhai::{FnPtr, Module, Scope};

    #[test]
    fn functions_of_a_static_module_are_always_there() {
        // Namespaces work in tasks without a kept environment.
        let mut bench = Bench::new();
        let mut random = Module::new();
        random.set_native_fn("int", |x: i64| Ok(x + 40));
        bench.engine.register_static_module("random", random.into());
        assert!(is_int(bench.later("keep(|x| random::int(x));"), 41));
    }

    #[test]
    fn script_functions_of_a_static_module_work_but_their_closures_do_not() {
        let mut bench = Bench::new();
        let ast = bench.engine.compile(LIBRARY).unwrap();
        let module = Module::eval_ast_as_new(Scope::new(), &ast, &bench.engine).unwrap();
        bench.engine.register_static_module("lib", module.into());
        assert!(is_int(bench.later("keep(|x| lib::f() + x);"), 2));
        assert!(fails(bench.later("keep(|x| lib::make(5).call(x));"), "Function not found: anon$"));
    }

    #[test]
    fn functions_of_a_global_module_and_their_closures_work() {
        let mut bench = Bench::new();
        let ast = bench.engine.compile(LIBRARY).unwrap();
        let module = Module::eval_ast_as_new(Scope::new(), &ast, &bench.engine).unwrap();
        bench.engine.register_global_module(module.into());
        assert!(is_int(bench.later("keep(|x| make(5).call(x));"), 6));
    }

    #[test]
    fn a_merged_library_works_but_for_its_constants() {
        let bench = Bench::new();
        let library = bench
            .engine
            .compile("const SECRET = 100; fn make(n) { |x| x + n } fn secret() { global::SECRET }")
            .unwrap();
        let main = bench.engine.compile("keep(|x| make(5).call(x)); keep(|x| secret() + x);").unwrap();
        let merged = library.merge(&main);
        bench.engine.run_ast(&merged).unwrap();
        let kept = bench.kept.borrow();
        assert!(is_int(kept[0].call(&bench.engine, &merged, (1_i64,)), 6));
        assert!(fails(kept[1].call(&bench.engine, &merged, (1_i64,)), "global::SECRET"));
    }

    #[test]
    fn a_name_of_a_library_without_a_call_is_a_variable() {
        // Why libraries get a variable for each of their functions, so that `.task(shop::browse)` works.
        let bench = Bench::new();
        assert!(fails(bench.eval("import \"m\" as m; let f = m::f; f"), "Variable not found: m::f"));
        assert_eq!(bench.int("import \"m\" as m; m::number"), 7);
    }

    #[test]
    fn a_variable_and_a_function_of_one_name_live_together() {
        let mut bench = Bench::new();
        let mut module = Module::new();
        module.set_native_fn("f", |x: i64| Ok(x + 1));
        module.set_var("f", 50_i64);
        bench.engine.register_static_module("both", module.into());
        assert_eq!(bench.int("both::f + both::f(1)"), 52);
    }

    #[test]
    #[expect(deprecated, reason = "Rhai marks what may change in a minor release so")]
    fn a_native_function_pointer_is_called_like_any_other() {
        // How a function of a library becomes a value; its curried values come first.
        let mut bench = Bench::new();
        let mut pointer = FnPtr::from_fn("sum", |_, arguments| {
            Ok(arguments.iter().map(|argument| argument.as_int().unwrap()).sum::<i64>().into())
        })
        .unwrap();
        pointer.add_curry(100_i64.into());
        let mut module = Module::new();
        module.set_var("sum", pointer);
        bench.engine.register_static_module("lib", module.into());
        assert_eq!(bench.int("let f = lib::sum; f.call(1, 2) + [5].map(f)[0]"), 208);
        assert!(is_int(bench.later("keep(lib::sum);"), 101));
    }

    #[test]
    fn a_filter_on_functions_is_forgotten() {
        // A defect that the check works around; when this fails, `AST::clone_functions_only_filtered` may be used.
        let ast = Bench::new().engine.compile("fn one() {} fn two() {}").unwrap();
        assert_eq!(
            ast.clone_functions_only_filtered(|_, _, _, name, _| name == "one").iter_functions().count(),
            2
        );
    }
}

/// What functions and closures see and share.
mod scoping {
    use super::Bench;

    #[test]
    fn functions_see_no_variables_of_the_top_level() {
        // What the help text about `global::NAME` rests on.
        let bench = Bench::new();
        assert!(bench.failure("let a = 1; fn f() { a } f()").starts_with("Variable not found: a"));
        assert!(bench.failure("const A = 1; fn f() { A } f()").starts_with("Variable not found: A"));
        assert_eq!(bench.int("const A = 1; fn f() { global::A } f()"), 1);
    }

    #[test]
    fn a_resolver_of_variables_reaches_into_functions() {
        let mut bench = Bench::new();
        #[expect(deprecated, reason = "Rhai marks what may change in a minor release so")]
        bench.engine.on_var(|name, _, _| Ok((name == "HOST").then(|| 8_i64.into())));
        assert_eq!(bench.int("fn f() { HOST } f() + (|| HOST).call()"), 16);
    }

    #[test]
    fn a_captured_variable_is_shared() {
        // Why the check warns when a task changes what it captured: all users of a shard would share it.
        let bench = Bench::new();
        assert_eq!(bench.int("let n = 0; let inc = || n += 1; inc.call(); inc.call(); n"), 2);
        assert_eq!(
            bench.int(
                "let fs = []; for i in 0..3 { fs.push(|| i); } fs[0].call() + fs[1].call() + fs[2].call()"
            ),
            6
        );
    }

    #[test]
    fn a_method_call_locks_a_captured_receiver() {
        // Why blocks get `user` as their parameter, and why namespaces are functions and not objects.
        let mut bench = Bench::new();
        bench.engine.register_type_with_name::<Handle>("Handle");
        bench.engine.register_fn("handle", || Handle);
        bench.engine.register_fn("get", |_: &mut Handle| 1_i64);
        bench.engine.register_fn(
            "hold",
            |context: rhai::NativeCallContext<'_>, _: &mut Handle, block: rhai::FnPtr| {
                block.call_within_context::<rhai::Dynamic>(&context, ())
            },
        );
        bench.engine.register_fn(
            "hold_with",
            |context: rhai::NativeCallContext<'_>, own: &mut Handle, block: rhai::FnPtr| {
                block.call_within_context::<rhai::Dynamic>(&context, (own.clone(),))
            },
        );
        assert!(bench.failure("let h = handle(); h.hold(|| h.get())").starts_with("Data race detected"));
        assert_eq!(bench.int("let h = handle(); h.hold_with(|h| h.get())"), 1);
        assert_eq!(
            bench.int("let h = handle(); try { h.hold(|| h.get()) } catch { return 5; }"),
            5,
            "a script can catch it"
        );
    }

    #[derive(Clone)]
    struct Handle;

    #[test]
    fn this_is_bound_by_method_calls_only() {
        let bench = Bench::new();
        assert_eq!(bench.int("let o = #{ n: 1, inc: || this.n += 1 }; o.inc(); o.n"), 2);
        assert_eq!(bench.int("let o = #{ n: 1 }; let f = |x| this.n + x; o.call(f, 5)"), 6);
        assert_eq!(bench.int("fn twice() { this * 2 } let x = 4; x.twice()"), 8);
        assert!(bench.failure("let f = || this.n; f.call()").contains("'this' not bound"));
        // The receiver of a script function is `this`, never its first parameter: the check counts arguments so.
        assert!(
            bench
                .failure("fn twice(x) { x * 2 } let x = 4; x.twice()")
                .starts_with("Function not found: twice (i64)")
        );
    }

    #[test]
    fn a_closure_in_a_variable_is_called_by_call() {
        // What the help text about `f.call(..)` rests on.
        let bench = Bench::new();
        assert!(bench.failure("let f = |x| x; f(1)").starts_with("Function not found: f (i64)"));
        assert_eq!(bench.int("let f = |x| x; f.call(1)"), 1);
    }

    #[test]
    fn functions_stand_at_the_top_level_only() {
        assert!(Bench::new().engine.compile("fn f() { fn g() {} }").is_err());
    }
}

/// Values.
mod values {
    use super::Bench;

    #[test]
    fn missing_keys_are_nothing() {
        // `user.anything` behaves alike.
        let bench = Bench::new();
        assert!(bench.eval("#{}.missing").unwrap().is_unit());
        assert_eq!(bench.int("#{}.missing ?? 3"), 3);
        assert!(bench.eval("#{}.missing?.deeper").unwrap().is_unit());
        assert!(bench.failure("#{}.missing.deeper").contains("getter is not registered for type '()'"));
    }

    #[test]
    fn arrays_count_from_the_end_too() {
        assert_eq!(Bench::new().int("[1, 2, 3][-1]"), 3);
    }

    #[test]
    fn functions_overload_by_the_number_of_arguments() {
        // There are no default and no named parameters: options are a last map.
        let bench = Bench::new();
        assert_eq!(bench.int("fn f(a) { 1 } fn f(a, b) { 2 } f(0) + f(0, 0) * 10"), 21);
        assert!(bench.failure("fn f(a) { 1 } f()").starts_with("Function not found: f ()"));
    }

    #[test]
    fn integers_overflow_with_an_error_and_mix_with_floats() {
        let bench = Bench::new();
        assert!(bench.failure("9223372036854775807 + 1").contains("overflow"));
        assert_eq!(bench.eval("1 + 1.5").unwrap().as_float(), Ok(2.5));
    }

    #[test]
    fn anything_can_be_thrown_and_caught() {
        let bench = Bench::new();
        assert_eq!(bench.int("try { throw #{ code: 42 }; } catch (e) { return e.code; }"), 42);
        assert!(bench.engine.compile("let x = try { 1 } catch { 2 };").is_err(), "try is a statement");
    }

    #[test]
    fn shared_values_must_be_flattened_for_serde() {
        // A captured map of options meets this.
        let bench = Bench::new();
        let value =
            bench.eval("let o = #{ a: 1 }; let f = || o; [o, f]").unwrap().into_array().unwrap().remove(0);
        let flat: serde_json::Value = rhai::serde::from_dynamic(&value.flatten()).unwrap();
        assert_eq!(flat, serde_json::json!({ "a": 1 }));
    }
}

/// Ends, limits and errors.
mod errors {
    use super::{Bench, CallFnOptions, EvalAltResult, OptimizationLevel, Scope};
    use rhai::Engine;

    #[test]
    fn termination_and_limits_cannot_be_caught() {
        // How a run stops its scripts.
        let mut bench = Bench::new();
        bench.engine.on_progress(|count| (count > 1000).then(|| "over".into()));
        let error = bench.eval("try { loop {} } catch { 1 }").unwrap_err();
        let EvalAltResult::ErrorTerminated(token, _) = *error else { panic!("{error}") };
        assert_eq!(token.into_string().unwrap(), "over");
        let mut bench = Bench::new();
        bench.engine.set_max_operations(1000).set_max_call_levels(8).set_max_array_size(10);
        assert!(bench.failure("try { loop {} } catch { 1 }").starts_with("Too many operations"));
        assert!(bench.failure("fn f() { f() } try { f() } catch { 1 }").starts_with("Stack overflow"));
        assert!(bench.failure("try { let a = []; loop { a.push(1); } } catch { 1 }").contains("too large"));
    }

    #[test]
    fn the_inner_position_is_in_the_inner_error() {
        // Why errors are unwrapped: the outer position is that of the outermost call.
        let bench = Bench::new();
        let error = bench.eval("fn f() {\n  throw 1;\n}\nf();").unwrap_err();
        assert_eq!(error.position().line(), Some(4));
        let EvalAltResult::ErrorInFunctionCall(name, _, inner, _) = *error else { panic!("{error}") };
        assert_eq!((name.as_str(), inner.position().line()), ("f", Some(2)));
    }

    #[test]
    fn the_source_of_an_inner_error_is_that_of_its_function() {
        let bench = Bench::new();
        let mut ast =
            bench.engine.compile("import \"m\" as m; m::make(1, 2); fn g() { m::each(1, 2) } g()").unwrap();
        ast.set_source("main");
        assert!(bench.engine.eval_ast::<()>(&ast).is_err());
        let mut ast =
            bench.engine.compile("import \"m\" as m; fn g(m) { throw 1; } m::each([1], |x| g(x));").unwrap();
        ast.set_source("main");
        let text = bench.engine.run_ast(&ast).unwrap_err().to_string();
        assert!(text.contains("in call to function 'each' (from 'm')"), "{text}");
    }

    #[test]
    fn an_error_of_the_system_loses_its_place() {
        // Why a task that was cut off for its operations is reported without a line.
        let mut bench = Bench::new();
        bench.engine.set_max_operations(100);
        let error = bench.eval("fn f() {\n  loop {}\n}\nf();").unwrap_err();
        assert_eq!(error.position().line(), Some(4), "the call, not the loop");
    }

    #[test]
    fn a_resolver_that_does_not_find_cannot_say_more() {
        // Why our resolver hands its message through as another error than `ErrorModuleNotFound`.
        assert!(Bench::new().failure("import \"nowhere\" as n;").starts_with("Module not found: nowhere"));
    }

    #[test]
    fn a_tag_reaches_native_functions() {
        let mut bench = Bench::new();
        bench.engine.register_fn("tag", |context: rhai::NativeCallContext<'_>| {
            context.tag().unwrap().as_int().unwrap()
        });
        let ast = bench.engine.compile("fn f() { tag() }").unwrap();
        let options = CallFnOptions::new().with_tag(77_i64);
        let answer: i64 =
            bench.engine.call_fn_with_options(options, &mut Scope::new(), &ast, "f", ()).unwrap();
        assert_eq!(answer, 77);
    }

    #[test]
    fn sleep_can_be_replaced() {
        // Rhai's own blocks the thread, and with it every user on it.
        let mut bench = Bench::new();
        bench.engine.register_fn("sleep", |seconds: i64| seconds + 1);
        bench.engine.register_fn("sleep", |seconds: f64| seconds + 1.0);
        assert_eq!(bench.int("sleep(1000)"), 1001);
        assert_eq!(bench.eval("sleep(1000.5)").unwrap().as_float(), Ok(1001.5));
    }

    #[test]
    fn eval_can_be_disabled() {
        let mut bench = Bench::new();
        bench.engine.disable_symbol("eval");
        assert!(bench.engine.compile("eval(\"1\")").is_err());
    }

    #[test]
    fn the_optimiser_breaks_an_assignment_to_a_constant() {
        // Why the optimiser is off: it puts the constant's value in place of its name, and the interpreter panics.
        let run = |level| {
            // Made inside: an engine may not cross the edge of an unwinding.
            std::panic::catch_unwind(move || {
                let mut engine = Engine::new();
                engine.set_optimization_level(level);
                engine.run("const A = #{};\nA.x = 1;").is_ok()
            })
        };
        assert!(run(OptimizationLevel::None).is_ok(), "without it, whatever it answers, it answers");
        assert!(run(OptimizationLevel::Simple).is_err());
    }
}

/// Words.
mod words {
    use super::Bench;

    /// Reserved without a use.
    const RESERVED: [&str; 28] = [
        "async",
        "await",
        "case",
        "default",
        "go",
        "goto",
        "is",
        "match",
        "module",
        "new",
        "nil",
        "null",
        "package",
        "protected",
        "public",
        "shared",
        "spawn",
        "static",
        "super",
        "sync",
        "thread",
        "use",
        "var",
        "void",
        "with",
        "yield",
        "print",
        "debug",
    ];

    /// The names of the script API.
    const FREE: [&str; 28] = [
        "user",
        "task",
        "scenario",
        "every",
        "then",
        "group",
        "weight",
        "stage",
        "expect",
        "check",
        "http",
        "data",
        "each",
        "wait",
        "pause",
        "think",
        "log",
        "env",
        "setup",
        "teardown",
        "run",
        "test",
        "on",
        "between",
        "option",
        "settings",
        "stop",
        "interrupt",
    ];

    #[test]
    fn reserved_words_are_no_names_without_help() {
        // Why words are renamed as they are read; one that is missing here in a later version may leave that list.
        let bench = Bench::new();
        for word in RESERVED {
            assert!(bench.engine.compile(format!("let {word} = 1;")).is_err(), "{word}");
            assert!(bench.engine.compile(format!("#{{}}.{word}")).is_err(), "{word}");
        }
    }

    #[test]
    fn the_words_of_the_script_api_are_free() {
        let bench = Bench::new();
        for word in FREE {
            assert_eq!(
                bench.int(&format!("fn {word}({word}) {{ {word} }} let {word} = 1; {word}({word})")),
                1,
                "{word}"
            );
        }
    }
}
