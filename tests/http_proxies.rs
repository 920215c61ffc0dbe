//! Connections through proxies: what is said to them, what reaches the host, and what the failures are called.

#![expect(clippy::unwrap_used, reason = "a test fails by panics, its helpers too")]

mod http_support;

use http_support::{Peer, Server, User, ok};
use katydid::http::{ClientOptions, Network, NoProxy, Proxy, Resolve, Response, Shared};
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// User and password of the tests' proxies, in a url, in plain text and in base64.
const SECRET: [&str; 3] = ["me:s3cret@", "me:s3cret", "bWU6czNjcmV0"];

fn options(scheme: &str, user: &str, port: u16) -> ClientOptions {
    let proxy = Proxy::parse(&format!("{scheme}://{user}127.0.0.1:{port}")).unwrap();
    ClientOptions { proxy: Some(Arc::new(proxy)), verify: false, ..ClientOptions::default() }
}

fn through(scheme: &str, user: &str, port: u16) -> User {
    User::with(options(scheme, user, port))
}

#[track_caller]
fn text(response: &Response) -> String {
    response.error.unwrap().to_string()
}

/// An https server with a certificate of its own.
async fn encrypted() -> Server {
    let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .unwrap();
    Server::start_tls(TlsAcceptor::from(Arc::new(config)), |mut peer| async move {
        while peer.request().await.is_some() {
            peer.send(ok("secret")).await;
        }
    })
    .await
}

/// A proxy that answers CONNECT with `answer` and then carries bytes to the port that was asked for.
async fn tunnelling(answer: &'static str) -> Server {
    Server::start(move |mut peer| async move {
        let Some(asked) = peer.request().await else { return };
        peer.send(answer).await;
        let port = asked.target().rsplit(':').next().unwrap().parse().unwrap();
        peer.carry(port).await;
    })
    .await
}

const ESTABLISHED: &str = "HTTP/1.1 200 Connection established\r\n\r\n";

#[tokio::test]
async fn a_proxy_is_asked_for_the_whole_url_of_http_hosts() {
    let proxy = Server::answering(|_| ok("hi")).await;
    let user = through("http", SECRET[0], proxy.port);
    for path in ["/a?b=c", "/d"] {
        let response = user.get(&format!("http://You:pw@shop.invalid:8080{path}")).await;
        assert_eq!((response.status, &response.body[..], response.error), (200, &b"hi"[..], None));
        assert_eq!(response.timings.total(), response.elapsed);
    }
    let seen = proxy.requests();
    assert_eq!(seen[0].line(), "GET http://shop.invalid:8080/a?b=c HTTP/1.1");
    assert_eq!(seen[1].line(), "GET http://shop.invalid:8080/d HTTP/1.1");
    assert_eq!(seen[0].field("host"), Some("shop.invalid:8080"));
    assert_eq!(seen[0].field("proxy-authorization"), Some("Basic bWU6czNjcmV0"));
    assert_eq!(
        seen[0].field("authorization"),
        Some("Basic WW91OnB3"),
        "the host's own user, not the proxy's"
    );
    assert_eq!((proxy.accepted(), user.wire_requests(), user.reconnects()), (1, 2, 0));
}

#[tokio::test]
async fn a_header_of_the_request_wins_over_the_user_of_the_proxy() {
    let proxy = Server::answering(|_| ok("hi")).await;
    let user = through("http", SECRET[0], proxy.port);
    let mut request = http_support::request("GET", "http://shop.invalid/");
    request.headers.insert(http::header::PROXY_AUTHORIZATION, "Bearer own".parse().unwrap());
    assert_eq!(user.client.send(request).await.status, 200);
    let head = &proxy.requests()[0].head;
    assert_eq!(proxy.requests()[0].field("proxy-authorization"), Some("Bearer own"));
    assert!(!head.contains(SECRET[2]), "{head}");
}

#[tokio::test]
async fn an_answer_of_a_forwarding_proxy_is_an_answer() {
    let answer = "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
    let proxy = Server::answering(move |_| answer).await;
    let user = through("http", "", proxy.port);
    let response = user.get("http://shop.invalid/").await;
    assert_eq!((response.status, response.error, user.wire_requests()), (407, None, 1));
    assert_eq!(proxy.requests()[0].field("proxy-authorization"), None);
}

