//! Which share of the picks goes to each task: Locust's task ratio, as a tree.

use super::pick::repeats;
use super::{Chain, ClassId, Plan, SetId, Target, Task, TaskOrder, TaskSet, nesting};
use crate::util::Diagnostic;

/// A user class with its share of the users.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassRatio {
    /// Which class.
    pub class: ClassId,
    /// Its share of all users, 0 to 1.
    pub of_users: f64,
    /// Its tasks that can be picked, in the order of declaration.
    pub tasks: Vec<TaskRatio>,
}

/// A task with its share of the picks.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskRatio {
    /// The name of the task.
    pub name: String,
    /// What it does.
    pub target: Target,
    /// Its share among the tasks of its set, 0 to 1.
    pub of_set: f64,
    /// The product of the shares on the path from the class, without the class's own.
    pub of_class: f64,
    /// The same with the class's share of the users.
    pub of_total: f64,
    /// The tasks of the set that it enters.
    pub tasks: Vec<TaskRatio>,
}

/// The ratios of every class that has users, in the order of declaration.
///
/// With `users` given, fixed counts are taken off it first and the weights share the rest. Without, fixed counts cannot
/// be compared with weights: then the weighted classes share all users, and the fixed ones only if there are no others. An open class has no share:
/// how many users it has is for the server to say.
///
/// # Errors
///
/// Sets that contain themselves, as in [`super::check`].
pub fn ratios(plan: &Plan, users: Option<usize>) -> Result<Vec<ClassRatio>, Diagnostic> {
    nesting::ends(plan)?;
    let shares = class_shares(plan, users);
    let of_class = |(id, share): (ClassId, f64)| {
        let root = plan.class(id).root;
        ClassRatio { class: id, of_users: share, tasks: tasks(plan, root, 1.0, share) }
    };
    Ok(shares.into_iter().map(of_class).collect())
}

fn class_shares(plan: &Plan, users: Option<usize>) -> Vec<(ClassId, f64)> {
    let live = || plan.classes().filter(|(id, class)| class.has_users() && !plan.is_open(*id));
    let fixed: usize = live().filter_map(|(_, class)| class.fixed_count).sum();
    let weights: f64 =
        live().filter(|(_, class)| class.fixed_count.is_none()).map(|(_, class)| class.weight).sum();
    let fixed_part = match users {
        // As long as there are fewer users than fixed counts, these share all.
        Some(users) if users > fixed && weights > 0.0 => as_f64(fixed) / as_f64(users),
        None if weights > 0.0 => 0.0,
        _ if fixed > 0 => 1.0,
        _ => 0.0,
    };
    let share = |(id, class): (ClassId, &super::UserClass)| match class.fixed_count {
        Some(count) => (id, fixed_part * as_f64(count) / as_f64(fixed)),
        None => (id, (1.0 - fixed_part) * class.weight / weights),
    };
    let open = plan.classes().filter(|(id, _)| plan.is_open(*id)).map(|(id, _)| (id, 0.0));
    let mut shares: Vec<_> = live().map(share).chain(open).collect();
    shares.sort_unstable_by_key(|(id, _)| id.0);
    shares
}

fn tasks(plan: &Plan, id: SetId, of_class: f64, of_total: f64) -> Vec<TaskRatio> {
    let set = plan.set(id);
    let runs = runs(set);
    let sum: f64 = set.live_tasks().map(|(index, _)| runs[index]).sum();
    let ratio = |(index, task): (usize, &Task)| {
        let of_set = runs[index] / sum;
        let (of_class, of_total) = (of_class * of_set, of_total * of_set);
        let tasks = match task.target {
            Target::Enter(inner) => tasks(plan, inner, of_class, of_total),
            Target::Call(_) | Target::Stop => Vec::new(),
        };
        TaskRatio { name: task.name.clone(), target: task.target, of_set, of_class, of_total, tasks }
    };
    set.live_tasks().map(ratio).collect()
}

