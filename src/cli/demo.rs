//! `katydid demo`: the built-in shop, to try scripts on.

use super::settings::DemoSettings;
use super::terminal::show;
use super::{exit, signals};
use crate::demo::DemoServer;
use crate::util::Diagnostic;

/// The host that means the built-in shop, started for the run.
pub(super) const DEMO: &str = "demo";

/// Serves until a signal comes.
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
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let stopped = runtime.and_then(|runtime| {
        runtime.block_on(async {
            let mut signals = signals::listen()?;
            show::report(&format!(
                "demo server at {url}, ledger at {url}/_ledger; Ctrl-C stops it",
                url = server.url()
            ));
            signals.recv().await;
            Ok(())
        })
    });
    server.stop();
    let signals = |error| vec![Diagnostic::error(format!("cannot listen for signals: {error}"))];
    stopped.map(|()| exit::PASSED).map_err(signals)
}
