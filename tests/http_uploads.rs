//! Bodies that are read from files while they are sent.

#![expect(clippy::unwrap_used, reason = "a test fails by panics, its helpers too")]

mod http_support;

use http_support::{Server, User, local, ok, request};
use katydid::http::{
    ClientOptions, Finished, HttpVersion, Multipart, Part, PartContent, Request, TransportError, Upload,
    UploadFile,
};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::Notify;

/// A file of this many bytes, each of which says where it is.
fn file(folder: &Path, length: usize) -> (PathBuf, Vec<u8>) {
    let content: Vec<u8> = (0..length).map(|index| (index % 251) as u8).collect();
    let path = folder.join("upload");
    std::fs::write(&path, &content).unwrap();
    (path, content)
}

fn upload(method: &str, url: &str, path: &Path) -> Request {
    let mut sent = request(method, url);
    sent.upload = Some(Box::new(Upload::of_file(UploadFile::find(path).unwrap())));
    sent
}

fn http2() -> ClientOptions {
    ClientOptions { http_version: HttpVersion::Http2, ..ClientOptions::default() }
}

#[tokio::test]
async fn a_file_arrives_as_it_is_and_its_length_is_known_ahead() {
    let folder = tempfile::tempdir().unwrap();
    for length in [0, 1, 16_000, 16_384, 65_536, 1_000_000] {
        let (path, content) = file(folder.path(), length);
        let server = Server::answering(|request| ok(&request.body.len().to_string())).await;
        let user = User::new();
        for _ in 0..2 {
            let response = user.client.send(upload("POST", &server.url("/"), &path)).await;
            assert_eq!((response.error, response.status), (None, 200));
            assert_eq!(response.body, length.to_string());
            assert_eq!(response.timings.total(), response.elapsed);
        }
        for received in server.requests() {
            assert_eq!(received.field("content-length"), Some(length.to_string().as_str()));
            assert!(received.body == content, "{length}");
        }
        assert_eq!((server.accepted(), user.wire_requests()), (1, 2));
    }
}

#[tokio::test]
async fn a_file_is_a_part_among_others() {
    let folder = tempfile::tempdir().unwrap();
    let (path, content) = file(folder.path(), 100_000);
    let mut multipart = Multipart::new("B".to_owned());
    for content in [PartContent::Bytes("text".into()), PartContent::File(UploadFile::find(&path).unwrap())] {
        multipart.push(Part { name: "n".to_owned(), file_name: None, content_type: None, content });
    }
    let Finished::Upload(finished) = multipart.finish() else { panic!("it has a file") };
    let server = Server::answering(|_| ok("")).await;
    let mut sent = request("POST", &server.url("/"));
    sent.upload = Some(Box::new(finished));
    assert_eq!(User::new().client.send(sent).await.status, 200);
    let head =
        |text: &str| format!("--B\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\n{text}").into_bytes();
    let expected = [head("text\r\n"), head(""), content, b"\r\n--B--\r\n".to_vec()].concat();
    assert!(server.requests()[0].body == expected);
}

#[tokio::test]
async fn a_redirect_asks_for_all_of_it_again_or_for_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (path, content) = file(folder.path(), 200_000);
    for (status, method, again) in
        [(307, "POST", true), (308, "POST", true), (303, "GET", false), (302, "GET", false)]
    {
        let server = Server::answering(move |request| match request.target() {
            "/go" => format!("HTTP/1.1 {status} Go\r\nlocation: /there\r\ncontent-length: 0\r\n\r\n"),
            _ => ok(""),
        })
        .await;
        let response = User::new().client.send(upload("POST", &server.url("/go"), &path)).await;
        assert_eq!((response.status, response.error), (200, None), "{status}");
        let last = &server.requests()[1];
        assert!(last.line().starts_with(method), "{status} {}", last.line());
        assert!(last.body == if again { content.clone() } else { Vec::new() }, "{status}");
    }
}

