//! `docs/errors.md` has every text that a transport error may have, and a test has seen each.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use regex_lite::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The texts of the source, the arms of `text`, with the names of their variants.
fn in_source() -> BTreeMap<String, String> {
    let source = read("src/http/error.rs");
    let start = source.find("fn text(self)").unwrap();
    let body = &source[start..start + source[start..].find("\n    }\n").unwrap()];
    let arm = Regex::new("Self::([A-Za-z0-9]+)[^=]*=> *\"([^\"]+)\"").unwrap();
    arm.captures_iter(body).map(|found| (found[2].to_owned(), found[1].to_owned())).collect()
}

/// The texts of the table, without the names of codes.
fn in_document() -> BTreeSet<String> {
    let document = read("docs/errors.md");
    let table = document.split("\n## ").find(|part| part.starts_with("Transport errors")).unwrap();
    let row = Regex::new(r"(?m)^\| `([^`]+)` \|[^|]+\|[^|]+\|$").unwrap();
    row.captures_iter(table).map(|found| found[1].trim_end_matches(": NAME").to_owned()).collect()
}

#[test]
fn every_text_is_documented_and_none_is_invented() {
    let (source, document) = (in_source().into_keys().collect::<BTreeSet<_>>(), in_document());
    assert!(source.len() > 20, "{source:?}");
    assert_eq!(source, document);
}

#[test]
fn texts_group_and_no_two_are_one() {
    for text in in_source().into_keys() {
        let plain = |c: char| c.is_ascii_lowercase() || matches!(c, ' ' | '-') || c == '/' || c == '2';
        assert!(text.chars().all(plain) && (!text.contains('2') || text.contains("http/2")), "{text}");
    }
}

#[test]
fn every_text_was_seen_by_a_test() {
    let mut tests = String::new();
    let mut folders = vec!["tests".to_owned(), "src/http".to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
            } else if path.ends_with(".rs") {
                let text = read(&path);
                // Of the sources, what is tested in them.
                let from = if path.starts_with("src") { text.find("#[cfg(test)]") } else { Some(0) };
                tests.push_str(from.map_or("", |from| &text[from..]));
            }
        }
    }
    let seen = |text: &str, variant: &str| {
        tests.contains(&format!("\"{text}")) || tests.contains(&format!("TransportError::{variant}"))
    };
    let unseen: Vec<_> = in_source().into_iter().filter(|(text, variant)| !seen(text, variant)).collect();
    assert_eq!(unseen, []);
}
