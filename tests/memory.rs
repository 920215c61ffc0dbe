//! The memory of a run does not grow with its length.

mod support;

use katydid::demo::DemoServer;
use support::Katydid;

const MEGABYTE: u64 = 1024 * 1024;

/// Everything that is kept of a request: names and ids, failures, exceptions, hooks, a history of every row.
const SCRIPT: &str = r#"
on("request", |event| event.user.heard = event.response_time);
user_class("U")
    .task("fine", 20, |user| { user.items = user.get("/items?limit=2").json(); })
    .task("named", 5, |user| { user.get("/items/{id}", #{ path: #{ id: random::int(1, 900) } }); })
    .task("failing", 1, |user| { user.get("/status/503").failure(`no answer ${fake::uuid()}`); })
    .task("throwing", 1, |user| { throw `no item ${fake::uuid()}`; });
"#;

/// There is a table every two seconds. By the eighth all rows are there that are kept apart; a busy machine meets new response
/// times even later, and each of them may take room.
#[test]
fn a_run_at_full_speed_is_flat_once_it_has_seen_everything() {
    let server = DemoServer::start(0).expect("a port");
    let running = Katydid::run_script(SCRIPT)
        .args(["-u", "8", "-r", "100", "--csv", "r", "--csv-full-history", "--phases", "--trace", "t.csv"])
        .against(&server)
        .start();
    let mut held = Vec::new();
    for tables in [8, 11, 14] {
        running.wait_for_times("Aggregated", tables);
        held.push((running.memory(), server.ledger().total));
    }
    running.signal("INT");
    running.finish().exits(1);
    let [(first, _), (_, _), (last, requests)] = held[..] else { unreachable!() };
    assert!(requests > 100, "{held:?}");
    assert!(last < first + 16 * MEGABYTE, "{held:?}");
}
