//! Selection by tags: which tasks of a plan run at all.

use super::{Plan, SetId, Target, Task, TaskOrder, TaskSet, UserClass, arrivals, nesting};
use crate::util::{Diagnostic, nearest};
use std::collections::{BTreeSet, HashMap};

/// Keeps what `include` and `exclude` select, and drops the rest from `plan`.
///
/// A function stays when `include` is empty or names one of its tags, and `exclude` names none of them. Tags of a set
/// and of a class hold for everything within. So an untagged task is dropped by `include` and kept by `exclude`, and
/// `exclude` wins. A set stays when a function within stays, and then so does its `stop()`. A set that is used in two
/// places under different tags is judged in each, and becomes two sets where the judgements differ.
///
/// A Markov set is a whole that cannot do without one of its parts: it stays as it is, with everything in it, unless
/// `exclude` names a tag of it or around it.
///
/// A user class that keeps no task is left out of the plan, with a warning: the others share the users. Numbers of
/// classes and sets change.
///
/// # Errors
///
/// A tag that nothing has; a selection that leaves no user class; sets that contain themselves.
pub fn filter(
    plan: &mut Plan,
    include: &[String],
    exclude: &[String],
) -> Result<Vec<Diagnostic>, Diagnostic> {
    if include.is_empty() && exclude.is_empty() {
        return Ok(Vec::new());
    }
    nesting::ends(plan)?;
    refuse_unknown(plan, include.iter().chain(exclude))?;
    let mut sieve =
        Sieve { plan, include, exclude, kept: Vec::new(), judged: HashMap::new(), copied: HashMap::new() };
    let mut classes = Vec::new();
    let mut emptied = Vec::new();
    for class in &plan.classes {
        match sieve.set(class.root, &BTreeSet::new()) {
            Some(root) => classes.push(UserClass { root, ..class.clone() }),
            None => emptied.push(left_out(class)),
        }
    }
    let arrivals = arrivals::of_classes(&plan.arrivals, &plan.classes, &classes);
    let filtered = Plan { classes, sets: sieve.kept, arrivals, ..plan.clone() };
    if !filtered.has_any_users() {
        return Err(Diagnostic::error("the selection by tags leaves no task in any user class that is on")
            .help("`katydid list` shows the tags of every task"));
    }
    let before = std::mem::replace(plan, filtered).classes;
    if let Some(shape) = &mut plan.shape {
        shape.renumber(&before, &plan.classes);
    }
    Ok(emptied)
}

fn left_out(class: &UserClass) -> Diagnostic {
    let message =
        format!("user class `{}` keeps no task after the selection by tags and is left out", class.name);
    nesting::at(Diagnostic::warning(message), &class.declared_at)
}

fn refuse_unknown<'a>(plan: &Plan, mut given: impl Iterator<Item = &'a String>) -> Result<(), Diagnostic> {
    let of_sets = plan.sets.iter().flat_map(|set| &set.tags);
    let of_tasks = plan.sets.iter().flat_map(|set| &set.tasks).flat_map(|task| &task.tags);
    let known: BTreeSet<&str> = of_sets.chain(of_tasks).map(String::as_str).collect();
    let Some(stranger) = given.find(|tag| !known.contains(tag.as_str())) else { return Ok(()) };
    let mut diagnostic = Diagnostic::error(format!("no task and no task set has the tag `{stranger}`"));
    diagnostic = if known.is_empty() {
        diagnostic.note("the scripts give no tags at all")
    } else {
        let list: Vec<&str> = known.iter().copied().collect();
        diagnostic.note(format!("known tags: {}", list.join(", ")))
    };
    Err(match nearest(stranger, known) {
        Some(tag) => diagnostic.help(format!("did you mean `{tag}`?")),
        None => diagnostic,
    })
}

/// Tags that the selection speaks of; no other matters.
type Tags<'a> = BTreeSet<&'a str>;

/// Copies what stays into a new list of sets.
struct Sieve<'a> {
    plan: &'a Plan,
    include: &'a [String],
    exclude: &'a [String],
    kept: Vec<TaskSet>,
    /// Judgements so far: what became of a set under the tags around it.
    judged: HashMap<(SetId, Tags<'a>), Option<SetId>>,
    /// Sets that are kept as they are, and their copies.
    copied: HashMap<SetId, SetId>,
}

impl<'a> Sieve<'a> {
    /// The set that is left of `id` when `around` are the tags of the sets around it.
    fn set(&mut self, id: SetId, around: &Tags<'a>) -> Option<SetId> {
        if let Some(judgement) = self.judged.get(&(id, around.clone())) {
            return *judgement;
        }
        let set = self.plan.set(id);
        let inherited = self.join(around, &set.tags);
        if matches!(set.order, TaskOrder::Markov(_)) {
            let judgement = (!self.excludes(&inherited)).then(|| self.whole(id));
            self.judged.insert((id, around.clone()), judgement);
            return judgement;
        }
        let tasks: Vec<Task> = set.tasks.iter().filter_map(|task| self.task(task, &inherited)).collect();
        // A weight of 0 means that the task is not there.
        let alive = tasks.iter().any(|task| task.is_on() && task.target != Target::Stop);
        let judgement = alive.then(|| {
            self.kept.push(TaskSet { tasks, ..set.clone() });
            SetId(self.kept.len() - 1)
        });
        self.judged.insert((id, around.clone()), judgement);
        judgement
    }

