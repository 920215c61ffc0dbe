//! Every task once: what that makes of a plan, and which tasks there are.

use super::{Plan, SetId, Target, TaskOrder, TaskSet, UserClass};

/// Makes of a plan one in which each class that is on has one user, and nobody waits: what load there is to be, and when,
/// does not matter. Which tasks run, and in which order, is not the plan's to say then: see [`once_order`].
pub fn make_once(plan: &mut Plan) {
    let open: Vec<_> = plan.classes().map(|(id, _)| plan.is_open(id)).collect();
    plan.arrivals.clear();
    plan.shape = None;
    for (class, open) in plan.classes.iter_mut().zip(open) {
        let on = open || class.has_users();
        class.fixed_count = Some(usize::from(on));
        class.weight = 0.0;
    }
    plan.sets.iter_mut().for_each(|set| set.wait = None);
}

/// The positions of the tasks of a set that run once, in the order of declaration. Those that leave the set are not among
/// them: it is left when all others have run.
#[must_use]
pub fn once_order(set: &TaskSet) -> Vec<usize> {
    let tasks = set.tasks.iter().enumerate();
    let live = tasks.filter(|(_, task)| task.target != Target::Stop && runs(set, task.weight));
    live.map(|(index, _)| index).collect()
}

/// In a Markov set the transitions decide, not weights.
fn runs(set: &TaskSet, weight: f64) -> bool {
    weight > 0.0 || matches!(set.order, TaskOrder::Markov(_))
}

/// A task function in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedTask {
    /// The class, the sets that it is in and its own name, joined by `/`.
    pub path: String,
    /// The class.
    pub class: String,
    /// Why it never runs, if it never does.
    pub off: Option<&'static str>,
}

/// Every task function of every class, in the order of declaration; one in several places is there several times. Sets
/// that contain themselves must have been refused before.
#[must_use]
pub fn planned_tasks(plan: &Plan) -> Vec<PlannedTask> {
    let mut found = Vec::new();
    for (id, class) in plan.classes() {
        let off = (!plan.is_open(id) && !class.has_users()).then_some("its class is off");
        collect(plan, class, class.root, &mut class.name.clone(), off, &mut found);
    }
    found
}

fn collect(
    plan: &Plan,
    class: &UserClass,
    set: SetId,
    path: &mut String,
    off: Option<&'static str>,
    found: &mut Vec<PlannedTask>,
) {
    let set = plan.set(set);
    for task in &set.tasks {
        let off = off.or_else(|| (!runs(set, task.weight)).then_some("weight 0"));
        let length = path.len();
        path.push('/');
        match task.target {
            Target::Stop => {}
            Target::Call(_) => {
                path.push_str(&task.name);
                found.push(PlannedTask { path: path.clone(), class: class.name.clone(), off });
            }
            Target::Enter(inner) => {
                path.push_str(&plan.set(inner).name);
                collect(plan, class, inner, path, off, found);
            }
        }
        path.truncate(length);
    }
}
