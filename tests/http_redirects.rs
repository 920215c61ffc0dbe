//! Redirects: where they lead, what goes along, where they end.

#![expect(clippy::unwrap_used, reason = "a test fails by panics, its helpers too")]

mod http_support;

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http_support::{Received, Server, User, ok, request};
use katydid::http::ClientOptions;

/// `/STATUS/..` redirects to `/end`; everything else says how it was asked.
fn answer(request: &Received) -> String {
    let status = request.target().split('/').nth(1).and_then(|text| text.parse::<u16>().ok());
    match status {
        Some(status) => format!(
            "HTTP/1.1 {status} Moved\r\nlocation: /end\r\nset-cookie: hop={status}; Path=/\r\ncontent-length: 4\r\n\r\nbody"
        ),
        None => ok(request.line().split(' ').next().unwrap()),
    }
}

#[tokio::test]
async fn the_method_and_the_body_follow_the_rules() {
    let server = Server::answering(answer).await;
    let user = User::new();
    for (status, method, then) in [
        (301, "GET", "GET"),
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (302, "PUT", "PUT"),
        (303, "POST", "GET"),
        (303, "DELETE", "GET"),
        (307, "POST", "POST"),
        (308, "PUT", "PUT"),
    ] {
        let mut sent = request(method, &server.url(&format!("/{status}")));
        sent.body = Bytes::from_static(b"payload");
        sent.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        let response = user.client.send(sent).await;
        assert_eq!((response.status, &response.body[..]), (200, then.as_bytes()), "{status} {method}");
        let last = server.requests().pop().unwrap();
        let kept = method == then;
        assert_eq!(last.body, if kept { &b"payload"[..] } else { b"" }, "{status} {method}");
        assert_eq!(last.field("content-type").is_some(), kept, "{status} {method}");
        assert_eq!(last.field("cookie"), Some(format!("hop={status}").as_str()));
    }
    assert_eq!((user.wire_requests(), server.heads(), server.accepted()), (16, 16, 1));
}

#[tokio::test]
async fn one_response_tells_of_the_whole_chain() {
    let server = Server::answering(|request| match request.target() {
        "/a" => "HTTP/1.1 302 Found\r\nlocation: b?x=1\r\ncontent-length: 0\r\n\r\n".to_owned(),
        "/b?x=1" => {
            "HTTP/1.1 308 Permanent Redirect\r\nlocation: /c d\r\ncontent-length: 0\r\n\r\n".to_owned()
        }
        _ => ok("end"),
    })
    .await;
    let user = User::new();
    let response = user.get(&server.url("/a")).await;
    assert_eq!((response.status, response.url.to_string()), (200, server.url("/c%20d")));
    let history: Vec<_> = response.history.iter().map(|hop| (hop.status, hop.url.to_string())).collect();
    assert_eq!(history, [(302, server.url("/a")), (308, server.url("/b?x=1"))]);
    assert_eq!(server.requests()[1].target(), "/b?x=1");
    assert_eq!(response.timings.total(), response.elapsed);
    assert_eq!(user.wire_requests(), 3);
}

#[tokio::test]
async fn credentials_do_not_go_to_another_origin() {
    let other = Server::answering(|_| ok("other")).await;
    let there = other.url("/there");
    let server = Server::answering(move |_| {
        format!("HTTP/1.1 307 Go\r\nlocation: {there}\r\ncontent-length: 0\r\n\r\n")
    })
    .await;
    let mut options = ClientOptions::default();
    options.headers.insert(header::PROXY_AUTHORIZATION, HeaderValue::from_static("class secret"));
    let user = User::with(options);
    let mut sent = request("POST", &server.url("/"));
    sent.body = Bytes::from_static(b"x");
    for (name, value) in
        [("authorization", "secret"), ("cookie", "a=secret"), ("host", "h"), ("x-own", "kept")]
    {
        sent.headers.insert(name.parse().unwrap(), HeaderValue::from_static(value));
    }
    assert_eq!(user.client.send(sent).await.body, "other");
    let first = server.requests().remove(0);
    assert_eq!((first.field("authorization"), first.field("host")), (Some("secret"), Some("h")));
    let last = other.requests().remove(0);
    assert!(!last.head.contains("secret"), "{}", last.head);
    assert_eq!(last.field("host"), Some(format!("localhost:{}", other.port).as_str()));
    assert_eq!((last.field("x-own"), &last.body[..]), (Some("kept"), &b"x"[..]));
}

