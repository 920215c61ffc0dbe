//! The one terminal that everything is written to: the log and reports above, the live view below.

use super::canvas::Canvas;
use std::io::{self, IsTerminal, Stdout, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Once, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What draws a view for so many columns and rows.
pub(super) type Picture = Box<dyn Fn(usize, usize) -> Vec<String> + Send>;

/// So often it is looked whether the terminal has another size, or something has cleared the view.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Lines that come faster than this are written without the view between them.
const CALM: Duration = Duration::from_millis(50);

/// Where a text goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum To {
    Stdout,
    Stderr,
}

impl To {
    fn write(self, text: &[u8]) -> io::Result<()> {
        match self {
            Self::Stdout => write_all(&mut io::stdout().lock(), text),
            Self::Stderr => write_all(&mut io::stderr().lock(), text),
        }
    }
}

fn write_all(out: &mut impl Write, text: &[u8]) -> io::Result<()> {
    out.write_all(text)?;
    out.flush()
}

/// The view while there is one.
struct Shown {
    canvas: Canvas<Stdout>,
    /// When it was put back last, after something was written above it.
    put_back: Instant,
    /// Whether stderr is a terminal too: there is no way to know that it is another one.
    stderr: bool,
}

static SHOWN: Mutex<Option<Shown>> = Mutex::new(None);

fn shown() -> MutexGuard<'static, Option<Shown>> {
    SHOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes a text, above the view where there is one. A reader that has gone away is no error: `katydid .. | head` must end
/// quietly.
pub(in crate::cli) fn write(to: To, text: &[u8]) {
    let mut shown = shown();
    let view = shown.as_mut().filter(|shown| to == To::Stdout || shown.stderr);
    let Some(view) = view else {
        let _ = to.write(text);
        return;
    };
    let _ = view.canvas.clear();
    let _ = to.write(text);
    if !text.ends_with(b"\n") {
        let _ = to.write(b"\n");
    }
    // In a flood of lines the next look puts it back.
    if view.put_back.elapsed() >= CALM {
        view.put_back = Instant::now();
        let _ = view.canvas.put_back();
    }
}

/// Takes the view off the terminal, as if there had never been one, until it is drawn again.
pub(in crate::cli) fn give_way() {
    if let Some(shown) = shown().as_mut() {
        let _ = shown.canvas.leave();
    }
}

/// A view on the terminal of stdout. It ends when it is dropped, and leaves the terminal as it was found.
pub(super) struct Live {
    desk: Arc<Desk>,
    painter: Option<JoinHandle<()>>,
}

/// What the painter is to draw.
#[derive(Default)]
struct Desk {
    sheet: Mutex<Sheet>,
    changed: Condvar,
}

#[derive(Default)]
struct Sheet {
    picture: Option<Picture>,
    over: bool,
}

impl Live {
    /// Begins a view. It is drawn by a thread of its own, so that a terminal that does not go on holds up nobody.
    ///
    /// # Errors
    ///
    /// When the system has no thread for it.
    pub(super) fn begin() -> io::Result<Self> {
        clear_before_panics();
        let view = Shown {
            canvas: Canvas::new(io::stdout()),
            put_back: Instant::now(),
            stderr: io::stderr().is_terminal(),
        };
        let desk = Arc::<Desk>::default();
        let kept = desk.clone();
        *shown() = Some(view);
        let painter = std::thread::Builder::new().name("view".to_owned()).spawn(move || paint(&kept))?;
        Ok(Self { desk, painter: Some(painter) })
    }

    /// Shows this from now on.
    pub(super) fn show(&self, picture: Picture) {
        self.desk.sheet.lock().unwrap_or_else(PoisonError::into_inner).picture = Some(picture);
        self.desk.changed.notify_all();
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.desk.sheet.lock().unwrap_or_else(PoisonError::into_inner).over = true;
        self.desk.changed.notify_all();
        if let Some(painter) = self.painter.take() {
            let _ = painter.join();
        }
        if let Some(mut view) = shown().take() {
            let _ = view.canvas.leave();
        }
    }
}

/// Draws what lies on the desk until the view is over.
fn paint(desk: &Desk) {
    let mut last = None;
    let mut drawn_for = None;
    loop {
        let sheet = desk.sheet.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = |sheet: &mut Sheet| sheet.picture.is_none() && !sheet.over;
        let waited = desk.changed.wait_timeout_while(sheet, LOOK_EVERY, idle);
        let (mut sheet, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if sheet.over {
            return;
        }
        let fresh = sheet.picture.take();
        drop(sheet);
        let is_fresh = fresh.is_some();
        last = fresh.or(last);
        let Some(picture) = &last else { continue };
        let size = size();
        let mut shown = shown();
        let Some(view) = shown.as_mut() else { return };
        if is_fresh || drawn_for != Some(size) || !view.canvas.is_shown() {
            let (columns, rows) = size;
            // The last column stays free: what clears the rest of a line would clear a character in it too.
            let _ = view.canvas.draw(&picture(columns.saturating_sub(1), rows));
            drawn_for = Some(size);
        }
    }
}

/// Columns and rows of the terminal.
fn size() -> (usize, usize) {
    let size = terminal_size::terminal_size_of(io::stdout());
    // A terminal that does not know its size says 0.
    let size = size.map(|(columns, rows)| (usize::from(columns.0), usize::from(rows.0)));
    size.filter(|(columns, rows)| *columns > 0 && *rows > 0).unwrap_or((80, 24))
}

/// The message of a panic must not be drawn over, and whoever ends by it leaves the terminal in order.
fn clear_before_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            // Whoever holds the lock may be the one that panics.
            if let Ok(mut shown) = SHOWN.try_lock()
                && let Some(view) = shown.as_mut()
            {
                let _ = view.canvas.leave();
            }
            usual(panic);
        }));
    });
}
