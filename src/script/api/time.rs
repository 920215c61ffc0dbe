//! `time::`: the clock, and instants as text, always in UTC. An instant is milliseconds since 1970.
//!
//! At the top level of a script the clock stands at the start of the run, so that every shard declares the same.

use super::namespace::Namespace;
use crate::script::context::current::actor;
use crate::script::value::args::{Answer, fail, text, whole};
use jiff::Timestamp;
use jiff::civil::{DateTime, Time};
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::TimeZone;
use rhai::{Dynamic, Engine};

/// Adds the namespace to `engine`.
pub(in crate::script) fn register(engine: &mut Engine) {
    Namespace::new("time")
        .function("now_ms", || now().as_millisecond())
        .function("now_s", || now().as_second())
        .function("iso", || iso(now()))
        .function("iso", iso_of)
        .function("format", format_ms)
        .function("parse", parse_iso)
        .function("parse", parse)
        .register(engine);
}

/// `time::now_ms()`, `time::now_s()`, `time::iso()`: the time, in whole milliseconds, whole seconds, or as text.
fn now() -> Timestamp {
    let actor = actor();
    if actor.is_top_level() { actor.world.started } else { Timestamp::now() }
}

/// ISO 8601 with milliseconds: `2026-03-14T05:30:00.250Z`.
fn iso(time: Timestamp) -> String {
    format!("{time:.3}")
}

/// `time::iso(ms)`: an instant as ISO 8601.
#[expect(clippy::needless_pass_by_value, reason = "the shape of native functions")]
fn iso_of(milliseconds: Dynamic) -> Answer<String> {
    Ok(iso(instant(&milliseconds, "time::iso(ms)")?))
}

fn instant(milliseconds: &Dynamic, call: &str) -> Answer<Timestamp> {
    let number = whole(milliseconds, call, "ms")?;
    Timestamp::from_millisecond(number)
        .or_else(|_| fail(format!("{call}: {number} ms is beyond the years -9999 to 9999")))
}

/// `time::format(ms, pattern)`: an instant by a pattern of strftime, such as `"%Y-%m-%d %H:%M"`.
#[expect(clippy::needless_pass_by_value, reason = "the shape of native functions")]
fn format_ms(milliseconds: Dynamic, pattern: Dynamic) -> Answer<String> {
    const CALL: &str = "time::format(ms, pattern)";
    let time = instant(&milliseconds, CALL)?.to_zoned(TimeZone::UTC);
    let pattern = text(&pattern, CALL, "pattern")?;
    strtime::format(pattern.as_str(), &time).or_else(|error| fail(format!("{CALL}: `{pattern}`: {error}")))
}

/// `time::parse(text, pattern)`: the instant that a text says by a pattern of strptime. Without an offset in the pattern
/// (`%z`) it is UTC, without a time of day it is midnight.
#[expect(clippy::needless_pass_by_value, reason = "the shape of native functions")]
fn parse(source: Dynamic, pattern: Dynamic) -> Answer<i64> {
    const CALL: &str = "time::parse(text, pattern)";
    let (source, pattern) = (text(&source, CALL, "text")?, text(&pattern, CALL, "pattern")?);
    strtime::parse(pattern.as_str(), source.as_str())
        .and_then(|parts| time_of(&parts))
        .map(Timestamp::as_millisecond)
        .or_else(|error| fail(format!("{CALL}: `{source}` by `{pattern}`: {error}")))
}

/// The instant of what a pattern found.
fn time_of(parts: &BrokenDownTime) -> Result<Timestamp, jiff::Error> {
    if let Ok(time) = parts.to_timestamp() {
        return Ok(time);
    }
    let time = if parts.hour().is_none() { Time::midnight() } else { parts.to_time()? };
    utc(DateTime::from_parts(parts.to_date()?, time))
}

fn utc(time: DateTime) -> Result<Timestamp, jiff::Error> {
    TimeZone::UTC.to_timestamp(time)
}