#[tokio::test]
async fn a_file_that_is_gone_sends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = file(folder.path(), 10);
    let server = Server::answering(|_| ok("")).await;
    let user = User::new();
    assert_eq!(user.get(&server.url("/")).await.status, 200);
    let gone = upload("POST", &server.url("/"), &path);
    std::fs::remove_file(&path).unwrap();
    let response = user.client.send(gone).await;
    assert_eq!((response.status, response.error), (0, Some(TransportError::BodyFileUnreadable)));
    assert_eq!((user.wire_requests(), server.heads(), user.reconnects()), (1, 1, 0));
    assert_eq!(user.get(&server.url("/")).await.status, 200);
    assert_eq!(user.wire_requests(), server.heads() as u64);
}

#[tokio::test]
async fn a_file_that_shrinks_is_an_error_and_the_server_gets_no_wrong_end() {
    const LENGTH: u64 = 64 << 20;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large");
    File::create(&path).unwrap().set_len(LENGTH).unwrap();
    let (read, shrunk) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (tell, wait) = (read.clone(), shrunk.clone());
    let server = Server::start(move |mut peer| {
        let (tell, wait) = (tell.clone(), wait.clone());
        async move {
            if peer.number == 0 {
                peer.head().await;
                tell.notify_one();
                // The socket's buffers are full long before the file is sent.
                wait.notified().await;
                peer.drain().await;
            } else if peer.request().await.is_some() {
                peer.send(ok("alive")).await;
            }
        }
    })
    .await;
    let user = User::new();
    let sending = user.client.send(upload("POST", &server.url("/"), &path));
    let shrinking = async {
        read.notified().await;
        File::options().write(true).open(&path).unwrap().set_len(1 << 20).unwrap();
        shrunk.notify_one();
    };
    let (response, ()) = tokio::join!(sending, shrinking);
    assert_eq!((response.status, response.error), (0, Some(TransportError::BodyFileShorter)));
    assert!(user.shared.counters.bytes_sent.get() < LENGTH);
    assert_eq!((user.wire_requests(), server.heads()), (1, 1));
    let response = user.get(&server.url("/")).await;
    assert_eq!((&response.body[..], server.accepted()), (&b"alive"[..], 2));
}

#[tokio::test]
async fn an_early_answer_counts_though_the_file_is_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large");
    File::create(&path).unwrap().set_len(256 << 20).unwrap();
    let server = Server::start(|mut peer| async move {
        peer.head().await;
        peer.send("HTTP/1.1 413 Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").await;
        peer.drain().await;
    })
    .await;
    let user = User::new();
    let response = user.client.send(upload("PUT", &server.url("/"), &path)).await;
    assert_eq!((response.status, response.error), (413, None));
    assert_eq!((user.wire_requests(), server.heads()), (1, 1));
}

#[tokio::test]
async fn over_http2_a_file_arrives_and_what_cannot_be_read_resets_its_stream_alone() {
    use http_support::multiplexed::{Asked, Server};
    local(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(|mut asked: Asked| async move {
            if let Ok(body) = asked.body().await {
                let sum: u64 = body.iter().map(|byte| u64::from(*byte)).sum();
                asked.ok(format!("{} {sum}", body.len())).await;
            }
        })
        .await;
        let user = User::with(http2());
        for length in [0, 1, 65_536, 1_000_000] {
            let (path, content) = file(folder.path(), length);
            let sum: u64 = content.iter().map(|byte| u64::from(*byte)).sum();
            let response = user.client.send(upload("POST", &server.url("/"), &path)).await;
            assert_eq!((response.error, response.status), (None, 200), "{length}");
            assert_eq!(response.body, format!("{length} {sum}"));
        }
        let (path, _) = file(folder.path(), 1_000_000);
        let shrunk = upload("POST", &server.url("/"), &path);
        File::options().write(true).open(&path).unwrap().set_len(1000).unwrap();
        let response = user.client.send(shrunk).await;
        assert_eq!((response.status, response.error), (0, Some(TransportError::BodyFileShorter)));
        let (path, _) = file(folder.path(), 5);
        let response = user.client.send(upload("POST", &server.url("/"), &path)).await;
        assert_eq!((response.status, server.accepted(), user.reconnects()), (200, 1, 0));
        assert_eq!(user.wire_requests(), server.heads());
    })
    .await;
}
