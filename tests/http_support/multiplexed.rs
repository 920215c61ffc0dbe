//! A server that speaks HTTP/2 and keeps a ledger of the heads it has seen.

use bytes::Bytes;
use h2::server::{Builder, SendResponse};
use h2::{Reason, RecvStream};
use http::{HeaderMap, Request, Response};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_rustls::TlsAcceptor;

use super::Duplex;

/// What a connection is told to do.
pub enum Order {
    /// GOAWAY, and an end when all streams have.
    ShutDown,
    /// GOAWAY with an error, which ends it at once.
    Refuse(Reason),
    /// No farewell.
    Drop,
}

/// One request at the server.
pub struct Asked {
    pub request: Request<RecvStream>,
    pub answer: SendResponse<Bytes>,
    pub connection: UnboundedSender<Order>,
    pub ledger: Arc<Seen>,
}

/// What a server saw.
#[derive(Debug, Default)]
pub struct Seen {
    pub accepted: AtomicUsize,
    pub heads: AtomicUsize,
    /// Streams that are being answered, and the most of them at a time.
    pub open: AtomicUsize,
    pub most: AtomicUsize,
    pub seen: Mutex<Vec<(String, HeaderMap)>>,
    /// Connections that have ended.
    pub ended: AtomicUsize,
    connections: Mutex<Vec<UnboundedSender<Order>>>,
}

impl Asked {
    pub fn path(&self) -> String {
        self.request.uri().path().to_owned()
    }

    /// The body, taken as it comes.
    pub async fn body(&mut self) -> Result<Vec<u8>, h2::Error> {
        let mut body = Vec::new();
        let stream = self.request.body_mut();
        while let Some(piece) = stream.data().await {
            let piece = piece?;
            stream.flow_control().release_capacity(piece.len())?;
            body.extend_from_slice(&piece);
        }
        Ok(body)
    }

    /// Answers with this body.
    pub async fn ok(&mut self, body: impl Into<Bytes>) {
        self.respond(Response::new(()), body).await;
    }

    pub async fn respond(&mut self, response: Response<()>, body: impl Into<Bytes>) {
        let mut body = body.into();
        let Ok(mut stream) = self.answer.send_response(response, body.is_empty()) else { return };
        while !body.is_empty() {
            stream.reserve_capacity(body.len());
            let room = std::future::poll_fn(|context| stream.poll_capacity(context)).await;
            let Some(Ok(room)) = room else { return };
            let piece = body.split_to(room.min(body.len()));
            if stream.send_data(piece, body.is_empty()).is_err() {
                return;
            }
        }
    }
}

pub struct Server {
    pub port: u16,
    scheme: &'static str,
    pub ledger: Arc<Seen>,
}

impl Server {
    /// Runs `handle` for every request, without TLS.
    pub async fn start<F, Fut>(handle: F) -> Self
    where
        F: Fn(Asked) -> Fut + Clone + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        Self::launch(None, Builder::new(), handle).await
    }

    pub async fn launch<F, Fut>(acceptor: Option<TlsAcceptor>, settings: Builder, handle: F) -> Self
    where
        F: Fn(Asked) -> Fut + Clone + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let scheme = if acceptor.is_some() { "https" } else { "http" };
        let server = Self { port, scheme, ledger: Arc::default() };
        let ledger = server.ledger.clone();
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                ledger.accepted.fetch_add(1, Ordering::SeqCst);
                let (acceptor, settings, handle) = (acceptor.clone(), settings.clone(), handle.clone());
                let ledger = ledger.clone();
                tokio::spawn(async move {
                    let stream: Option<Pin<Box<dyn Duplex>>> = match acceptor {
                        None => Some(Box::pin(tcp)),
                        Some(acceptor) => acceptor.accept(tcp).await.ok().map(|tls| Box::pin(tls) as _),
                    };
                    if let Some(stream) = stream {
                        serve(stream, &settings, handle, ledger.clone()).await;
                    }
                    ledger.ended.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        server
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}://localhost:{}{path}", self.scheme, self.port)
    }

    pub fn accepted(&self) -> usize {
        self.ledger.accepted.load(Ordering::SeqCst)
    }

    pub fn heads(&self) -> u64 {
        self.ledger.heads.load(Ordering::SeqCst) as u64
    }

    /// Ends the connection that was accepted last, and waits until it has.
    pub async fn end(&self, order: Order) {
        let ended = self.ledger.ended.load(Ordering::SeqCst);
        self.ledger.connections.lock().unwrap().last().unwrap().send(order).unwrap();
        while self.ledger.ended.load(Ordering::SeqCst) == ended {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

async fn serve<F, Fut>(stream: Pin<Box<dyn Duplex>>, settings: &Builder, handle: F, ledger: Arc<Seen>)
where
    F: Fn(Asked) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let Ok(mut connection) = settings.handshake::<_, Bytes>(stream).await else { return };
    let (orders, mut ordered) = unbounded_channel();
    ledger.connections.lock().unwrap().push(orders.clone());
    loop {
        tokio::select! {
            accepted = connection.accept() => {
                let Some(Ok((request, answer))) = accepted else { return };
                ledger.heads.fetch_add(1, Ordering::SeqCst);
                let open = ledger.open.fetch_add(1, Ordering::SeqCst) + 1;
                ledger.most.fetch_max(open, Ordering::SeqCst);
                ledger.seen.lock().unwrap().push((request.uri().to_string(), request.headers().clone()));
                let asked = Asked { request, answer, connection: orders.clone(), ledger: ledger.clone() };
                let (answering, ledger) = (handle(asked), ledger.clone());
                tokio::spawn(async move {
                    answering.await;
                    ledger.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
            Some(order) = ordered.recv() => match order {
                Order::ShutDown => connection.graceful_shutdown(),
                Order::Refuse(reason) => connection.abrupt_shutdown(reason),
                Order::Drop => return,
            },
        }
    }
}
