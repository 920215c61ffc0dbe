//! The options under Network through the whole command, and what is said where they are wrong.

mod support;

use katydid::demo::DemoServer;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{IpAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use support::held::Held;
use support::{Katydid, until_arrived};

const SCRIPT: &str = r#"user_class("U").task("t", |user| { user.get("/items/1"); });"#;

/// A server that answers everything and writes down each request: its connection, where that comes from, its head.
struct Site {
    port: u16,
    seen: Arc<Mutex<Vec<(usize, IpAddr, String)>>>,
}

impl Site {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let seen = Arc::<Mutex<Vec<(usize, IpAddr, String)>>>::default();
        let kept = Arc::clone(&seen);
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().flatten().enumerate() {
                let seen = kept.clone();
                let from = stream.peer_addr().expect("an address").ip();
                std::thread::spawn(move || {
                    serve(stream, |head| {
                        seen.lock().expect("not poisoned").push((number, from, head));
                    });
                });
            }
        });
        Self { port, seen }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn seen(&self) -> Vec<(usize, IpAddr, String)> {
        self.seen.lock().expect("not poisoned").clone()
    }

    /// How many connections brought requests.
    fn connections(&self) -> usize {
        self.seen().iter().map(|(number, ..)| *number).collect::<BTreeSet<_>>().len()
    }
}

/// Answers the requests on a connection, as each has been noted.
fn serve<S: Read + Write>(mut stream: S, mut note: impl FnMut(String)) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while stream.read_exact(&mut byte).is_ok() {
        head.push(byte[0]);
        if head.ends_with(b"\r\n\r\n") {
            note(String::from_utf8(std::mem::take(&mut head)).expect("a head is text"));
            if stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").is_err() {
                return;
            }
        }
    }
}

#[test]
fn keep_alive_is_for_a_run_or_a_class_to_choose() {
    let class = |option: &str| {
        format!(r#"user_class("U").http(#{{ {option} }}).task("t", |user| {{ user.get("/"); }});"#)
    };
    for (option, words, connections) in [
        ("", vec![], 1),
        ("", vec!["--no-keepalive"], 4),
        ("keep_alive: false", vec![], 4),
        ("keep_alive: true", vec!["--no-keepalive"], 1),
        ("keep_alive: ()", vec!["--no-keepalive"], 4),
    ] {
        let site = Site::start();
        let finished = Katydid::run_script(&class(option))
            .args(["-i", "4", "--host", &site.url()])
            .args(words)
            .run()
            .exits(0);
        assert_eq!((site.connections(), site.seen().len(), finished.sent()), (connections, 4, 4), "{option}");
        let closes =
            site.seen().iter().filter(|(_, _, head)| head.contains("\r\nconnection: close\r\n")).count();
        assert_eq!(closes, if connections == 4 { 4 } else { 0 });
    }
}

#[test]
fn connections_to_a_host_can_be_limited() {
    let script = |options: &str| {
        format!(
            r#"user_class("U").http(#{{ {options} }}).task("page", |user| {{
                user.batch(["/hold/1", "/hold/1", "/hold/1", "/hold/1", "/hold/1", "/hold/1", "/hold/1"]);
            }});"#
        )
    };
    for (options, words, at_once) in [
        ("", vec![], 6),
        ("", vec!["--max-connections", "2"], 2),
        ("max_connections: 3", vec!["--max-connections", "2"], 3),
    ] {
        let held = Held::start();
        let running = Katydid::run_script(&script(options))
            .args(["-i", "1", "--host", &held.url()])
            .args(words)
            .start();
        held.until("/hold/1", at_once);
        assert_eq!(held.arrived()["/hold/1"], at_once);
        held.release();
        running.finish().exits(0);
        assert_eq!(held.arrived()["/hold/1"], 7);
    }
}

