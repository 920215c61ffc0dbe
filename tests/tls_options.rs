//! TLS and HTTP/2 as scripts and flags ask for them, and what is said of files that cannot be used.

#![expect(clippy::unwrap_used, reason = "a test fails by panics, its helpers too")]

mod http_support;
mod support;

use http_support::authority::Authority;
use http_support::multiplexed::{self, Asked};
use http_support::{Server, ok};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use support::{Katydid, mistake};
use tokio::sync::Barrier;
use tokio_rustls::rustls::version::TLS13;

/// What `start` starts, on a runtime of its own, which lives until the test process ends.
fn background<S: Send + 'static, F: Future<Output = S>>(start: impl FnOnce() -> F + Send + 'static) -> S {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            sender.send(start().await).unwrap();
            std::future::pending::<()>().await;
        });
    });
    receiver.recv().unwrap()
}

/// A server that answers those only who show a certificate of `authority`.
fn demanding(authority: &Authority) -> Server {
    let acceptor = authority.demanding(&[&TLS13]);
    background(|| {
        Server::start_tls(acceptor, |mut peer| async move {
            while peer.request().await.is_some() {
                peer.send(ok("known")).await;
            }
        })
    })
}

#[test]
fn certificates_are_named_by_flags_classes_and_requests() {
    let authority = Authority::new();
    let server = demanding(&authority);
    let (own, key) = authority.issue("client", |_| {});
    let ca = std::fs::read_to_string(authority.file()).unwrap();
    let joined = own.pem() + key.serialize_pem().as_str();
    let run = |class: &str, request: &str| {
        // Names in a script are relative to its folder, not to the one that it is run in.
        let script = format!(
            r#"user_class("U"){class}.task("t", |user| {{
                let page = user.get("/"{request});
                if page.ok && page.text() != "known" {{ page.failure("unknown"); }}
            }});"#
        );
        Katydid::new(["run", "sub/main.rhai", "--host", server.url("").as_str(), "-i", "2"])
            .file("sub/main.rhai", &script)
            .file("sub/ca.pem", &ca)
            .file("sub/own.pem", &own.pem())
            .file("sub/own.key", key.serialize_pem().as_str())
            .file("sub/joined.pem", &joined)
    };
    let both = r#".http(#{ ca: "ca.pem", cert: "own.pem", key: "own.key" })"#;
    run(both, "").run().exits(0);
    run(r#".http(#{ ca: "ca.pem", cert: "joined.pem" })"#, "").run().exits(0);
    run("", "").args(["--ca", "sub/ca.pem", "--cert", "sub/own.pem", "--key", "sub/own.key"]).run().exits(0);
    run("", "").args(["--insecure"]).env("KATYDID_CERT", "sub/joined.pem").run().exits(0);
    run("", r#", #{ verify: false, cert: "joined.pem" }"#).run().exits(0);
    run("", r#", #{ verify: false, cert: "own.pem", key: "own.key" }"#).run().exits(0);
    // A key goes with the certificate that it was given with.
    run(r#".http(#{ ca: "ca.pem", cert: "joined.pem" })"#, "")
        .args(["--cert", "sub/own.pem", "--key", "sub/own.key"])
        .run()
        .exits(0);
    let finished = run(r#".http(#{ ca: "ca.pem" })"#, "").run().exits(1);
    assert!(finished.stdout.contains("tls alert: certificate_required"), "{}", finished.stdout);
}

#[test]
fn files_that_cannot_be_used_are_told_before_anything_is_sent() {
    let script = r#"user_class("U").http(#{ cert: "own.pem" }).task("t", |user| { user.get("/"); });"#;
    insta::assert_snapshot!(mistake(&[("main.rhai", script), ("own.pem", "hello")]), @r"
    error: cannot use the certificates of this file: it holds none
     --> own.pem
      = note: asked for by user class `U`, declared at main.rhai:1:1
      = help: give a PEM file with at least one `-----BEGIN CERTIFICATE-----`
    ");
    let version = r#"user_class("U").http(#{ tls_min: 1.1 }).task("t", |user| { user.get("/"); });"#;
    insta::assert_snapshot!(mistake(&[("main.rhai", version)]), @r#"
    error: `tls_min` of .http(..): `1.1` is neither 1.2 nor 1.3
     --> main.rhai:1:17
      |
    1 | user_class("U").http(#{ tls_min: 1.1 }).task("t", |user| { user.get("/"); });
      |                 ^^^^
    "#);
}

#[test]
fn a_file_that_only_a_request_names_is_an_exception_there() {
    let script = r#"user_class("U").task("t", |user| { user.get("https://127.0.0.1:9/", #{ cert: "nowhere.pem" }); });"#;
    let finished =
        Katydid::run_script(script).args(["--host", "http://127.0.0.1:9", "-i", "1"]).run().exits(1);
    let told =
        "cannot use the certificates of this file: No such file or directory (os error 2): nowhere.pem";
    assert!(finished.stdout.contains(told), "{}", finished.stdout);
    assert_eq!(finished.sent(), 0);
}

#[test]
fn a_batch_overlaps_as_a_whole_on_one_connection() {
    const REQUESTS: usize = 20;
    let server = background(|| async {
        // Nobody is answered before all have asked.
        let gate = Arc::new(Barrier::new(REQUESTS));
        multiplexed::Server::start(move |mut asked: Asked| {
            let gate = gate.clone();
            async move {
                gate.wait().await;
                asked.ok("fine").await;
            }
        })
        .await
    });
    let script = r#"user_class("U").task("t", |user| {
        let urls = [];
        for number in 0..20 { urls.push(`/${number}`); }
        for answer in user.batch(urls) {
            answer.name = "/[n]";
            if answer.http_version != "2" { answer.failure(`spoken: ${answer.http_version}`); }
        }
    });"#;
    let finished = Katydid::run_script(script)
        .args(["--host", server.url("").as_str(), "--http-version", "2", "-i", "3"])
        .run()
        .exits(0);
    assert_eq!((server.accepted(), server.heads(), finished.sent()), (1, 60, 60));
}

#[test]
fn the_version_is_chosen_by_class_and_told() {
    let authority = Authority::new();
    let acceptor = authority.accepting("localhost", |_| {}, &[&TLS13], &["h2"]);
    let server = background(|| {
        multiplexed::Server::launch(
            Some(acceptor),
            h2::server::Builder::new(),
            |mut asked: Asked| async move {
                asked.ok("fine").await;
            },
        )
    });
    let script = |option: &str| {
        format!(
            r#"user_class("U").http(#{{ verify: false{option} }}).task("t", |user| {{
                let page = user.get("/");
                print(`${{page.http_version}}: ${{page.error}}`);
                log::info(`spoken ${{page.http_version}}`);
            }});"#
        )
    };
    let run = |option: &str| {
        let host = server.url("");
        Katydid::run_script(&script(option)).args(["--host", host.as_str(), "-i", "1"]).run()
    };
    for option in ["", r#", http_version: "2""#, ", http_version: 2", r#", http_version: "auto""#] {
        let finished = run(option).exits(0);
        assert!(finished.stderr.contains("spoken 2"), "{option}: {}", finished.stderr);
    }
    let finished = run(r#", http_version: "1.1""#).exits(1);
    assert!(finished.stdout.contains("tls alert: no_application_protocol"), "{}", finished.stdout);
    assert_eq!(server.ledger.heads.load(Ordering::SeqCst), 4);
}

#[test]
fn the_books_balance_when_a_run_of_http2_is_interrupted() {
    let server = background(|| {
        multiplexed::Server::start(|mut asked: Asked| async move {
            if asked.body().await.is_ok() && asked.path() != "/silent" {
                asked.ok(vec![b'x'; 20_000]).await;
            }
        })
    });
    let script = r#"
        let body = "y"; for n in 0..12 { body += body; }
        user_class("U")
            .task("page", 3, |user| { user.batch(["/a", "/b", #{ method: "POST", url: "/c", body: body }]); })
            .task("slow", |user| { user.get("/silent", #{ timeout: "20ms" }).success(); });
    "#;
    for signals in 1..=2 {
        let running = Katydid::run_script(script)
            .args(["--host", server.url("").as_str(), "--http-version", "2", "-u", "8", "-r", "100"])
            .args(["-s", "0", "--csv", "r"])
            .start();
        let before = server.heads();
        while server.heads() < before + 300 {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        for _ in 0..signals {
            running.signal("INT");
        }
        let finished = running.finish();
        let rows = finished.csv("r");
        let counted: u64 = rows[&(String::new(), "Aggregated".to_owned())]["Request Count"].parse().unwrap();
        let never_sent = finished.told(["requests never sent", "request never sent"]);
        assert_eq!(finished.sent(), counted - never_sent + finished.cut_off(), "{}", finished.stdout);
        assert!(server.heads() - before <= finished.sent(), "{}", finished.stdout);
    }
}
