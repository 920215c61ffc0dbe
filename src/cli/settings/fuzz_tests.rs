//! What users write in files and on the command line is read or refused, in words that they can act upon.

use super::{config_file, parse};
use crate::util::fuzz::fuzz;
use crate::util::{parse_size, parse_timespan, timespan_text};

#[test]
fn fuzz_configuration_files() {
    let corpus: [&[u8]; 4] = [
        b"users = 1_000\nspawn_rate = 2.5\nhost = \"http://h\"\ntags = [\"a\", 'b', 3]\ninsecure = true\nseed = 0xff\n",
        b"run-time = '''1h\n'''\n# nothing\n[option]\nbuyers = 3\n\"qu\\u00e9\" = +inf\n",
        b"users = 1979-05-27T07:32:00Z\nscripts = [ [1, {a.b = 1}], ]\n[[option]]\n",
        b"users = 1\nusers = 2\n",
    ];
    let words = [
        "=", "\n", "[", "]", "[[", "{", "}", "\"", "'", "\"\"\"", "#", ".", ",", "\\u", "1e9", "nan", "0x",
        "_", "users", "ü", "\0",
    ];
    fuzz("configuration", &corpus, &words, |bytes| {
        let read = config_file::parse("katydid.toml", &String::from_utf8_lossy(bytes));
        read.map(|file| file.values.len()).map_err(|error| {
            error.to_string().lines().next().map(|line| line.chars().take(30).collect::<String>())
        })
    });
}

#[test]
fn fuzz_values() {
    let corpus: [&[u8]; 14] = [
        b"20",
        b"1h30m10s",
        b"500ms",
        b"1.5s",
        b"0",
        b"1_000",
        b"2.5",
        b"1e3",
        b"name=value",
        b"Visitor=0.5",
        b"yes",
        b"10 MiB",
        b"64k",
        b"http://h",
    ];
    let words = ["h", "m", "s", "ms", ".", "-", "+", "_", "=", "e", "inf", "nan", " ", "ü", "MiB", "%"];
    fuzz("values", &corpus, &words, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        if let Ok(time) = parse_timespan(&text)
            && time.as_secs() < 1 << 40
        {
            // What is shown of a time means the same time, to the millisecond, as long as a float can tell.
            let again = parse_timespan(&timespan_text(time)).expect("what is written can be read");
            assert_eq!(again.as_millis(), time.as_millis(), "{text}");
        }
        let errors = [
            parse::text(&text).err(),
            parse::whole(1..=100_000_u64)(&text).err(),
            parse::rate(&text).err(),
            parse::time(&text).err(),
            parse::switch(&text).err(),
            parse::level(&text).err(),
            parse::late(&text).err(),
            parse::size(1..=1 << 40)(&text).err(),
            parse_size(&text).err(),
            parse::pair(&text).err(),
            parse::class(&text).err(),
        ];
        errors.map(|error| error.is_some())
    });
}
