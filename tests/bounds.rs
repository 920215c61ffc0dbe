//! More names, failures or exceptions than are kept apart: what is beyond is counted together, and the user is told which
//! line of the script makes them.

mod support;

use support::{Finished, Katydid};

fn run(script: &str, args: &[&str]) -> Finished {
    Katydid::run_script(script).args(["-i", "1", "--shards", "1"]).args(args.iter().copied()).run()
}

/// Told once in the log, and at the end.
#[track_caller]
fn is_told(finished: &Finished, warning: &str) {
    assert_eq!(finished.stderr.matches(warning).count(), 1, "{}", finished.stderr);
    assert!(finished.stdout.contains(&format!("Warning: {warning}.\n")), "{}", finished.stdout);
}

#[test]
fn names_beyond_ten_thousand() {
    let script = "user_class(\"U\").task(\"t\", |user| {\n    for n in 0..10_010 {\n        \
                  user.record(\"X\", `/items/${n}`, #{ time_ms: 1 });\n    }\n});\n";
    let finished = run(script, &["--only-summary", "--csv", "r"]).exits(0);
    let rows = finished.csv("r");
    let beyond = &rows[&("-".to_owned(), "(names beyond the first 10,000, counted together)".to_owned())];
    assert_eq!(beyond["Request Count"], "10");
    is_told(
        &finished,
        "more than 10,000 names: requests under further ones are counted in one row; the first is `X /items/10000`, sent at \
         main.rhai:3:14. Give all requests of a kind one name: the option `name`, or `path` with `{id}` in the url",
    );
    assert_eq!(
        finished.stdout.matches("Warning:").count(),
        1,
        "of the course over time nothing is said besides"
    );
}

#[test]
fn names_beyond_two_hundred_have_no_course_over_time() {
    let script = "fn sold(user, n) {\n    user.record(\"X\", `/items/${n}`);\n}\n\
                  user_class(\"U\").task(\"t\", |user| { for n in 0..201 { sold(user, n); } });\n";
    let finished = run(script, &["--only-summary"]).exits(0);
    // Those of one second are counted in the order of their names.
    is_told(
        &finished,
        "more than 200 names: later ones have rows, but no course over time for charts and for windows of manifests; the first \
         is `X /items/99`, sent at main.rhai:2:10. Give all requests of a kind one name: the option `name`, or `path` with \
         `{id}` in the url",
    );
}

#[test]
fn names_up_to_the_bound_are_not_worth_a_word() {
    let script =
        "user_class(\"U\").task(\"t\", |user| { for n in 0..200 { user.record(\"X\", `/${n}`); } });\n";
    let finished = run(script, &["--only-summary"]).exits(0);
    assert!(
        !finished.stdout.contains("Warning:") && !finished.stderr.contains("WARN"),
        "{}",
        finished.stderr
    );
}

#[test]
fn exceptions_beyond_five_hundred() {
    let script = "const WORDS = [\"a\", \"b\", \"c\", \"d\", \"e\", \"f\", \"g\", \"h\"];\n\
                  user_class(\"U\").task(\"t\", |user| {\n    user.n = if type_of(user.n) == \"()\" { 1 } else { user.n + 1 };\n    \
                  throw `no item ${user.n}`;\n});\n";
    let finished = Katydid::run_script(script)
        .args(["-i", "505", "--shards", "1", "--only-summary", "--csv", "r"])
        .run()
        .exits(1);
    let written = finished.written("r_exceptions.csv");
    assert_eq!(written.lines().nth(1), Some("505,no item <number>,main.rhai:4 in t,local"), "{written}");
    assert_eq!(written.lines().count(), 2, "{written}");
    is_told(
        &finished,
        "more than 500 different exceptions: their texts are grouped, ids, numbers and addresses left out; number 501 is `no item 501`, \
         thrown at main.rhai:4. Leave out of what is thrown what differs each time, or give --failure-grouping, which groups \
         from the first on",
    );
}

#[test]
fn a_text_of_a_megabyte_is_cut() {
    let script = r#"
        user_class("U").task("t", |user| {
            let text = "x";
            text.pad(1_000_000, "x");
            user.get("/items/1").failure(text);
            user.record("X", text);
            throw text;
        });
    "#;
    let finished = run(script, &["--host", "demo", "--csv", "r"]).exits(1);
    let cut = format!("{} … (cut)", "x".repeat(1024 - " … (cut)".len()));
    for file in ["r_failures.csv", "r_stats.csv", "r_exceptions.csv"] {
        let text = finished.written(file);
        // Of what a script throws less is shown already.
        assert!(text.contains(&cut) || file == "r_exceptions.csv", "{file}: {text}");
        assert!(text.len() < 10_000, "{file}: {} bytes", text.len());
    }
}
