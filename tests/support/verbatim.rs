//! A server that writes down every request byte for byte, so that a test sees the order and the spelling of headers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Answers everything with `{}`; a path that begins with `/to/307/x` with a redirect to `/x`.
pub struct Verbatim {
    address: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// One request as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Request line and header lines, each ended by `\n` alone.
    pub head: String,
    /// The body, of which no more than [`KEPT`] bytes are kept.
    pub body: Vec<u8>,
    /// How long the body was.
    pub length: u64,
}

/// The body's bytes that are kept; what is longer is only counted.
const KEPT: u64 = 1 << 20;

impl Verbatim {
    pub fn start() -> Self {
        Self::on("127.0.0.1:0").expect("a port")
    }

    /// The same at an IPv6 address; none where this machine has no such addresses.
    pub fn start_v6() -> Option<Self> {
        Self::on("[::1]:0")
    }

    fn on(address: &str) -> Option<Self> {
        let listener = TcpListener::bind(address).ok()?;
        let address = listener.local_addr().expect("an address").to_string();
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let kept = seen.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let seen = kept.clone();
                std::thread::spawn(move || serve(stream, &seen));
            }
        });
        Some(Self { address, seen })
    }

    /// `127.0.0.1:1234`
    pub fn authority(&self) -> &str {
        &self.address
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What came, in the order of arrival, with `HOST` for this server's address and `VERSION` for katydid's.
    pub fn seen(&self) -> Vec<Seen> {
        let mut seen = self.seen.lock().expect("not poisoned").clone();
        for request in &mut seen {
            let head = request.head.replace(&self.address, "HOST");
            request.head = head.replace(concat!("katydid/", env!("CARGO_PKG_VERSION")), "katydid/VERSION");
        }
        seen
    }
}

impl Seen {
    /// The values of all headers of this name, in order.
    pub fn values(&self, name: &str) -> Vec<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.filter(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
    }

    /// The request line, without the version.
    pub fn line(&self) -> &str {
        self.head.lines().next().expect("a line").trim_end_matches(" HTTP/1.1")
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The lines of the head whose names are in `names`, in the order in which they came.
    pub fn only(&self, names: &[&str]) -> String {
        let known = |line: &&str| names.iter().any(|name| line.starts_with(&format!("{name}: ")));
        self.head.lines().filter(known).collect::<Vec<_>>().join("\n")
    }
}

fn serve(stream: TcpStream, seen: &Mutex<Vec<Seen>>) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        let path = request.line().split(' ').nth(1).expect("a target").to_owned();
        seen.lock().expect("not poisoned").push(request);
        let redirect = path.strip_prefix("/to/").and_then(|rest| rest.split_once('/'));
        let answer = match redirect {
            Some((status, to)) => {
                format!("HTTP/1.1 {status} Go\r\nlocation: /{to}\r\ncontent-length: 0\r\n\r\n")
            }
            None => "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".to_owned(),
        };
        if reader.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Seen> {
    let mut head = String::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        assert!(line.ends_with("\r\n"), "{line:?}");
        if line == "\r\n" {
            break;
        }
        head.push_str(&line.replace("\r\n", "\n"));
    }
    let mut seen = Seen { head, body: Vec::new(), length: 0 };
    let length: u64 = seen.values("content-length").first().map_or(0, |text| text.parse().expect("a number"));
    reader.by_ref().take(length.min(KEPT)).read_to_end(&mut seen.body).ok()?;
    let kept = seen.body.len() as u64;
    let rest = std::io::copy(&mut reader.by_ref().take(length - kept), &mut std::io::sink()).ok()?;
    seen.length = kept + rest;
    (seen.length == length).then_some(seen)
}
