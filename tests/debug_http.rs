//! `--debug-http`: requests and answers of the first users, for people.

mod support;

use katydid::demo::DemoServer;
use regex_lite::Regex;
use support::{Finished, Katydid};

/// What was shown, without log lines; what differs from run to run is masked.
fn shown(finished: &Finished, server: &DemoServer) -> String {
    let lines = finished.stderr.lines().filter(|line| !line.starts_with('['));
    let text = lines.collect::<Vec<_>>().join("\n");
    let port = server.url().rsplit(':').next().expect("a port").to_owned();
    let text = text.replace(&format!(":{port}"), ":PORT");
    [
        (r"date: [A-Z][^\n]*", "date: DATE"),
        (r"katydid/[0-9.]+", "katydid/VERSION"),
        (r"[0-9]+\.[0-9]+ ms = [^;]*", "TIME ms = PHASES"),
        (r"[0-9.]+ k?B out, [0-9.]+ k?B in", "N out, N in"),
    ]
    .into_iter()
    .fold(text, |text, (pattern, mask)| {
        Regex::new(pattern).expect("a pattern").replace_all(&text, mask).into_owned()
    })
}

const SCRIPT: &str = r#"user_class("Visitor").wait_time(constant(0)).sequential()
    .task("login", |user| {
        user.post("/login", #{ json: #{ user: "ada", password: "secret" } });
        user.get("/cookies/set", #{ params: #{ theme: "dark", token: "abcdef" }, name: "/set" });
    })
    .task("look", |user| {
        user.get("/redirect/1", #{ headers: #{ "X-Api-Key": "k123456", "X-Shown": "yes" }, auth: "abcdef" });
        user.get("/bytes/1234", #{ name: "/bytes" });
        user.get("/status/404").failure("not there");
        user.get("/status/503", #{ name: "/busy" }).success();
        user.get("http://127.0.0.1:1/", #{ name: "/down" });
    });
"#;

#[test]
fn one_user_is_shown_readably() {
    let server = DemoServer::start(0).expect("a port");
    let finished =
        Katydid::run_script(SCRIPT).against(&server).args(["-i", "2", "--debug-http"]).run().exits(1);
    insta::assert_snapshot!(shown(&finished, &server), @r#"
    ── user 1 ── Visitor/login ─────────────────────────────────────────────────────
    > POST /login HTTP/1.1
    > host: 127.0.0.1:PORT
    > user-agent: katydid/VERSION
    > accept: */*
    > accept-encoding: gzip, deflate, br, zstd
    > content-type: application/json
    > content-length: 34
      {
        "password": "***",
        "user": "ada"
      }
    < HTTP/1.1 200 OK
    < content-type: application/json
    < content-length: 93
    < date: DATE
      {
        "accessToken": "***",
        "token": "***"
      }
      TIME ms = PHASES; N out, N in
    > GET /cookies/set?theme=dark&token=*** HTTP/1.1
    > host: 127.0.0.1:PORT
    > user-agent: katydid/VERSION
    > accept: */*
    > accept-encoding: gzip, deflate, br, zstd
    < HTTP/1.1 200 OK
    < content-type: application/json
    < set-cookie: theme=***; Path=/
    < set-cookie: token=***; Path=/
    < content-length: 41
    < date: DATE
      {
        "set": {
          "theme": "dark",
          "token": "***"
        }
      }
      TIME ms = PHASES; N out, N in
      passed POST /login
      passed GET /set

    ── user 1 ── Visitor/look ──────────────────────────────────────────────────────
    > GET /redirect/1 HTTP/1.1
    > host: 127.0.0.1:PORT
    > user-agent: katydid/VERSION
    > accept: */*
    > accept-encoding: gzip, deflate, br, zstd
    > cookie: theme=***; token=***
    > authorization: Bearer ***
    > x-api-key: ***
    > x-shown: yes
    < HTTP/1.1 302 Found
    < location: /redirect/0
    < content-length: 0
    < date: DATE
    > GET /redirect/0 HTTP/1.1
    > host: 127.0.0.1:PORT
    > user-agent: katydid/VERSION
    > accept: */*
    > accept-encoding: gzip, deflate, br, zstd
    > cookie: theme=***; token=***
    > authorization: Bearer ***
    > x-api-key: ***
    > x-shown: yes
    < HTTP/1.1 200 OK
    < content-type: application/json
    < content-length: 19
    < date: DATE
      {
        "redirected": true
      }
      TIME ms = PHASES; N out, N in
    > GET /bytes/1234 HTTP/1.1
    > host: 127.0.0.1:PORT
    > user-agent: katydid/VERSION
    > accept: */*
    > accept-encoding: gzip, deflate, br, zstd
    > cookie: theme=***; token=***
    < HTTP/1.1 200 OK
    < content-length: 1234
    < date: DATE
      xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
      TIME ms = PHASES; N out, N in
      passed GET /redirect/1
    > GET /status/404 HTTP/1.1
    > host: 127.0.0.1:PORT
    > user-agent: katydid/VERSION
    > accept: */*
    > accept-encoding: gzip, deflate, br, zstd
    > cookie: theme=***; token=***
    < HTTP/1.1 404 Not Found
    < content-type: application/json
    < content-length: 14
    < date: DATE
      {
        "status": 404
      }
      fails, if the script says nothing: 404 Not Found
      TIME ms = PHASES; N out, N in
      failure(..) for GET /status/404 at main.rhai:9:33: not there
      failed GET /status/404: not there
      passed GET /bytes
    > GET /status/503 HTTP/1.1
    > host: 127.0.0.1:PORT
    > user-agent: katydid/VERSION
    > accept: */*
    > accept-encoding: gzip, deflate, br, zstd
    > cookie: theme=***; token=***
    < HTTP/1.1 503 Service Unavailable
    < content-type: application/json
    < content-length: 14
    < date: DATE
      {
        "status": 503
      }
      fails, if the script says nothing: 503 Service Unavailable
      TIME ms = PHASES; N out, N in
      success() for GET /busy
      passed GET /busy
      no answer from http://127.0.0.1:1
      fails, if the script says nothing: connection refused
      TIME ms = PHASES; N out, N in
      failed GET /down: connection refused
    "#);
    assert!(finished.stdout.contains("Aggregated"), "the tables are there as ever");
}

const LOOK: &str = r#"user_class("U").task("look", |user| { user.get("/items/1"); user.stop(); });"#;

#[test]
fn so_many_users_are_shown_and_no_more() {
    let server = DemoServer::start(0).expect("a port");
    for (flags, users) in [
        (["--debug-http", "--shards=2"], 1),
        (["--debug-http=2", "--shards=2"], 2),
        (["--debug-http=9", "--shards=1"], 3),
        (["--debug-http=0", "--shards=1"], 0),
        (["--debug-http=no", "--shards=1"], 0),
    ] {
        let finished = Katydid::run_script(LOOK)
            .against(&server)
            .args(["-u", "3", "-r", "100"])
            .args(flags)
            .run()
            .exits(0);
        let shown = finished.stderr.matches("> GET /items/1 HTTP/1.1").count();
        assert_eq!(shown, users, "{flags:?}\n{}", finished.stderr);
    }
    assert_eq!(server.ledger().total, 15);
}

#[test]
fn a_large_body_is_cut() {
    let server = DemoServer::start(0).expect("a port");
    let script =
        r#"user_class("U").task("t", |user| { user.get("/items", #{ params: #{ limit: 1000 } }); });"#;
    let finished =
        Katydid::run_script(script).against(&server).args(["-i", "1", "--debug-http"]).run().exits(0);
    assert!(finished.stderr.len() < 5000, "{} bytes", finished.stderr.len());
    assert!(finished.stderr.contains("  … "), "{}", finished.stderr);
}
