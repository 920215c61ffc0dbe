//! Lines that are drawn in place, below everything else that is written to a terminal.

use std::io::{self, Write};

/// What the terminal does from here on shows at once, at [`DONE`]; others ignore it.
const TOGETHER: &str = "\x1b[?2026h";
const DONE: &str = "\x1b[?2026l";
const HIDE_CURSOR: &str = "\x1b[?25l";
const SHOW_CURSOR: &str = "\x1b[?25h";
/// Lines are cut at the edge and not continued: the terminal may have become narrower since its size was asked.
const NO_WRAP: &str = "\x1b[?7l";
const WRAP: &str = "\x1b[?7h";
const CLEAR_LINE: &str = "\x1b[K";
const CLEAR_BELOW: &str = "\x1b[J";

/// A terminal, and the lines that are drawn on it.
///
/// Between two drawings the cursor stands at the beginning of the first line. So whatever becomes of the lines below when
/// the terminal is resized, they are cleared without counting them.
#[derive(Debug)]
pub(super) struct Canvas<W> {
    out: W,
    /// The lines with all that moves the cursor; empty where nothing was drawn yet.
    frame: String,
    /// Whether they are on the terminal now.
    shown: bool,
}

impl<W: Write> Canvas<W> {
    /// Nothing is drawn yet.
    pub(super) fn new(out: W) -> Self {
        Self { out, frame: String::new(), shown: false }
    }

    /// Draws the lines in the place of the last ones. Each must be narrower than the terminal, and there must be no more of
    /// them than it has rows.
    pub(super) fn draw(&mut self, lines: &[String]) -> io::Result<()> {
        let up = lines.len().saturating_sub(1);
        let up = if up > 0 { format!("\x1b[{up}A") } else { String::new() };
        let lines = lines.join(&format!("{CLEAR_LINE}\r\n"));
        let frame = format!("{TOGETHER}{HIDE_CURSOR}{NO_WRAP}\r{lines}{CLEAR_BELOW}{up}\r{WRAP}{DONE}");
        if self.shown && frame == self.frame {
            return Ok(());
        }
        self.frame = frame;
        self.put_back()
    }

    /// Draws what was drawn last.
    pub(super) fn put_back(&mut self) -> io::Result<()> {
        self.out.write_all(self.frame.as_bytes())?;
        self.shown = !self.frame.is_empty();
        self.out.flush()
    }

    /// Clears the lines, so that something can be written where they were.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        if self.shown {
            self.shown = false;
            write!(self.out, "\r{CLEAR_BELOW}")?;
        }
        self.out.flush()
    }

    /// Whether the lines are on the terminal.
    pub(super) fn is_shown(&self) -> bool {
        self.shown
    }

    /// Clears the lines and leaves the terminal as it was found.
    pub(super) fn leave(&mut self) -> io::Result<()> {
        self.clear()?;
        write!(self.out, "{SHOW_CURSOR}{WRAP}")?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::Canvas;
    use std::io::Write;

    /// What a terminal of so many rows and columns shows of it.
    fn seen(canvas: &Canvas<Vec<u8>>, rows: u16, columns: u16) -> vt100::Parser {
        let [rows, columns] = [rows, columns].map(|size| size.try_into().unwrap());
        let mut terminal = vt100::Parser::new(rows, columns, 100);
        terminal.process(&canvas.out);
        terminal
    }

    fn lines(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    /// A line of the log, as a terminal gets it.
    fn say(canvas: &mut Canvas<Vec<u8>>, text: &str) {
        canvas.clear().unwrap();
        write!(canvas.out, "{text}\r\n").unwrap();
        canvas.put_back().unwrap();
    }

    #[test]
    fn lines_are_drawn_in_place_and_others_go_above_them() {
        let mut canvas = Canvas::new(b"before\r\n".to_vec());
        canvas.draw(&lines(&["one", "two, and long", "three"])).unwrap();
        assert_eq!(seen(&canvas, 8, 20).screen().contents(), "before\none\ntwo, and long\nthree");
        canvas.draw(&lines(&["1", "2"])).unwrap();
        say(&mut canvas, "a line");
        let terminal = seen(&canvas, 8, 20);
        assert_eq!(terminal.screen().contents(), "before\na line\n1\n2");
        assert!(terminal.screen().hide_cursor());
        assert_eq!(terminal.screen().cursor_position(), (2, 0));
        canvas.leave().unwrap();
        let terminal = seen(&canvas, 8, 20);
        assert_eq!(terminal.screen().contents(), "before\na line");
        assert!(!terminal.screen().hide_cursor());
        assert_eq!(terminal.screen().cursor_position(), (2, 0));
    }

    #[test]
    fn at_the_bottom_of_a_terminal_the_log_scrolls_and_the_lines_stay() {
        let mut canvas = Canvas::new(Vec::new());
        canvas.draw(&lines(&["one", "two"])).unwrap();
        for number in 0..6 {
            say(&mut canvas, &format!("said {number}"));
            canvas.draw(&lines(&[&format!("one {number}"), "two"])).unwrap();
        }
        let mut terminal = seen(&canvas, 4, 20);
        assert_eq!(terminal.screen().contents(), "said 4\nsaid 5\none 5\ntwo");
        terminal.screen_mut().set_scrollback(100);
        assert!(terminal.screen().contents().starts_with("said 0\nsaid 1\n"), "nothing of the view scrolled");
    }

    #[test]
    fn what_has_not_changed_is_not_drawn_again() {
        let mut canvas = Canvas::new(Vec::new());
        canvas.draw(&lines(&["one"])).unwrap();
        let length = canvas.out.len();
        canvas.draw(&lines(&["one"])).unwrap();
        assert_eq!(canvas.out.len(), length);
        canvas.clear().unwrap();
        assert!(!canvas.is_shown());
        canvas.draw(&lines(&["one"])).unwrap();
        assert!(canvas.is_shown() && canvas.out.len() > length);
    }
}
