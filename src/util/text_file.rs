//! Text files that people write.

use super::diagnostic::{Diagnostic, Place};
use std::io;
use std::path::Path;

/// Reads the file at `path`, which messages call `name`, without the mark that some editors begin UTF-8 with.
///
/// # Errors
///
/// Where it is not UTF-8; and what `unreadable` makes of it where it cannot be read at all.
pub fn read_text(
    path: &Path,
    name: &str,
    unreadable: impl FnOnce(&io::Error) -> Diagnostic,
) -> Result<String, Diagnostic> {
    let mut bytes = std::fs::read(path).map_err(|error| unreadable(&error))?;
    if bytes.starts_with(b"\xEF\xBB\xBF") {
        bytes.drain(..3);
    }
    String::from_utf8(bytes).map_err(|error| {
        let end = error.utf8_error().valid_up_to();
        let (before, after) = error.as_bytes().split_at(end);
        let before = String::from_utf8_lossy(before);
        let begin = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.matches('\n').count() + 1;
        let column = before[begin..].chars().count() + 1;
        let odd = after.first().copied().unwrap_or_default();
        Diagnostic::error(format!("this is not UTF-8 text: a byte {odd:#04x}"))
            .at(Place { line, column, ..Place::file(name) })
            .help("save the file as UTF-8")
    })
}

#[cfg(test)]
mod tests {
    use super::{Diagnostic, read_text};

    #[test]
    fn what_is_not_text_is_placed_and_a_mark_is_no_part_of_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let read = |bytes: &[u8]| {
            std::fs::write(&file, bytes).unwrap();
            read_text(file.path(), "a.rhai", |error| Diagnostic::error(error.to_string()))
        };
        assert_eq!(read(b"\xEF\xBB\xBFlet x;").unwrap(), "let x;");
        assert_eq!(read(b"").unwrap(), "");
        insta::assert_snapshot!(read("let é = 1;\nlet ü".as_bytes()).unwrap(), @r"
        let é = 1;
        let ü
        ");
        insta::assert_snapshot!(read(b"let a;\nlet \xC3\xA9 = \"\xFC\";").unwrap_err(), @r"
        error: this is not UTF-8 text: a byte 0xfc
         --> a.rhai:2:10
          = help: save the file as UTF-8
        ");
    }
}