    /// A copy of a set with everything in it.
    fn whole(&mut self, id: SetId) -> SetId {
        if let Some(copy) = self.copied.get(&id) {
            return *copy;
        }
        let mut set = self.plan.set(id).clone();
        for task in &mut set.tasks {
            if let Target::Enter(inner) = &mut task.target {
                *inner = self.whole(*inner);
            }
        }
        self.kept.push(set);
        let copy = SetId(self.kept.len() - 1);
        self.copied.insert(id, copy);
        copy
    }

    fn task(&mut self, task: &'a Task, inherited: &Tags<'a>) -> Option<Task> {
        let tags = self.join(inherited, &task.tags);
        let target = match task.target {
            Target::Stop => Target::Stop,
            Target::Enter(id) => Target::Enter(self.set(id, &tags)?),
            Target::Call(_) if !self.selects(&tags) => return None,
            Target::Call(function) => Target::Call(function),
        };
        Some(Task { target, ..task.clone() })
    }

    fn selects(&self, tags: &Tags<'a>) -> bool {
        let included = self.include.iter().any(|tag| tags.contains(tag.as_str()));
        (self.include.is_empty() || included) && !self.excludes(tags)
    }

    fn excludes(&self, tags: &Tags<'a>) -> bool {
        self.exclude.iter().any(|tag| tags.contains(tag.as_str()))
    }

    fn join(&self, around: &Tags<'a>, own: &'a [String]) -> Tags<'a> {
        let matters = |tag: &&String| self.include.contains(tag) || self.exclude.contains(tag);
        around.iter().copied().chain(own.iter().filter(matters).map(String::as_str)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Plan, Target, filter};
    use crate::plan::testing::{call, enter, stop};
    use crate::plan::{SetId, Task, TaskOrder};

    fn owned(tags: &[&str]) -> Vec<String> {
        tags.iter().map(|&tag| tag.to_owned()).collect()
    }

    /// The names of what is left, nested sets in parentheses.
    fn shape(plan: &Plan, set: SetId) -> String {
        let name = |task: &Task| match task.target {
            Target::Enter(inner) => format!("{}({})", task.name, shape(plan, inner)),
            Target::Call(_) | Target::Stop => task.name.clone(),
        };
        plan.set(set).tasks.iter().map(name).collect::<Vec<_>>().join(" ")
    }

    fn left(plan: &Plan, include: &[&str], exclude: &[&str]) -> String {
        let mut plan = plan.clone();
        match filter(&mut plan, &owned(include), &owned(exclude)) {
            Ok(_) => plan
                .classes
                .iter()
                .map(|class| format!("{}: {}", class.name, shape(&plan, class.root)))
                .collect::<Vec<_>>()
                .join("; "),
            Err(diagnostic) => diagnostic.message,
        }
    }

    fn flat() -> Plan {
        let mut plan = Plan::default();
        let tasks = vec![
            call("a", 1.0, &["x"]),
            call("b", 2.0, &["y"]),
            call("ab", 1.0, &["x", "y"]),
            call("none", 1.0, &[]),
        ];
        plan.with_class("U", 1.0, tasks);
        plan
    }

    #[test]
    fn include_and_exclude_are_those_of_locust() {
        let plan = flat();
        assert_eq!(left(&plan, &[], &[]), "U: a b ab none");
        assert_eq!(left(&plan, &["x"], &[]), "U: a ab");
        assert_eq!(left(&plan, &["x", "y"], &[]), "U: a b ab");
        assert_eq!(left(&plan, &[], &["x"]), "U: b none");
        assert_eq!(left(&plan, &["y"], &["x"]), "U: b");
        assert_eq!(
            left(&plan, &["x"], &["x"]),
            "the selection by tags leaves no task in any user class that is on"
        );
    }

    #[test]
    fn weights_stay() {
        let mut plan = flat();
        filter(&mut plan, &owned(&["y"]), &[]).unwrap();
        assert_eq!(plan.set(plan.classes[0].root).tasks[0].weight, 2.0);
    }

