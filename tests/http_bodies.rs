//! Responses in every shape that a server may give them.

mod http_support;

use http_support::{Server, User, ok, request};
use katydid::http::{ClientOptions, TransportError};
use std::io::Write;

async fn answered(method: &str, pieces: &[&[u8]]) -> (katydid::http::Response, User, Server) {
    let pieces: Vec<Vec<u8>> = pieces.iter().map(|piece| piece.to_vec()).collect();
    let server = Server::start(move |mut peer| {
        let pieces = pieces.clone();
        async move {
            while peer.request().await.is_some() {
                for piece in &pieces {
                    peer.send(piece).await;
                    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                }
            }
        }
    })
    .await;
    let user = User::new();
    // Twice over one connection: what a response leaves behind spoils the next one.
    user.send(method, &server.url("/")).await;
    let response = user.send(method, &server.url("/")).await;
    (response, user, server)
}

#[tokio::test]
async fn responses_without_a_body_leave_the_connection_usable() {
    for (method, answer, status) in [
        ("HEAD", "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n", 200),
        ("HEAD", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", 200),
        ("GET", "HTTP/1.1 204 No Content\r\n\r\n", 204),
        ("GET", "HTTP/1.1 304 Not Modified\r\ncontent-length: 1000\r\n\r\n", 304),
        ("GET", "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", 404),
    ] {
        let (response, user, server) = answered(method, &[answer.as_bytes()]).await;
        assert_eq!((response.status, response.body.len(), response.error), (status, 0, None), "{answer}");
        assert_eq!((server.accepted(), user.wire_requests()), (1, 2), "{answer}");
    }
}

#[tokio::test]
async fn bodies_come_in_pieces() {
    let head: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n";
    let chunked: &[u8] = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    for pieces in [
        &[head, b"01234", b"56789"][..],
        &[b"HTTP/1.1 200 OK\r\ncon", b"tent-length: 10\r\n\r", b"\n0123456789"],
        &[chunked, b"5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n"],
        &[chunked, b"3;name=value\r\n012\r\n7\r", b"\n3456789\r\n", b"0\r\ntrailer: x\r\n\r\n"],
        &[b"HTTP/1.1 100 Continue\r\n\r\n", head, b"0123456789"],
        &[
            b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n",
            head,
            b"0123456789",
        ],
    ] {
        let (response, user, server) = answered("GET", pieces).await;
        assert_eq!((response.status, &response.body[..]), (200, &b"0123456789"[..]), "{pieces:?}");
        assert_eq!((server.accepted(), user.reconnects()), (1, 0), "{pieces:?}");
        assert_eq!(response.timings.total(), response.elapsed);
    }
}

#[tokio::test]
async fn a_large_body_is_whole_and_limited_on_request() {
    let body = "0123456789".repeat(300_000);
    let answer = ok(&body);
    let server = Server::answering(move |_| answer.clone()).await;
    let response = User::new().get(&server.url("/")).await;
    assert_eq!(response.body, body);
    let limited = User::with(ClientOptions { max_body: Some(1_000_000), ..ClientOptions::default() });
    let response = limited.get(&server.url("/")).await;
    assert_eq!((response.status, response.error), (0, Some(TransportError::BodyTooLarge)));
    let exact = User::with(ClientOptions { max_body: Some(3_000_000), ..ClientOptions::default() });
    assert_eq!(exact.get(&server.url("/")).await.status, 200);
}

#[tokio::test]
async fn a_body_that_is_not_kept_is_counted_as_it_came() {
    const PIECE: usize = 1 << 20;
    let server = Server::start(|mut peer| async move {
        while let Some(request) = peer.request().await {
            let piece = vec![b'x'; PIECE];
            match request.target() {
                "/length" => {
                    peer.send(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", 20 * PIECE)).await;
                }
                "/chunked" => peer.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await,
                _ => peer.send("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").await,
            }
            for _ in 0..20 {
                if request.target() == "/chunked" {
                    peer.send(format!("{PIECE:x}\r\n")).await;
                }
                peer.send(&piece).await;
                if request.target() == "/chunked" {
                    peer.send("\r\n").await;
                }
            }
            match request.target() {
                "/length" => {}
                "/chunked" => peer.send("0\r\n\r\n").await,
                _ => return,
            }
        }
    })
    .await;
    let user = User::with(ClientOptions { keep_body: false, ..ClientOptions::default() });
    for path in ["/length", "/chunked", "/close"] {
        let response = user.get(&server.url(path)).await;
        assert_eq!((response.status, response.error, response.size), (200, None, 20 << 20), "{path}");
        assert_eq!((response.body.len(), response.is_kept()), (0, false));
        assert_eq!(response.text(), Err(katydid::http::DecodeError::NotKept));
        assert_eq!(response.timings.total(), response.elapsed);
        let mut kept = request("GET", &server.url(path));
        kept.keep_body = Some(true);
        let response = user.client.send(kept).await;
        assert_eq!((response.body.len(), response.size), (20 << 20, 20 << 20), "{path}");
    }
    // The last two ended with their connection.
    assert_eq!((server.accepted(), user.reconnects()), (2, 0));
    let limited =
        User::with(ClientOptions { keep_body: false, max_body: Some(1 << 20), ..ClientOptions::default() });
    for path in ["/length", "/chunked", "/close"] {
        assert_eq!(limited.get(&server.url(path)).await.error, Some(TransportError::BodyTooLarge), "{path}");
    }
}

#[tokio::test]
async fn trailers_come_behind_the_body() {
    let answer: &[u8] =
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\nx-sum: 8\r\n\r\n";
    let (response, user, server) = answered("GET", &[answer]).await;
    assert_eq!((&response.body[..], response.size), (&b"ok"[..], 2));
    let trailers = response.trailers().unwrap();
    assert_eq!(trailers.get_all("X-SUM").iter().collect::<Vec<_>>(), ["7", "8"]);
    assert_eq!((response.headers().get("x-sum"), server.accepted(), user.reconnects()), (None, 1, 0));
    let (response, ..) = answered("GET", &[ok("no trailers").as_bytes()]).await;
    assert_eq!(response.trailers(), None);
}

#[tokio::test]
async fn an_early_answer_counts_though_the_upload_is_cut() {
    let server = Server::start(|mut peer| async move {
        peer.head().await;
        peer.send("HTTP/1.1 413 Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").await;
        peer.drain().await;
    })
    .await;
    let user = User::new();
    let mut upload = request("POST", &server.url("/"));
    upload.body = vec![0; 8 << 20].into();
    let response = user.client.send(upload).await;
    assert_eq!((response.status, response.error), (413, None));
    assert_eq!((user.wire_requests(), server.heads()), (1, 1));
}

#[tokio::test]
async fn an_answer_to_half_a_request_ends_its_connection() {
    // The server answers at once and announces no close: what is left of the body may not run into the next request.
    let server = Server::start(|mut peer| async move {
        while peer.head().await.is_some() {
            peer.send(ok("enough")).await;
            if peer.number == 0 {
                peer.drain().await;
            }
        }
    })
    .await;
    let user = User::new();
    let mut upload = request("POST", &server.url("/"));
    upload.body = vec![0; 32 << 20].into();
    let response = user.client.send(upload).await;
    assert_eq!((response.status, &response.body[..], response.error), (200, &b"enough"[..], None));
    assert_eq!(response.timings.total(), response.elapsed);
    assert!(user.shared.counters.bytes_sent.get() < 32 << 20, "the rest was not sent");
    let response = user.get(&server.url("/")).await;
    assert_eq!((response.status, server.accepted(), user.reconnects()), (200, 2, 0));
}

#[tokio::test]
async fn a_server_may_answer_while_it_reads() {
    const SIZE: usize = 16 << 20;
    let server = Server::start(|mut peer| async move {
        while peer.head().await.is_some() {
            peer.send("HTTP/1.1 100 Continue\r\n\r\n").await;
            peer.send(format!("HTTP/1.1 200 OK\r\ncontent-length: {SIZE}\r\n\r\n")).await;
            peer.echo(SIZE).await;
        }
    })
    .await;
    let user = User::new();
    for round in 1..=2 {
        let mut sent = request("POST", &server.url("/"));
        sent.body = (0..=255).cycle().take(SIZE).collect::<Vec<u8>>().into();
        sent.timeout = Some(std::time::Duration::from_secs(60));
        let body = sent.body.clone();
        let response = user.client.send(sent).await;
        assert_eq!((response.status, response.error), (200, None));
        assert!(response.body == body, "every byte came back");
        assert_eq!(response.timings.total(), response.elapsed);
        assert_eq!((server.accepted(), user.wire_requests()), (1, round));
    }
}

#[tokio::test]
async fn the_reason_is_the_servers_or_the_usual_one() {
    let (response, ..) = answered("GET", &[b"HTTP/1.1 200 Fine By Me\r\ncontent-length: 0\r\n\r\n"]).await;
    assert_eq!(response.reason(), "Fine By Me");
    let (response, ..) = answered("GET", &[b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"]).await;
    assert_eq!(response.reason(), "Not Found");
    let (response, ..) = answered("GET", &[b"HTTP/1.1 299\r\ncontent-length: 0\r\n\r\n"]).await;
    assert_eq!(response.reason(), "");
}

#[tokio::test]
async fn encoded_bodies_keep_their_size_and_can_be_read() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all("grün ".repeat(100).as_bytes()).unwrap();
    let body = encoder.finish().unwrap();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-type: text/plain; charset=utf-8\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    let (response, ..) = answered("GET", &[head.as_bytes(), &body]).await;
    assert_eq!(response.body, body);
    assert_eq!(response.text().unwrap(), "grün ".repeat(100));
    let (response, ..) =
        answered("GET", &[b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc"])
            .await;
    assert!(response.decoded().is_err() && response.text().is_err());
    let (response, ..) =
        answered("HEAD", &[b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\n"]).await;
    assert_eq!(response.text().as_deref(), Ok(""));
}
