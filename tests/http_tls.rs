//! https: who is trusted, and what the failures are called.

#![expect(clippy::unwrap_used, reason = "a test fails by panics, its helpers too")]

mod http_support;

use http_support::{Server, User, cut_after, ok, request};
use katydid::http::{Client, ClientOptions, Shared};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{HandshakeKind, ServerConfig};

/// An authority of the test's own, in a file.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: rcgen::Certificate,
    folder: TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), certificate.pem()).unwrap();
        Self { issuer: Issuer::new(params, key), certificate, folder }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Options that trust this authority.
    fn trusted(&self) -> ClientOptions {
        ClientOptions { ca: Some(self.file()), ..ClientOptions::default() }
    }

    /// A certificate for `name`, changed by `change`, and its key.
    fn issue(
        &self,
        name: &str,
        change: impl FnOnce(&mut CertificateParams),
    ) -> (rcgen::Certificate, KeyPair) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }

    fn acceptor(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> TlsAcceptor {
        let (certificate, key) = self.issue(name, change);
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

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
async fn a_server_without_tls_fails_the_handshake() {
    let closing = Server::start(|peer| async move { drop(peer) }).await;
    let talking = Server::start(|mut peer| async move {
        peer.send("HTTP/1.1 400 Bad Request\r\n\r\n").await;
        peer.drain().await;
    })
    .await;
    for server in [closing, talking] {
        let user = User::with(ClientOptions { verify: false, ..ClientOptions::default() });
        let response = user.get(&server.url("/").replace("http:", "https:")).await;
        let error = response.error.unwrap().to_string();
        assert!(error == "tls handshake failed" || error == "connection reset", "{error}");
        assert_eq!(user.wire_requests(), 0);
    }
}

#[tokio::test]
async fn a_client_certificate_is_shown_when_it_is_asked_for() {
    let authority = Authority::new();
    let (certificate, key) = authority.issue("localhost", |_| {});
    let mut roots = tokio_rustls::rustls::RootCertStore::empty();
    roots.add(authority.certificate.der().clone()).unwrap();
    let provider = Arc::new(ring::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let server = answering(TlsAcceptor::from(Arc::new(config))).await;
    let (own, own_key) = authority.issue("client", |_| {});
    let (cert, secret) = (authority.folder.path().join("own.pem"), authority.folder.path().join("own.key"));
    std::fs::write(&cert, own.pem()).unwrap();
    std::fs::write(&secret, own_key.serialize_pem()).unwrap();
    let known = User::with(ClientOptions { cert: Some(cert), key: Some(secret), ..authority.trusted() });
    assert_eq!(known.get(&server.url("/")).await.status, 200);
    let unknown = User::with(authority.trusted());
    let error = unknown.get(&server.url("/")).await.error.unwrap().to_string();
    assert_eq!(error, "tls handshake failed");
}

#[tokio::test]
async fn sessions_are_resumed_among_users() {
    let authority = Authority::new();
    let acceptor = authority.acceptor("localhost", |_| {});
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    let server = tokio::spawn(async move {
        let mut kinds = Vec::new();
        for _ in 0..2 {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = acceptor.accept(stream).await.unwrap();
            kinds.push(stream.get_ref().1.handshake_kind());
            assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
            stream.write_all(ok("hi").as_bytes()).await.unwrap();
            stream.flush().await.unwrap();
        }
        kinds
    });
    let shared = Shared::new();
    let options = Rc::new(authority.trusted());
    for _ in 0..2 {
        let client = Client::new(shared.clone(), options.clone()).unwrap();
        assert_eq!(client.send(request("GET", &url)).await.status, 200);
    }
    assert_eq!(server.await.unwrap(), [Some(HandshakeKind::Full), Some(HandshakeKind::Resumed)]);
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

#[test]
fn a_key_that_is_none_is_told_before_anything_is_sent() {
    let authority = Authority::new();
    let (certificate, _) = authority.issue("client", |_| {});
    let file = authority.folder.path().join("own.pem");
    std::fs::write(&file, certificate.pem()).unwrap();
    let options = ClientOptions { cert: Some(file), ..authority.trusted() };
    let error = Client::new(Shared::new(), Rc::new(options)).err().unwrap().to_string();
    assert!(error.starts_with("error: cannot use the private key of this file: "), "{error}");
}

#[test]
fn a_bad_certificate_file_is_told_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let told = |name: &str, content: Option<&str>| {
        let file = folder.path().join(name);
        if let Some(content) = content {
            std::fs::write(&file, content).unwrap();
        }
        let options = ClientOptions { ca: Some(file), ..ClientOptions::default() };
        let error = Client::new(Shared::new(), Rc::new(options)).err().unwrap();
        error.to_string().replace(&folder.path().display().to_string(), "DIR")
    };
    insta::assert_snapshot!(told("empty.pem", Some("hello")), @r"
    error: cannot use the certificates of this file: it holds none
     --> DIR/empty.pem
      = help: give a PEM file with at least one `-----BEGIN CERTIFICATE-----`
    ");
    assert!(told("missing.pem", None).starts_with("error: cannot use the certificates of this file: "));
    let broken = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
    assert!(told("broken.pem", Some(broken)).starts_with("error: cannot use the certificates"));
}
