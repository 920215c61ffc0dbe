//! A server whose streams go on when they are told to: `GET /go` lets each stream that waits send its next part.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// What it has seen, and how often it was told to go on.
#[derive(Default)]
struct State {
    connections: u64,
    /// Request lines and bodies, in the order of arrival.
    requests: Vec<String>,
    heads: Vec<String>,
    /// Streams that the client has closed.
    closed: u64,
    go: u64,
}

#[derive(Default)]
struct Book {
    state: Mutex<State>,
    changed: Condvar,
}

pub struct Teller {
    port: u16,
    book: Arc<Book>,
}

impl Teller {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let book = Arc::<Book>::default();
        let kept = book.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let book = book.clone();
                book.note(|state| state.connections += 1);
                std::thread::spawn(move || Line { stream, book }.serve());
            }
        });
        Self { port, book: kept }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Waits until a request with this line has arrived.
    #[track_caller]
    pub fn until(&self, line: &str) {
        self.book.until(|state| state.requests.iter().any(|known| known == line));
    }

    /// Waits until the client has closed so many streams.
    #[track_caller]
    pub fn until_closed(&self, count: u64) {
        self.book.until(|state| state.closed >= count);
    }

    pub fn requests(&self) -> Vec<String> {
        self.book.lock().requests.clone()
    }

    pub fn heads(&self) -> Vec<String> {
        self.book.lock().heads.clone()
    }

    pub fn connections(&self) -> u64 {
        self.book.lock().connections
    }
}

impl Book {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("not poisoned")
    }

    fn note(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    #[track_caller]
    fn until(&self, condition: impl Fn(&State) -> bool) {
        let begun = Instant::now();
        let mut state = self.lock();
        while !condition(&state) {
            assert!(begun.elapsed() < super::PATIENCE, "{:?}, {} closed", state.requests, state.closed);
            state = self.changed.wait_timeout(state, Duration::from_millis(50)).expect("not poisoned").0;
        }
    }
}

/// One connection.
struct Line {
    stream: TcpStream,
    book: Arc<Book>,
}

const EVENTS: &str = "content-type: text/event-stream\r\ntransfer-encoding: chunked";

impl Line {
    fn serve(mut self) {
        let mut input = BufReader::new(self.stream.try_clone().expect("a handle"));
        while let Some((head, body)) = read(&mut input) {
            let line = head.lines().next().expect("a request line").trim_end_matches(" HTTP/1.1").to_owned();
            let target = line.split(' ').nth(1).expect("a target").to_owned();
            self.book.note(|state| {
                state.requests.push(format!("{line} {body}").trim_end().to_owned());
                state.heads.push(head);
            });
            if !self.answer(&target) {
                return;
            }
        }
    }

    /// Answers; false if the connection is over.
    fn answer(&mut self, target: &str) -> bool {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        match path {
            "/go" => {
                self.book.note(|state| state.go += 1);
                self.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
            }
            // Three events, each of the last two when it is told to go on.
            "/events" => {
                self.head(EVENTS);
                self.chunk(": welcome\n\ndata: one\n\n");
                self.wait(1);
                self.chunk("event: add\nid: 7\nda");
                self.chunk("ta: two\ndata: lines\n\n");
                self.wait(2);
                self.chunk("retry: 1500\ndata: three\n\n");
                self.send("0\r\n\r\n");
            }
            // As many at once as the query says.
            "/burst" => {
                self.head(EVENTS);
                let count = query.parse().expect("a number");
                self.chunk(&"data: x\n\n".repeat(count));
                self.send("0\r\n\r\n");
            }
            "/lines" => {
                let body = "{\"n\":1}\n{\"n\":2}\r\n{\"n\":3}";
                let head = format!("content-type: application/x-ndjson\r\ncontent-length: {}", body.len());
                self.head(&head);
                self.send(body);
            }
            "/endless" => {
                self.head(EVENTS);
                self.chunk("data: one\n\n");
                return self.until_closed();
            }
            "/silent" => {
                self.head(EVENTS);
                return self.until_closed();
            }
            "/mute" => return self.until_closed(),
            "/broken" => {
                self.head(EVENTS);
                self.chunk("data: one\n\n");
                return false;
            }
            "/huge" => {
                self.head(EVENTS);
                self.chunk("data: ");
                while write!(self.stream, "400\r\n{}\r\n", "x".repeat(0x400)).is_ok() {}
                self.book.note(|state| state.closed += 1);
                return false;
            }
            "/encoded" => {
                self.head(&format!("{EVENTS}\r\ncontent-encoding: gzip"));
                self.chunk("\u{1f}gzip");
                self.send("0\r\n\r\n");
            }
            "/moved" => {
                self.send("HTTP/1.1 307 Moved\r\nlocation: /lines\r\ntransfer-encoding: chunked\r\n\r\n");
                self.chunk("moved");
                self.send("0\r\n\r\n");
            }
            _ => self.send("HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain\r\ncontent-length: 4\r\n\r\nbusy"),
        }
        true
    }

    fn wait(&self, times: u64) {
        self.book.until(|state| state.go >= times);
    }

    fn head(&mut self, headers: &str) {
        self.send(&format!("HTTP/1.1 200 OK\r\n{headers}\r\n\r\n"));
    }

    fn chunk(&mut self, text: &str) {
        self.send(&format!("{:x}\r\n{text}\r\n", text.len()));
    }

    fn send(&mut self, text: &str) {
        let _ = self.stream.write_all(text.as_bytes());
    }

    fn until_closed(&mut self) -> bool {
        let _ = self.stream.read(&mut [0]);
        self.book.note(|state| state.closed += 1);
        false
    }
}

/// The next request: its head and its body.
fn read(input: &mut BufReader<TcpStream>) -> Option<(String, String)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if input.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |text| text.parse().expect("a length"))];
    input.read_exact(&mut body).ok()?;
    Some((head, String::from_utf8(body).expect("text")))
}
