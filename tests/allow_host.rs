//! `--allow-host`: nothing is sent to a host that may not be called, however the script comes to it.

mod support;

use katydid::demo::DemoServer;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use support::{Finished, Katydid};

fn port(server: &DemoServer) -> String {
    server.url().rsplit(':').next().expect("a port").to_owned()
}

/// What went wrong, with the ports of the servers masked.
fn exceptions(finished: &Finished, servers: &[&DemoServer]) -> String {
    let report = finished.stdout.split_once("Exception report\n").map_or("", |(_, report)| report);
    let lines: Vec<&str> = report.lines().filter(|line| line.contains(" at main.rhai:")).collect();
    servers.iter().enumerate().fold(lines.join("\n"), |text, (index, server)| {
        text.replace(&format!(":{}", port(server)), &format!(":PORT{index}"))
    })
}

#[test]
fn another_host_is_an_exception_at_its_line_and_nothing_is_sent() {
    let (mine, other) = (DemoServer::start(0).expect("a port"), DemoServer::start(0).expect("a port"));
    let script = format!(
        r#"
user_class("U")
    .task("absolute", |user| {{
        user.get("/items/1");
        user.get("{url}/items/2");
    }})
    .task("batch", |user| {{ user.batch(["/items/1", "{url}/items/2"]); }})
    .task("host", |user| {{
        user.host = "{url}";
        user.get("/items/2");
    }})
    .task("name", |user| {{ user.get("http://user:hunter2@localhost/x?q=1"); }})
    .sequential();
"#,
        url = other.url()
    );
    let finished = Katydid::run_script(&script)
        .against(&mine)
        .args(["-i", "4", "--allow-host", &format!("127.0.0.1:{}", port(&mine))])
        .args(["--allow-host", "*.example.com"])
        .run()
        .exits(1);
    insta::assert_snapshot!(exceptions(&finished, &[&mine, &other]), @r"
    1                  127.0.0.1:PORT1 is not an allowed host; --allow-host permits 127.0.0.1:PORT0, *.example.com at main.rhai:10 in host
    1                  localhost:80 is not an allowed host; --allow-host permits 127.0.0.1:PORT0, *.example.com at main.rhai:12 in name
    1                  127.0.0.1:PORT1 is not an allowed host; --allow-host permits 127.0.0.1:PORT0, *.example.com at main.rhai:5 in absolute
    1                  request 2 of the batch: 127.0.0.1:PORT1 is not an allowed host; --allow-host permits 127.0.0.1:PORT0, *.example.com at main.rhai:7 in batch
    ");
    assert_eq!((mine.ledger().total, other.ledger().total), (1, 0));
}

/// A server that sends everybody elsewhere, except who asks for `/here`; gives its address.
fn redirecting(to: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let here = format!("http://{address}/here");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.expect("a connection"));
            let mut line = String::new();
            let mut target = None;
            while stream.read_line(&mut line).is_ok_and(|read| read > 2) {
                target.get_or_insert_with(|| line.split(' ').nth(1).unwrap_or_default().to_owned());
                line.clear();
            }
            let head = match target.as_deref() {
                Some("/here") => "HTTP/1.1 200 OK".to_owned(),
                Some("/") => format!("HTTP/1.1 302 Found\r\nlocation: {here}"),
                _ => format!("HTTP/1.1 302 Found\r\nlocation: {to}"),
            };
            let answer = format!("{head}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            let _ = stream.get_mut().write_all(answer.as_bytes());
        }
    });
    address
}

