//! What `katydid list` prints: the classes with their task sets, weights, tags, waits and task ratios.

use crate::plan::{
    self, ClassRatio, FnId, Plan, SetId, Target, Task, TaskOrder, TaskRatio, TaskSet, UserClass,
};
use std::fmt::Write;

/// The text for `plan`: first what is declared, as a tree, then how often each task is picked, in its class and in
/// total.
#[must_use]
pub(in crate::cli) fn tree(plan: &Plan) -> String {
    let ratios = match plan::ratios(plan, None) {
        Ok(ratios) => ratios,
        Err(diagnostic) => return format!("{diagnostic}\n"),
    };
    let mut text = String::new();
    for class in &plan.classes {
        declared(plan, class, &mut text);
    }
    if ratios.is_empty() {
        return text;
    }
    text.push_str("\nTask ratio per user class\n");
    let per_class = |ratio: &TaskRatio| ratio.of_class;
    let total = |ratio: &TaskRatio| ratio.of_total;
    table(plan, &ratios, |_| Some(1.0), per_class, &mut text);
    let counted = |class: &ClassRatio| (class.of_users > 0.0).then_some(class.of_users);
    if ratios.iter().any(|ratio| counted(ratio).is_some()) {
        text.push_str("\nTask ratio in total\n");
        table(plan, &ratios, counted, total, &mut text);
        if !plan.arrivals.is_empty() {
            text.push_str("(open classes are left out: their share depends on how fast the others are)\n");
        }
    }
    if ratios.iter().any(|ratio| ratio.of_users == 0.0 && !plan.is_open(ratio.class)) {
        text.push_str("(fixed counts are left out: their share depends on the number of users)\n");
    }
    text
}

fn declared(plan: &Plan, class: &UserClass, text: &mut String) {
    let root = plan.set(class.root);
    let arrivals = plan.arrivals.iter().find(|arrivals| plan.class(arrivals.class).name == class.name);
    let mut facts = vec![match class.fixed_count {
        _ if arrivals.is_some() => arrivals.map(|it| format!("arrivals {it}")).unwrap_or_default(),
        Some(1) => "1 user".to_owned(),
        Some(count) => format!("{count} users"),
        None => weight(class.weight),
    }];
    facts.extend(class.host.as_ref().map(|host| format!("host {host}")));
    if arrivals.is_none() {
        // Without a wait of its own a class does not wait at all.
        facts.push(root.wait.map_or_else(|| "no wait".to_owned(), |wait| wait.to_string()));
    }
    facts.extend(set_facts(root));
    line(0, "user class", &class.name, &facts, text);
    tasks(plan, class.root, 1, text);
}

fn tasks(plan: &Plan, id: SetId, depth: usize, text: &mut String) {
    let set = plan.set(id);
    for task in &set.tasks {
        let mut facts = vec![times(set, task)];
        facts.extend(tags(&task.tags));
        match task.target {
            Target::Call(_) => line(depth, "task", &task.name, &facts, text),
            Target::Stop => line(depth, "stop", "", &facts, text),
            Target::Enter(inner) => {
                let entered = plan.set(inner);
                facts.extend(entered.wait.map(|wait| wait.to_string()));
                facts.extend(tags(&entered.tags));
                facts.extend(set_facts(entered).into_iter().filter(|fact| !fact.starts_with("tags ")));
                line(depth, "task set", &task.name, &facts, text);
                tasks(plan, inner, depth + 1, text);
            }
        }
    }
}

fn set_facts(set: &TaskSet) -> Vec<String> {
    let hook = |hook: Option<FnId>, name: &str| hook.map(|_| name.to_owned());
    let order = match set.order {
        TaskOrder::Random => None,
        TaskOrder::Sequential => Some("in order".to_owned()),
        TaskOrder::Markov(_) => Some("Markov".to_owned()),
    };
    [order, tags(&set.tags), hook(set.on_start, "on_start"), hook(set.on_stop, "on_stop")]
        .into_iter()
        .flatten()
        .collect()
}

fn times(set: &TaskSet, task: &Task) -> String {
    match &set.order {
        TaskOrder::Sequential if task.is_on() => format!("{} x", task.weight),
        TaskOrder::Markov(_) if task.target == Target::Stop => "leaves the set".to_owned(),
        TaskOrder::Markov(transitions) => {
            let ways = transitions.iter().filter(|way| way.from == task.name && way.weight > 0.0);
            let ways: Vec<_> = ways.map(|way| format!("{} {}", way.to, way.weight)).collect();
            format!("then {}", ways.join(" or "))
        }
        TaskOrder::Random | TaskOrder::Sequential => weight(task.weight),
    }
}

fn weight(weight: f64) -> String {
    if weight > 0.0 { format!("weight {weight}") } else { "off".to_owned() }
}

fn tags(tags: &[String]) -> Option<String> {
    (!tags.is_empty()).then(|| format!("tags {}", tags.join(" ")))
}

fn line(depth: usize, kind: &str, name: &str, facts: &[String], text: &mut String) {
    let name = if name.is_empty() { String::new() } else { format!(" {name}") };
    let facts = facts.join(", ");
    writeln!(text, "{:indent$}{kind}{name}  ({facts})", "", indent = depth * 2).expect("a String takes it");
}

