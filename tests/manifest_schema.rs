//! docs/manifest.schema.json says of manifests what the parser says, as far as a schema can.

mod support;

use katydid::manifest::Manifest;
use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::path::Path;
use support::schema::Schema;

fn schema() -> Schema {
    Schema::new(&read("docs/manifest.schema.json"))
}

fn judge(schema: &Schema, text: &str) -> Result<(), String> {
    schema.judge(&value(text))
}

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// YAML as an editor sees it: the core schema of YAML 1.2, aliases put in place and `<<` merged.
fn value(text: &str) -> Value {
    let mut open: Vec<(usize, Vec<Value>, bool)> = Vec::new();
    let mut anchors = HashMap::new();
    let mut root = Value::Null;
    for event in Parser::new_from_str(text) {
        let (event, _) = event.expect("YAML");
        let (done, anchor) = match event {
            Event::SequenceStart(anchor, _) => {
                open.push((anchor, Vec::new(), false));
                continue;
            }
            Event::MappingStart(anchor, _) => {
                open.push((anchor, Vec::new(), true));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let (anchor, parts, is_map) = open.pop().expect("something is open");
                (if is_map { map(parts) } else { Value::Array(parts) }, anchor)
            }
            Event::Scalar(text, style, anchor, _) => (scalar(&text, style == ScalarStyle::Plain), anchor),
            Event::Alias(anchor) => (Value::clone(&anchors[&anchor]), 0),
            _ => continue,
        };
        anchors.insert(anchor, done.clone());
        match open.last_mut() {
            Some((_, parts, _)) => parts.push(done),
            None => root = done,
        }
    }
    root
}

/// Keys and values in turn.
fn map(parts: Vec<Value>) -> Value {
    let mut own = Map::new();
    let mut merged = Map::new();
    let mut parts = parts.into_iter();
    while let (Some(key), Some(value)) = (parts.next(), parts.next()) {
        let key = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
        match (key.as_str(), value) {
            ("<<", Value::Object(more)) => merged.extend(more),
            (_, value) => {
                own.insert(key, value);
            }
        }
    }
    merged.extend(own);
    Value::Object(merged)
}

fn scalar(text: &str, plain: bool) -> Value {
    if !plain {
        return json!(text);
    }
    match text {
        "" | "~" | "null" => Value::Null,
        "true" => json!(true),
        "false" => json!(false),
        _ => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(whole), _) => json!(whole),
            (_, Ok(float)) if text.contains(|c: char| c.is_ascii_digit()) => json!(float),
            _ => json!(text),
        },
    }
}

#[track_caller]
fn both_accept(schema: &Schema, name: &str, text: &str) {
    Manifest::parse(name, text).unwrap_or_else(|error| panic!("{error}"));
    judge(schema, text).unwrap_or_else(|error| panic!("{name}: {error}\n{text}"));
}

#[test]
fn every_example_is_right_by_the_schema_and_names_it() {
    let schema = schema();
    let mut examples = 0;
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests")).expect("a folder")
    {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("text");
        let modeline = "# yaml-language-server: $schema=../docs/manifest.schema.json\n";
        assert!(text.starts_with(modeline), "{}", path.display());
        both_accept(&schema, &path.display().to_string(), &text);
        examples += 1;
    }
    for document in ["README.md", "docs/manifests.md", "docs/scripting.md", "docs/command-line.md"] {
        let text = read(document);
        for block in text.split("\n```yaml").skip(1) {
            let (_, block) = block.split_once('\n').expect("a line");
            let (block, _) = block.split_once("\n```").expect("an end");
            both_accept(&schema, document, block);
            examples += 1;
        }
    }
    assert!(examples >= 5, "{examples}");
}

