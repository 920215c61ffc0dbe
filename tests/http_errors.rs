//! Every way in which an exchange fails has its text, and none of them is a panic.

#![expect(clippy::unwrap_used, reason = "a test fails by panics, its helpers too")]

mod http_support;

use http_support::{Server, User, ok};
use katydid::http::{ClientOptions, Response};
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket};

fn text(response: &Response) -> String {
    assert_eq!(response.status, 0);
    assert_eq!(response.timings.total(), response.elapsed);
    assert_eq!(response.reason(), "");
    response.error.unwrap().to_string()
}

/// What a user sees of a server that reads a head, sends `answer` and closes.
async fn closing_after(answer: &'static [u8]) -> String {
    let server = Server::start(move |mut peer| async move {
        peer.head().await;
        peer.send(answer).await;
    })
    .await;
    let user = User::new();
    let error = text(&user.get(&server.url("/")).await);
    assert_eq!((user.wire_requests(), server.heads()), (1, 1), "{error}");
    error
}

#[tokio::test]
async fn a_name_without_address() {
    let user = User::new();
    assert_eq!(text(&user.get("http://katydid-test.invalid/").await), "host name lookup failed");
    assert_eq!((user.wire_requests(), user.shared.counters.connections.get()), (0, 0));
}

#[tokio::test]
async fn a_port_where_nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let user = User::new();
    assert_eq!(text(&user.get(&url).await), "connection refused");
    assert_eq!(text(&user.get(&url.replace("127.0.0.1", "localhost")).await), "connection refused");
    assert_eq!((user.wire_requests(), user.reconnects()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn an_address_that_does_not_answer() {
    // A listener whose queue is full: further attempts to connect are ignored.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let _queued: Vec<_> = (0..8).map(|_| tokio::spawn(tokio::net::TcpStream::connect(address))).collect();
    tokio::time::sleep(Duration::from_millis(10)).await;
    let options = ClientOptions { connect_timeout: Some(Duration::from_secs(3)), ..ClientOptions::default() };
    let user = User::with(options);
    let response = user.get(&format!("http://{address}/")).await;
    assert_eq!(text(&response), "connecting timed out");
    assert_eq!(response.elapsed, Duration::from_secs(3));
}

#[tokio::test]
async fn a_server_that_closes_or_breaks_off() {
    assert_eq!(closing_after(b"").await, "connection closed before a response");
    assert_eq!(closing_after(b"HTTP/1.1 200 O").await, "response ended early");
    assert_eq!(
        closing_after(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc").await,
        "response ended early"
    );
    assert_eq!(
        closing_after(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabc").await,
        "response ended early"
    );
    assert_eq!(
        closing_after(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n").await,
        "response ended early"
    );
}

#[tokio::test]
async fn a_server_that_resets() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        stream.readable().await.unwrap();
        drop(stream); // with unread bytes: the system sends a reset
    });
    assert_eq!(text(&User::new().get(&url).await), "connection reset");
    server.await.unwrap();
}

#[tokio::test]
async fn what_is_not_http() {
    for answer in [
        &b"SSH-2.0-OpenSSH_9.6\r\n"[..],
        b"\x15\x03\x01\x00\x02\x02\x46",
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"HTTP/1.1 two hundred\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nbad name : x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: \x00\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
    ] {
        let seen = closing_after(answer).await;
        assert_eq!(seen, "malformed response", "{}", String::from_utf8_lossy(answer));
    }
}

#[tokio::test]
async fn heads_are_limited_but_generously() {
    let large = |size: usize| {
        let value = "x".repeat(size);
        ok("").replace("\r\n\r\n", &format!("\r\nx-large: {value}\r\n\r\n"))
    };
    let (fine, huge) = (large(100_000), large(500_000));
    let many = |count: usize| ok("").replace("\r\n\r\n", &format!("\r\n{}\r\n", "a: b\r\n".repeat(count)));
    let (several, crowd) = (many(1000), many(2000));
    let server = Server::answering(move |request| match request.target() {
        "/fine" => fine.clone(),
        "/huge" => huge.clone(),
        "/several" => several.clone(),
        _ => crowd.clone(),
    })
    .await;
    let user = User::new();
    assert_eq!(user.get(&server.url("/fine")).await.headers()["x-large"].len(), 100_000);
    assert_eq!(user.get(&server.url("/several")).await.headers().get_all("a").iter().count(), 1000);
    assert_eq!(text(&user.get(&server.url("/huge")).await), "response head too large");
    assert_eq!(text(&user.get(&server.url("/crowd")).await), "response head too large");
}

#[tokio::test]
async fn an_error_does_not_spoil_the_next_request() {
    let server = Server::start(|mut peer| async move {
        peer.head().await;
        let answer = if peer.number == 0 { "garbage\r\n\r\n".to_owned() } else { ok("fine") };
        peer.send(answer).await;
        peer.drain().await;
    })
    .await;
    let user = User::new();
    assert_eq!(text(&user.get(&server.url("/")).await), "malformed response");
    assert_eq!(user.get(&server.url("/")).await.body, "fine");
    assert_eq!((user.reconnects(), user.wire_requests()), (0, 2));
}
