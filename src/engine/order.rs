//! In which order the tasks of a set come.

use crate::plan::{Picker, Sequence, TaskSet};
use crate::util::Stream;

/// How a set picks its next task.
pub(super) enum Order {
    /// By weight, each pick independent.
    Random(Picker),
    /// In the order of declaration, each as often as its weight says.
    Sequential(Sequence),
    /// Nothing can be picked.
    Empty,
}

impl Order {
    pub(super) fn new(set: &TaskSet) -> Self {
        if set.sequential {
            Sequence::new(set).map_or(Self::Empty, Self::Sequential)
        } else {
            Picker::new(set).map_or(Self::Empty, Self::Random)
        }
    }

    /// Index of the next task; `position` counts the picks of a user in a sequential set.
    pub(super) fn next(&self, position: &mut u64, stream: &mut Stream) -> Option<usize> {
        match self {
            Self::Random(picker) => Some(picker.pick(stream)),
            Self::Sequential(sequence) => Some(sequence.next(position)),
            Self::Empty => None,
        }
    }
}
