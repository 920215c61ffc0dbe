//! Arrivals, desks and users of an open class together, in virtual time, against a server that is made up.

use super::OpenUser;
use crate::engine::alarm::Alarm;
use crate::engine::budget::Budget;
use crate::engine::config::Late;
use crate::engine::desk::{Books, Desk, Seat, Ticket};
use crate::engine::hooks::HookWitness;
use crate::engine::order::Order;
use crate::engine::stop::{StopSignal, Wish};
use crate::engine::walk::{Terrain, Walk, Witness};
use crate::http;
use crate::plan::{Event, portion};
use crate::script::{Actor, Exception, Host, Limits, Loader, Sample, User, World};
use crate::stats::{self, ArrivalSummary, Entry, Recorder, Totals};
use crate::util::{Purpose, seed_of, stream};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep, sleep_until};

const SEED: u64 = 7;

/// A server: how long an answer takes that is asked for at that time of the run.
type Service = fn(Duration) -> Duration;

/// Everything that one shard has, without a thread of its own.
struct Scene {
    loader: Loader,
    terrain: Rc<Terrain>,
    books: Rc<Books>,
    started: Instant,
    service: Service,
    recorder: RefCell<Recorder>,
    /// What scripts noted, each with the milliseconds since the start.
    notes: RefCell<Vec<(u128, String)>>,
    exceptions: Cell<u64>,
    iterations: Cell<u64>,
    signals: RefCell<Vec<Rc<StopSignal>>>,
    hired: Cell<u64>,
}

struct FakeServer(Rc<Scene>);

impl Host for FakeServer {
    fn send(&self, request: http::Request) -> Pin<Box<dyn Future<Output = Box<http::Response>> + '_>> {
        Box::pin(async move {
            let begun = Instant::now();
            sleep((self.0.service)(begun - self.0.started)).await;
            Box::new(http::Response::empty(request.url, begun))
        })
    }

    fn stream(&self, _: http::Request) -> Pin<Box<dyn Future<Output = http::Streamed> + '_>> {
        unreachable!("nothing is streamed")
    }

    fn put_back(&self, _: http::BodyStream) {
        unreachable!("nothing is streamed")
    }

    fn cut_off(&self) {
        unreachable!("nothing is streamed")
    }

    fn record(&self, sample: Sample) {
        self.0.recorder.borrow_mut().record(&stats::Sample {
            method: &sample.method,
            name: &sample.name,
            response_time: sample.response_time,
            service_time: sample.service_time(),
            size: sample.size,
            failure: sample.failure.as_deref(),
            ended: sample.ended - self.0.started,
        });
    }

    fn cookies(&self, _: &http::Url) -> Vec<(String, String)> {
        Vec::new()
    }

    fn set_cookie(&self, _: &http::Url, _: &str, note: &str) {
        self.0.notes.borrow_mut().push((self.0.started.elapsed().as_millis(), note.to_owned()));
    }

    fn clear_cookies(&self) {}
    fn hook_failed(&self, _: Event, _: &Exception) {}
    fn stop_test(&self, _: &str) {}
}

impl HookWitness for Rc<Scene> {
    fn hook_failed(&self, _: Event, _: &Exception) {}
}

impl Witness for Rc<Scene> {
    fn exception(&self, _: &Exception, _: &str) {
        self.exceptions.set(self.exceptions.get() + 1);
    }
    fn stop_test(&self, _: &str) {}
    fn needs_grant(&self) {
        self.terrain.budget.grant(0);
    }
    fn iteration(&self) {
        self.iterations.set(self.iterations.get() + 1);
    }
}

/// What came of a scene.
struct Played {
    arrivals: ArrivalSummary,
    totals: Totals,
    notes: Vec<(u128, String)>,
    users: u64,
    iterations: u64,
    exceptions: u64,
    /// Milliseconds from the start to the moment when every arrival was done.
    ended: u128,
}

impl Played {
    fn entry(&self, name: &str) -> &Entry {
        self.totals.entry("GET", name).unwrap_or_else(|| panic!("no row {name}"))
    }

