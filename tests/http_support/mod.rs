//! Servers for the client's tests: they speak bytes, so that a test says exactly what goes over the wire, and they keep
//! a ledger of what they have seen.

#![expect(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test file uses a part of it, and fails by panics"
)]

pub mod authority;
pub mod multiplexed;

use katydid::http::{Client, ClientOptions, Request, Response, Shared, Url};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Plain or encrypted, to the server it is the same.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// What a server saw.
#[derive(Debug, Default)]
pub struct Ledger {
    pub accepted: AtomicUsize,
    pub finished: AtomicUsize,
    pub heads: AtomicUsize,
    pub requests: Mutex<Vec<Received>>,
}

/// One request as the server saw it.
#[derive(Clone, Debug)]
pub struct Received {
    /// Without the blank line.
    pub head: String,
    pub body: Vec<u8>,
}

impl Received {
    pub fn line(&self) -> &str {
        self.head.lines().next().unwrap()
    }

    pub fn target(&self) -> &str {
        self.line().split(' ').nth(1).unwrap()
    }

    pub fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// One connection at the server.
pub struct Peer {
    stream: BufReader<Pin<Box<dyn Duplex>>>,
    pub ledger: Arc<Ledger>,
    /// From 0, in the order of acceptance.
    pub number: usize,
}

impl Peer {
    /// The next request with its body; `None` when the client has closed.
    pub async fn request(&mut self) -> Option<Received> {
        let head = self.head().await?;
        let mut received = Received { head, body: Vec::new() };
        let length = received.field("content-length").map_or(0, |text| text.parse().unwrap());
        received.body.resize(length, 0);
        self.stream.read_exact(&mut received.body).await.ok()?;
        self.ledger.requests.lock().unwrap().push(received.clone());
        Some(received)
    }

    /// The next head; it is in the ledger as soon as it is complete.
    pub async fn head(&mut self) -> Option<String> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.stream.read_u8().await.ok()?);
        }
        self.ledger.heads.fetch_add(1, Ordering::SeqCst);
        head.truncate(head.len() - 4);
        Some(String::from_utf8(head).unwrap())
    }

    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref()).await;
        let _ = self.stream.flush().await;
    }

    /// Whatever comes next.
    pub async fn some(&mut self) {
        let _ = self.stream.read(&mut [0; 4096]).await;
    }

    /// Sends `count` bytes back as they come.
    pub async fn echo(&mut self, mut count: usize) {
        let mut buffer = vec![0; 64 * 1024];
        while count > 0 {
            let room = buffer.len().min(count);
            let Ok(read @ 1..) = self.stream.read(&mut buffer[..room]).await else { return };
            if self.stream.write_all(&buffer[..read]).await.is_err() {
                return;
            }
            count -= read;
        }
        let _ = self.stream.flush().await;
    }

    /// Exactly so many bytes, unless the client closes before.
    pub async fn bytes(&mut self, count: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; count];
        self.stream.read_exact(&mut bytes).await.ok()?;
        Some(bytes)
    }

    /// Carries bytes between the client and a server on this port until one of them closes.
    pub async fn carry(&mut self, port: u16) {
        if let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await {
            let _ = tokio::io::copy_bidirectional(&mut self.stream, &mut server).await;
        }
    }

    /// Reads until the client closes.
    pub async fn drain(&mut self) {
        let mut buffer = [0; 4096];
        while self.stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
    }
}

/// A server on a port of its own, on the runtime of the test.
pub struct Server {
    pub port: u16,
    pub scheme: &'static str,
    pub ledger: Arc<Ledger>,
}