#[test]
fn users_come_from_the_source_addresses_in_turn() {
    for shards in ["1", "2"] {
        let site = Site::start();
        let finished = Katydid::run_script(SCRIPT)
            .args([
                "--host",
                &site.url(),
                "-u",
                "4",
                "-r",
                "1000",
                "--iterations-per-user",
                "2",
                "--shards",
                shards,
            ])
            .args(["--source-address", "127.0.0.2,127.0.0.8/31"])
            .run()
            .exits(0);
        let mut users: BTreeMap<IpAddr, BTreeSet<usize>> = BTreeMap::new();
        for (connection, from, _) in site.seen() {
            users.entry(from).or_default().insert(connection);
        }
        let counts: Vec<_> = users.iter().map(|(from, users)| (from.to_string(), users.len())).collect();
        assert_eq!(counts.iter().map(|(_, count)| count).sum::<usize>(), 4, "{counts:?}");
        let addresses: Vec<_> = counts.iter().map(|(from, _)| from.as_str()).collect();
        assert_eq!(addresses, ["127.0.0.2", "127.0.0.8", "127.0.0.9"]);
        assert_eq!(finished.sent(), 8);
    }
}

/// Ten local ports, of which the built-in shop may take one.
#[test]
#[allow(clippy::print_stderr, clippy::allow_attributes, reason = "a test that is skipped says so")]
fn several_source_addresses_have_more_ports_than_one() {
    let script = r#"user_class("U").wait_time(constant(0.2)).task("t", |user| { user.get("/items/1"); });"#;
    let run = |words: &[&str], code: i32| {
        let command =
            Katydid::run_script(script).env("KATYDID_ALLOW_SATURATION", "no").local_ports(40_001, 40_010);
        let command =
            command?.args(["--host", "demo", "-u", "27", "-r", "1000", "--iterations-per-user", "5"]);
        Some(command.args(words.to_vec()).run().exits(code))
    };
    let Some(finished) = run(&[], 4) else {
        eprintln!("skipped: this machine lets nobody have a network");
        return;
    };
    assert!(finished.stdout.contains("GET /items/1: no free local port"), "{}", finished.stdout);
    assert!(finished.stdout.contains("because no local port was free"), "{}", finished.stdout);
    let finished = run(&["--source-address", "127.0.0.2-127.0.0.5", "--allow-saturation"], 0);
    assert_eq!(finished.expect("as before").sent(), 27 * 5);
}

