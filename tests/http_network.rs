//! Where connections come from and lead to: given names, local addresses, Unix sockets.

#![expect(clippy::unwrap_used, reason = "a test fails by panics, its helpers too")]

mod http_support;

use http_support::{Server, User, ok};
use katydid::http::{ClientOptions, Network, Resolve, Shared};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UnixListener};

/// Answers every request on a listener's connections, and writes down where they come from.
fn note_peers(listener: TcpListener) -> Arc<Mutex<Vec<IpAddr>>> {
    let peers = Arc::<Mutex<Vec<IpAddr>>>::default();
    let kept = peers.clone();
    tokio::spawn(async move {
        while let Ok((stream, from)) = listener.accept().await {
            peers.lock().unwrap().push(from.ip());
            tokio::spawn(answer(stream));
        }
    });
    kept
}

async fn answer<S: AsyncReadExt + AsyncWriteExt + Unpin>(mut stream: S) {
    let mut head = Vec::new();
    while let Ok(byte) = stream.read_u8().await {
        head.push(byte);
        if head.ends_with(b"\r\n\r\n") {
            let _ = stream.write_all(ok("hi").as_bytes()).await;
            head.clear();
        }
    }
}

fn network(sources: &[&str]) -> Network {
    Network { sources: sources.iter().map(|text| text.parse().unwrap()).collect(), ..Network::default() }
}

fn user(shared: &Rc<Shared>) -> User {
    User::of(shared, ClientOptions::default())
}

#[tokio::test]
async fn source_addresses_are_dealt_to_users_in_turn_and_kept() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://localhost:{}/", listener.local_addr().unwrap().port());
    let peers = note_peers(listener);
    let sources = ["127.0.0.2", "127.0.0.3", "127.0.0.4"];
    // Two shards deal together: 0, 2, 4, .. and 1, 3, 5, ..
    let shards = [0, 1].map(|index| Shared::of_shard(network(&sources), index, 2));
    let users: Vec<_> = (0..6).map(|number: usize| user(&shards[number % 2])).collect();
    for user in &users {
        assert_eq!(user.get(&url).await.status, 200);
    }
    let dealt: Vec<_> = peers.lock().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(dealt, [sources, sources].concat());
    let again = tokio::join!(users[1].get(&url), users[1].get(&url), users[1].get(&url));
    assert_eq!((again.0.status, again.2.status), (200, 200));
    let dealt: Vec<_> = peers.lock().unwrap()[6..].iter().map(ToString::to_string).collect();
    assert_eq!(dealt, ["127.0.0.3"; 2], "both new connections of the user come from its address");
}

#[tokio::test]
async fn a_source_address_must_be_of_the_family_and_of_this_machine() {
    let server = Server::answering(|_| ok("hi")).await;
    let shared = Shared::of_shard(network(&["127.0.0.2"]), 0, 1);
    let response = user(&shared).get("http://[::1]:1/").await;
    assert_eq!(response.error.unwrap().to_string(), "host unreachable");
    // 192.0.2.0/24 is for documentation; no machine has one of them.
    let shared = Shared::of_shard(network(&["192.0.2.77"]), 0, 1);
    let lost = user(&shared);
    let response = lost.get(&server.url("/").replace("localhost", "127.0.0.1")).await;
    assert_eq!(response.error.unwrap().to_string(), "no such source address");
    assert_eq!((lost.wire_requests(), server.accepted()), (0, 0));
}

#[tokio::test]
async fn given_addresses_lead_and_the_host_stays_what_it_is_called() {
    let server = Server::answering(|_| ok("hi")).await;
    let mut network = Network::default();
    Resolve::add(&mut network.resolve, "shop.invalid:*:127.0.0.1").unwrap();
    let user = user(&Shared::of_shard(network, 0, 1));
    assert_eq!(user.get(&format!("http://Shop.invalid:{}/", server.port)).await.status, 200);
    assert_eq!(server.requests()[0].field("host"), Some(format!("shop.invalid:{}", server.port).as_str()));
    let other = user.get(&format!("http://other.invalid:{}/", server.port)).await;
    assert_eq!(other.error.unwrap().to_string(), "host name lookup failed");
}

/// Two servers on one port of two addresses.
async fn twins() -> (u16, [Arc<Mutex<Vec<IpAddr>>>; 2]) {
    for _ in 0..100 {
        let first = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = first.local_addr().unwrap().port();
        // Somebody else may have the port there.
        if let Ok(second) = TcpListener::bind(SocketAddr::new("127.0.0.2".parse().unwrap(), port)).await {
            return (port, [note_peers(first), note_peers(second)]);
        }
    }
    panic!("no port is free on two addresses");
}

