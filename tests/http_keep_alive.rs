//! When a connection is used again, and when it is replaced.

#![expect(clippy::unwrap_used, reason = "a test fails by panics, its helpers too")]

mod http_support;

use http_support::{Server, User, ok, request};
use katydid::http::{Client, ClientOptions, Shared};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

#[tokio::test]
async fn requests_share_a_connection() {
    let server = Server::answering(|_| ok("hi")).await;
    let user = User::new();
    for _ in 0..5 {
        let response = user.get(&server.url("/")).await;
        assert_eq!((response.status, &response.body[..], response.error), (200, &b"hi"[..], None));
    }
    let counters = &user.shared.counters;
    assert_eq!((server.accepted(), counters.connections.get(), user.reconnects()), (1, 1, 0));
    assert_eq!((server.heads() as u64, user.wire_requests()), (5, 5));
}

#[tokio::test]
async fn bytes_are_counted_both_ways() {
    let server = Server::answering(|_| ok("hi")).await;
    let user = User::new();
    user.get(&server.url("/")).await;
    let sent = server.requests()[0].head.len() + 4;
    assert_eq!(user.shared.counters.bytes_sent.get(), sent as u64);
    assert_eq!(user.shared.counters.bytes_received.get(), ok("hi").len() as u64);
}

#[tokio::test]
async fn an_announced_close_is_no_reconnect() {
    for answer in [
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\n\r\nhi",
        "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nhi",
    ] {
        let server = Server::start(move |mut peer| async move {
            peer.request().await;
            peer.send(answer).await;
        })
        .await;
        let user = User::new();
        for _ in 0..3 {
            let response = user.get(&server.url("/")).await;
            assert_eq!((response.status, &response.body[..], response.error), (200, &b"hi"[..], None));
        }
        assert_eq!((server.accepted(), user.reconnects(), user.wire_requests()), (3, 0, 3), "{answer}");
    }
}

#[tokio::test]
async fn a_kept_connection_that_the_server_closed_is_replaced_and_counted() {
    let server = Server::start(|mut peer| async move {
        peer.request().await;
        peer.send(ok("hi")).await;
    })
    .await;
    let user = User::new();
    for _ in 0..3 {
        assert_eq!(user.get(&server.url("/")).await.status, 200);
        server.settled(1).await;
    }
    assert_eq!((server.accepted(), user.reconnects(), user.wire_requests(), server.heads()), (3, 2, 3, 3));
}

