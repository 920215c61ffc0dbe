//! Small plans for the tests of this room and of those that print plans.

use super::{FnId, Plan, SetId, Target, Task, TaskSet, UserClass};

/// A task that calls a function; the function's number is of no matter here.
pub(crate) fn call(name: &str, weight: f64, tags: &[&str]) -> Task {
    task(name, weight, tags, Target::Call(FnId(0)))
}

/// A task that enters `set`.
pub(crate) fn enter(name: &str, weight: f64, set: SetId) -> Task {
    task(name, weight, &[], Target::Enter(set))
}

/// A task that leaves its set.
pub(crate) fn stop(weight: f64) -> Task {
    task("stop", weight, &[], Target::Stop)
}

fn task(name: &str, weight: f64, tags: &[&str], target: Target) -> Task {
    Task { name: name.to_owned(), weight, tags: owned(tags), target }
}

fn owned(tags: &[&str]) -> Vec<String> {
    tags.iter().map(|&tag| tag.to_owned()).collect()
}

impl Plan {
    /// Adds a set.
    pub(crate) fn with_set(&mut self, name: &str, tags: &[&str], tasks: Vec<Task>) -> SetId {
        let line = self.sets.len() + 1;
        self.sets.push(TaskSet {
            name: name.to_owned(),
            tasks,
            tags: owned(tags),
            declared_at: format!("plan.rhai:{line}:1"),
            ..TaskSet::default()
        });
        SetId(self.sets.len() - 1)
    }

    /// Adds a user class of `weight` with a root set that holds `tasks`.
    pub(crate) fn with_class(&mut self, name: &str, weight: f64, tasks: Vec<Task>) -> SetId {
        let root = self.with_set(name, &[], tasks);
        self.classes.push(UserClass {
            name: name.to_owned(),
            weight,
            fixed_count: None,
            host: None,
            root,
            http: serde_json::Map::new(),
            declared_at: self.set(root).declared_at.clone(),
        });
        root
    }

    /// Classes of these weights, each with one task; a negative weight is a fixed count.
    pub(crate) fn of_weights(weights: &[(&str, f64)]) -> Self {
        let mut plan = Self::default();
        for &(name, weight) in weights {
            plan.with_class(name, weight.max(0.0), vec![call("t", 1.0, &[])]);
            if weight < 0.0 {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "small test numbers"
                )]
                let count = -weight as usize;
                plan.classes.last_mut().expect("just added").fixed_count = Some(count);
            }
        }
        plan
    }
}
