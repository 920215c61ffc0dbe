//! Nothing that a run prints or writes shows a secret, wherever it was planted.

mod support;

use katydid::demo::DemoServer;
use support::Katydid;

/// Values that must be seen nowhere, each of another origin.
const VARIABLE: &str = "v4riable-53cret";
const OPTION: &str = "0ption 53cret&\"more";
const PASSWORD: &str = "h0st-53cret";
const HEADER: &str = "he4der-53cret";
const COOKIE: &str = "c00kie-53cret";

const SCRIPT: &str = r#"
let token = option("pin", "none", #{ secret: true });
const COOKIE = "c00kie-53cret";
const HEADER = "he4der-53cret";

fn everywhere(user) {
    let variable = env::get("API_TOKEN");
    let option = option("pin");
    log::info(`${variable} ${option} ${user.host}`);
    print(#{ variable: variable, option: option });
    user.get("/echo", #{ params: #{ q: option, v: variable } });                    // the default name
    user.get("/items/1", #{ name: `/named/${variable}/${option}` });
    user.get("/items/999999", #{ name: "/missing" }).failure(`no ${option} ${variable}`);
    user.post("/login", #{ json: #{ user: "ada", password: option } });
    user.get("/echo", #{ name: "/echo", auth: global::HEADER, cookies: #{ session: global::COOKIE } });
    user.get("/echo", #{ name: "/echo", headers: #{ "Proxy-Authorization": global::HEADER } });
    user.get("/cookies/set", #{ params: #{ session: 1 }, name: "/set" });
    user.record("KV", `get ${variable}`, #{ error: `${option}` });
    try { user.host = `http://ada:${variable}@[broken`; } catch (error) { log::warn(error); }
    throw `thrown ${variable} ${option}`;
}

user_class("Visitor").sequential()
    .task(everywhere)
    .task("end", |user| { stop_test(`because of ${env::get("API_TOKEN")} ${option("pin")}`); });
on("request", |event| { log::info(event.name); if event.exception != () { log::error(event.exception); } });
on("user_error", |event| { log::error(event.exception + event.traceback); });
on("test_start", |event| { log::info(`${event.environment}`); throw `set-up ${env::get("API_TOKEN")}`; });
"#;

/// Asserts that `text` shows none of the secrets, in no clothes.
#[track_caller]
fn shows_none(what: &str, text: &str) {
    let escaped = ["0ption%2053cret", "0ption+53cret", "53cret&\\\"more", "YWRhOmgwc3QtNTNjcmV0"];
    for secret in [VARIABLE, OPTION, PASSWORD].into_iter().chain(escaped) {
        let line = text.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{what} shows {secret:?}: {}", line.unwrap_or_default());
    }
}

#[test]
fn no_output_of_a_run_shows_a_secret() {
    let server = DemoServer::start(0).expect("a port");
    let host = server.url().replace("http://", &format!("http://ada:{PASSWORD}@"));
    let finished = Katydid::run_script(SCRIPT)
        .env("API_TOKEN", VARIABLE)
        .args(["-i", "2", "-u", "1", "--host", &host, "-o", &format!("pin={OPTION}"), "-L", "debug"])
        .args(["--csv", "out", "--csv-full-history", "--trace", "trace.csv", "--debug-http", "--phases"])
        .args(["--result", "run.json"])
        .run()
        .exits(1);
    let files = [
        "out_stats.csv",
        "out_stats_history.csv",
        "out_failures.csv",
        "out_exceptions.csv",
        "trace.csv",
        "run.json",
    ];
    for file in files {
        shows_none(file, &finished.written(file));
    }
    shows_none("stdout", &finished.stdout);
    shows_none("stderr", &finished.stderr);
    assert!(finished.stdout.contains("/named/***/***"), "{}", finished.stdout);
    assert!(finished.stderr.contains("because of *** ***"), "{}", finished.stderr);

    // What stands in the script for everybody to read is no secret elsewhere, but a header is not shown.
    let heads = finished.stderr.lines().filter(|line| line.starts_with(['<', '>']));
    for line in heads {
        assert!(!line.contains(HEADER) && !line.contains(COOKIE), "{line}");
    }
    for shown in ["authorization: Bearer ***", "proxy-authorization: ***", "cookie: session=***"] {
        assert!(finished.stderr.contains(shown), "{shown}\n{}", finished.stderr);
    }
}

#[test]
fn neither_does_a_run_of_each_task_once() {
    let server = DemoServer::start(0).expect("a port");
    let host = server.url().replace("http://", &format!("http://ada:{PASSWORD}@"));
    let finished = Katydid::run_script(SCRIPT)
        .env("API_TOKEN", VARIABLE)
        .args(["--once", "--host", &host, "-o", &format!("pin={OPTION}")])
        .run()
        .exits(1);
    shows_none("stdout", &finished.stdout);
    shows_none("stderr", &finished.stderr);
    assert!(finished.stdout.contains("exception: thrown *** ***"), "{}", finished.stdout);
}

#[test]
fn list_and_check_show_none() {
    let script = format!(
        r#"settings(#{{ host: "http://ada:{PASSWORD}@127.0.0.1:9" }});
           option("pin", "none", #{{ secret: true }});
           user_class("U").host("http://ada:{PASSWORD}@127.0.0.1:9").task("t", |user| {{ user.get("/{VARIABLE}"); }});"#
    );
    for verb in ["list", "check"] {
        let finished = Katydid::new([verb, "main.rhai", "-o", &format!("pin={OPTION}")])
            .file("main.rhai", &script)
            .env("API_TOKEN", VARIABLE)
            .run()
            .exits(0);
        shows_none("stdout", &finished.stdout);
        shows_none("stderr", &finished.stderr);
    }
}

#[test]
fn a_message_about_a_line_hides_what_is_secret_in_it() {
    let script = format!(r#"user_class("U").task("t", |user| {{ user.gett("/{VARIABLE}"); }});"#);
    for verb in ["run", "check"] {
        let finished = Katydid::new([verb, "main.rhai"])
            .file("main.rhai", &script)
            .env("API_TOKEN", VARIABLE)
            .run()
            .exits(2);
        shows_none("stderr", &finished.stderr);
        assert!(finished.stderr.contains("user.gett(\"/***\")"), "{}", finished.stderr);
    }
}

#[test]
fn a_host_that_cannot_be_read_does_not_show_its_password() {
    for host in [format!("http://ada:{PASSWORD}@[broken"), format!("ftp://ada:{PASSWORD}@127.0.0.1/")] {
        let finished = Katydid::run_script(r#"user_class("U").task("t", |user| { user.get("/"); });"#)
            .args(["-i", "1", "--host", &host])
            .run()
            .exits(2);
        shows_none("stderr", &finished.stderr);
    }
}

#[test]
fn a_result_shows_none_of_what_a_script_declares() {
    let server = DemoServer::start(0).expect("a port");
    let host = server.url().replace("http://", &format!("http://ada:{PASSWORD}@"));
    let script = format!(
        r#"option("pin", "none", #{{ secret: true }});
           user_class("U").host("{host}").task("t", |user| {{ user.get("/items"); stop_test(`by ${{env::get("API_TOKEN")}}`); }});"#
    );
    let finished =
        Katydid::run_script(&script).env("API_TOKEN", VARIABLE).args(["--result", "run.json"]).run().exits(0);
    let result = finished.written("run.json");
    shows_none("run.json", &result);
    assert!(result.contains("\"reason\":\"by ***\"") && result.contains("http://ada:***@"), "{result}");
}
