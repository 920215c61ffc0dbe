//! In which order the tasks of a set come.

use crate::plan::{Chain, Picker, Sequence, TaskOrder, TaskSet, once_order};
use crate::util::Stream;

/// How a set picks its next task.
pub(super) enum Order {
    /// By weight, each pick independent.
    Random(Picker),
    /// In the order of declaration, each as often as its weight says.
    Sequential(Sequence),
    /// By the transitions from the task that ran last.
    Markov(Chain),
    /// Each once, in the order of declaration; then nothing.
    Once(Vec<usize>),
    /// Nothing can be picked.
    Empty,
}

impl Order {
    pub(super) fn new(set: &TaskSet) -> Self {
        match &set.order {
            TaskOrder::Random => Picker::new(set).map_or(Self::Empty, Self::Random),
            TaskOrder::Sequential => Sequence::new(set).map_or(Self::Empty, Self::Sequential),
            TaskOrder::Markov(transitions) => Chain::new(set, transitions).map_or(Self::Empty, Self::Markov),
        }
    }

    /// Each task of the set once.
    pub(super) fn once(set: &TaskSet) -> Self {
        Self::Once(once_order(set))
    }

    /// Whether every task is to run once.
    pub(super) fn is_once(&self) -> bool {
        matches!(self, Self::Once(_))
    }

    /// Index of the next task; `position` is where the user is in the set, 0 when it is entered.
    pub(super) fn next(&self, position: &mut u64, stream: &mut Stream) -> Option<usize> {
        match self {
            Self::Random(picker) => Some(picker.pick(stream)),
            Self::Sequential(sequence) => Some(sequence.next(position)),
            Self::Markov(chain) => chain.next(position, stream),
            Self::Once(tasks) => {
                let index = tasks.get(usize::try_from(*position).unwrap_or(usize::MAX)).copied();
                *position += 1;
                index
            }
            Self::Empty => None,
        }
    }
}