    #[test]
    fn tags_of_sets_and_classes_hold_within() {
        let mut plan = Plan::default();
        let inner = plan.with_set("inner", &[], vec![call("i", 1.0, &[]), call("j", 1.0, &["y"]), stop(1.0)]);
        let outer = plan.with_set("outer", &["x"], vec![enter("inner", 1.0, inner), stop(1.0)]);
        let root = plan.with_class("U", 1.0, vec![enter("outer", 1.0, outer), call("free", 1.0, &[])]);
        assert_eq!(left(&plan, &["x"], &[]), "U: outer(inner(i j stop) stop)");
        assert_eq!(left(&plan, &["y"], &[]), "U: outer(inner(j stop) stop)");
        assert_eq!(left(&plan, &[], &["x"]), "U: free");
        assert_eq!(left(&plan, &["x"], &["y"]), "U: outer(inner(i stop) stop)");
        plan.sets[root.0].tags = owned(&["class"]);
        assert_eq!(left(&plan, &["class"], &["y"]), "U: outer(inner(i stop) stop) free");
    }

    #[test]
    fn a_markov_set_stays_whole_unless_it_is_excluded_itself() {
        let mut plan = Plan::default();
        let inner = plan.with_set("inner", &["x"], vec![call("i", 1.0, &["y"]), call("j", 1.0, &[])]);
        let chain = plan.with_set("chain", &["m"], vec![call("c", 1.0, &[]), enter("inner", 1.0, inner)]);
        plan.sets[chain.0].order = TaskOrder::Markov(Vec::new());
        plan.with_class(
            "U",
            1.0,
            vec![enter("chain", 1.0, chain), call("a", 1.0, &["y"]), call("b", 1.0, &[])],
        );
        assert_eq!(left(&plan, &["y"], &[]), "U: chain(c inner(i j)) a");
        assert_eq!(left(&plan, &["x"], &[]), "U: chain(c inner(i j))");
        assert_eq!(left(&plan, &[], &["x", "y"]), "U: chain(c inner(i j)) b");
        assert_eq!(left(&plan, &[], &["m"]), "U: a b");
    }

    #[test]
    fn a_shared_set_is_judged_in_each_place() {
        let mut plan = Plan::default();
        let shared = plan.with_set("shared", &[], vec![call("s", 1.0, &[]), call("t", 1.0, &["t"])]);
        let a = plan.with_set("a", &["x"], vec![enter("shared", 1.0, shared)]);
        let b = plan.with_set("b", &[], vec![enter("shared", 1.0, shared)]);
        plan.with_class("U", 1.0, vec![enter("a", 1.0, a), enter("b", 1.0, b)]);
        assert_eq!(left(&plan, &["x"], &[]), "U: a(shared(s t))");
        assert_eq!(left(&plan, &["x", "t"], &[]), "U: a(shared(s t)) b(shared(t))");
        filter(&mut plan, &[], &owned(&["t"])).unwrap();
        assert_eq!(plan.sets.len(), 4, "judged alike in both places, it stays one set");
    }

    #[test]
    fn what_is_off_does_not_keep_its_set() {
        let mut plan = Plan::default();
        let inner =
            plan.with_set("inner", &[], vec![call("off", 0.0, &["x"]), call("on", 1.0, &[]), stop(1.0)]);
        plan.with_class("U", 1.0, vec![enter("inner", 1.0, inner), call("a", 1.0, &["x"])]);
        assert_eq!(left(&plan, &["x"], &[]), "U: a");
    }

    #[test]
    fn an_emptied_class_is_left_out_with_a_warning() {
        let mut plan = flat();
        plan.with_class("Other", 1.0, vec![call("o", 1.0, &["o"])]);
        let warnings = filter(&mut plan, &owned(&["o"]), &[]).unwrap();
        assert_eq!(plan.classes.len(), 1);
        insta::assert_snapshot!(warnings[0], @r"
        warning: user class `U` keeps no task after the selection by tags and is left out
         --> plan.rhai:1:1
        ");
    }

    #[test]
    fn a_class_that_is_off_does_not_count() {
        let mut plan = flat();
        plan.with_class("Off", 0.0, vec![call("o", 1.0, &["o"])]);
        assert_eq!(
            left(&plan, &["o"], &[]),
            "the selection by tags leaves no task in any user class that is on"
        );
    }

    #[test]
    fn an_unknown_tag_names_the_known_ones() {
        let mut plan = flat();
        let diagnostic = filter(&mut plan, &[], &owned(&["x", "z"])).unwrap_err();
        insta::assert_snapshot!(diagnostic, @r"
        error: no task and no task set has the tag `z`
          = note: known tags: x, y
        ");
        let mut plan = Plan::of_weights(&[("U", 1.0)]);
        assert_eq!(
            filter(&mut plan, &owned(&["x"]), &[]).unwrap_err().notes,
            ["the scripts give no tags at all"]
        );
    }

    #[test]
    fn sets_that_contain_themselves_are_an_error_not_a_loop() {
        let mut plan = Plan::default();
        let root = plan.with_class("U", 1.0, vec![call("a", 1.0, &["x"])]);
        plan.sets[root.0].tasks.push(enter("self", 1.0, root));
        assert_eq!(left(&plan, &["x"], &[]), "task set `U` contains itself");
    }
}
