//! A user that must end while it is somewhere in its sets, and what goes with it from set to set; in virtual time.

use super::{FREE, live, stopped_at};

/// A user in the second of two sets, whose task takes three seconds and then does `last`.
fn nested(last: &str) -> String {
    format!(
        r#"
        let inner = task_set("Inner").on_start(|user| note(user, "inner"))
            .on_stop(|user| note(user, "inner left"))
            .task("t", |user| {{ note(user, "t"); sleep(3); note(user, "done"); {last} }});
        let outer = task_set("Outer").on_stop(|user| note(user, "outer left")).task(inner);
        user_class("U").on_stop(|user| note(user, "bye")).task(outer);
        "#
    )
}

#[test]
fn whatever_a_task_does_last_its_user_ends_when_it_must() {
    let all_the_way = "0:inner 0:t 3000:done 3000:inner left 3000:outer left 3000:bye";
    for last in [
        "",
        "user.interrupt();",
        "user.interrupt(false);",
        "user.reschedule();",
        "user.stop();",
        "throw \"oh\";",
        "user.wait();",
    ] {
        let story = live(&nested(last), stopped_at(1000, 5000));
        assert_eq!(story.timed(), all_the_way, "{last}");
    }
}

#[test]
fn a_user_that_is_cut_off_in_a_task_still_leaves_its_sets_one_by_one() {
    let at_once = live(&nested(""), stopped_at(1000, 0));
    assert_eq!(at_once.timed(), "0:inner 0:t 1000:inner left 1000:outer left 1000:bye");
    assert_eq!(at_once.thrown(), "", "being stopped is no exception");
    let too_slow = live(&nested(""), stopped_at(1000, 1500));
    assert_eq!(too_slow.timed(), "0:inner 0:t 2500:inner left 2500:outer left 2500:bye");
}

#[test]
fn the_on_start_of_a_set_may_finish_and_its_tasks_are_not_run() {
    for (last, timed) in [
        ("", "3000:entered 3000:left 3000:bye"),
        // It was not entered.
        ("user.interrupt();", "3000:entered 3000:bye"),
        ("user.interrupt(false);", "3000:entered 3000:bye"),
    ] {
        let story = live(
            &format!(
                r#"
                let set = task_set("S").on_start(|user| {{ sleep(3); note(user, "entered"); {last} }})
                    .on_stop(|user| note(user, "left")).task("t", |user| note(user, "t"));
                user_class("U").on_stop(|user| note(user, "bye")).task(set);
                "#
            ),
            stopped_at(1000, 5000),
        );
        assert_eq!(story.timed(), timed, "{last}");
    }
}

#[test]
fn an_on_stop_that_throws_does_not_keep_the_others_from_running() {
    let story = live(
        r#"
        let inner = task_set("Inner").on_stop(|user| { note(user, "inner"); throw "one"; })
            .task("t", |user| note(user, "t"));
        let outer = task_set("Outer").on_stop(|user| { note(user, "outer"); throw "two"; }).task(inner);
        user_class("U").wait_time(constant(100)).on_stop(|user| { note(user, "bye"); throw "three"; }).task(outer);
        "#,
        stopped_at(1000, 5000),
    );
    assert_eq!(story.timed(), "0:t 1000:inner 1000:outer 1000:bye");
    assert_eq!(story.exceptions.borrow().len(), 3, "{}", story.thrown());
}

#[test]
fn a_user_without_a_wait_goes_on_at_once() {
    let story = live(
        r#"user_class("U").task("t", |user| { note(user, "t"); user.n = (user.n ?? 0) + 1; if user.n == 3 { user.stop(); } });"#,
        FREE,
    );
    assert_eq!(story.timed(), "0:t 0:t 0:t");
}

#[test]
fn a_sequence_enters_a_set_as_often_as_its_weight_says() {
    let story = live(
        r#"
        let set = task_set("S").sequential().on_start(|user| note(user, "+"))
            .task("s1", |user| note(user, "s1")).task("s2", |user| { note(user, "s2"); user.interrupt(); });
        user_class("U").sequential().task("a", |user| note(user, "a")).task(set, 2)
            .task("z", |user| { note(user, "z"); user.stop(); });
        "#,
        FREE,
    );
    assert_eq!(story.names(), "a + s1 s2 + s1 s2 z");
}

#[test]
fn tasks_of_every_set_see_what_their_user_keeps() {
    let story = live(
        r#"
        fn tell(user) { note(user, `${user.class_name} ${user.id} ${user.token} ${user.seen}`); user.seen += 1; }
        let inner = task_set("Inner").on_start(|user| { user.seen += 10; }).sequential()
            .task(tell).task("leave", |user| user.interrupt());
        let outer = task_set("Outer").sequential().task(tell).task(inner)
            .task("end", |user| { tell(user); user.stop(); });
        user_class("U").on_start(|user| { user.token = "abc"; user.seen = 0; }).task(outer);
        "#,
        FREE,
    );
    assert_eq!(story.names(), "U 1 abc 0 U 1 abc 11 U 1 abc 12");
}

#[test]
fn an_interrupt_in_a_users_own_task_leaves_nothing_and_the_next_is_picked() {
    let story = live(
        r#"
        user_class("U").sequential().wait_time(constant(1)).task("a", |user| { note(user, "a"); user.interrupt(); })
            .task("b", |user| { note(user, "b"); user.interrupt(false); })
            .task("c", |user| { note(user, "c"); user.stop(); });
        "#,
        FREE,
    );
    assert_eq!(story.timed(), "0:a 0:b 1000:c");
}
