//! The only place that prints.

#![expect(clippy::print_stderr, reason = "printing is what this file is for")]

use crate::script::Mask;
use crate::util::Diagnostic;
use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether stdout is left to a report for programs.
static STDOUT_IS_LEFT: AtomicBool = AtomicBool::new(false);

/// From now on what people read goes to stderr: stdout belongs to [`output`].
pub(super) fn leave_stdout() {
    STDOUT_IS_LEFT.store(true, Ordering::Relaxed);
}

/// Reports: to stdout. A reader that has gone away is no error: `katydid .. | head` must end quietly.
pub(super) fn report(text: &str) {
    let end = if text.ends_with('\n') { "" } else { "\n" };
    let text = format!("{text}{end}");
    if STDOUT_IS_LEFT.load(Ordering::Relaxed) {
        message(&text);
    } else {
        let _ = output(text.as_bytes());
    }
}

/// Something for programs, or for whoever reads stdout.
///
/// # Errors
///
/// It cannot be written; not that its reader has gone away.
pub(super) fn output(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
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
    if STDOUT_IS_LEFT.load(Ordering::Relaxed) {
        return message_columns();
    }
    std::io::stdout()
        .is_terminal()
        .then(|| terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0)))
}

/// What clap has to say: help to stdout, mistakes to stderr.
pub(super) fn usage(error: &clap::Error) {
    let _ = error.print();
}
