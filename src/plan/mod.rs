//! The test plan as plain data, and the pure rules over it. No I/O, no clock, no script.

mod model;

pub use model::{ClassId, FnId, Plan, SetId, Target, Task, TaskSet, UserClass, Wait};
