//! The log: to stderr, or to a file.

use super::settings::LogSettings;
use super::terminal::screen::{self, To};
use super::terminal::show;
use crate::util::{Diagnostic, Place};
use std::fmt;
use std::fs::OpenOptions;
use std::io;
use std::sync::Mutex;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Starts the log.
///
/// # Errors
///
/// When the log file cannot be opened.
pub(super) fn start(settings: &LogSettings) -> Result<(), Diagnostic> {
    let log = tracing_subscriber::fmt().with_target(false).with_max_level(settings.level);
    match &settings.file {
        None => {
            let colours = show::message_colours();
            log.event_format(Line { colours }).with_writer(|| AboveView).init();
        }
        Some(path) => {
            let file = OpenOptions::new().create(true).append(true).open(path).map_err(|error| {
                Diagnostic::error(format!("cannot open the log file: {error}"))
                    .at(Place::file(&path.display().to_string()))
                    .help("give `--logfile` a file in a folder that can be written to")
            })?;
            log.event_format(Line { colours: false }).with_writer(Mutex::new(file)).init();
        }
    }
    Ok(())
}

/// To stderr, above the live view where there is one. Each event comes in one piece.
struct AboveView;

impl io::Write for AboveView {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        screen::write(To::Stderr, line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One line per event, as Locust's: `[2026-11-21 09:00:00.123] INFO: All users spawned`; who speaks is said only where
/// it is a script.
struct Line {
    colours: bool,
}

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let now = jiff::Zoned::now().strftime("%Y-%m-%d %H:%M:%S%.3f");
        let level = *event.metadata().level();
        let colour = match level {
            Level::ERROR => "\x1b[31m",
            Level::WARN => "\x1b[33m",
            Level::INFO => "\x1b[32m",
            _ => "\x1b[2m",
        };
        let (on, off) = if self.colours { (colour, "\x1b[0m") } else { ("", "") };
        let script = if event.metadata().target() == "script" { "/script" } else { "" };
        write!(writer, "[{now}] {on}{level}{off}{script}: ")?;
        context.field_format().format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
}
