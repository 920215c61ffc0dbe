//! The keys that option maps may have: one list for the check of the source and for the reading at run time.

/// Options of one request: `user.get(url, #{ .. })` and its sisters.
pub(super) const REQUEST_OPTIONS: &[&str] = &[
    "allow_redirects",
    "auth",
    "body",
    "cert",
    "context",
    "cookies",
    "form",
    "headers",
    "json",
    "keep_body",
    "key",
    "multipart",
    "name",
    "params",
    "path",
    "tags",
    "timeout",
    "verify",
];

/// What `user.stream(..)` understands besides them.
pub(super) const STREAM_KEYS: &[&str] = &["as"];

/// What `as` of a stream may be.
pub(super) const STREAM_CUTS: &[&str] = &["events", "lines", "bytes"];

/// Options of the clients of a user class: `.http(#{ .. })`.
pub(super) const CLASS_OPTIONS: &[(&str, ClassOption)] = &[
    ("allow_redirects", ClassOption::Switch),
    ("auth", ClassOption::Auth),
    ("ca", ClassOption::File),
    ("cert", ClassOption::File),
    ("connect_timeout", ClassOption::Time),
    ("cookies", ClassOption::Cookies),
    ("headers", ClassOption::Headers),
    ("http_version", ClassOption::HttpVersion),
    ("keep_alive", ClassOption::Switch),
    ("keep_body", ClassOption::Switch),
    ("key", ClassOption::File),
    ("max_body", ClassOption::Size),
    ("max_connections", ClassOption::Positive),
    ("max_idle_connections", ClassOption::Positive),
    ("max_redirects", ClassOption::Count),
    ("no_proxy", ClassOption::Hosts),
    ("proxy", ClassOption::Proxy),
    ("timeout", ClassOption::Time),
    ("tls_min", ClassOption::TlsVersion),
    ("tls_resumption", ClassOption::Switch),
    ("verify", ClassOption::Switch),
];

/// What an option of a class takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClassOption {
    /// `true` or `false`.
    Switch,
    /// A duration.
    Time,
    /// A whole number of at least 0.
    Count,
    /// A whole number of at least 1.
    Positive,
    /// Bytes: a number, or text with a unit.
    Size,
    /// The url of a proxy.
    Proxy,
    /// Hosts that are reached without one: text with commas, or an array.
    Hosts,
    /// `"auto"`, `"1.1"` or `"2"`.
    HttpVersion,
    /// `"1.2"` or `"1.3"`.
    TlsVersion,
    /// A file to read, from the main script's folder.
    File,
    /// A map or an array of pairs.
    Headers,
    /// What the option `auth` of a request takes.
    Auth,
    /// A map or an array of pairs.
    Cookies,
}

/// The names of [`CLASS_OPTIONS`].
pub(super) fn class_option_names() -> impl Iterator<Item = &'static str> {
    CLASS_OPTIONS.iter().map(|(name, _)| *name)
}

/// What a map in `multipart: #{ field: #{ .. } }` may say.
pub(super) const PART_OPTIONS: &[&str] = &["data", "name", "path", "type"];

/// What the map of `body: #{ .. }` may say.
pub(super) const BODY_FILE_OPTIONS: &[&str] = &["path", "type"];

/// What an entry of `user.batch([..])` says besides the options of its request.
pub(super) const BATCH_KEYS: &[&str] = &["method", "url"];

/// Options of `user.record(type, name, #{ .. })`.
pub(super) const RECORD_OPTIONS: &[&str] = &["time_ms", "length", "error"];

/// Options of one task: `.task(f, #{ .. })`.
pub(super) const TASK_OPTIONS: &[&str] = &["weight", "tags", "name"];

/// What `settings(#{ .. })` may set.
pub(super) const SETTINGS: &[&str] = &["host", "manifest", "run_time", "spawn_rate", "stop_timeout", "users"];

/// What the map of `option(name, default, #{ .. })` may say.
pub(super) const OPTION_KEYS: &[&str] = &["choices", "help", "secret"];

/// Options of `arrivals(#{ .. })`.
pub(super) const ARRIVALS_OPTIONS: &[&str] =
    &["user_class", "rate", "per", "duration", "stages", "poisson", "start_users", "max_users"];

/// Options of one of its stages.
pub(super) const STAGE_OPTIONS: &[&str] = &["duration", "rate"];

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
