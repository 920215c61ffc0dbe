//! Answers whose bodies are read piece by piece, over HTTP/1.1 and HTTP/2.

#![expect(clippy::unwrap_used, reason = "a test fails by panics, its helpers too")]

mod http_support;

use bytes::Bytes;
use http::Response;
use http_support::multiplexed::{self, Asked};
use http_support::{Server, User, local, ok, request};
use katydid::http::{BodyStream, ClientOptions, HttpVersion, Streamed, TransportError};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

async fn opened(user: &User, url: &str) -> BodyStream {
    let Streamed { response, body } = user.client.stream(request("GET", url)).await;
    assert_eq!((response.status, response.error, response.size), (200, None, 0));
    assert_eq!(response.timings.total(), response.elapsed);
    body.unwrap()
}

async fn rest(body: &mut BodyStream) -> Result<Vec<u8>, TransportError> {
    let mut rest = Vec::new();
    while let Some(piece) = body.piece().await? {
        rest.extend_from_slice(&piece);
    }
    Ok(rest)
}

#[tokio::test]
async fn pieces_come_when_they_are_sent_and_the_connection_goes_on() {
    let go = Arc::new(Notify::new());
    let told = go.clone();
    let server = Server::start(move |mut peer| {
        let told = told.clone();
        async move {
            while let Some(request) = peer.request().await {
                if request.target() == "/plain" {
                    peer.send(ok("plain")).await;
                    continue;
                }
                peer.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n").await;
                told.notified().await;
                peer.send("3\r\ntwo\r\n0\r\n\r\n").await;
            }
        }
    })
    .await;
    let user = User::new();
    let mut body = opened(&user, &server.url("/")).await;
    assert_eq!(body.piece().await, Ok(Some(Bytes::from("one"))));
    go.notify_one();
    assert_eq!(rest(&mut body).await, Ok(b"two".to_vec()));
    assert_eq!(body.piece().await, Ok(None));
    assert!(body.wire.received > 0);
    user.client.put_back(body);
    // The whole body may be there with its head.
    let mut body = opened(&user, &server.url("/plain")).await;
    assert_eq!(rest(&mut body).await, Ok(b"plain".to_vec()));
    user.client.put_back(body);
    assert_eq!((server.accepted(), user.wire_requests()), (1, 2));
    // One that is not read to its end takes its connection along.
    let body = opened(&user, &server.url("/")).await;
    user.client.put_back(body);
    assert_eq!(user.get(&server.url("/plain")).await.status, 200);
    assert_eq!((server.accepted(), user.wire_requests()), (2, 4));
}

#[tokio::test]
async fn a_stream_of_http2_is_one_of_many() {
    local(async {
        let go = Arc::new(Notify::new());
        let told = go.clone();
        let server = multiplexed::Server::start(move |mut asked: Asked| {
            let told = told.clone();
            async move {
                if asked.path() == "/plain" {
                    return asked.ok("plain").await;
                }
                let mut sending = asked.answer.send_response(Response::new(()), false).unwrap();
                sending.send_data(Bytes::from("one"), false).unwrap();
                told.notified().await;
                // Where the client has gone nobody wants it.
                let _ = sending.send_data(Bytes::from("two"), true);
            }
        })
        .await;
        let user = User::with(ClientOptions { http_version: HttpVersion::Http2, ..ClientOptions::default() });
        let mut body = opened(&user, &server.url("/")).await;
        assert_eq!(body.piece().await, Ok(Some(Bytes::from("one"))));
        assert_eq!(user.get(&server.url("/plain")).await.body, "plain");
        go.notify_one();
        assert_eq!(rest(&mut body).await, Ok(b"two".to_vec()));
        user.client.put_back(body);
        let body = opened(&user, &server.url("/")).await;
        drop(body);
        assert_eq!(user.get(&server.url("/plain")).await.status, 200);
        assert_eq!((server.accepted(), server.heads(), user.wire_requests()), (1, 4, 4));
    })
    .await;
}

#[tokio::test]
async fn silence_ends_a_stream_and_so_does_a_lost_connection() {
    let server = Server::start(|mut peer| async move {
        let request = peer.request().await.unwrap();
        peer.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n").await;
        if request.target() == "/silent" {
            peer.drain().await;
        }
    })
    .await;
    let user = User::with(ClientOptions { timeout: Duration::from_millis(50), ..ClientOptions::default() });
    for (path, error) in [("/silent", TransportError::TimedOut), ("/", TransportError::ResponseEndedEarly)] {
        let mut body = opened(&user, &server.url(path)).await;
        assert_eq!(body.piece().await, Ok(Some(Bytes::from("one"))), "{path}");
        assert_eq!((body.piece().await, body.piece().await), (Err(error), Err(error)), "{path}");
    }
}
