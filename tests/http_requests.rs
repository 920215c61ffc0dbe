//! What a request looks like on the wire.

mod http_support;

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http_support::{Server, User, ok, request};
use katydid::http::{Base, ClientOptions, Fields, Request, Url};

async fn seen(options: ClientOptions, change: impl FnOnce(&mut Request)) -> (String, Vec<u8>) {
    let server = Server::answering(|_| ok("")).await;
    let mut sent = request("GET", &server.url("/a?b=c"));
    change(&mut sent);
    let response = User::with(options).client.send(sent).await;
    assert_eq!((response.status, response.error), (200, None));
    let received = server.requests().remove(0);
    let head = received.head.replace(&server.port.to_string(), "PORT").replace('\r', "");
    (head.replace(env!("CARGO_PKG_VERSION"), "VERSION"), received.body)
}

#[tokio::test]
async fn a_bare_get() {
    let (head, _) = seen(ClientOptions::default(), |_| {}).await;
    insta::assert_snapshot!(head, @r"
    GET /a?b=c HTTP/1.1
    host: localhost:PORT
    user-agent: katydid/VERSION
    accept: */*
    accept-encoding: gzip, deflate, br, zstd
    ");
}

#[tokio::test]
async fn own_fields_win_over_those_of_the_client_and_those_over_the_defaults() {
    let mut options = ClientOptions::default();
    options.headers.insert(header::USER_AGENT, HeaderValue::from_static("class"));
    options.headers.insert(HeaderName::from_static("x-class"), HeaderValue::from_static("1"));
    options.headers.insert(HeaderName::from_static("x-both"), HeaderValue::from_static("class"));
    let (head, _) = seen(options, |request| {
        request.headers.insert(HeaderName::from_static("x-both"), HeaderValue::from_static("request"));
        request.headers.append(HeaderName::from_static("x-many"), HeaderValue::from_static("1"));
        request.headers.append(HeaderName::from_static("x-many"), HeaderValue::from_static("2"));
        request.headers.insert(header::HOST, HeaderValue::from_static("elsewhere"));
        request.omit = vec![header::ACCEPT_ENCODING, HeaderName::from_static("x-class")];
    })
    .await;
    insta::assert_snapshot!(head, @r"
    GET /a?b=c HTTP/1.1
    host: elsewhere
    accept: */*
    user-agent: class
    x-both: request
    x-many: 1
    x-many: 2
    ");
}

#[tokio::test]
async fn a_body_is_framed_by_its_length_whatever_the_caller_says() {
    let (head, body) = seen(ClientOptions::default(), |request| {
        request.method = http::Method::POST;
        request.body = Bytes::from_static(b"{\"a\":1}");
        request.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        request.headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("9000"));
        request.headers.insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    })
    .await;
    assert_eq!(body, b"{\"a\":1}");
    insta::assert_snapshot!(head, @r"
    POST /a?b=c HTTP/1.1
    host: localhost:PORT
    user-agent: katydid/VERSION
    accept: */*
    accept-encoding: gzip, deflate, br, zstd
    content-type: application/json
    content-length: 7
    ");
}

#[tokio::test]
async fn an_empty_post_says_so() {
    let (head, _) = seen(ClientOptions::default(), |request| request.method = http::Method::POST).await;
    assert!(head.ends_with("content-length: 0"), "{head}");
    let (head, _) = seen(ClientOptions::default(), |request| request.method = http::Method::DELETE).await;
    assert!(!head.contains("content-length"), "{head}");
}

#[tokio::test]
async fn what_is_left_out_is_not_sent_at_all() {
    let (head, _) = seen(ClientOptions::default(), |request| {
        request.method = http::Method::POST;
        request.omit =
            vec![header::USER_AGENT, header::ACCEPT, header::ACCEPT_ENCODING, header::CONTENT_LENGTH];
    })
    .await;
    insta::assert_snapshot!(head, @r"
    POST /a?b=c HTTP/1.1
    host: localhost:PORT
    content-length: 0
    ");
}

#[tokio::test]
async fn user_and_password_of_a_url_are_credentials_unless_there_are_others() {
    let server = Server::answering(|request| ok(request.field("authorization").unwrap_or("none"))).await;
    let url = server.url("/").replace("http://", "http://me:p%40ss@");
    let base = Base::parse(&url).unwrap();
    assert!(!base.to_string().contains("ss@"), "{base}");
    let user = User::new();
    let relative = Request::new(http::Method::GET, Url::with_path(base.origin, "/x"));
    for sent in [relative, request("GET", &url)] {
        let response = user.client.send(sent.clone()).await;
        assert_eq!(response.body, "Basic bWU6cEBzcw==");
        assert!(!response.url.to_string().contains('@'), "{}", response.url);
        let mut own = sent.clone();
        own.headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer t"));
        assert_eq!(user.client.send(own).await.body, "Bearer t");
        let mut without = sent;
        without.omit.push(header::AUTHORIZATION);
        assert_eq!(user.client.send(without).await.body, "none");
    }
    assert_eq!(user.get(&server.url("/")).await.body, "none");
    assert_eq!(server.accepted(), 1, "credentials do not make another origin");
}

#[tokio::test]
async fn a_relative_url_is_appended_to_the_base_and_escaped() {
    let server = Server::answering(|_| ok("")).await;
    let base = Base::parse(&server.url("/base")).unwrap();
    let url = Url::with_path(base.origin, &format!("{}/x y/ü?q=\"1\"#top", base.path));
    let response = User::new().client.send(Request::new(http::Method::GET, url)).await;
    assert_eq!(response.status, 200);
    assert_eq!(server.requests()[0].target(), "/base/x%20y/%C3%BC?q=%221%22");
    assert_eq!(response.url.to_string(), server.url("/base/x%20y/%C3%BC?q=%221%22"));
}

#[tokio::test]
async fn a_large_body_arrives_whole() {
    let server = Server::answering(|request| ok(&request.body.len().to_string())).await;
    let mut upload = request("PUT", &server.url("/"));
    upload.body = Bytes::from(vec![b'x'; 5 << 20]);
    let user = User::new();
    for _ in 0..2 {
        let response = user.client.send(upload.clone()).await;
        assert_eq!((response.status, &response.body[..]), (200, &b"5242880"[..]));
    }
    assert_eq!((server.accepted(), user.wire_requests()), (1, 2));
}

#[tokio::test]
async fn many_fields_arrive() {
    let mut own = Fields::new();
    for index in 0..60 {
        own.insert(
            HeaderName::from_bytes(format!("x-{index}").as_bytes()).unwrap(),
            HeaderValue::from(index),
        );
    }
    let (head, _) = seen(ClientOptions::default(), |request| request.headers = own).await;
    assert_eq!(head.lines().filter(|line| line.starts_with("x-")).count(), 60);
}
