//! Many users against a server that does wrong at random: what the run counts is what the server did, always.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use support::Katydid;
use support::faults::{Faulty, Line, ok};

/// What happened at the server.
#[derive(Default)]
struct Book {
    /// Answers that fail their request, and connections that ended without one.
    failed: AtomicU64,
    redirects: AtomicU64,
}

/// A number that looks random: what is done with the request number `request` on the connection number `connection`.
fn draw(seed: u64, connection: u64, request: u64) -> u64 {
    let mut value =
        seed.wrapping_mul(1_000_003).wrapping_add(connection).wrapping_mul(1_000_033).wrapping_add(request);
    for _ in 0..3 {
        value ^= value >> 29;
        value = value.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
    value >> 40
}

/// Serves one connection.
fn serve(line: &mut Line, seed: u64, book: &Book) {
    for request in 0.. {
        let deed = draw(seed, line.number, request) % 16;
        if deed == 0 {
            if line.see_head() {
                book.failed.fetch_add(1, Ordering::SeqCst);
            }
            return line.reset();
        }
        let Some(head) = line.head() else { return };
        let target = head.split(' ').nth(1).unwrap_or_default();
        if (1..=7).contains(&deed) {
            book.failed.fetch_add(1, Ordering::SeqCst);
        }
        let whole = ok(target);
        match deed {
            1 => return line.reset(),
            2 => return line.close(),
            3 => {
                line.send("HTTP/1.1 200 OK\r\ncontent-le");
                return line.close();
            }
            4 => {
                line.send(&whole[..whole.len() - 1]);
                return line.reset();
            }
            5 => {
                line.send("garbage\r\n\r\n");
                return line.silence();
            }
            6 => drop(line.send("HTTP/1.1 500 It Happened At 10:00\r\ncontent-length: 0\r\n\r\n")),
            7 => {
                line.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nx\r\n");
                return line.silence();
            }
            8 => {
                line.send(format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{target}"));
                return line.close();
            }
            9 => {
                line.send(format!("{whole}{}", ok("stray")));
                return line.silence();
            }
            10 => {
                book.redirects.fetch_add(1, Ordering::SeqCst);
                line.send(format!("HTTP/1.1 307 Go\r\nlocation: {target}\r\ncontent-length: 0\r\n\r\n"));
            }
            _ => drop(line.send(whole)),
        }
    }
}

const SCRIPT: &str = r#"
    const BAD = "bad";
    fn judge(resp, path) {
        if resp.ok {
            if resp.text() != path { throw `${path} got ${resp.text()}`; }
        } else {
            data::counter(global::BAD).next();
        }
    }
    user_class("U")
        .task("one", |user| {
            let path = `/${user.id}/${random::int(0, 1000000)}`;
            judge(user.get(path, #{ name: "one" }), path);
        })
        .task("three", |user| {
            let paths = [];
            for n in 0..3 { paths.push(`/${user.id}/${random::int(0, 1000000)}`); }
            let answers = user.batch(paths.map(|path| #{ url: path, name: "three" }));
            for n in 0..3 { judge(answers[n], paths[n]); }
        });
    on("quitting", || print(`bad: ${data::counter(global::BAD).next()}`));
"#;

#[test]
fn the_books_agree_whatever_the_server_does() {
    for seed in 0..24 {
        let book = Arc::<Book>::default();
        let kept = book.clone();
        let server = Faulty::start(move |line| serve(line, seed, &kept));
        let finished = Katydid::run_script(SCRIPT)
            .args([
                "--host",
                &server.url(),
                "-u",
                "5",
                "-r",
                "1000",
                "-i",
                "60",
                "--only-summary",
                "--csv",
                "r",
            ])
            .args(["--seed", &seed.to_string(), "--shards", ["1", "2"][seed as usize % 2]])
            .run();
        let rows = finished.csv("r");
        let number = |row: &str, column: &str| -> u64 {
            let row = rows.iter().find(|((_, name), _)| name == row).map(|(_, row)| row);
            row.map_or(0, |row| row[column].parse().expect("a count"))
        };
        let shown = format!("seed {seed}\n{}{}", finished.stdout, finished.stderr);
        let (requests, failures) =
            (number("Aggregated", "Request Count"), number("Aggregated", "Failure Count"));
        let failed = book.failed.load(Ordering::SeqCst);
        let redirects = book.redirects.load(Ordering::SeqCst);
        assert_eq!(finished.sent(), server.heads(), "{shown}");
        assert_eq!(requests + redirects, server.heads(), "{shown}");
        assert_eq!(failures, failed, "{shown}");
        assert!(finished.stdout.contains(&format!("bad: {failures}\n")), "{shown}");
        // Sixty tasks, each of one request or of three.
        let threes = number("three", "Request Count");
        assert_eq!((threes % 3, requests - threes + threes / 3), (0, 60), "{shown}");
        // The exception table is empty, and the texts are few.
        assert_eq!(finished.written("r_exceptions.csv").lines().count(), 1, "{shown}");
        let texts = support::trial::failures(&finished);
        assert!(texts.iter().all(|(text, _)| !text.contains(['/', '@'])), "{texts:?}");
        assert!(texts.len() <= 12, "{texts:?}");
        finished.exits(1);
    }
}