    fn noted(&self) -> String {
        self.notes.iter().map(|(at, note)| format!("{at}:{note}")).collect::<Vec<_>>().join(" ")
    }

    fn lateness_ms(&self, quantile: f64) -> u128 {
        self.arrivals.lateness.times().percentile(quantile).expect("something started").as_millis()
    }
}

/// How a scene is played.
#[derive(Clone, Copy)]
struct Conditions {
    service: Service,
    late: Late,
    shards: usize,
    iterations: Option<u64>,
    /// When the run ends, in milliseconds; none = when all arrivals are done.
    stop_at: Option<u64>,
}

const USUAL: Conditions = Conditions {
    service: |_| Duration::from_millis(1),
    late: Late::Wait,
    shards: 1,
    iterations: None,
    stop_at: None,
};

/// Plays a script with one open class; `note(user, what)` is defined for it. All shards live on one thread.
fn play(script: &str, conditions: Conditions) -> Played {
    let folder = tempfile::tempdir().expect("a folder");
    let main = folder.path().join("main.rhai");
    let note = "fn note(user, what) { user.cookies = #{ note: what }; }";
    std::fs::write(&main, format!("{note}\n{script}")).expect("a file");
    let world = World::new(folder.path().to_owned(), BTreeMap::new(), SEED, jiff::Timestamp::UNIX_EPOCH);
    let limits = Limits::default();
    let loader = Loader { scripts: vec![main], libraries: Vec::new(), limits, world: Arc::new(world) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    LocalSet::new().block_on(&runtime.expect("a runtime"), stage(loader, conditions))
}

async fn stage(loader: Loader, conditions: Conditions) -> Played {
    let loaded = loader.load(true).unwrap_or_else(|errors| panic!("{}", errors[0]));
    let arrivals = loaded.plan.arrivals[0].clone();
    let budget = Budget::new(conditions.iterations.is_some());
    budget.grant(conditions.iterations.unwrap_or(0));
    let terrain = Terrain {
        pulse: crate::engine::pulse::Pulse::new(),
        script: loaded.script,
        orders: loaded.plan.sets.iter().map(Order::new).collect(),
        plan: loaded.plan,
        budget,
        runs_per_user: None,
        stop_timeout: Duration::from_secs(5),
    };
    let scene = Rc::new(Scene {
        loader,
        terrain: Rc::new(terrain),
        books: Rc::new(Books::default()),
        started: Instant::now(),
        service: conditions.service,
        recorder: RefCell::new(Recorder::new()),
        notes: RefCell::default(),
        exceptions: Cell::new(0),
        iterations: Cell::new(0),
        signals: RefCell::default(),
        hired: Cell::new(0),
    });
    let parts = arrivals.parts(conditions.shards);
    let name = &scene.terrain.plan.class(arrivals.class).name;
    let gaps = || stream(seed_of(SEED, name), 0, Purpose::Arrivals);
    let desk = |part: usize| {
        let times = arrivals.due_times(part as u64, parts as u64, gaps());
        let limit = portion(arrivals.user_limit(), part, parts);
        Rc::new(Desk::new(arrivals.class, conditions.late, limit, times, scene.books.clone()))
    };
    let desks: Vec<_> = (0..parts).map(desk).collect();
    for (part, desk) in desks.iter().enumerate() {
        for _ in 0..portion(arrivals.start_users, part, parts) {
            assert!(desk.hired());
            scene.books.preparing(1);
            hire(&scene, desk, None);
        }
    }
    while !scene.books.is_prepared() {
        scene.books.settled.notified().await;
    }
    // The clock of virtual time stands still while anybody can go on, so this is the moment of the preparation's end.
    let begin = Instant::now();
    for desk in &desks {
        let (scene, desk, end) = (scene.clone(), desk.clone(), begin + arrivals.duration());
        tokio::task::spawn_local(async move {
            desk.open(begin, end, &Alarm::coarse(), |ticket| hire(&scene, &desk, Some(ticket))).await;
        });
    }
    let settled = async {
        while !scene.books.is_settled() {
            scene.books.settled.notified().await;
        }
    };
    match conditions.stop_at {
        Some(at) => sleep_until(begin + Duration::from_millis(at)).await,
        None => settled.await,
    }
    let ended = scene.started.elapsed().as_millis();
    desks.iter().for_each(|desk| desk.close());
    for signal in scene.signals.borrow().iter() {
        signal.set(Wish::Finish { deadline: Instant::now() });
    }
    sleep(Duration::from_secs(60)).await;
    assert!(scene.books.is_settled(), "no ticket is left behind");
    let mut totals = Totals::new(jiff::Timestamp::UNIX_EPOCH);
    totals.merge(&scene.recorder.borrow_mut().take());
    let arrivals = scene.books.take().unwrap_or_default();
    assert_eq!(arrivals.waiting(), 0, "nothing is lost");
    assert_eq!(arrivals.lateness.count(), arrivals.started);
    Played {
        arrivals,
        totals,
        notes: scene.notes.take(),
        users: scene.hired.get(),
        iterations: scene.iterations.get(),
        exceptions: scene.exceptions.get(),
        ended,
    }
}

/// As a shard does it.
fn hire(scene: &Rc<Scene>, desk: &Rc<Desk>, ticket: Option<Ticket>) {
    let number = scene.hired.get() + 1;
    scene.hired.set(number);
    let actor = Rc::new(Actor::new(number, scene.loader.world.clone()));
    let base = Rc::new(http::Base::parse("http://127.0.0.1").expect("a host"));
    let user = User::new(actor.clone(), "U", Some(base), Rc::new(FakeServer(scene.clone())));
    let signal = Rc::new(StopSignal::new());
    scene.signals.borrow_mut().push(signal.clone());
    let schedule = stream(SEED, number, Purpose::Schedule);
    let walk = Walk::new(scene.terrain.clone(), user, signal, schedule, scene.clone());
    let ahead = ticket.is_none();
    let place = OpenUser { desk: desk.clone(), seat: Rc::new(Seat::with(ticket)), actor, seed: SEED };
    let (scene, desk) = (scene.clone(), desk.clone());
    tokio::task::spawn_local(async move {
        let ready = || {
            if ahead {
                scene.books.prepared();
            }
        };
        walk.run_open(scene.terrain.plan.class(desk.class), place, ready).await;
        if let Some(ticket) = desk.left() {
            hire(&scene, &desk, Some(ticket));
        }
    });
}

#[test]
fn each_arrival_is_one_iteration_at_its_time() {
    let played = play(
        r#"user_class("U").wait_time(constant(100)).task("t", |user| note(user, "t"));
           arrivals(#{ user_class: "U", rate: 10, duration: 0.5 });"#,
        USUAL,
    );
    assert_eq!(played.noted(), "0:t 100:t 200:t 300:t 400:t");
    assert_eq!((played.users, played.iterations, played.ended), (1, 5, 500), "until the schedule's end");
    assert_eq!((played.arrivals.due, played.lateness_ms(1.0)), (5, 0));
}

#[test]
fn a_busy_user_is_not_waited_for_as_long_as_there_may_be_more() {
    let script = |limit: &str| {
        format!(
            r#"user_class("U").task("t", |user| {{ note(user, `u${{user.id}}`); user.get("/"); user.get("/2"); }});
               arrivals(#{{ user_class: "U", rate: 10, duration: 0.5 {limit} }});"#
        )
    };
    let slow = Conditions { service: |_| Duration::from_millis(125), ..USUAL };
    let played = play(&script(""), slow);
    assert_eq!(played.noted(), "0:u1 100:u2 200:u3 300:u1 400:u2", "who is free the longest comes first");
    assert_eq!(played.arrivals.lateness.max(), Some(Duration::ZERO));
    assert!(!played.entry("/").has_service_times());

    let played = play(&script(", max_users: 2"), slow);
    assert_eq!(played.noted(), "0:u1 100:u2 250:u1 350:u2 500:u1");
    assert_eq!((played.arrivals.started, played.arrivals.dropped, played.ended), (5, 0, 750));
    assert_eq!(played.arrivals.longest_queue, 1);
    // Lateness is the first request's alone.
    let ms = |time: Option<Duration>| time.expect("samples").as_millis();
    assert_eq!((ms(played.entry("/").times.max()), ms(played.entry("/").times.min())), (225, 125));
    assert_eq!(ms(played.entry("/").service_times().max()), 125);
    assert_eq!(ms(played.entry("/2").times.max()), 125);
    assert!(!played.entry("/2").has_service_times());

    let played = play(&script(", max_users: 2"), Conditions { late: Late::Drop, ..slow });
    assert_eq!(played.noted(), "0:u1 100:u2 300:u1 400:u2");
    assert_eq!((played.arrivals.due, played.arrivals.dropped, played.arrivals.longest_queue), (5, 1, 0));
    assert_eq!(played.arrivals.lateness.max(), Some(Duration::ZERO), "who is dropped is not late");
}

#[test]
fn on_start_of_a_new_user_is_lateness_and_that_of_start_users_is_not() {
    let script = |options: &str| {
        format!(
            r#"user_class("U").on_start(|user| {{ sleep(0.25); user.get("/login"); }})
                   .task("t", |user| {{ user.get("/"); }});
               arrivals(#{{ user_class: "U", rate: 2, duration: 1 {options} }});"#
        )
    };
    let played = play(&script(""), USUAL);
    assert_eq!((played.lateness_ms(1.0), played.lateness_ms(0.0), played.users), (251, 0, 1));
    assert_eq!(played.entry("/").times.max().expect("samples").as_millis(), 252);
    assert_eq!(played.entry("/login").times.max().expect("samples").as_millis(), 1, "it was not due");
    let played = play(&script(", start_users: 3"), USUAL);
    assert_eq!((played.lateness_ms(1.0), played.users, played.ended), (0, 3, 1251));
}

#[test]
fn sets_are_walked_as_by_any_user_and_only_task_functions_count() {
    let played = play(
        r#"
        let inner = task_set("Inner").sequential().on_start(|user| { note(user, "in"); sleep(0.01); })
            .on_stop(|user| note(user, "out")).task("a", |user| note(user, "a")).stop();
        user_class("U").sequential().task(inner).task("b", |user| note(user, "b"))
            .task("c", |user| { note(user, "c"); throw "oh"; }).on_stop(|user| note(user, "bye"));
        arrivals(#{ user_class: "U", rate: 10, duration: 0.5 });
        "#,
        USUAL,
    );
    // Leaving the set is part of the iteration that it leads to.
    assert_eq!(played.noted(), "0:in 10:a 100:out 100:b 200:c 300:in 310:a 400:out 400:b 500:bye");
    assert_eq!((played.iterations, played.exceptions, played.lateness_ms(1.0)), (5, 1, 10));
}

#[test]
fn a_user_that_ends_makes_place_for_another() {
    let played = play(
        r#"user_class("U").on_stop(|user| { note(user, `bye${user.id}`); })
               .task("t", |user| { note(user, `u${user.id}`); user.get("/"); user.stop(); });
           arrivals(#{ user_class: "U", rate: 10, duration: 0.3, max_users: 1 });"#,
        Conditions { service: |_| Duration::from_millis(150), ..USUAL },
    );
    assert_eq!(played.noted(), "0:u1 150:bye1 150:u2 300:bye2 300:u3 450:bye3");
    assert_eq!(played.users, 3);
}

#[test]
fn a_user_that_fails_to_start_takes_its_arrival_along() {
    let played = play(
        r#"user_class("U").on_start(|user| { if user.id < 3 { throw "no"; } }).task("t", |user| note(user, "t"));
           arrivals(#{ user_class: "U", rate: 10, duration: 0.5 });"#,
        USUAL,
    );
    assert_eq!((played.arrivals.started, played.arrivals.unstarted, played.exceptions), (3, 2, 2));
    assert_eq!(played.noted(), "200:t 300:t 400:t");
}

#[test]
fn what_waits_when_the_run_ends_was_never_started() {
    let script = r#"user_class("U").task("t", |user| { user.get("/"); });
        arrivals(#{ user_class: "U", rate: 10, duration: 10, max_users: 1 });"#;
    let stopped = Conditions { service: |_| Duration::from_secs(1), stop_at: Some(1500), ..USUAL };
    let played = play(script, stopped);
    // One every second; the one that is due at the very end counts as due.
    assert_eq!((played.arrivals.due, played.arrivals.started, played.arrivals.unstarted), (16, 2, 14));
    let played = play(script, Conditions { stop_at: None, iterations: Some(3), ..stopped });
    assert_eq!((played.iterations, played.arrivals.started, played.arrivals.unstarted), (3, 3, 0));
}

/// What the iterations of a script drew, by arrival.
fn draws(limit: usize, shards: usize, poisson: bool) -> Vec<String> {
    let script = format!(
        r#"
        fn draw(user, what) {{ note(user, what + random::int(1, 1000000)); sleep(0.02); }}
        user_class("U").on_start(|user| {{ random::int(1, 9); }})
            .task("a", 2, |user| draw(user, "a")).task("b", |user| draw(user, "b"));
        arrivals(#{{ user_class: "U", rate: 100, duration: 1, max_users: {limit}, poisson: {poisson} }});
        "#
    );
    let mut notes: Vec<_> =
        play(&script, Conditions { shards, ..USUAL }).notes.into_iter().map(|(_, note)| note).collect();
    notes.sort_unstable();
    notes
}

#[test]
fn what_an_iteration_draws_depends_on_its_number_alone() {
    for poisson in [false, true] {
        let alone = draws(1, 1, poisson);
        assert!(alone.len() > 60 && alone.iter().filter(|note| note.starts_with('a')).count() > 30);
        for (limit, shards) in [(100, 1), (2, 3), (100, 3)] {
            assert_eq!(draws(limit, shards, poisson), alone, "{limit} users, {shards} shards");
        }
    }
}

/// A server that answers after a millisecond, but stands still from second 10 to second 12.
fn frozen(at: Duration) -> Duration {
    let (from, to) = (Duration::from_secs(10), Duration::from_secs(12));
    let frozen = if (from..to).contains(&at) { to - at } else { Duration::ZERO };
    frozen + Duration::from_millis(1)
}

/// With a freeze of S seconds in a window of D seconds under a constant rate, what is due during the freeze waits
/// uniformly up to S: the q-th quantile is max(b, S - (1 - q) D), the mean b + S^2 / 2D.
#[test]
fn the_percentiles_of_a_frozen_server_are_those_of_the_formula() {
    let (b, s, d) = (0.001, 2.0, 30.0);
    for (limit, service_p99) in [(10_000, 1.7), (50, 0.001)] {
        let script = format!(
            r#"user_class("U").task("t", |user| {{ user.get("/"); }});
               arrivals(#{{ user_class: "U", rate: 200, duration: {d}, max_users: {limit} }});"#
        );
        let played = play(&script, Conditions { service: frozen, ..USUAL });
        let entry = played.entry("/");
        assert_eq!((entry.requests, played.arrivals.dropped), (6000, 0));
        for q in [0.5, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999] {
            let formula = f64::max(b, s - (1.0 - q) * d);
            let measured = entry.times.percentile(q).expect("samples").as_secs_f64();
            assert!((measured / formula - 1.0).abs() < 0.03, "p{q} of {limit}: {measured}, not {formula}");
        }
        let (mean, wanted) = (entry.times.average_ms().expect("samples") / 1000.0, b + s * s / (2.0 * d));
        assert!((mean / wanted - 1.0).abs() < 0.03, "mean of {limit}: {mean}, not {wanted}");
        // With few users the service time sees the freeze only as often as there are users to meet it.
        let service = entry.service_times().percentile(0.99).expect("samples").as_secs_f64();
        assert!((service / service_p99 - 1.0).abs() < 0.03, "service p99 of {limit}: {service}");
    }
}
