//! A user's cookies.

mod http_support;

use http::header::{self, HeaderValue};
use http_support::{Received, Server, User, ok, request};
use katydid::http::Url;

fn answer(request: &Received) -> String {
    match request.target() {
        "/login" => "HTTP/1.1 200 OK\r\nset-cookie: session=abc; Path=/; HttpOnly\r\n\
                     set-cookie: lang=de; Path=/shop\r\ncontent-length: 0\r\n\r\n"
            .to_owned(),
        "/logout" => {
            "HTTP/1.1 200 OK\r\nset-cookie: session=; Path=/; Max-Age=0\r\ncontent-length: 0\r\n\r\n"
                .to_owned()
        }
        _ => ok(request.field("cookie").unwrap_or("none")),
    }
}

#[tokio::test]
async fn what_a_server_sets_comes_back_until_it_is_taken_away() {
    let server = Server::answering(answer).await;
    let user = User::new();
    let url = |path: &str| Url::parse_absolute(&server.url(path)).unwrap();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let login = user.get(&server.url("/login")).await;
    assert_eq!(login.cookies(), [pair("session", "abc"), pair("lang", "de")]);
    assert_eq!(user.get(&server.url("/x")).await.body, "session=abc");
    assert_eq!(user.get(&server.url("/shop/1")).await.body, "lang=de; session=abc");
    assert_eq!(user.client.cookies(&url("/shop")), [pair("lang", "de"), pair("session", "abc")]);
    user.get(&server.url("/logout")).await;
    assert_eq!(user.get(&server.url("/x")).await.body, "none");
    user.client.clear_cookies();
    assert_eq!(user.client.cookies(&url("/shop")), []);
}

#[tokio::test]
async fn a_script_sets_cookies_for_the_host() {
    let server = Server::answering(answer).await;
    let user = User::new();
    let url = Url::parse_absolute(&server.url("/deep/path")).unwrap();
    user.client.set_cookie(&url, "a", "1");
    user.client.set_cookie(&url, "a", "2");
    let mut sent = request("GET", &server.url("/"));
    sent.headers.insert(header::COOKIE, HeaderValue::from_static("own=3"));
    assert_eq!(user.client.send(sent).await.body, "own=3; a=2");
}

#[tokio::test]
async fn users_do_not_share_cookies() {
    let server = Server::answering(answer).await;
    let (one, other) = (User::new(), User::new());
    one.get(&server.url("/login")).await;
    assert_eq!(other.get(&server.url("/")).await.body, "none");
}
