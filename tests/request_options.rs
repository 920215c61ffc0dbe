//! What the options of requests and of user classes make of the bytes on the wire.

mod support;

use support::Katydid;
use support::verbatim::{Seen, Verbatim};

/// Runs the script once with one user, and gives what the server saw.
fn sent(script: &str) -> Vec<Seen> {
    let server = Verbatim::start();
    sent_to(&server, script);
    server.seen()
}

fn sent_to(server: &Verbatim, script: &str) -> support::Finished {
    let script = script.replace("SERVER", &server.url());
    Katydid::run_script(&script).args(["--host", &server.url(), "-i", "1", "--csv", "r"]).run().exits(0)
}

fn task(statements: &str) -> String {
    format!("user_class(\"U\").task(\"t\", |user| {{ {statements} }});")
}

#[test]
fn headers_come_in_the_order_given_and_as_often() {
    let seen = sent(&task(
        r#"user.get("/", #{ headers: [
            ["X-B", 1], ["Accept", "text/html"], ["X-A", ["one", "two"]], ["x-b", true], ["X-C", ()], ["X-Ü".sub_string(0, 2) + "D", "ü"],
        ] });"#,
    ));
    insta::assert_snapshot!(seen[0].head, @r"
    GET / HTTP/1.1
    host: HOST
    user-agent: katydid/VERSION
    accept-encoding: gzip, deflate, br, zstd
    x-b: 1
    accept: text/html
    x-a: one
    x-a: two
    x-b: true
    x-d: ü
    ");
}

