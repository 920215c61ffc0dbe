//! The bounds of script code.

use super::coroutine::Stopped;

/// Bounds that keep one script from taking the process down. Each has an option on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Stack and operations of each run of a script function.
    pub fiber: FiberLimits,
    /// Bytes of a string.
    pub max_string_size: usize,
    /// Elements of an array.
    pub max_array_size: usize,
    /// Properties of a map.
    pub max_map_size: usize,
    /// Nested calls.
    pub max_call_levels: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fiber: FiberLimits { stack_size: 1024 * 1024, max_operations: 50_000_000 },
            max_string_size: 64 * 1024 * 1024,
            max_array_size: 10_000_000,
            max_map_size: 1_000_000,
            max_call_levels: 64,
        }
    }
}

impl Limits {
    /// What it is called when the guard stops a script at one of them.
    pub(in crate::script) fn message_of(&self, stopped: Stopped) -> String {
        match stopped {
            Stopped::OutOfOperations => {
                format!("more than {} operations without a wait", self.fiber.max_operations)
            }
            Stopped::OutOfStack => "calls are nested too deeply for the stack".to_owned(),
            Stopped::Cut => "the run has ended".to_owned(),
        }
    }
}

/// Bounds of one fiber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FiberLimits {
    /// Bytes of stack; only the pages that are used count against memory.
    pub stack_size: usize,
    /// Operations of the interpreter since the script last waited.
    pub max_operations: u64,
}
