//! A manifest, and a CSV to be judged, is read, or refused with a place in it.

use super::{Manifest, PrintedStats, evaluate};
use crate::util::fuzz::fuzz;

#[test]
fn fuzz_manifests() {
    let corpus: [&[u8]; 5] = [
        include_bytes!("../../manifests/quickstart.yaml"),
        b"/items: [{ type: GET, 95%: 2 * p50(/a) + 1s }, { type: POST, p95: \"<= 0.5s\" }]\n\"*\": { fail_ratio: < 1% }\n",
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
        "p95(/a)",
        " * count(/b)",
        " / (1 - ",
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

#[test]
fn fuzz_printed_stats() {
    let corpus: [&[u8]; 3] = [
        b"Type,Name,Request Count,Failure Count,Median Response Time,Max Response Time,Requests/s,50%,99%\r\n\
          GET,\"/a, \"\"b\"\"\",10,1,5,9.5,1.25,5,9\r\nPOST,/,0,0,0,0,0.0,N/A,N/A\r\n,Aggregated,10,1,5,9.5,1.25,5,9\r\n",
        b"\"Method\",\"Name\",\"# requests\",\"# failures\",\"Average response time\"\n\"GET\",\"/\",51,56,4\n\"None\",\"Total\",51,56,4\n",
        b"\xEF\xBB\xBFName,Type,Request Count,99.999\n/,GET,3.0,nan\n",
    ];
    let words = [
        ",",
        "\"",
        "\"\"",
        "\n",
        "\r\n",
        "\r",
        ";",
        "N/A",
        "nan",
        "inf",
        "-1",
        "1e400",
        "0.5",
        "Aggregated",
        "None",
        "GET",
        "99%",
        "Min Response Time",
        "100%",
        "\u{feff}",
        "\0",
        "\u{fc}",
    ];
    let text = "\"*\": { p99: 5, p98: 5, count: 1, fail_ratio: 0, avg: 3, rps: { min: 1 } }\n\"*a*\": { p50: 5, max: \"<= 2 * min(/)\" }\n";
    let (manifest, _) = Manifest::parse("m.yaml", text).expect("a manifest");
    fuzz("printed_stats", &corpus, &words, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let read = PrintedStats::parse("s.csv", &text);
        let told = match &read {
            Ok((stats, _)) => evaluate(&manifest, stats)
                .rows
                .iter()
                .map(|row| format!("{:?}", row.judgement))
                .collect::<String>(),
            Err(error) => error.to_string(),
        };
        assert!(read.is_ok() || told.contains("s.csv"), "{told}");
        (read.is_ok(), told.lines().next().map(|line| line.chars().take(30).collect::<String>()))
    });
}
