//! https: who is trusted, and what the failures are called.

#![expect(clippy::unwrap_used, reason = "a test fails by panics, its helpers too")]

mod http_support;

use http_support::authority::{Authority, acceptor_of};
use http_support::{Server, User, cut_after, ok, request, text};
use katydid::http::{Client, ClientOptions, Shared, TlsChoice, TlsVersion};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{HandshakeKind, SupportedProtocolVersion};

async fn answering(acceptor: TlsAcceptor) -> Server {
    Server::start_tls(acceptor, |mut peer| async move {
        while peer.request().await.is_some() {
            peer.send(ok("secret")).await;
        }
    })
    .await
}

#[tokio::test]
async fn a_trusted_server_is_spoken_to_and_the_connection_kept() {
    let authority = Authority::new();
    let server = answering(authority.acceptor("localhost", |_| {})).await;
    let user = User::with(authority.trusted());
    let first = user.get(&server.url("/")).await;
    assert_eq!((first.status, &first.body[..], first.error), (200, &b"secret"[..], None));
    assert!(first.timings.tls > Duration::ZERO && first.timings.total() == first.elapsed);
    let second = user.get(&server.url("/")).await;
    assert_eq!((second.status, second.timings.tls), (200, Duration::ZERO));
    assert_eq!((server.accepted(), user.wire_requests(), user.reconnects()), (1, 2, 0));
    assert_eq!(user.shared.counters.bytes_received.get(), 2 * ok("secret").len() as u64);
}

#[tokio::test]
async fn an_address_can_be_certified_too() {
    let authority = Authority::new();
    let server = answering(authority.acceptor("127.0.0.1", |_| {})).await;
    let user = User::with(authority.trusted());
    assert_eq!(user.get(&server.url("/").replace("localhost", "127.0.0.1")).await.status, 200);
}

#[tokio::test]
async fn certificates_that_do_not_prove_anything_are_refused() {
    let authority = Authority::new();
    let past = |params: &mut CertificateParams| {
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(2001, 1, 1);
    };
    let future = |params: &mut CertificateParams| params.not_before = date_time_ymd(4000, 1, 1);
    let stranger = Authority::new().acceptor("localhost", |_| {});
    for (acceptor, text) in [
        (stranger, "certificate not trusted"),
        (authority.acceptor("localhost", past), "certificate expired"),
        (authority.acceptor("localhost", future), "certificate not yet valid"),
        (authority.acceptor("elsewhere.test", |_| {}), "certificate is for another host"),
    ] {
        let server = answering(acceptor).await;
        let user = User::with(authority.trusted());
        let response = user.get(&server.url("/")).await;
        assert_eq!((response.status, response.error.unwrap().to_string().as_str()), (0, text));
        assert_eq!(response.timings.total(), response.elapsed);
        assert_eq!((user.wire_requests(), user.shared.counters.connections.get()), (0, 1), "{text}");
        let lenient = User::with(ClientOptions { verify: false, ..ClientOptions::default() });
        assert_eq!(lenient.get(&server.url("/")).await.status, 200, "{text}");
    }
}

