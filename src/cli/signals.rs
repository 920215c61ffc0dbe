//! Ctrl-C and SIGTERM, told to the run; Ctrl-Z, which must find the terminal in order; and the signal of a file that may not
//! grow, told to nobody.

use super::terminal::screen;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::Pid;
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
    let mut pause = signal(SignalKind::from_raw(Signal::SIGTSTP as i32))?;
    let (sender, receiver) = unbounded_channel();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = pause.recv() => {
                    // The view comes back by itself when the run goes on.
                    screen::give_way();
                    let _ = kill(Pid::this(), Signal::SIGSTOP);
                    continue;
                }
            }
            if sender.send(()).is_err() {
                return;
            }
        }
    });
    Ok(receiver)
}
