//! `data::store`, `data::queue`, `data::counter`: one of each name per process, whatever the number of shards.

mod support;

use support::{Finished, Katydid, mistake};

/// A run on three shards whose `quitting` prints what came of it.
fn run(script: &str, args: &[&str]) -> Finished {
    Katydid::run_script(script)
        .args(["--host", "demo", "--only-summary", "--shards", "3"])
        .args(args.to_vec())
        .run()
}

fn first_line(finished: &Finished) -> &str {
    finished.stdout.lines().next().expect("a line")
}

#[test]
fn a_counter_gives_every_number_once() {
    let script = r#"
        user_class("U").task("t", |user| {
            data::store("seen").set(`${data::counter("n").next()}`, true);
            data::store("seen").set(`m${data::counter("m", 100).next()}`, true);
        });
        on("quitting", |event| {
            let seen = data::store("seen");
            print(`${seen.len} ${"0" in seen} ${"59" in seen} ${"60" in seen} ${"m100" in seen} ${"m159" in seen}`);
        });
    "#;
    let finished = run(script, &["-i", "60", "-u", "6", "-r", "100"]).exits(0);
    assert_eq!(first_line(&finished), "120 true true false true true");
}

#[test]
fn a_queue_gives_every_value_once_and_waits_across_shards() {
    // The fourth user, alone on its shard, gives what the other shards wait for.
    let script = r#"
        let jobs = data::queue("jobs");
        user_class("Giver").fixed_count(1).task("give", |user| {
            sleep(0.2);
            for i in 0..30 { jobs.push(#{ number: i }); }
            user.stop();
        });
        user_class("Taker").fixed_count(5).task("take", |user| {
            let job = jobs.pop(20);
            if job == () { throw "nothing came"; }
            data::store("done").set(`${job.number}`, user.id);
            if data::counter("done").next() == 29 { stop_test("all done"); }
        });
        on("quitting", |event| print(`${data::store("done").len} ${data::queue("jobs").len}`));
    "#;
    let finished = run(script, &["-u", "6", "-r", "100", "-t", "60s"]).exits(0);
    assert_eq!(first_line(&finished), "30 0");
    assert!(finished.stderr.contains("a script stopped the test: all done"), "{}", finished.stderr);
}

#[test]
fn a_queue_that_stays_empty_gives_nothing() {
    let script = r#"
        user_class("U").task("t", |user| {
            let q = data::queue("empty");
            data::store("s").set("got", `${q.pop() == ()} ${q.pop(0.05) == ()} ${q.pop("1ms") == ()} ${q.len()}`);
        });
        on("quitting", |event| print(data::store("s").get("got")));
    "#;
    assert_eq!(first_line(&run(script, &["-i", "1"]).exits(0)), "true true true 0");
}

#[test]
fn the_top_level_takes_effect_once() {
    let script = r#"
        let queue = data::queue("ids");
        for id in 0..5 { queue.push(id); }
        const FIRST = queue.pop();
        const NUMBER = data::counter("n").next();
        let store = data::store("s");
        store.set("count", store.get("count", 0) + 1);
        const COUNT = store.get("count");
        const LEN = queue.len;
        fn see(user) {
            data::store("seen").set(`${global::FIRST} ${global::NUMBER} ${global::COUNT} ${global::LEN}`, true);
        }
        user_class("U").task(see);
        on("quitting", |event| {
            let s = data::store("s");
            print(`${data::store("seen").keys()} ${queue.len} ${data::counter("n").next()} ${s.get("count")}`);
        });
    "#;
    let finished = run(script, &["-i", "30", "-u", "6", "-r", "100"]).exits(0);
    assert_eq!(first_line(&finished), r#"["0 0 1 4"] 4 1 1"#);
}

#[test]
fn values_are_copies() {
    let script = r#"
        const STORE = data::store("s");
        fn t(user) {
            let value = #{ list: [1, 2, #{ deep: 'c' }], text: "x", float: 1.5, nothing: () };
            global::STORE.set("v", value);
            value.list.push(9);
            let copy = global::STORE.get("v");
            copy.text = "changed";
            global::STORE.set("seen", `${global::STORE.get("v")}`);
            global::STORE.set("gone", 1);
            let gone = global::STORE.remove("gone");
            global::STORE.set("rest", `${gone} ${global::STORE.get("gone")} ${global::STORE.get("gone", 5)} ${global::STORE.contains("v")}`);
        }
        user_class("U").task(t);
        on("quitting", |event| { let s = data::store("s"); print(s.get("seen")); print(s.get("rest")); });
    "#;
    let finished = run(script, &["-i", "1"]).exits(0);
    let lines: Vec<_> = finished.stdout.lines().take(2).collect();
    assert_eq!(
        lines,
        [r#"#{"float": 1.5, "list": [1, 2, #{"deep": c}], "nothing": (), "text": "x"}"#, "1  5 true"]
    );
}

#[test]
fn what_belongs_to_one_user_cannot_be_handed_on() {
    let script = r#"
        user_class("U").sequential()
            .task("a", |user| { data::store("s").set("user", user); })
            .task("b", |user| { data::queue("q").push([|x| x]); })
            .task("c", |user| { data::store("s").set("r", #{ response: user.get("/items") }); })
            .task("d", |user| { data::counter("c", 1); data::counter("c", 2); });
    "#;
    let finished = run(script, &["-i", "4"]).exits(1);
    for text in [
        "store.set(key, value): a value of type User cannot be shared; share plain data",
        "queue.push(value): a function cannot be shared",
        "store.set(key, value): a value of type Response cannot be shared",
        "the counter `c` starts at 1, not at 2",
    ] {
        assert!(finished.stdout.contains(text), "{text}: {}", finished.stdout);
    }
}

#[test]
fn the_top_level_does_not_wait() {
    let script =
        "data::queue(\"q\").pop(5);\nuser_class(\"U\").task(\"t\", |user| { user.get(\"/items\"); });";
    insta::assert_snapshot!(mistake(&[("main.rhai", script)]), @r#"
    error: queue.pop(seconds) waits; it belongs into a task or a hook
     --> main.rhai:1:18
      |
    1 | data::queue("q").pop(5);
      |                  ^^^
    "#);
}
