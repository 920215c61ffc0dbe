//! `user.batch`: requests at the same time, answered in the order given.

mod support;

use katydid::demo::DemoServer;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use support::{Finished, Katydid, mistake, until_arrived};

/// Runs the statements as the only task of one user, once.
fn once(statements: &str) -> Finished {
    Katydid::run_script(&script(statements)).args(["--host", "demo", "-i", "1", "--csv", "r"]).run()
}

fn script(statements: &str) -> String {
    format!(
        r#"
        fn same(what, got, wanted) {{
            if got != wanted {{ throw `${{what}}: got ${{got}}, wanted ${{wanted}}`; }}
        }}
        user_class("U").task("task", |user| {{ {statements} }});
        "#
    )
}

#[test]
fn responses_come_in_the_order_given_whatever_the_options() {
    let finished = once(
        r#"
        let answers = user.batch([
            #{ url: "/delay/60", name: "slow" },
            "/items/1",
            #{ method: "POST", url: "/echo", json: #{ a: 1 }, headers: #{ "X-One": 1 } },
            #{ method: "put", url: "/echo", body: "text" },
            #{ url: "/items/{id}", path: #{ id: 7 } },
            #{ url: "/echo", params: #{ q: "x" }, name: (), method: () },
        ]);
        same("count", answers.len, 6);
        same("slow", answers[0].json().delay_ms, 60);
        same("plain url", answers[1].json().id, 1);
        same("json", answers[2].json().body, `{"a":1}`);
        same("header", answers[2].json().headers["x-one"], "1");
        same("method", answers[3].json().method, "PUT");
        same("path", answers[4].json().id, 7);
        same("path is the name", answers[4].name, "/items/{id}");
        same("params", answers[5].json().query.q, "x");
        same("nothing", user.batch([]), []);
        for answer in answers { same("ok", answer.ok, true); }
        "#,
    )
    .exits(0);
    let rows = finished.csv("r");
    let row = |kind: &str, name: &str| rows[&(kind.to_owned(), name.to_owned())]["Request Count"].clone();
    assert_eq!(row("GET", "slow"), "1");
    assert_eq!(row("POST", "/echo"), "1");
    assert_eq!(row("", "Aggregated"), "6");
}

#[test]
fn each_of_a_batch_has_its_own_verdict() {
    let finished = once(
        r#"
        let answers = user.batch(["/status/500", "/status/404", "/items/1", "http://127.0.0.1:1/", "/items/2"]);
        answers[1].success();
        answers[2].failure("wrong");
        same("refused", answers[3].error, "connection refused");
        user.kept = answers[4];
        "#,
    )
    .exits(1);
    let failures = finished.written("r_failures.csv");
    for (text, there) in [
        ("GET,/status/500,500 Internal Server Error,1", true),
        ("GET,/items/1,wrong,1", true),
        ("connection refused", true),
        ("/status/404", false),
        ("/items/2", false),
    ] {
        assert_eq!(failures.contains(text), there, "{text}\n{failures}");
    }
}

