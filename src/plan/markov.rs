//! Markov sets: which task comes next depends on the one that ran last.

use super::nesting::at;
use super::{Target, Task, TaskOrder, TaskSet, Transition};
use crate::util::{Diagnostic, nearest};
use rand::{Rng, RngExt};
use std::collections::BTreeSet;

/// Draws the tasks of a Markov set.
#[derive(Clone, Debug)]
pub struct Chain {
    /// For each task the running sums of the weights of its transitions, with the positions of the tasks they lead to.
    rows: Vec<Vec<(f64, usize)>>,
}

impl Chain {
    /// The chain of `set` with `transitions`; none when it has no task. What [`super::check`] refuses is left out.
    #[must_use]
    pub fn new(set: &TaskSet, transitions: &[Transition]) -> Option<Self> {
        let mut rows = vec![Vec::new(); set.tasks.len()];
        for (from, to, weight) in steps(set, transitions) {
            let row: &mut Vec<(f64, usize)> = &mut rows[from];
            let before = row.last().map_or(0.0, |(sum, _)| *sum);
            row.push((before + weight, to));
        }
        (!rows.is_empty()).then_some(Self { rows })
    }

    /// The position in [`TaskSet::tasks`] of the next task; none when the last one leads nowhere. `position` is 0 when
    /// the set is entered, and then one more than the position of the task that ran last.
    pub fn next(&self, position: &mut u64, rng: &mut impl Rng) -> Option<usize> {
        let next = match usize::try_from(*position).ok()?.checked_sub(1) {
            None => 0,
            Some(last) => {
                let row = self.rows.get(last)?;
                let end = row.last()?;
                let drawn = rng.random::<f64>() * end.0;
                // Rounding can lift the product to the total itself.
                row.get(row.partition_point(|(sum, _)| *sum <= drawn)).unwrap_or(end).1
            }
        };
        *position = next as u64 + 1;
        Some(next)
    }

    /// Which share of the picks goes to each task in the long run, where the set is entered again whenever it is left.
    pub(super) fn shares(&self, leaves: impl Fn(usize) -> bool) -> Vec<f64> {
        let mut shares = vec![0.0; self.rows.len()];
        shares[0] = 1.0;
        for _ in 0..ROUNDS {
            // Half stays where it is: so a chain that goes round in circles settles too.
            let mut next: Vec<f64> = shares.iter().map(|share| share / 2.0).collect();
            for (task, share) in shares.iter().enumerate() {
                match self.rows[task].last() {
                    Some((sum, _)) if !leaves(task) => {
                        let mut before = 0.0;
                        for (end, to) in &self.rows[task] {
                            next[*to] += share / 2.0 * (end - before) / sum;
                            before = *end;
                        }
                    }
                    _ => next[0] += share / 2.0,
                }
            }
            let change: f64 = next.iter().zip(&shares).map(|(a, b)| (a - b).abs()).sum();
            shares = next;
            if change < 1e-12 {
                break;
            }
        }
        shares
    }
}

/// Enough for shares that are printed with one decimal, also of chains that mix slowly.
const ROUNDS: usize = 20_000;

/// The transitions that can be taken, as positions of tasks, with their weights.
fn steps<'a>(
    set: &'a TaskSet,
    transitions: &'a [Transition],
) -> impl Iterator<Item = (usize, usize, f64)> + 'a {
    let find = |name: &str| set.tasks.iter().position(|task| task.name == name);
    transitions
        .iter()
        .filter(|transition| transition.weight > 0.0)
        .filter_map(move |step| Some((find(&step.from)?, find(&step.to)?, step.weight)))
}

/// What is wrong with the transitions of `set`; nothing for one that is no Markov set.
pub(super) fn check(set: &TaskSet) -> Vec<Diagnostic> {
    let TaskOrder::Markov(transitions) = &set.order else { return Vec::new() };
    let mut found = Vec::new();
    for transition in transitions {
        found.extend(unknown_ends(set, transition));
    }
    let here = |diagnostic: Diagnostic| at(diagnostic, &set.declared_at);
    let mut names = BTreeSet::new();
    for task in &set.tasks {
        if !names.insert(task.name.as_str()) {
            let twice = format!("two tasks of the Markov set `{}` are called `{}`", set.name, task.name);
            found.push(here(Diagnostic::error(twice).help("transitions go by names: rename one of them")));
        }
        found.extend(no_use(set, task).map(here));
    }
    // What comes of wrong names is not worth a word.
    if !found.is_empty() || set.tasks.is_empty() {
        return found;
    }
    let steps: Vec<_> = steps(set, transitions).collect();
    for (index, task) in set.tasks.iter().enumerate() {
        if task.target != Target::Stop && !steps.iter().any(|(from, ..)| *from == index) {
            let stuck =
                format!("nothing comes after the task `{}` of the Markov set `{}`", task.name, set.name);
            let help = format!(
                "give it a way out: `.transition(\"{}\", \"..\")`; the task of `.stop()` is called \"stop\"",
                task.name
            );
            found.push(here(Diagnostic::error(stuck).help(help)));
        }
    }
    let reached = reached(&steps);
    for (index, task) in set.tasks.iter().enumerate() {
        if !reached.contains(&index) {
            let never = format!("the task `{}` of the Markov set `{}` is never reached", task.name, set.name);
            let first = &set.tasks[0].name;
            let note = format!("the set starts at `{first}`, and no transitions lead from there to it");
            found.push(here(Diagnostic::warning(never).note(note)));
        }
    }
    found
}

