//! `on(event, f)`: when hooks run, what they are told, and what comes of those that fail.

mod support;

use katydid::demo::DemoServer;
use support::{Katydid, mistake};

/// A run with this script against a demo server of its own.
fn run(script: &str, args: &[&str]) -> (support::Finished, DemoServer) {
    let server = DemoServer::start(0).expect("a port");
    let finished =
        Katydid::run_script(script).against(&server).args(["--only-summary"]).args(args.to_vec()).run();
    (finished, server)
}

/// The lines that hooks printed: everything before the tables.
fn printed(finished: &support::Finished) -> Vec<&str> {
    finished.stdout.lines().take_while(|line| !line.starts_with("Type ")).collect()
}

#[test]
fn the_hooks_of_a_run_come_in_order_and_once_over_all_shards() {
    let script = r#"
        fn tell(what) { |event| print(what) }
        for name in ["quitting", "init", "test_start", "spawning_complete", "test_stopping", "test_stop"] {
            on(name, tell(`${name} 1`));
            on(name, tell(`${name} 2`));
        }
        user_class("U").wait_time(constant(60)).on_start(|user| { user.get("/items"); }).task("t", |user| {});
    "#;
    let (finished, _) = run(script, &["-u", "4", "-r", "100", "-t", "1s", "--shards", "3"]);
    let finished = finished.exits(0);
    assert_eq!(
        printed(&finished),
        [
            "init 1",
            "init 2",
            "test_start 1",
            "test_start 2",
            "spawning_complete 1",
            "spawning_complete 2",
            "test_stopping 1",
            "test_stopping 2",
            "test_stop 1",
            "test_stop 2",
            "quitting 2",
            "quitting 1",
        ]
    );
}

