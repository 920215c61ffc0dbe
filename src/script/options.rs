//! The keys that option maps may have: one list for the check of the source and for the reading at run time.

/// Options of one request: `user.get(url, #{ .. })` and its sisters.
pub(super) const REQUEST_OPTIONS: &[&str] = &[
    "allow_redirects",
    "auth",
    "body",
    "cookies",
    "form",
    "headers",
    "json",
    "name",
    "params",
    "path",
    "timeout",
];

/// Options of one task: `.task(f, #{ .. })`.
pub(super) const TASK_OPTIONS: &[&str] = &["weight", "tags", "name"];

/// The methods that send one request, with the place of their options, not counting the receiver.
pub(super) const REQUEST_METHODS: &[(&str, usize)] = &[
    ("get", 1),
    ("post", 1),
    ("put", 1),
    ("patch", 1),
    ("delete", 1),
    ("head", 1),
    ("options", 1),
    ("request", 2),
];

/// One stage of `stages([..])`.
pub(super) const STAGE_KEYS: &[&str] = &["duration", "users", "spawn_rate", "user_classes"];

/// `spike(#{ .. })`.
pub(super) const SPIKE_KEYS: &[&str] =
    &["users", "peak", "before", "hold", "after", "spawn_rate", "user_classes"];

/// `steps(#{ .. })`.
pub(super) const STEPS_KEYS: &[&str] = &["start", "step", "every", "count", "spawn_rate", "user_classes"];

/// `sine(#{ .. })`.
pub(super) const SINE_KEYS: &[&str] = &["min", "max", "period", "duration", "spawn_rate", "user_classes"];

/// What a function given to `load_shape(..)` may return.
pub(super) const TARGET_KEYS: &[&str] = &["users", "spawn_rate", "user_classes"];