#[tokio::test]
async fn https_hosts_are_reached_by_a_tunnel_that_is_no_request() {
    let (host, proxy) = (encrypted().await, tunnelling(ESTABLISHED).await);
    let user = through("http", SECRET[0], proxy.port);
    for _ in 0..2 {
        let response = user.get(&host.url("/x")).await;
        assert_eq!((response.status, &response.body[..], response.error), (200, &b"secret"[..], None));
        assert_eq!(response.timings.total(), response.elapsed);
    }
    let asked = proxy.requests();
    let authority = format!("localhost:{}", host.port);
    assert_eq!((asked.len(), asked[0].line()), (1, format!("CONNECT {authority} HTTP/1.1").as_str()));
    assert_eq!(asked[0].field("host"), Some(authority.as_str()));
    assert_eq!(asked[0].field("proxy-authorization"), Some("Basic bWU6czNjcmV0"));
    let seen = host.requests();
    assert_eq!((seen.len(), seen[0].line()), (2, "GET /x HTTP/1.1"));
    assert!(seen.iter().all(|request| !request.head.contains("proxy-authorization")), "{seen:?}");
    // The CONNECT is neither a request of the run nor among its bytes.
    assert_eq!((user.wire_requests(), host.heads()), (2, 2));
    let sent: usize = seen.iter().map(|request| request.head.len() + 4).sum();
    assert_eq!(user.shared.counters.bytes_sent.get(), sent as u64);
    assert_eq!(user.shared.counters.connections.get(), 1);
}

#[tokio::test]
async fn a_tunnel_that_is_not_dug_has_a_stable_text() {
    let host = encrypted().await;
    for (answer, said) in [
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n",
            "proxy authentication failed",
        ),
        ("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno", "proxy refused the connection"),
        ("HTTP/1.0 500 Internal Server Error\r\n\r\n", "proxy refused the connection"),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n", "host unreachable by the proxy"),
        ("HTTP/1.1 504 Gateway Timeout\r\n\r\n", "host unreachable by the proxy"),
        ("HTTP/1.1 200 OK\r\n\r\nhello", "malformed response of the proxy"),
        ("SSH-2.0-OpenSSH\r\n\r\n", "malformed response of the proxy"),
        ("HTTP/1.1 200 OK\r\nx", "proxy closed the connection"),
        ("", "proxy closed the connection"),
    ] {
        let proxy = Server::start(move |mut peer| async move {
            peer.request().await;
            peer.send(answer).await;
        })
        .await;
        let user = through("http", SECRET[0], proxy.port);
        for _ in 0..2 {
            let response = user.get(&host.url("/")).await;
            assert_eq!((response.status, text(&response).as_str()), (0, said), "{answer:?}");
            assert_eq!(response.timings.total(), response.elapsed);
        }
        assert_eq!((user.wire_requests(), user.shared.counters.connections.get()), (0, 0));
        assert_eq!(proxy.heads(), 2, "the user lives, and tries again");
    }
    assert_eq!(host.accepted(), 0);
}

