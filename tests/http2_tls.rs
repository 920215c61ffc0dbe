//! HTTP/2 over TLS: which version is spoken, and that a user has one connection.

mod http_support;

use http::Version;
use http_support::authority::Authority;
use http_support::multiplexed::{self, Asked};
use http_support::{Server, User, cut_after, local, ok, request, text};
use katydid::http::{ClientOptions, HttpVersion, TlsChoice};
use std::time::Duration;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::version::TLS13;

fn offering(authority: &Authority, protocols: &[&str]) -> TlsAcceptor {
    authority.accepting("localhost", |_| {}, &[&TLS13], protocols)
}

/// A server that speaks HTTP/2 only.
async fn modern(authority: &Authority) -> multiplexed::Server {
    let acceptor = offering(authority, &["h2"]);
    multiplexed::Server::launch(Some(acceptor), h2::server::Builder::new(), |mut asked: Asked| async move {
        if asked.body().await.is_ok() {
            let path = asked.path();
            asked.ok(path).await;
        }
    })
    .await
}

/// A server that speaks HTTP/1.1 only, and offers `protocols`.
async fn old(authority: &Authority, protocols: &[&str]) -> Server {
    Server::start_tls(offering(authority, protocols), |mut peer| async move {
        while peer.request().await.is_some() {
            peer.send(ok("old")).await;
        }
    })
    .await
}

#[tokio::test]
async fn the_handshake_chooses_the_version() {
    local(async {
        let authority = Authority::new();
        let modern = modern(&authority).await;
        let mute = old(&authority, &[]).await;
        let choosing = old(&authority, &["http/1.1"]).await;
        let (two, one) = (Some(Version::HTTP_2), Some(Version::HTTP_11));
        for (version, url, expected) in [
            (HttpVersion::Auto, modern.url("/"), ("200", two)),
            (HttpVersion::Auto, mute.url("/"), ("200", one)),
            (HttpVersion::Auto, choosing.url("/"), ("200", one)),
            (HttpVersion::Http1, mute.url("/"), ("200", one)),
            (HttpVersion::Http1, choosing.url("/"), ("200", one)),
            (HttpVersion::Http1, modern.url("/"), ("tls alert: no_application_protocol", None)),
            (HttpVersion::Http2, modern.url("/"), ("200", two)),
            (HttpVersion::Http2, choosing.url("/"), ("tls alert: no_application_protocol", None)),
            (HttpVersion::Http2, mute.url("/"), ("server does not speak http/2", None)),
        ] {
            let user = User::with(ClientOptions { http_version: version, ..authority.trusted() });
            for _ in 0..2 {
                let response = user.get(&url).await;
                assert_eq!((text(&response).as_str(), response.version), expected, "{version:?} {url}");
                assert_eq!(response.timings.total(), response.elapsed);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn requests_that_overlap_from_the_start_share_one_connection() {
    local(async {
        let authority = Authority::new();
        let server = modern(&authority).await;
        let user = User::with(authority.trusted());
        let url = server.url("/");
        let (one, two, three) = tokio::join!(user.get(&url), user.get(&url), user.get(&url));
        for response in [&one, &two, &three] {
            assert_eq!(text(response), "200");
            assert_eq!(response.timings.total(), response.elapsed);
        }
        assert!(one.timings.tls > Duration::ZERO);
        // Those who waited for the connection of another say so.
        assert!(two.timings.connect > Duration::ZERO && two.timings.tls == Duration::ZERO);
        assert_eq!((server.accepted(), server.heads(), user.wire_requests()), (1, 3, 3));
        // Where the server speaks HTTP/1.1, each has a connection of its own in the end.
        let old = old(&authority, &["http/1.1"]).await;
        let url = old.url("/");
        let (one, two, three) = tokio::join!(user.get(&url), user.get(&url), user.get(&url));
        assert_eq!([text(&one), text(&two), text(&three)], ["200", "200", "200"]);
        assert_eq!((old.accepted(), old.heads()), (3, 3));
    })
    .await;
}

#[tokio::test]
async fn a_failed_handshake_is_the_failure_of_all_who_waited_for_it() {
    local(async {
        let server = modern(&Authority::new()).await;
        let user = User::with(Authority::new().trusted());
        let url = server.url("/");
        let (one, two) = tokio::join!(user.get(&url), user.get(&url));
        assert_eq!([text(&one), text(&two)], ["certificate not trusted", "certificate not trusted"]);
        assert_eq!((server.accepted(), user.wire_requests()), (1, 0));
    })
    .await;
}

#[tokio::test]
async fn ways_to_speak_tls_have_connections_of_their_own() {
    local(async {
        let authority = Authority::new();
        let server = modern(&authority).await;
        let user = User::new();
        for _ in 0..2 {
            let mut sent = request("GET", &server.url("/"));
            let choice = TlsChoice { verify: Some(false), ..TlsChoice::default() };
            sent.tls = Some(user.client.tls(&choice).unwrap());
            assert_eq!(text(&*user.client.send(sent).await), "200");
            assert_eq!(text(&user.get(&server.url("/")).await), "certificate not trusted");
        }
        assert_eq!((server.accepted(), server.heads()), (3, 2));
    })
    .await;
}

#[tokio::test]
async fn cuts_leave_the_count_true_behind_tls_too() {
    local(async {
        let authority = Authority::new();
        let server = modern(&authority).await;
        let users: Vec<_> = (0..4).map(|_| User::with(authority.trusted())).collect();
        for round in 0..80 {
            let user = &users[round % 4];
            let mut sent = request("POST", &server.url("/"));
            let value = "y".repeat([1, 10_000, 100_000][round % 3]);
            sent.headers.insert(http::HeaderName::from_static("x-large"), value.parse().unwrap());
            sent.body = vec![0; [0, 10, 300_000][round % 3]].into();
            cut_after(user.client.send(sent), round % 9).await;
            if round % 10 == 0 {
                tokio::task::yield_now().await;
            }
        }
        // One whole request for each: what was on its way before it has arrived before it.
        for user in &users {
            assert_eq!(text(&user.get(&server.url("/")).await), "200");
        }
        assert_eq!(users.iter().map(User::wire_requests).sum::<u64>(), server.heads());
    })
    .await;
}
