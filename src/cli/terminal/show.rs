//! The only place that prints.

use super::screen::{self, To};
use crate::script::Mask;
use crate::util::Diagnostic;
use anstream::adapter::strip_str;
use anstream::{AutoStream, ColorChoice};
use std::borrow::Cow;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether stdout is left to a report for programs.
static STDOUT_IS_LEFT: AtomicBool = AtomicBool::new(false);

/// From now on what people read goes to stderr: stdout belongs to [`output`].
pub(in crate::cli) fn leave_stdout() {
    STDOUT_IS_LEFT.store(true, Ordering::Relaxed);
}

/// Nothing is to be in colours, whatever the terminal can do.
pub(in crate::cli) fn without_colours() {
    ColorChoice::Never.write_global();
}

/// Whether colours are wanted on stdout: it is a terminal that has some, and neither NO_COLOR nor `--no-color` says no; or
/// CLICOLOR_FORCE says yes.
pub(super) fn report_colours() -> bool {
    AutoStream::choice(&std::io::stdout()) != ColorChoice::Never
}

/// The same for stderr.
pub(in crate::cli) fn message_colours() -> bool {
    AutoStream::choice(&std::io::stderr()) != ColorChoice::Never
}

/// The text, without its styles where they are not wanted.
pub(super) fn styled(text: &str, colours: bool) -> Cow<'_, str> {
    if colours { text.into() } else { strip_str(text).to_string().into() }
}

/// Reports: to stdout, with styles where they are wanted.
pub(in crate::cli) fn report(text: &str) {
    let left = STDOUT_IS_LEFT.load(Ordering::Relaxed);
    print(&styled(text, if left { message_colours() } else { report_colours() }));
}

/// What scripts print: to stdout, as it is.
pub(in crate::cli) fn print(text: &str) {
    let end = if text.ends_with('\n') { "" } else { "\n" };
    let to = if STDOUT_IS_LEFT.load(Ordering::Relaxed) { To::Stderr } else { To::Stdout };
    screen::write(to, format!("{text}{end}").as_bytes());
}

/// Something for programs: to stdout, as it is.
///
/// # Errors
///
/// It cannot be written; not that its reader has gone away.
pub(in crate::cli) fn output(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Stdout as a file, for something for programs that grows.
///
/// # Errors
///
/// There is no descriptor left for it.
pub(in crate::cli) fn output_file() -> io::Result<File> {
    Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
}

/// A text of several lines, to stderr, in one piece.
pub(in crate::cli) fn message(text: &str) {
    screen::write(To::Stderr, text.as_bytes());
}

/// Width of the terminal that messages go to; none when they go elsewhere.
pub(in crate::cli) fn message_columns() -> Option<usize> {
    std::io::stderr()
        .is_terminal()
        .then(|| terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0)))
}

/// What no message may show.
static MASK: OnceLock<Mask> = OnceLock::new();

/// From now on messages do not show what `mask` hides.
pub(in crate::cli) fn hide(mask: Mask) {
    // The first one stays: there is one environment.
    let _ = MASK.set(mask);
}

/// Messages to the user: to stderr, each followed by an empty line.
pub(in crate::cli) fn diagnostics(diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        let text = if message_colours() { diagnostic.styled() } else { diagnostic.to_string() };
        message(&format!("{}\n\n", MASK.get().map_or(text.as_str().into(), |mask| mask.apply(&text))));
    }
}

/// Whether stdout is a terminal on which lines can be drawn in place, by its kind as `TERM` names it.
pub(in crate::cli) fn can_draw(kind: Option<&str>) -> bool {
    let is_free = !STDOUT_IS_LEFT.load(Ordering::Relaxed);
    is_free && std::io::stdout().is_terminal() && kind.is_some_and(|kind| !kind.is_empty() && kind != "dumb")
}

/// Width of the terminal that reports go to; none when they go elsewhere.
pub(in crate::cli) fn columns() -> Option<usize> {
    if STDOUT_IS_LEFT.load(Ordering::Relaxed) {
        return message_columns();
    }
    std::io::stdout()
        .is_terminal()
        .then(|| terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0)))
}

/// What clap has to say: help to stdout, mistakes to stderr.
pub(in crate::cli) fn usage(error: &clap::Error) {
    let text = error.render().ansi().to_string();
    if error.use_stderr() {
        message(&styled(&text, message_colours()));
    } else {
        report(&text);
    }
}