#[test]
fn the_request_wins_over_the_session_and_that_over_the_class() {
    let seen = sent(
        r#"user_class("U")
            .http(#{ headers: [["X-Class", "class"], ["X-Session", "class"], ["X-Request", "class"], ["User-Agent", ()], ["X-Twice", 1], ["X-Twice", 2]] })
            .task("t", |user| {
                user.get("/class");
                user.headers = #{ "x-session": "session", "X-REQUEST": "session" };
                user.headers["X-Own"] = "session";
                user.get("/session");
                user.get("/request", #{ headers: #{ "x-request": "request", "x-own": (), "X-Class": (), "x-twice": 3 } });
                user.headers = [["X-Z", 1], ["X-A", 2], ["x-z", 3]];
                user.headers.push(["X-Y", 4]);
                user.get("/pairs", #{ headers: #{ "User-Agent": "mine" } });
                user.headers = #{};
                user.get("/class-again");
            });"#,
    );
    let shown: Vec<_> = seen.iter().map(|seen| seen.head.as_str()).collect();
    insta::assert_snapshot!(shown.join("\n"), @r"
    GET /class HTTP/1.1
    host: HOST
    accept: */*
    accept-encoding: gzip, deflate, br, zstd
    x-class: class
    x-session: class
    x-request: class
    x-twice: 1
    x-twice: 2

    GET /session HTTP/1.1
    host: HOST
    accept: */*
    accept-encoding: gzip, deflate, br, zstd
    x-class: class
    x-twice: 1
    x-twice: 2
    x-own: session
    x-request: session
    x-session: session

    GET /request HTTP/1.1
    host: HOST
    accept: */*
    accept-encoding: gzip, deflate, br, zstd
    x-session: session
    x-request: request
    x-twice: 3

    GET /pairs HTTP/1.1
    host: HOST
    accept: */*
    accept-encoding: gzip, deflate, br, zstd
    x-class: class
    x-session: class
    x-request: class
    x-twice: 1
    x-twice: 2
    x-z: 1
    x-a: 2
    x-z: 3
    x-y: 4
    user-agent: mine

    GET /class-again HTTP/1.1
    host: HOST
    accept: */*
    accept-encoding: gzip, deflate, br, zstd
    x-class: class
    x-session: class
    x-request: class
    x-twice: 1
    x-twice: 2
    ");
}

#[test]
fn credentials_of_the_class_may_be_given_in_three_ways() {
    for (auth, expected) in [
        ("\"t\"", "Bearer t"),
        ("bearer(\"t\")", "Bearer t"),
        ("basic(\"ada\", \"pass\")", "Basic YWRhOnBhc3M="),
    ] {
        let seen = sent(&format!(
            r#"user_class("U").http(#{{ auth: {auth} }}).task("t", |user| {{
                user.get("/");
                user.get("/own", #{{ auth: "own" }});
                user.get("/none", #{{ headers: #{{ Authorization: () }} }});
                user.get("/unit", #{{ auth: () }});
            }});"#
        ));
        let values: Vec<_> = seen.iter().map(|seen| seen.values("authorization")).collect();
        assert_eq!(values, [vec![expected], vec!["Bearer own"], vec![], vec![expected]], "{auth}");
    }
}

#[test]
fn cookies_of_the_class_are_there_from_the_start_and_for_its_host_alone() {
    let other = Verbatim::start();
    let seen = sent(&format!(
        r#"user_class("U").http(#{{ cookies: [["b", 1], ["a", "two"]] }})
            .on_start(|user| {{ user.get("/start"); }})
            .task("t", |user| {{
                user.get("/own", #{{ cookies: #{{ a: "mine", c: 3 }} }});
                if user.cookies != #{{ a: "two", b: "1" }} {{ throw `${{user.cookies}}`; }}
                user.cookies = #{{ a: "new" }};
                user.get("/set");
                user.get("{}/elsewhere");
            }});"#,
        // A cookie is for a host, whatever the port (RFC 6265, section 8.5).
        other.url().replace("127.0.0.1", "localhost")
    ));
    let values: Vec<_> = seen.iter().map(|seen| seen.values("cookie").join("|")).collect();
    assert_eq!(values, ["a=two; b=1", "a=mine; c=3; b=1", "a=new"]);
    assert_eq!(other.seen()[0].values("cookie"), Vec::<&str>::new());
}

#[test]
fn options_of_the_class_hold_unless_the_request_has_its_own() {
    let seen = sent(
        r#"user_class("U").http(#{ allow_redirects: false, keep_alive: false, timeout: "7s", connect_timeout: 3, max_body: "1KiB", max_redirects: 1, verify: () })
            .task("t", |user| {
                if user.get("/to/302/x").status != 302 { throw "followed"; }
                if user.get("/to/302/x", #{ allow_redirects: true }).status != 200 { throw "not followed"; }
                let many = user.get("/to/302/to/302/x", #{ allow_redirects: true });
                if many.error != "too many redirects" { throw `${many}`; }
                many.success();
            });"#,
    );
    let lines: Vec<_> = seen.iter().map(Seen::line).collect();
    assert_eq!(lines, ["GET /to/302/x", "GET /to/302/x", "GET /x", "GET /to/302/to/302/x", "GET /to/302/x"]);
    assert!(seen.iter().all(|seen| seen.values("connection") == ["close"]), "{seen:?}");
}

#[test]
fn a_client_with_a_short_patience_and_a_patient_request() {
    let script = r#"user_class("U").http(#{ timeout: 0.05, max_body: 100 }).task("t", |user| {
        let late = user.get("/delay/60000");
        if late.error != "timed out" { throw `${late}`; }
        late.success();
        let patient = user.get("/delay/200", #{ timeout: "60s" });
        if !patient.ok { throw `${patient.error}`; }
        let long = user.get("/bytes/101", #{ timeout: 60 });
        if long.error != "response body too large" { throw `${long}`; }
        long.success();
    });"#;
    Katydid::run_script(script).args(["--host", "demo", "-i", "1"]).run().exits(0);
}

#[test]
fn lists_units_numbers_and_booleans_in_queries_and_forms() {
    let seen = sent(&task(
        r#"
        let names = #{ list: ["b", 1, (), true], none: (), empty: [], half: 0.5, "ä ö": "&=?+ %", c: 'x' };
        user.get("/a?kept=1", #{ params: names });
        user.get("/a?#part", #{ params: [["z", 1], ["a", [2, 3]], ["z", ()]] });
        user.get("/a", #{ params: "raw=%20&more" });
        user.get("/a", #{ params: #{} });
        user.post("/form", #{ form: names });
        user.put("/form", #{ form: [["z", 1], ["a", "é"]] });
        user.post("/form", #{ form: "raw=%20" });
        user.post("/form", #{ form: #{}, headers: #{ "content-type": "text/x-own" } });
        "#,
    ));
    let query = "c=x&half=0.5&list=b&list=1&list=true&%C3%A4+%C3%B6=%26%3D%3F%2B+%25";
    let lines: Vec<_> = seen.iter().map(Seen::line).collect();
    assert_eq!(
        lines[..4],
        [&format!("GET /a?kept=1&{query}"), "GET /a?z=1&a=2&a=3", "GET /a?raw=%20&more", "GET /a"]
    );
    let bodies: Vec<_> = seen[4..].iter().map(Seen::text).collect();
    assert_eq!(bodies, [query, "z=1&a=%C3%A9", "raw=%20", ""]);
    let types: Vec<_> = seen[4..].iter().map(|seen| seen.values("content-type").join("|")).collect();
    let form = "application/x-www-form-urlencoded";
    assert_eq!(types, [form, form, form, "text/x-own"]);
}

#[test]
fn bodies_are_sent_byte_for_byte() {
    let seen = sent(&task(
        r#"
        let bytes = blob();
        for n in 0..256 { bytes.push(n); }
        user.post("/", #{ body: bytes });
        user.request("purge", "/", #{ body: "ü\r\n" });
        user.post("/", #{ json: [1, 2.5, "ü", (), #{ b: 1, a: [] }] });
        user.post("/", #{ json: "text", headers: #{ "Content-Type": "application/vnd.api+json" } });
        "#,
    ));
    assert_eq!(seen[0].body, (0..=255).collect::<Vec<u8>>());
    assert_eq!(seen[0].values("content-type"), Vec::<&str>::new());
    assert_eq!((seen[1].line(), seen[1].text().as_str()), ("PURGE /", "ü\r\n"));
    assert_eq!(seen[2].text(), r#"[1,2.5,"ü",null,{"a":[],"b":1}]"#);
    assert_eq!(seen[3].text(), r#""text""#);
    assert_eq!(seen[3].values("content-type"), ["application/vnd.api+json"]);
}

#[test]
fn every_method_and_every_entry_of_a_batch_takes_every_option() {
    let options = r#"params: #{ p: 1 }, path: #{ id: "a/b" }, headers: [["X-A", 1]], auth: basic("u", "p"), cookies: #{ c: 1 },
        name: "n", timeout: 9, allow_redirects: true, context: #{ a: 1 }, tags: ["t"]"#;
    let methods = ["get", "post", "put", "patch", "delete", "head", "options"];
    let mut statements = String::new();
    for method in methods {
        statements.push_str(&format!("user.{method}(\"/x/{{id}}\", #{{ {options}, body: \"b\" }});\n"));
        statements.push_str(&format!(
            "user.batch([#{{ method: \"{method}\", url: \"/x/{{id}}\", {options}, body: \"b\" }}]);\n"
        ));
        statements.push_str(&format!(
            "user.request(\"{method}\", \"/x/{{id}}\", #{{ {options}, multipart: #{{ f: 1 }} }});\n"
        ));
    }
    let seen = sent(&task(&statements));
    assert_eq!(seen.len(), 3 * methods.len());
    for (index, seen) in seen.iter().enumerate() {
        let method = methods[index / 3].to_uppercase();
        assert_eq!(seen.line(), format!("{method} /x/a%2Fb?p=1"));
        assert_eq!(
            seen.only(&["x-a", "authorization", "cookie"]),
            "authorization: Basic dTpw\ncookie: c=1\nx-a: 1"
        );
        assert!(if index % 3 == 2 { seen.length > 50 } else { seen.body == b"b" }, "{seen:?}");
    }
}

#[test]
fn absolute_urls_are_named_without_their_host() {
    let (server, other) = (Verbatim::start(), Verbatim::start());
    let finished = sent_to(
        &server,
        &task(&format!(
            r#"
            user.get("{0}/there?a=1", #{{ params: #{{ b: 2 }} }});
            user.get("{1}/shouted");
            user.get("{0}/{{id}}/x", #{{ path: #{{ id: "a b" }} }});
            user.get("{0}/named", #{{ name: "other: named" }});
            user.get("{0}");
            "#,
            other.url(),
            other.url().replace("http", "HTTP")
        )),
    );
    assert!(server.seen().is_empty());
    let lines: Vec<_> = other.seen().iter().map(|seen| seen.line().to_owned()).collect();
    assert_eq!(lines, ["GET /there?a=1&b=2", "GET /shouted", "GET /a%20b/x", "GET /named", "GET /"]);
    assert!(other.seen().iter().all(|seen| seen.values("host") == ["HOST"]));
    let rows = finished.csv("r");
    let names: Vec<_> =
        rows.keys().map(|(_, name)| name.as_str()).filter(|name| *name != "Aggregated").collect();
    assert_eq!(names, ["/", "/shouted", "/there?a=1&b=2", "/{id}/x", "other: named"]);
}

#[test]
fn a_scheme_that_is_not_spoken_is_an_error_of_the_script() {
    let script = task(r#"user.get("ftp://127.0.0.1/x");"#);
    let finished = Katydid::run_script(&script).args(["--host", "demo", "-i", "1"]).run().exits(1);
    assert!(finished.stdout.contains("at main.rhai:1 in t"), "{}", finished.stdout);
    assert!(finished.stdout.contains("`ftp://127.0.0.1/x` is not a url"), "{}", finished.stdout);
    assert!(finished.stdout.contains("On the wire: 0 requests sent"), "{}", finished.stdout);
}

#[test]
fn relative_urls_are_appended_to_the_host_as_text() {
    let server = Verbatim::start();
    let script = task(
        r#"user.get("/x", #{ name: "" }); user.get("?q=1"); user.get("/to?u=http://h/"); user.get("//y"); user.get("");"#,
    );
    let host = format!("{}/base", server.url());
    let finished =
        Katydid::run_script(&script).args(["--host", &host, "-i", "1", "--csv", "r"]).run().exits(0);
    let expected = ["/base/x", "/base?q=1", "/base/to?u=http://h/", "/base//y", "/base"];
    let seen = server.seen();
    let targets: Vec<_> = seen.iter().map(|seen| seen.line().trim_start_matches("GET ")).collect();
    assert_eq!(targets, expected);
    let rows = finished.csv("r");
    for name in expected {
        assert!(rows.contains_key(&("GET".to_owned(), name.to_owned())), "{name} in {:?}", rows.keys());
    }
}

#[test]
fn hosts_may_be_ipv6_addresses() {
    let Some(server) = Verbatim::start_v6() else { return };
    let script = task(&format!(r#"user.get("/relative"); user.get("{}/absolute");"#, server.url()));
    Katydid::run_script(&script).args(["--host", &server.url(), "-i", "1"]).run().exits(0);
    let seen = server.seen();
    assert_eq!(seen.iter().map(Seen::line).collect::<Vec<_>>(), ["GET /relative", "GET /absolute"]);
    assert!(server.authority().starts_with("[::1]:"));
    assert!(seen.iter().all(|seen| seen.values("host") == ["HOST"]), "{seen:?}");
}

#[test]
fn user_and_password_of_a_host_are_sent_and_not_shown() {
    let (server, other) = (Verbatim::start(), Verbatim::start());
    let script = task(&format!(
        r#"
        user.get("/");
        user.get("/own", #{{ auth: "t" }});
        user.get("{}/elsewhere");
        print(user.host);
        user.get("http://trudy22:hunter3@{}/absolute");
        user.get("http://trudy22:hunter3@127.0.0.1:1/down").success();
        "#,
        other.url(),
        other.authority()
    ));
    let host = format!("http://mallory1:hunter%202@{}", server.authority());
    let finished = Katydid::run_script(&script)
        .args(["--host", &host, "-i", "1", "--csv", "r", "-L", "trace", "--trace", "t.csv"])
        .run()
        .exits(0);
    let values: Vec<_> = server.seen().iter().map(|seen| seen.values("authorization").join("|")).collect();
    assert_eq!(values, ["Basic bWFsbG9yeTE6aHVudGVyIDI=", "Bearer t"]);
    let values: Vec<_> = other.seen().iter().map(|seen| seen.values("authorization").join("|")).collect();
    assert_eq!(values, ["", "Basic dHJ1ZHkyMjpodW50ZXIz"]);
    let files = ["r_stats.csv", "r_failures.csv", "r_exceptions.csv", "r_stats_history.csv", "t.csv"];
    let shown = files.map(|name| finished.written(name)).concat();
    let shown = format!("{shown}{}{}", finished.stdout, finished.stderr);
    for secret in ["hunter", "mallory1", "trudy22", "bWFsbG9y", "dHJ1ZHky"] {
        assert!(!shown.contains(secret), "{secret} in\n{shown}");
    }
}

#[test]
fn the_host_header_may_be_another_at_every_level() {
    let seen = sent(
        r#"user_class("U").http(#{ headers: #{ Host: "class.test" } }).task("t", |user| {
            user.get("/");
            user.headers.host = "session.test";
            user.get("/");
            user.get("/", #{ headers: #{ HOST: "request.test:81" } });
            user.get("/", #{ headers: #{ host: () } });
        });"#,
    );
    let hosts: Vec<_> = seen.iter().map(|seen| seen.values("host").join("|")).collect();
    assert_eq!(hosts, ["class.test", "session.test", "request.test:81", ""]);
    assert!(seen[2].head.starts_with("GET / HTTP/1.1\nhost: request.test:81\n"), "{}", seen[2].head);
}

#[test]
fn tags_and_context_reach_the_hooks_of_requests() {
    let finished = Katydid::run_script(
        r#"on("request", |event| print(`${event.name} ${event.tags} ${event.context}`));
        user_class("U").task("t", |user| {
            user.get("/", #{ name: "array", tags: ["read", "fast"] });
            user.get("/", #{ name: "map", tags: #{ step: 2, page: "front" }, context: #{ a: 1 } });
            user.batch([#{ url: "/", name: "batch", tags: ["together"] }]);
            user.get("/", #{ name: "unit", tags: () });
            user.record("X", "other", #{});
        });"#,
    )
    .args(["--host", "demo", "-i", "1"])
    .run()
    .exits(0);
    let said: Vec<_> = finished.stdout.lines().filter(|line| line.contains(" #{")).collect();
    insta::assert_snapshot!(said.join("\n"), @r##"
    array ["read", "fast"] #{}
    map #{"page": "front", "step": 2} #{"a": 1}
    batch ["together"] #{}
    other  #{}
    unit  #{}
    "##);
}

#[test]
fn what_is_wrong_with_an_option_is_an_exception_at_its_line() {
    for (options, message) in [
        ("tiemout: 1", "unknown option `tiemout`; did you mean `timeout`?"),
        ("json: 1, form: #{}", "`form` and `json` both give the body; a request has one"),
        ("headers: #{ a: #{} }", "a value of `headers` must be a string, a number or a boolean, not a map"),
        ("params: 7", "`params` must be a map or an array of [name, value] pairs, not an integer"),
        ("cookies: #{ \"a;b\": 1 }", "`a;b` in `cookies` cannot be the name of a cookie"),
        ("tags: 1", "`tags` must be an array of strings or a map, not an integer"),
        ("timeout: \"soon\"", "`timeout`: `soon` is not a duration"),
        ("path: #{ other: 1 }", "`path` has no value for `{id}` of `/{id}`"),
    ] {
        let script = format!(
            "user_class(\"U\").task(\"t\", |user| {{\n    let options = #{{ {options} }};\n    user.get(\"/{{id}}\", options);\n}});"
        );
        let finished = Katydid::run_script(&script).args(["--host", "demo", "-i", "1"]).run().exits(1);
        assert!(finished.stdout.contains(message), "{options}\n{}", finished.stdout);
        assert!(finished.stdout.contains("at main.rhai:3 in t"), "{options}\n{}", finished.stdout);
        assert!(finished.stdout.contains("On the wire: 0 requests sent"), "{}", finished.stdout);
    }
}

#[test]
fn built_in_properties_of_a_user_take_only_what_they_mean() {
    for (set, message) in [
        ("host = 5", "`user.host` must be a string, not an integer"),
        ("host = \"x\"", "`x` is not a host: it must begin with http:// or https://"),
        (
            "cookies = \"a=1\"",
            "`user.cookies` must be a map or an array of [name, value] pairs, not a string",
        ),
        ("headers = 5", "`user.headers` must be a map or an array of [name, value] pairs, not an integer"),
        ("id = 5", "`user.id` is built in and cannot be set"),
    ] {
        let script = format!("user_class(\"U\").task(\"t\", |user| {{\n    user.{set};\n}});");
        let finished = Katydid::run_script(&script).args(["--host", "demo", "-i", "1"]).run().exits(1);
        assert!(finished.stdout.contains(message), "{set}\n{}", finished.stdout);
        assert!(finished.stdout.contains("at main.rhai:2 in t"), "{set}\n{}", finished.stdout);
    }
}