impl Server {
    /// Runs `handle` for every connection.
    pub async fn start<F, Fut>(handle: F) -> Self
    where
        F: Fn(Peer) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        Self::launch(None, handle).await
    }

    /// The same behind TLS; a failed handshake ends the connection.
    pub async fn start_tls<F, Fut>(acceptor: TlsAcceptor, handle: F) -> Self
    where
        F: Fn(Peer) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        Self::launch(Some(acceptor), handle).await
    }

    async fn launch<F, Fut>(acceptor: Option<TlsAcceptor>, handle: F) -> Self
    where
        F: Fn(Peer) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let scheme = if acceptor.is_some() { "https" } else { "http" };
        let handle = Arc::new(Mutex::new(handle));
        let server = Self { port, scheme, ledger: Arc::default() };
        let ledger = server.ledger.clone();
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                // What waits for an acknowledgement would wait in real time, and virtual time runs away meanwhile.
                tcp.set_nodelay(true).unwrap();
                let number = ledger.accepted.fetch_add(1, Ordering::SeqCst);
                let (ledger, handle, acceptor) = (ledger.clone(), handle.clone(), acceptor.clone());
                tokio::spawn(async move {
                    let stream: Option<Pin<Box<dyn Duplex>>> = match acceptor {
                        None => Some(Box::pin(tcp)),
                        Some(acceptor) => acceptor.accept(tcp).await.ok().map(|tls| Box::pin(tls) as _),
                    };
                    if let Some(stream) = stream.map(BufReader::new) {
                        let serving = handle.lock().unwrap()(Peer { stream, ledger: ledger.clone(), number });
                        serving.await;
                    }
                    ledger.finished.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        server
    }

    /// Answers every request with what `answer` makes of it, on kept connections.
    pub async fn answering<A, B>(answer: A) -> Self
    where
        A: Fn(&Received) -> B + Clone + Send + 'static,
        B: AsRef<[u8]> + Send,
    {
        Self::start(move |mut peer| {
            let answer = answer.clone();
            async move {
                while let Some(request) = peer.request().await {
                    let bytes = answer(&request);
                    peer.send(bytes).await;
                }
            }
        })
        .await
    }

    /// The absolute url of `path`.
    pub fn url(&self, path: &str) -> String {
        format!("{}://localhost:{}{path}", self.scheme, self.port)
    }

    pub fn accepted(&self) -> usize {
        self.ledger.accepted.load(Ordering::SeqCst)
    }

    pub fn heads(&self) -> usize {
        self.ledger.heads.load(Ordering::SeqCst)
    }

    pub fn requests(&self) -> Vec<Received> {
        self.ledger.requests.lock().unwrap().clone()
    }

    /// Waits until every accepted connection has ended, and at least `opened` were accepted.
    pub async fn settled(&self, opened: usize) {
        loop {
            let (accepted, finished) = (self.accepted(), self.ledger.finished.load(Ordering::SeqCst));
            if accepted >= opened && accepted == finished {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// A response with a length.
pub fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// One user's client, and what its shard counts.
pub struct User {
    pub shared: Rc<Shared>,
    pub client: Client,
}

impl User {
    pub fn new() -> Self {
        Self::with(ClientOptions::default())
    }

    pub fn with(options: ClientOptions) -> Self {
        Self::of(&Shared::new(), options)
    }

    /// One of several users of a shard.
    pub fn of(shared: &Rc<Shared>, options: ClientOptions) -> Self {
        let client = Client::new(shared.clone(), Rc::new(options)).unwrap();
        Self { shared: shared.clone(), client }
    }

    pub async fn get(&self, url: &str) -> Response {
        self.send("GET", url).await
    }

    pub async fn send(&self, method: &str, url: &str) -> Response {
        *self.client.send(request(method, url)).await
    }

    pub fn reconnects(&self) -> u64 {
        self.shared.counters.reconnects.get()
    }

    pub fn wire_requests(&self) -> u64 {
        self.shared.counters.wire_requests.get()
    }
}

/// Runs `future` where a client may leave tasks behind: a connection with HTTP/2 is driven by one.
pub async fn local<F: Future>(future: F) -> F::Output {
    tokio::task::LocalSet::new().run_until(future).await
}

/// What came of it: the status, or why there is none.
pub fn text(response: &Response) -> String {
    response.error.map_or_else(|| response.status.to_string(), |error| error.to_string())
}

pub fn request(method: &str, url: &str) -> Request {
    Request::new(method.parse().unwrap(), Url::parse_absolute(url).unwrap())
}

/// Polls `future` at most `polls` times, then drops it.
pub async fn cut_after<F: Future>(future: F, polls: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(cx).map(Some)
    })
    .await
}
