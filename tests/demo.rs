//! The demo shop, asked over plain sockets: every route, the ledger, and clients that misbehave.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use katydid::demo::DemoServer;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// One keep-alive connection.
struct Client {
    stream: BufReader<TcpStream>,
    token: Option<String>,
}

#[derive(Debug)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {:?}", String::from_utf8_lossy(&self.body)))
    }
}

impl Client {
    fn new(server: &DemoServer) -> Self {
        let stream = TcpStream::connect(server.address()).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream: BufReader::new(stream), token: None }
    }

    fn logged_in(server: &DemoServer) -> Self {
        let mut client = Self::new(server);
        let answer = client.post("/login", &json!({ "user": "ann", "password": "secret" }));
        client.token = answer.json()["accessToken"].as_str().map(str::to_owned);
        client
    }

    fn send_raw(&mut self, text: &str) {
        self.stream.get_mut().write_all(text.as_bytes()).unwrap();
    }

    fn send(&mut self, method: &str, path: &str, headers: &str, body: &str) {
        let bearer = self.token.as_ref().map(|token| format!("Authorization: Bearer {token}\r\n"));
        let length =
            if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let bearer = bearer.unwrap_or_default();
        self.send_raw(&format!(
            "{method} {path} HTTP/1.1\r\nHost: demo\r\n{bearer}{headers}{length}\r\n{body}"
        ));
    }

    fn ask(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        self.send(method, path, headers, body);
        self.receive(method != "HEAD").expect("an answer")
    }

    fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, "", "")
    }

    fn post(&mut self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path, "Content-Type: application/json\r\n", &body.to_string())
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let length = self.stream.read_line(&mut line).ok()?;
        (length > 0).then(|| line.trim_end().to_owned())
    }

    /// The next answer; nothing when the server closed the connection instead.
    fn receive(&mut self, with_body: bool) -> Option<Answer> {
        let status = self.line()?.split(' ').nth(1).unwrap().parse().unwrap();
        let mut headers = Vec::new();
        while let Some(line) = self.line().filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(": ").unwrap();
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let mut answer = Answer { status, headers, body: Vec::new() };
        let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
        if with_body {
            answer.body = vec![0; length];
            self.stream.read_exact(&mut answer.body).unwrap();
        }
        Some(answer)
    }
}

fn start() -> DemoServer {
    DemoServer::start(0).unwrap()
}

