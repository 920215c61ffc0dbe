//! Scripts from text to task ends, with a host that refuses to talk.

use super::{Loaded, Loader};
use crate::http;
use crate::plan::{Event, FnId, Target};
use crate::script::context::current::Actor;
use crate::script::context::world::World;
use crate::script::fiber::Limits;
use crate::script::user::User;
use crate::script::user::ending::{Exception, TaskEnd};
use crate::script::user::host::{Host, Sample};
use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

struct NoHost;

impl Host for NoHost {
    fn send(&self, _: http::Request) -> Pin<Box<dyn Future<Output = Box<http::Response>> + '_>> {
        panic!("these scripts send nothing")
    }
    fn stream(&self, _: http::Request) -> Pin<Box<dyn Future<Output = http::Streamed> + '_>> {
        panic!("these scripts send nothing")
    }
    fn put_back(&self, _: http::BodyStream) {
        panic!("these scripts send nothing")
    }
    fn cut_off(&self) {
        panic!("these scripts send nothing")
    }
    fn record(&self, _: Sample) {
        panic!("these scripts send nothing")
    }
    fn hook_failed(&self, _: Event, _: &Exception) {
        panic!("these scripts send nothing")
    }
    fn stop_test(&self, _: &str) {
        panic!("these scripts send nothing")
    }
    fn cookies(&self, _: &http::Url) -> Vec<(String, String)> {
        Vec::new()
    }
    fn set_cookie(&self, _: &http::Url, _: &str, _: &str) {}
    fn clear_cookies(&self) {}
}

/// A folder with files, the first of which is the script.
struct Scripts {
    folder: tempfile::TempDir,
    main: PathBuf,
}

impl Scripts {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        Self { main: folder.path().join(files[0].0), folder }
    }

    fn loader(&self) -> Loader {
        let world =
            World::new(self.folder.path().to_owned(), BTreeMap::new(), 1, jiff::Timestamp::UNIX_EPOCH);
        let limits = Limits {
            fiber: crate::script::fiber::FiberLimits { max_operations: 200_000, ..Limits::default().fiber },
            ..Limits::default()
        };
        Loader { scripts: vec![self.main.clone()], libraries: Vec::new(), limits, world: Arc::new(world) }
    }

    fn load(&self) -> Loaded {
        self.loader().load(false).unwrap_or_else(|errors| {
            panic!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
        })
    }
}

fn user(loaded: &Scripts) -> User {
    User::new(Rc::new(Actor::new(1, loaded.loader().world)), "U", None, Rc::new(NoHost))
}

fn run(loaded: &Loaded, function: FnId, user: &User) -> TaskEnd {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(loaded.script.call(function, user))
}

/// Runs every task of the first class once, in order, as one user.
fn run_all(files: &[(&str, &str)]) -> Vec<(String, TaskEnd)> {
    let scripts = Scripts::new(files);
    let loaded = scripts.load();
    let user = user(&scripts);
    let root = &loaded.plan.sets[loaded.plan.classes[0].root.0];
    let calls = root.tasks.iter().filter_map(|task| match task.target {
        Target::Call(function) => Some((task.name.clone(), function)),
        _ => None,
    });
    calls.map(|(name, function)| (name, run(&loaded, function, &user))).collect()
}

/// Runs a script whose tasks must all end well.
fn all_pass(files: &[(&str, &str)]) {
    let ends = run_all(files);
    assert!(!ends.is_empty());
    for (name, end) in ends {
        assert!(matches!(end, TaskEnd::Done(_)), "task `{name}`: {end:?}");
    }
}

