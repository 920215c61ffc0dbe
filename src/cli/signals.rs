//! Ctrl-C and SIGTERM, told to the run; and Ctrl-Z, which must find the terminal in order.

use super::screen;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

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
