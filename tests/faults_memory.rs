//! Whatever a server sends, what katydid holds of it is bounded.

mod support;

use std::io::Write;
use support::faults::{Faulty, Line, ok};
use support::trial::Trial;

const MEGABYTE: u64 = 1024 * 1024;

/// Megabytes that a body at the limit of 256 MiB may cost at most: the sizes that it grew through, which double and which
/// the allocator may not have given back yet, are as much again, and as much is left for everything else.
const GROWN: u64 = 768;

/// Has the first request answered by `fault`, and returns what came of the run and the most memory that it held; the
/// second request waits until that is known.
fn peak(trial: &Trial<'_>, server: &Faulty) -> (support::Finished, u64) {
    let running = trial.command().start();
    server.until_held();
    let peak = running.peak_memory();
    server.release();
    (running.finish(), peak)
}

/// Answers the first request by `fault`, and the others when the test says so.
fn then_held(fault: impl Fn(&mut Line) + Send + Sync + 'static) -> Faulty {
    Faulty::start(move |line| {
        while let Some(head) = line.head() {
            if head.starts_with("GET /next") {
                line.hold();
                line.send(ok("fine"));
            } else {
                fault(line);
            }
        }
    })
}

#[test]
fn a_body_of_a_gigabyte_is_refused() {
    let piece = vec![b'x'; MEGABYTE as usize];
    let mut chunk = b"100000\r\n".to_vec();
    chunk.extend_from_slice(&piece);
    chunk.extend_from_slice(b"\r\n");
    for (head, piece, most) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n", piece.clone(), 100),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", chunk, GROWN),
        ("HTTP/1.1 200 OK\r\n\r\n", piece, GROWN),
    ] {
        let server = then_held(move |line| {
            line.send(head);
            line.send_often(&piece, 1024);
        });
        let trial = Trial::new(&server);
        let (finished, peak) = peak(&trial, &server);
        trial.has_failed(finished, "response body too large");
        assert!(peak < most * MEGABYTE, "{head}: {} MB", peak / MEGABYTE);
    }
}

#[test]
fn a_bomb_goes_off_only_where_it_is_opened_and_not_far() {
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let zeros = vec![0; MEGABYTE as usize];
    for _ in 0..1024 {
        bomb.write_all(&zeros).expect("memory");
    }
    let bomb = bomb.finish().expect("memory");
    assert!(bomb.len() < 2 * MEGABYTE as usize);
    let answer =
        format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", bomb.len());
    let answer = [answer.as_bytes(), &bomb].concat();
    for (then, most) in [("", 100), ("try { r.text(); throw 1; } catch (e) { user.why = `${e}`; }", GROWN)] {
        let answer = answer.clone();
        let server = then_held(move |line| {
            line.send(&answer);
        });
        let then = format!("{then} r = ();");
        let trial = Trial::new(&server).then(&then);
        let (finished, peak) = peak(&trial, &server);
        trial.counted(finished, 0).exits(0);
        assert!(peak < most * MEGABYTE, "{then}: {} MB", peak / MEGABYTE);
    }
}