/// What each task counts in its set: its weight, its repeats in a sequence, or its share in the long run of a chain.
fn runs(set: &TaskSet) -> Vec<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a share of so many repeats needs no more digits")]
    let repeats = |task: &Task| repeats(task.weight) as f64;
    match &set.order {
        TaskOrder::Random => set.tasks.iter().map(|task| task.weight).collect(),
        TaskOrder::Sequential => set.tasks.iter().map(repeats).collect(),
        TaskOrder::Markov(transitions) => Chain::new(set, transitions)
            .map(|chain| chain.shares(|index| set.tasks[index].target == Target::Stop))
            .unwrap_or_default(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "user counts are far below 2^53")]
fn as_f64(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::{Plan, TaskRatio, ratios};
    use crate::plan::testing::{call, enter, stop};

    fn class_shares(weights: &[(&str, f64)], users: Option<usize>) -> Vec<f64> {
        let ratios = ratios(&Plan::of_weights(weights), users).expect("no circle");
        ratios.iter().map(|ratio| ratio.of_users).collect()
    }

    #[test]
    fn classes_share_the_users_by_weight() {
        assert_eq!(class_shares(&[("A", 1.0), ("B", 3.0), ("Off", 0.0)], None), [0.25, 0.75]);
        assert_eq!(class_shares(&[("A", 1.0), ("B", 3.0)], Some(1)), [0.25, 0.75]);
    }

    #[test]
    fn fixed_counts_come_off_first() {
        let classes = [("F", -2.0), ("A", 1.0), ("B", 3.0)];
        assert_eq!(class_shares(&classes, Some(8)), [0.25, 0.1875, 0.5625]);
        assert_eq!(class_shares(&classes, Some(1)), [1.0, 0.0, 0.0]);
        assert_eq!(class_shares(&classes, None), [0.0, 0.25, 0.75]);
        assert_eq!(class_shares(&[("F", -2.0), ("G", -6.0)], None), [0.25, 0.75]);
        assert_eq!(class_shares(&[("F", -2.0), ("G", -6.0)], Some(100)), [0.25, 0.75]);
    }

    fn flat(tasks: &[TaskRatio], out: &mut Vec<(String, f64, f64, f64)>) {
        for task in tasks {
            out.push((task.name.clone(), task.of_set, task.of_class, task.of_total));
            flat(&task.tasks, out);
        }
    }

    #[test]
    fn nested_sets_multiply_along_the_path() {
        let mut plan = Plan::default();
        let shop = plan.with_set(
            "Shop",
            &[],
            vec![call("a", 2.0, &[]), call("b", 1.0, &[]), call("off", 0.0, &[]), stop(1.0)],
        );
        plan.with_class("U", 1.0, vec![enter("shop", 3.0, shop), call("c", 1.0, &[])]);
        plan.with_class("V", 1.0, vec![enter("shop", 1.0, shop)]);
        let ratios = ratios(&plan, None).expect("no circle");
        let mut found = Vec::new();
        flat(&ratios[0].tasks, &mut found);
        let row = |name: &str, of_set, of_class, of_total| (name.to_owned(), of_set, of_class, of_total);
        assert_eq!(
            found,
            [
                row("shop", 0.75, 0.75, 0.375),
                row("a", 0.5, 0.375, 0.1875),
                row("b", 0.25, 0.1875, 0.09375),
                row("stop", 0.25, 0.1875, 0.09375),
                row("c", 0.25, 0.25, 0.125),
            ]
        );
    }

    #[test]
    fn a_sequence_counts_repeats() {
        let mut plan = Plan::default();
        let root = plan.with_class("U", 1.0, vec![call("a", 1.0, &[]), call("b", 3.0, &[])]);
        plan.sets[root.0].order = crate::plan::TaskOrder::Sequential;
        let ratios = ratios(&plan, None).expect("no circle");
        assert_eq!(ratios[0].tasks[1].of_set, 0.75);
    }
}
