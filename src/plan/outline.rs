//! A plan as readers of results know it: names and shares, without what only the engine needs.

use super::{Plan, Shape, Target, TaskRatio, ratios};
use crate::util::Diagnostic;
use serde::{Deserialize, Serialize};

/// What a run was to do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outline {
    /// The user classes that had users, in the order of declaration.
    pub classes: Vec<ClassOutline>,
    /// The kind of load shape; none where the number of users was given.
    pub shape: Option<String>,
}

/// A user class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassOutline {
    /// Its name.
    pub name: String,
    /// Its own host.
    pub host: Option<String>,
    /// What it is dealt users by; none where they come by arrivals.
    pub weight: Option<f64>,
    /// So many users instead of a weight.
    pub fixed_count: Option<usize>,
    /// The course of its arrivals; none where it is closed.
    pub arrivals: Option<String>,
    /// How long its users wait between tasks; none where they do not.
    pub wait: Option<String>,
    /// Its share of the users, 0 to 1; none for an open class, whose users the server decides about.
    pub share: Option<f64>,
    /// What its users do.
    pub tasks: Vec<TaskOutline>,
}

/// A task, or a task set that is entered as one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskOutline {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: TaskKind,
    /// Its share of what users of the class pick, 0 to 1: the product of the shares on the path to it.
    pub share: f64,
    /// What is in a set.
    pub tasks: Vec<TaskOutline>,
}

/// What a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskKind {
    /// A function.
    Task,
    /// A nested task set.
    Set,
    /// It leaves the set.
    Stop,
}

/// The outline of a plan of so many users.
///
/// # Errors
///
/// Sets that contain themselves, as in [`super::check`].
pub fn outline(plan: &Plan, users: usize) -> Result<Outline, Diagnostic> {
    let ratios = ratios(plan, Some(users))?;
    let classes = ratios.iter().map(|ratio| {
        let class = plan.class(ratio.class);
        let arrivals = plan.arrivals.iter().find(|arrivals| arrivals.class == ratio.class);
        let closed = arrivals.is_none();
        ClassOutline {
            name: class.name.clone(),
            host: class.host.clone(),
            weight: (closed && class.fixed_count.is_none()).then_some(class.weight),
            fixed_count: class.fixed_count.filter(|_| closed),
            arrivals: arrivals.map(ToString::to_string),
            wait: plan.set(class.root).wait.filter(|_| closed).map(|wait| wait.to_string()),
            share: closed.then_some(ratio.of_users),
            tasks: ratio.tasks.iter().map(task).collect(),
        }
    });
    Ok(Outline { classes: classes.collect(), shape: plan.shape.as_ref().map(kind_of) })
}

fn task(ratio: &TaskRatio) -> TaskOutline {
    let (name, kind) = match ratio.target {
        Target::Call(_) => (ratio.name.clone(), TaskKind::Task),
        Target::Enter(_) => (ratio.name.clone(), TaskKind::Set),
        Target::Stop => ("stop".to_owned(), TaskKind::Stop),
    };
    TaskOutline { name, kind, share: ratio.of_class, tasks: ratio.tasks.iter().map(task).collect() }
}

fn kind_of(shape: &Shape) -> String {
    match shape {
        Shape::Stages(stages) => format!("{} stages", stages.len()),
        Shape::Spike { users, peak, .. } => format!("a spike from {users} to {peak} users"),
        Shape::Steps { start, step, count, .. } => format!("{count} steps of {step} users from {start}"),
        Shape::Sine { min, max, .. } => format!("a wave between {min} and {max} users"),
        Shape::Function(_) => "a function of the script".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{TaskKind, outline};
    use crate::plan::testing::{call, enter, stop};
    use crate::plan::{Plan, Wait};

    #[test]
    fn it_says_who_does_what_and_how_often() {
        let mut plan = Plan::default();
        let shop = plan.with_set("Shop", &[], vec![call("buy", 3.0, &[]), stop(1.0)]);
        let root = plan.with_class("Visitor", 3.0, vec![enter("shop", 1.0, shop), call("look", 1.0, &[])]);
        plan.sets[root.0].wait = Some(Wait::Constant(0.5));
        plan.with_class("Admin", 1.0, vec![call("audit", 1.0, &[])]);
        plan.classes[1].fixed_count = Some(2);
        let outline = outline(&plan, 8).expect("no circle");
        let [visitor, admin] = &*outline.classes else { panic!("{outline:?}") };
        assert_eq!((visitor.share, visitor.weight, visitor.fixed_count), (Some(0.75), Some(3.0), None));
        assert_eq!(visitor.wait.as_deref(), Some("wait 0.5 s"));
        assert_eq!((admin.share, admin.weight, admin.fixed_count), (Some(0.25), None, Some(2)));
        let inner = &visitor.tasks[0];
        assert_eq!((inner.kind, inner.share), (TaskKind::Set, 0.5));
        assert_eq!((inner.tasks[1].kind, &*inner.tasks[1].name), (TaskKind::Stop, "stop"));
        assert_eq!(inner.tasks[0].share, 0.375);
    }
}