/// The classes that have a share, with their tasks.
fn table(
    plan: &Plan,
    ratios: &[ClassRatio],
    class_share: impl Fn(&ClassRatio) -> Option<f64>,
    share: impl Fn(&TaskRatio) -> f64 + Copy,
    text: &mut String,
) {
    for ratio in ratios {
        if let Some(of_all) = class_share(ratio) {
            row(0, of_all, &plan.class(ratio.class).name, text);
            rows(&ratio.tasks, 1, share, text);
        }
    }
}

fn rows(ratios: &[TaskRatio], depth: usize, share: impl Fn(&TaskRatio) -> f64 + Copy, text: &mut String) {
    for ratio in ratios {
        let name = if ratio.target == Target::Stop { "stop" } else { &ratio.name };
        row(depth, share(ratio), name, text);
        rows(&ratio.tasks, depth + 1, share, text);
    }
}

fn row(depth: usize, share: f64, name: &str, text: &mut String) {
    writeln!(text, "{:>6.1} %  {:indent$}{name}", share * 100.0, "", indent = depth * 2)
        .expect("a String takes it");
}

#[cfg(test)]
mod tests {
    use super::tree;
    use crate::plan::testing::{call, enter, stop};
    use crate::plan::{FnId, Plan, TaskOrder, Wait};

    #[test]
    fn shows_everything_that_a_script_declares() {
        let mut plan = Plan::default();
        let items =
            plan.with_set("Items", &["read"], vec![call("view_item", 2.0, &["slow", "big"]), stop(1.0)]);
        let shop = plan.with_set(
            "Shop",
            &[],
            vec![call("list", 3.0, &[]), enter("Items", 0.5, items), call("buy", 0.0, &[]), stop(1.5)],
        );
        plan.sets[items.0].order = TaskOrder::Sequential;
        plan.sets[items.0].on_start = Some(FnId(3));
        plan.sets[shop.0].wait = Some(Wait::Constant(0.5));
        let root = plan.with_class("Visitor", 3.0, vec![enter("Shop", 5.0, shop), call("home", 5.0, &[])]);
        plan.sets[root.0].wait = Some(Wait::Between { low: 1.0, high: 2.5 });
        plan.sets[root.0].tags = vec!["web".to_owned()];
        plan.classes[0].host = Some("http://shop".to_owned());
        plan.with_class("Buyer", 1.0, vec![call("buy", 1.0, &[])]);
        plan.with_class("Admin", 1.0, vec![call("audit", 1.0, &[])]);
        plan.classes[2].fixed_count = Some(1);
        plan.with_class("Old", 0.0, vec![call("old", 1.0, &[])]);
        insta::assert_snapshot!(tree(&plan), @r"
        user class Visitor  (weight 3, host http://shop, wait 1 to 2.5 s, tags web)
          task set Shop  (weight 5, wait 0.5 s)
            task list  (weight 3)
            task set Items  (weight 0.5, tags read, in order, on_start)
              task view_item  (2 x, tags slow big)
              stop  (1 x)
            task buy  (off)
            stop  (weight 1.5)
          task home  (weight 5)
        user class Buyer  (weight 1, no wait)
          task buy  (weight 1)
        user class Admin  (1 user, no wait)
          task audit  (weight 1)
        user class Old  (off, no wait)
          task old  (weight 1)

        Task ratio per user class
         100.0 %  Visitor
          50.0 %    Shop
          30.0 %      list
           5.0 %      Items
           3.3 %        view_item
           1.7 %        stop
          15.0 %      stop
          50.0 %    home
         100.0 %  Buyer
         100.0 %    buy
         100.0 %  Admin
         100.0 %    audit

        Task ratio in total
          75.0 %  Visitor
          37.5 %    Shop
          22.5 %      list
           3.8 %      Items
           2.5 %        view_item
           1.2 %        stop
          11.2 %      stop
          37.5 %    home
          25.0 %  Buyer
          25.0 %    buy
        (fixed counts are left out: their share depends on the number of users)
        ");
    }

    #[test]
    fn shows_each_kind_of_wait() {
        let mut plan = Plan::default();
        for (name, wait) in [
            ("Paced", Wait::ConstantPacing(10.0)),
            ("Through", Wait::ConstantThroughput(0.1)),
            ("Poisson", Wait::Poisson(4.0)),
            ("Own", Wait::Function(FnId(1))),
        ] {
            let root = plan.with_class(name, 1.0, vec![call("t", 1.0, &[])]);
            plan.sets[root.0].wait = Some(wait);
        }
        let text = tree(&plan);
        let classes: Vec<_> = text.lines().filter(|line| line.starts_with("user class")).collect();
        insta::assert_snapshot!(classes.join("\n"), @r"
        user class Paced  (weight 1, starts every 10 s)
        user class Through  (weight 1, 0.1 starts/s)
        user class Poisson  (weight 1, poisson waits, 4/s)
        user class Own  (weight 1, wait by a function)
        ");
    }

    #[test]
    fn a_plan_that_goes_in_circles_is_said_to() {
        let mut plan = Plan::default();
        let root = plan.with_class("U", 1.0, vec![]);
        plan.sets[root.0].tasks.push(enter("self", 1.0, root));
        assert!(tree(&plan).starts_with("error: task set `U` contains itself"));
    }
}
