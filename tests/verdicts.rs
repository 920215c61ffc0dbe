//! The verdict of a request: what the script may say of it, where, and until when.

mod support;

use std::collections::BTreeMap;
use support::Katydid;

/// One case: a name for its requests, statements that make requests of that name, and how many of them fail, with the
/// failure text of each.
struct Case {
    name: &'static str,
    statements: &'static str,
    requests: u64,
    failures: &'static [&'static str],
}

const fn case(
    name: &'static str,
    statements: &'static str,
    requests: u64,
    failures: &'static [&'static str],
) -> Case {
    Case { name, statements, requests, failures }
}

const NOT_FOUND: &str = "404 Not Found";

/// `good(user)` and `bad(user)` send a request that is answered by 200 and by 404, `none(user)` one that is refused.
const CASES: &[Case] = &[
    // The default, and one word.
    case("good", "good(user);", 1, &[]),
    case("bad", "bad(user);", 1, &[NOT_FOUND]),
    case("good, success", "good(user).success();", 1, &[]),
    case("bad, success", "bad(user).success();", 1, &[]),
    case("good, failure", "good(user).failure(\"no\");", 1, &["no"]),
    case("bad, failure", "bad(user).failure(\"no\");", 1, &["no"]),
    // The last word counts.
    case("success, failure", "let r = good(user); r.success(); r.failure(\"no\");", 1, &["no"]),
    case("failure, success", "let r = bad(user); r.failure(\"no\"); r.success();", 1, &[]),
    case("failure, failure", "let r = good(user); r.failure(\"a\"); r.failure(\"b\");", 1, &["b"]),
    case("three words", "let r = bad(user); r.success(); r.failure(\"a\"); r.success();", 1, &[]),
    case("through another handle", "let r = bad(user); let s = r; s.success();", 1, &[]),
    case("in a function", "let r = bad(user); forgive(r);", 1, &[]),
    case("not a string", "good(user).failure(7);", 1, &["7"]),
    case("success, success", "let r = bad(user); r.success(); r.success();", 1, &[]),
    case("failure, the same failure", "let r = good(user); r.failure(\"a\"); r.failure(\"a\");", 1, &["a"]),
    case("an empty word", "good(user).failure(\"\");", 1, &[""]),
    case(
        "what was thrown",
        "let r = good(user); try { throw \"oh\"; } catch (e) { r.failure(e); }",
        1,
        &["oh"],
    ),
    case(
        "what went wrong",
        "let r = good(user); try { let x = [1]; x[7]; } catch (e) { r.failure(e); }",
        1,
        &["Array index 7 out of bounds: only 1 element in array"],
    ),
    // A name may come as late as a verdict.
    case("renamed", "let r = user.get(\"/status/404\"); r.failure(\"no\"); r.name = user.case;", 1, &["no"]),
    case("renamed twice", "let r = bad(user); r.name = \"x\"; r.name = user.case;", 1, &[NOT_FOUND]),
    case("renamed, success", "let r = user.get(\"/status/404\"); r.name = user.case; r.success();", 1, &[]),
    // Of a chain of redirects the last answer counts, and the chain is one request.
    case("redirected", "moved(user, true);", 1, &[]),
    case("redirected, failure", "moved(user, true).failure(\"no\");", 1, &["no"]),
    case("not redirected", "moved(user, false);", 1, &[]),
    case("not redirected, failure", "moved(user, false).failure(\"moved\");", 1, &["moved"]),
    // Transport errors are failures like others.
    case("refused", "none(user);", 1, &["connection refused"]),
    case("refused, success", "none(user).success();", 1, &[]),
    case("refused, failure", "none(user).failure(\"down\");", 1, &["down"]),
    case(
        "timed out, success",
        "user.get(\"/delay/60000\", #{ name: user.case, timeout: 0.02 }).success();",
        1,
        &[],
    ),
    case(
        "body read in vain",
        "let r = good(user); try { r.json().x.y.z; } catch { r.failure(\"odd\"); }",
        1,
        &["odd"],
    ),
    // An exception leaves every request its verdict.
    case("exception, no word", "let r = bad(user); let s = good(user); throw \"oh\";", 2, &[NOT_FOUND]),
    case("exception after success", "let r = bad(user); r.success(); throw \"oh\";", 1, &[]),
    case("exception after failure", "let r = good(user); r.failure(\"no\"); throw \"oh\";", 1, &["no"]),
    case(
        "word after an exception",
        "let r = bad(user); try { throw \"oh\"; } catch { r.success(); }",
        1,
        &[],
    ),
    case("a mistake", "let r = bad(user); r.error.nothing; r.success();", 1, &[NOT_FOUND]),
    // Leaving is no exception.
    case("leaving", "let r = good(user); r.failure(\"no\"); user.reschedule();", 1, &["no"]),
    case("leaving without a word", "let r = bad(user); user.interrupt();", 1, &[NOT_FOUND]),
    // A dropped response has had its last word.
    case("dropped", "let r = bad(user); r = (); good(user);", 2, &[NOT_FOUND]),
    case("dropped with a word", "let r = bad(user); r.success(); r = good(user);", 2, &[]),
    // Kept in the user's state it is open until the task ends, and not longer.
    case("kept", "user.kept = bad(user); user.kept.success();", 1, &[]),
    case("kept without a word", "user.late = bad(user);", 1, &[NOT_FOUND]),
    case(
        "word of a later task",
        "try { user.late.success(); throw 1; } catch (e) { good(user).failure(`${type_of(e)}`); }
         try { user.kept.failure(\"late\"); throw 1; } catch (e) { good(user).failure(`${type_of(e)}`); }
         try { user.kept.name = \"late\"; throw 1; } catch (e) { good(user).failure(`${type_of(e)}`); }",
        3,
        &["string", "string", "string"],
    ),
    case("kept in a list", "user.list = [bad(user), good(user)]; user.list[0].success();", 2, &[]),
    case(
        "overwritten",
        "user.kept = bad(user); user.kept = good(user); user.kept.success();",
        2,
        &[NOT_FOUND],
    ),
    // A batch.
    case(
        "batch",
        "let b = three(user); b[1].success(); b[0].failure(\"no\");",
        3,
        &["connection refused", "no"],
    ),
    case(
        "batch, exception",
        "let b = three(user); b[1].success(); throw \"oh\";",
        3,
        &["connection refused"],
    ),
    case("batch, dropped", "three(user);", 3, &[NOT_FOUND, "connection refused"]),
    // A transaction, and its own verdict after those of its requests.
    case("tx good", "tx(user, |user| { good(user); });", 2, &[]),
    case("tx bad", "tx(user, |user| { bad(user); });", 2, &[NOT_FOUND, "tx bad: 404 Not Found"]),
    case("tx forgiven inside", "tx(user, |user| { bad(user).success(); });", 2, &[]),
    case("tx forgiven outside", "tx(user, |user| bad(user)).success();", 2, &[]),
    case(
        "tx failed outside",
        "tx(user, |user| good(user)).failure(\"no\");",
        2,
        &["no", "tx failed outside: no"],
    ),
    case(
        "tx first of two",
        "tx(user, |user| { bad(user).failure(\"a\"); bad(user).failure(\"b\"); });",
        3,
        &["a", "b", "tx first of two: a"],
    ),
    case(
        "tx first, said last",
        "let l = tx(user, |user| [good(user), good(user)]); l[1].failure(\"b\"); l[0].failure(\"a\");",
        3,
        &["a", "b", "tx first, said last: a"],
    ),
    case("tx exception", "tx(user, |user| { good(user); throw \"oh\"; });", 2, &["oh"]),
    case("tx exception and failure", "tx(user, |user| { bad(user); throw \"oh\"; });", 2, &[NOT_FOUND, "oh"]),
    case(
        "tx exception forgiven",
        "try { tx(user, |user| { user.k = bad(user); throw \"oh\"; }) } catch { user.k.success(); }",
        2,
        &["oh"],
    ),
    case("tx left", "tx(user, |user| { bad(user).success(); user.interrupt(); });", 2, &[]),
    case(
        "tx left failed",
        "tx(user, |user| { good(user).failure(\"no\"); user.reschedule(); });",
        2,
        &["no", "tx left failed: no"],
    ),
    case(
        "tx batch",
        "tx(user, |user| { three(user)[2].success(); });",
        4,
        &[NOT_FOUND, "tx batch: 404 Not Found"],
    ),
    case(
        "tx refused",
        "tx(user, |user| none(user));",
        2,
        &["connection refused", "tx refused: connection refused"],
    ),
    case(
        "tx renamed",
        "tx(user, |user| { let r = bad(user); r.name = \"tx renamed\"; });",
        2,
        &[NOT_FOUND, "tx renamed: 404 Not Found"],
    ),
    // A timed block: its sample fails by an exception only.
    case("timed bad", "timed(user, |user| { bad(user); });", 2, &[NOT_FOUND]),
    case("timed forgiven outside", "timed(user, |user| bad(user)).success();", 2, &[]),
    case("timed exception", "timed(user, |user| { bad(user); throw \"oh\"; });", 2, &[NOT_FOUND, "oh"]),
    case(
        "timed exception, success",
        "timed(user, |user| { bad(user).success(); throw \"oh\"; });",
        2,
        &["oh"],
    ),
    case("timed in tx", "tx(user, |user| timed(user, |user| bad(user)).success());", 3, &[]),
    case(
        "timed in tx, exception",
        "tx(user, |user| timed(user, |user| { throw \"oh\"; }));",
        2,
        &["oh", "timed in tx, exception: oh"],
    ),
];

const HELPERS: &str = r#"
    fn good(user) { user.get("/items/1", #{ name: user.case }) }
    fn bad(user) { user.get("/status/404", #{ name: user.case }) }
    fn none(user) { user.get("http://127.0.0.1:1/", #{ name: user.case }) }
    fn three(user) {
        let name = user.case;
        user.batch([#{ url: "/items/1", name }, #{ url: "/status/404", name }, #{ url: "http://127.0.0.1:1/", name }])
    }
    fn moved(user, follow) { user.get("/redirect/2", #{ name: user.case, allow_redirects: follow }) }
    fn tx(user, block) { user.transaction(user.case, block) }
    fn timed(user, block) { user.timed("T", user.case, block) }
    fn forgive(response) { response.success(); }
"#;

/// Every case is a task of one user, each run once, in their order.
#[test]
fn every_word_in_every_place() {
    let mut script = HELPERS.replace("name }", "name: name }");
    script.push_str("let user = user_class(\"U\").sequential();");
    for Case { name, statements, .. } in CASES {
        script.push_str(&format!(
            "\nuser.task(\"{name}\", |user| {{ user.case = \"{name}\"; {statements} }});"
        ));
    }
    let finished = Katydid::run_script(&script)
        .args(["--host", "demo", "--csv", "r", "-i"])
        .args([CASES.len().to_string()])
        .run()
        .exits(1);
    let mut requests: BTreeMap<String, u64> = BTreeMap::new();
    for ((kind, name), row) in finished.csv("r") {
        if !kind.is_empty() {
            *requests.entry(name).or_default() += row["Request Count"].parse::<u64>().expect("a count");
        }
    }
    let mut failures: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let text = finished.written("r_failures.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    for row in reader.records().map(|row| row.expect("a row")) {
        for _ in 0..row[3].parse::<u64>().expect("a count") {
            failures.entry(row[1].to_owned()).or_default().push(row[2].to_owned());
        }
    }
    let mut wrong = Vec::new();
    for case in CASES {
        let mut told = failures.remove(case.name).unwrap_or_default();
        told.sort();
        let mut wanted = case.failures.to_vec();
        wanted.sort_unstable();
        let count = requests.remove(case.name).unwrap_or(0);
        if told != wanted || count != case.requests {
            wrong.push(format!(
                "{}: {count} requests, {told:?}; wanted {}, {wanted:?}",
                case.name, case.requests
            ));
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), finished.stdout);
    assert!(requests.is_empty() && failures.is_empty(), "{requests:?} {failures:?}");
}

/// A mistake is shown where it is, once per place; the request keeps the verdict that it had.
#[test]
fn a_word_that_comes_too_late_is_a_mistake() {
    let finished = Katydid::run_script(
        r#"user_class("U").sequential()
    .task("first", |user| { user.kept = user.get("/status/404", #{ name: "kept" }); })
    .task("second", |user| {
        user.kept.success();
    });
on("request", |event| event.response.failure("heard"));
"#,
    )
    .args(["--host", "demo", "-i", "2", "--csv", "r"])
    .run()
    .exits(1);
    let text = finished.written("r_failures.csv");
    assert!(text.contains("GET,kept,404 Not Found,1,"), "{text}");
    assert_eq!(text.lines().count(), 2, "{text}");
    let text = finished.written("r_exceptions.csv");
    let late = "too late to change its verdict: the request `kept` was counted when its task ended, or before a hook heard \
                of it; say it in the task that sent it";
    assert_eq!(text.matches(late).count(), 2, "{text}");
    assert!(text.contains("main.rhai:4 in second"), "{text}");
}

/// Users of one shard may hand each other responses through a variable that both captured: the word counts for the
/// request, whoever says it.
#[test]
fn a_word_of_another_user_counts_while_the_task_goes_on() {
    let finished = Katydid::run_script(
        r#"let desk = #{ response: () };
user_class("Asker").fixed_count(1).task("ask", |user| {
    desk.response = user.get("/status/404", #{ name: "asked" });
    data::queue("asked").push(1);
    data::queue("judged").pop(60);
    user.stop();
});
user_class("Judge").fixed_count(1).task("judge", |user| {
    data::queue("asked").pop(60);
    desk.response.success();
    data::queue("judged").push(1);
    user.stop();
});
"#,
    )
    .args(["--host", "demo", "-u", "2", "-r", "100", "--shards", "1", "--csv", "r"])
    .run()
    .exits(0);
    let row = &finished.csv("r")[&("GET".to_owned(), "asked".to_owned())];
    assert_eq!((row["Request Count"].as_str(), row["Failure Count"].as_str()), ("1", "0"));
}