#[tokio::test]
async fn self_signed_certificates_have_a_name_of_their_own() {
    for is_authority in [false, true] {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        if is_authority {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let server = answering(acceptor_of(&certificate, &key, &[&TLS13], &[])).await;
        // Whether or not anybody is trusted.
        for options in [ClientOptions::default(), Authority::new().trusted()] {
            let error = User::with(options).get(&server.url("/")).await.error.unwrap();
            assert_eq!(error.to_string(), "certificate self-signed", "{is_authority}");
        }
    }
}

#[tokio::test]
async fn a_server_without_tls_is_told_from_one_that_hangs_up() {
    let closing = Server::start(|mut peer| async move {
        // Whatever the client says first.
        peer.some().await;
    })
    .await;
    let talking = Server::start(|mut peer| async move {
        peer.send("HTTP/1.1 400 Bad Request\r\n\r\n").await;
        peer.drain().await;
    })
    .await;
    for (server, text) in
        [(closing, "connection closed during the tls handshake"), (talking, "server does not speak tls")]
    {
        let user = User::with(ClientOptions { verify: false, ..ClientOptions::default() });
        let response = user.get(&server.url("/").replace("http:", "https:")).await;
        assert_eq!(response.error.unwrap().to_string(), text);
        assert_eq!(user.wire_requests(), 0);
    }
}

#[tokio::test]
async fn a_client_certificate_is_shown_when_it_is_asked_for() {
    let authority = Authority::new();
    for version in [&TLS12, &TLS13] {
        let server = answering(authority.demanding(&[version])).await;
        let (own, own_key) = authority.issue("client", |_| {});
        let cert = authority.write("own.pem", own.pem());
        let key = authority.write("own.key", own_key.serialize_pem());
        let known = User::with(ClientOptions { cert: Some(cert), key: Some(key), ..authority.trusted() });
        assert_eq!(known.get(&server.url("/")).await.status, 200);
        let unknown = User::with(authority.trusted());
        assert_eq!(
            unknown.get(&server.url("/")).await.error.unwrap().to_string(),
            "tls alert: certificate_required"
        );
        let stranger = Authority::new();
        let (other, other_key) = stranger.issue("client", |_| {});
        let joined = stranger.write("joined.pem", other.pem() + other_key.serialize_pem().as_str());
        let stranger = User::with(ClientOptions { cert: Some(joined), ..authority.trusted() });
        let error = stranger.get(&server.url("/")).await.error.unwrap().to_string();
        assert!(error.starts_with("tls alert: "), "{error}");
    }
}

#[tokio::test]
async fn a_request_may_speak_tls_in_its_own_way() {
    let authority = Authority::new();
    let server = answering(authority.demanding(&[&TLS13])).await;
    let (own, own_key) = authority.issue("client", |_| {});
    let joined = authority.write("joined.pem", own.pem() + own_key.serialize_pem().as_str());
    let user = User::new();
    let send = async |choice: TlsChoice| {
        let mut sent = request("GET", &server.url("/"));
        sent.tls = Some(user.client.tls(&choice).unwrap());
        text(&*user.client.send(sent).await)
    };
    let lenient = TlsChoice { verify: Some(false), ..TlsChoice::default() };
    let known = TlsChoice { cert: Some(joined), ..lenient.clone() };
    for _ in 0..2 {
        assert_eq!(send(known.clone()).await, "200");
        // No connection of one way carries requests of another.
        assert_eq!(send(lenient.clone()).await, "tls alert: certificate_required");
        assert_eq!(text(&user.get(&server.url("/")).await), "certificate not trusted");
    }
    assert_eq!((user.shared.counters.connections.get(), server.heads(), user.reconnects()), (5, 2, 0));
}

#[tokio::test]
async fn an_old_version_of_tls_is_refused_where_a_newer_one_is_asked_for() {
    let authority = Authority::new();
    let old = answering(authority.accepting("localhost", |_| {}, &[&TLS12], &[])).await;
    let new = answering(authority.accepting("localhost", |_| {}, &[&TLS13], &[])).await;
    let strict = User::with(ClientOptions { tls_min: TlsVersion::Tls13, ..authority.trusted() });
    assert_eq!(text(&strict.get(&old.url("/")).await), "tls alert: protocol_version");
    assert_eq!(text(&strict.get(&new.url("/")).await), "200");
    let usual = User::with(authority.trusted());
    assert_eq!(text(&usual.get(&old.url("/")).await), "200");
}

#[tokio::test]
async fn names_are_told_to_the_server_and_addresses_are_not() {
    let authority = Authority::new();
    let acceptor = authority.acceptor("localhost", |params| {
        params.subject_alt_names.push(rcgen::SanType::IpAddress("127.0.0.1".parse().unwrap()));
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let mut names = Vec::new();
        for _ in 0..2 {
            let mut stream = acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
            names.push(stream.get_ref().1.server_name().map(str::to_owned));
            answer_once(&mut stream).await;
        }
        names
    });
    let user = User::with(authority.trusted());
    for host in ["localhost", "127.0.0.1"] {
        assert_eq!(text(&user.get(&format!("https://{host}:{port}/")).await), "200");
    }
    assert_eq!(server.await.unwrap(), [Some("localhost".to_owned()), None]);
}

/// How the handshakes went of two users who connect twice each, one after the other.
async fn handshakes(version: &'static SupportedProtocolVersion, resumption: bool) -> Vec<HandshakeKind> {
    let authority = Authority::new();
    let acceptor = authority.accepting("localhost", |_| {}, &[version], &[]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    let server = tokio::spawn(async move {
        let mut kinds = Vec::new();
        for _ in 0..4 {
            let mut stream = acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
            kinds.push(stream.get_ref().1.handshake_kind().unwrap());
            answer_once(&mut stream).await;
        }
        kinds
    });
    let shared = Shared::new();
    let options = ClientOptions { tls_resumption: resumption, keep_alive: false, ..authority.trusted() };
    let options = Rc::new(options);
    for _ in 0..2 {
        let client = Client::new(shared.clone(), options.clone()).unwrap();
        for _ in 0..2 {
            assert_eq!(client.send(request("GET", &url)).await.status, 200);
        }
    }
    server.await.unwrap()
}

async fn answer_once(stream: &mut (impl AsyncReadExt + AsyncWriteExt + Unpin)) {
    assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
    stream.write_all(ok("hi").as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
}

#[tokio::test]
async fn a_user_resumes_its_own_sessions_and_no_others() {
    use HandshakeKind::{Full, Resumed};
    for version in [&TLS12, &TLS13] {
        assert_eq!(handshakes(version, true).await, [Full, Resumed, Full, Resumed]);
        assert_eq!(handshakes(version, false).await, [Full; 4]);
    }
}

#[tokio::test]
async fn cuts_leave_the_count_true_behind_tls_too() {
    let authority = Authority::new();
    let server = Server::start_tls(authority.acceptor("localhost", |_| {}), |mut peer| async move {
        while peer.head().await.is_some() {
            peer.send(ok("fine")).await;
        }
    })
    .await;
    let user = User::with(authority.trusted());
    for round in 0..40 {
        let sending = user.client.send(request("GET", &server.url("/")));
        let _ = tokio::time::timeout(Duration::from_micros(round * 150), sending).await;
    }
    // Heads of more than one record, and of more than the socket takes at once.
    for round in 0..36 {
        let mut sent = request("GET", &server.url("/"));
        let value = "y".repeat([1, 20_000, 700_000][round % 3]);
        sent.headers.insert("x-large".parse().unwrap(), value.parse().unwrap());
        cut_after(user.client.send(sent), 6 + round % 17).await;
    }
    drop(user.client);
    server.settled(usize::try_from(user.shared.counters.connections.get()).unwrap()).await;
    let seen = server.heads() as u64;
    assert!(seen > 0);
    assert_eq!(user.shared.counters.wire_requests.get(), seen);
}

#[tokio::test]
async fn a_close_without_farewell_ends_what_has_no_length_only() {
    let authority = Authority::new();
    for (answer, error) in [
        ("HTTP/1.1 200 OK\r\n\r\nall there is", None),
        ("HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhalf", Some("response ended early")),
        ("", Some("connection closed before a response")),
    ] {
        // What is dropped is not shut down: the stream ends without `close_notify`.
        let server = Server::start_tls(authority.acceptor("localhost", |_| {}), move |mut peer| async move {
            peer.request().await;
            peer.send(answer).await;
        })
        .await;
        let response = User::with(authority.trusted()).get(&server.url("/")).await;
        assert_eq!(response.error.map(|error| error.to_string()).as_deref(), error, "{answer}");
        assert_eq!(response.status, if error.is_none() { 200 } else { 0 });
    }
}

#[tokio::test]
async fn large_bodies_go_both_ways_at_once_behind_tls_too() {
    const SIZE: usize = 4 << 20;
    let authority = Authority::new();
    let server = Server::start_tls(authority.acceptor("localhost", |_| {}), |mut peer| async move {
        while peer.head().await.is_some() {
            peer.send(format!("HTTP/1.1 200 OK\r\ncontent-length: {SIZE}\r\n\r\n")).await;
            peer.echo(SIZE).await;
        }
    })
    .await;
    let user = User::with(authority.trusted());
    for round in 1..=2 {
        let mut sent = request("POST", &server.url("/"));
        sent.body = (0..=255).cycle().take(SIZE).collect::<Vec<u8>>().into();
        let body = sent.body.clone();
        let response = user.client.send(sent).await;
        assert_eq!((response.status, response.error), (200, None));
        assert!(response.body == body, "every byte came back");
        assert_eq!((server.accepted(), user.wire_requests()), (1, round));
    }
}