#[tokio::test]
async fn redirects_are_not_followed_where_nobody_wants_it() {
    let server = Server::answering(|request| {
        let body = if request.line().starts_with("HEAD") { "" } else { "body" };
        format!("HTTP/1.1 302 Found\r\nlocation: /end\r\ncontent-length: 4\r\n\r\n{body}")
    })
    .await;
    let user = User::new();
    let head = user.send("HEAD", &server.url("/")).await;
    assert_eq!((head.status, head.history.len()), (302, 0));
    let mut sent = request("GET", &server.url("/"));
    sent.allow_redirects = Some(false);
    assert_eq!(user.client.send(sent).await.status, 302);
    let strict = User::with(ClientOptions { allow_redirects: false, ..ClientOptions::default() });
    assert_eq!(strict.get(&server.url("/")).await.status, 302);
    assert_eq!(server.heads(), 3);
}

#[tokio::test]
async fn a_head_request_follows_when_it_is_told_to() {
    let server = Server::answering(|request| match request.target() {
        "/" => "HTTP/1.1 301 Moved\r\nlocation: /end\r\ncontent-length: 9\r\n\r\n",
        _ => "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n",
    })
    .await;
    let mut sent = request("HEAD", &server.url("/"));
    sent.allow_redirects = Some(true);
    let response = User::new().client.send(sent).await;
    assert_eq!((response.status, response.history.len(), server.accepted()), (200, 1, 1));
    assert_eq!(server.requests()[1].line(), "HEAD /end HTTP/1.1");
}

#[tokio::test]
async fn an_endless_chain_ends() {
    let server =
        Server::answering(|_| "HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n").await;
    let user = User::new();
    let response = user.get(&server.url("/")).await;
    assert_eq!((response.status, response.error.unwrap().to_string()), (0, "too many redirects".to_owned()));
    assert_eq!((response.history.len(), user.wire_requests(), server.heads()), (31, 31, 31));
    let never = User::with(ClientOptions { max_redirects: 0, ..ClientOptions::default() });
    assert_eq!(never.get(&server.url("/")).await.error.unwrap().to_string(), "too many redirects");
}

#[tokio::test]
async fn a_redirect_to_nowhere_is_an_error() {
    for location in ["ftp://h/", "http://", "http://h:99999/", "mailto:me"] {
        let server = Server::answering(move |_| {
            format!("HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n")
        })
        .await;
        let response = User::new().get(&server.url("/")).await;
        assert_eq!(response.error.unwrap().to_string(), "invalid redirect", "{location}");
        assert_eq!(response.url.to_string(), server.url("/"));
    }
}

#[tokio::test]
async fn each_hop_has_its_time_and_its_headers() {
    let server = Server::start(|mut peer| async move {
        while let Some(request) = peer.request().await {
            if request.target() == "/slow" {
                // The time that the first answer takes, not a wait for anything.
                tokio::time::sleep(std::time::Duration::from_millis(40)).await;
                peer.send("HTTP/1.1 302 Found\r\nlocation: /end\r\nx-hop: 1\r\ncontent-length: 0\r\n\r\n")
                    .await;
            } else {
                peer.send(ok("end")).await;
            }
        }
    })
    .await;
    let response = User::new().get(&server.url("/slow")).await;
    let [hop] = &response.history[..] else { panic!("{:?}", response.history) };
    assert_eq!((hop.status, hop.headers()["x-hop"].to_str().unwrap()), (302, "1"));
    assert!(hop.elapsed.as_millis() >= 40 && hop.elapsed < response.elapsed, "{hop:?}");
    assert_eq!(response.timings.total(), response.elapsed);
}

#[tokio::test]
async fn a_location_may_have_any_shape() {
    for (location, target) in [
        ("/end", "/end"),
        ("end", "/a/end"),
        ("../end?x=1", "/end?x=1"),
        ("?x=1", "/a/b?x=1"),
        ("/end#part", "/end"),
        ("//localhost:PORT/end", "/end"),
        ("http://localhost:PORT/end", "/end"),
        ("/\u{e4} b", "/%C3%A4%20b"),
    ] {
        let server = Server::start(move |mut peer| async move {
            while let Some(request) = peer.request().await {
                let port = request.field("host").unwrap().split_once(':').unwrap().1.to_owned();
                let location = location.replace("PORT", &port);
                peer.send(match request.target() {
                    "/a/b" => format!("HTTP/1.1 307 Go\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n"),
                    _ => ok("end"),
                })
                .await;
            }
        })
        .await;
        let response = User::new().get(&server.url("/a/b")).await;
        assert_eq!((response.status, response.url.to_string()), (200, server.url(target)), "{location}");
        assert_eq!((server.accepted(), server.requests()[1].target()), (1, target), "{location}");
    }
}

#[tokio::test]
async fn a_redirect_without_a_location_is_an_answer() {
    for status in [300, 302, 304, 308] {
        let server =
            Server::answering(move |_| format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n")).await;
        let response = User::new().get(&server.url("/")).await;
        assert_eq!((response.status, response.error, response.history.len()), (status, None, 0));
    }
}
