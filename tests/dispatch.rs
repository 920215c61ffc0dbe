//! How users are dealt over shards, and when a ramp need not go on.

mod support;

use katydid::demo::DemoServer;
use support::Katydid;

#[test]
fn every_user_is_started_once_and_classes_keep_their_shares() {
    let server = DemoServer::start(0).expect("a port");
    let script = r#"
        fn once(user) { user.get("/items/1", #{ name: `${user.class_name}-${user.id}` }); user.stop(); }
        user_class("Often").weight(3).task(once);
        user_class("Rare").weight(1).task(once);
    "#;
    let finished = Katydid::run_script(script)
        .args(["--shards", "3", "-u", "10", "-r", "100", "--csv", "r"])
        .against(&server)
        .run()
        .exits(0);
    let rows = finished.csv("r");
    let mut users: Vec<(u64, &str)> = Vec::new();
    for ((_, name), row) in &rows {
        if let Some((class, id)) = name.split_once('-') {
            assert_eq!(row["Request Count"], "1", "{name}");
            users.push((id.parse().expect("a number"), class));
        }
    }
    users.sort_unstable();
    assert!(users.iter().map(|(id, _)| *id).eq(1..=10), "{users:?}");
    let classes: String = users.iter().map(|(_, class)| &class[..1]).collect();
    assert_eq!(classes, "OROOOROOOR", "Locust's order");
    assert_eq!(server.ledger().total, 10);
}

#[test]
fn a_ramp_ends_with_the_iterations() {
    let server = DemoServer::start(0).expect("a port");
    let finished = Katydid::run_script(r#"user_class("U").task("t", |user| { user.get("/items/1"); });"#)
        .args(["-u", "1000", "-r", "1", "-i", "3", "--shards", "2"])
        .against(&server)
        .run()
        .exits(0);
    assert_eq!(server.ledger().total, 3);
    assert!(finished.stderr.contains("all iterations done"), "{}", finished.stderr);
}
