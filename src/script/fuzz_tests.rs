//! Bytes that scripts are given, by servers and in files: they are read or refused, never a panic or a hang.

use super::data::csv_table::{CsvOptions, CsvTable};
use super::data::documents::Documents;
use super::data::json;
use super::stream::cutter::{Cut, Cutter, Part};
use crate::util::fuzz::fuzz;
use bytes::Bytes;

const DOCUMENTS: [&[u8]; 7] = [
    br#"{"data":[{"id":1,"name":"Kettle","price":12.5,"tags":["a","b"],"next":null}],"total":1}"#,
    br#"[true,false,null,-0,0.1,1e300,-12345678901234567890,"\u00fc\ud83d\ude00\n\"\\"]"#,
    br#"{"a":{"b":{"c":{"d":[[[[1]]]]}}},"a":2}"#,
    "\u{feff}\"\u{fc}\"".as_bytes(),
    b"[1,2,3]\n{\"a\":4}\n\n5\n",
    b"1",
    b"",
];

const WORDS: [&str; 18] = [
    "[",
    "]",
    "{",
    "}",
    ":",
    ",",
    "\"",
    "\\",
    "\\u",
    "\\ud800",
    "null",
    "true",
    "1e999",
    "-",
    "\n",
    "\u{feff}",
    "[[[[[[[[[[[[[[[[",
    "{\"a\":{\"a\":{\"a\":{\"a\":",
];

#[test]
fn fuzz_json() {
    fuzz("json", &DOCUMENTS, &WORDS, |bytes| {
        let read = json::to_dynamic(bytes);
        let theirs = serde_json::from_slice::<serde_json::Value>(
            bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes),
        );
        assert_eq!(read.is_ok(), theirs.is_ok());
        if let Ok(value) = &read {
            let text = json::to_text(value).expect("what was read can be written");
            let again = json::to_dynamic(text.as_bytes()).expect("what was written can be read");
            assert_eq!(json::to_text(&again).expect("and written"), text);
        }
        read.map(|value| value.type_name()).map_err(|error| error.classify())
    });
}

#[test]
fn fuzz_documents() {
    fuzz("documents", &DOCUMENTS, &WORDS, |bytes| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let all = [
            Documents::of_array(text.clone()),
            Documents::of_json_lines(text.clone()),
            Ok(Documents::of_lines(text)),
        ];
        all.map(|documents| {
            documents.ok().map(|documents| {
                let last = documents.len().checked_sub(1);
                (documents.len().min(3), last.map(|last| documents.get(last).is_ok()))
            })
        })
    });
}

#[test]
fn fuzz_csv_tables() {
    let corpus: [&[u8]; 5] = [
        b"id,name\r\n1,\"Kettle, red\"\r\n2,\"say \"\"hi\"\"\nthere\"\r\n",
        "\u{feff}gr\u{f6}\u{df}e;\u{540d}\n 1 ;\u{e9}\n".as_bytes(),
        b"a\tb\tc\n\n\n1\t2\t3",
        b"a,b\n1,2\n3\n",
        b"",
    ];
    fuzz("csv", &corpus, &[",", ";", "\"", "\"\"", "\r\n", "\n", "\r", "\0", "ü", "\u{feff}"], |bytes| {
        [(b',', true), (b';', false), (b'\t', true)].map(|(delimiter, header)| {
            let table =
                CsvTable::read(bytes, bytes.len(), CsvOptions { delimiter, header, types: true }).ok()?;
            for row in 0..table.len() {
                let length: usize = (0..table.width()).map(|column| table.field(row, column).len()).sum();
                assert!(length <= 3 * bytes.len());
            }
            Some((table.len().min(3), table.width().min(3)))
        })
    });
}

const STREAMS: [&[u8]; 5] = [
    b"data: one\n\nevent: price\r\ndata: 12.5\r\ndata: EUR\r\nid: 7\r\n\r\n: a comment\rretry: 3000\r\r",
    b"\xef\xbb\xbfdata\n\ndata:\n\ndata: the last is cut off",
    b"{\"id\":1}\n{\"id\":2}\r\n\n{\"id\":3}",
    b"id: a\0b\nretry: 1x\ndata: x\n\n",
    b"",
];

const STREAM_WORDS: [&str; 11] =
    ["data:", "event: ", "id:", "retry: 5", ":", "\n", "\r", "\r\n", "\n\n", "\u{feff}", "\0"];

/// No event or line may be longer.
const LONGEST: u64 = 64;

/// What is in a stream that comes in pieces of this size, and whether something was too long.
fn cut(bytes: &[u8], cut: Cut, size: usize, most: u64) -> (Vec<Part>, bool) {
    let mut cutter = Cutter::new(cut, most);
    let mut parts = Vec::new();
    for piece in bytes.chunks(size) {
        cutter.give(Bytes::copy_from_slice(piece));
        loop {
            match cutter.next() {
                Ok(Some(part)) => parts.push(part),
                Ok(None) => break,
                Err(_) => return (parts, true),
            }
        }
    }
    parts.extend(cutter.finish());
    (parts, false)
}

#[test]
fn fuzz_streams() {
    fuzz("streams", &STREAMS, &STREAM_WORDS, |bytes| {
        for what in [Cut::Events, Cut::Lines] {
            let whole = cut(bytes, what, usize::MAX, u64::MAX);
            assert_eq!(whole, cut(bytes, what, 1, u64::MAX));
            assert_eq!(whole, cut(bytes, what, 3, u64::MAX));
        }
        let (lines, too_long) = cut(bytes, Cut::Lines, 5, LONGEST);
        for line in &lines {
            // What is not valid becomes a character of three bytes.
            assert!(matches!(line, Part::Line(line) if line.len() as u64 <= 3 * LONGEST), "{line:?}");
        }
        (lines.len().min(8), too_long, cut(bytes, Cut::Events, 5, LONGEST).0.len().min(8))
    });
}
