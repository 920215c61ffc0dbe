//! The only place that prints.

#![expect(clippy::print_stderr, reason = "printing is what this file is for")]

use crate::script::Mask;
use crate::util::Diagnostic;
use std::io::{IsTerminal, Write};
use std::sync::OnceLock;

/// Reports: to stdout. A reader that has gone away is no error: `katydid .. | head` must end quietly.
pub(super) fn report(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    if !text.ends_with('\n') {
        let _ = out.write_all(b"\n");
    }
    let _ = out.flush();
}

/// A text of several lines, to stderr, in one piece.
pub(super) fn message(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// Width of the terminal that messages go to; none when they go elsewhere.
pub(super) fn message_columns() -> Option<usize> {
    std::io::stderr()
        .is_terminal()
        .then(|| terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0)))
}

/// What no message may show.
static MASK: OnceLock<Mask> = OnceLock::new();

/// From now on messages do not show what `mask` hides.
pub(super) fn hide(mask: Mask) {
    // The first one stays: there is one environment.
    let _ = MASK.set(mask);
}

/// Messages to the user: to stderr, each followed by an empty line.
pub(super) fn diagnostics(diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        let text = diagnostic.to_string();
        eprintln!("{}\n", MASK.get().map_or(text.as_str().into(), |mask| mask.apply(&text)));
    }
}

/// Width of the terminal that reports go to; none when they go elsewhere.
pub(super) fn columns() -> Option<usize> {
    std::io::stdout()
        .is_terminal()
        .then(|| terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0)))
}

/// What clap has to say: help to stdout, mistakes to stderr.
pub(super) fn usage(error: &clap::Error) {
    let _ = error.print();
}