#[test]
fn items_are_read_created_changed_and_deleted() {
    let server = start();
    let mut client = Client::new(&server);
    for prefix in ["", "/api"] {
        assert_eq!(client.get(&format!("{prefix}/items/7")).json()["id"], 7);
        let made = client.post(&format!("{prefix}/items"), &json!({ "name": "Spoon", "price": 1.5 }));
        let location = made.header("location").unwrap().to_owned();
        assert_eq!((made.status, &made.json()["name"]), (201, &json!("Spoon")));
        assert!(location.starts_with(&format!("{prefix}/items/")));
        let patched = client.ask("PATCH", &location, "", r#"{"stock":3}"#);
        assert_eq!((patched.status, &patched.json()["stock"]), (200, &json!(3)));
        let put = client.ask("PUT", &location, "", r#"{"name":"Fork","price":2}"#);
        let shown = json!({ "id": made.json()["id"], "name": "Fork", "price": 2.0, "stock": 0 });
        assert_eq!((put.status, put.json()), (200, shown.clone()));
        assert_eq!(client.get(&location).json(), shown);
        assert_eq!(client.ask("DELETE", &location, "", "").status, 204);
        for method in ["GET", "DELETE"] {
            assert_eq!(client.ask(method, &location, "", "").status, 404);
        }
        assert_eq!(client.ask("PUT", &location, "", r#"{"name":"Fork","price":2}"#).status, 404);
    }
}

#[test]
fn a_thousand_items_exist_and_nothing_else() {
    let server = start();
    let mut client = Client::new(&server);
    for id in 1..=1_000 {
        assert_eq!(client.get(&format!("/items/{id}")).json()["id"], id);
    }
    for id in ["0", "1001", "-1", "x", "", "18446744073709551616"] {
        let answer = client.get(&format!("/items/{id}"));
        assert_eq!((answer.status, answer.json()), (404, json!({ "error": "no such item" })), "{id}");
    }
}

#[test]
fn what_is_not_an_item_is_refused() {
    let server = start();
    let mut client = Client::new(&server);
    for (body, status) in [
        ("", 400),
        ("{", 400),
        ("[1]", 400),
        ("{}", 422),
        (r#"{"name":"a"}"#, 422),
        (r#"{"price":1}"#, 422),
        (r#"{"name":7,"price":1}"#, 422),
        (r#"{"name":"a","price":"1"}"#, 422),
        (r#"{"name":"a","price":1,"stock":-1}"#, 422),
    ] {
        let answer = client.ask("POST", "/items", "", body);
        assert_eq!(answer.status, status, "{body}");
        assert!(answer.json()["error"].is_string());
    }
    assert_eq!(client.get("/items?limit=many").status, 400);
}

/// Follows a list from page to page and returns the ids.
fn walk(client: &mut Client, mut next: impl FnMut(&Value) -> Option<String>) -> Vec<u64> {
    let mut ids = Vec::new();
    let mut page = json!({});
    while let Some(path) = next(&page) {
        page = client.get(&path).json();
        ids.extend(page["data"].as_array().unwrap().iter().map(|item| item["id"].as_u64().unwrap()));
        assert_eq!(page["paging"]["total"], 1_000);
    }
    ids
}

#[test]
fn each_way_of_paging_walks_all_items_once() {
    let server = start();
    let mut client = Client::new(&server);
    let all: Vec<u64> = (1..=1_000).collect();
    let mut first = true;
    let by_cursor = walk(&mut client, |page| {
        let after = page["paging"]["after"].as_str();
        let path = after.map(|after| format!("/api/items?limit=64&after={after}"));
        path.or_else(|| std::mem::take(&mut first).then(|| "/api/items?limit=64".to_owned()))
    });
    assert_eq!(by_cursor, all);
    let mut offsets = (0..1_000).step_by(300);
    let next = |_: &Value| offsets.next().map(|offset| format!("/items?limit=300&offset={offset}"));
    assert_eq!(walk(&mut client, next), all);
    let mut pages = 1..=4;
    let next = |_: &Value| pages.next().map(|page| format!("/items?limit=300&page={page}"));
    assert_eq!(walk(&mut client, next), all);
}

#[test]
fn login_gives_a_token_that_opens_what_is_private() {
    let server = start();
    let mut client = Client::new(&server);
    for path in ["/private", "/me", "/cart", "/orders", "/orders/1", "/api/me"] {
        let answer = client.get(path);
        assert_eq!((answer.status, answer.header("www-authenticate")), (401, Some("Bearer")), "{path}");
    }
    for (body, status) in [
        (json!({ "user": "ann", "password": "wrong" }), 401),
        (json!({ "user": "ann" }), 401),
        (json!({ "password": "secret" }), 422),
        (json!({ "username": "ann", "password": "secret" }), 200),
        (json!({ "email": "a@example.org", "password": "secret" }), 200),
    ] {
        assert_eq!(client.post("/api/login", &body).status, status, "{body}");
    }
    let answer = client.post("/login", &json!({ "user": "ann", "password": "secret" })).json();
    assert_eq!(answer["token"], answer["accessToken"]);
    client.token = answer["token"].as_str().map(str::to_owned);
    assert_eq!(client.get("/private").json(), json!({ "private": true, "user": "ann" }));
    assert_eq!(client.get("/me").json(), json!({ "user": "ann" }));
    client.token = Some("0000000000000001ffffffffffffffff".to_owned());
    assert_eq!(client.get("/me").status, 401);
}

#[test]
fn carts_and_orders_belong_to_their_token() {
    let server = start();
    let mut ann = Client::logged_in(&server);
    let mut bob = Client::logged_in(&server);
    let price = ann.get("/items/7").json()["price"].as_f64().unwrap();
    ann.post("/cart", &json!({ "item": 7 }));
    let cart = ann.post("/cart", &json!({ "item": 7, "quantity": 2 })).json();
    assert_eq!(cart["items"], json!([{ "item": 7, "quantity": 3 }]));
    assert!((cart["total"].as_f64().unwrap() - 3.0 * price).abs() < 0.001);
    assert_eq!(ann.get("/cart").json(), cart);
    assert_eq!(bob.get("/cart").json()["items"], json!([]));
    assert_eq!(ann.ask("DELETE", "/cart", "", "").status, 204);
    assert_eq!(ann.get("/cart").json()["items"], json!([]));

    let made = ann.post("/orders", &json!({ "item": 7 }));
    let order = made.json();
    assert_eq!((made.status, &order["item"], &order["quantity"]), (201, &json!(7), &json!(1)));
    let location = made.header("location").unwrap().to_owned();
    assert_eq!(ann.get(&location).json(), order);
    assert_eq!(ann.get("/orders").json(), json!({ "data": [order], "paging": { "total": 1 } }));
    assert_eq!(bob.get("/orders").json()["paging"]["total"], 0);
    assert_eq!(bob.get(&location).status, 404);
    for (body, status) in [
        (json!({}), 422),
        (json!({ "item": "7" }), 422),
        (json!({ "item": 7, "quantity": 0 }), 422),
        (json!({ "item": 5_000 }), 404),
    ] {
        assert_eq!(ann.post("/orders", &body).status, status, "{body}");
        assert_eq!(ann.post("/cart", &body).status, status, "{body}");
    }
}

#[test]
fn statuses_delays_and_sizes_are_as_asked() {
    let server = start();
    let mut client = Client::new(&server);
    for code in [200, 204, 205, 304, 401, 404, 418, 500, 503, 599, 999] {
        assert_eq!(client.get(&format!("/status/{code}")).status, code);
        assert_eq!(client.ask("POST", &format!("/status/{code}"), "", "{}").status, code);
    }
    for path in ["/status/100", "/status/1000", "/status/x", "/delay/x", "/delay/600001", "/bytes/-1"] {
        assert_eq!(client.get(path).status, 400, "{path}");
    }
    let start = std::time::Instant::now();
    assert_eq!(client.get("/delay/30").json(), json!({ "delay_ms": 30 }));
    assert!(start.elapsed().as_millis() >= 30);
    for size in [0, 1, 65_536, 65_537, 1_000_000] {
        let answer = client.get(&format!("/bytes/{size}"));
        assert_eq!((answer.status, answer.body.len()), (200, size));
    }
}

#[test]
fn redirects_count_down() {
    let server = start();
    let mut client = Client::new(&server);
    let mut path = "/redirect/3?status=307".to_owned();
    for left in [2, 1, 0] {
        let answer = client.get(&path);
        path = answer.header("location").unwrap().to_owned();
        assert_eq!((answer.status, path.as_str()), (307, &*format!("/redirect/{left}?status=307")));
    }
    assert_eq!(client.get(&path).status, 200);
    assert_eq!(client.get("/redirect/1").status, 302);
    assert_eq!(client.get("/redirect/1?status=300").status, 400);
}

#[test]
fn cookies_are_set_and_echoed() {
    let server = start();
    let mut client = Client::new(&server);
    let answer = client.get("/cookies/set?a=1&b=two");
    let set: Vec<_> = answer.headers.iter().filter(|(name, _)| name == "set-cookie").collect();
    assert_eq!(
        set.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>(),
        ["a=1; Path=/", "b=two; Path=/"]
    );
    let answer = client.ask("GET", "/cookies", "Cookie: a=1; b=two\r\n", "");
    assert_eq!(answer.json(), json!({ "cookies": { "a": "1", "b": "two" } }));
}

#[test]
fn encoded_bodies_decode() {
    let server = start();
    let mut client = Client::new(&server);
    for encoding in ["gzip", "deflate"] {
        let answer = client.get(&format!("/{encoding}"));
        assert_eq!(answer.header("content-encoding"), Some(encoding));
        let mut text = String::new();
        let read = match encoding {
            "gzip" => flate2::read::GzDecoder::new(&*answer.body).read_to_string(&mut text),
            _ => flate2::read::ZlibDecoder::new(&*answer.body).read_to_string(&mut text),
        };
        read.unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["encoding"], encoding);
    }
}

#[test]
fn echo_says_what_came() {
    let server = start();
    let mut client = Client::new(&server);
    let answer = client.ask("POST", "/echo?a=1&a=2&b=%C3%A9", "X-One: 1\r\n", "hello");
    insta::assert_snapshot!(serde_json::to_string_pretty(&answer.json()).unwrap(), @r#"
    {
      "body": "hello",
      "headers": {
        "content-length": "5",
        "host": "demo",
        "x-one": "1"
      },
      "method": "POST",
      "path": "/echo",
      "query": {
        "a": [
          "1",
          "2"
        ],
        "b": "é"
      }
    }
    "#);
    for method in ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"] {
        assert_eq!(client.ask(method, "/echo", "", "").json()["method"], method);
    }
}

#[test]
fn pages_for_people() {
    let server = start();
    let mut client = Client::new(&server);
    assert!(String::from_utf8_lossy(&client.get("/html").body).contains(r#"name="csrf" value="c5f3-a11e""#));
    insta::assert_snapshot!(String::from_utf8_lossy(&client.get("/").body), @r#"
    katydid's demo shop

    The shop, also under /api:
      /items           GET POST               list (limit, offset, page, after) or create
      /items/{id}      GET PUT PATCH DELETE   1 to 1000 exist at the start
      /login           POST                   JSON: user, password (`secret`); gives accessToken
      /private         GET                    needs Authorization: Bearer
      /me              GET                    needs Authorization: Bearer
      /cart            GET POST DELETE        one per token; add JSON: item, quantity
      /orders          GET POST               your own; order JSON: item, quantity
      /orders/{id}     GET                    one of your own

    To test clients:
      /                GET                    this page
      /html            GET                    a small page
      /status/{code}   any                    answers with that status, 200 to 999
      /delay/{ms}      any                    answers after so many milliseconds
      /bytes/{n}       GET                    a body of that size
      /events/{n}      GET                    so many server-sent events
      /close           any                    closes the connection without an answer
      /redirect/{n}    any                    n redirects (status=301 302 303 307 308)
      /cookies         GET                    the cookies that came
      /cookies/set     GET                    sets name=value
      /gzip            GET                    a gzip body
      /deflate         GET                    a deflate body
      /echo            any                    the request as JSON
      /_ledger         GET                    requests received, total and per route
      /_ledger/reset   POST                   counts from zero again
    "#);
}

#[test]
fn head_options_and_wrong_methods() {
    let server = start();
    let mut client = Client::new(&server);
    let full = client.get("/items/7");
    let head = client.ask("HEAD", "/items/7", "", "");
    assert_eq!((head.status, head.header("content-length")), (200, full.header("content-length")));
    let options = client.ask("OPTIONS", "/items/7", "", "");
    let allow = "GET, HEAD, PUT, PATCH, DELETE, OPTIONS";
    assert_eq!((options.status, options.header("allow")), (204, Some(allow)));
    let wrong = client.post("/items/7", &json!({}));
    assert_eq!((wrong.status, wrong.header("allow")), (405, Some(allow)));
    assert_eq!(client.ask("BREW", "/items/7", "", "").status, 405);
    assert_eq!(client.ask("DELETE", "/login", "", "").header("allow"), Some("POST, OPTIONS"));
    let unknown = client.get("/teapot");
    assert_eq!((unknown.status, unknown.json()["error"].is_string()), (404, true));
    assert_eq!(client.ask("OPTIONS", "/teapot", "", "").status, 404);
}

#[test]
fn close_closes_without_an_answer() {
    let server = start();
    for (method, body) in [("GET", ""), ("POST", "{}")] {
        let mut client = Client::new(&server);
        client.send(method, "/close", "", body);
        assert!(client.receive(true).is_none());
    }
    assert_eq!(server.ledger().total, 2);
}

#[test]
fn clients_that_misbehave_harm_nobody_else() {
    let server = start();
    let mut good = Client::new(&server);
    for text in [
        "\r\n\r\n\r\n",
        "nonsense\r\n\r\n",
        "GET /items/7 HTTP/9.9\r\n\r\n",
        "GET /items/7\0 HTTP/1.1\r\n\r\n",
        "GET /items/7 HTTP/1.1\r\nbad header\r\n\r\n",
        "GET /items/7 HTTP/1.1\r\nHost: x",
        "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
        "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n{",
        "POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ] {
        let mut bad = Client::new(&server);
        bad.send_raw(text);
        drop(bad);
        assert_eq!(good.get("/items/7").status, 200, "{text:?}");
    }
    let mut endless = Client::new(&server);
    let header = format!("X-Long: {}\r\n", "x".repeat(200_000));
    let _ = write!(endless.stream.get_mut(), "GET / HTTP/1.1\r\n{header}\r\n");
    assert_eq!(good.get("/items/7").status, 200);
}

#[test]
fn a_large_body_is_refused_and_the_connection_lives() {
    let server = start();
    let mut client = Client::new(&server);
    let accepted = client.ask("POST", "/echo", "", &"x".repeat(1024 * 1024));
    assert_eq!(accepted.json()["body"].as_str().map(str::len), Some(1024 * 1024));
    let refused = client.ask("POST", "/login", "", &"x".repeat(1024 * 1024 + 1));
    assert_eq!((refused.status, refused.json()["error"].is_string()), (413, true));
    assert_eq!(client.get("/items/7").status, 200);
}

#[test]
fn the_ledger_is_exact_under_eight_connections() {
    const ROUNDS: u64 = 250;
    let server = start();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut client = Client::logged_in(&server);
                for round in 0..ROUNDS {
                    client.get(&format!("/items/{}", round + 1));
                    client.get(&format!("/api/items/{}", round + 5_000));
                    client.post("/orders", &json!({ "item": 7 }));
                    client.get("/nowhere");
                    client.ask("DELETE", "/me", "", "");
                }
            });
        }
    });
    let expected: BTreeMap<String, u64> = [
        ("POST /login", 8),
        ("GET /items/{id}", 8 * ROUNDS),
        ("GET /api/items/{id}", 8 * ROUNDS),
        ("POST /orders", 8 * ROUNDS),
        ("GET (no route)", 8 * ROUNDS),
        ("DELETE /me", 8 * ROUNDS),
    ]
    .into_iter()
    .map(|(name, count)| (name.to_owned(), count))
    .collect();
    let ledger = server.ledger();
    assert_eq!(ledger.routes, expected);
    assert_eq!(ledger.total, 8 + 5 * 8 * ROUNDS);

    let mut client = Client::new(&server);
    assert_eq!(client.get("/_ledger").json(), json!({ "total": ledger.total, "routes": expected }));
    assert_eq!(client.ask("POST", "/_ledger/reset", "", "").status, 204);
    assert_eq!(client.get("/_ledger").json(), json!({ "total": 0, "routes": {} }));
}

#[test]
fn a_request_counts_before_its_answer() {
    let server = start();
    let mut slow = Client::new(&server);
    slow.send("GET", "/delay/600000", "", "");
    let mut body = Client::new(&server);
    body.send_raw("POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n");
    let counted = |name: &str| server.ledger().routes.contains_key(name);
    while !(counted("GET /delay/{ms}") && counted("POST /login")) {
        std::thread::yield_now();
    }
    assert_eq!(server.ledger().total, 2);
}

#[test]
fn a_request_counts_although_its_sender_leaves_at_once() {
    let server = start();
    for _ in 0..300 {
        Client::new(&server).send("GET", "/items/7", "", "");
        Client::new(&server).send("POST", "/orders", "Content-Length: 100\r\n", "");
    }
    while server.ledger().total < 600 {
        std::thread::yield_now();
    }
    let routes = server.ledger().routes;
    assert_eq!(
        routes,
        BTreeMap::from([("GET /items/{id}".to_owned(), 300), ("POST /orders".to_owned(), 300)])
    );
}

#[test]
fn the_server_ends_when_it_is_told_to() {
    let server = start();
    let stopper = server.stopper();
    let address = server.address();
    assert_eq!(server.url(), format!("http://{address}"));
    assert!(DemoServer::start(address.port()).is_err());
    let mut slow = Client::new(&server);
    slow.send("GET", "/delay/600000", "", "");
    let waiting = std::thread::spawn(move || server.wait());
    stopper.stop();
    waiting.join().unwrap();
    assert!(slow.receive(true).is_none());
}

#[test]
fn one_connection_after_another_without_end() {
    let server = start();
    for _ in 0..500 {
        let mut client = Client::new(&server);
        let answer = client.ask("GET", "/items/1", "Connection: close\r\n", "");
        assert_eq!(answer.status, 200);
        assert!(client.receive(true).is_none());
    }
    assert_eq!(server.ledger().total, 500);
}
