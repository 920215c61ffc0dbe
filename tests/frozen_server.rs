//! A server that stands still for a while: the percentiles must be those of the formula, whatever the generator's size.
//!
//! With a freeze of S seconds in a window of D seconds under a constant rate, what is due during the freeze waits
//! uniformly up to S, so the q-th quantile is S - (1 - q) D. Time is real here, and a busy machine can only add to what
//! was waited; the exact comparison is made in virtual time.

mod support;

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use support::Katydid;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep_until};

/// Seconds after the first request in which the server stands still.
const FREEZE: (f64, f64) = (1.0, 3.0);
/// Seconds of the whole schedule.
const WINDOW: f64 = 4.0;

/// Starts a server that answers every request at once, but not while it stands still; gives its url.
fn frozen_server() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a socket");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    // It ends with the test.
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        LocalSet::new().block_on(&runtime, async move {
            let listener = TcpListener::from_std(listener).expect("a listener");
            let first = Rc::new(Cell::new(None));
            while let Ok((stream, _)) = listener.accept().await {
                tokio::task::spawn_local(serve(stream, first.clone()));
            }
        });
    });
    url
}

async fn serve(mut stream: TcpStream, first: Rc<Cell<Option<Instant>>>) {
    let mut head = Vec::new();
    loop {
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read_buf(&mut head).await {
                Ok(1..) => {}
                _ => return,
            }
        }
        head.clear();
        let begun = first.get().unwrap_or_else(Instant::now);
        first.set(Some(begun));
        let [from, to] = [FREEZE.0, FREEZE.1].map(|seconds| begun + Duration::from_secs_f64(seconds));
        if (from..to).contains(&Instant::now()) {
            sleep_until(to).await;
        }
        if stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await.is_err() {
            return;
        }
    }
}

/// Runs against a server that freezes, and compares.
fn compare(max_users: usize) {
    let url = frozen_server();
    let script = format!(
        r#"user_class("Visitor").task("t", |user| {{ user.get("/"); }});
           arrivals(#{{ user_class: "Visitor", rate: 100, duration: {WINDOW}, max_users: {max_users} }});"#
    );
    // Few users are what makes arrivals late here: that the run is then called not valid is right, and not the point.
    let finished = Katydid::run_script(&script)
        .args(["--host", &url, "--csv", "r", "--only-summary", "--allow-saturation"])
        .run()
        .exits(0);
    let row = &finished.csv("r")[&("GET".to_owned(), "/".to_owned())];
    assert_eq!(row["Request Count"], "400", "{}", finished.stdout);
    for (column, quantile) in [("66%", 0.66), ("75%", 0.75), ("90%", 0.9), ("95%", 0.95), ("99%", 0.99)] {
        let formula = (FREEZE.1 - FREEZE.0) - (1.0 - quantile) * WINDOW;
        let measured = row[column].parse::<f64>().expect("milliseconds") / 1000.0;
        assert!(
            measured > formula * 0.97 && measured < formula + 0.4,
            "{column} with {max_users} users: {measured} s, by the formula {formula} s\n{}",
            finished.stdout
        );
    }
    if max_users < 10 {
        // What a generator sees that counts from the real start: five slow requests of 400.
        let (_, service) = finished.stdout.split_once("Service time percentiles").expect("a second table");
        let row: Vec<_> = service.lines().nth(3).expect("a row").split_whitespace().collect();
        let p90: u64 = row[6].parse().expect("whole milliseconds");
        assert!(p90 < 400, "by the formula 1600 ms for those who wait: {service}");
    }
}

#[test]
fn many_users_see_the_whole_freeze() {
    compare(10_000);
}

#[test]
fn few_users_see_the_whole_freeze_too() {
    compare(5);
}
