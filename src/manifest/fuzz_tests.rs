//! A manifest is read, or refused with a place in it.

use super::Manifest;
use crate::util::fuzz::fuzz;

#[test]
fn fuzz_manifests() {
    let corpus: [&[u8]; 5] = [
        include_bytes!("../../manifests/quickstart.yaml"),
        b"/items: [{ type: GET, 95%: 100 }, { type: POST, p95: \"<= 0.5s\" }]\n\"*\": { fail_ratio: < 1% }\n",
        b"a: &x\n  95%: 100\nb: *x\nc:\n  <<: *x\n  \"99%\": 1e3\n",
        b"--- # one\n? key\n: |\n  text\n  more\n...\n",
        b"%YAML 1.2\n---\n!!map {a: !!int 1}\n",
    ];
    let words = [
        ":",
        ": ",
        "- ",
        "\n",
        "\n  ",
        "{",
        "}",
        "[",
        "]",
        ",",
        "&a ",
        "*a",
        "<<: *a",
        "!!x ",
        "|",
        ">",
        "#",
        "%",
        "---\n",
        "...\n",
        "\t",
        "\r\n",
        "ü",
        "\u{feff}",
        "\0",
        "? ",
        "\"",
        "'",
        "99%",
        ">= 5",
        "fail_ratio",
        "nan",
        "inf",
        "type: GET",
        "min: 1",
    ];
    fuzz("manifests", &corpus, &words, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let read = Manifest::parse("m.yaml", &text);
        let told = match &read {
            Ok((_, warnings)) => warnings.iter().map(ToString::to_string).collect::<String>(),
            Err(error) => error.to_string(),
        };
        assert!(read.is_ok() || told.contains("m.yaml"), "{told}");
        (read.is_ok(), told.lines().next().map(|line| line.chars().take(30).collect::<String>()))
    });
}