#[test]
fn set_up_and_tear_down_share_a_user_whose_requests_count() {
    let script = r#"
        on("test_start", |event| {
            let user = event.user;
            user.headers["X-Run"] = "7";
            user.cookies = #{ session: "abc" };
            user.made = user.post("/items", #{ json: #{ name: "Kettle", price: 1.5, stock: 1 } }).json().id;
            sleep(0.3);
            data::store("setup").set("id", user.made);
        });
        on("test_stop", |event| {
            let user = event.user;
            user.delete(`/items/${user.made}`, #{ name: "/items/[id]" });
            let seen = user.get("/echo").json();
            print(`${user.id} [${user.class_name}] ${seen.headers["x-run"]} ${seen.headers.cookie}`);
        });
        user_class("U").task("t", |user| {
            if user.get(`/items/${data::store("setup").get("id")}`, #{ name: "/items/[id]" }).status != 200 {
                throw "it is not there";
            }
        });
    "#;
    let (finished, server) = run(script, &["-i", "3", "--csv", "out"]);
    let finished = finished.exits(0);
    assert_eq!(printed(&finished), ["0 [] 7 session=abc"]);
    let rows = finished.csv("out");
    let count =
        |method: &str, name: &str| rows[&(method.to_owned(), name.to_owned())]["Request Count"].clone();
    assert_eq!(count("POST", "/items"), "1");
    assert_eq!(count("GET", "/items/[id]"), "3");
    assert_eq!(count("DELETE", "/items/[id]"), "1");
    assert_eq!(count("GET", "/echo"), "1");
    assert_eq!(server.ledger().total, 6);
}

#[test]
fn hooks_are_told_of_the_run() {
    let script = r#"
        on("test_start", |event| {
            let it = event.environment;
            print(`${it.users} ${it.spawn_rate} ${it.iterations} ${it.run_time} ${it.seed} ${it.tags} ${it.host.contains("127.0.0.1")}`);
        });
        on("spawning_complete", |event| print(`spawned ${event.user_count}`));
        on("test_stop", |event| { event.user.get("/items"); });
        on("quitting", |event| {
            let s = event.stats;
            print(`${s.requests} ${s.failures} ${s.fail_ratio} ${s.p95 <= s.max} ${s.rps > 0.0} ${event.environment.seed}`);
        });
        user_class("U").tags(["read"]).task("t", |user| {
            user.get("/items");
            user.get("/status/500");
        });
    "#;
    let (finished, _) =
        run(script, &["-i", "4", "-u", "2", "-r", "50", "--seed", "9", "-T", "read", "--shards", "2"]);
    let finished = finished.exits(1);
    assert_eq!(
        printed(&finished),
        ["2 50.0 4  9 [\"read\"] true", "spawned 2", "9 4 0.4444444444444444 true true 9"]
    );
}

#[test]
fn a_request_hook_is_told_what_locust_tells() {
    let script = r#"
        on("request", |event| {
            let fields = event.keys();
            fields.sort();
            print(`${event.request_type} ${event.name} ${event.response.status} ${event.response_length} ${event.context} ${event.exception ?? "-"}`);
            print(`${event.response_time >= 0.0} ${event.start_time > 1.5e9} ${event.url.ends_with("x=1") || event.url.contains("/status/")} ${event.user.id}`);
            print(fields);
        });
        user_class("U").task("t", |user| {
            user.get("/items", #{ params: #{ x: 1 }, name: "list", context: #{ step: 4 } });
            user.get("/status/500").failure("no good");
        });
    "#;
    let (finished, _) = run(script, &["-i", "1"]);
    let finished = finished.exits(1);
    let mut lines = printed(&finished);
    lines.sort_unstable();
    let fields = r#"["context", "exception", "name", "request_type", "response", "response_length", "response_time", "start_time", "tags", "url", "user"]"#;
    assert_eq!(lines.len(), 6, "{lines:?}");
    assert!(lines[0].starts_with("GET /status/500 500 ") && lines[0].ends_with("#{} no good"), "{lines:?}");
    assert!(lines[1].starts_with("GET list 200 ") && lines[1].ends_with("#{\"step\": 4} -"), "{lines:?}");
    assert_eq!(&lines[2..4], [fields, fields]);
    assert_eq!(&lines[4..], ["true true true 1", "true true true 1"]);
}

#[test]
fn request_hooks_hear_of_every_request_but_their_own() {
    let script = r#"
        on("request", |event| {
            data::counter("heard").next();
            let user = event.user;
            user.heard = (user.heard ?? 0) + 1;
            user.get("/items", #{ name: "from the hook" });
        });
        on("test_start", |event| { event.user.get("/items", #{ name: "set-up" }); });
        on("quitting", |event| print(`heard ${data::counter("heard").next()}`));
        user_class("U").on_stop(|user| { user.get("/items", #{ name: "good bye" }); })
            .task("t", |user| { user.last = user.get("/items"); user.get("/missing").success(); });
    "#;
    let (finished, server) =
        run(script, &["-i", "5", "-u", "2", "-r", "50", "--shards", "2", "--csv", "out"]);
    let finished = finished.exits(0);
    // One of the set-up, two of each of five tasks, one good-bye of each of two users.
    assert_eq!(printed(&finished), ["heard 13"]);
    let rows = finished.csv("out");
    let count = |name: &str| rows[&("GET".to_owned(), name.to_owned())]["Request Count"].clone();
    assert_eq!(
        (count("from the hook"), count("set-up"), count("good bye")),
        ("13".into(), "1".into(), "2".into())
    );
    assert_eq!(server.ledger().total, 26);
}

#[test]
fn hooks_hear_of_everything_that_counts_and_are_no_part_of_it() {
    let script = r#"
        on("request", |event| {
            print(`${event.request_type} ${event.name} ${event.response == ()} ${event.response_length}`);
            sleep(0.3);
            event.user.get("/items", #{ name: "from the hook" });
        });
        user_class("U").task("t", |user| {
            user.transaction("shop", |user| {
                user.get("/items", #{ name: "one" }).success();
                user.get("/items", #{ name: "two" }).success();
            });
            user.timed("BLOCK", "quick", |user| {
                user.get("/items", #{ name: "three" }).success();
                user.get("/items", #{ name: "four" }).success();
            });
            user.record("MQ", "publish", #{ time_ms: 1.5, length: 7 });
        });
    "#;
    let (finished, _) = run(script, &["-i", "1", "--csv", "out"]);
    let finished = finished.exits(0);
    let told: Vec<_> = printed(&finished).into_iter().filter(|line| !line.starts_with("GET")).collect();
    let size = &finished.csv("out")[&("TX".to_owned(), "shop".to_owned())]["Average Content Size"];
    let size: f64 = size.parse().expect("a number");
    assert_eq!(told, [&format!("TX shop true {size}") as &str, "BLOCK quick true 0", "MQ publish true 7"]);
    let names = ["one", "two", "three", "four"].map(|name| format!("GET {name} false "));
    assert!(names.iter().all(|name| finished.stdout.contains(name.as_str())), "{}", finished.stdout);
    let rows = finished.csv("out");
    let cell = |kind: &str, name: &str, cell: &str| rows[&(kind.to_owned(), name.to_owned())][cell].clone();
    assert_eq!(cell("GET", "from the hook", "Request Count"), "7");
    // Each hook takes 300 ms, which are in neither.
    for (kind, name) in [("TX", "shop"), ("BLOCK", "quick")] {
        let time: f64 = cell(kind, name, "Max Response Time").parse().expect("a number");
        assert!(time < 300.0, "{kind} {time}");
    }
    let one: f64 = cell("GET", "one", "Average Content Size").parse().expect("a number");
    assert_eq!(size, 2.0 * one, "the hook's requests are not in the transaction");
}

#[test]
fn a_request_that_falls_when_its_task_was_cut_off_is_told_too() {
    let script = r#"
        on("request", |event| { sleep(0.05); print(`told ${event.name}`); });
        user_class("U").task("t", |user| { let held = user.get("/items"); sleep(600); held.success(); });
    "#;
    let (finished, _) = run(script, &["-t", "1s", "-s", "0"]);
    assert_eq!(printed(&finished.exits(0)), ["told /items"]);
}

#[test]
fn user_errors_are_told_with_their_line() {
    let script = r#"
        on("user_error", |event| {
            let place = event.traceback.split("\n")[1];
            print(`${event.task}: ${event.exception} ${place} ${event.user.id == event.user_instance.id} ${event.tb == event.traceback}`);
            event.user.get("/items");
        });
        user_class("U").task("broken", |user| { throw "oh"; });
    "#;
    let (finished, server) = run(script, &["-i", "2"]);
    let finished = finished.exits(1);
    assert_eq!(printed(&finished), ["broken: oh  --> main.rhai:7:49 true true"; 2]);
    assert_eq!(server.ledger().total, 2);
}

#[test]
fn a_hook_that_throws_is_shown_and_fails_the_run() {
    let script = r#"
        on("test_start", |event| { event.user.get("/items"); throw "no database"; });
        on("request", |event| { throw "not told"; });
        user_class("U").task("t", |user| { user.get("/items"); });
    "#;
    // What the statistics forget is not forgotten by the exit code.
    let (finished, server) = run(script, &["-i", "2", "--reset-stats"]);
    let finished = finished.exits(1);
    assert!(finished.stderr.contains("a hook of `test_start` failed"), "{}", finished.stderr);
    assert!(finished.stderr.contains(" --> main.rhai:2:"), "{}", finished.stderr);
    assert!(finished.stdout.contains("not told at main.rhai:3 in on(request)"), "{}", finished.stdout);
    assert_eq!(server.ledger().total, 3);
}

#[test]
fn an_init_that_throws_starts_nothing() {
    let script = r#"
        on("init", |event| { throw "no licence"; });
        on("test_start", |event| print("never"));
        on("quitting", |event| print("quitting"));
        user_class("U").task("t", |user| { user.get("/items"); });
    "#;
    let (finished, server) = run(script, &["-i", "2"]);
    let finished = finished.exits(1);
    assert_eq!(printed(&finished), ["quitting"]);
    assert!(finished.stdout.contains("no licence at main.rhai:2 in on(init)"), "{}", finished.stdout);
    assert_eq!(server.ledger().total, 0);
}

#[test]
fn a_hook_can_end_the_run() {
    let users = r#"user_class("U").wait_time(constant(0.01)).task("t", |user| { user.get("/items"); });"#;
    let start = format!(
        r#"on("test_start", |event| stop_test("not today")); on("test_stop", |e| print("stopped")); {users}"#
    );
    let (finished, server) = run(&start, &[]);
    let finished = finished.exits(0);
    assert!(finished.stderr.contains("a script stopped the test: not today"), "{}", finished.stderr);
    assert_eq!((server.ledger().total, printed(&finished)), (0, vec!["stopped"]));
    for event in ["spawning_complete", "request"] {
        let script = format!(r#"on("{event}", |event| stop_test("seen enough")); {users}"#);
        let (finished, _) = run(&script, &[]);
        assert!(finished.exits(0).stderr.contains("a script stopped the test: seen enough"), "{event}");
    }
}

#[test]
fn a_hook_leaves_no_task() {
    let script = r#"
        on("request", |event| event.user.stop());
        on("test_stop", |event| event.user.interrupt());
        user_class("U").task("t", |user| { user.get("/items"); });
    "#;
    let (finished, server) = run(script, &["-i", "2"]);
    let finished = finished.exits(1);
    let text = &finished.stdout;
    assert!(text.contains("user.stop() leaves a task, and a hook of `request` is in none"), "{text}");
    assert!(text.contains("user.interrupt() leaves a task, and a hook of `test_stop` is in none"), "{text}");
    assert_eq!(server.ledger().total, 2);
}

#[test]
fn quitting_chooses_the_exit_code() {
    let script = |task: &str, hook: &str| {
        format!(r#"on("quitting", |event| {{ {hook} }}); user_class("U").task("t", |user| {{ {task} }});"#)
    };
    let judge = r#"if event.stats.fail_ratio > 0.4 { 7 } else { 0 }"#;
    run(&script(r#"user.get("/items");"#, judge), &["-i", "2"]).0.exits(0);
    run(&script(r#"user.get("/status/500");"#, judge), &["-i", "2"]).0.exits(7);
    run(&script(r#"user.get("/status/500"); user.get("/items"); user.get("/items");"#, judge), &["-i", "2"])
        .0
        .exits(0);
    let (finished, _) = run(&script(r#"user.get("/items");"#, "300"), &["-i", "1"]);
    let finished = finished.exits(1);
    assert!(finished.stdout.contains("returns an exit code from 0 to 255"), "{}", finished.stdout);
}

#[test]
fn a_hook_that_does_not_end_is_cut_off_with_the_run() {
    let script = r#"
        on("spawning_complete", |event| sleep(600));
        on("request", |event| sleep(600));
        user_class("U").task("t", |user| { user.get("/items"); });
    "#;
    let begun = std::time::Instant::now();
    let (finished, _) = run(script, &["-t", "1s", "-s", "1"]);
    finished.exits(0);
    assert!(begun.elapsed() < std::time::Duration::from_secs(60));
}

#[test]
fn the_hooks_of_a_run_draw_from_streams_of_their_own() {
    let users = r#"user_class("U").task("t", |user| { log::warn(`drew ${random::int(1, 1000000)}`); });"#;
    let hook = r#"on("test_start", |event| { for i in 0..9 { random::int(1, 6); } }); "#;
    let drawn = |script: &str| {
        let (finished, _) = run(script, &["-i", "3", "--seed", "5"]);
        let finished = finished.exits(0);
        let lines =
            finished.stderr.lines().filter_map(|line| line.split_once("drew ").map(|(_, n)| n.to_owned()));
        lines.collect::<Vec<_>>()
    };
    let plain = drawn(users);
    assert_eq!(plain.len(), 3);
    assert_eq!(drawn(&format!("{hook}{users}")), plain);
}

#[test]
fn mistakes_are_found_before_anything_is_sent() {
    let users = r#"user_class("U").task("t", |user| { user.get("/items"); });"#;
    insta::assert_snapshot!(mistake(&[("main.rhai", &format!("on(\"test_strat\", |event| print(1));\n{users}"))]), @r#"
    error: there is no event `test_strat`; did you mean `test_start`?
     --> main.rhai:1:1
      |
    1 | on("test_strat", |event| print(1));
      | ^^
    "#);
    insta::assert_snapshot!(mistake(&[("main.rhai", &format!("on(\"init\", |a, b| print(1));\n{users}"))]), @r#"
    error: this closure takes 2 parameters, but gets only `event`
     --> main.rhai:1:1
      |
    1 | on("init", |a, b| print(1));
      | ^^
      = help: write it as `|event| ..`
    "#);
    insta::assert_snapshot!(mistake(&[("main.rhai", &format!("on(\"init\", 7);\n{users}"))]), @r#"
    error: a hook must be a function, not an integer
     --> main.rhai:1:1
      |
    1 | on("init", 7);
      | ^^
    "#);
}