#[test]
fn a_mistake_in_one_request_sends_none() {
    let server = DemoServer::start(0).expect("a port");
    let finished = Katydid::run_script(&script(
        r#"
        let errors = [];
        let broken = #{ url: "/", jsn: 1 };
        for list in [
            ["/items/1", 7],
            ["/items/1", #{ method: "GET" }],
            ["/items/1", #{ url: "/items/2", method: "NO METHOD" }],
            ["/items/1", #{ url: 5 }],
            ["/items/1", #{ url: "/{a}", path: #{} }],
            ["/items/1", broken],
        ] { try { user.batch(list); } catch (error) { errors.push(error); } }
        for error in errors { print(error); }
        same("all refused", errors.len, 6);
        "#,
    ))
    .args(["-i", "1"])
    .against(&server)
    .run()
    .exits(0);
    for text in [
        "request 2 of the batch: it must be a url or a map, not an integer",
        "request 2 of the batch: it has no `url`",
        "request 2 of the batch: `NO METHOD` is not an HTTP method",
        "request 2 of the batch: `url` must be a string, not an integer",
        "request 2 of the batch: `path` has no value for `{a}` of `/{a}`",
        "request 2 of the batch: unknown option `jsn`; did you mean `json`?",
    ] {
        assert!(finished.stderr.contains(text), "{text}\n{}", finished.stderr);
    }
    assert_eq!(server.ledger().total, 0);
}

#[test]
fn an_unknown_key_is_found_before_anything_is_sent() {
    insta::assert_snapshot!(mistake(&[("main.rhai", r#"
user_class("U").task("t", |user| {
    user.batch(["/a", #{ url: "/b", tiemout: 1 }]);
});
"#)]), @r#"
    error: unknown request option `tiemout`
     --> main.rhai:3:37
      |
    3 |     user.batch(["/a", #{ url: "/b", tiemout: 1 }]);
      |                                     ^^^^^^^
      = help: did you mean `timeout`?
    "#);
}

#[test]
fn a_relative_url_needs_a_host() {
    for entry in [r#""/items""#, r##"#{ method: "GET", url: "/items" }"##] {
        let script = format!(r#"user_class("U").task("t", |user| {{ user.batch([{entry}]); }});"#);
        let said =
            Katydid::new(["run", "main.rhai", "-t", "1s"]).file("main.rhai", &script).run().exits(2).stderr;
        assert!(said.contains("main.rhai:1:"), "{said}");
    }
}

#[test]
fn a_transaction_counts_the_wall_clock_of_a_batch() {
    let finished = once(
        r#"
        user.transaction("page", |user| {
            user.batch([#{ url: "/delay/200", name: "a" }, #{ url: "/delay/200", name: "b" }, #{ url: "/bytes/7", name: "c" }]);
        });
        "#,
    )
    .exits(0);
    let rows = finished.csv("r");
    let cell = |kind: &str, name: &str, column: &str| {
        rows[&(kind.to_owned(), name.to_owned())][column].parse::<f64>().expect("a number")
    };
    let (page, a, b) = (
        cell("TX", "page", "Max Response Time"),
        cell("GET", "a", "Max Response Time"),
        cell("GET", "b", "Max Response Time"),
    );
    assert!(page >= a.max(b) && page < a + b, "{page} {a} {b}");
    let bytes = ["a", "b", "c"].map(|name| cell("GET", name, "Average Content Size")).iter().sum::<f64>();
    assert!((cell("TX", "page", "Average Content Size") - bytes).abs() < 0.001);
}

/// A server that holds every answer back until so many requests are there.
struct Gate {
    port: u16,
    connections: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Gate {
    fn holding(count: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let gate = Self { port, connections: Arc::default(), most: Arc::default() };
        let (connections, most) = (gate.connections.clone(), gate.most.clone());
        let waiting = Arc::new((Mutex::new((0, 0)), Condvar::new()));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                connections.fetch_add(1, Ordering::SeqCst);
                let (waiting, most) = (waiting.clone(), most.clone());
                std::thread::spawn(move || {
                    while read_head(&mut stream) {
                        let (lock, changed) = &*waiting;
                        let mut state = lock.lock().expect("not poisoned");
                        let round = state.1;
                        state.0 += 1;
                        most.fetch_max(state.0, Ordering::SeqCst);
                        if state.0 == count {
                            *state = (0, round + 1);
                            changed.notify_all();
                        }
                        while state.1 == round {
                            state = changed.wait(state).expect("not poisoned");
                        }
                        drop(state);
                        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi");
                    }
                });
            }
        });
        gate
    }
}

fn read_head(stream: &mut impl Read) -> bool {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return false,
        }
    }
    true
}

/// The server answers only when six requests are there, and of twelve it never sees a seventh before.
#[test]
fn six_are_on_their_way_to_one_host_and_their_connections_are_kept() {
    let gate = Gate::holding(6);
    let finished = Katydid::run_script(
        r#"
        user_class("U").task("t", |user| {
            let urls = [];
            for n in 0..12 { urls.push(`/${n}`); }
            user.batch(urls);
            user.batch(urls);
        });
        "#,
    )
    .args(["-i", "1", "--csv", "r", "--host"])
    .args([format!("http://127.0.0.1:{}", gate.port)])
    .run()
    .exits(0);
    assert_eq!(finished.csv("r")[&(String::new(), "Aggregated".to_owned())]["Request Count"], "24");
    assert_eq!(gate.most.load(Ordering::SeqCst), 6);
    assert_eq!(gate.connections.load(Ordering::SeqCst), 6, "they are used again");
}

/// Two hosts do not wait for one another: each answers only when six requests are there.
#[test]
fn every_host_has_its_own_six() {
    let gates = [Gate::holding(6), Gate::holding(6)];
    Katydid::run_script(&format!(
        r#"
        user_class("U").task("t", |user| {{
            let urls = [];
            for port in [{}, {}] {{ for n in 0..6 {{ urls.push(`http://127.0.0.1:${{port}}/${{n}}`); }} }}
            user.batch(urls);
        }});
        "#,
        gates[0].port, gates[1].port
    ))
    .args(["-i", "1"])
    .run()
    .exits(0);
    for gate in gates {
        assert_eq!(gate.most.load(Ordering::SeqCst), 6);
    }
}

/// What was answered counts, what was on its way is cut off, what was queued was never sent.
#[test]
fn a_batch_that_is_cut_off() {
    let server = DemoServer::start(0).expect("a port");
    let running = Katydid::run_script(
        r#"
        user_class("U").task("t", |user| {
            let urls = ["/items/1", "/status/404", "/items/2"];
            for n in 0..10 { urls.push("/delay/60000"); }
            user.batch(urls);
        });
        "#,
    )
    .args(["--stop-timeout", "0", "--csv", "r"])
    .against(&server)
    .start();
    // The last of these were sent when the first three had been answered.
    until_arrived(&server, 9);
    running.signal("INT");
    let finished = running.finish().exits(1);
    let aggregated = &finished.csv("r")[&(String::new(), "Aggregated".to_owned())];
    assert_eq!((&*aggregated["Request Count"], &*aggregated["Failure Count"]), ("3", "1"));
    assert!(finished.stdout.contains("6 requests cut off"), "{}", finished.stdout);
    assert_eq!(server.ledger().routes["GET /delay/{ms}"], 6);
    assert!(finished.stdout.contains("9 requests sent"), "{}", finished.stdout);
}
