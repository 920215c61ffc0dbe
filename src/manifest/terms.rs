//! When a threshold is judged and how strictly: `window`, `severity`, `min_samples`, `allow_missing`, `abort`.

use super::model::{Severity, Terms};
use super::window::{self, Window};
use super::yaml::{Kind, Node, Source};
use crate::util::{Diagnostic, parse_timespan};
use std::time::Duration;

/// The keys that say so.
pub(super) const KEYS: [&str; 5] = ["window", "severity", "min_samples", "allow_missing", "abort"];

impl Terms {
    /// Sets the term `key`, one of [`KEYS`].
    pub(super) fn set(&mut self, source: Source<'_>, key: &str, value: &Node) -> Result<(), Diagnostic> {
        let wrong = |message: String| source.error(value, message);
        if key == "window" {
            let text = match &value.kind {
                Kind::Map(pairs) => match &pairs[..] {
                    [(name, number)] => {
                        format!("{} {}", name.text().unwrap_or_default(), number.text().unwrap_or_default())
                    }
                    _ => return Err(wrong(format!("a window is one thing; {}", window::EXAMPLES))),
                },
                _ => value.text().unwrap_or_default().to_owned(),
            };
            self.window = Window::parse(&text).map_err(wrong)?;
            return Ok(());
        }
        let text = value.text().ok_or_else(|| wrong(format!("`{key}` takes one value")))?;
        match key {
            "severity" => {
                self.severity = match text {
                    "fail" => Severity::Fail,
                    "warn" => Severity::Warn,
                    _ => return Err(wrong(format!("`{text}` is not a severity; write `fail` or `warn`"))),
                };
            }
            "min_samples" => {
                self.min_samples =
                    text.parse().map_err(|_| wrong(format!("`{text}` is not a number of requests")))?;
            }
            "allow_missing" => self.allow_missing = flag(text).ok_or_else(|| wrong(not_a_flag(text)))?,
            _ => {
                self.abort = match (text.strip_prefix("after "), flag(text)) {
                    (Some(time), _) => Some(parse_timespan(time.trim()).map_err(wrong)?),
                    (None, Some(now)) => now.then_some(Duration::ZERO),
                    (None, None) => {
                        return Err(wrong(format!(
                            "`{text}` does not say when; write `after 10s`, or `true` for at once"
                        )));
                    }
                };
            }
        }
        Ok(())
    }
}

fn flag(text: &str) -> Option<bool> {
    match text {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

fn not_a_flag(text: &str) -> String {
    format!("`{text}` is neither `true` nor `false`")
}
