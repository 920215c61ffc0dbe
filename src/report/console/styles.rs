//! The styles of the console: few, and only where a colour says something.
//!
//! What this room writes has its styles in it, as escapes; who prints it takes them out where they are not wanted.

use anstyle::{AnsiColor, Style};

/// What went well.
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
/// What did not.
pub(super) const BAD: Style = AnsiColor::Red.on_default();
/// What should be looked at.
pub(super) const WARN: Style = AnsiColor::Yellow.on_default();
/// What is looked for.
pub(super) const BOLD: Style = Style::new().bold();
/// What is only there to explain the rest.
pub(super) const DIM: Style = Style::new().dimmed();
/// Rates in charts.
pub(super) const RATE: Style = AnsiColor::Cyan.on_default();
/// Times in charts.
pub(super) const TIMES: Style = AnsiColor::Magenta.on_default();
