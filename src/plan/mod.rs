//! The test plan as plain data, and the pure rules over it. No I/O, no clock, no script.

mod arrivals;
mod check;
mod course;
mod deal;
mod forecast;
mod hooks;
mod looks;
mod markov;
mod model;
mod nesting;
mod once;
mod outline;
mod pick;
mod ramp;
mod ratio;
mod select;
mod settings;
mod shape;
mod tags;
#[cfg(test)]
pub(crate) mod testing;
mod wait;

pub use arrivals::{Arrivals, DEFAULT_MAX_USERS, DueTimes, Stage, portion};
pub use check::check;
pub use course::Course;
pub use deal::Dealer;
pub use forecast::{Forecast, forecast};
pub use hooks::{Event, Hooks};
pub use markov::Chain;
pub use model::{ClassId, FnId, Plan, SetId, Target, Task, TaskOrder, TaskSet, Transition, UserClass, Wait};
pub use nesting::place;
pub use once::{PlannedTask, make_once, once_order, planned_tasks};
pub use outline::{ClassOutline, Outline, TaskKind, TaskOutline, outline};
pub use pick::{Picker, Sequence};
pub use ramp::Ramp;
pub use ratio::{ClassRatio, TaskRatio, ratios};
pub use select::select_classes;
pub use settings::{ScriptOption, Settings};
pub use shape::{Shape, ShapeStage, Spawn, UserTarget};
pub use tags::filter;
pub use wait::{Pacing, seconds};
