//! Every way in which a server can do wrong, through the whole command: the request is counted once, under a text that
//! groups, what was sent is what the server counted, and the user goes on. `docs/errors.md` has the texts.

#![expect(clippy::print_stdout, reason = "a test that fails shows the answer that it was at")]

mod support;

use nix::sys::socket::{Backlog, listen};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;
use support::faults::{Faulty, Line, ok};
use support::trial::Trial;

/// What the first connection does once it has read a head.
fn after_head(fault: impl Fn(&mut Line) + Send + Sync + 'static) -> Faulty {
    Faulty::once(move |line| {
        if line.head().is_some() {
            fault(line);
        }
    })
}

/// Answers the first request with these bytes, and behaves from then on.
fn answering(answer: impl AsRef<[u8]>) -> Faulty {
    let answer = answer.as_ref().to_vec();
    after_head(move |line| {
        line.send(&answer);
        line.behave();
    })
}

/// Each of these answers fails with this text.
#[track_caller]
fn each_fails(answers: &[&[u8]], text: &str) {
    for answer in answers {
        println!("{}", answer.escape_ascii());
        Trial::new(&answering(answer)).fails(text);
    }
}

#[test]
fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    drop(listener);
    let good = Faulty::start(Line::behave);
    Trial::new(&good).asking(url).fails("connection refused");
    assert_eq!(good.heads(), 1);
}

#[test]
fn a_name_without_address() {
    let good = Faulty::start(Line::behave);
    Trial::new(&good).asking("http://katydid-test.invalid/").fails("host name lookup failed");
}

#[test]
fn an_address_without_a_way() {
    let good = Faulty::start(Line::behave);
    Trial::new(&good).asking("http://255.255.255.255/").fails("host unreachable");
}

#[test]
fn an_address_that_does_not_answer() {
    // A listener whose queue is full: further attempts to connect are ignored.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listen(&listener, Backlog::new(1).expect("a length")).expect("a shorter queue");
    let address = listener.local_addr().expect("an address");
    let mut queued = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
        queued.push(stream);
    }
    let good = Faulty::start(Line::behave);
    let trial = || Trial::new(&good).asking(format!("http://{address}/"));
    trial().client("connect_timeout: 0.2").fails("connecting timed out");
    // Without a limit of its own, connecting is bounded by the timeout of the request.
    let again = Faulty::start(Line::behave);
    Trial::new(&again).asking(format!("http://{address}/")).options("timeout: 0.2").fails("timed out");
}

#[test]
fn resets() {
    // At once: whether the head still left, and when the reset came, nobody can say.
    let server = Faulty::once(Line::reset);
    Trial::new(&server).unread(1).fails("connection reset");
    let server = Faulty::once(|line| {
        line.see_head();
        line.reset();
    });
    Trial::new(&server).fails("connection reset");
    for part in
        ["HTTP/1.1 20", "HTTP/1.1 200 OK\r\ncontent-le", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc"]
    {
        let server = after_head(move |line| {
            line.send(part);
            line.reset();
        });
        Trial::new(&server).fails("connection reset");
    }
}

#[test]
fn farewells_that_come_too_early() {
    for (answer, text) in [
        ("", "connection closed before a response"),
        ("HTTP/1.1 200 O", "response ended early"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n", "response ended early"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc", "response ended early"),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "response ended early"),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nabc", "response ended early"),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n", "response ended early"),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n", "response ended early"),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1", "response ended early"),
    ] {
        println!("{answer:?}");
        let server = after_head(move |line| {
            line.send(answer);
            line.close();
        });
        Trial::new(&server).fails(text);
    }
}

