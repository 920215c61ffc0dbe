//! The log: to stderr, or to a file.

use super::settings::LogSettings;
use crate::util::{Diagnostic, Place};
use std::fs::OpenOptions;
use std::io::IsTerminal;
use std::sync::Mutex;

/// Starts the log.
///
/// # Errors
///
/// When the log file cannot be opened.
pub(super) fn start(settings: &LogSettings) -> Result<(), Diagnostic> {
    let log = tracing_subscriber::fmt().with_target(false).with_max_level(settings.level);
    match &settings.file {
        None => log.with_ansi(std::io::stderr().is_terminal()).with_writer(std::io::stderr).init(),
        Some(path) => {
            let file = OpenOptions::new().create(true).append(true).open(path).map_err(|error| {
                Diagnostic::error(format!("cannot open the log file: {error}"))
                    .at(Place::file(&path.display().to_string()))
                    .help("give `--logfile` a file in a folder that can be written to")
            })?;
            log.with_ansi(false).with_writer(Mutex::new(file)).init();
        }
    }
    Ok(())
}