#[test]
fn state_belongs_to_the_user_and_changes_in_place() {
    let begun = std::time::Instant::now();
    all_pass(&[(
        "main.rhai",
        r#"
        fn check(what, got, wanted) { if got != wanted { throw `${what}: ${got} instead of ${wanted}`; } }
        user_class("U")
            .task("unset is ()", |user| check("unset", user.nothing, ()))
            .task("push", |user| {
                user.list = [];
                for i in 0..16000 { user.list.push(i); }
                check("length", user.list.len, 16000);
            })
            .task("values, not references", |user| {
                let mine = user.list;
                mine.push("mine");
                check("theirs", user.list.len, 16000);
                let boxed = [user.list];
                boxed[0].push("boxed");
                check("after boxing", user.list.len, 16000);
                let mapped = #{ list: user.list };
                mapped.list.push("mapped");
                check("after mapping", user.list.len, 16000);
                user.second = user.list;
                user.second.push(1);
                check("after assigning", user.list.len, 16000);
            })
            .task("maps and numbers", |user| {
                user.map = #{ a: #{ b: 1 } };
                user.map.a.b += 1;
                user.map["c"] = [1];
                user.map.c[0] = 5;
                check("nested", user.map.a.b, 2);
                check("index", user.map.c[0], 5);
                user.count = 1;
                user.count += 1;
                check("count", user.count, 2);
                user.text = "a";
                user.text += "b";
                check("text", user.text, "ab");
            })
            .task("functions get values", |user| {
                let grow = |list| { list.push(1); list.len };
                check("grown", grow.call(user.list), 16001);
                check("after the call", user.list.len, 16000);
            });
        "#,
    )]);
    assert!(begun.elapsed().as_secs() < 20, "pushing does not copy");
}

#[test]
fn functions_see_the_constants_and_imports_of_their_own_file() {
    all_pass(&[
        (
            "main.rhai",
            r#"
            import "lib/shop" as shop;
            const EARLY = 1;
            fn named(user) { if global::EARLY + global::LATE + shop::twice(4) != 11 { throw "named"; } }
            fn private_helper() { 5 }
            let captured = 7;
            user_class("U")
                .task(named)
                .task("closure", |user| { if global::LATE + shop::twice(captured) != 16 { throw "closure"; } })
                .task("calls a function", |user| { if private_helper() != 5 { throw "helper"; } })
                .task("no parameter", || { if global::EARLY != 1 { throw "none"; } })
                .task("made by a library", shop::maker(3))
                .task("pointer", Fn("named"));
            const LATE = 2;
            "#,
        ),
        (
            "lib/shop.rhai",
            r#"
            import "deeper" as deeper;
            const FACTOR = 2;
            fn twice(x) { x * global::FACTOR }
            fn maker(n) { |user| { if deeper::add(twice(n), 1) != 7 { throw "library closure"; } } }
            "#,
        ),
        ("lib/deeper.rhai", "fn add(a, b) { a + b }"),
    ]);
}

#[test]
fn a_runaway_task_ends_with_its_reason_and_the_next_one_runs() {
    let ends = run_all(&[(
        "main.rhai",
        r#"
        fn deep(n) { let x = [n].map(|m| m + 1); deep(x[0]) }
        user_class("U")
            .task("deep", |user| deep(0))
            .task("endless", |user| { loop { } })
            .task("huge", |user| { let s = "x"; loop { s += s; } })
            .task("caught", |user| { try { loop { } } catch (e) { } })
            .task("fine", |user| { 1 });
        "#,
    )]);
    let messages: Vec<_> = ends
        .iter()
        .map(|(name, end)| match end {
            TaskEnd::Failed(exception) => format!("{name}: {}", exception.message),
            end => format!("{name}: {end:?}"),
        })
        .collect();
    assert_eq!(
        messages,
        [
            "deep: too many calls inside one another",
            "endless: more than 200000 operations without a wait",
            "huge: length of string is over the limit",
            "caught: more than 200000 operations without a wait",
            "fine: Done(Some(1.0))",
        ]
    );
}

#[test]
fn leaving_cannot_be_caught() {
    let ends = run_all(&[(
        "main.rhai",
        r#"
        fn inner(user) { user.interrupt(false); }
        user_class("U")
            .task("interrupt", |user| { try { user.interrupt(); } catch { } })
            .task("deep interrupt", |user| { try { inner(user); } catch { } })
            .task("reschedule", |user| { try { user.reschedule(); } catch { } })
            .task("stop", |user| { try { user.stop(); } catch { } })
            .task("stop test", |user| { try { stop_test("enough"); } catch { } })
            .task("number", |user| 2.5);
        "#,
    )]);
    let ends: Vec<_> = ends.into_iter().map(|(_, end)| end).collect();
    assert_eq!(
        ends,
        [
            TaskEnd::Interrupt { reschedule: true },
            TaskEnd::Interrupt { reschedule: false },
            TaskEnd::Reschedule,
            TaskEnd::StopUser,
            TaskEnd::StopTest("enough".to_owned()),
            TaskEnd::Done(Some(2.5)),
        ]
    );
}
