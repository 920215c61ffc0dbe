//! Ctrl-C and SIGTERM, told to the run; and the signal of a file that may not grow, told to nobody.

use nix::sys::signal::{SigSet, Signal};
use std::io;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// A write beyond the largest size that a file may have (`ulimit -f`) is to be an error like that of a full disk, and not the
/// end of the process. Threads inherit this, so it comes before all others.
pub(super) fn outlive_size_limits() {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGXFSZ);
    // Where it fails, such a write ends the process as it always has.
    let _ = signals.thread_block();
}

/// One message per signal: the first asks for a graceful end, the second for an end at once.
///
/// # Errors
///
/// When the system refuses to tell about signals.
pub(super) fn listen() -> io::Result<UnboundedReceiver<()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let (sender, receiver) = unbounded_channel();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if sender.send(()).is_err() {
                return;
            }
        }
    });
    Ok(receiver)
}
