//! The keys that option maps may have: one list for the check of the source and for the reading at run time.

/// Options of one request: `user.get(url, #{ .. })` and its sisters.
pub(super) const REQUEST_OPTIONS: &[&str] = &[
    "allow_redirects",
    "auth",
    "body",
    "cert",
    "cookies",
    "form",
    "headers",
    "json",
    "keep_body",
    "multipart",
    "name",
    "params",
    "path",
    "tags",
    "timeout",
    "verify",
];
