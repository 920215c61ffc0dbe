//! A server that does wrong: every connection does exactly what a test says, byte by byte, and every head is counted.

use nix::sys::socket::{setsockopt, sockopt};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// A server on a port of its own; it lives until the test process ends.
pub struct Faulty {
    port: u16,
    scheme: &'static str,
    ledger: Arc<Ledger>,
}

#[derive(Default)]
struct Ledger {
    accepted: AtomicU64,
    heads: AtomicU64,
    /// The users of [`Line::hold`] and [`Faulty::release`].
    held: Mutex<Held>,
    changed: Condvar,
}

#[derive(Default)]
struct Held {
    waiting: bool,
    open: bool,
}

/// One connection at the server.
pub struct Line {
    stream: BufReader<Box<dyn Duplex>>,
    tcp: TcpStream,
    ledger: Arc<Ledger>,
    /// From 0, in the order of acceptance.
    pub number: u64,
}

trait Duplex: Read + Write + Send {}
impl<T: Read + Write + Send> Duplex for T {}

impl Faulty {
    /// Runs `handle` for every connection.
    pub fn start(handle: impl Fn(&mut Line) + Send + Sync + 'static) -> Self {
        Self::launch(None, handle)
    }

    /// The same behind TLS; the handshake comes with the first byte that is read or sent.
    pub fn start_tls(
        configuration: Arc<ServerConfig>,
        handle: impl Fn(&mut Line) + Send + Sync + 'static,
    ) -> Self {
        Self::launch(Some(configuration), handle)
    }

    /// The first connection does `fault`, all others behave.
    pub fn once(fault: impl Fn(&mut Line) + Send + Sync + 'static) -> Self {
        Self::start(move |line| if line.number == 0 { fault(line) } else { line.behave() })
    }

    fn launch(tls: Option<Arc<ServerConfig>>, handle: impl Fn(&mut Line) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let server = Self { port, scheme, ledger: Arc::default() };
        let (ledger, handle) = (server.ledger.clone(), Arc::new(handle));
        std::thread::spawn(move || {
            for tcp in listener.incoming().flatten() {
                let number = ledger.accepted.fetch_add(1, Ordering::SeqCst);
                let (ledger, handle, tls) = (ledger.clone(), handle.clone(), tls.clone());
                let stream = tcp.try_clone().expect("a descriptor");
                let stream: Box<dyn Duplex> = match tls {
                    None => Box::new(stream),
                    Some(tls) => {
                        let connection = ServerConnection::new(tls).expect("a configuration");
                        Box::new(StreamOwned::new(connection, stream))
                    }
                };
                let stream = BufReader::new(stream);
                std::thread::spawn(move || handle(&mut Line { stream, tcp, ledger, number }));
            }
        });
        server
    }

    /// Scheme, host and port.
    pub fn url(&self) -> String {
        format!("{}://127.0.0.1:{}", self.scheme, self.port)
    }

    /// How many complete heads have arrived.
    pub fn heads(&self) -> u64 {
        self.ledger.heads.load(Ordering::SeqCst)
    }

    /// How many connections were accepted.
    pub fn accepted(&self) -> u64 {
        self.ledger.accepted.load(Ordering::SeqCst)
    }

    /// Waits until a connection is in [`Line::hold`].
    #[track_caller]
    pub fn until_held(&self) {
        let begun = Instant::now();
        let mut held = self.ledger.held.lock().expect("not poisoned");
        while !held.waiting {
            assert!(begun.elapsed() < super::PATIENCE, "nobody came");
            held = self.ledger.changed.wait_timeout(held, Duration::from_millis(50)).expect("not poisoned").0;
        }
    }

    /// Lets those in [`Line::hold`] go on.
    pub fn release(&self) {
        self.ledger.held.lock().expect("not poisoned").open = true;
        self.ledger.changed.notify_all();
    }
}

impl Line {
    /// Reads the next head; it is counted when it is complete. None when the client has closed.
    pub fn head(&mut self) -> Option<String> {
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") {
            self.stream.read_exact(&mut byte).ok()?;
            head.push(byte[0]);
        }
        self.ledger.heads.fetch_add(1, Ordering::SeqCst);
        Some(String::from_utf8(head).expect("a head is text"))
    }

    /// Waits until a complete head has arrived, counts it and leaves it unread; false when the client has closed.
    pub fn see_head(&mut self) -> bool {
        let mut bytes = [0; 4096];
        loop {
            match self.tcp.peek(&mut bytes) {
                Ok(0) | Err(_) => return false,
                Ok(count) if bytes[..count].ends_with(b"\r\n\r\n") => {
                    self.ledger.heads.fetch_add(1, Ordering::SeqCst);
                    return true;
                }
                Ok(_) => std::thread::yield_now(),
            }
        }
    }

    /// Waits for bytes, whatever they are.
    pub fn read_some(&mut self) {
        let _ = self.stream.read(&mut [0; 64]);
    }

    /// Sends bytes as they are on a connection that is encrypted.
    pub fn send_unencrypted(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.tcp.write_all(bytes.as_ref());
    }

    /// Sends bytes; whether the client took them.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        let stream = self.stream.get_mut();
        stream.write_all(bytes.as_ref()).and_then(|()| stream.flush()).is_ok()
    }

    /// Sends `piece` so often, or until the client has had enough.
    pub fn send_often(&mut self, piece: impl AsRef<[u8]>, times: usize) {
        for _ in 0..times {
            if !self.send(&piece) {
                return;
            }
        }
    }

    /// Sends one byte every 20 ms, over and over, until the client closes.
    pub fn trickle(&mut self, bytes: &[u8]) {
        for byte in bytes.iter().cycle() {
            if !self.send([*byte]) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends the connection by a reset, not by a farewell.
    pub fn reset(&mut self) {
        let linger = nix::libc::linger { l_onoff: 1, l_linger: 0 };
        setsockopt(&self.tcp, sockopt::Linger, &linger).expect("a socket option");
        // Closing the last descriptor sends the reset; both are gone when the handler returns.
    }

    /// Says that nothing more will come, and reads on.
    pub fn close(&mut self) {
        let _ = self.tcp.shutdown(Shutdown::Write);
        self.silence();
    }

    /// Reads until the client closes, and says nothing.
    pub fn silence(&mut self) {
        let mut buffer = [0; 4096];
        while self.stream.read(&mut buffer).is_ok_and(|count| count > 0) {}
    }

    /// Waits for [`Faulty::release`].
    pub fn hold(&mut self) {
        let mut held = self.ledger.held.lock().expect("not poisoned");
        held.waiting = true;
        self.ledger.changed.notify_all();
        while !held.open {
            held = self.ledger.changed.wait(held).expect("not poisoned");
        }
    }

    /// Answers every request as it should be.
    pub fn behave(&mut self) {
        while let Some(head) = self.head() {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let mut body = vec![0; length.map_or(0, |text| text.parse().expect("a length"))];
            if self.stream.read_exact(&mut body).is_err() || !self.send(ok("fine")) {
                return;
            }
        }
    }
}

/// A response with a length.
pub fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}