#[test]
fn a_source_address_that_is_not_ours_is_refused() {
    let said = Katydid::run_script(SCRIPT).args(["--source-address", "127.0.0.2,192.0.2.77"]).refused();
    insta::assert_snapshot!(said, @r"
    error: --source-address: this machine cannot send from `192.0.2.77`: Cannot assign requested address (os error 99)
      = help: `ip address` shows the addresses it has; `ip address add 192.0.2.77 dev lo` adds one
    ");
    let said = Katydid::run_script(SCRIPT)
        .file("katydid.toml", "users = 2\nsource-address = ['127.0.0.2', '127.0.0.300']\n")
        .refused();
    insta::assert_snapshot!(said, @r"
    error: source-address: `127.0.0.300` is not an address; write 10.0.0.2, a range 10.0.0.2-10.0.0.9 or a block 10.0.0.0/28
     --> katydid.toml:2:18
      |
    2 | source-address = ['127.0.0.2', '127.0.0.300']
      |                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    ");
    let said = Katydid::run_script(SCRIPT)
        .args([
            "--host",
            "http://shop.test",
            "--resolve",
            "shop.test:80:::1",
            "--source-address",
            "127.0.0.2",
        ])
        .refused();
    insta::assert_snapshot!(said, @r"
    error: `shop.test` cannot be reached from the source addresses
      = note: given by --host: http://shop.test
      = note: its addresses are IPv6, those of --source-address are IPv4
    ");
}

#[test]
fn a_given_address_stands_for_a_name() {
    let site = Site::start();
    let host = format!("http://shop.invalid:{}", site.port);
    let finished = Katydid::run_script(SCRIPT)
        .args([
            "--host",
            &host,
            "-i",
            "2",
            "--resolve",
            "other.invalid:80:192.0.2.1,shop.invalid:*:127.0.0.1",
        ])
        .run()
        .exits(0);
    assert_eq!(finished.sent(), 2);
    let expected = format!("\r\nhost: shop.invalid:{}\r\n", site.port);
    assert!(site.seen().iter().all(|(_, _, head)| head.contains(&expected)), "{:?}", site.seen());
    let said = Katydid::run_script(SCRIPT).args(["--resolve", "shop.test:127.0.0.1"]).refused();
    insta::assert_snapshot!(said, @"error: --resolve: `shop.test:127.0.0.1` is not HOST:PORT:ADDR; write example.com:443:127.0.0.1, or * for any port");
}

#[test]
fn names_that_are_known_for_no_time_still_lead_somewhere() {
    let server = DemoServer::start(0).expect("a port");
    let host = server.url().replace("127.0.0.1", "localhost");
    for ttl in ["0", "1ms", "1h"] {
        let before = server.ledger().total;
        Katydid::run_script(SCRIPT)
            .args(["--host", &host, "-i", "3", "--no-keepalive", "--dns-ttl", ttl])
            .run()
            .exits(0);
        until_arrived(&server, before + 3);
    }
}

#[test]
fn a_run_may_go_to_a_unix_socket() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("app.sock");
    let listener = UnixListener::bind(&socket).expect("a socket");
    let heads = Arc::<Mutex<Vec<String>>>::default();
    let kept = heads.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let heads = kept.clone();
            std::thread::spawn(move || serve(stream, |head| heads.lock().expect("not poisoned").push(head)));
        }
    });
    let host = format!("http+unix://{}", socket.display().to_string().replace('/', "%2F"));
    let by_flag = Katydid::run_script(SCRIPT).args(["--host", &format!("{host}/base")]);
    let class = format!(r#"user_class("U").host("{host}").task("t", |user| {{ user.get("/items/1"); }});"#);
    let url = format!(r#"user_class("U").task("t", |user| {{ user.get("{host}/items/1"); }});"#);
    for (command, path) in [
        (by_flag, "/base/items/1"),
        (Katydid::run_script(&class), "/items/1"),
        (Katydid::run_script(&url), "/items/1"),
    ] {
        let finished = command.args(["-i", "2", "--csv", "r"]).run().exits(0);
        assert_eq!(finished.sent(), 2);
        assert!(finished.csv("r").contains_key(&("GET".to_owned(), path.to_owned())), "{}", finished.stdout);
        let seen = std::mem::take(&mut *heads.lock().expect("not poisoned"));
        assert_eq!(seen.len(), 2);
        let start = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n");
        assert!(seen.iter().all(|head| head.starts_with(&start)), "{seen:?}");
    }
}

#[test]
fn a_wrong_socket_is_told_before_anything_is_sent() {
    let said = |host: &str| Katydid::run_script(SCRIPT).file("file", "").args(["--host", host]).refused();
    insta::assert_snapshot!(said("http+unix://nothing.sock"), @r"
    error: cannot use the Unix socket `nothing.sock`: No such file or directory (os error 2)
      = note: given by --host: http+unix://nothing.sock
    ");
    insta::assert_snapshot!(said("http+unix://file"), @r"
    error: cannot use the Unix socket `file`: it is no socket
      = note: given by --host: http+unix://file
    ");
    insta::assert_snapshot!(said("http+unix:///run/app.sock"), @"error: --host: `http+unix:///run/app.sock` is not a url: it has no socket; write the path of the socket with %2F for each slash, as in http+unix://%2Frun%2Fapp.sock");
}

/// What nobody but the proxy may be told.
const SECRETS: [&str; 2] = ["s3cret", "bWU6czNjcmV0"];

#[test]
fn a_proxy_is_told_what_nobody_else_is() {
    let proxy = Site::start();
    let url = format!("http://me:s3cret@127.0.0.1:{}", proxy.port);
    // The host is not looked up here: that is the proxy's to do.
    let finished = Katydid::run_script(SCRIPT)
        .args([
            "--host",
            "http://shop.invalid",
            "-i",
            "3",
            "--proxy",
            &url,
            "--csv",
            "r",
            "-L",
            "trace",
            "--trace",
            "t",
        ])
        .run()
        .exits(0);
    assert_eq!((finished.sent(), proxy.seen().len()), (3, 3));
    for (_, _, head) in proxy.seen() {
        assert!(head.starts_with("GET http://shop.invalid/items/1 HTTP/1.1\r\n"), "{head}");
        assert!(head.contains("\r\nproxy-authorization: Basic bWU6czNjcmV0\r\n"), "{head}");
    }
    let written = ["r_stats.csv", "r_failures.csv", "t"].map(|name| finished.written(name)).concat();
    for secret in SECRETS {
        let everything = [&finished.stdout, &finished.stderr, &written];
        assert!(everything.iter().all(|text| !text.contains(secret)), "{everything:?}");
    }
}

#[test]
fn a_proxy_of_a_class_wins_over_the_flag() {
    let [flag, own, direct] = [Site::start(), Site::start(), Site::start()];
    let script = format!(
        r#"
        fn look(user) {{ user.get("/"); user.stop(); }}
        user_class("Flag").fixed_count(1).task(look);
        user_class("Own").fixed_count(1).http(#{{ proxy: "{}" }}).task(look);
        user_class("Direct").fixed_count(1).http(#{{ no_proxy: ["example.com", "127.0.0.0/8"] }}).task(look);
        "#,
        own.url()
    );
    Katydid::run_script(&script)
        .args(["--host", &direct.url(), "-u", "3", "-r", "100", "-t", "60s", "--proxy", &flag.url()])
        .run()
        .exits(0);
    assert_eq!([flag.seen().len(), own.seen().len(), direct.seen().len()], [1; 3]);
    assert!(own.seen()[0].2.starts_with(&format!("GET {}/ HTTP/1.1\r\n", direct.url())), "{:?}", own.seen());
    assert!(direct.seen()[0].2.starts_with("GET / HTTP/1.1\r\n"), "{:?}", direct.seen());
}

#[test]
fn a_proxy_that_fails_is_a_failure_and_nothing_is_sent() {
    let gone = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    for scheme in ["http", "socks5h"] {
        let finished = Katydid::run_script(SCRIPT)
            .args(["--host", "http://shop.invalid", "-i", "3", "--csv", "r"])
            .args(["--proxy", &format!("{scheme}://me:s3cret@127.0.0.1:{gone}")])
            .run()
            .exits(1);
        let failures = finished.written("r_failures.csv");
        assert!(failures.contains("GET,/items/1,proxy unreachable,3"), "{failures}");
        assert_eq!((finished.sent(), finished.told(["requests never sent", "request never sent"])), (0, 3));
    }
}

#[test]
fn a_wrong_proxy_is_told_before_anything_is_sent() {
    let said = Katydid::run_script(SCRIPT).args(["--proxy", "socks4://me:s3cret@proxy"]).refused();
    insta::assert_snapshot!(said, @"error: --proxy: `socks4://me:***@proxy` is not a proxy: of SOCKS only version 5 is spoken: socks5:// or socks5h://");
    let said = Katydid::run_script(SCRIPT)
        .args(["--proxy", "http://me:s3cret@no-such-proxy.invalid:3128"])
        .refused();
    insta::assert_snapshot!(said, @r"
    error: unknown host `no-such-proxy.invalid`
      = note: given by --proxy: http://no-such-proxy.invalid:3128
      = help: check the spelling, or whether this machine can look names up
    ");
    let said = Katydid::run_script(SCRIPT).file("katydid.toml", "proxy = 'ftp://me:s3cret@proxy'").refused();
    insta::assert_snapshot!(said, @r"
    error: proxy: `ftp://me:***@proxy` is not a proxy: it must begin with http://, socks5:// or socks5h://
     --> katydid.toml:1:9
      |
    1 | proxy = 'ftp://me:******@proxy'
      |         ^^^^^^^^^^^^^^^^^^^^^^^
    ");
    let script = r#"
user_class("U")
    .http(#{ proxy: "localhost:3128" })
    .task("t", |user| { user.get("/"); });
"#;
    insta::assert_snapshot!(Katydid::run_script(script).refused(), @r#"
    error: `proxy` of .http(..): `localhost:3128` is not a proxy: it must begin with http://, socks5:// or socks5h://; did you mean `http://localhost:3128`?
     --> main.rhai:3:6
      |
    3 |     .http(#{ proxy: "localhost:3128" })
      |      ^^^^
    "#);
    for (option, wanted) in [
        ("max_connections: 0", "`max_connections` of .http(..) must be at least 1"),
        ("max_idle_connections: 1.5", "`max_idle_connections` of .http(..) must be a whole number, not 1.5"),
        ("no_proxy: 7", "`no_proxy` of .http(..) must be an array of strings, not an integer"),
        ("no_proxy: \"a b\"", "`no_proxy` of .http(..): `a b` is not a host"),
        ("proxy: \"http://me:s3cret@h/x\"", "http(#{ proxy: \"http://me:******@h/x\" })"),
    ] {
        let script = format!(r#"user_class("U").http(#{{ {option} }}).task("t", |user| user.get("/"));"#);
        let said = Katydid::run_script(&script).refused();
        assert!(said.contains(wanted), "{said}");
    }
}

#[test]
fn variables_for_proxies_are_not_heeded_and_that_is_said() {
    let (site, proxy) = (Site::start(), Site::start());
    let with_user = proxy.url().replace("://", "://me:s3cret@");
    let command = || Katydid::run_script(SCRIPT).args(["--host", &site.url(), "-i", "1"]);
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        let finished = command().env(name, &with_user).run().exits(0);
        let said = format!("INFO: {name} is set and not heeded: requests take no proxy but that of --proxy");
        assert!(
            finished.stderr.contains(&said) && !finished.stderr.contains("s3cret"),
            "{}",
            finished.stderr
        );
    }
    assert_eq!((site.seen().len(), proxy.seen().len()), (3, 0));
    let chosen = command()
        .env("HTTP_PROXY", "http://nobody.invalid")
        .env("KATYDID_PROXY", &proxy.url())
        .run()
        .exits(0);
    assert!(!chosen.stderr.contains("not heeded"), "{}", chosen.stderr);
    assert_eq!((site.seen().len(), proxy.seen().len()), (3, 1));
}

/// A program that runs as long as this lives, on a port of its own.
struct Foreign {
    child: Child,
    port: u16,
}

impl Drop for Foreign {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Foreign {
    /// Starts a proxy with the words that `words` makes of a port and a folder; none where there is no such program.
    fn start(program: &str, words: impl Fn(u16, &Path) -> Vec<String>, folder: &Path) -> Option<Self> {
        for _ in 0..10 {
            let port =
                TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
            let mut command = Command::new(program);
            command
                .args(words(port, folder))
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            let mut foreign = Self { child: command.spawn().ok()?, port };
            while foreign.child.try_wait().expect("the child is ours").is_none() {
                if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                    return Some(foreign);
                }
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
        }
        panic!("{program} does not start");
    }
}

fn tinyproxy(folder: &Path) -> Option<Foreign> {
    let words = |port: u16, folder: &Path| {
        let file = folder.join("tinyproxy.conf");
        let text =
            format!("Port {port}\nListen 127.0.0.1\nBasicAuth me s3cret\nTimeout 60\nLogLevel Error\n");
        std::fs::write(&file, text).expect("a file");
        vec!["-d".to_owned(), "-c".to_owned(), file.display().to_string()]
    };
    Foreign::start("tinyproxy", words, folder)
}

fn microsocks(folder: &Path) -> Option<Foreign> {
    let words = |port: u16, _: &Path| {
        ["-i", "127.0.0.1", "-p", &port.to_string(), "-u", "me", "-P", "s3cret"].map(str::to_owned).to_vec()
    };
    Foreign::start("microsocks", words, folder)
}

#[test]
#[allow(clippy::print_stderr, clippy::allow_attributes, reason = "a test that is skipped says so")]
fn foreign_proxies_are_understood() {
    let folder = tempfile::tempdir().expect("a folder");
    let found =
        [(tinyproxy(folder.path()), &["http"][..]), (microsocks(folder.path()), &["socks5", "socks5h"])];
    for (foreign, schemes) in found {
        let Some(foreign) = foreign else {
            eprintln!("skipped: there is no program for {schemes:?} here");
            continue;
        };
        for scheme in schemes {
            let server = DemoServer::start(0).expect("a port");
            let host = server.url().replace("127.0.0.1", "localhost");
            let proxy = |user: &str| format!("{scheme}://{user}127.0.0.1:{}", foreign.port);
            let command =
                || Katydid::run_script(SCRIPT).args(["--host", &host, "-u", "5", "-r", "500", "-i", "200"]);
            // tinyproxy closes after each answer without a word about it, sometimes when the next request is on its way.
            let finished = command().args(["--no-keepalive", "--proxy", &proxy("me:s3cret@")]).run().exits(0);
            assert_eq!((finished.sent(), server.ledger().total), (200, 200), "{scheme}\n{}", finished.stderr);
            let refused = command().args(["--proxy", &proxy("me:wrong@")]).run().exits(1);
            let said = if *scheme == "http" {
                "401 Unauthorized|407 Proxy Authentication"
            } else {
                "proxy authentication failed"
            };
            assert!(said.split('|').any(|said| refused.stdout.contains(said)), "{}", refused.stdout);
            assert_eq!(server.ledger().total, 200);
        }
    }
}
