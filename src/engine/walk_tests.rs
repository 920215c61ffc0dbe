//! Whole lives of single users, in virtual time.

use super::{Terrain, Walk, Witness};
use crate::engine::budget::Budget;
use crate::engine::diary::{Diary, Pages};
use crate::engine::hooks::HookWitness;
use crate::engine::order::Order;
use crate::engine::pulse::Pulse;
use crate::engine::stop::{StopSignal, Wish};
use crate::http;
use crate::plan::Event;
use crate::script::{Actor, Exception, Host, Limits, Loader, Sample, User, World};
use crate::stats::Lateness;
use crate::util::{Purpose, stream};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::{Future, pending};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep, timeout};

/// What happened to a user.
#[derive(Default)]
struct Story {
    /// What the script noted, each with the milliseconds since the start.
    notes: RefCell<Vec<(u128, String)>>,
    /// `task: message` of what was thrown.
    exceptions: RefCell<Vec<String>>,
    stop_reasons: RefCell<Vec<String>>,
    iterations: Cell<u64>,
    /// Requests that were sent, and those of them that were dropped.
    sent: Cell<u64>,
    dropped: Cell<u64>,
    /// The trace.
    pages: Pages,
    /// How late the waits ended that came to their end.
    waits: RefCell<Lateness>,
    started: Cell<Option<Instant>>,
    ended: Cell<u128>,
    /// How large the state of the walk is, whatever the user does.
    bytes: Cell<usize>,
}

impl Story {
    fn now(&self) -> u128 {
        self.started.get().map_or(0, |started| started.elapsed().as_millis())
    }

    fn timed(&self) -> String {
        let notes = self.notes.borrow();
        notes.iter().map(|(at, note)| format!("{at}:{note}")).collect::<Vec<_>>().join(" ")
    }

    fn names(&self) -> String {
        let notes = self.notes.borrow();
        notes.iter().map(|(_, note)| note.as_str()).collect::<Vec<_>>().join(" ")
    }

    fn thrown(&self) -> String {
        self.exceptions.borrow().join(", ")
    }
}

/// Writes down what is noted, which is done by way of a cookie: that is told at once. A request is never answered.
struct Scribe(Rc<Story>);

struct Dropped<'a>(&'a Story);

impl Drop for Dropped<'_> {
    fn drop(&mut self) {
        self.0.dropped.set(self.0.dropped.get() + 1);
    }
}

impl Host for Scribe {
    fn send(&self, _: http::Request) -> Pin<Box<dyn Future<Output = Box<http::Response>> + '_>> {
        Box::pin(async move {
            self.0.sent.set(self.0.sent.get() + 1);
            let _dropped = Dropped(&self.0);
            pending().await
        })
    }
    fn stream(&self, _: http::Request) -> Pin<Box<dyn Future<Output = http::Streamed> + '_>> {
        unreachable!("no request is answered")
    }
    fn put_back(&self, _: http::BodyStream) {
        unreachable!("no request is answered")
    }
    fn cut_off(&self) {
        unreachable!("no request is answered")
    }
    fn record(&self, _: Sample) {
        unreachable!("no request is answered")
    }
    fn hook_failed(&self, _: Event, _: &Exception) {
        unreachable!("no request is answered")
    }
    fn stop_test(&self, _: &str) {
        unreachable!("no request is answered")
    }
    fn cookies(&self, _: &http::Url) -> Vec<(String, String)> {
        Vec::new()
    }
    fn set_cookie(&self, _: &http::Url, _: &str, note: &str) {
        self.0.notes.borrow_mut().push((self.0.now(), note.to_owned()));
    }
    fn clear_cookies(&self) {}
}

/// Grants no more than there was at the beginning.
struct Listener(Rc<Story>, Rc<Terrain>);

impl HookWitness for Listener {
    fn hook_failed(&self, event: Event, exception: &Exception) {
        self.0.exceptions.borrow_mut().push(format!("on({}): {}", event.name(), exception.message));
    }
}

impl Witness for Listener {
    fn exception(&self, exception: &Exception, task: &str) {
        self.0.exceptions.borrow_mut().push(format!("{task}: {}", exception.message));
    }
    fn stop_test(&self, reason: &str) {
        self.0.stop_reasons.borrow_mut().push(reason.to_owned());
    }
    fn needs_grant(&self) {
        self.1.budget.grant(0);
    }
    fn iteration(&self) {
        self.0.iterations.set(self.0.iterations.get() + 1);
    }
}

