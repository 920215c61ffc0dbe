//! HTTP/2: what a request is on a shared connection, what ends it, and what is counted.

#![expect(clippy::unwrap_used, reason = "a test fails by panics, its helpers too")]

mod http_support;

use bytes::Bytes;
use h2::Reason;
use h2::server::Builder;
use http::{Response, Version};
use http_support::multiplexed::{Asked, Order, Server};
use http_support::{User, cut_after, local, ok, request, text};
use katydid::http::{ClientOptions, HttpVersion};
use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;
use tokio::sync::{Barrier, Notify};

fn prior_knowledge() -> ClientOptions {
    ClientOptions { http_version: HttpVersion::Http2, ..ClientOptions::default() }
}

fn user() -> User {
    User::with(prior_knowledge())
}

async fn all<T>(futures: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut futures: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    poll_fn(|context| {
        let mut pending = false;
        for (future, done) in &mut futures {
            if done.is_none() {
                match future.as_mut().poll(context) {
                    Poll::Ready(value) => *done = Some(value),
                    Poll::Pending => pending = true,
                }
            }
        }
        if pending { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    futures.into_iter().map(|(_, done)| done.unwrap()).collect()
}

#[tokio::test]
async fn requests_share_a_connection_and_are_measured_like_all_others() {
    local(async {
        let server = Server::start(|mut asked: Asked| async move {
            let body = format!("hello {}", asked.path());
            asked.ok(body).await;
        })
        .await;
        let user = user();
        for (number, path) in ["/a", "/b?c=d"].into_iter().enumerate() {
            let response = user.get(&server.url(path)).await;
            assert_eq!(
                (response.status, response.error, response.version),
                (200, None, Some(Version::HTTP_2))
            );
            assert_eq!(response.body, format!("hello {}", &path[..2]));
            assert_eq!(response.reason(), "OK");
            assert_eq!(response.timings.total(), response.elapsed);
            assert_eq!(response.timings.connect > Duration::ZERO, number == 0);
            assert!(response.timings.send > Duration::ZERO && response.timings.wait > Duration::ZERO);
        }
        assert_eq!((server.accepted(), server.heads(), user.wire_requests()), (1, 2, 2));
        assert_eq!((user.shared.counters.connections.get(), user.reconnects()), (1, 0));
        assert!(user.shared.counters.bytes_sent.get() > 24 && user.shared.counters.bytes_received.get() > 30);
    })
    .await;
}

#[tokio::test]
async fn a_request_is_said_in_the_words_of_http2() {
    local(async {
        let server = Server::start(|mut asked: Asked| async move { asked.ok("").await }).await;
        let user = user();
        let mut sent = request("POST", &server.url("/x%20y?z=1"));
        sent.body = "abc".into();
        for (name, value) in [("host", "other.test"), ("connection", "x"), ("x-own", "1"), ("te", "gzip")] {
            sent.headers.insert(name.parse().unwrap(), value.parse().unwrap());
        }
        assert_eq!(user.client.send(sent).await.status, 200);
        assert_eq!(user.get(&server.url("/plain")).await.status, 200);
        let seen = server.ledger.seen.lock().unwrap().clone();
        assert_eq!(seen[0].0, "http://other.test/x%20y?z=1");
        let mut names: Vec<_> = seen[0].1.keys().map(http::HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["accept", "accept-encoding", "content-length", "user-agent", "x-own"]);
        assert_eq!(seen[0].1["content-length"], "3");
        assert_eq!(seen[1].0, format!("http://localhost:{}/plain", server.port));
    })
    .await;
}

#[tokio::test]
async fn streams_overlap_on_one_connection() {
    local(async {
        // Nobody is answered before all have asked.
        let gate = Arc::new(Barrier::new(50));
        let server = Server::start(move |mut asked: Asked| {
            let gate = gate.clone();
            async move {
                gate.wait().await;
                let path = asked.path();
                asked.ok(path).await;
            }
        })
        .await;
        let user = user();
        let urls: Vec<_> = (0..50).map(|number| server.url(&format!("/{number}"))).collect();
        let responses = all(urls.iter().map(|url| user.get(url)).collect()).await;
        for (number, response) in responses.iter().enumerate() {
            assert_eq!(response.body, format!("/{number}"));
            assert_eq!(response.timings.total(), response.elapsed);
        }
        assert_eq!((server.accepted(), server.heads(), user.wire_requests()), (1, 50, 50));
        assert_eq!(user.shared.counters.connections.get(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_server_that_allows_few_streams_gets_few_at_a_time() {
    local(async {
        let mut settings = Builder::new();
        settings.max_concurrent_streams(2);
        let server = Server::launch(None, settings, |mut asked: Asked| async move {
            tokio::task::yield_now().await;
            asked.ok("fine").await;
        })
        .await;
        let user = user();
        // Settings come with the first answer at the latest.
        assert_eq!(user.get(&server.url("/first")).await.status, 200);
        let url = server.url("/");
        let responses = all((0..20).map(|_| user.get(&url)).collect()).await;
        assert!(responses.iter().all(|response| response.status == 200));
        assert!(server.ledger.most.load(Ordering::SeqCst) <= 2);
        assert_eq!((server.accepted(), server.heads(), user.wire_requests()), (1, 21, 21));
    })
    .await;
}

#[tokio::test]
async fn large_bodies_go_both_ways_at_once() {
    const SIZE: usize = 8 << 20;
    local(async {
        let server = Server::start(|mut asked: Asked| async move {
            // What comes is sent back as it comes: windows are full both ways.
            let mut out = asked.answer.send_response(Response::new(()), false).unwrap();
            let stream = asked.request.body_mut();
            while let Some(Ok(mut piece)) = stream.data().await {
                let length = piece.len();
                while !piece.is_empty() {
                    out.reserve_capacity(piece.len());
                    let Some(Ok(room)) = poll_fn(|context| out.poll_capacity(context)).await else { return };
                    out.send_data(piece.split_to(room.min(piece.len())), false).unwrap();
                }
                stream.flow_control().release_capacity(length).unwrap();
            }
            out.send_data(Bytes::new(), true).unwrap();
        })
        .await;
        let user = user();
        let url = server.url("/");
        let post = |seed: u8| {
            let mut sent = request("POST", &url);
            sent.body = (0..SIZE).map(|index| (index % 251) as u8 ^ seed).collect::<Vec<_>>().into();
            let body = sent.body.clone();
            let user = &user;
            async move { (user.client.send(sent).await, body) }
        };
        for (response, body) in all(vec![post(0), post(1), post(2)]).await {
            assert_eq!((response.status, response.error), (200, None));
            assert!(response.body == body, "every byte came back");
        }
        assert_eq!((server.accepted(), user.wire_requests()), (1, 3));
    })
    .await;
}

#[tokio::test]
async fn a_body_that_is_too_long_is_refused_and_the_connection_lives() {
    local(async {
        let server = Server::start(|mut asked: Asked| async move {
            let response = Response::builder();
            let response = match asked.path().as_str() {
                "/announced" => response.header("content-length", "6"),
                _ => response,
            };
            let long = if asked.path() == "/fine" { "short" } else { "longer" };
            asked.respond(response.body(()).unwrap(), long).await;
        })
        .await;
        let user = User::with(ClientOptions { max_body: Some(5), ..prior_knowledge() });
        for path in ["/announced", "/unannounced"] {
            let response = user.get(&server.url(path)).await;
            assert_eq!((response.status, text(&response).as_str()), (0, "response body too large"), "{path}");
        }
        assert_eq!(user.get(&server.url("/fine")).await.body, "short");
        assert_eq!((server.accepted(), user.wire_requests()), (1, 3));
    })
    .await;
}

#[tokio::test]
async fn heads_without_bodies_and_answers_without_status_200() {
    local(async {
        let server = Server::start(|mut asked: Asked| async move {
            let response = Response::builder();
            let (response, body) = match (asked.request.method().as_str(), asked.path().as_str()) {
                ("HEAD", _) => (response.header("content-length", "500"), ""),
                (_, "/304") => (response.status(304).header("content-length", "500"), ""),
                (_, "/204") => (response.status(204), ""),
                (_, "/404") => (response.status(404).header("x-why", "gone"), "not here"),
                _ => (response.status(503), "busy"),
            };
            asked.respond(response.body(()).unwrap(), body).await;
        })
        .await;
        let user = user();
        for (method, path, status, body) in [
            ("HEAD", "/", 200, ""),
            ("GET", "/304", 304, ""),
            ("GET", "/204", 204, ""),
            ("GET", "/404", 404, "not here"),
            ("GET", "/503", 503, "busy"),
        ] {
            let response = user.send(method, &server.url(path)).await;
            assert_eq!((response.status, response.error), (status, None), "{method} {path}");
            assert_eq!(response.body, body, "{method} {path}");
        }
        assert_eq!(user.get(&server.url("/404")).await.headers()["x-why"], "gone");
        assert_eq!((server.accepted(), user.wire_requests()), (1, 6));
    })
    .await;
}

#[tokio::test]
async fn redirects_and_cookies_are_followed_and_kept() {
    local(async {
        let server = Server::start(|mut asked: Asked| async move {
            let response = match asked.path().as_str() {
                "/old" => Response::builder()
                    .status(302)
                    .header("location", "/new")
                    .header("set-cookie", "a=1; Path=/")
                    .header("set-cookie", "b=2; Path=/"),
                _ => Response::builder(),
            };
            let cookie = asked.request.headers().get("cookie").cloned();
            let body = cookie.map_or(String::new(), |cookie| cookie.to_str().unwrap().to_owned());
            asked.respond(response.body(()).unwrap(), body).await;
        })
        .await;
        let user = user();
        let response = user.get(&server.url("/old")).await;
        assert_eq!((response.status, response.history.len()), (200, 1));
        assert_eq!(response.body, "a=1; b=2");
        assert_eq!((server.accepted(), server.heads(), user.wire_requests()), (1, 2, 2));
    })
    .await;
}

#[tokio::test]
async fn a_timeout_resets_its_stream_and_no_other() {
    local(async {
        let given_up = Arc::new(Notify::new());
        let seen = given_up.clone();
        let server = Server::start(move |mut asked: Asked| {
            let seen = seen.clone();
            async move {
                if asked.path() == "/slow" {
                    let reset = poll_fn(|context| asked.answer.poll_reset(context)).await;
                    assert_eq!(reset.unwrap(), Reason::CANCEL);
                    seen.notify_one();
                } else {
                    asked.ok("fine").await;
                }
            }
        })
        .await;
        let user = user();
        let mut slow = request("GET", &server.url("/slow"));
        slow.timeout = Some(Duration::from_millis(50));
        let response = user.client.send(slow).await;
        assert_eq!((response.status, text(&response).as_str()), (0, "timed out"));
        assert_eq!(response.timings.total(), response.elapsed);
        given_up.notified().await;
        assert_eq!(user.get(&server.url("/next")).await.status, 200);
        assert_eq!((server.accepted(), user.wire_requests(), server.heads()), (1, 2, 2));
    })
    .await;
}

#[tokio::test]
async fn resets_are_named_and_nothing_is_sent_again() {
    local(async {
        let server = Server::start(|mut asked: Asked| async move {
            match asked.path().as_str() {
                "/refused" => asked.answer.send_reset(Reason::REFUSED_STREAM),
                "/error" => asked.answer.send_reset(Reason::INTERNAL_ERROR),
                "/calm" => asked.answer.send_reset(Reason::ENHANCE_YOUR_CALM),
                "/strange" => asked.answer.send_reset(0x1234.into()),
                "/within" => {
                    let response = Response::builder().header("content-length", "100").body(()).unwrap();
                    let mut stream = asked.answer.send_response(response, false).unwrap();
                    stream.send_data("half".into(), false).unwrap();
                    // The data must have left before the reset, which drops what waits.
                    while stream.capacity() < 65_531 && stream.capacity() > 0 {
                        tokio::task::yield_now().await;
                    }
                    stream.send_reset(Reason::INTERNAL_ERROR);
                }
                _ => asked.ok("fine").await,
            }
        })
        .await;
        let user = user();
        for (path, expected) in [
            ("/refused", "stream reset: REFUSED_STREAM"),
            ("/error", "stream reset: INTERNAL_ERROR"),
            ("/calm", "stream reset: ENHANCE_YOUR_CALM"),
            ("/strange", "stream reset: an unknown error"),
            ("/within", "stream reset: INTERNAL_ERROR"),
            ("/fine", "200"),
        ] {
            assert_eq!(text(&user.get(&server.url(path)).await), expected, "{path}");
        }
        assert_eq!((server.accepted(), server.heads(), user.wire_requests()), (1, 6, 6));
        assert_eq!(user.reconnects(), 0);
    })
    .await;
}

#[tokio::test]
async fn an_answer_before_the_end_of_the_request_is_an_answer() {
    local(async {
        let server = Server::start(|mut asked: Asked| async move {
            let response = Response::builder().status(413).body(()).unwrap();
            let mut stream = asked.answer.send_response(response, false).unwrap();
            // RFC 9113, section 8.1: a whole answer, and by dropping the request no wish for the rest of it.
            stream.send_data("too much".into(), true).unwrap();
        })
        .await;
        let user = user();
        let mut sent = request("POST", &server.url("/"));
        sent.body = vec![0; 4 << 20].into();
        let response = user.client.send(sent).await;
        assert_eq!((response.status, response.error), (413, None));
        assert_eq!(response.body, "too much");
        assert_eq!(user.get(&server.url("/")).await.status, 413);
        assert_eq!((server.accepted(), user.wire_requests()), (1, 2));
    })
    .await;
}

#[tokio::test]
async fn a_connection_that_has_ended_is_replaced_before_a_byte_is_sent() {
    local(async {
        let server = Server::start(|mut asked: Asked| async move { asked.ok("fine").await }).await;
        let user = user();
        let orders =
            [None, Some(Order::ShutDown), None, Some(Order::Drop), Some(Order::Refuse(Reason::NO_ERROR))];
        for (number, order) in orders.into_iter().enumerate() {
            let response = user.get(&server.url("/")).await;
            assert_eq!((response.status, response.error), (200, None), "{number}");
            if let Some(order) = order {
                server.end(order).await;
            }
        }
        assert_eq!(text(&user.get(&server.url("/")).await), "200");
        assert_eq!((server.accepted(), server.heads(), user.wire_requests()), (4, 6, 6));
        assert_eq!(user.reconnects(), 3);
    })
    .await;
}

#[tokio::test]
async fn what_a_shut_down_leaves_unprocessed_fails_and_is_counted() {
    local(async {
        let server = Server::start(|asked: Asked| async move {
            if asked.path() == "/poison" {
                asked.connection.send(Order::Refuse(Reason::ENHANCE_YOUR_CALM)).unwrap();
            }
            std::future::pending::<()>().await;
        })
        .await;
        let user = user();
        let (waiting, poison) = (server.url("/waiting"), server.url("/poison"));
        let responses = all(vec![user.get(&waiting), user.get(&poison)]).await;
        for response in &responses {
            assert_eq!(
                (response.status, text(response).as_str()),
                (0, "connection shut down: ENHANCE_YOUR_CALM")
            );
        }
        assert_eq!((server.heads(), user.wire_requests(), user.reconnects()), (2, 2, 0));
    })
    .await;
}

#[tokio::test]
async fn a_lost_connection_fails_all_that_was_on_its_way() {
    local(async {
        let half_sent = Arc::new(Notify::new());
        let noted = half_sent.clone();
        let server = Server::start(move |mut asked: Asked| {
            let noted = noted.clone();
            async move {
                match asked.path().as_str() {
                    "/drop" => {
                        asked.connection.send(Order::Drop).unwrap();
                        // An answer that is dropped resets its stream, if the connection is still there.
                        std::future::pending::<()>().await;
                    }
                    "/half" => {
                        let mut stream = asked.answer.send_response(Response::new(()), false).unwrap();
                        stream.send_data("half".into(), false).unwrap();
                        noted.notify_one();
                        std::future::pending::<()>().await;
                    }
                    "/fine" => asked.ok("fine").await,
                    _ => std::future::pending::<()>().await,
                }
            }
        })
        .await;
        let user = user();
        let (silent, half, lost) = (server.url("/silent"), server.url("/half"), server.url("/drop"));
        let dropping = async {
            half_sent.notified().await;
            // What comes after the half on the same connection: it has come too.
            assert_eq!(user.get(&server.url("/fine")).await.status, 200);
            user.get(&lost).await
        };
        let asked: Vec<Pin<Box<dyn Future<Output = _>>>> =
            vec![Box::pin(user.get(&silent)), Box::pin(user.get(&half)), Box::pin(dropping)];
        let responses = all(asked).await;
        let texts: Vec<_> = responses.iter().map(text).collect();
        assert_eq!(
            texts,
            [
                "connection closed before a response",
                "response ended early",
                "connection closed before a response"
            ]
        );
        assert_eq!(responses[1].body, "half");
        assert_eq!((server.heads(), user.wire_requests(), user.reconnects()), (4, 4, 0));
        assert_eq!(text(&user.get(&server.url("/fine")).await), "200");
        assert_eq!((server.accepted(), user.reconnects()), (2, 1));
    })
    .await;
}

#[tokio::test]
async fn what_does_not_speak_http2_is_told_so() {
    local(async {
        let talking = http_support::Server::start(|mut peer| async move {
            peer.send("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
            peer.drain().await;
        })
        .await;
        assert_eq!(text(&user().get(&talking.url("/")).await), "server does not speak http/2");
        let closing = http_support::Server::start(|peer| async move { drop(peer) }).await;
        let error = text(&user().get(&closing.url("/")).await);
        assert!(
            ["connection closed before a response", "connection reset"].contains(&error.as_str()),
            "{error}"
        );
        // Without prior knowledge plain connections speak HTTP/1.1.
        let old = http_support::Server::answering(|_| ok("old")).await;
        let response = User::new().get(&old.url("/")).await;
        assert_eq!((response.status, response.version), (200, Some(Version::HTTP_11)));
    })
    .await;
}

#[tokio::test]
async fn garbage_is_an_error_not_a_trap() {
    local(async {
        let settings = b"\0\0\0\x04\0\0\0\0\0";
        for garbage in [
            &b"\0\0\x08\x00\x00\x00\x00\x00\x01garbage!"[..],
            b"\xff\xff\xff\x01\x04\x00\x00\x00\x01",
            b"\0\0\x04\x01\x05\x00\x00\x00\x01\xff\xff\xff\xff",
            b"\0\0\x01\x06\x00\x00\x00\x00\x00x",
        ] {
            let bytes = [&settings[..], garbage].concat();
            let server = http_support::Server::start(move |mut peer| {
                let bytes = bytes.clone();
                async move {
                    peer.send(bytes).await;
                    peer.drain().await;
                }
            })
            .await;
            let response = user().get(&server.url("/")).await;
            assert_eq!((response.status, text(&response).as_str()), (0, "malformed response"), "{garbage:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_head_beyond_reason_is_refused() {
    local(async {
        let server = Server::start(|mut asked: Asked| async move {
            let mut response = Response::builder();
            match asked.path().as_str() {
                "/large" => response = response.header("x", "y".repeat(300_000)),
                "/many" => {
                    for number in 0..2000 {
                        response = response.header(format!("h{number}"), "1");
                    }
                }
                _ => response = response.header("x", "y".repeat(100_000)),
            }
            asked.respond(response.body(()).unwrap(), "").await;
        })
        .await;
        let user = user();
        assert_eq!(text(&user.get(&server.url("/large")).await), "response head too large");
        assert_eq!(text(&user.get(&server.url("/many")).await), "response head too large");
        let response = user.get(&server.url("/fine")).await;
        assert_eq!((text(&response).as_str(), response.headers()["x"].len()), ("200", 100_000));
    })
    .await;
}

#[tokio::test]
async fn without_keep_alive_every_request_has_a_connection_of_its_own() {
    local(async {
        let server = Server::start(|mut asked: Asked| async move { asked.ok("fine").await }).await;
        let user = User::with(ClientOptions { keep_alive: false, ..prior_knowledge() });
        for _ in 0..3 {
            assert_eq!(user.get(&server.url("/")).await.status, 200);
        }
        assert_eq!((server.accepted(), user.wire_requests(), user.reconnects()), (3, 3, 0));
    })
    .await;
}

#[tokio::test]
async fn the_connection_ends_with_its_client() {
    local(async {
        let ended = Arc::new(AtomicUsize::new(0));
        let counted = ended.clone();
        let server = http_support::Server::start(move |mut peer| {
            let counted = counted.clone();
            async move {
                peer.drain().await;
                counted.fetch_add(1, Ordering::SeqCst);
            }
        })
        .await;
        let user = user();
        let mut sent = request("GET", &server.url("/"));
        sent.timeout = Some(Duration::from_millis(30));
        assert_eq!(text(&*user.client.send(sent).await), "timed out");
        assert_eq!(ended.load(Ordering::SeqCst), 0);
        drop(user);
        while ended.load(Ordering::SeqCst) == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn cuts_leave_the_count_true() {
    local(async {
        let server = Server::start(|mut asked: Asked| async move {
            let body = asked.body().await;
            if body.is_ok() {
                asked.ok("fine").await;
            }
        })
        .await;
        let users: Vec<_> = (0..4).map(|_| user()).collect();
        let url = server.url("/");
        for round in 0..120 {
            let user = &users[round % 4];
            let mut sent = request("POST", &url);
            let value = "y".repeat([1, 10_000, 100_000][round % 3]);
            sent.headers.insert(http::HeaderName::from_static("x-large"), value.parse().unwrap());
            sent.body = vec![0; [0, 10, 300_000][round % 3]].into();
            cut_after(user.client.send(sent), round % 9).await;
            if round % 10 == 0 {
                tokio::task::yield_now().await;
            }
        }
        // One whole request for each: what was on its way before it has arrived before it.
        for user in &users {
            assert_eq!(text(&user.get(&url).await), "200");
        }
        let counted: u64 = users.iter().map(User::wire_requests).sum();
        assert!(counted > 4);
        assert_eq!(counted, server.heads());
    })
    .await;
}

#[tokio::test]
async fn those_who_come_while_a_connection_is_opened_wait_for_it() {
    local(async {
        let server = Server::start(|mut asked: Asked| async move { asked.ok("fine").await }).await;
        let user = Rc::new(user());
        let url = server.url("/");
        let done = Rc::new(RefCell::new(Vec::new()));
        // The one who opens it gives up; the next takes over.
        let mut first = Box::pin(user.get(&url));
        poll_fn(|context| Poll::Ready(first.as_mut().poll(context).is_pending())).await;
        let others: Vec<_> = (0..5)
            .map(|_| {
                let (user, url, done) = (user.clone(), url.clone(), done.clone());
                tokio::task::spawn_local(async move {
                    let response = user.get(&url).await;
                    done.borrow_mut().push(response.status);
                })
            })
            .collect();
        tokio::task::yield_now().await;
        drop(first);
        for other in others {
            other.await.unwrap();
        }
        assert_eq!(*done.borrow(), [200; 5]);
        assert!(server.accepted() <= 2);
        assert_eq!(user.wire_requests(), server.heads());
    })
    .await;
}