/// `time::parse(text)`: the instant that an ISO 8601 text says; without an offset it is UTC.
#[expect(clippy::needless_pass_by_value, reason = "the shape of native functions")]
fn parse_iso(source: Dynamic) -> Answer<i64> {
    const CALL: &str = "time::parse(text)";
    let source = text(&source, CALL, "text")?;
    source
        .parse::<Timestamp>()
        .or_else(|_| source.parse::<DateTime>().and_then(utc))
        .map(Timestamp::as_millisecond)
        .or_else(|error| fail(format!("{CALL}: `{source}` is not ISO 8601: {error}")))
}

#[cfg(test)]
mod tests {
    use crate::script::test_support::{Bench, error, value, world};

    #[test]
    fn the_clock_of_the_top_level_stands_still() {
        let top_level = Bench::in_world(world());
        let script = "[time::now_ms(), time::now_s(), time::iso()]";
        let expected = r#"[1773466200250, 1773466200, "2026-03-14T05:30:00.250Z"]"#;
        assert_eq!(top_level.value(script).to_string(), expected);
    }

    #[test]
    fn the_clock_of_a_task_is_the_real_one() {
        let before = jiff::Timestamp::now().as_millisecond();
        let now = value("time::now_ms()").as_int().unwrap();
        assert!((before..=jiff::Timestamp::now().as_millisecond()).contains(&now));
    }

    #[test]
    fn formats_and_parses() {
        let ms = "1773466200250";
        for (script, expected) in [
            (format!(r#"time::format({ms}, "%Y-%m-%d %H:%M:%S")"#), "2026-03-14 05:30:00"),
            (format!(r#"time::format({ms}.0, "%a, %d %b %Y %z")"#), "Sat, 14 Mar 2026 +0000"),
            (format!("time::iso({ms})"), "2026-03-14T05:30:00.250Z"),
            ("time::iso(-1)".to_owned(), "1969-12-31T23:59:59.999Z"),
            (r#"time::parse("2026-03-14", "%Y-%m-%d")"#.to_owned(), "1773446400000"),
            (r#"time::parse("14/03/2026 05:30", "%d/%m/%Y %H:%M")"#.to_owned(), "1773466200000"),
            (r#"time::parse("14/03/2026 05:30 +0130", "%d/%m/%Y %H:%M %z")"#.to_owned(), "1773460800000"),
            (r#"time::parse("1773466200", "%s")"#.to_owned(), "1773466200000"),
            (r#"time::parse("2026-03-14T05:30:00.25Z")"#.to_owned(), "1773466200250"),
            (r#"time::parse("2026-03-14T06:30:00.25+01:00")"#.to_owned(), "1773466200250"),
            (r#"time::parse("2026-03-14T05:30")"#.to_owned(), "1773466200000"),
            (r#"time::parse("2026-03-14")"#.to_owned(), "1773446400000"),
        ] {
            assert_eq!(value(&script).to_string(), expected, "{script}");
        }
    }

    #[test]
    fn mistakes_are_exceptions_that_say_so() {
        let scripts = [
            r#"time::format(1e300, "%Y")"#,
            r#"time::format(9000000000000000, "%Y")"#,
            r#"time::format(0, "%!")"#,
            r#"time::parse("yesterday", "%Y-%m-%d")"#,
            r#"time::parse("05:30", "%H:%M")"#,
            r#"time::parse("soon")"#,
            "time::iso(\"now\")",
        ];
        insta::assert_snapshot!(scripts.map(error).join("\n"), @r#"
        Runtime error: time::format(ms, pattern): `ms` must be a whole number, not 1e300 (line 1, position 7)
        Runtime error: time::format(ms, pattern): 9000000000000000 ms is beyond the years -9999 to 9999 (line 1, position 7)
        Runtime error: time::format(ms, pattern): `%!`: strftime formatting failed: found unrecognized specifier directive `!` (line 1, position 7)
        Runtime error: time::parse(text, pattern): `yesterday` by `%Y-%m-%d`: strptime parsing failed: %Y failed: failed to parse year: invalid number, no digits found (line 1, position 7)
        Runtime error: time::parse(text, pattern): `05:30` by `%H:%M`: year required to parse date (line 1, position 7)
        Runtime error: time::parse(text): `soon` is not ISO 8601: failed to parse four digit integer as year: invalid digit, expected 0-9 but got s (line 1, position 7)
        Runtime error: time::iso(ms): `ms` must be a whole number, not the string "now" (line 1, position 7)
        "#);
    }
}
