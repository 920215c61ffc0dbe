//! The open model over the command: what arrives at the server, what the run says of it, and what is refused.

mod support;

use katydid::demo::DemoServer;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use support::{Finished, Katydid, mistake};

/// What the summary says of arrivals.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    due: u64,
    started: u64,
    late: u64,
    dropped: u64,
    unstarted: u64,
}

fn told(finished: &Finished) -> Told {
    let line = finished.stdout.lines().find(|line| line.starts_with("Arrivals: "));
    let line = line.unwrap_or_else(|| panic!("no arrivals:\n{}", finished.stdout));
    let before = |words: &str| {
        let number = line.split(words).next().filter(|before| before.len() < line.len());
        let number = number.and_then(|text| text.rsplit([' ', ',']).next()?.parse().ok());
        number.unwrap_or(0)
    };
    Told {
        due: before(" due,"),
        started: before(" started,"),
        late: before(" of them late"),
        dropped: before(" dropped"),
        unstarted: before(" never started"),
    }
}

fn requests(finished: &Finished, method: &str, name: &str) -> u64 {
    let rows = finished.csv("r");
    rows.get(&(method.to_owned(), name.to_owned()))
        .map_or(0, |row| row["Request Count"].parse().expect("a count"))
}

#[test]
fn every_arrival_of_the_schedule_reaches_the_server() {
    let server = DemoServer::start(0).expect("a port");
    let script = r#"
        user_class("Visitor").task("t", |user| { user.get("/items/1"); });
        arrivals(#{ user_class: "Visitor", rate: 6000, per: "1m", stages: [
            #{ duration: "500ms", rate: 6000 }, #{ duration: 0, rate: 0 }, #{ duration: 0.5, rate: 18000 }] });
    "#;
    let begun = Instant::now();
    let finished =
        Katydid::run_script(script).args(["--csv", "r", "--shards", "2"]).against(&server).run().exits(0);
    // 100 per second for half a second, then from 0 to 300 per second in as long: 50 + 75.
    assert_eq!(server.ledger().total, 125);
    assert_eq!(requests(&finished, "", "Aggregated"), 125);
    let told = told(&finished);
    assert_eq!((told.due, told.started, told.dropped, told.unstarted), (125, 125, 0, 0));
    assert!(finished.stderr.contains("all arrivals done, stopping"), "{}", finished.stderr);
    assert!(begun.elapsed() >= Duration::from_secs(1));
}

#[test]
fn closed_users_run_beside_open_ones_until_the_arrivals_are_done() {
    let server = DemoServer::start(0).expect("a port");
    let script = r#"
        arrivals(#{ user_class: "Visitor", rate: 50, duration: 1 });
        user_class("Clerk").wait_time(constant(0.05)).task("t", |user| { user.get("/items/2", #{ name: `${user.id}` }); });
        user_class("Visitor").task("t", |user| { user.get("/items/1", #{ name: `${user.id > 1000000000}` }); });
    "#;
    let finished = Katydid::run_script(script)
        .args(["-u", "3", "-r", "100", "--csv", "r"])
        .against(&server)
        .run()
        .exits(0);
    assert_eq!(requests(&finished, "GET", "true"), 50, "{}", finished.stdout);
    for user in ["1", "2", "3"] {
        assert!(requests(&finished, "GET", user) > 0, "user {user}\n{}", finished.stdout);
    }
    assert_eq!(requests(&finished, "", "Aggregated"), server.ledger().total);
}

/// Ten arrivals in a second for two users who take 400 ms each.
fn crowded(args: &[&str]) -> (Told, u64) {
    let server = DemoServer::start(0).expect("a port");
    let script = r#"
        user_class("Visitor").task("t", |user| { user.get("/delay/400"); });
        arrivals(#{ user_class: "Visitor", rate: 10, duration: 1, max_users: 2 });
    "#;
    let finished = Katydid::run_script(script).args(args.iter().copied()).against(&server).run().exits(0);
    (told(&finished), server.ledger().total)
}

#[test]
fn an_arrival_without_a_user_waits_or_is_dropped() {
    let (told, seen) = crowded(&[]);
    assert_eq!((told.due, told.started, told.dropped, seen), (10, 10, 0, 10));
    // Two users serve five arrivals per second at most: no machine is quick enough for fewer late ones.
    assert!(told.late >= 4, "{told:?}");
    let (told, seen) = crowded(&["--late", "drop"]);
    assert_eq!((told.due, told.started + told.dropped), (10, 10));
    assert!((4..=8).contains(&told.dropped), "{told:?}");
    assert_eq!(seen, told.started);
    // With more shards than users, only so many shards take part.
    let (told, seen) = crowded(&["--shards", "5"]);
    assert_eq!((told.due, told.started, seen), (10, 10, 10));
}

#[test]
fn start_users_are_there_before_the_first_arrival() {
    let server = DemoServer::start(0).expect("a port");
    let script = r#"
        user_class("Visitor").on_start(|user| { user.get("/delay/300"); }).task("t", |user| { user.get("/items/1"); });
        arrivals(#{ user_class: "Visitor", rate: 1, duration: 1, start_users: 5, max_users: 7 });
    "#;
    let finished =
        Katydid::run_script(script).args(["--shards", "2", "--csv", "r"]).against(&server).run().exits(0);
    assert_eq!(server.ledger().routes["GET /delay/{ms}"], 5);
    assert_eq!(server.ledger().routes["GET /items/{id}"], 1);
    assert!(
        finished.stderr.contains(r#"All users spawned: {"Visitor": 5} (5 total users)"#),
        "{}",
        finished.stderr
    );
    // A response counts from when it was due: one that had waited for an on_start would have taken 300 ms.
    let rows = finished.csv("r");
    let slowest: f64 =
        rows[&("GET".to_owned(), "/items/1".to_owned())]["Max Response Time"].parse().expect("ms");
    assert!(slowest < 300.0, "{slowest}");
}

#[test]
fn a_new_users_on_start_counts_into_the_response_time() {
    let server = DemoServer::start(0).expect("a port");
    let script = r#"
        user_class("Visitor").on_start(|user| { user.get("/delay/300"); })
            .task("t", |user| { user.get("/items/1"); user.get("/items/2"); });
        arrivals(#{ user_class: "Visitor", rate: 1, duration: 1 });
    "#;
    let finished = Katydid::run_script(script).args(["--csv", "r"]).against(&server).run().exits(0);
    let rows = finished.csv("r");
    let time = |name: &str| -> f64 {
        rows[&("GET".to_owned(), name.to_owned())]["Min Response Time"].parse().expect("milliseconds")
    };
    assert!(time("/items/1") >= 300.0, "{}", time("/items/1"));
    assert!(time("/items/2") < time("/items/1"));
    assert_eq!(told(&finished).late, 1);
    let (_, service) =
        finished.stdout.split_once("Service time percentiles").expect("a table of service times");
    assert!(service.contains("/items/1 ") && !service.contains("/items/2 "), "{service}");
}

#[test]
fn run_time_cuts_the_schedule_and_iterations_bound_it() {
    let server = DemoServer::start(0).expect("a port");
    let script = r#"
        user_class("Visitor").task("t", |user| { user.get("/items/1"); });
        arrivals(#{ user_class: "Visitor", rate: 50, duration: "1h" });
    "#;
    let finished =
        Katydid::run_script(script).args(["-t", "1s", "--csv", "r"]).against(&server).run().exits(0);
    let told_of_cut = told(&finished);
    assert!(told_of_cut.due >= 50, "{told_of_cut:?}");
    assert_eq!(told_of_cut.due, told_of_cut.started + told_of_cut.unstarted);
    assert_eq!(requests(&finished, "", "Aggregated"), server.ledger().total);
    assert!(finished.stderr.contains("run time limit reached"), "{}", finished.stderr);

    let server = DemoServer::start(0).expect("a port");
    let finished = Katydid::run_script(script).args(["-i", "20"]).against(&server).run().exits(0);
    assert_eq!((server.ledger().total, told(&finished).started, told(&finished).unstarted), (20, 20, 0));
}

#[test]
fn an_interrupted_run_says_what_was_never_started() {
    let server = DemoServer::start(0).expect("a port");
    let script = r#"
        user_class("Visitor").task("t", |user| { user.get("/delay/60000"); });
        arrivals(#{ user_class: "Visitor", rate: 100, duration: "1h", max_users: 1 });
    "#;
    let running =
        Katydid::run_script(script).args(["--shards", "1", "--stop-timeout", "0"]).against(&server).start();
    while server.ledger().total == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(300));
    running.signal("INT");
    // That everybody waited for one user for so long is not held against the exit code of this test.
    let finished = running.finish();
    let told = told(&finished);
    assert_eq!((told.started, told.unstarted), (1, told.due - 1), "{}", finished.stdout);
    assert!(told.due >= 30, "{told:?}");
    assert!(finished.stdout.contains("1 request cut off"), "{}", finished.stdout);
}

/// How often each drawn value was requested.
fn draws(seed: &str, shards: &str, max_users: u32) -> BTreeMap<String, u64> {
    let server = DemoServer::start(0).expect("a port");
    let script = format!(
        r#"
        fn draw(user, what) {{ user.get("/items/1", #{{ name: `${{what}}-${{random::int(1, 1000000)}}` }}); }}
        user_class("Visitor").task("a", 2, |user| draw(user, "a")).task("b", |user| draw(user, "b"));
        arrivals(#{{ user_class: "Visitor", rate: 100, duration: 0.5, max_users: {max_users}, poisson: true }});
        "#
    );
    let finished = Katydid::run_script(&script)
        .args(["--seed", seed, "--shards", shards, "--csv", "r"])
        .against(&server)
        .run()
        .exits(0);
    let rows = finished.csv("r").into_iter().filter(|((_, name), _)| name != "Aggregated");
    rows.map(|((_, name), row)| (name, row["Request Count"].parse().expect("a count"))).collect()
}

#[test]
fn shards_and_users_do_not_change_what_iterations_do_and_seeds_do() {
    let alone = draws("11", "1", 1);
    assert!(alone.len() > 25, "{alone:?}");
    assert_eq!(alone, draws("11", "3", 100));
    assert_ne!(alone, draws("12", "1", 1));
}

#[test]
fn list_shows_the_course_and_says_what_has_no_share() {
    let script = r#"
        user_class("Visitor").task("t", |user| { user.get("/"); });
        user_class("Clerk").task("t", |user| { user.get("/"); });
        arrivals(#{ user_class: "Visitor", stages: [#{ duration: 30, rate: 2.5 }, #{ duration: "1m", rate: 2.5 }],
            poisson: true, max_users: 40 });
    "#;
    let finished = Katydid::new(["list", "main.rhai"]).file("main.rhai", script).run().exits(0);
    insta::assert_snapshot!(finished.stdout, @r"
    user class Visitor  (arrivals 0/s to 2.5/s in 30s, 2.5/s for 1m with random gaps, at most 40 users)
      task t  (weight 1)
    user class Clerk  (weight 1, no wait)
      task t  (weight 1)

    Task ratio per user class
     100.0 %  Visitor
     100.0 %    t
     100.0 %  Clerk
     100.0 %    t

    Task ratio in total
     100.0 %  Clerk
     100.0 %    t
    (open classes are left out: their share depends on how fast the others are)
    ");
}

#[test]
fn what_has_no_effect_is_a_warning() {
    let script = r#"
let shop = task_set("Shop").wait_time(constant(1)).task("t", |user| { user.get("/"); });
user_class("Visitor").weight(3).wait_time(constant(2)).task(shop);
arrivals(#{ user_class: "Visitor", rate: 5, duration: 0.2 });
"#;
    let finished = Katydid::new(["check", "main.rhai"]).file("main.rhai", script).run().exits(0);
    insta::assert_snapshot!(finished.stderr, @r#"
    warning: users of `Visitor` come by arrivals; its weight or fixed count has no effect
     --> main.rhai:3:1
      |
    3 | user_class("Visitor").weight(3).wait_time(constant(2)).task(shop);
      | ^^^^^^^^^^
      = note: the class is open: arrivals(..) at main.rhai:4:1
      = help: give `max_users` and `start_users` to arrivals(..)

    warning: users of `Visitor` come by arrivals; they do not wait as user class `Visitor` says
     --> main.rhai:3:1
      |
    3 | user_class("Visitor").weight(3).wait_time(constant(2)).task(shop);
      | ^^^^^^^^^^
      = note: the class is open: arrivals(..) at main.rhai:4:1
      = help: only `user.wait()` inside a task uses that wait_time; leave it out if there is none

    warning: users of `Visitor` come by arrivals; they do not wait as task set `Shop` says
     --> main.rhai:2:12
      |
    2 | let shop = task_set("Shop").wait_time(constant(1)).task("t", |user| { user.get("/"); });
      |            ^^^^^^^^
      = note: the class is open: arrivals(..) at main.rhai:4:1
      = help: only `user.wait()` inside a task uses that wait_time; leave it out if there is none
    "#);
    let server = DemoServer::start(0).expect("a port");
    let finished = Katydid::run_script(script).args(["-u", "9", "-i", "1"]).against(&server).run().exits(0);
    assert!(
        finished.stderr.contains("warning: --users has no effect: users come by arrivals only"),
        "{}",
        finished.stderr
    );
}

/// The message for arrivals with these options, of a class `Visitor`.
fn refused(options: &str) -> String {
    let script = format!(
        "user_class(\"Visitor\").task(\"t\", |user| {{ user.get(\"/\"); }});\narrivals({options});\n"
    );
    mistake(&[("main.rhai", &script)])
}

#[test]
fn a_mistake_shows_its_line() {
    insta::assert_snapshot!(refused(r#"#{ user_class: "Visitr", rate: 5, duration: 1 }"#), @r#"
    error: no user class is called `Visitr`
     --> main.rhai:2:1
      |
    2 | arrivals(#{ user_class: "Visitr", rate: 5, duration: 1 });
      | ^^^^^^^^
      = help: did you mean `Visitor`?
    "#);
    insta::assert_snapshot!(refused(r#"#{ user_class: "Visitor", rat: 5, duration: 1 }"#), @r#"
    error: unknown arrivals option `rat`
     --> main.rhai:2:36
      |
    2 | arrivals(#{ user_class: "Visitor", rat: 5, duration: 1 });
      |                                    ^^^
      = help: did you mean `rate`?
    "#);
    insta::assert_snapshot!(
        refused("#{ user_class: \"Visitor\", rate: 5, duration: 1 });\narrivals(#{ user_class: \"Visitor\", rate: 1, duration: 1 }"),
        @r#"
    error: user class `Visitor` has two arrivals(..)
     --> main.rhai:3:1
      |
    3 | arrivals(#{ user_class: "Visitor", rate: 1, duration: 1 });
      | ^^^^^^^^
      = note: the first at main.rhai:2:1
      = help: write its whole course as the `stages` of one
    "#
    );
    insta::assert_snapshot!(
        refused(r#"#{ user_class: "Visitor", stages: [#{ duration: 1, rate: 5 }, #{ duration: 1, rats: 5 }] }"#),
        @r#"
    error: unknown option `rats` of stage 2 of arrivals(..); did you mean `rate`?
     --> main.rhai:2:1
      |
    2 | arrivals(#{ user_class: "Visitor", stages: [#{ duration: 1, rate: 5 }, #{ duration: 1, rats: 5 }] });
      | ^^^^^^^^
    "#
    );
}

#[test]
fn every_option_is_checked() {
    for (options, said) in [
        (
            r#"#{ rate: 5, duration: 1 }"#,
            "arrivals(..) needs `user_class`, the name of the class that arrives",
        ),
        (r#"#{ user_class: 5, rate: 5, duration: 1 }"#, "`user_class` must be a string, not an integer"),
        (r#"#{ user_class: "Visitor", rate: 5 }"#, "arrivals(..) needs `rate` and `duration`, or `stages`"),
        (r#"#{ user_class: "Visitor", rate: -5, duration: 1 }"#, "`rate` must not be negative, but is -5"),
        (r#"#{ user_class: "Visitor", rate: 1e9, duration: 1 }"#, "at most 10000000 can be asked for"),
        (r#"#{ user_class: "Visitor", rate: "5", duration: 1 }"#, "`rate` must be a number, not a string"),
        (r#"#{ user_class: "Visitor", rate: 5, duration: "soon" }"#, "`duration`: "),
        (r#"#{ user_class: "Visitor", rate: 5, duration: 0 }"#, "arrivals(..) brings nobody"),
        (r#"#{ user_class: "Visitor", rate: 0, duration: 5 }"#, "arrivals(..) brings nobody"),
        (r#"#{ user_class: "Visitor", stages: [] }"#, "arrivals(..) brings nobody"),
        (
            r#"#{ user_class: "Visitor", stages: 5 }"#,
            "`stages` must be an array of #{ duration, rate }, not an integer",
        ),
        (r#"#{ user_class: "Visitor", stages: [5] }"#, "stage 1 of arrivals(..) must be a map"),
        (
            r#"#{ user_class: "Visitor", stages: [#{ rate: 5 }] }"#,
            "stage 1 of arrivals(..) needs `duration` and `rate`",
        ),
        (
            r#"#{ user_class: "Visitor", stages: [#{ duration: 1, rate: 5 }], duration: 9 }"#,
            "with `stages`, each has its own",
        ),
        (
            r#"#{ user_class: "Visitor", rate: 5, duration: 1, per: 0 }"#,
            "`per` must be longer than 0 seconds",
        ),
        (
            r#"#{ user_class: "Visitor", rate: 5, duration: 1, poisson: 1 }"#,
            "`poisson` must be true or false, not an integer",
        ),
        (
            r#"#{ user_class: "Visitor", rate: 5, duration: 1, max_users: 0 }"#,
            "`max_users` must be a whole number of at least 1, but is 0",
        ),
        (
            r#"#{ user_class: "Visitor", rate: 5, duration: 1, start_users: 1.5 }"#,
            "`start_users` must be a whole number of at least 0, but is 1.5",
        ),
        (
            r#"#{ user_class: "Visitor", rate: 5, duration: 1, start_users: 9, max_users: 3 }"#,
            "`start_users` is 9, more than `max_users`, 3",
        ),
    ] {
        let message = refused(options);
        assert!(message.contains(said), "{options}\n{message}");
        assert!(message.contains("main.rhai:2:1"), "{message}");
    }
}

#[test]
fn the_class_may_be_given_itself_and_an_option_may_be_unit() {
    let server = DemoServer::start(0).expect("a port");
    let script = r#"
        let visitor = user_class("Visitor").task("t", |user| { user.get("/items/1"); });
        arrivals(#{ user_class: visitor, rate: 10, duration: 0.5, stages: (), max_users: () });
    "#;
    let finished = Katydid::run_script(script).against(&server).run().exits(0);
    assert_eq!((server.ledger().total, told(&finished).due), (5, 5));
}

#[test]
fn arrivals_belong_to_the_top_level() {
    let server = DemoServer::start(0).expect("a port");
    let script = r#"user_class("U").task("t", |user| arrivals(#{ user_class: "U", rate: 1, duration: 1 }));"#;
    let finished = Katydid::run_script(script).args(["-i", "1"]).against(&server).run().exits(1);
    assert!(
        finished.stdout.contains("arrivals(..) declares; it belongs to the top level"),
        "{}",
        finished.stdout
    );
}

#[test]
fn of_a_shape_and_arrivals_the_later_one_ends_the_run() {
    for (shape, schedule, ending) in
        [("500ms", "1500ms", "all arrivals done"), ("3s", "500ms", "the load shape has ended")]
    {
        let server = DemoServer::start(0).expect("a port");
        let script = format!(
            r#"
            user_class("Clerk").wait_time(constant(0.05)).task("t", |user| {{ user.get("/html"); }});
            user_class("Visitor").task("t", |user| {{ user.get("/items/1"); }});
            stages([#{{ duration: "{shape}", users: 2, spawn_rate: 10 }}]);
            arrivals(#{{ user_class: "Visitor", rate: 20, duration: "{schedule}" }});
            "#
        );
        let finished = Katydid::run_script(&script).against(&server).run().exits(0);
        assert!(finished.stderr.contains(ending), "{ending}\n{}", finished.stderr);
        let told = told(&finished);
        assert_eq!((told.due, told.started), (if schedule == "500ms" { 10 } else { 30 }, told.due));
        assert!(server.ledger().routes["GET /html"] > 1, "the shape's users ran too");
    }
}
