//! A server that writes down every request it gets and holds back the answers to some until it is told to go on.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// A request is written down when its head is complete. Those to paths that begin with `/hold` wait for [`Held::release`].
pub struct Held {
    port: u16,
    book: Arc<Book>,
}

#[derive(Default)]
struct Book {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    arrived: BTreeMap<String, u64>,
    open: bool,
}

impl Held {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let book = Arc::<Book>::default();
        let kept = book.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let book = book.clone();
                std::thread::spawn(move || serve(stream, &book));
            }
        });
        Self { port, book: kept }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Waits until so many requests to `path` have arrived.
    #[track_caller]
    pub fn until(&self, path: &str, count: u64) {
        let begun = Instant::now();
        let mut state = self.book.state.lock().expect("not poisoned");
        while state.arrived.get(path).copied().unwrap_or(0) < count {
            assert!(begun.elapsed() < super::PATIENCE, "{:?}, and not {path} {count} times", state.arrived);
            state = self.book.changed.wait_timeout(state, Duration::from_millis(50)).expect("not poisoned").0;
        }
    }

    /// Lets everything be answered from now on.
    pub fn release(&self) {
        self.book.state.lock().expect("not poisoned").open = true;
        self.book.changed.notify_all();
    }

    /// How many requests have arrived, by path.
    pub fn arrived(&self) -> BTreeMap<String, u64> {
        self.book.state.lock().expect("not poisoned").arrived.clone()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.release();
    }
}

fn serve(mut stream: TcpStream, book: &Book) {
    while let Some(path) = read_head(&mut stream) {
        let mut state = book.state.lock().expect("not poisoned");
        *state.arrived.entry(path.clone()).or_default() += 1;
        book.changed.notify_all();
        while path.starts_with("/hold") && !state.open {
            state = book.changed.wait(state).expect("not poisoned");
        }
        drop(state);
        if stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").is_err() {
            return;
        }
    }
}

fn read_head(stream: &mut TcpStream) -> Option<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).expect("a head is text");
    Some(head.split(' ').nth(1).expect("a request line").to_owned())
}