fn unknown_ends(set: &TaskSet, transition: &Transition) -> Vec<Diagnostic> {
    let here = |diagnostic: Diagnostic| at(diagnostic, &transition.declared_at);
    let mut found = Vec::new();
    for name in [&transition.from, &transition.to] {
        if !set.tasks.iter().any(|task| task.name == *name) {
            let names = || set.tasks.iter().map(|task| task.name.as_str());
            let unknown =
                Diagnostic::error(format!("the Markov set `{}` has no task called `{name}`", set.name));
            found.push(here(match nearest(name, names()) {
                Some(near) => unknown.help(format!("did you mean `{near}`?")),
                None => unknown.note(format!("its tasks: {}", names().collect::<Vec<_>>().join(", "))),
            }));
        }
    }
    let leaves = |task: &Task| task.name == transition.from && task.target == Target::Stop;
    if set.tasks.iter().any(leaves) {
        let late = Diagnostic::error("nothing can come after `stop`: it leaves the set");
        found.push(here(late.help("leave this transition out")));
    }
    found
}

/// What a task may have elsewhere, but has no meaning in a Markov set.
fn no_use(set: &TaskSet, task: &Task) -> Option<Diagnostic> {
    let message = |what: &str| format!("task `{}` of the Markov set `{}` has {what}", task.name, set.name);
    if !task.tags.is_empty() {
        let help = "a chain cannot do without one of its tasks; give tags to the whole set";
        return Some(Diagnostic::error(message("tags")).help(help));
    }
    (task.weight.total_cmp(&1.0).is_ne()).then(|| {
        let help = "there the transitions have weights: `.transition(from, to, weight)`";
        Diagnostic::error(message("a weight")).help(help)
    })
}