#[tokio::test]
async fn the_addresses_of_a_name_are_dealt_to_users_in_turn() {
    let (port, peers) = twins().await;
    let mut network = Network::default();
    for text in ["shop.invalid:*:127.0.0.1", "127.0.0.2"] {
        Resolve::add(&mut network.resolve, text).unwrap();
    }
    let shared = Shared::of_shard(network, 0, 1);
    let url = format!("http://shop.invalid:{port}/");
    let users: Vec<_> = (0..5).map(|_| user(&shared)).collect();
    let accepted = || peers.each_ref().map(|peers| peers.lock().unwrap().len());
    for user in &users {
        assert_eq!(user.get(&url).await.status, 200);
    }
    assert_eq!(accepted(), [3, 2]);
    tokio::join!(users[1].get(&url), users[1].get(&url));
    assert_eq!(accepted(), [3, 3], "a user keeps its address");
}

#[tokio::test]
async fn an_address_that_refuses_is_passed_over() {
    let server = Server::answering(|_| ok("hi")).await;
    let mut network = Network::default();
    // Nobody listens on this port of the other two.
    for text in ["shop.invalid:*:127.0.0.9", "127.0.0.1", "127.0.0.8"] {
        Resolve::add(&mut network.resolve, text).unwrap();
    }
    let shared = Shared::of_shard(network, 0, 1);
    for _ in 0..3 {
        let user = user(&shared);
        assert_eq!(user.get(&format!("http://shop.invalid:{}/", server.port)).await.status, 200);
    }
    assert_eq!((server.accepted(), shared.counters.connections.get()), (3, 3));
}

fn url_of(socket: &Path, path: &str) -> String {
    format!("http+unix://{}{path}", socket.to_str().unwrap().replace('/', "%2F"))
}

#[tokio::test]
async fn a_unix_socket_is_a_host_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("app.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let heads = Arc::<Mutex<Vec<String>>>::default();
    let kept = heads.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let heads = kept.clone();
            tokio::spawn(async move {
                let mut head = Vec::new();
                while let Ok(byte) = stream.read_u8().await {
                    head.push(byte);
                    if !head.ends_with(b"\r\n\r\n") {
                        continue;
                    }
                    let text = String::from_utf8(std::mem::take(&mut head)).unwrap();
                    let answer = match text.split(' ').nth(1) {
                        Some("/old") => "HTTP/1.1 302 Found\r\nlocation: http://localhost/new?a=b\r\ncontent-length: 0\r\n\r\n".to_owned(),
                        _ => "HTTP/1.1 200 OK\r\nset-cookie: k=v\r\ncontent-length: 2\r\n\r\nhi".to_owned(),
                    };
                    heads.lock().unwrap().push(text);
                    let _ = stream.write_all(answer.as_bytes()).await;
                }
            });
        }
    });
    let user = User::new();
    for path in ["/first", "/old"] {
        let response = user.get(&url_of(&socket, path)).await;
        assert_eq!((response.status, &response.body[..], response.error), (200, &b"hi"[..], None));
        assert_eq!(response.timings.total(), response.elapsed);
        assert!(response.url.to_string().starts_with("http+unix://%2F"), "{}", response.url);
    }
    let heads = heads.lock().unwrap();
    let lines: Vec<_> = heads.iter().map(|head| head.lines().next().unwrap()).collect();
    assert_eq!(lines, ["GET /first HTTP/1.1", "GET /old HTTP/1.1", "GET /new?a=b HTTP/1.1"]);
    assert!(heads.iter().all(|head| head.contains("\r\nhost: localhost\r\n")), "{heads:?}");
    assert!(heads[1].contains("\r\ncookie: k=v\r\n"), "{heads:?}");
    assert_eq!((user.wire_requests(), user.shared.counters.connections.get(), user.reconnects()), (3, 1, 0));
}

#[tokio::test]
async fn a_unix_socket_with_a_full_queue_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("app.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    nix::sys::socket::listen(&listener, nix::sys::socket::Backlog::new(0).unwrap()).unwrap();
    let url = url_of(&socket, "/");
    let users: Vec<_> = (0..5).map(|_| User::new()).collect();
    let get = |index: usize| users[index].get(&url);
    // Whoever serves is looked at last: all have asked for a connection by then, and the queue has room for one.
    let serve = async {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(answer(stream));
        }
    };
    let all = async { tokio::join!(get(0), get(1), get(2), get(3), get(4)) };
    tokio::select! {
        biased;
        all = all => {
            let statuses = [all.0.status, all.1.status, all.2.status, all.3.status, all.4.status];
            assert_eq!(statuses, [200; 5]);
        }
        () = serve => unreachable!("it serves for ever"),
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_socket_has_a_stable_text() {
    let folder = tempfile::tempdir().unwrap();
    let user = User::new();
    let get = async |name: &str| {
        let response = user.get(&url_of(&folder.path().join(name), "/")).await;
        response.error.unwrap().to_string()
    };
    assert_eq!(get("nothing").await, "no such socket");
    drop(UnixListener::bind(folder.path().join("left")).unwrap());
    assert_eq!(get("left").await, "connection refused");
    std::fs::write(folder.path().join("file"), "").unwrap();
    assert_eq!(get("file").await, "connection refused");
    assert_eq!(get(&"x".repeat(200)).await, "connection failed", "longer than the name of a socket may be");
    assert_eq!(user.wire_requests(), 0);
}
