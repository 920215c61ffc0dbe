//! Deadlines, in virtual time.

mod http_support;

use http_support::{Server, User, ok, request};
use katydid::http::ClientOptions;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Never answers `/silent`, sends a byte of `/slow` every second, redirects `/loop` after a second each time.
async fn server() -> Server {
    Server::start(|mut peer| async move {
        while let Some(request) = peer.request().await {
            match request.target() {
                "/silent" => peer.drain().await,
                "/slow" => {
                    peer.send("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n").await;
                    for _ in 0..1000 {
                        peer.send("x").await;
                        sleep(Duration::from_secs(1)).await;
                    }
                }
                "/loop" => {
                    sleep(Duration::from_secs(1)).await;
                    peer.send("HTTP/1.1 302 Found\r\nlocation: /loop\r\ncontent-length: 0\r\n\r\n").await;
                }
                _ => peer.send(ok("hi")).await,
            }
        }
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn silence_ends_at_the_default_of_a_minute() {
    let server = server().await;
    let user = User::new();
    let start = Instant::now();
    let response = user.get(&server.url("/silent")).await;
    assert_eq!((response.status, response.error.unwrap().to_string()), (0, "timed out".to_owned()));
    assert_eq!(response.elapsed, Duration::from_secs(60));
    assert_eq!((response.timings.total(), response.ended), (response.elapsed, start + response.elapsed));
    assert_eq!((user.wire_requests(), server.heads()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn the_timeout_covers_the_body_and_redirects() {
    let server = server().await;
    let user =
        User::with(ClientOptions { timeout: Duration::from_millis(10_500), ..ClientOptions::default() });
    for path in ["/slow", "/loop"] {
        let response = user.get(&server.url(path)).await;
        assert_eq!(response.error.unwrap().to_string(), "timed out", "{path}");
        assert_eq!(response.elapsed, Duration::from_millis(10_500), "{path}");
    }
    assert_eq!(user.wire_requests(), server.heads() as u64);
}

#[tokio::test(start_paused = true)]
async fn requests_may_bring_timeouts_of_their_own() {
    let server = server().await;
    let user = User::new();
    for seconds in [5, 1, 90, 3] {
        let mut sent = request("GET", &server.url("/silent"));
        sent.timeout = Some(Duration::from_secs(seconds));
        let response = user.client.send(sent).await;
        assert_eq!(response.error.unwrap().to_string(), "timed out");
        assert_eq!(response.elapsed, Duration::from_secs(seconds));
    }
}

#[tokio::test(start_paused = true)]
async fn requests_at_the_same_time_have_deadlines_of_their_own() {
    let server = server().await;
    let user = User::new();
    let silent = |seconds| {
        let mut sent = request("GET", &server.url("/silent"));
        sent.timeout = Some(Duration::from_secs(seconds));
        user.client.send(sent)
    };
    let (a, b, c) = tokio::join!(silent(7), silent(2), silent(4));
    assert_eq!([a.elapsed, b.elapsed, c.elapsed].map(|elapsed| elapsed.as_secs()), [7, 2, 4]);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_without_end_is_none() {
    let server = server().await;
    let user = User::with(ClientOptions { timeout: Duration::MAX, ..ClientOptions::default() });
    assert_eq!(user.get(&server.url("/")).await.status, 200);
}

#[tokio::test]
async fn a_timeout_closes_its_connection_only() {
    let server = server().await;
    let user = User::new();
    assert_eq!(user.get(&server.url("/")).await.status, 200);
    let mut sent = request("GET", &server.url("/silent"));
    sent.timeout = Some(Duration::from_millis(5));
    assert_eq!(user.client.send(sent).await.error.unwrap().to_string(), "timed out");
    server.settled(1).await;
    assert_eq!(user.get(&server.url("/")).await.status, 200);
    assert_eq!((server.accepted(), user.wire_requests(), user.reconnects()), (2, 3, 0));
}

#[tokio::test]
async fn phases_tell_where_the_time_went() {
    let server = Server::start(|mut peer| async move {
        peer.request().await;
        sleep(Duration::from_millis(30)).await;
        peer.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\na").await;
        sleep(Duration::from_millis(40)).await;
        peer.send("b").await;
    })
    .await;
    let response = User::new().get(&server.url("/")).await;
    let timings = response.timings;
    assert!(timings.wait >= Duration::from_millis(29), "{timings:?}");
    assert!(timings.receive >= Duration::from_millis(39), "{timings:?}");
    assert!(timings.connect > Duration::ZERO && timings.tls == Duration::ZERO, "{timings:?}");
    assert_eq!(timings.total(), response.elapsed);
}
