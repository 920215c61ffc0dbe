//! What `--debug-http` and `--once` show of users while they run, and what `--once` notes down.

use super::exchange_text::{Paint, request_text};
use crate::cli::terminal::show;
use crate::engine::{DebugView, Watched};
use crate::http::{Response, Transcript};
use crate::script::{Exception, TaskEnd, World};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Rulers are no longer than this.
const WIDEST: usize = 100;

/// What set-up and tear-down are called.
const OUTSIDE: &str = "hooks";

/// What came of one run of a function.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct Noted {
    /// The class, the sets and the function, joined by `/`.
    pub(in crate::cli) function: String,
    /// Requests, and the like, whose verdict fell in it.
    pub(in crate::cli) requests: u64,
    /// Why requests failed, and what was thrown.
    pub(in crate::cli) failures: Vec<String>,
    /// How it ended, if that is worth a word.
    pub(in crate::cli) remark: Option<&'static str>,
    pub(in crate::cli) took: Duration,
}

/// Looks at users, and shows what they do where it is told to.
pub(in crate::cli) struct View {
    world: Arc<World>,
    paint: Paint,
    width: usize,
    /// Whether anything is shown.
    talks: bool,
    /// By user: what runs now.
    running: Mutex<BTreeMap<u64, Noted>>,
    /// What has ended.
    notes: Mutex<Vec<Noted>>,
    /// Whether anything is noted down.
    keeps: bool,
}

impl View {
    /// A view that masks what `world` knows to be secret. `talks` says whether it shows what it sees, `keeps` whether it
    /// notes it down.
    pub(in crate::cli) fn new(world: Arc<World>, talks: bool, keeps: bool) -> Self {
        let columns = show::message_columns();
        Self {
            world,
            paint: Paint { colours: show::message_colours() },
            width: columns.unwrap_or(80).min(WIDEST),
            talks,
            running: Mutex::default(),
            notes: Mutex::default(),
            keeps,
        }
    }

    /// What was noted down, in the order in which it ended.
    pub(in crate::cli) fn notes(&self) -> Vec<Noted> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        let outside = running.values().filter(|noted| noted.function == OUTSIDE && noted.requests > 0);
        outside.chain(ended.iter()).cloned().collect()
    }

    fn say(&self, text: &str) {
        if self.talks {
            show::message(&self.world.mask(text));
        }
    }

    fn title(&self, user: &Watched, function: &str) -> String {
        let who = if user.user == 0 { OUTSIDE.to_owned() } else { format!("user {}", user.user) };
        let title = format!("── {who} ── {function} ");
        let rest = self.width.saturating_sub(title.chars().count());
        self.paint.paint(1, &format!("{title}{}", "─".repeat(rest)))
    }

    fn note(&self, user: &Watched, change: impl FnOnce(&mut Noted)) {
        if self.keeps {
            let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            // What happens outside of a function happens in set-up and tear-down.
            let outside = || Noted { function: OUTSIDE.to_owned(), ..Noted::default() };
            change(running.entry(user.user).or_insert_with(outside));
        }
    }
}

impl DebugView for View {
    fn begins(&self, user: &Watched, function: &str) {
        self.note(user, |noted| *noted = Noted { function: function.to_owned(), ..Noted::default() });
        self.say(&format!("{}\n", self.title(user, function)));
    }

    fn exchanged(&self, user: &Watched, transcript: &Transcript, response: &Response) {
        if self.talks {
            let title =
                if user.user == 0 { format!("{}\n", self.title(user, "request")) } else { String::new() };
            let text = request_text(&transcript.exchanges(), response, self.paint);
            self.say(&format!("{title}{text}"));
        }
    }

    fn judged(&self, user: &Watched, method: &str, name: &str, failure: Option<&str>) {
        let what = format!("{method} {name}");
        let line = match failure {
            None => format!("  {} {what}\n", self.paint.good("passed")),
            Some(why) => format!("  {} {what}: {why}\n", self.paint.bad("failed")),
        };
        self.note(user, |noted| {
            noted.requests += 1;
            noted.failures.extend(failure.map(|why| self.world.mask(&format!("{what}: {why}")).into_owned()));
        });
        self.say(&line);
    }

    fn threw(&self, user: &Watched, function: &str, exception: &Exception) {
        self.note(user, |noted| noted.failures.push(self.exception(exception)));
        self.say(&format!("  {} {function}\n{}\n", self.paint.bad("exception in"), exception.diagnostic));
    }

    fn ended(&self, user: &Watched, function: &str, end: &TaskEnd, took: Duration) {
        if let TaskEnd::Failed(exception) = end {
            self.threw(user, function, exception);
        }
        self.note(user, |noted| {
            noted.took = took;
            noted.remark = remark(end);
            let ended = std::mem::take(noted);
            self.notes.lock().unwrap_or_else(PoisonError::into_inner).push(ended);
        });
        self.say("\n");
    }
}

impl View {
    fn exception(&self, exception: &Exception) -> String {
        let place =
            if exception.place.is_empty() { String::new() } else { format!(" at {}", exception.place) };
        self.world.mask(&format!("exception: {}{place}", exception.message)).into_owned()
    }
}

/// How a function left, where it did not simply return.
fn remark(end: &TaskEnd) -> Option<&'static str> {
    match end {
        TaskEnd::Interrupt { .. } => Some("left its set"),
        TaskEnd::StopUser => Some("stopped its user"),
        TaskEnd::StopTest(_) => Some("stopped the test"),
        TaskEnd::Cut => Some("cut off"),
        TaskEnd::Done(_) | TaskEnd::Reschedule | TaskEnd::Failed(_) => None,
    }
}
