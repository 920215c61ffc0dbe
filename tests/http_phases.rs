//! Where the time of a request goes: the phases are the whole of it, and what ran out of time is named.

mod http_support;

use http_support::{Server, User, ok, request};
use katydid::http::{ClientOptions, Response};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::sleep;

const LIMIT: Duration = Duration::from_secs(7);

fn hurried() -> ClientOptions {
    ClientOptions { timeout: LIMIT, verify: false, ..ClientOptions::default() }
}

#[track_caller]
fn whole(response: &Response) {
    assert_eq!(response.timings.total(), response.elapsed, "{response:?}");
}

/// Answers `/slow` after two seconds with a body that takes another three, `/hop` with a redirect after one second,
/// `/silent` never, and everything else at once.
async fn server() -> Server {
    Server::start(|mut peer| async move {
        while let Some(request) = peer.request().await {
            match request.target() {
                "/silent" => peer.drain().await,
                "/slow" => {
                    sleep(Duration::from_secs(2)).await;
                    peer.send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nx").await;
                    for _ in 0..3 {
                        sleep(Duration::from_secs(1)).await;
                        peer.send("x").await;
                    }
                }
                "/endless" => {
                    sleep(Duration::from_secs(2)).await;
                    peer.send("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nx").await;
                    peer.drain().await;
                }
                "/hop" => {
                    sleep(Duration::from_secs(1)).await;
                    peer.send("HTTP/1.1 302 Found\r\nlocation: /slow\r\ncontent-length: 0\r\n\r\n").await;
                }
                "/gone" => return,
                _ => peer.send(ok("hi")).await,
            }
        }
    })
    .await
}

#[tokio::test]
async fn the_sum_of_the_phases_is_the_time_of_every_request() {
    let server = server().await;
    let user = User::new();
    let new = user.get(&server.url("/")).await;
    let kept = user.get(&server.url("/")).await;
    for response in [&new, &kept] {
        whole(response);
    }
    assert!(!new.timings.connect.is_zero() && kept.timings.connect.is_zero(), "{:?}", kept.timings);
    assert!(kept.timings.dns.is_zero() && kept.timings.tls.is_zero());
    assert!(!kept.timings.send.is_zero() && !kept.timings.wait.is_zero());
    whole(&user.get(&server.url("/gone")).await);
    whole(&user.get("http://127.0.0.1:1/").await);
    whole(&user.get("http://no-such-host.invalid/").await);
}

#[tokio::test]
async fn nothing_waits_for_a_server_that_was_never_reached() {
    let refused = User::new().get("http://127.0.0.1:1/").await;
    assert_eq!(refused.error.map(|error| error.to_string()).as_deref(), Some("connection refused"));
    assert!(refused.timings.wait.is_zero() && !refused.timings.connect.is_zero(), "{:?}", refused.timings);
}

#[tokio::test(start_paused = true)]
async fn waiting_and_receiving_are_told_apart_also_over_redirects() {
    let server = server().await;
    let user = User::new();
    for (path, wait) in [("/slow", 2), ("/hop", 3)] {
        let response = user.get(&server.url(path)).await;
        whole(&response);
        assert_eq!(response.timings.wait, Duration::from_secs(wait), "{path}");
        assert_eq!(response.timings.receive, Duration::from_secs(3), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_timeout_belongs_to_the_phase_in_which_it_fell() {
    let server = server().await;
    let user = User::with(hurried());
    let silent = user.get(&server.url("/silent")).await;
    whole(&silent);
    assert_eq!((silent.timings.wait, silent.elapsed), (LIMIT, LIMIT));

    let endless = user.get(&server.url("/endless")).await;
    whole(&endless);
    assert_eq!(endless.timings.wait, Duration::from_secs(2));
    assert_eq!(endless.timings.receive, LIMIT - Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn a_timeout_of_the_handshake_is_in_tls() {
    let deaf = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("https://127.0.0.1:{}/", deaf.local_addr().expect("an address").port());
    let held = tokio::spawn(async move {
        let connection = deaf.accept().await;
        std::future::pending::<()>().await;
        drop(connection);
    });
    let response = User::with(hurried()).get(&url).await;
    held.abort();
    whole(&response);
    assert_eq!((response.timings.tls, response.timings.wait), (LIMIT, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_timeout_while_sending_is_in_send() {
    let server = Server::start(|peer| async move {
        // Reads nothing at all, so that the buffers of the system fill up.
        std::future::pending::<()>().await;
        drop(peer);
    })
    .await;
    let mut upload = request("POST", &server.url("/"));
    upload.body = vec![b'x'; 64 * 1024 * 1024].into();
    let response = User::with(hurried()).client.send(upload).await;
    whole(&response);
    assert_eq!((response.timings.send, response.timings.wait), (LIMIT, Duration::ZERO));
}

#[tokio::test]
async fn bytes_are_those_of_all_hops() {
    let server = Server::answering(|request| match request.target() {
        "/hop" => "HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n".to_owned(),
        _ => ok("hello"),
    })
    .await;
    let user = User::new();
    let response = user.get(&server.url("/hop")).await;
    let heads: usize = server.requests().iter().map(|request| request.head.len() + 4).sum();
    assert_eq!(response.wire.sent, heads as u64);
    let answers = "HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n".len() + ok("hello").len();
    assert_eq!(response.wire.received, answers as u64);
    let counters = &user.shared.counters;
    assert_eq!((counters.bytes_sent.get(), counters.bytes_received.get()), (heads as u64, answers as u64));

    let url = server.url("/");
    let both = tokio::join!(user.get(&url), user.get(&url));
    let one = ok("hello").len() as u64;
    assert_eq!((both.0.wire.received, both.1.wire.received), (one, one), "each has its own");
}
