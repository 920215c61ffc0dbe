//! `wire_requests` is what the servers count, also when users are cut off at any moment.

mod http_support;

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use http_support::{Server, User, cut_after, ok, request};
use std::time::Duration;

#[tokio::test]
async fn cuts_at_every_moment_leave_the_count_true() {
    let server = Server::answering(|request| match request.target() {
        "/go" => "HTTP/1.1 307 Go\r\nlocation: /there\r\ncontent-length: 0\r\n\r\n".to_owned(),
        _ => ok(&"x".repeat(100_000)),
    })
    .await;
    let user = User::new();
    let mut cut = 0;
    for round in 0..400 {
        let mut sent = request("POST", &server.url(["/go", "/there"][round % 2]));
        sent.body = Bytes::from(vec![0; [0, 10, 300_000][round % 3]]);
        // A head of 300 KB does not fit into one write, so some are cut in their middle.
        let size = [1, 1, 1, 300_000][round % 4];
        sent.headers
            .insert(HeaderName::from_static("x-large"), HeaderValue::from_str(&"y".repeat(size)).unwrap());
        cut += usize::from(cut_after(user.client.send(sent), round % 9).await.is_none());
    }
    drop(user.client);
    server.settled(usize::try_from(user.shared.counters.connections.get()).unwrap()).await;
    assert_eq!(user.shared.counters.wire_requests.get(), server.heads() as u64);
    assert!(cut > 100 && cut < 400, "{cut} of 400 were cut");
}

#[tokio::test]
async fn a_head_that_the_server_never_read_whole_is_not_counted() {
    // Nobody reads: the socket's buffers fill up in the middle of the head.
    let server = Server::start(|peer| async move {
        let _peer = peer;
        tokio::time::sleep(Duration::from_secs(3600)).await;
    })
    .await;
    let user = User::new();
    let mut sent = request("GET", &server.url("/"));
    sent.headers
        .insert(HeaderName::from_static("x-large"), HeaderValue::from_str(&"y".repeat(32 << 20)).unwrap());
    sent.timeout = Some(Duration::from_millis(200));
    assert_eq!(user.client.send(sent).await.error.unwrap().to_string(), "timed out");
    assert!(user.shared.counters.bytes_sent.get() > 0);
    assert_eq!(user.wire_requests(), 0);
}

#[tokio::test]
async fn servers_that_misbehave_do_not_spoil_the_count() {
    let server = Server::start(|mut peer| async move {
        for number in 0.. {
            if peer.head().await.is_none() {
                return;
            }
            match (peer.number + number) % 5 {
                0 => peer.send("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab").await,
                1 => peer.send("garbage\r\n\r\n").await,
                2 => return,
                3 => {
                    peer.send(ok("fine")).await;
                    return;
                }
                _ => {
                    peer.send(ok("fine")).await;
                    continue;
                }
            }
            return;
        }
    })
    .await;
    let user = User::new();
    for _ in 0..200 {
        user.get(&server.url("/")).await;
    }
    let User { shared, client } = user;
    drop(client);
    server.settled(1).await;
    assert_eq!(shared.counters.wire_requests.get(), server.heads() as u64);
    assert!(shared.counters.reconnects.get() > 0);
}
