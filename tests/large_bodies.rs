//! Bodies that nobody keeps, and bodies that are longer than they may be.

mod support;

use katydid::demo::DemoServer;
use support::held::Held;
use support::{Katydid, mistake};

/// Peak resident memory of a process, in MiB.
fn peak_memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("the process runs");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("Linux says so");
    let kilobytes = line.split_whitespace().nth(1).and_then(|number| number.parse::<u64>().ok());
    kilobytes.expect("a number") / 1024
}

#[test]
fn a_gigabyte_that_is_not_kept_takes_no_memory() {
    let (server, held) = (DemoServer::start(0).expect("a port"), Held::start());
    let script = format!(
        r#"user_class("U").task("t", |user| {{
            let resp = user.get("/bytes/1073741824", #{{ name: "/bytes", keep_body: false, timeout: "100s" }});
            if resp.size != 1073741824 {{ throw `${{resp.size}} bytes, ${{resp.error}}`; }}
            user.get("{}/hold");
        }});"#,
        held.url()
    );
    let running = Katydid::run_script(&script).against(&server).args(["-i", "1", "--csv", "r"]).start();
    held.until("/hold", 1);
    let peak = peak_memory(running.process());
    held.release();
    let finished = running.finish().exits(0);
    assert!(peak < 200, "{peak} MiB");
    let row = &finished.csv("r")[&("GET".to_owned(), "/bytes".to_owned())];
    assert_eq!(row["Average Content Size"].parse::<f64>().expect("a number"), 1_073_741_824.0);
}

#[test]
fn what_was_not_kept_says_so() {
    let script = r#"user_class("U").http(#{ keep_body: false }).task("t", |user| {
        let resp = user.get("/bytes/1000");
        print(`${resp.status} ${resp.ok} ${resp.size} ${resp}`);
        for read in [|r| r.text(), |r| r.json(), |r| r.bytes(), |r| r.js] {
            try { read.call(resp); throw "read"; } catch (error) { print(error); }
        }
        print(user.get("/items/1", #{ keep_body: true }).json().id);
        print(user.get("/bytes/3", #{ keep_body: () }).size);
    });"#;
    let finished = Katydid::run_script(script).args(["--host", "demo", "-i", "1"]).run().exits(0);
    let said: Vec<_> = finished
        .stderr
        .lines()
        .filter_map(|line| line.split_once("script: "))
        .map(|(_, text)| text)
        .collect();
    insta::assert_snapshot!(said.join("\n"), @r"
    200 true 1000 200 /bytes/1000 (1000 bytes)
    the body of /bytes/1000 was not kept, as `keep_body` is false; give the request `keep_body: true`
    the body of /bytes/1000 was not kept, as `keep_body` is false; give the request `keep_body: true`
    the body of /bytes/1000 was not kept, as `keep_body` is false; give the request `keep_body: true`
    the body of /bytes/1000 was not kept, as `keep_body` is false; give the request `keep_body: true`
    1
    3
    ");
}

#[test]
fn a_longer_body_than_allowed_is_a_failure() {
    let text = "GET /bytes: response body too large";
    for (class, option, flags, fails) in [
        ("", "", &["--max-body", "999"][..], true),
        ("", "", &["--max-body", "1000"], false),
        ("", "keep_body: false", &["--max-body", "999"], true),
        ("max_body: 999", "", &["--max-body", "1GB"], true),
        ("max_body: \"1KiB\"", "", &["--max-body", "1"], false),
        ("max_body: (), keep_body: false", "", &[], false),
    ] {
        let script = format!(
            r#"user_class("U").http(#{{ {class} }}).task("t", |user| {{
                user.get("/bytes/1000", #{{ name: "/bytes", {option} }});
            }});"#
        );
        let command = Katydid::run_script(&script).args(["--host", "demo", "-i", "1"]).args(flags.to_vec());
        let finished = command.run().exits(i32::from(fails));
        let shown = finished.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(shown.contains(text), fails, "{class} {option} {flags:?}\n{}", finished.stdout);
    }
}

#[test]
fn a_size_that_is_none_is_refused() {
    let script = |option: &str| {
        format!("user_class(\"U\").http(#{{ {option} }}).task(\"t\", |user| {{ user.get(\"/\"); }});")
    };
    insta::assert_snapshot!(mistake(&[("main.rhai", &script("max_body: \"much\""))]), @r#"
    error: `max_body` of .http(..): `much` is not a size; write bytes (65536), or a unit as in 64KiB or 1MiB
     --> main.rhai:1:17
      |
    1 | user_class("U").http(#{ max_body: "much" }).task("t", |user| { user.get("/"); });
      |                 ^^^^
    "#);
    insta::assert_snapshot!(
        Katydid::run_script(&script("")).args(["--max-body", "1TiB"]).refused(),
        @"error: --max-body: `1TiB` is not a size; write bytes (65536), or a unit as in 64KiB or 1MiB"
    );
}
