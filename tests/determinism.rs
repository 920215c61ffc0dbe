//! The same seed gives the same users the same draws, however many threads they live on.

mod support;

use katydid::demo::DemoServer;
use std::collections::BTreeMap;
use support::Katydid;

/// How often each (user, drawn value) was requested.
fn draws(seed: &str, shards: &str) -> BTreeMap<String, String> {
    let server = DemoServer::start(0).expect("a port");
    let script = r#"
        fn draw(user) {
            user.runs = if user.runs == () { 1 } else { user.runs + 1 };
            let value = random::int(1, 1000000);
            user.get(`/items/${random::int(1, 9)}`, #{ name: `u${user.id}-${user.kind}-${value}` });
            if user.runs == 5 { user.stop(); }
        }
        fn one(user) { user.kind = "one"; draw(user); }
        fn two(user) { user.kind = "two"; draw(user); }
        user_class("A").weight(2).wait_time(between(0, 0.02)).task(one, 3).task(two, 2);
        user_class("B").task(one).task(two);
    "#;
    let finished = Katydid::run_script(script)
        .args(["--seed", seed, "--shards", shards, "-u", "6", "-r", "100", "-i", "60", "--csv", "r"])
        .against(&server)
        .run()
        .exits(0);
    assert_eq!(server.ledger().total, 30);
    let rows = finished.csv("r").into_iter();
    rows.filter(|((_, name), _)| name != "Aggregated")
        .map(|((_, name), mut row)| (name, row.remove("Request Count").expect("a column")))
        .collect()
}

#[test]
fn shards_do_not_change_what_users_do_and_seeds_do() {
    let alone = draws("11", "1");
    assert!(alone.len() > 25, "{alone:?}");
    assert_eq!(alone, draws("11", "1"));
    assert_eq!(alone, draws("11", "2"));
    assert_eq!(alone, draws("11", "3"));
    assert_ne!(alone, draws("12", "1"));
}