#[tokio::test]
async fn an_answer_to_connect_may_come_in_pieces_but_not_without_end() {
    let host = encrypted().await;
    let proxy = Server::start(|mut peer| async move {
        let asked = peer.request().await.unwrap();
        for byte in ESTABLISHED.bytes() {
            peer.send([byte]).await;
            tokio::task::yield_now().await;
        }
        peer.carry(asked.target().rsplit(':').next().unwrap().parse().unwrap()).await;
    })
    .await;
    assert_eq!(through("http", "", proxy.port).get(&host.url("/")).await.status, 200);
    let endless = Server::start(|mut peer| async move {
        peer.request().await;
        peer.send(format!("HTTP/1.1 200 OK\r\nx: {}", "x".repeat(1 << 20))).await;
        peer.drain().await;
    })
    .await;
    let response = through("http", "", endless.port).get(&host.url("/")).await;
    assert_eq!(text(&response), "malformed response of the proxy");
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_unreachable() {
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    for scheme in ["http", "socks5", "socks5h"] {
        let user = through(scheme, "", gone);
        for url in ["http://127.0.0.1:1/", "https://127.0.0.1:1/"] {
            let response = user.get(url).await;
            assert_eq!(
                (text(&response).as_str(), user.wire_requests()),
                ("proxy unreachable", 0),
                "{scheme} {url}"
            );
        }
    }
    let unknown = Proxy::parse("http://no-such-proxy.invalid").unwrap();
    let user = User::with(ClientOptions { proxy: Some(Arc::new(unknown)), ..ClientOptions::default() });
    assert_eq!(text(&user.get("http://127.0.0.1:1/").await), "proxy unreachable");
}

#[tokio::test]
async fn a_proxy_that_says_nothing_is_waited_for_as_long_as_for_anyone() {
    let proxy = Server::start(|mut peer| async move { peer.drain().await }).await;
    let short = Duration::from_millis(30);
    for (url, scheme) in [("https://127.0.0.1:1/", "http"), ("http://127.0.0.1:1/", "socks5h")] {
        let user = User::with(ClientOptions { timeout: short, ..options(scheme, "", proxy.port) });
        assert_eq!(text(&user.get(url).await), "timed out");
        let user =
            User::with(ClientOptions { connect_timeout: Some(short), ..options(scheme, "", proxy.port) });
        assert_eq!(text(&user.get(url).await), "connecting timed out");
        assert_eq!(user.wire_requests(), 0);
    }
}

#[tokio::test]
async fn hosts_of_the_list_are_reached_directly() {
    let host = Server::answering(|_| ok("direct")).await;
    let proxy = Server::answering(|_| ok("proxied")).await;
    for (list, body) in
        [("localhost", "direct"), ("example.com", "proxied"), ("*", "direct"), ("127.0.0.0/8", "proxied")]
    {
        let no_proxy = NoProxy::parse([list]).unwrap();
        let user = User::with(ClientOptions { no_proxy, ..options("http", SECRET[0], proxy.port) });
        assert_eq!(user.get(&host.url("/")).await.body, body, "{list}");
    }
    let seen = host.requests();
    assert!(seen.iter().all(|request| request.line() == "GET / HTTP/1.1"), "{seen:?}");
    assert!(seen.iter().all(|request| !request.head.contains(SECRET[2])), "{seen:?}");
}

#[tokio::test]
async fn redirects_choose_their_way_anew() {
    let host = encrypted().await;
    let location = host.url("/there");
    let proxy = Server::start(move |mut peer| {
        let location = location.clone();
        async move {
            while let Some(asked) = peer.request().await {
                if asked.line().starts_with("CONNECT ") {
                    peer.send(ESTABLISHED).await;
                    return peer.carry(asked.target().rsplit(':').next().unwrap().parse().unwrap()).await;
                }
                peer.send(format!("HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n"))
                    .await;
            }
        }
    })
    .await;
    let user = through("http", SECRET[0], proxy.port);
    let response = user.get("http://old.invalid/").await;
    assert_eq!((response.status, response.history.len(), user.wire_requests()), (200, 1, 2));
    let lines: Vec<_> = proxy.requests().iter().map(|request| request.line().to_owned()).collect();
    assert_eq!(lines[0], "GET http://old.invalid/ HTTP/1.1");
    assert!(lines[1].starts_with("CONNECT localhost:") && lines.len() == 2, "{lines:?}");
    assert!(!host.requests()[0].head.contains("proxy-authorization"));
}

/// What a SOCKS server is told to do.
#[derive(Clone, Copy)]
struct Socks {
    /// The method that it chooses.
    method: u8,
    /// What it says to user and password.
    verdict: u8,
    /// The code of its reply.
    reply: u8,
    /// The bound address in its reply, with its kind.
    bound: &'static [u8],
}

const WILLING: Socks = Socks { method: 0, verdict: 0, reply: 0, bound: &[1, 127, 0, 0, 1, 0, 80] };

impl Socks {
    /// Serves one client and writes what it was told to the ledger.
    async fn serve(self, mut peer: Peer) -> Option<()> {
        let mut told = Vec::new();
        let greeting = peer.bytes(2).await?;
        told.push(format!("{greeting:?}{:?}", peer.bytes(greeting[1].into()).await?));
        peer.send([5, self.method]).await;
        if self.method == 2 {
            let user = peer.bytes(2).await?;
            let user = peer.bytes(user[1].into()).await?;
            let length = peer.bytes(1).await?[0];
            let password = peer.bytes(length.into()).await?;
            told.push(format!(
                "{}:{}",
                String::from_utf8(user).unwrap(),
                String::from_utf8(password).unwrap()
            ));
            peer.send([1, self.verdict]).await;
        }
        let head = peer.bytes(4).await?;
        let length = match head[3] {
            1 => 4,
            4 => 16,
            _ => peer.bytes(1).await?[0].into(),
        };
        let address = peer.bytes(length).await?;
        let port = peer.bytes(2).await?;
        let port = u16::from_be_bytes([port[0], port[1]]);
        told.push(match head[3] {
            3 => format!("{}:{port}", String::from_utf8(address).unwrap()),
            _ => format!("{address:?}:{port}"),
        });
        peer.ledger
            .requests
            .lock()
            .unwrap()
            .push(http_support::Received { head: told.join(" "), body: head });
        peer.send([&[5, self.reply, 0], self.bound].concat()).await;
        if self.reply == 0 {
            peer.carry(port).await;
        }
        Some(())
    }

    async fn start(self) -> Server {
        Server::start(move |peer| async move {
            self.serve(peer).await;
        })
        .await
    }
}

#[tokio::test]
async fn socks_carries_requests_that_are_like_any_other() {
    let plain = Server::answering(|_| ok("hi")).await;
    let host = encrypted().await;
    let proxy = WILLING.start().await;
    let user = through("socks5h", "", proxy.port);
    for url in [plain.url("/x"), plain.url("/x"), host.url("/x")] {
        let response = user.get(&url).await;
        assert_eq!((response.status, response.error), (200, None));
        assert_eq!(response.timings.total(), response.elapsed);
    }
    let told: Vec<_> = proxy.requests().into_iter().map(|request| request.head).collect();
    assert_eq!(
        told,
        [format!("[5, 1][0] localhost:{}", plain.port), format!("[5, 1][0] localhost:{}", host.port)]
    );
    assert_eq!(plain.requests()[0].line(), "GET /x HTTP/1.1");
    assert_eq!((user.wire_requests(), plain.heads() + host.heads()), (3, 3));
}

#[tokio::test]
async fn socks5_looks_names_up_here_and_tries_each_address() {
    let plain = Server::answering(|_| ok("hi")).await;
    // Only the second address is one that this proxy reaches.
    let proxy = Server::start(|peer| async move {
        let reply = if peer.number == 0 { 4 } else { 0 };
        Socks { reply, ..WILLING }.serve(peer).await;
    })
    .await;
    let mut network = Network::default();
    Resolve::add(&mut network.resolve, "shop.invalid:*:192.0.2.1").unwrap();
    Resolve::add(&mut network.resolve, "127.0.0.1").unwrap();
    let user = User::of(&Shared::of_shard(network, 0, 1), options("socks5", "", proxy.port));
    let response = user.get(&format!("http://shop.invalid:{}/", plain.port)).await;
    assert_eq!((response.status, response.error), (200, None));
    let told: Vec<_> = proxy.requests().into_iter().map(|request| request.head).collect();
    let port = plain.port;
    assert_eq!(
        told,
        [format!("[5, 1][0] [192, 0, 2, 1]:{port}"), format!("[5, 1][0] [127, 0, 0, 1]:{port}")]
    );
    assert_eq!(user.shared.counters.connections.get(), 1);
}

#[tokio::test]
async fn socks_may_ask_for_user_and_password() {
    let plain = Server::answering(|_| ok("hi")).await;
    for (socks, failure) in [
        (Socks { method: 2, ..WILLING }, None),
        (WILLING, None),
        (Socks { method: 2, verdict: 1, ..WILLING }, Some("proxy authentication failed")),
        (Socks { method: 255, ..WILLING }, Some("proxy authentication failed")),
    ] {
        let proxy = socks.start().await;
        let response = through("socks5h", SECRET[0], proxy.port).get(&plain.url("/")).await;
        assert_eq!(response.error.map(|error| error.to_string()).as_deref(), failure);
        if failure.is_none() {
            let told = &proxy.requests()[0].head;
            assert!(told.starts_with("[5, 2][0, 2] "), "{told}");
            assert_eq!(told.contains(SECRET[1]), socks.method == 2, "{told}");
        }
    }
    // Who has no password is not asked for one.
    let proxy = Socks { method: 2, ..WILLING }.start().await;
    let response = through("socks5h", "", proxy.port).get(&plain.url("/")).await;
    assert_eq!(text(&response), "malformed response of the proxy");
}

#[tokio::test]
async fn socks_replies_have_stable_texts() {
    let plain = Server::answering(|_| ok("hi")).await;
    const NAME: &[u8] = &[3, 2, b'h', b'i', 0, 80];
    const V6: &[u8] = &[4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 80];
    for (reply, bound, failure) in [
        (0, NAME, None),
        (0, V6, None),
        (0, &[9, 9][..], Some("malformed response of the proxy")),
        (1, WILLING.bound, Some("proxy refused the connection")),
        (2, WILLING.bound, Some("proxy refused the connection")),
        (3, WILLING.bound, Some("host unreachable by the proxy")),
        (4, WILLING.bound, Some("host unreachable by the proxy")),
        (5, WILLING.bound, Some("host unreachable by the proxy")),
        (6, WILLING.bound, Some("host unreachable by the proxy")),
        (8, WILLING.bound, Some("proxy refused the connection")),
        (99, WILLING.bound, Some("proxy refused the connection")),
    ] {
        let proxy = Socks { reply, bound, ..WILLING }.start().await;
        let user = through("socks5h", "", proxy.port);
        let response = user.get(&plain.url("/")).await;
        assert_eq!(response.error.map(|error| error.to_string()).as_deref(), failure, "{reply} {bound:?}");
        assert_eq!(user.wire_requests(), u64::from(failure.is_none()));
    }
    for bytes in ["", "\x05", "HTTP/1.1 400 Bad Request\r\n\r\n"] {
        let proxy = Server::start(move |mut peer| async move {
            peer.bytes(3).await;
            peer.send(bytes).await;
        })
        .await;
        let said = text(&through("socks5h", "", proxy.port).get(&plain.url("/")).await);
        let expected =
            if bytes.len() < 2 { "proxy closed the connection" } else { "malformed response of the proxy" };
        assert_eq!(said, expected, "{bytes:?}");
    }
}
