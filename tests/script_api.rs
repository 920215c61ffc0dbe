//! The script API against the demo server: requests, options, responses, verdicts, state, libraries.
//!
//! Each script asserts for itself and throws; a run with an exception exits with 1.

mod support;

use katydid::demo::DemoServer;
use support::{Finished, Katydid};

/// Runs the statements as the only task of one user, once.
fn once(statements: &str) -> Finished {
    Katydid::run_script(&script(statements)).args(["--host", "demo", "-i", "1", "--csv", "r"]).run()
}

fn script(statements: &str) -> String {
    format!(
        r#"
        import "std/auth" as auth;
        fn same(what, got, wanted) {{
            if got != wanted {{ throw `${{what}}: got ${{got}}, wanted ${{wanted}}`; }}
        }}
        user_class("U").task("task", |user| {{ {statements} }});
        "#
    )
}

#[test]
fn every_method_reaches_the_server_with_its_body() {
    once(
        r#"
        for method in ["post", "put", "patch", "delete"] {
            let echo = user.request(method, "/echo", #{ json: #{ a: 1, b: [true, (), 2.5, "x"] } }).json();
            same("method", echo.method, method.to_upper());
            same("body", echo.body, `{"a":1,"b":[true,null,2.5,"x"]}`);
            same("type", echo.headers["content-type"], "application/json");
        }
        same("get", user.get("/echo").json().method, "GET");
        same("post", user.post("/echo", #{ body: "plain" }).json().body, "plain");
        same("put", user.put("/echo").json().method, "PUT");
        same("patch", user.patch("/echo").json().method, "PATCH");
        same("delete", user.delete("/echo").json().method, "DELETE");
        same("head", user.head("/items/1").text(), "");
        same("options", user.options("/items/1").ok, true);
        "#,
    )
    .exits(0);
}

#[test]
fn options_shape_the_request_and_its_name() {
    let finished = once(
        r#"
        let asked = user.get("/echo", #{ params: #{ q: "a b&c", many: [1, 2], none: () } });
        same("query", asked.url, user.host + "/echo?many=1&many=2&q=a+b%26c");
        same("as received", asked.json().query.q, "a b&c");
        let pairs = user.get("/echo?x=1", #{ params: [["z", 1], ["a", true]] });
        same("pairs in order", pairs.url, user.host + "/echo?x=1&z=1&a=true");
        let form = user.post("/echo", #{ form: #{ user: "Ä", n: 1 } }).json();
        same("form", form.body, "n=1&user=%C3%84");
        same("form type", form.headers["content-type"], "application/x-www-form-urlencoded");
        let blob = blob(2, 65);
        same("blob", user.post("/echo", #{ body: blob }).json().body, "AA");
        let headed = user.get("/echo", #{ headers: #{ "X-One": 1, "X-Two": ["a", "b"] } }).json();
        same("header", headed.headers["x-one"], "1");
        same("path", user.get("/items/{id}", #{ path: #{ id: 7 } }).json().id, 7);
        let escaped = user.get("/status/{x}", #{ path: #{ x: "a/b c" } });
        same("escaped", escaped.url, user.host + "/status/a%2Fb%20c");
        escaped.success();
        same("bearer", user.get("/echo", #{ auth: bearer("t") }).json().headers.authorization, "Bearer t");
        same("token", user.get("/echo", #{ auth: "t" }).json().headers.authorization, "Bearer t");
        same("basic", user.get("/echo", #{ auth: basic("u", "p") }).json().headers.authorization, "Basic dTpw");
        user.headers["x-session"] = "s";
        same("session", user.get("/echo").json().headers["x-session"], "s");
        same("over session", user.get("/echo", #{ headers: #{ "X-Session": "r" } }).json().headers["x-session"], "r");
        user.get("/items/3", #{ name: "named" });
        let renamed = user.get("/items/4");
        renamed.name = "renamed";
        same("unit is not given", user.get("/items/5", #{ name: (), timeout: () }).status, 200);
        "#,
    )
    .exits(0);
    let rows = finished.csv("r");
    let names: Vec<_> = rows.keys().map(|(_, name)| name.as_str()).collect();
    for name in ["named", "renamed", "/items/{id}", "/echo?x=1&z=1&a=true", "/items/5"] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    assert!(!names.contains(&"/items/4"), "{names:?}");
}

#[test]
fn a_response_tells_everything() {
    once(
        r#"
        let resp = user.get("/items/7");
        same("status", resp.status, 200);
        same("ok", resp.ok, true);
        same("reason", resp.reason, "OK");
        same("header", resp.headers["Content-Type"], "application/json");
        same("header as property", resp.headers.nothing, ());
        same("json", resp.json().id, 7);
        same("js", resp.js.id, 7);
        same("text", resp.text().len, resp.size);
        same("bytes", resp.bytes().len, resp.size);
        same("error", resp.error, ());
        same("name", resp.name, "/items/7");
        same("history", resp.history.len, 0);
        if resp.elapsed_ms <= 0.0 { throw "no time"; }
        let t = resp.timings;
        let sum = t.dns + t.connect + t.tls + t.send + t.wait + t.receive;
        if (sum - resp.elapsed_ms).abs() > 0.01 { throw `${sum} is not ${resp.elapsed_ms}`; }
        let redirected = user.get("/redirect/2");
        same("redirects", redirected.history.len, 2);
        let kept = user.get("/redirect/2", #{ allow_redirects: false });
        same("redirect", kept.status / 100, 3);
        same("gzip", user.get("/gzip").text().len > 0, true);
        user.get("/cookies/set?taste=sweet");
        same("cookie", user.cookies.taste, "sweet");
        user.cookies = #{};
        same("no cookie", user.cookies.taste, ());
        let none = user.get("http://127.0.0.1:1/");
        same("refused", none.status, 0);
        same("why", none.error, "connection refused");
        same("not ok", none.ok, false);
        same("empty js", none.js.x, ());
        none.success();
        "#,
    )
    .exits(0);
}

#[test]
fn the_last_word_counts_until_the_task_ends() {
    let finished = once(
        r#"
        let a = user.get("/status/500", #{ name: "failed then forgiven" }); a.failure("no"); a.success();
        let b = user.get("/items/1", #{ name: "passed then failed" }); b.success(); b.failure("late");
        user.kept = user.get("/status/404", #{ name: "kept" });
        user.get("/items/1", #{ name: "dropped" });
        "#,
    )
    .exits(1);
    let rows = finished.csv("r");
    let failed = |name: &str| rows[&("GET".to_owned(), name.to_owned())]["Failure Count"].clone();
    assert_eq!(
        ["failed then forgiven", "passed then failed", "kept", "dropped"].map(failed),
        ["0", "1", "1", "0"]
    );
}

#[test]
fn a_timeout_is_a_failure_of_the_request() {
    let finished = once(
        r#"
        let resp = user.get("/delay/60000", #{ name: "/slow", timeout: "50ms" });
        same("status", resp.status, 0);
        same("error", resp.error, "timed out");
        "#,
    )
    .exits(1);
    assert!(finished.written("r_failures.csv").contains("timed out"));
}

#[test]
fn a_login_gives_a_token_that_opens_the_private_route() {
    once(
        r#"
        same("closed", user.get("/private").status, 401);
        user.get("/private").success();
        let token = auth::login(user, "/login", #{ email: fake::email(), password: "secret" });
        same("open", user.get("/private", #{ auth: token }).status, 200);
        let refused = false;
        try { auth::login(user, "/login", #{ email: "a@b.c", password: "wrong" }); } catch { refused = true; }
        same("refused", refused, true);
        "#,
    )
    .exits(1); // the two closed doors and the refused login are failures, and said to be
}

#[test]
fn data_rows_come_from_files_beside_the_script() {
    let server = DemoServer::start(0).expect("a port");
    Katydid::run_script(
        r#"
        const ROWS = data::csv("people.csv");
        user_class("U").task("t", |user| {
            let rows = data::csv("people.csv");
            let row = rows.next();
            let any = rows.random();
            if row.name == () || any.age == () { throw "no row"; }
            user.get(`/items/${row.id}`, #{ name: row.name });
        });
        "#,
    )
    .file("people.csv", "id,name,age\n1,Ann,30\n2,Bob,40\n")
    .args(["-i", "10", "-u", "2", "-r", "10", "--csv", "r", "--shards", "2"])
    .against(&server)
    .run()
    .exits(0);
    let ledger = server.ledger();
    assert_eq!(ledger.routes["GET /items/{id}"], 10);
}

#[test]
fn a_library_declares_task_sets_and_lends_its_functions() {
    let server = DemoServer::start(0).expect("a port");
    let finished = Katydid::run_script(
        r#"
        import "tasks/shop" as shop;
        user_class("U").task(shop::tasks).task(shop::browse, 3);
        "#,
    )
    .file(
        "lib/tasks/shop.rhai",
        r#"
        const ITEM = "/items/1";
        fn browse(user) { user.get(global::ITEM, #{ name: "browse" }); }
        export let tasks = task_set("Shop").task("buy", |user| { user.get(global::ITEM, #{ name: "buy" }); }).stop();
        "#,
    )
    .args(["-I", "lib", "-i", "60", "--csv", "r", "--seed", "1"])
    .against(&server)
    .run()
    .exits(0);
    let rows = finished.csv("r");
    assert!(rows.contains_key(&("GET".to_owned(), "browse".to_owned())), "{rows:?}");
    assert!(rows.contains_key(&("GET".to_owned(), "buy".to_owned())), "{rows:?}");
}

#[test]
fn a_runaway_task_ends_and_its_neighbours_go_on() {
    let server = DemoServer::start(0).expect("a port");
    let finished = Katydid::run_script(
        r#"
        fn deep(n) { [n].map(|x| deep(x + 1)) }
        user_class("Deep").fixed_count(1).wait_time(constant(0.1)).task("deep", |user| { deep(0); });
        user_class("Endless").fixed_count(1).wait_time(constant(0.1)).task("endless", |user| { loop { } });
        user_class("Huge").fixed_count(1).wait_time(constant(0.1)).task("huge", |user| { let s = "x"; loop { s += s; } });
        user_class("Good").fixed_count(1).wait_time(constant(0.05)).task("good", |user| { user.get("/items/1"); });
        "#,
    )
    .args(["-u", "4", "-r", "100", "-t", "3s", "--shards", "1", "--csv", "r", "--max-operations", "500000", "--max-string-size", "1000000"])
    .against(&server)
    .run()
    .exits(1);
    assert!(server.ledger().total > 5, "the good user went on: {:?}", server.ledger());
    let exceptions = finished.written("r_exceptions.csv");
    for text in ["too many calls inside one another", "operations without a wait", "over the limit"] {
        assert!(exceptions.contains(text), "{text}: {exceptions}");
    }
    for line in exceptions.lines().skip(1) {
        assert!(["2", "4", "5"].iter().any(|number| line.contains(&format!("main.rhai:{number}"))), "{line}");
    }
}
