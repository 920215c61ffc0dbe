//! What a script declares: user classes, task sets, tasks, weights, tags, waits.

use super::{Arrivals, Hooks, ScriptOption, Settings, Shape};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A script function, as its number in the script room's table. The table is the same on every shard, because every
/// shard runs the same top level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FnId(pub u32);

/// A task set, as its index in [`Plan::sets`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SetId(pub usize);

/// A user class, as its index in [`Plan::classes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ClassId(pub usize);

/// Everything that the scripts declared.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// In the order of declaration; names are unique.
    pub classes: Vec<UserClass>,
    /// Every task set, those at the root of a user class included.
    pub sets: Vec<TaskSet>,
    /// What makes classes open: their users come by arrivals. One per class at most.
    #[serde(default)]
    pub arrivals: Vec<Arrivals>,
    /// How the number of users follows the time; none = as `-u` and `-r` say.
    pub shape: Option<Shape>,
    /// What runs when something happens to the run.
    pub hooks: Hooks,
    /// The script's own defaults for the run.
    pub settings: Option<Settings>,
    /// Options of the scripts, in the order of declaration.
    pub options: Vec<ScriptOption>,
}

/// A kind of user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UserClass {
    /// Unique over all scripts of the run.
    pub name: String,
    /// Share of the users; may be fractional, 0 switches the class off.
    pub weight: f64,
    /// Exactly so many users, dealt before the weighted ones; excluded from the weighting.
    pub fixed_count: Option<usize>,
    /// Host of this class; `--host` wins over it.
    pub host: Option<String>,
    /// The set that holds the class's own tasks, hooks, wait and tags.
    pub root: SetId,
    /// Options of `.http(#{..})`, checked by the script room and not interpreted here: times in seconds, sizes in bytes,
    /// headers and cookies as arrays of `[name, value]`, `auth` as the value of the header.
    pub http: serde_json::Map<String, serde_json::Value>,
    /// `file:line:column` of the declaration.
    pub declared_at: String,
}

/// Tasks that a user picks from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TaskSet {
    /// Its name; the name of its class for a root.
    pub name: String,
    /// In the order of declaration.
    pub tasks: Vec<Task>,
    /// Tags of the set, inherited by everything in it.
    pub tags: Vec<String>,
    /// Wait after each task; without one, the user class's.
    pub wait: Option<Wait>,
    /// Runs every time the set is entered.
    pub on_start: Option<FnId>,
    /// Runs every time the set is left.
    pub on_stop: Option<FnId>,
    /// Which task comes next.
    pub order: TaskOrder,
    /// `file:line:column` of the declaration.
    pub declared_at: String,
}

/// Which task of a set comes next.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum TaskOrder {
    /// One at random by weight, whatever came before.
    #[default]
    Random,
    /// One after the other, each `weight` times in a row, then again from the first.
    Sequential,
    /// The first one declared, and from then on one that the last one leads to, by the weights of these transitions.
    Markov(Vec<Transition>),
}

/// One task of a Markov set may follow on another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transition {
    /// Name of the task that has run.
    pub from: String,
    /// Name of the task that may come next.
    pub to: String,
    /// Chance relative to the other transitions from the same task; 0 = off.
    pub weight: f64,
    /// `file:line:column` of the declaration.
    pub declared_at: String,
}

/// One entry of a task set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Name of the function, or the given one.
    pub name: String,
    /// Chance relative to the set's other tasks; in a sequential set the number of repeats; 0 = off.
    pub weight: f64,
    /// The task's own tags; those of the sets around it are inherited.
    pub tags: Vec<String>,
    /// What happens when it is picked.
    pub target: Target,
}

/// What a task does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// Runs a script function.
    Call(FnId),
    /// Enters a nested task set.
    Enter(SetId),
    /// Leaves the set that holds it; the parent picks at once.
    Stop,
}

/// Think time between two tasks, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Wait {
    /// Uniform in `[low, high)`, drawn anew each time.
    Between {
        /// Lower bound, seconds.
        low: f64,
        /// Upper bound, seconds.
        high: f64,
    },
    /// Always the same.
    Constant(f64),
    /// So that runs start every so many seconds, if the task is faster than that.
    ConstantPacing(f64),
    /// So that so many runs start per second and user, if the task is faster than that.
    ConstantThroughput(f64),
    /// Exponential with mean `1 / rate`.
    Poisson(f64),
    /// A script function that returns seconds.
    Function(FnId),
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Between { low, high } => write!(f, "wait {low} to {high} s"),
            Self::Constant(seconds) => write!(f, "wait {seconds} s"),
            Self::ConstantPacing(seconds) => write!(f, "starts every {seconds} s"),
            Self::ConstantThroughput(rate) => write!(f, "{rate} starts/s"),
            Self::Poisson(rate) => write!(f, "poisson waits, {rate}/s"),
            Self::Function(_) => f.write_str("wait by a function"),
        }
    }
}

impl Plan {
    /// The task set with this number.
    ///
    /// # Panics
    ///
    /// When the number is not of this plan.
    #[must_use]
    pub fn set(&self, id: SetId) -> &TaskSet {
        &self.sets[id.0]
    }

    /// The user class with this number.
    ///
    /// # Panics
    ///
    /// When the number is not of this plan.
    #[must_use]
    pub fn class(&self, id: ClassId) -> &UserClass {
        &self.classes[id.0]
    }

    /// The classes with their numbers, in the order of declaration.
    pub fn classes(&self) -> impl Iterator<Item = (ClassId, &UserClass)> {
        self.classes.iter().enumerate().map(|(index, class)| (ClassId(index), class))
    }
}

impl UserClass {
    /// Whether users of this class can be dealt at all: a weight above 0, or a fixed count above 0.
    #[must_use]
    pub fn has_users(&self) -> bool {
        self.fixed_count.map_or(self.weight > 0.0, |count| count > 0)
    }
}

impl Task {
    /// Whether the task can ever be picked: weight 0 switches it off.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.weight > 0.0
    }
}

impl TaskSet {
    /// The tasks that can be picked, with their positions in [`TaskSet::tasks`].
    pub fn live_tasks(&self) -> impl Iterator<Item = (usize, &Task)> {
        self.tasks.iter().enumerate().filter(|(_, task)| task.is_on())
    }
}
