//! `katydid demo`: the built-in shop, to try scripts on.

use super::settings::DemoSettings;
use super::show;
use crate::demo::DemoServer;
use crate::util::Diagnostic;

/// Serves until it is stopped.
///
/// # Errors
///
/// When the port cannot be used.
pub(super) fn demo(settings: &DemoSettings) -> Result<u8, Vec<Diagnostic>> {
    let server = DemoServer::start(settings.port).map_err(|error| {
        vec![
            Diagnostic::error(format!("cannot listen on port {}: {error}", settings.port))
                .help("choose another with --port, or 0 for any that is free"),
        ]
    })?;
    show::report(&format!(
        "demo server at {}, ledger at {}/_ledger; Ctrl-C stops it",
        server.url(),
        server.url()
    ));
    server.wait();
    Ok(0)
}
