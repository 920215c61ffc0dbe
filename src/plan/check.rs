//! Every rule about a plan that can fail before the first request.

use super::nesting::{self, at};
use super::{Arrivals, FnId, Plan, SetId, Target, TaskOrder, TaskSet, UserClass, markov};
use crate::util::Diagnostic;
use std::collections::{BTreeMap, BTreeSet};

/// What is wrong with `plan`, errors and warnings, in the order of declaration; empty when it can run.
///
/// `may_interrupt` says whether a function might leave the task set it runs in (`user.interrupt()`, `user.stop()`),
/// which the plan does not show.
pub fn check(plan: &Plan, may_interrupt: impl Fn(FnId) -> bool) -> Vec<Diagnostic> {
    let mut found = classes(plan);
    let mut seen = BTreeSet::new();
    for class in &plan.classes {
        for id in nesting::within(plan, class.root) {
            if seen.insert(id.0) {
                found.extend(set(plan.set(id), (id == class.root).then_some(class)));
            }
        }
    }
    found.extend(nesting::ends(plan).err());
    found.extend(plan.arrivals.iter().flat_map(|arrivals| without_effect(plan, arrivals)));
    for class in &plan.classes {
        found.extend(never_left(plan, class, &may_interrupt));
    }
    found
}

/// What an open class says that the open model does not ask for.
fn without_effect(plan: &Plan, arrivals: &Arrivals) -> Vec<Diagnostic> {
    let class = plan.class(arrivals.class);
    let mut found = Vec::new();
    let mut warn = |message: String, help: &str, declared_at: &str| {
        let opened = format!("the class is open: arrivals(..) at {}", arrivals.declared_at);
        found.push(at(Diagnostic::warning(message).note(opened).help(help), declared_at));
    };
    if class.fixed_count.is_some() || class.weight.to_bits() != 1.0_f64.to_bits() {
        let message =
            format!("users of `{}` come by arrivals; its weight or fixed count has no effect", class.name);
        warn(message, "give `max_users` and `start_users` to arrivals(..)", &class.declared_at);
    }
    for id in nesting::within(plan, class.root) {
        let set = plan.set(id);
        if set.wait.is_some() {
            let what = if id == class.root { "user class" } else { "task set" };
            let message = format!(
                "users of `{}` come by arrivals; they do not wait as {what} `{}` says",
                class.name, set.name
            );
            warn(
                message,
                "only `user.wait()` inside a task uses that wait_time; leave it out if there is none",
                &set.declared_at,
            );
        }
    }
    found
}

fn classes(plan: &Plan) -> Vec<Diagnostic> {
    if plan.classes.is_empty() {
        return vec![
            Diagnostic::error("no user class is declared")
                .help("declare one: `user_class(\"Visitor\").task(browse);`"),
        ];
    }
    let mut found = duplicates(plan);
    for class in &plan.classes {
        if !is_weight(class.weight) {
            found.push(bad_weight(&format!("user class `{}`", class.name), class.weight, &class.declared_at));
        }
    }
    if !plan.has_any_users() {
        let off = Diagnostic::error("every user class is off: all weights are 0")
            .help("give one a weight above 0, or a fixed count");
        found.push(at(off, &plan.classes[0].declared_at));
    }
    found
}

fn duplicates(plan: &Plan) -> Vec<Diagnostic> {
    let mut first: BTreeMap<&str, &UserClass> = BTreeMap::new();
    let mut found = Vec::new();
    for class in &plan.classes {
        if let Some(earlier) = first.get(class.name.as_str()) {
            let twice = Diagnostic::error(format!("user class `{}` is declared twice", class.name))
                .note(format!("first at {}", earlier.declared_at))
                .help("give one of them another name");
            found.push(at(twice, &class.declared_at));
        } else {
            first.insert(&class.name, class);
        }
    }
    found
}