/// What is done to the user from outside.
#[derive(Clone, Copy, Default)]
struct Fate {
    /// When it should end, in milliseconds; never without.
    stop_at: Option<u64>,
    stop_timeout: u64,
    /// It should end at once.
    cut: bool,
    /// It is given so many turns of the scheduler before it should end, instead of time.
    turns: Option<usize>,
    iterations: Option<u64>,
    runs_per_user: Option<u64>,
}

const FREE: Fate =
    Fate { stop_at: None, stop_timeout: 0, cut: false, turns: None, iterations: None, runs_per_user: None };

fn stopped_at(stop_at: u64, stop_timeout: u64) -> Fate {
    Fate { stop_at: Some(stop_at), stop_timeout, ..FREE }
}

/// One user of the script's first class from birth to end. `note(user, what)` is defined for the script.
fn live(script: &str, fate: Fate) -> Rc<Story> {
    let folder = tempfile::tempdir().expect("a folder");
    let main = folder.path().join("main.rhai");
    let note = "fn note(user, what) { user.cookies = #{ note: what }; }";
    std::fs::write(&main, format!("{note}\n{script}")).expect("a file");
    let world = World::new(folder.path().to_owned(), BTreeMap::new(), 1, jiff::Timestamp::UNIX_EPOCH);
    let loader = Loader {
        scripts: vec![main],
        libraries: Vec::new(),
        limits: Limits::default(),
        world: Arc::new(world),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    LocalSet::new().block_on(&runtime.expect("a runtime"), walk(&loader, fate))
}

async fn walk(loader: &Loader, fate: Fate) -> Rc<Story> {
    let loaded = loader.load(true).unwrap_or_else(|errors| panic!("{}", errors[0]));
    let budget = Budget::new(fate.iterations.is_some());
    budget.grant(fate.iterations.unwrap_or(0));
    let stop_timeout = Duration::from_millis(fate.stop_timeout);
    let orders = loaded.plan.sets.iter().map(Order::new).collect();
    let class = loaded.plan.classes[0].clone();
    let terrain = Rc::new(Terrain {
        script: loaded.script,
        plan: loaded.plan,
        orders,
        budget,
        runs_per_user: fate.runs_per_user,
        stop_timeout,
        pulse: Pulse::new(),
    });
    terrain.pulse.begin();
    let story = Rc::new(Story::default());
    story.started.set(Some(Instant::now()));
    let signal = Rc::new(StopSignal::new());
    let actor = Rc::new(Actor::new(1, loader.world.clone()));
    let base = Rc::new(http::Base::parse("http://127.0.0.1").expect("a host"));
    let user = User::new(actor, "U", Some(base), Rc::new(Scribe(story.clone())));
    let schedule = stream(1, 1, Purpose::Schedule);
    let witness = Listener(story.clone(), terrain.clone());
    let diary = Diary::new(1, Instant::now(), story.pages.clone());
    let walk = Walk::new(terrain.clone(), user, signal.clone(), schedule, witness).traced(Some(diary));
    let stop = || {
        signal.set(if fate.cut {
            Wish::Cut
        } else {
            Wish::Finish { deadline: Instant::now() + stop_timeout }
        });
    };
    if fate.stop_at == Some(0) {
        stop();
    }
    let life = {
        let story = story.clone();
        tokio::task::spawn_local(async move {
            let life = walk.run(&class);
            story.bytes.set(size_of_val(&life));
            life.await;
        })
    };
    if let Some(turns) = fate.turns {
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
        stop();
    } else if let Some(at) = fate.stop_at {
        sleep(Duration::from_millis(at)).await;
        stop();
    }
    timeout(Duration::from_secs(86_400), life).await.expect("the user ends within a day").expect("no panic");
    story.ended.set(story.now());
    let health = terrain.pulse.take(false).expect("there was a user");
    story.waits.replace(health.waits);
    story
}

#[test]
fn hooks_run_outside_in_and_inside_out() {
    let story = live(
        r#"
        let inner = task_set("Inner").on_start(|user| note(user, "inner.on_start"))
            .on_stop(|user| note(user, "inner.on_stop")).task("t", |user| note(user, "task"));
        let mid = task_set("Mid").on_start(|user| note(user, "mid.on_start"))
            .on_stop(|user| note(user, "mid.on_stop")).task(inner);
        user_class("U").wait_time(constant(100)).on_start(|user| note(user, "user.on_start"))
            .on_stop(|user| note(user, "user.on_stop")).task(mid);
        "#,
        stopped_at(1000, 5000),
    );
    assert_eq!(
        story.timed(),
        "0:user.on_start 0:mid.on_start 0:inner.on_start 0:task \
         1000:inner.on_stop 1000:mid.on_stop 1000:user.on_stop"
    );
}

/// A set whose first task ends in `outcome`, in a user that waits a second and then ends.
fn outcome(on_start: &str, outcome: &str, on_stop: &str) -> Rc<Story> {
    let script = format!(
        r#"
        let set = task_set("S").sequential()
            .on_start(|user| {{ note(user, "start"); {on_start} }})
            .on_stop(|user| {{ note(user, "stop"); {on_stop} }})
            .task("a", |user| {{ note(user, "a"); {outcome} }})
            .task("b", |user| {{ note(user, "b"); user.interrupt(); }});
        user_class("U").sequential().wait_time(constant(1)).on_stop(|user| note(user, "bye"))
            .task(set).task("p", |user| {{ note(user, "p"); user.stop(); }});
        "#
    );
    live(&script, FREE)
}

#[test]
fn every_outcome_of_a_task_goes_on_as_it_should() {
    let goes_on = "0:start 0:a 1000:b 1000:stop 1000:p 1000:bye";
    let cases = [
        ("", goes_on, ""),
        ("user.reschedule();", goes_on, ""),
        (r#"throw "oh";"#, goes_on, "a: oh"),
        ("user.interrupt();", "0:start 0:a 0:stop 0:p 0:bye", ""),
        ("user.interrupt(false);", "0:start 0:a 0:stop 1000:p 1000:bye", ""),
        ("user.stop();", "0:start 0:a 0:stop 0:bye", ""),
        (r#"stop_test("why");"#, "0:start 0:a 0:stop 0:bye", ""),
    ];
    for (code, timed, thrown) in cases {
        let story = outcome("", code, "");
        assert_eq!((story.timed().as_str(), story.thrown().contains(thrown)), (timed, true), "{code}");
        assert_eq!(story.thrown().is_empty(), thrown.is_empty(), "{code}: {}", story.thrown());
        assert_eq!(story.stop_reasons.borrow().len(), usize::from(code.starts_with("stop_test")), "{code}");
    }
}

#[test]
fn a_set_whose_on_start_leaves_was_not_entered() {
    let cases = [
        (r#"throw "oh";"#, "0:start 1000:p 1000:bye"),
        ("user.interrupt();", "0:start 0:p 0:bye"),
        ("user.interrupt(false);", "0:start 1000:p 1000:bye"),
        ("user.stop();", "0:start 0:bye"),
        (r#"stop_test("why");"#, "0:start 0:bye"),
        ("user.reschedule();", "0:start 0:a 1000:b 1000:stop 1000:p 1000:bye"),
    ];
    for (code, timed) in cases {
        let story = outcome(code, "", "");
        assert_eq!(story.timed(), timed, "{code}");
        assert_eq!(story.exceptions.borrow().len(), usize::from(code.starts_with("throw")), "{code}");
    }
}

#[test]
fn an_exception_in_on_stop_changes_nothing() {
    for (code, timed) in
        [("user.interrupt();", "0:start 0:a 0:stop 0:p 0:bye"), ("user.stop();", "0:start 0:a 0:stop 0:bye")]
    {
        let story = outcome("", code, r#"throw "oh";"#);
        assert_eq!(story.timed(), timed);
        assert!(story.thrown().starts_with("on_stop: "), "{}", story.thrown());
    }
}

#[test]
fn a_user_whose_on_start_throws_dies_and_one_that_stops_there_says_goodbye() {
    let cases = [
        (r#"throw "oh";"#, "", 1),
        ("user.interrupt();", "", 0),
        ("user.stop();", "bye", 0),
        (r#"stop_test("why");"#, "bye", 0),
    ];
    for (code, names, thrown) in cases {
        let script = format!(
            r#"user_class("U").on_start(|user| {{ {code} }}).on_stop(|user| note(user, "bye"))
                .task("t", |user| {{ note(user, "t"); user.stop(); }});"#
        );
        let story = live(&script, FREE);
        assert_eq!((story.names().as_str(), story.exceptions.borrow().len()), (names, thrown), "{code}");
    }
}

#[test]
fn a_set_that_is_left_is_entered_anew() {
    let story = live(
        r#"
        let set = task_set("S").sequential().on_start(|user| note(user, "start"))
            .on_stop(|user| note(user, "stop"))
            .task("t1", |user| { note(user, "t1"); user.interrupt(false); })
            .task("t2", |user| note(user, "t2"));
        user_class("U").wait_time(constant(1)).task(set);
        "#,
        stopped_at(1500, 0),
    );
    assert_eq!(story.timed(), "0:start 0:t1 0:stop 1000:start 1000:t1 1000:stop");
}

#[test]
fn sequential_sets_repeat_by_weight_and_begin_at_the_first_task() {
    let tasks = r#".sequential().task("a", |user| note(user, "a")).task("b", 2, |user| note(user, "b"))"#;
    let script =
        format!(r#"user_class("U").wait_time(constant(1)){tasks}.task("c", |user| note(user, "c"));"#);
    assert_eq!(live(&script, stopped_at(5500, 0)).names(), "a b b c a b");
    let script = r#"
        let set = task_set("S").sequential().task("a", |user| note(user, "a"))
            .task("b", |user| { note(user, "b"); user.interrupt(); }).task("c", |user| note(user, "c"));
        user_class("U").wait_time(constant(1)).task(set);
    "#;
    assert_eq!(live(script, stopped_at(3500, 0)).timed(), "0:a 1000:b 1000:a 2000:b 2000:a 3000:b 3000:a");
}

#[test]
fn a_set_without_a_wait_uses_its_users_and_not_its_parents() {
    for (own, timed) in [("", "0:t 2000:t 4000:t"), (".wait_time(constant(1.5))", "0:t 1500:t 3000:t 4500:t")]
    {
        let script = format!(
            r#"
            let inner = task_set("Inner"){own}.task("t", |user| note(user, "t"));
            let mid = task_set("Mid").wait_time(constant(0.1)).task(inner);
            user_class("U").wait_time(constant(2)).task(mid);
            "#
        );
        assert_eq!(live(&script, stopped_at(4900, 0)).timed(), timed);
    }
}

/// When the runs of a task start whose nth run takes `busy[n]` seconds.
fn starts(wait: &str, on_start: f64, busy: &str) -> String {
    let script = format!(
        r#"
        user_class("U").wait_time({wait}).on_start(|user| {{ user.n = 0; sleep({on_start:.1}); }})
            .task("t", |user| {{
                let busy = {busy};
                note(user, "t");
                if user.n == busy.len {{ user.stop(); }}
                let pause = busy[user.n];
                user.n += 1;
                if pause > 0.0 {{ sleep(pause); }}
            }});
        "#
    );
    let story = live(&script, FREE);
    assert_eq!(story.thrown(), "");
    story.timed().replace(":t", "")
}

#[test]
fn waits_are_exact() {
    assert_eq!(starts("constant(1.5)", 0.0, "[0.0, 0.3, 0.0]"), "0 1500 3300 4800");
    assert_eq!(starts("|user| 0.25", 0.0, "[0.0, 0.0]"), "0 250 500");
    assert_eq!(starts("constant_throughput(2)", 0.0, "[0.1, 0.4, 0.9]"), "0 500 1000 1900");
    // What took too long is not caught up with.
    assert_eq!(starts("constant_pacing(1)", 0.0, "[0.3, 0.3, 2.5, 0.1]"), "0 1000 2000 4500 5500");
    // The time of `on_start` counts into the first interval.
    assert_eq!(starts("constant_pacing(1)", 0.4, "[0.3, 0.3]"), "400 1000 2000");
    let between = starts("between(1, 3)", 0.0, "[0.0, 0.0, 0.0, 0.0]");
    let moments: Vec<u64> = between.split(' ').map(|moment| moment.parse().expect("a number")).collect();
    let gaps: Vec<u64> = moments.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.iter().all(|gap| (1000..=3001).contains(gap)), "{gaps:?}");
    assert!(gaps.windows(2).any(|pair| pair[0] != pair[1]), "{gaps:?}");
}

/// A user whose task, `on_start` or `on_stop` takes three seconds.
fn slow(on_start: &str, task: &str, on_stop: &str, fate: Fate) -> Rc<Story> {
    let script = format!(
        r#"
        user_class("U").wait_time(constant(100))
            .on_start(|user| {{ {on_start} note(user, "started"); }})
            .on_stop(|user| {{ note(user, "stopping"); {on_stop} note(user, "stopped"); }})
            .task("t", |user| {{ note(user, "t"); {task} note(user, "done"); }});
        "#
    );
    live(&script, fate)
}

#[test]
fn a_stop_lets_finish_what_runs_and_nothing_else() {
    let pause = "sleep(3);";
    let waiting = slow("", "", "", stopped_at(1000, 5000));
    assert_eq!(waiting.timed(), "0:started 0:t 0:done 1000:stopping 1000:stopped");
    let in_task = slow("", pause, "", stopped_at(1000, 5000));
    assert_eq!(in_task.timed(), "0:started 0:t 3000:done 3000:stopping 3000:stopped");
    let too_slow = slow("", pause, "", stopped_at(1000, 1000));
    assert_eq!(too_slow.timed(), "0:started 0:t 2000:stopping 2000:stopped");
    let at_once = slow("", pause, "", stopped_at(1000, 0));
    assert_eq!(at_once.timed(), "0:started 0:t 1000:stopping 1000:stopped");
    let in_on_start = slow(pause, "", "", stopped_at(1000, 5000));
    assert_eq!(in_on_start.timed(), "3000:started 3000:stopping 3000:stopped");
    let cut_in_on_start = slow(pause, "", "", stopped_at(1000, 1000));
    assert_eq!(cut_in_on_start.timed(), "2000:stopping 2000:stopped");
    let in_on_stop = slow("", "user.stop();", pause, stopped_at(1000, 0));
    assert_eq!(in_on_stop.timed(), "0:started 0:t 0:stopping 3000:stopped");
    let before_its_turn = slow("", "", "", stopped_at(0, 5000));
    assert_eq!(before_its_turn.timed(), "");
    for story in [waiting, in_task, too_slow, at_once, in_on_start, cut_in_on_start, in_on_stop] {
        assert_eq!(story.thrown(), "", "being stopped is no exception");
    }
}

#[test]
fn an_on_stop_has_a_time_of_its_own() {
    let story = slow("", "", "sleep(100);", stopped_at(1000, 0));
    assert_eq!((story.timed().as_str(), story.ended.get()), ("0:started 0:t 0:done 1000:stopping", 6000));
    let story = slow("", "sleep(50);", "sleep(100);", stopped_at(1000, 8000));
    assert_eq!((story.timed().as_str(), story.ended.get()), ("0:started 0:t 9000:stopping", 17_000));
}

#[test]
fn a_cut_ends_everything_where_it_stands() {
    let cut = Fate { cut: true, ..stopped_at(1000, 5000) };
    for (on_start, task, timed) in
        [("", "", "0:started 0:t 0:done"), ("", "sleep(3);", "0:started 0:t"), ("sleep(3);", "", "")]
    {
        let story = slow(on_start, task, "", cut);
        assert_eq!((story.timed().as_str(), story.ended.get()), (timed, 1000));
    }
}

#[test]
fn a_request_in_flight_is_dropped_at_the_deadline() {
    let story = slow("", r#"user.get("http://127.0.0.1/hangs");"#, "", stopped_at(1000, 1000));
    assert_eq!(story.timed(), "0:started 0:t 2000:stopping 2000:stopped");
    assert_eq!((story.sent.get(), story.dropped.get()), (1, 1));
}

#[test]
fn a_user_that_never_waits_lets_others_run() {
    let fate = Fate { turns: Some(100), ..FREE };
    let endless = [
        r#"user_class("U").task("t", |user| {});"#,
        r#"user_class("U").task("t", |user| user.interrupt());"#,
        r#"user_class("U").task(task_set("S").stop());"#,
        r#"user_class("U").task(task_set("S").on_start(|user| user.interrupt()).stop());"#,
    ];
    for script in endless {
        assert_eq!(live(script, fate).ended.get(), 0, "{script}");
    }
}

#[test]
fn a_set_whose_tasks_are_all_off_ends_its_user() {
    let story = live(
        r#"
        let set = task_set("S").on_stop(|user| note(user, "stop")).task("t", 0, |user| note(user, "t"));
        user_class("U").on_stop(|user| note(user, "bye")).task(set);
        "#,
        FREE,
    );
    assert_eq!(story.timed(), "0:stop 0:bye");
}

/// A user that waits keeps it, and each call moves a part of it: what hardly ever happens must not make it larger.
#[test]
fn a_waiting_user_is_small() {
    let story = live("user_class(\"U\").task(\"t\", |user| user.stop());", FREE);
    assert!(story.bytes.get() <= 1200, "{} bytes", story.bytes.get());
}

#[test]
fn a_user_ends_when_no_runs_are_left() {
    let story = live(
        r#"
        let set = task_set("S").on_stop(|user| note(user, "stop")).task("t", |user| note(user, "t"));
        user_class("U").wait_time(constant(1)).task(set);
        "#,
        Fate { iterations: Some(3), ..FREE },
    );
    assert_eq!((story.timed().as_str(), story.iterations.get()), ("0:t 1000:t 2000:t 3000:stop", 3));
    let waits = story.waits.borrow();
    // A timer is up to a millisecond late; in virtual time nothing else is.
    assert!(waits.count() == 3 && waits.max() <= Some(Duration::from_millis(1)), "{waits:?}");
}

#[path = "pace_tests.rs"]
mod pace;

#[path = "ending_tests.rs"]
mod ending;

#[test]
fn a_user_ends_after_its_own_number_of_runs_without_a_last_wait() {
    let script = r#"
        let set = task_set("S").sequential().on_start(|user| note(user, "start"))
            .on_stop(|user| note(user, "stop"))
            .task("t", |user| note(user, "t")).task("u", |user| { note(user, "u"); user.interrupt(); });
        user_class("U").wait_time(constant(1)).on_stop(|user| note(user, "bye")).task(set);
    "#;
    let lives = [
        (1, None, "0:start 0:t 0:stop 0:bye"),
        (3, None, "0:start 0:t 1000:u 1000:stop 1000:start 1000:t 1000:stop 1000:bye"),
        // Whichever of the two bounds is met first.
        (3, Some(1), "0:start 0:t 1000:stop 1000:bye"),
        (1, Some(3), "0:start 0:t 0:stop 0:bye"),
    ];
    for (runs, iterations, timed) in lives {
        let story = live(script, Fate { iterations, runs_per_user: Some(runs), ..FREE });
        assert_eq!(story.timed(), timed);
        assert_eq!(story.iterations.get(), iterations.map_or(runs, |all| all.min(runs)));
    }
}

#[test]
fn a_trace_has_every_run_with_its_path_and_the_wait_after_it() {
    let story = live(
        r#"
        let set = task_set("Set").sequential().on_start(|user| ())
            .task("waits", |user| sleep(0.5)).task("leaves", |user| user.interrupt());
        user_class("U").sequential().wait_time(constant(1.25)).task(set)
            .task("throws", |user| { throw "oh"; }).task("last", |user| sleep(100));
        "#,
        stopped_at(5000, 1000),
    );
    let shown = |wait: Duration| format!("+{wait:?}");
    let lines = story.pages.take().into_iter().map(|step| {
        let (at, wait) = (step.started.as_millis(), step.wait.map(shown).unwrap_or_default());
        format!("{} {at} {}{wait}", step.step, step.task)
    });
    assert_eq!(
        lines.collect::<Vec<_>>(),
        ["1 0 U/Set/waits+1.25s", "2 1750 U/Set/leaves", "3 1750 U/throws+1.25s", "4 3000 U/last"]
    );
}

#[test]
fn an_interrupt_leaves_the_innermost_set_however_deep() {
    let depth = 30;
    let mut script = String::from(
        r#"let s = task_set("S0").on_stop(|user| note(user, "0")).task("t", |user| { note(user, "t"); user.interrupt(); });"#,
    );
    for level in 1..depth {
        script.push_str(&format!(
            r#"s = task_set("S{level}").sequential().on_start(|user| note(user, "+{level}"))
                .on_stop(|user| note(user, "{level}")).task(s).stop();"#
        ));
    }
    script.push_str(
        r#"user_class("U").sequential().wait_time(constant(1)).task(s).task("end", |user| user.stop());"#,
    );
    let story = live(&script, FREE);
    let entered = (1..depth).rev().map(|level| format!("+{level}"));
    let left = (0..depth).map(|level| level.to_string());
    let expected: Vec<_> = entered.chain(["t".to_owned()]).chain(left).collect();
    assert_eq!((story.names(), story.ended.get()), (expected.join(" "), 0), "no wait on the way");
}

#[test]
fn a_markov_set_follows_its_transitions_and_starts_anew_when_it_is_entered() {
    let story = live(
        r#"
        fn a(user) { note(user, "a"); }
        let inner = task_set("Inner").on_start(|user| note(user, "+")).on_stop(|user| note(user, "-"))
            .task("i", |user| { note(user, "i"); user.interrupt(false); });
        let chain = task_set("Chain").task(a).task("b", |user| { note(user, "b"); throw "oh"; }).task(inner).stop()
            .transition(a, "b").transition("b", inner).transition(inner, "stop").transition(inner, a, 0);
        user_class("U").sequential().wait_time(constant(1)).task(chain).task("p", |user| note(user, "p"));
        "#,
        stopped_at(6500, 0),
    );
    assert_eq!(
        story.timed(),
        "0:a 1000:b 2000:+ 2000:i 2000:- 3000:p 4000:a 5000:b 6000:+ 6000:i 6000:-",
        "an exception does not change what comes next"
    );
}

#[test]
fn a_class_can_be_a_chain_itself() {
    let story = live(
        r#"user_class("U").wait_time(constant(1)).task("a", |user| note(user, "a")).task("b", |user| note(user, "b"))
            .transition("a", "b").transition("b", "b", 0).transition("b", "a", 2);"#,
        stopped_at(4500, 0),
    );
    assert_eq!(story.timed(), "0:a 1000:b 2000:a 3000:b 4000:a");
}

#[test]
fn a_set_with_a_pace_of_its_own_keeps_it_beside_its_users() {
    // The set's pace begins when it is entered, `on_start` included; the user's goes on meanwhile.
    let story = live(
        r#"
        let set = task_set("S").sequential().wait_time(constant_pacing(1)).on_start(|user| sleep(0.4))
            .task("a", |user| { note(user, "a"); sleep(0.3); })
            .task("b", |user| { note(user, "b"); user.interrupt(false); });
        user_class("U").sequential().wait_time(constant_pacing(5))
            .task("p", |user| note(user, "p")).task(set).task("q", |user| { note(user, "q"); user.stop(); });
        "#,
        FREE,
    );
    assert_eq!(story.timed(), "0:p 5400:a 6000:b 10000:q");
}

#[test]
fn poisson_waits_come_after_the_task_and_have_the_rate() {
    let story = live(
        r#"user_class("U").wait_time(poisson(2)).on_start(|user| { user.n = 0; }).task("t", |user| {
            note(user, "t");
            user.n += 1;
            if user.n == 2001 { user.stop(); }
            sleep(1);
        });"#,
        FREE,
    );
    // 2,000 waits of half a second on average, and as many tasks of one second; the standard deviation is 22 seconds,
    // and the seed is fixed.
    #[expect(clippy::cast_precision_loss, reason = "a few million milliseconds")]
    let waited = story.ended.get() as f64 / 1000.0 - 2000.0;
    assert!((waited - 1000.0).abs() < 60.0, "{waited}");
}

#[test]
fn a_wait_function_is_called_as_the_user_and_a_wrong_one_is_no_wait() {
    let sets = |wait: &str| {
        format!(
            r#"
            fn count(user) {{ note(user, "t"); user.n += 1; if user.n == 3 {{ user.stop(); }} }}
            let set = task_set("S").wait_time({wait}).task(count);
            user_class("U").wait_time(constant(50)).on_start(|user| {{ user.n = 0; }}).task(set);
            "#
        )
    };
    for (wait, timed, thrown) in [
        ("|user| user.n * 0.5", "0:t 500:t 1500:t", 0),
        ("|| 2", "0:t 2000:t 4000:t", 0),
        ("|user| -1", "0:t 0:t 0:t", 0),
        (r#"|user| throw "oh""#, "0:t 0:t 0:t", 2),
        ("|user| user.stop()", "0:t", 0),
    ] {
        let story = live(&sets(wait), FREE);
        assert_eq!((story.timed().as_str(), story.exceptions.borrow().len()), (timed, thrown), "{wait}");
    }
}
