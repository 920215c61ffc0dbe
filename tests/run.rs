//! `katydid run`: the main job from end to end, and its numbers against what the server counted.

mod support;

use katydid::demo::DemoServer;
use support::Katydid;

fn quickstart() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/quickstart.rhai"))
        .expect("the script")
}

fn total(text: &str) -> u64 {
    text.parse().expect("a count")
}

#[test]
fn the_quickstart_runs_against_the_built_in_shop() {
    let finished = Katydid::run_script(&quickstart())
        .args(["--host", "demo", "-u", "20", "-r", "20", "-t", "4s", "--seed", "7"])
        .run()
        .exits(0);
    for row in ["/items/[id]", "/login", "/orders", "Aggregated", "Response time percentiles"] {
        assert!(finished.stdout.contains(row), "{row}\n{}", finished.stdout);
    }
}

#[test]
fn the_csv_says_what_the_server_counted() {
    let server = DemoServer::start(0).expect("a port");
    let finished = Katydid::run_script(&quickstart())
        .args(["-u", "30", "-r", "30", "-t", "3s", "--shards", "2", "--csv", "out/result"])
        .against(&server)
        .run()
        .exits(0);
    let rows = finished.csv("out/result");
    let count =
        |method: &str, name: &str| total(&rows[&(method.to_owned(), name.to_owned())]["Request Count"]);
    let ledger = server.ledger();
    assert_eq!(count("", "Aggregated"), ledger.total, "{ledger:?}\n{}", finished.stdout);
    assert_eq!(count("GET", "/items/[id]"), ledger.routes["GET /items/{id}"]);
    assert_eq!(count("POST", "/login"), ledger.routes["POST /login"]);
    assert!(finished.stdout.contains(&format!("wire requests {}", ledger.total)) || ledger.total > 0);
}

#[test]
fn failures_and_exceptions_are_told_apart_and_exit_with_1() {
    let server = DemoServer::start(0).expect("a port");
    let finished = Katydid::run_script(
        r#"
        user_class("U").sequential()
            .task("broken", |user| { user.get("/status/500", #{ name: "/broken" }); })
            .task("refused", |user| { user.get("http://127.0.0.1:1/x", #{ name: "/refused" }); })
            .task("judged", |user| { user.get("/items/7", #{ name: "/judged" }).failure("too cheap"); })
            .task("forgiven", |user| { user.get("/status/404", #{ name: "/forgiven" }).success(); })
            .task("throws", |user| { let r = user.get("/items/7", #{ name: "/thrown" }); throw "no good"; })
            .task("end", |user| user.stop());
        "#,
    )
    .args(["--csv", "r"])
    .against(&server)
    .run()
    .exits(1);
    let failures = finished.written("r_failures.csv");
    for text in ["500 Internal Server Error", "connection refused", "too cheap"] {
        assert!(failures.contains(text), "{failures}");
    }
    let exceptions = finished.written("r_exceptions.csv");
    assert!(exceptions.contains("no good") && exceptions.contains("main.rhai:7"), "{exceptions}");
    let rows = finished.csv("r");
    let failed = |name: &str| total(&rows[&("GET".to_owned(), name.to_owned())]["Failure Count"]);
    assert_eq!(
        ["/broken", "/refused", "/judged", "/forgiven", "/thrown"].map(failed),
        [1, 1, 1, 0, 0],
        "{}",
        finished.stdout
    );
}

#[test]
fn iterations_are_counted_exactly_over_all_shards() {
    for (iterations, shards) in [(1, 2), (37, 1), (500, 2), (501, 3)] {
        let server = DemoServer::start(0).expect("a port");
        Katydid::run_script(r#"user_class("U").task("t", |user| { user.get("/items/1"); });"#)
            .args(["-u", "10", "-r", "100", "-i", &iterations.to_string(), "--shards", &shards.to_string()])
            .against(&server)
            .run()
            .exits(0);
        assert_eq!(server.ledger().total, iterations);
    }
}

#[test]
fn a_run_whose_users_have_all_ended_ends() {
    let server = DemoServer::start(0).expect("a port");
    Katydid::run_script(r#"user_class("U").task("once", |user| { user.get("/items/1"); user.stop(); });"#)
        .args(["-u", "5", "-r", "50"])
        .against(&server)
        .run()
        .exits(0);
    assert_eq!(server.ledger().total, 5);
}

#[test]
fn hooks_run_in_order_and_on_stop_may_send() {
    let finished = Katydid::run_script(
        r#"
        let inner = task_set("Inner")
            .on_start(|user| log::info("inner.on_start"))
            .on_stop(|user| { log::info("inner.on_stop"); user.get("/items/3"); })
            .task("inner task", |user| log::info("inner task"));
        let middle = task_set("Middle")
            .on_start(|user| log::info("middle.on_start"))
            .on_stop(|user| log::info("middle.on_stop"))
            .task(inner);
        user_class("U").wait_time(constant(100))
            .on_start(|user| log::info("user.on_start"))
            .on_stop(|user| log::info("user.on_stop"))
            .task(middle);
        "#,
    )
    .args(["--host", "demo", "-t", "1s"])
    .run()
    .exits(0);
    let order = [
        "user.on_start",
        "middle.on_start",
        "inner.on_start",
        "inner task",
        "inner.on_stop",
        "middle.on_stop",
        "user.on_stop",
    ];
    let said: Vec<_> = order
        .iter()
        .map(|what| finished.stderr.find(what).unwrap_or_else(|| panic!("{what}\n{}", finished.stderr)))
        .collect();
    assert!(said.is_sorted(), "{}", finished.stderr);
    assert!(finished.stdout.contains("/items/3"), "{}", finished.stdout);
}

#[test]
fn users_that_wait_do_not_keep_a_run_whose_iterations_are_done() {
    let server = DemoServer::start(0).expect("a port");
    let begun = std::time::Instant::now();
    Katydid::run_script(
        r#"user_class("U").wait_time(constant(1000)).task("t", |user| { user.get("/items/1"); });"#,
    )
    .args(["-u", "3", "-r", "100", "-i", "3"])
    .against(&server)
    .run()
    .exits(0);
    assert_eq!(server.ledger().total, 3);
    assert!(begun.elapsed().as_secs() < 60);
}

#[test]
fn secrets_of_the_environment_are_in_no_output() {
    let finished = Katydid::run_script(
        r#"
        user_class("U").task("t", |user| {
            let token = env::get("SHOP_TOKEN");
            log::info(`token ${token}`);
            user.get("/items/1").failure(`bad ${token}`);
            throw `thrown ${token}`;
        });
        "#,
    )
    .env("SHOP_TOKEN", "s3cr3t-value")
    .args(["--host", "demo", "-i", "1", "--csv", "r", "-L", "debug"])
    .run()
    .exits(1);
    let files = ["r_failures.csv", "r_exceptions.csv"].map(|name| finished.written(name)).concat();
    for text in [&finished.stdout, &finished.stderr, &files] {
        assert!(!text.contains("s3cr3t-value"), "{text}");
        assert!(text.contains("***"), "{text}");
    }
}