/// The rules of one set; `class` is the user class whose own tasks these are.
fn set(set: &TaskSet, class: Option<&UserClass>) -> Vec<Diagnostic> {
    let title = match class {
        Some(class) => format!("user class `{}`", class.name),
        None => format!("task set `{}`", set.name),
    };
    let declared_at = class.map_or(&set.declared_at, |class| &class.declared_at);
    let mut found: Vec<Diagnostic> =
        set.tasks.iter().filter_map(|task| bad_task(set, task, declared_at)).collect();
    let no_work = |message: String, help: &str| at(Diagnostic::error(message).help(help), declared_at);
    if set.tasks.iter().all(|task| task.target == Target::Stop) {
        found.push(no_work(format!("{title} has no tasks"), "add one: `.task(browse)`"));
    } else if !set.tasks.iter().any(|task| task.is_on() && task.target != Target::Stop) {
        found.push(no_work(
            format!("every task of {title} is off: all weights are 0"),
            "give one a weight above 0",
        ));
    }
    found.extend(markov::check(set));
    found
}

fn bad_task(set: &TaskSet, task: &super::Task, declared_at: &str) -> Option<Diagnostic> {
    let title = format!("task `{}` of `{}`", task.name, set.name);
    if !is_weight(task.weight) {
        return Some(bad_weight(&title, task.weight, declared_at));
    }
    (set.order == TaskOrder::Sequential && task.weight.fract() != 0.0).then(|| {
        let message = format!("{title} has the weight {}, but its set is sequential", task.weight);
        let help = "there a weight is the number of repeats: write a whole number";
        at(Diagnostic::error(message).help(help), declared_at)
    })
}

fn is_weight(weight: f64) -> bool {
    weight.is_finite() && weight >= 0.0
}

fn bad_weight(title: &str, weight: f64, declared_at: &str) -> Diagnostic {
    let message = format!("{title} has the weight {weight}");
    at(Diagnostic::error(message).help("a weight is 0 (off) or a positive number"), declared_at)
}

/// A user who enters such a set stays there, and the class's other sets never run again. With one set alone that may
/// be meant; with more it hardly is.
fn never_left(plan: &Plan, class: &UserClass, may_interrupt: &impl Fn(FnId) -> bool) -> Vec<Diagnostic> {
    let nested: Vec<SetId> =
        nesting::within(plan, class.root).into_iter().filter(|&id| id != class.root).collect();
    if nested.len() < 2 {
        return Vec::new();
    }
    let warn = |set: &TaskSet| {
        let message =
            format!("users of `{}` who enter task set `{}` can never leave it", class.name, set.name);
        let help = "end it with `.stop()`, or call `user.interrupt()` in one of its tasks";
        at(Diagnostic::warning(message).help(help), &set.declared_at)
    };
    nested
        .into_iter()
        .map(|id| plan.set(id))
        .filter(|set| !can_be_left(set, may_interrupt))
        .map(warn)
        .collect()
}

/// Only a set's own functions can leave it: an interrupt in a nested set leaves that one.
fn can_be_left(set: &TaskSet, may_interrupt: &impl Fn(FnId) -> bool) -> bool {
    set.on_start.is_some_and(may_interrupt)
        || set.live_tasks().any(|(_, task)| match task.target {
            Target::Stop => true,
            Target::Call(function) => may_interrupt(function),
            Target::Enter(_) => false,
        })
}

#[cfg(test)]
mod tests {
    use super::{FnId, Plan, check};
    use crate::plan::testing::{call, enter, stop};