#[test]
fn a_redirect_elsewhere_fails_and_is_not_followed() {
    let other = DemoServer::start(0).expect("a port");
    let address = redirecting(format!("{}/items/1", other.url()));
    let script = r#"user_class("U").task("t", |user| {
        let resp = user.get("/away");
        if resp.error != "redirect to a host that is not allowed" { throw `${resp.status} ${resp.error}`; }
        if user.get("/").url != `${user.host}/here` { throw "not followed"; }
    });"#;
    let run = || Katydid::run_script(script).args(["-i", "1", "--host", &format!("http://{address}")]);
    let finished = run().args(["--allow-host", &address]).run().exits(1);
    assert!(
        finished.stdout.contains("GET /away: redirect to a host that is not allowed"),
        "{}",
        finished.stdout
    );
    assert!(!finished.stdout.contains("Exception report"), "{}", finished.stdout);
    assert_eq!((finished.sent(), other.ledger().total), (3, 0));
    let finished = run().run().exits(1);
    assert_eq!((finished.sent(), other.ledger().total), (2, 1), "without the flag it is followed");
}

#[test]
fn users_of_hooks_are_held_to_it() {
    let (mine, other) = (DemoServer::start(0).expect("a port"), DemoServer::start(0).expect("a port"));
    let script = format!(
        r#"on("test_start", |event| {{ event.user.get("{}/items"); }});
           user_class("U").task("t", |user| {{ user.get("/items/1"); }});"#,
        other.url()
    );
    let finished = Katydid::run_script(&script)
        .against(&mine)
        .args(["-i", "1", "--allow-host", &format!("*:{}", port(&mine))])
        .run()
        .exits(1);
    insta::assert_snapshot!(exceptions(&finished, &[&mine, &other]), @"1                  127.0.0.1:PORT1 is not an allowed host; --allow-host permits *:PORT0 at main.rhai:1 in on(test_start)");
    assert_eq!(other.ledger().total, 0);
}

const LOOK: &str = r#"user_class("U").task("t", |user| { user.get("/items/1"); });"#;

#[test]
fn the_demo_shop_is_always_allowed_and_patterns_may_come_from_anywhere() {
    for command in [
        Katydid::run_script(LOOK).args(["--allow-host", "example.com"]),
        Katydid::run_script(LOOK).env("KATYDID_ALLOW_HOST", "example.com,example.net"),
        Katydid::run_script(LOOK).file("katydid.toml", "allow-host = [\"example.com\"]\n"),
    ] {
        command.args(["--host", "demo", "-i", "1"]).run().exits(0);
    }
}

#[test]
fn a_host_outside_is_refused_before_anything_is_sent() {
    let said = Katydid::run_script(LOOK).args([
        "--host",
        "http://ada:hunter2@127.0.0.1:1",
        "--allow-host",
        "*.example.com",
    ]);
    insta::assert_snapshot!(said.args(["-i", "1"]).refused(), @r"
    error: --host: 127.0.0.1:1 is not an allowed host; --allow-host permits *.example.com
      = help: allow it too: `--allow-host 127.0.0.1:1`
    ");

    let script =
        r#"user_class("U").host("https://shop.example.net/base").task("t", |user| { user.get("/"); });"#;
    let said = Katydid::run_script(script).args(["-i", "1", "--allow-host", "*.example.com"]).run().exits(2);
    insta::assert_snapshot!(said.stderr, @r#"
    error: the host of user class `U`: shop.example.net:443 is not an allowed host; --allow-host permits *.example.com
     --> main.rhai:1:1
      |
    1 | user_class("U").host("https://shop.example.net/base").task("t", |user| { user.get("/"); });
      | ^^^^^^^^^^
      = help: allow it too: `--allow-host shop.example.net:443`
    "#);
}

#[test]
fn what_is_no_host_is_refused() {
    insta::assert_snapshot!(Katydid::run_script(LOOK).args(["--allow-host", "https://example.com/x"]).refused(), @"error: --allow-host: `https://example.com/x` is a url, not a host; write `example.com`");
    insta::assert_snapshot!(Katydid::run_script(LOOK).file("katydid.toml", "allow-host = \"a:b:c:x\"\n").refused(), @r#"
    error: allow-host: `a:b:c:x` is not a host; write shop.example.com, *.example.com or 127.0.0.1:8080
     --> katydid.toml:1:14
      |
    1 | allow-host = "a:b:c:x"
      |              ^^^^^^^^^
    "#);
}
