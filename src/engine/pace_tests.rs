//! `user.wait()`, in virtual time.

use super::{FREE, Fate, live, slow, stopped_at};

#[test]
fn it_waits_as_after_a_task() {
    for (wait, timed) in [
        ("constant(2)", "0:a 2000:b 4000:c 6000:a"),
        ("|user| 0.5", "0:a 500:b 1000:c 1500:a"),
        ("|| \"x\".len", "0:a 1000:b 2000:c 3000:a"),
        ("constant(0)", "0:a 0:b 0:c 0:a"),
        ("constant_pacing(1)", "0:a 1000:b 2000:c 3000:a"),
    ] {
        let script = format!(
            r#"
            user_class("U").wait_time({wait}).task("t", |user| {{
                note(user, "a"); if user.again == true {{ user.stop(); }} user.again = true;
                user.wait(); note(user, "b"); user.wait(); note(user, "c");
            }});
            "#
        );
        let story = live(&script, FREE);
        assert_eq!((story.timed().as_str(), story.thrown().as_str()), (timed, ""), "{wait}");
    }
}

#[test]
fn it_waits_as_the_innermost_set_says_in_hooks_too() {
    let script = |own: &str| {
        format!(
            r#"
            let set = task_set("S"){own}
                .on_start(|user| {{ user.wait(); note(user, "start"); }})
                .on_stop(|user| {{ user.wait(); note(user, "stop"); }})
                .task("t", |user| {{ user.wait(); note(user, "t"); user.interrupt(); }});
            user_class("U").sequential().wait_time(constant(10)).task(set)
                .task("p", |user| {{ user.wait(); note(user, "p"); user.stop(); }});
            "#
        )
    };
    let own = live(&script(".wait_time(constant(1))"), FREE);
    assert_eq!(own.timed(), "1000:start 2000:t 3000:stop 13000:p");
    assert_eq!(live(&script(""), FREE).timed(), "10000:start 20000:t 30000:stop 40000:p");
}

#[test]
fn it_draws_from_the_schedule_and_not_from_the_script() {
    let script = |draws: &str| {
        format!(
            r#"
            user_class("U").wait_time(between(1, 3)).task("t", |user| {{ {draws} note(user, "a"); user.wait(); note(user, "b"); }});
            "#
        )
    };
    let plain = live(&script(""), stopped_at(20_000, 0)).timed();
    assert_eq!(live(&script("random::int(1, 6);"), stopped_at(20_000, 0)).timed(), plain);
    assert!(plain.matches(":b").count() > 2, "{plain}");
}

/// A plain `sleep` goes on until the stop timeout; a wait ends at once, and the user with it.
#[test]
fn a_user_that_must_end_ends_there_at_once() {
    let stopped = stopped_at(1000, 5000);
    assert_eq!(
        slow("", "sleep(3);", "", stopped).timed(),
        "0:started 0:t 3000:done 3000:stopping 3000:stopped"
    );
    assert_eq!(slow("", "user.wait();", "", stopped).timed(), "0:started 0:t 1000:stopping 1000:stopped");
    assert_eq!(slow("user.wait();", "", "", stopped).timed(), "1000:stopping 1000:stopped");
    let caught = slow("", "try { user.wait(); } catch { note(user, \"caught\"); }", "", stopped);
    assert_eq!(caught.timed(), "0:started 0:t 1000:stopping 1000:stopped");
    let after = slow("", "sleep(3); user.wait(); note(user, \"after\");", "", stopped);
    assert_eq!(after.timed(), "0:started 0:t 3000:stopping 3000:stopped");
    for story in [caught, after] {
        assert_eq!(story.thrown(), "", "being stopped is no exception");
    }
}

#[test]
fn an_on_stop_of_a_user_that_must_end_goes_on_without_waiting() {
    let before = slow("", "", "user.wait();", stopped_at(1000, 5000));
    assert_eq!(before.timed(), "0:started 0:t 0:done 1000:stopping 1000:stopped");
    let meanwhile = slow("", "user.stop();", "user.wait();", stopped_at(1000, 5000));
    assert_eq!(meanwhile.timed(), "0:started 0:t 0:stopping 1000:stopped");
    let cut = Fate { cut: true, ..stopped_at(1000, 5000) };
    assert_eq!(slow("", "user.stop();", "user.wait();", cut).timed(), "0:started 0:t 0:stopping");
}

#[test]
fn a_wait_function_that_fails_ends_the_task_that_asked() {
    let story = live(
        r#"
        user_class("U").wait_time(|user| { if user.n == 1 { throw "no time"; } user.n = 1; 0.5 })
            .task("t", |user| { note(user, "a"); user.wait(); note(user, "b"); user.wait(); note(user, "never"); });
        "#,
        stopped_at(200, 0),
    );
    assert_eq!(story.timed(), "0:a");
    let story = live(
        r#"
        user_class("U").wait_time(|user| { if user.n == 1 { throw "no time"; } user.n = 1; 0.5 })
            .on_stop(|user| note(user, "bye"))
            .task("t", |user| {
                if user.done == true { user.stop(); }
                user.done = true;
                user.wait(); note(user, "b"); user.wait(); note(user, "never");
            });
        "#,
        FREE,
    );
    assert_eq!(story.names(), "b bye");
    assert_eq!(story.thrown(), "t: no time, wait_time: no time");
}

#[test]
fn a_wait_function_that_waits_itself_is_stopped() {
    let story = live(
        r#"
        user_class("U").wait_time(|user| { user.wait(); 1 })
            .task("t", |user| { if user.done == true { user.stop(); } user.done = true; user.wait(); });
        "#,
        FREE,
    );
    let deep = "calls are nested too deeply for the stack";
    assert_eq!(story.thrown(), format!("t: {deep}, wait_time: {deep}"));
}