#[tokio::test]
async fn bytes_that_nobody_asked_for_spoil_a_kept_connection() {
    let (answered, said) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (after, done) = (answered.clone(), said.clone());
    let server = Server::start(move |mut peer| {
        let (after, done) = (after.clone(), done.clone());
        async move {
            while peer.request().await.is_some() {
                peer.send(ok("hi")).await;
                after.notified().await;
                peer.send("HTTP/1.1 408 Request Timeout\r\n\r\n").await;
                done.notify_one();
            }
        }
    })
    .await;
    let user = User::new();
    for _ in 0..2 {
        let response = user.get(&server.url("/")).await;
        assert_eq!((response.status, &response.body[..]), (200, &b"hi"[..]));
        answered.notify_one();
        said.notified().await;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!((server.accepted(), user.reconnects(), user.wire_requests()), (2, 1, 2));
}

#[tokio::test]
async fn bytes_that_come_with_the_answer_end_the_connection_without_a_reconnect() {
    let server = Server::answering(|_| format!("{}HTTP/1.1 408 Request Timeout\r\n\r\n", ok("hi"))).await;
    let user = User::new();
    for _ in 0..2 {
        let response = user.get(&server.url("/")).await;
        assert_eq!((response.status, &response.body[..]), (200, &b"hi"[..]));
    }
    assert_eq!((server.accepted(), user.reconnects(), user.wire_requests()), (2, 0, 2));
}

#[tokio::test]
async fn without_keep_alive_every_request_has_its_connection() {
    let server = Server::answering(|_| ok("hi")).await;
    let user = User::with(ClientOptions { keep_alive: false, ..ClientOptions::default() });
    user.get(&server.url("/")).await;
    user.get(&server.url("/")).await;
    assert_eq!((server.accepted(), user.reconnects()), (2, 0));
    assert_eq!(server.requests()[0].field("connection"), Some("close"));
}

#[tokio::test]
async fn requests_at_the_same_time_have_connections_of_their_own() {
    let server = Server::answering(|_| ok("hi")).await;
    let user = User::new();
    let url = server.url("/");
    for _ in 0..2 {
        let (a, b, c) = tokio::join!(user.get(&url), user.get(&url), user.get(&url));
        assert_eq!([a.status, b.status, c.status], [200; 3]);
    }
    assert_eq!((server.accepted(), user.wire_requests(), user.reconnects()), (3, 6, 0));
}

#[tokio::test]
async fn how_many_connections_are_kept_can_be_chosen() {
    let servers = [Server::answering(|_| ok("hi")).await, Server::answering(|_| ok("hi")).await];
    let limits = |max_connections, max_idle_connections| ClientOptions {
        max_connections,
        max_idle_connections,
        ..ClientOptions::default()
    };
    for (options, reopened) in
        [(limits(8, 24), [0, 0]), (limits(2, 24), [2, 0]), (limits(6, 4), [0, 0]), (limits(6, 2), [2, 0])]
    {
        let user = User::with(options);
        let four = async |server: &Server| {
            let (before, url) = (server.accepted(), server.url("/"));
            let get = || user.get(&url);
            tokio::join!(get(), get(), get(), get());
            server.accepted() - before
        };
        assert_eq!(four(&servers[0]).await, 4);
        assert_eq!(four(&servers[0]).await, reopened[0]);
    }
    let frugal = User::with(limits(6, 1));
    for _ in 0..2 {
        for server in &servers {
            let before = server.accepted();
            frugal.get(&server.url("/")).await;
            assert_eq!(
                server.accepted() - before,
                1,
                "the connection to the other host was closed for this one"
            );
        }
    }
}

/// What a server does with a connection in the very moment in which the client looks away: the news are in the socket,
/// but the client's runtime has not been told yet.
async fn race(close: fn(std::net::TcpStream)) -> (User, katydid::http::Response, usize) {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://127.0.0.1:{}/", listener.local_addr().unwrap().port());
    let (tell, told) = std::sync::mpsc::channel();
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let server = std::thread::spawn(move || {
        let mut heads = 0;
        let mut serve = |stream: &mut std::net::TcpStream| {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                if !matches!(stream.read(&mut byte), Ok(1)) {
                    return false;
                }
                head.push(byte[0]);
            }
            heads += 1;
            stream.write_all(ok("hi").as_bytes()).is_ok()
        };
        let (mut first, _) = listener.accept().unwrap();
        assert!(serve(&mut first));
        wait.recv().unwrap();
        close(first);
        tell.send(()).unwrap();
        // Whoever does not need a second connection is not waited for.
        listener.set_nonblocking(true).unwrap();
        while wait.try_recv().is_err() {
            if let Ok((mut second, _)) = listener.accept() {
                second.set_nonblocking(false).unwrap();
                serve(&mut second);
            }
            std::thread::yield_now();
        }
        heads
    });
    let user = User::new();
    assert_eq!(user.get(&url).await.status, 200);
    go.send(()).unwrap();
    // The thread of the runtime is blocked meanwhile: it learns nothing.
    told.recv().unwrap();
    let response = user.get(&url).await;
    let _ = go.send(());
    (user, response, server.join().unwrap())
}

#[tokio::test]
async fn a_reset_between_the_look_and_the_first_byte_is_a_reconnect() {
    let (user, response, heads) = race(|stream| {
        let linger = nix::libc::linger { l_onoff: 1, l_linger: 0 };
        nix::sys::socket::setsockopt(&stream, nix::sys::socket::sockopt::Linger, &linger).unwrap();
    })
    .await;
    assert_eq!((response.status, response.error), (200, None));
    assert_eq!((user.wire_requests(), heads, user.reconnects()), (2, 2, 1));
}

/// The close is only learned from the answer to bytes that were written: they are not written again.
#[tokio::test]
async fn a_close_that_is_noticed_after_the_first_byte_is_a_failure() {
    let (user, response, heads) = race(drop).await;
    let said = response.error.map(|error| error.to_string());
    assert_eq!((response.status, said.as_deref()), (0, Some("connection closed before a response")));
    assert_eq!((user.wire_requests(), heads, user.reconnects()), (2, 1, 0));
    assert_eq!(user.shared.counters.connections.get(), 1);
}

