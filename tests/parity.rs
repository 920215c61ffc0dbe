//! `docs/locust-parity.md` is true: each of its rows says how katydid behaves, and names tests that exist.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const DOCUMENT: &str = "docs/locust-parity.md";
const HEADER: &str = "| Locust | katydid | test |";

/// What the second column may begin with, and whether such a row needs a test.
const ANSWERS: [(&str, bool); 4] =
    [("the same", true), ("differs: ", true), ("does not apply: ", false), ("not yet: ", false)];

/// One row of a table.
#[derive(Debug, PartialEq)]
struct Row<'a> {
    line: usize,
    behaviour: &'a str,
    answer: &'a str,
    tests: Vec<&'a str>,
}

/// Reads the rows of all tables, and says which lines are no rows.
fn read(text: &str) -> (Vec<Row<'_>>, Vec<String>) {
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line)).peekable();
    while let Some((number, line)) = lines.next() {
        if !line.starts_with('|') {
            continue;
        }
        if line != HEADER {
            faults.push(format!("{number}: a table begins with `{HEADER}`, not with `{line}`"));
        }
        if lines.next_if(|(_, line)| *line == "|---|---|---|").is_none() {
            faults.push(format!("{number}: no `|---|---|---|` follows"));
        }
        while let Some((line, text)) = lines.next_if(|(_, line)| line.starts_with('|')) {
            match cells(text).as_deref() {
                Some([behaviour, answer, tests]) => {
                    rows.push(Row { line, behaviour, answer, tests: names(tests) });
                }
                _ => faults.push(format!("{line}: not three cells: {text}")),
            }
        }
    }
    (rows, faults)
}

/// The cells between the bars of a line; a bar behind a backslash is text.
fn cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.strip_prefix('|')?.strip_suffix('|')?;
    let bars = inner.match_indices('|').map(|(at, _)| at).filter(|&at| !inner[..at].ends_with('\\'));
    let ends: Vec<usize> = bars.chain([inner.len()]).collect();
    let starts = [0].into_iter().chain(ends.iter().map(|end| end + 1));
    Some(starts.zip(&ends).map(|(start, &end)| inner[start..end].trim()).collect())
}

/// Names in backticks, separated by commas; what is neither is a name too, one that no test has.
fn names(cell: &str) -> Vec<&str> {
    let parts = cell.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let name = part.strip_prefix('`').and_then(|part| part.strip_suffix('`'));
            name.unwrap_or(part)
        })
        .collect()
}

/// Everything that is wrong with a document, by line.
fn faults(text: &str, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let (rows, mut faults) = read(text);
    let mut seen = BTreeSet::new();
    for Row { line, behaviour, answer, tests } in &rows {
        if behaviour.is_empty() {
            faults.push(format!("{line}: no behaviour"));
        }
        if !seen.insert(behaviour.to_lowercase()) {
            faults.push(format!("{line}: `{behaviour}` is there twice"));
        }
        match ANSWERS.iter().find(|(start, _)| answer.starts_with(start)) {
            None => faults.push(format!("{line}: what is `{answer}`?")),
            Some((_, true)) if tests.is_empty() => faults.push(format!("{line}: `{behaviour}` has no test")),
            Some(_) => {}
        }
        let missing = tests.iter().filter(|name| !exists(name));
        faults.extend(missing.map(|name| format!("{line}: there is no test `{name}`")));
    }
    if rows.is_empty() && faults.is_empty() {
        faults.push("no rows".to_owned());
    }
    faults
}

/// Whether there is such a test: `file::name` in `tests/`, or `room::file::name` in `src/`.
fn exists(name: &str) -> bool {
    let Some((module, test)) = name.rsplit_once("::") else { return false };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = module.replace("::", "/");
    let files: Vec<PathBuf> = if module.contains("::") {
        ["", "_tests", "/tests"].map(|end| root.join(format!("src/{path}{end}.rs"))).to_vec()
    } else {
        vec![root.join(format!("tests/{path}.rs"))]
    };
    files.iter().filter_map(|file| std::fs::read_to_string(file).ok()).any(|text| has_test(&text, test))
}