#[test]
fn what_is_right_is_right_for_both() {
    let schema = schema();
    let metrics = katydid::manifest::METRIC_COLUMNS.map(|metric| format!("  {metric}: 5\n")).concat();
    both_accept(&schema, "m.yaml", &format!("/:\n{metrics}"));
    for limits in [
        "count: 5, failures: \"== 0\", median: 1.5, avg: \"<= 1.5s\", min: \"> 5us\", max: \"!= 1e3\", size: \"<= 2KiB\"",
        "fail_ratio: 0.01",
        "fail_ratio: \"< 1%\"",
        "fail_ratio: \"<= 100 %\"",
        "fail_ratio: \"0.5\"",
        "fail_ratio: 1e-3",
        "fail_ratio: \"< 1e-3\"",
        "fail_ratio: .5",
        "fail_ratio: \"<.5%\"",
        "rps: \">= 50/s\", Failures/s: \"0\"",
        "p0: 1, p50: 1, p99.95: 1, p100: 1",
        "p99: \"<= 2 * p95(/cart) + 50ms\"",
        "p99: { max: \"2 * p95(GET /cart)\", min: 1 }",
        "p99: { limit: 5, window: last 60s, severity: warn, min_samples: 100, allow_missing: true }",
        "p99: { limit: 5, window: { stage: 2 }, abort: after 1h30m }",
        "p99: { limit: 5, window: \"stage: 2\", abort: true }",
        "p99: { limit: 5, window: { last: 90s }, abort: false, severity: warn }",
        "type: \"\", window: steady, severity: fail, min_samples: 1, allow_missing: false, abort: after 10, p99: 5",
        "window: last 1m30s, p99: \" <= 5 ms \"",
    ] {
        both_accept(&schema, "m.yaml", &format!("/: {{ {limits} }}"));
    }
    for text in [
        "\"*\": { count: \"> 5\" }\nAggregated: { count: \"> 5\" }\n\"re:^/\": { p99: 5 }\n/a*: [{ p99: 5 }]",
        "a: &d { p99: { limit: 5, abort: true } }\nb: *d\nc: { <<: *d, p50: 5 }",
        "a: { p99: &l { limit: 5 }, p95: { <<: *l, window: steady } }",
    ] {
        both_accept(&schema, "m.yaml", text);
    }
}

#[test]
fn what_is_wrong_is_wrong_for_both() {
    let schema = schema();
    let of_one = [
        "",
        "type: GET",
        "type: [GET, POST], 99%: 5",
        "window: steady, severity: warn",
        "99%: ",
        "99%: []",
        "99%: {}",
        "99%: { limit: [5] }",
        "99%: { limt: 5 }",
        "99%: { window: steady }",
        "99%: { min: \"< 5\" }",
        "99%: { max: \"== 5\" }",
        "99%: true",
        "99%: fast",
        "99%: -1",
        "99%: \"< -1\"",
        "99%: \"= 5\"",
        "99%: \"=> 5\"",
        "99%: \"5 apples\"",
        "99%: \"5%\"",
        "99%: \"1,000\"",
        "99%: \"0x10\"",
        "99%: \"nan\"",
        "97%: 5",
        "P99: 5",
        "p101: 5",
        "p99.9.9: 5",
        "Failure count: 0",
        "Failure Count: \"1%\"",
        "rps: \"5ms\"",
        "size: \"5s\"",
        "fail_ratio: 5",
        "fail_ratio: \"101%\"",
        "fail_ratio: \"1.5\"",
        "99%: 5, window: stead",
        "99%: 5, window: stage 0",
        "99%: 5, window: { stage: 0 }",
        "99%: 5, window: { stage: 1, last: 5s }",
        "99%: 5, window: last",
        "99%: 5, severity: bad",
        "99%: 5, min_samples: few",
        "99%: 5, min_samples: -1",
        "99%: 5, allow_missing: maybe",
        "99%: 5, abort: soon",
        "99%: 5, abort: after",
        "99%: { limit: 5, severity: warn, abort: after 5s }",
        "99%: 5, severity: warn, abort: true",
        "p99: \"<= (5\"",
    ];
    let of_one = of_one.map(|limits| format!("/items: {{ {limits} }}"));
    let whole = ["~", "{}", "[]", "5", "/items:", "/items: []", "/items: 5", "/items: [5]", "- /items"];
    for text in of_one.iter().map(String::as_str).chain(whole) {
        assert!(Manifest::parse("m.yaml", text).is_err(), "the parser takes {text}");
        assert!(judge(&schema, text).is_err(), "the schema takes {text}");
    }
}

/// What a schema does not see: the editor is content, and the parser finds it.
#[test]
fn what_only_the_parser_finds() {
    let schema = schema();
    for limits in [
        "99%: \"1e999\"",
        "99%: \"<= p9x(/cart)\"",
        "99%: \"<= p95(/a*)\"",
        "99%: \"<= p95(/a) + count(/b)\"",
        "99%: { limit: 5, abort: true }, severity: warn",
        "99%: 5, window: last 0s",
    ] {
        let text = format!("/items: {{ {limits} }}");
        assert!(Manifest::parse("m.yaml", &text).is_err(), "{text}");
        judge(&schema, &text).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
    let text = "\"re:(\": { p99: 5 }";
    assert!(Manifest::parse("m.yaml", text).is_err() && judge(&schema, text).is_ok());
}
