use super::{MAX_DEPTH, to_dynamic, to_pretty_text, to_text};
use proptest::prelude::*;
use rhai::{Array, Dynamic, Map};
use serde_json::{Value, json};

fn round(text: &str) -> String {
    to_text(&to_dynamic(text.as_bytes()).unwrap()).unwrap()
}

#[test]
fn reads_and_writes_every_kind() {
    let text = r#"{"a":[1,-2,1.5,1e+300,true,false,null,"x\n\"é😀"],"b":{"":{}},"c":[]}"#;
    assert_eq!(round(text), text);
}

#[test]
fn whole_numbers_stay_whole_and_large_ones_become_floats() {
    assert_eq!(
        round("[9223372036854775807,-9223372036854775808]"),
        "[9223372036854775807,-9223372036854775808]"
    );
    assert!(to_dynamic(b"9223372036854775807").unwrap().is_int());
    assert!(to_dynamic(b"18446744073709551615").unwrap().is_float());
    assert_eq!(round("1.0"), "1.0");
    assert_eq!(round("0.1"), "0.1");
    assert_eq!(round("1e2"), "100.0");
}

#[test]
fn says_where_the_text_is_not_json() {
    let error = |text: &str| to_dynamic(text.as_bytes()).unwrap_err().to_string();
    let errors = ["", "{\"a\":\n 01}", "[1,]", "{} x", "<html>", "{\"a\"", "[1e999]"].map(error);
    insta::assert_snapshot!(errors.join("\n"), @"
    EOF while parsing a value at line 1 column 0
    invalid number at line 2 column 3
    trailing comma at line 1 column 4
    trailing characters at line 1 column 4
    expected value at line 1 column 1
    EOF while parsing an object at line 1 column 4
    number out of range at line 1 column 6
    ");
    assert!(to_dynamic(b"\"\xFF\"").is_err());
}

#[test]
fn a_byte_order_mark_is_skipped_and_the_last_of_equal_keys_counts() {
    assert_eq!(to_text(&to_dynamic(b"\xEF\xBB\xBF{\"a\":1,\"a\":2}").unwrap()).unwrap(), r#"{"a":2}"#);
}

#[test]
fn writes_what_scripts_have_beside_json() {
    assert_eq!(to_text(&'x'.into()).unwrap(), r#""x""#);
    assert_eq!(to_text(&Dynamic::from_blob(vec![1, 2, 255])).unwrap(), r#""AQL/""#);
    let shared = Dynamic::from(vec![Dynamic::from(1_i64)]).into_shared();
    let twice: Array = vec![shared.clone(), shared];
    assert_eq!(to_text(&twice.into()).unwrap(), "[[1],[1]]");
}

#[test]
fn refuses_what_json_cannot_say() {
    let function = rhai::Engine::new().eval::<Dynamic>("|x| x").unwrap();
    let map: Map = [("f".into(), function)].into();
    let refused = [
        Dynamic::from(map),
        Dynamic::from(f64::NAN),
        Dynamic::from(f64::INFINITY),
        Dynamic::from_timestamp(std::time::Instant::now()),
        Dynamic::from(0_i64..3),
    ];
    let errors = refused.map(|value| to_text(&value).unwrap_err().to_string());
    insta::assert_snapshot!(errors.join("\n"), @"
    Runtime error: a function cannot be written as JSON
    Runtime error: JSON has no number NaN
    Runtime error: JSON has no number inf
    Runtime error: a timestamp cannot be written as JSON
    Runtime error: a value of type Range<i64> cannot be written as JSON
    ");
}

#[test]
fn depth_is_limited_both_ways_and_fits_a_small_stack() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let objects = |depth: usize| format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
    let check = move || {
        assert_eq!(round(&nested(MAX_DEPTH)), nested(MAX_DEPTH));
        assert_eq!(round(&objects(MAX_DEPTH)), objects(MAX_DEPTH));
        assert!(to_dynamic(nested(MAX_DEPTH + 1).as_bytes()).is_err());
        assert!(to_dynamic(nested(100_000).as_bytes()).is_err());
        let deep = (0..MAX_DEPTH).fold(to_dynamic(b"[]").unwrap(), |inner, _| vec![inner].into());
        assert!(to_text(&deep).unwrap_err().to_string().contains("127 levels"));
    };
    // Built for tests; an optimised build takes less than 64 KiB.
    std::thread::Builder::new().stack_size(256 * 1024).spawn(check).unwrap().join().unwrap();
}

#[test]
fn pretty_text_is_indented() {
    let value = to_dynamic(br#"{"a":[1,{}],"b":[]}"#).unwrap();
    insta::assert_snapshot!(to_pretty_text(&value, 2).unwrap(), @r#"
    {
      "a": [
        1,
        {}
      ],
      "b": []
    }
    "#);
}

fn documents() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has no such number", |f| f.is_finite()).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..8).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #[test]
    fn a_document_survives_the_way_there_and_back(document in documents()) {
        let text = round(&document.to_string());
        prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), document);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = to_dynamic(&bytes);
    }

    #[test]
    fn reads_exactly_what_serde_json_reads(text in r#"[\[\]{}",:0-9eE+.\-ntrufalse \\]{0,24}"#) {
        let theirs = serde_json::from_str::<Value>(&text);
        prop_assert_eq!(to_dynamic(text.as_bytes()).is_ok(), theirs.is_ok(), "{}", text);
    }
}