/// Whether a function of that name stands behind `#[test]` or `#[tokio::test]`, with nothing but attributes between.
fn has_test(text: &str, name: &str) -> bool {
    let mut marked = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            marked = true;
        } else if !line.starts_with("#[") && !line.starts_with("//") {
            let function = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
            let found =
                function.is_some_and(|rest| rest.strip_prefix(name).is_some_and(|r| r.starts_with('(')));
            if marked && found {
                return true;
            }
            marked = false;
        }
    }
    false
}

#[test]
fn every_row_has_an_answer_and_tests_that_exist() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(DOCUMENT);
    let text = std::fs::read_to_string(path).expect("the document");
    let faults = faults(&text, exists);
    assert!(faults.is_empty(), "{DOCUMENT}:\n{}", faults.join("\n"));
}

/// A document with one table of these rows.
fn document(rows: &str) -> String {
    format!("# A\n\ntext | with a bar\n\n{HEADER}\n|---|---|---|\n{rows}\n\nmore\n")
}

fn found(rows: &str) -> Vec<String> {
    faults(&document(rows), |name| name.starts_with("known::"))
}

#[test]
fn a_right_row_is_read_as_it_is_meant() {
    let text = document("| `a \\| b` | differs: c | `known::d`, `known::e` |\n| f | not yet: g | |");
    let (rows, faults) = read(&text);
    assert_eq!(faults, Vec::<String>::new());
    assert_eq!(
        rows,
        [
            Row {
                line: 7,
                behaviour: "`a \\| b`",
                answer: "differs: c",
                tests: vec!["known::d", "known::e"]
            },
            Row { line: 8, behaviour: "f", answer: "not yet: g", tests: vec![] },
        ]
    );
    assert_eq!(found("| a | the same | `known::b` |\n| c | does not apply: d | |"), Vec::<String>::new());
}

#[test]
fn wrong_rows_are_caught() {
    for (rows, fault) in [
        ("| a | the same | |", "7: `a` has no test"),
        ("| a | differs: b | |", "7: `a` has no test"),
        ("| a | the same | `other::b` |", "7: there is no test `other::b`"),
        ("| a | the same | known::b, `c` |", "7: there is no test `c`"),
        ("| a | not yet: b | `other::b` |", "7: there is no test `other::b`"),
        ("| a | roughly | `known::b` |", "7: what is `roughly`?"),
        ("| a | | `known::b` |", "7: what is ``?"),
        ("| | the same | `known::b` |", "7: no behaviour"),
        ("| a | the same |", "7: not three cells: | a | the same |"),
        ("| a | the same | `known::b` | c |", "7: not three cells: | a | the same | `known::b` | c |"),
        ("| a | the same | `known::b`", "7: not three cells: | a | the same | `known::b`"),
        (
            "| a | the same | `known::b` |\n| b | not yet: c | |\n| A | not yet: d | |",
            "9: `A` is there twice",
        ),
    ] {
        assert_eq!(found(rows), [fault], "{rows}");
    }
    assert_eq!(faults("# nothing\n", |_| true), ["no rows"]);
    let other = "| a | b | c |\n|---|---|---|\n| a | the same | `b::c` |\n";
    assert_eq!(
        faults(other, |_| true),
        [format!("1: a table begins with `{HEADER}`, not with `| a | b | c |`")]
    );
    let bare = format!("{HEADER}\n| a | the same | `b::c` |\n");
    assert_eq!(faults(&bare, |_| true), ["1: no `|---|---|---|` follows"]);
}

#[test]
fn only_tests_are_tests() {
    let text = "#[test]\n#[expect(dead_code)]\n// why\nfn one() {}\n\nfn helper() {}\n    #[tokio::test]\n    async fn two() {}\n";
    for (name, is_one) in [("one", true), ("two", true), ("helper", false), ("on", false), ("three", false)] {
        assert_eq!(has_test(text, name), is_one, "{name}");
    }
    assert!(exists("parity::only_tests_are_tests") && exists("plan::ramp::steps_are_those_of_locust"));
    assert!(exists("engine::walk::hooks_run_outside_in_and_inside_out"), "in walk_tests.rs");
    assert!(!exists("parity::exists") && !exists("nowhere::a") && !exists("only_tests_are_tests"));
}