/// The tasks that the first one leads to, itself included.
fn reached(steps: &[(usize, usize, f64)]) -> BTreeSet<usize> {
    let mut reached = BTreeSet::from([0]);
    let mut open = vec![0];
    while let Some(task) = open.pop() {
        for (_, to, _) in steps.iter().filter(|(from, ..)| *from == task) {
            if reached.insert(*to) {
                open.push(*to);
            }
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::{Chain, TaskOrder, TaskSet, Transition, check};
    use crate::plan::Target;
    use crate::plan::testing::{call, stop};
    use crate::util::{Purpose, stream};
    use proptest::prelude::*;

    fn transition(from: &str, to: &str, weight: f64) -> Transition {
        let declared_at = format!("plan.rhai:{}:5", from.len() + to.len());
        Transition { from: from.to_owned(), to: to.to_owned(), weight, declared_at }
    }

    /// A set of these tasks, `stop` being one that leaves.
    fn set(tasks: &[&str], transitions: &[(&str, &str, f64)]) -> TaskSet {
        let task = |&name: &&str| if name == "stop" { stop(1.0) } else { call(name, 1.0, &[]) };
        let transitions =
            transitions.iter().map(|&(from, to, weight)| transition(from, to, weight)).collect();
        TaskSet {
            name: "M".to_owned(),
            tasks: tasks.iter().map(task).collect(),
            order: TaskOrder::Markov(transitions),
            declared_at: "plan.rhai:1:1".to_owned(),
            ..TaskSet::default()
        }
    }

    fn chain(set: &TaskSet) -> Chain {
        let TaskOrder::Markov(transitions) = &set.order else { unreachable!("it was made so") };
        Chain::new(set, transitions).expect("tasks")
    }

    fn findings(set: &TaskSet) -> String {
        check(set).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn it_starts_at_the_first_task_and_follows_the_transitions() {
        let set =
            set(&["a", "b", "c"], &[("a", "b", 1.0), ("b", "c", 2.0), ("c", "a", 0.5), ("c", "b", 0.0)]);
        let (chain, mut rng, mut position) = (chain(&set), stream(1, 1, Purpose::Schedule), 0);
        let picks: Vec<_> = (0..7).map(|_| chain.next(&mut position, &mut rng).unwrap()).collect();
        assert_eq!(picks, [0, 1, 2, 0, 1, 2, 0]);
        assert_eq!(findings(&set), "");
    }

    #[test]
    fn transitions_are_drawn_by_their_weights_and_shares_say_how_often() {
        let set = set(
            &["a", "b", "stop"],
            &[("a", "a", 1.0), ("a", "b", 3.0), ("b", "a", 1.0), ("b", "stop", 1.0)],
        );
        let (chain, mut rng, mut position) = (chain(&set), stream(1, 1, Purpose::Schedule), 0);
        let leaves = |task: usize| set.tasks[task].target == Target::Stop;
        let mut counts = [0u32; 3];
        for _ in 0..100_000 {
            let next = chain.next(&mut position, &mut rng).unwrap();
            counts[next] += 1;
            if leaves(next) {
                position = 0;
            }
        }
        // a = a/4 + b/2 + stop, b = 3/4 a, stop = b/2.
        let shares = chain.shares(leaves);
        for (share, wanted) in shares.iter().zip([8.0 / 17.0, 6.0 / 17.0, 3.0 / 17.0]) {
            assert!((share - wanted).abs() < 1e-9, "{shares:?}");
        }
        for (count, share) in counts.iter().zip(shares) {
            assert!((f64::from(*count) / 1e5 - share).abs() < 0.01, "{counts:?}");
        }
    }

    #[test]
    fn names_must_be_those_of_tasks() {
        let set = set(
            &["browse", "buy", "stop"],
            &[("brwse", "buy", 1.0), ("browse", "elephant", 1.0), ("stop", "buy", 1.0)],
        );
        insta::assert_snapshot!(findings(&set), @r"
        error: the Markov set `M` has no task called `brwse`
         --> plan.rhai:8:5
          = help: did you mean `browse`?
        error: the Markov set `M` has no task called `elephant`
          --> plan.rhai:14:5
           = note: its tasks: browse, buy, stop
        error: nothing can come after `stop`: it leaves the set
         --> plan.rhai:7:5
          = help: leave this transition out
        ");
    }

    #[test]
    fn every_task_leads_on_and_is_reached() {
        let set =
            set(&["a", "b", "c", "d"], &[("a", "b", 1.0), ("b", "a", 0.0), ("c", "d", 1.0), ("d", "c", 1.0)]);
        insta::assert_snapshot!(findings(&set), @r#"
        error: nothing comes after the task `b` of the Markov set `M`
         --> plan.rhai:1:1
          = help: give it a way out: `.transition("b", "..")`; the task of `.stop()` is called "stop"
        warning: the task `c` of the Markov set `M` is never reached
         --> plan.rhai:1:1
          = note: the set starts at `a`, and no transitions lead from there to it
        warning: the task `d` of the Markov set `M` is never reached
         --> plan.rhai:1:1
          = note: the set starts at `a`, and no transitions lead from there to it
        "#);
    }

    #[test]
    fn tags_weights_and_equal_names_have_no_meaning() {
        let mut set = set(&["a", "b", "c", "a"], &[("a", "b", 1.0)]);
        set.tasks[1].tags = vec!["slow".to_owned()];
        set.tasks[2].weight = 2.0;
        insta::assert_snapshot!(findings(&set), @r"
        error: task `b` of the Markov set `M` has tags
         --> plan.rhai:1:1
          = help: a chain cannot do without one of its tasks; give tags to the whole set
        error: task `c` of the Markov set `M` has a weight
         --> plan.rhai:1:1
          = help: there the transitions have weights: `.transition(from, to, weight)`
        error: two tasks of the Markov set `M` are called `a`
         --> plan.rhai:1:1
          = help: transitions go by names: rename one of them
        ");
    }

    proptest! {
        #[test]
        fn only_transitions_that_exist_are_taken(
            edges in prop::collection::vec((0usize..6, 0usize..6, prop_oneof![Just(0.0), 1e-9..1e9]), 0..30), seed: u64,
        ) {
            let names = ["a", "b", "c", "d", "e", "f"];
            let edges: Vec<_> = edges.iter().map(|&(from, to, weight)| (names[from], names[to], weight)).collect();
            let set = set(&names, &edges);
            let (chain, mut rng, mut position) = (chain(&set), stream(seed, 1, Purpose::Schedule), 0);
            let mut last: Option<usize> = None;
            for _ in 0..50 {
                let Some(next) = chain.next(&mut position, &mut rng) else {
                    let from = names[last.expect("the first task needs no transition")];
                    prop_assert!(!edges.iter().any(|edge| edge.0 == from && edge.2 > 0.0));
                    break;
                };
                match last {
                    None => prop_assert_eq!(next, 0),
                    Some(last) => {
                        let taken = |edge: &(&str, &str, f64)| edge.0 == names[last] && edge.1 == names[next] && edge.2 > 0.0;
                        prop_assert!(edges.iter().any(taken));
                    }
                }
                last = Some(next);
            }
            let shares = chain.shares(|_| false);
            prop_assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-6);
        }
    }
}
