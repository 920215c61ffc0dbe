//! Load shapes: how many users there are to be as the run goes on.

use super::{ClassId, FnId};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How many users there are to be, from now on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UserTarget {
    /// Users at the end of the ramp.
    pub users: usize,
    /// Users started or stopped per second on the way there.
    pub spawn_rate: f64,
    /// Only users of these classes are added; none = of all. Ramps down do not ask for the class.
    pub classes: Option<Vec<ClassId>>,
}

/// A load shape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Shape {
    /// A script function, asked once a second.
    Function(FnId),
}

impl Shape {
    /// The target at this time of the run: none = only the script can say; `Some(None)` = the run is to end.
    #[must_use]
    pub fn target_at(&self, _at: Duration) -> Option<Option<UserTarget>> {
        match self {
            Self::Function(_) => None,
        }
    }
}