/// Six connections to a host are kept; of eight that were needed at once two are closed.
#[tokio::test]
async fn a_user_keeps_six_connections_to_a_host() {
    let server = Server::answering(|_| ok("hi")).await;
    let user = User::new();
    let url = server.url("/");
    for opened in [8, 10] {
        let get = || user.get(&url);
        let all = tokio::join!(get(), get(), get(), get(), get(), get(), get(), get());
        assert_eq!((all.0.status, all.7.status), (200, 200));
        assert_eq!((server.accepted(), user.reconnects()), (opened, 0));
    }
    for _ in 0..3 {
        user.get(&url).await;
    }
    assert_eq!((server.accepted(), user.wire_requests()), (10, 19));
}

/// The connection to the first of 25 hosts has made room for the last one's.
#[tokio::test]
async fn a_user_keeps_twenty_four_connections_in_all() {
    let mut servers = Vec::new();
    for _ in 0..25 {
        servers.push(Server::answering(|_| ok("hi")).await);
    }
    let user = User::new();
    for server in &servers {
        assert_eq!(user.get(&server.url("/")).await.status, 200);
    }
    for server in servers[1..].iter().chain(&servers[..1]) {
        assert_eq!(user.get(&server.url("/")).await.status, 200);
    }
    let accepted: Vec<_> = servers.iter().map(Server::accepted).collect();
    assert_eq!((accepted[0], &accepted[1..]), (2, &[1; 24][..]));
    assert_eq!(user.reconnects(), 0);
}

/// Of several kept connections the one that was used last is used: the others have had more time to be closed.
#[tokio::test]
async fn the_connection_that_was_used_last_is_used_again() {
    let server = Server::start(|mut peer| async move {
        while peer.request().await.is_some() {
            let number = peer.number.to_string();
            peer.send(ok(&number)).await;
        }
    })
    .await;
    let user = User::new();
    let url = server.url("/");
    tokio::join!(user.get(&url), user.get(&url), user.get(&url));
    let mut numbers = Vec::new();
    for _ in 0..4 {
        numbers.push(user.get(&url).await.body);
    }
    assert!(numbers.windows(2).all(|pair| pair[0] == pair[1]), "{numbers:?}");
}

#[tokio::test]
async fn more_users_than_warm_connections_keep_theirs() {
    let server = Server::start(|mut peer| async move {
        while let Some(request) = peer.request().await {
            peer.send(ok("hi")).await;
            if request.target() == "/last" {
                return;
            }
        }
    })
    .await;
    let shared = Shared::new();
    let options = Rc::new(ClientOptions::default());
    let users: Vec<_> = (0..300).map(|_| Client::new(shared.clone(), options.clone()).unwrap()).collect();
    // The first user's connection is closed by the server while it rests, and cooled by those who come after it.
    for path in ["/last", "/", "/"] {
        for (index, user) in users.iter().enumerate() {
            let url = server.url(if index == 0 { path } else { "/" });
            let response = user.send(request("GET", &url)).await;
            assert_eq!((response.status, &response.body[..]), (200, &b"hi"[..]));
        }
    }
    let counters = &shared.counters;
    assert_eq!((server.accepted(), counters.connections.get(), counters.reconnects.get()), (301, 301, 1));
    assert_eq!((counters.wire_requests.get(), server.heads()), (900, 900));
}

#[tokio::test]
async fn a_request_is_never_sent_twice() {
    // The server takes the second request on the kept connection and closes without an answer.
    let server = Server::start(|mut peer| async move {
        peer.request().await;
        peer.send(ok("hi")).await;
        peer.request().await;
    })
    .await;
    let user = User::new();
    assert_eq!(user.get(&server.url("/")).await.status, 200);
    let second = user.get(&server.url("/")).await;
    assert_eq!(second.error.unwrap().to_string(), "connection closed before a response");
    assert_eq!((server.accepted(), server.heads(), user.wire_requests(), user.reconnects()), (1, 2, 2, 0));
    assert_eq!(user.get(&server.url("/")).await.status, 200);
}
