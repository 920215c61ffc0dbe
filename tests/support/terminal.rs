//! A command on a terminal: what it writes, and what a reader of the terminal sees of it.

use super::{Katydid, PATIENCE};
use nix::pty::{Winsize, openpty};
use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A command that runs on a terminal of its own.
pub struct OnTerminal {
    child: Child,
    /// The command's side, kept open so that nothing that was written is lost.
    side: Option<OwnedFd>,
    written: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
    /// Columns and rows, and what had been written when the terminal got them.
    sizes: Vec<(u16, u16, usize)>,
    _folder: tempfile::TempDir,
}

/// What a terminal has shown.
pub struct Shown {
    pub code: Option<i32>,
    /// Everything, escapes included.
    pub written: String,
    /// The rows of the terminal from top to bottom, without empty ones at the end.
    pub rows: Vec<String>,
    pub cursor_is_hidden: bool,
}

impl Katydid {
    /// Starts the command on a terminal of this size.
    pub fn on_terminal(self, columns: u16, rows: u16) -> OnTerminal {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let terminal = openpty(Some(&size), None).expect("a terminal");
        let side = || Stdio::from(terminal.slave.try_clone().expect("a descriptor"));
        let mut command = if self.environment.contains_key("TERM") {
            self.command()
        } else {
            let mut command = self.command();
            command.env("TERM", "xterm-256color");
            command
        };
        let child = command.stdin(side()).stdout(side()).stderr(side()).spawn().expect("the binary starts");
        let written = Arc::<Mutex<Vec<u8>>>::default();
        let kept = written.clone();
        let mut master = File::from(terminal.master);
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // When nobody has the other side any more, reading is an error.
            while let Ok(count @ 1..) = master.read(&mut buffer) {
                kept.lock().expect("not poisoned").extend_from_slice(&buffer[..count]);
            }
        });
        OnTerminal {
            child,
            side: Some(terminal.slave),
            written,
            reader: Some(reader),
            sizes: vec![(columns, rows, 0)],
            _folder: self.folder,
        }
    }
}

impl OnTerminal {
    /// Sends a signal by its name as `kill` knows it.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args([format!("-{name}"), self.child.id().to_string()]).status();
        assert!(status.expect("kill runs").success());
    }

    /// Gives the terminal another size.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        let side = self.side.as_ref().expect("it runs").try_clone().expect("a descriptor");
        let words = ["rows".to_owned(), rows.to_string(), "cols".to_owned(), columns.to_string()];
        let status = Command::new("stty").args(words).stdin(Stdio::from(side)).status();
        assert!(status.expect("stty runs").success());
        self.sizes.push((columns, rows, self.written.lock().expect("not poisoned").len()));
    }

    /// What is on the terminal now.
    pub fn shown(&self, code: Option<i32>) -> Shown {
        let written = self.written.lock().expect("not poisoned").clone();
        let of = |size: u16| size.try_into().expect("a terminal has a size");
        let (columns, rows, _) = self.sizes[0];
        let mut terminal = vt100::Parser::new(of(rows), of(columns), 0);
        let mut done = 0;
        for (columns, rows, at) in &self.sizes[1..] {
            terminal.process(&written[done..*at]);
            terminal.screen_mut().set_size(of(*rows), of(*columns));
            done = *at;
        }
        terminal.process(&written[done..]);
        let screen = terminal.screen();
        let rows = screen.contents().lines().map(|row| row.trim_end().to_owned()).collect();
        let written = String::from_utf8_lossy(&written).into_owned();
        Shown { code, written, rows, cursor_is_hidden: screen.hide_cursor() }
    }

    /// Waits until `condition` holds for what is on the terminal.
    #[track_caller]
    pub fn until(&self, condition: impl Fn(&Shown) -> bool) -> Shown {
        let begun = Instant::now();
        loop {
            let shown = self.shown(None);
            if condition(&shown) {
                return shown;
            }
            assert!(begun.elapsed() < PATIENCE, "it never came:\n{}", shown.text());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits for the end.
    #[track_caller]
    pub fn finish(mut self) -> Shown {
        let begun = Instant::now();
        let status: ExitStatus = loop {
            if let Some(status) = self.child.try_wait().expect("the child is ours") {
                break status;
            }
            if begun.elapsed() > PATIENCE {
                let _ = self.child.kill();
                panic!("the command did not end:\n{}", self.shown(None).text());
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        self.side = None;
        self.reader.take().expect("one reader").join().expect("it does not panic");
        self.shown(status.code())
    }
}

impl Shown {
    /// The rows, one below the other.
    pub fn text(&self) -> String {
        self.rows.join("\n")
    }

    /// Whether the live view is on the terminal: nothing else draws these.
    pub fn has_view(&self) -> bool {
        self.rows.iter().any(|row| row.starts_with("requests  "))
    }

    /// Escapes that change colours or the like.
    pub fn has_styles(&self) -> bool {
        self.written
            .split("\u{1b}[")
            .skip(1)
            .any(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m'))
    }
}