    fn findings(plan: &Plan) -> String {
        let found = check(plan, |function| function == FnId(9));
        found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_sound_plan_passes() {
        let mut plan = Plan::default();
        let shop = plan.with_set("Shop", &[], vec![call("a", 1.0, &[]), call("off", 0.0, &[]), stop(1.0)]);
        plan.with_class("U", 1.0, vec![enter("shop", 1.0, shop)]);
        plan.with_class("Off", 0.0, vec![call("a", 0.5, &[])]);
        assert_eq!(findings(&plan), "");
    }

    #[test]
    fn a_plan_without_classes_or_with_all_off_cannot_run() {
        insta::assert_snapshot!(findings(&Plan::default()), @r#"
        error: no user class is declared
          = help: declare one: `user_class("Visitor").task(browse);`
        "#);
        insta::assert_snapshot!(findings(&Plan::of_weights(&[("A", 0.0), ("B", 0.0)])), @r"
        error: every user class is off: all weights are 0
         --> plan.rhai:1:1
          = help: give one a weight above 0, or a fixed count
        ");
        assert_eq!(findings(&Plan::of_weights(&[("A", 0.0), ("B", -1.0)])), "");
    }

    #[test]
    fn classes_and_sets_need_tasks_that_run() {
        let mut plan = Plan::default();
        let empty = plan.with_set("Empty", &[], vec![stop(1.0)]);
        let off = plan.with_set("Off", &[], vec![call("a", 0.0, &[]), stop(1.0)]);
        plan.with_class("U", 1.0, vec![enter("empty", 1.0, empty), enter("off", 1.0, off)]);
        plan.with_class("V", 1.0, vec![]);
        insta::assert_snapshot!(findings(&plan), @r"
        error: task set `Empty` has no tasks
         --> plan.rhai:1:1
          = help: add one: `.task(browse)`
        error: every task of task set `Off` is off: all weights are 0
         --> plan.rhai:2:1
          = help: give one a weight above 0
        error: user class `V` has no tasks
         --> plan.rhai:4:1
          = help: add one: `.task(browse)`
        ");
    }

    #[test]
    fn weights_must_be_weights() {
        let mut plan = Plan::of_weights(&[("A", 1.0), ("B", 1.0)]);
        plan.classes[0].weight = -1.0;
        plan.sets[0].tasks[0].weight = f64::NAN;
        plan.sets[1].tasks[0].weight = 1.5;
        plan.sets[1].order = crate::plan::TaskOrder::Sequential;
        insta::assert_snapshot!(findings(&plan), @r"
        error: user class `A` has the weight -1
         --> plan.rhai:1:1
          = help: a weight is 0 (off) or a positive number
        error: task `t` of `A` has the weight NaN
         --> plan.rhai:1:1
          = help: a weight is 0 (off) or a positive number
        error: every task of user class `A` is off: all weights are 0
         --> plan.rhai:1:1
          = help: give one a weight above 0
        error: task `t` of `B` has the weight 1.5, but its set is sequential
         --> plan.rhai:2:1
          = help: there a weight is the number of repeats: write a whole number
        ");
    }

    #[test]
    fn names_are_unique() {
        let plan = Plan::of_weights(&[("A", 1.0), ("A", 1.0)]);
        insta::assert_snapshot!(findings(&plan), @r"
        error: user class `A` is declared twice
         --> plan.rhai:2:1
          = note: first at plan.rhai:1:1
          = help: give one of them another name
        ");
    }

    #[test]
    fn a_set_may_not_contain_itself() {
        let mut plan = Plan::default();
        let a = plan.with_set("a", &[], vec![call("t", 1.0, &[]), stop(1.0)]);
        plan.sets[a.0].tasks.push(enter("a", 1.0, a));
        plan.with_class("U", 1.0, vec![enter("a", 1.0, a)]);
        assert!(findings(&plan).starts_with("error: task set `a` contains itself"));
    }

    fn two_sets(inner: Vec<crate::plan::Task>) -> Plan {
        let mut plan = Plan::default();
        let shop = plan.with_set("Shop", &[], vec![call("a", 1.0, &[]), stop(1.0)]);
        let blog = plan.with_set("Blog", &[], inner);
        plan.with_class("U", 1.0, vec![enter("shop", 1.0, shop), enter("blog", 1.0, blog)]);
        plan
    }

    #[test]
    fn of_several_sets_each_must_be_left_somehow() {
        insta::assert_snapshot!(findings(&two_sets(vec![call("a", 1.0, &[]), stop(0.0)])), @r"
        warning: users of `U` who enter task set `Blog` can never leave it
         --> plan.rhai:2:1
          = help: end it with `.stop()`, or call `user.interrupt()` in one of its tasks
        ");
        let mut interrupting = call("a", 1.0, &[]);
        interrupting.target = crate::plan::Target::Call(FnId(9));
        assert_eq!(findings(&two_sets(vec![interrupting])), "");
        let mut entered = two_sets(vec![call("a", 1.0, &[])]);
        entered.sets[1].on_start = Some(FnId(9));
        assert_eq!(findings(&entered), "");
    }

    #[test]
    fn one_set_alone_may_keep_its_users() {
        let mut plan = Plan::default();
        let shop = plan.with_set("Shop", &[], vec![call("a", 1.0, &[])]);
        plan.with_class("U", 1.0, vec![enter("shop", 1.0, shop), call("b", 1.0, &[])]);
        assert_eq!(findings(&plan), "");
    }
}
