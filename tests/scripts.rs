//! Every script in `scripts/` and every manifest in `manifests/` does what it is there for: people copy them.

mod support;

use katydid::demo::DemoServer;
use katydid::manifest::Manifest;
use std::path::{Path, PathBuf};
use support::Katydid;

/// The files of a folder of the repository with this extension.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path());
    let mut found: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
    found.sort();
    assert!(!found.is_empty(), "nothing found");
    found
}

fn text(path: &Path) -> String {
    path.to_str().expect("a path of this repository").to_owned()
}

#[test]
fn every_script_is_checked_without_a_word() {
    for script in files("scripts", "rhai") {
        let finished = Katydid::new(["check".to_owned(), text(&script)]).run().exits(0);
        assert!(finished.stdout.contains(", 0 warnings"), "{script:?}\n{}", finished.stderr);
        assert_eq!(finished.stderr, "", "{script:?}");
    }
}

#[test]
fn every_script_runs_without_failures_and_exceptions() {
    for script in files("scripts", "rhai") {
        let server = DemoServer::start(0).expect("a port");
        let finished = Katydid::new(["run".to_owned(), text(&script)])
            .args(["-u", "4", "-r", "20", "-t", "3s", "--only-summary", "--csv", "r"])
            .against(&server)
            .run()
            .exits(0);
        assert!(finished.stdout.contains(", none failed"), "{script:?}\n{}", finished.stdout);
        assert!(!finished.stdout.contains("xception"), "{script:?}\n{}", finished.stdout);
        let http = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
        let rows = finished.csv("r").into_iter().filter(|((kind, _), _)| http.contains(&kind.as_str()));
        let total: u64 = rows.map(|(_, row)| row["Request Count"].parse::<u64>().expect("a count")).sum();
        assert_eq!(total, server.ledger().total, "{script:?}: what the server counted");
        assert_ne!(total, 0, "{script:?}");
    }
}

/// A task that is never picked in a short run would hide its mistakes: with so many runs, each is.
#[test]
fn every_task_of_every_script_is_run() {
    for script in files("scripts", "rhai") {
        let server = DemoServer::start(0).expect("a port");
        let source = std::fs::read_to_string(&script).expect("the script");
        let hurried =
            source.replace("between(0.5, 1.5)", "constant(0)").replace("between(0.1, 0.5)", "constant(0)");
        let hurried = hurried.replace("constant(0.2)", "constant(0)");
        let hurried = hurried.replace("between(0.1, 0.1 + PAUSE)", "constant(0)");
        assert_ne!(hurried, source, "{script:?} has a wait that this test does not know");
        let people = std::fs::read_to_string(script.with_file_name("data/people.csv")).expect("the data");
        let finished = Katydid::run_script(&hurried)
            .file("data/people.csv", &people)
            .args(["-u", "4", "-r", "100", "-i", "600", "--seed", "5", "--only-summary"])
            .against(&server)
            .run()
            .exits(0);
        let routes: Vec<_> = server.ledger().routes.into_keys().collect();
        for (name, wanted) in [
            (
                "quickstart",
                &["GET /", "GET /items", "GET /items/{id}", "GET /me", "POST /login", "POST /orders"][..],
            ),
            ("login_and_data", &["GET /items/{id}", "GET /me", "POST /items", "POST /login", "POST /orders"]),
            ("setup_and_teardown", &["GET /items/{id}", "POST /items", "POST /login", "POST /orders"]),
            (
                "browser",
                &[
                    "GET /bytes/{n}",
                    "GET /html",
                    "GET /items",
                    "GET /items/{id}",
                    "GET /me",
                    "POST /login",
                    "POST /orders",
                ],
            ),
            ("rush_hour", &["GET /", "GET /items", "GET /items/{id}", "POST /login", "POST /orders"]),
            ("checks", &["GET /html", "GET /items", "GET /items/{id}", "GET /private"]),
        ] {
            if script.file_stem().is_some_and(|stem| stem == name) {
                assert_eq!(routes, wanted, "{name}\n{}", finished.stdout);
            }
        }
    }
}

#[test]
fn the_data_file_feeds_one_person_to_each_user() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/login_and_data.rhai");
    let source = std::fs::read_to_string(&script).expect("the script");
    let people = std::fs::read_to_string(script.with_file_name("data/people.csv")).expect("the data");
    let told = source.replace("user.person.email, password", "told(user.person.email), password")
        + "\nfn told(email) { print(`I am ${email}`); email }\n";
    assert_ne!(told.matches("told(").count(), 1, "the replacement found its place");
    let finished = Katydid::run_script(&told)
        .file("data/people.csv", &people)
        .args(["--host", "demo", "-u", "10", "-r", "100", "-t", "1s", "--only-summary"])
        .run()
        .exits(0);
    for person in people.lines().skip(1) {
        let email = person.split(',').nth(1).expect("three columns");
        assert_eq!(
            finished.stderr.matches(&format!("I am {email}")).count(),
            1,
            "{email}\n{}",
            finished.stderr
        );
    }
}

#[test]
fn every_manifest_is_read_without_a_warning() {
    for manifest in files("manifests", "yaml") {
        let name = text(&manifest);
        let content = std::fs::read_to_string(&manifest).expect("the manifest");
        let (read, warnings) = Manifest::parse(&name, &content).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(warnings, [], "{name}");
        assert!(!read.thresholds.is_empty(), "{name}");
    }
}