#[test]
fn lengths_that_are_wrong() {
    // Longer than the body, and the server waits: only the timeout helps.
    let server = after_head(|line| {
        line.send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc");
        line.silence();
    });
    Trial::new(&server).options("timeout: 0.3").fails("timed out");
    // Shorter: what is announced is the body, and the connection is not used again.
    let server = after_head(|line| {
        line.send("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabcdef");
        line.silence();
    });
    Trial::new(&server).then(r#"if r.text() != "abc" { throw r.text(); }"#).passes();
    assert_eq!(server.accepted(), 2);
    each_fails(
        &[
            b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
            b"HTTP/1.1 200 OK\r\ncontent-length: 1, 2\r\n\r\nab",
            b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
            b"HTTP/1.1 200 OK\r\ncontent-length: 0x5\r\n\r\nabcde",
            b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999999\r\n\r\n",
            b"HTTP/1.1 200 OK\r\ncontent-length:\r\n\r\n",
        ],
        "malformed response",
    );
    // Said several times, it is still one length.
    let server = answering("HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 3, 3\r\n\r\nabc");
    Trial::new(&server).then(r#"if r.text() != "abc" { throw r.text(); }"#).passes();
    assert_eq!(server.accepted(), 1);
}

#[test]
fn heads_that_are_none() {
    each_fails(
        &[
            b"SSH-2.0-OpenSSH_9.6\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"HTTP/2.0 200 OK\r\n\r\n",
            b"HTTP/1.1 two hundred\r\n\r\n",
            b"HTTP/1.1 000 Nothing\r\ncontent-length: 0\r\n\r\n",
            b"HTTP/1.1 99 Few\r\ncontent-length: 0\r\n\r\n",
            b"HTTP/1.1 1000 Many\r\ncontent-length: 0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nx: a\x00b\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nx: a\r\n folded\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nb\xc3\xa9: x\r\n\r\n",
        ],
        "malformed response",
    );
}

#[test]
fn heads_without_end() {
    let server = after_head(|line| {
        line.send("HTTP/1.1 200 OK\r\nx: ");
        line.send_often([b'y'; 8192], 1_000_000);
    });
    Trial::new(&server).fails("response head too large");
    let server = after_head(|line| {
        let headers: String = (0..100_000).map(|number| format!("x-{number}: y\r\n")).collect();
        line.send(format!("HTTP/1.1 200 OK\r\n{headers}content-length: 0\r\n\r\n"));
        line.silence();
    });
    Trial::new(&server).fails("response head too large");
    // What comes behind a chunked body is held to the same measure.
    let server = after_head(|line| {
        line.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n");
        line.send_often("x: y\r\n", usize::MAX);
    });
    Trial::new(&server).fails("response head too large");
}

#[test]
fn bytes_that_are_no_utf8() {
    // In values and in bodies they are allowed: what cannot be read becomes U+FFFD.
    let server = answering(b"HTTP/1.1 200 \xff\xfe\r\nx: caf\xe9\r\ncontent-length: 4\r\n\r\ncaf\xe9");
    let then = r#"if r.text() != "caf\uFFFD" || r.headers["x"] != "caf\uFFFD" { throw `${r.text()} ${r.headers}`; }"#;
    Trial::new(&server).then(then).passes();
}

#[test]
fn what_takes_too_long() {
    let server = after_head(Line::silence);
    Trial::new(&server).options("timeout: 0.3").fails("timed out");
    // A byte now and then is no progress: the timeout is for the whole answer.
    for begin in ["", "HTTP/1.1 200 OK\r\nx: ", "HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n"] {
        let server = after_head(move |line| {
            line.send(begin);
            line.trickle(if begin.is_empty() { b"\r\n" } else { b"y" });
        });
        Trial::new(&server).options("timeout: 0.5").fails("timed out");
    }
    // Interim answers without end keep nothing in memory.
    let server = after_head(|line| line.send_often("HTTP/1.1 100 Continue\r\n\r\n", usize::MAX));
    Trial::new(&server).options("timeout: 0.5").fails("timed out");
}

#[test]
fn chunks_that_lie() {
    let chunked =
        |rest: &str| format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{rest}").into_bytes();
    let long = chunked(&format!("5;{}", "x".repeat(20_000)));
    let malformed = [
        chunked("xyz\r\n"),
        chunked("\r\n"),
        chunked("-1\r\n"),
        chunked("0x5\r\nabcde\r\n0\r\n\r\n"),
        chunked("5 5\r\nabcde\r\n0\r\n\r\n"),
        chunked("fffffffffffffffff\r\n"),
        chunked("3\r\nabcdef\r\n0\r\n\r\n"),
        long,
    ];
    let malformed: Vec<&[u8]> = malformed.iter().map(Vec::as_slice).collect();
    each_fails(&malformed, "malformed response");
    // As long as no machine's memory.
    each_fails(&[&chunked("ffffffffffffffff\r\nabc")], "response body too large");
}

#[test]
fn an_answer_before_the_request_has_ended() {
    let upload = "body: blob(10000000, 120)";
    // The server refuses and closes, while the body is still on its way.
    let server = after_head(|line| {
        line.send("HTTP/1.1 413 Content Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
        line.reset();
    });
    let finished = Trial::new(&server).method("POST").options(upload).command().run().exits(1);
    let text = support::trial::failures(&finished);
    let refused = ["413 Payload Too Large", "connection reset"].map(|text| (format!("fault: {text}"), 1));
    assert!(text.len() == 1 && refused.contains(&text[0]), "{text:?}");
    // It refuses, and reads no more than fits between the two: the answer counts, the connection is not used again.
    let server = after_head(|line| {
        line.send("HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\n\r\n");
        line.hold();
    });
    Trial::new(&server).method("POST").options(upload).fails("413 Payload Too Large");
    assert_eq!(server.accepted(), 2);
}

#[test]
fn answers_that_nobody_asked_for() {
    // A switch of protocols: it is an answer, and the connection speaks something else afterwards.
    let server = after_head(|line| {
        line.send("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n");
        line.silence();
    });
    Trial::new(&server).then("if r.status != 101 { throw r.status; }").passes();
    assert_eq!(server.accepted(), 2);
    // A second answer behind the first is not the answer to the next request.
    let server = after_head(|line| {
        line.send(format!("{}{}", ok("mine"), ok("stray")));
        line.silence();
    });
    Trial::new(&server).then(r#"if r.text() != "mine" { throw r.text(); }"#).passes();
    assert_eq!(server.accepted(), 2);
    // One that comes before the question is taken for its answer, as by every client.
    let server = Faulty::once(|line| {
        line.send(ok("early"));
        line.behave();
    });
    Trial::new(&server).then(r#"if r.text() != "early" { throw r.text(); }"#).passes();
}

#[test]
fn redirects_that_lead_nowhere() {
    let server = Faulty::start(|line| {
        while let Some(head) = line.head() {
            let answer = if head.starts_with("GET /next") {
                ok("fine")
            } else {
                "HTTP/1.1 302 Found\r\nlocation: /fault\r\ncontent-length: 0\r\n\r\n".to_owned()
            };
            line.send(answer);
        }
    });
    Trial::new(&server).fails("too many redirects");
    assert_eq!(server.heads(), 32);
    for location in ["mailto:a@b", "http://", "http://[", "ftp://127.0.0.1/"] {
        let answer = format!("HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
        Trial::new(&answering(answer)).fails("invalid redirect");
    }
    // Without a place to go it is an answer like another.
    let server = answering("HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n");
    Trial::new(&server).then("if r.status != 302 { throw r.status; }").passes();
}
