//! Durations and sizes as people write them.

use std::time::Duration;

/// Reads a timespan: `90` and `1.5` (seconds), `500ms`, `30s`, `3m`, `2h`, `1h30m`, `1h20m10s`; units in falling order.
///
/// # Errors
///
/// A sentence fragment that says what is accepted.
pub fn parse_timespan(text: &str) -> Result<Duration, String> {
    let refuse = || {
        format!("`{text}` is not a duration; write seconds (`90`), or units as in `500ms`, `30s`, `1h30m`")
    };
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).map_err(|_| refuse());
    }
    let mut rest = text;
    let mut total = Duration::ZERO;
    let mut smallest = f64::INFINITY;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(refuse)?;
        let number: f64 = rest[..digits].parse().map_err(|_| refuse())?;
        let unit_end =
            rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |end| digits + end);
        let seconds = match &rest[digits..unit_end] {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 0.001,
            _ => return Err(refuse()),
        };
        if seconds >= smallest {
            return Err(refuse());
        }
        smallest = seconds;
        // Part by part: the sum as a float would lose milliseconds beside thousands of hours.
        let part = Duration::try_from_secs_f64(number * seconds).map_err(|_| refuse())?;
        total = total.checked_add(part).ok_or_else(refuse)?;
        rest = &rest[unit_end..];
    }
    if smallest.is_infinite() {
        return Err(refuse());
    }
    Ok(total)
}

/// Reads a number of bytes, with or without a unit: `65536`, `64KiB`, `64k`, `1MB`, `1GiB`. A kilobyte is 1024 bytes,
/// however it is written.
///
/// # Errors
///
/// A sentence fragment that says what is accepted.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let refuse = || format!("`{text}` is not a size; write bytes (65536), or a unit as in 64KiB or 1MiB");
    let trimmed = text.trim();
    let end = trimmed.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(trimmed.len());
    let number: u64 = trimmed[..end].replace('_', "").parse().map_err(|_| refuse())?;
    let unit: u64 = match trimmed[end..].trim().to_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        _ => return Err(refuse()),
    };
    number.checked_mul(unit).ok_or_else(refuse)
}

/// Writes a duration as [`parse_timespan`] reads it, in the largest units that say it exactly to the millisecond.
#[must_use]
pub fn timespan_text(duration: Duration) -> String {
    let milliseconds = duration.as_millis();
    if milliseconds == 0 {
        return "0s".to_owned();
    }
    let parts = [(3_600_000, "h"), (60_000, "m"), (1000, "s"), (1, "ms")];
    let mut rest = milliseconds;
    let mut text = String::new();
    for (size, unit) in parts {
        if rest >= size {
            text.push_str(&format!("{}{unit}", rest / size));
            rest %= size;
        }
    }
    text
}

/// A number of bytes as people read it, in decimal units with three digits: `842 B`, `1.20 kB`, `36.1 MB`.
#[must_use]
pub fn bytes_text(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let mut size = bytes as f64 / 1000.0;
    let mut unit = 0;
    while size >= 999.5 && unit + 1 < UNITS.len() {
        size /= 1000.0;
        unit += 1;
    }
    let decimals = match size {
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    format!("{size:.decimals$} {}", UNITS[unit])
}

/// A number of things, in the plural unless it is one of them: `1 request`, `12 requests`.
#[must_use]
pub fn count_text(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::{bytes_text, parse_size, parse_timespan, timespan_text};
    use std::time::Duration;

    #[test]
    fn reads_what_locust_reads_and_milliseconds() {
        for (text, milliseconds) in [
            ("90", 90_000),
            ("1.5", 1500),
            ("500ms", 500),
            ("20s", 20_000),
            ("3m", 180_000),
            ("2h", 7_200_000),
            ("1h20m", 4_800_000),
            ("3h30m10s", 12_610_000),
        ] {
            assert_eq!(parse_timespan(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not_a_duration() {
        for text in ["", "s", "1h30", "10x", "-5", "5m1h", "1s1s", "nan", "inf", "1e400"] {
            assert!(parse_timespan(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_have_units_of_1024() {
        for (text, bytes) in
            [("0", 0), ("65_536", 65_536), ("256MiB", 256 << 20), ("1GB", 1 << 30), ("2 k", 2048)]
        {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        for text in ["", "MiB", "1.5MiB", "-1", "1TiB", "99999999999GiB"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn writes_what_it_reads() {
        for text in ["500ms", "20s", "1h20m", "3h30m10s", "1s500ms", "11623h24m34s407ms"] {
            assert_eq!(parse_timespan(text).map(timespan_text).as_deref(), Ok(text));
        }
    }

    #[test]
    fn bytes_have_three_digits() {
        let texts = [0, 999, 1000, 1204, 36_049, 999_499, 999_500, 1_204_000, u64::MAX].map(bytes_text);
        assert_eq!(
            texts,
            ["0 B", "999 B", "1.00 kB", "1.20 kB", "36.0 kB", "999 kB", "1.00 MB", "1.20 MB", "18.4 EB"]
        );
    }
}
