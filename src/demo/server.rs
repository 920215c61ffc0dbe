//! The server's thread: it accepts connections and serves them until it is stopped.

use super::io::Io;
use super::ledger::{Counters, Ledger};
use super::probes::Fixed;
use super::service::Service;
use super::shop::Shop;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use std::cell::RefCell;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;
use tokio::task::LocalSet;

/// Connections that wait to be accepted: a run may start thousands of users at once.
const BACKLOG: u32 = 4_096;
/// Pause after a failed accept, which mostly means that the process has no descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);
/// Read buffer of one connection; also the longest request head.
const CONNECTION_BUFFER: usize = 64 * 1024;

/// The running server; dropping it ends it.
#[derive(Debug)]
pub struct DemoServer {
    address: SocketAddr,
    counters: Arc<Counters>,
    stopper: Stopper,
    thread: Option<JoinHandle<()>>,
}

/// Ends the server from elsewhere, for instance while another thread is in [`DemoServer::wait`].
#[derive(Clone, Debug)]
pub struct Stopper(Arc<Notify>);

impl Stopper {
    /// Asks the server to end. Open connections are closed, whatever they are doing.
    pub fn stop(&self) {
        self.0.notify_one();
    }
}

impl DemoServer {
    /// Starts the server on loopback; port 0 takes a free one. It accepts connections when this returns.
    ///
    /// # Errors
    ///
    /// When the port is taken or may not be used, or there is no thread to be had.
    pub fn start(port: u16) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
        let listener = listen(&runtime, port)?;
        let address = listener.local_addr()?;
        let counters = Arc::new(Counters::new());
        let stopper = Stopper(Arc::new(Notify::new()));
        let (shared, stop) = (counters.clone(), stopper.0.clone());
        let thread = std::thread::Builder::new().name("demo".to_owned()).spawn(move || {
            let local = LocalSet::new();
            let fixed = Fixed::new();
            let service = Rc::new(Service { counters: shared, shop: RefCell::new(Shop::new()), fixed });
            local.spawn_local(accept(listener, service));
            runtime.block_on(local.run_until(stop.notified()));
        })?;
        Ok(Self { address, counters, stopper, thread: Some(thread) })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests received so far. A head that still lies in a socket's buffer is not among them yet.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.counters.snapshot()
    }

    /// A handle that can end this server.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// Ends the server and waits until it has ended; open connections are closed, whatever they are doing.
    pub fn stop(self) {
        self.stopper.stop();
        self.wait();
    }

    /// Waits until the server ends, which only a [`Stopper`] can bring about.
    pub fn wait(mut self) {
        self.join();
    }

    fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            // A panic of the server's thread has been reported on that thread already.
            let _ = thread.join();
        }
    }
}

impl Drop for DemoServer {
    fn drop(&mut self) {
        self.stopper.stop();
        self.join();
    }
}

fn listen(runtime: &Runtime, port: u16) -> io::Result<TcpListener> {
    let _context = runtime.enter();
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
    socket.listen(BACKLOG)
}

async fn accept(listener: TcpListener, service: Rc<Service>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::task::spawn_local(serve(stream, service.clone()));
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

/// Serves one connection until either side closes it.
async fn serve(stream: TcpStream, service: Rc<Service>) {
    // Without it the second small packet of an answer waits for the client's delayed acknowledgement; a socket that
    // refuses is already closed, which serving it will find out.
    let _ = stream.set_nodelay(true);
    let answer = service_fn(move |request| {
        service.count(&request);
        let service = service.clone();
        async move { service.answer(request).await }
    });
    let mut http = http1::Builder::new();
    http.max_buf_size(CONNECTION_BUFFER).header_read_timeout(None);
    // Broken requests and connections concern their clients alone.
    let _ = http.serve_connection(Io(stream), answer).await;
}
