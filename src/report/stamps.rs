//! Points in time, as files have them.

use jiff::Timestamp;

/// `2026-11-21T08:00:00Z`: whole seconds.
pub(super) fn utc(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
