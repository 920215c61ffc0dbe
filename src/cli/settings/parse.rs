//! From the text of a value to the value. Errors are sentence fragments that quote the text and say what is accepted.

use crate::engine::Late;
use crate::util::{parse_size, parse_timespan};
use std::fmt::Display;
use std::ops::{Bound, RangeBounds, RangeInclusive};
use std::str::FromStr;
use std::time::Duration;
use tracing::level_filters::LevelFilter;

/// A text that is not empty.
pub(super) fn text(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() { Err("the value is empty".to_owned()) } else { Ok(text.to_owned()) }
}

/// A whole number within `range`, which has a start; underscores may group digits.
pub(super) fn whole<N>(range: impl RangeBounds<N>) -> impl Fn(&str) -> Result<N, String>
where
    N: FromStr + PartialOrd + Display,
{
    move |text| {
        let number: Option<N> = text.trim().replace('_', "").parse().ok();
        number.filter(|number| range.contains(number)).ok_or_else(|| {
            let mut bounds = String::new();
            if let Bound::Included(start) = range.start_bound() {
                bounds.push_str(&format!(" from {start}"));
            }
            if let Bound::Included(end) = range.end_bound() {
                bounds.push_str(&format!(" to {end}"));
            }
            format!("`{text}` is not a whole number{bounds}")
        })
    }
}

/// A finite number above 0.
pub(super) fn rate(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.trim().parse().ok();
    number
        .filter(|number| number.is_finite() && *number > 0.0)
        .ok_or_else(|| format!("`{text}` is not a number above 0"))
}

/// A timespan above 0.
pub(super) fn time(text: &str) -> Result<Duration, String> {
    let time = parse_timespan(text)?;
    if time.is_zero() { Err(format!("`{text}` is no time at all; it must be above 0")) } else { Ok(time) }
}

/// Yes or no, as Locust reads variables.
pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text.trim().to_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err(format!("`{text}` is neither yes (true, yes, on, 1) nor no (false, no, off, 0)")),
    }
}

/// How many users are looked at; yes is one, no is none.
pub(super) fn watched(text: &str) -> Result<u64, String> {
    match switch(text) {
        Ok(yes) => Ok(u64::from(yes)),
        Err(_) => whole(0..)(text),
    }
}

/// How much is logged. Locust's `critical` is an error here.
pub(super) fn level(text: &str) -> Result<LevelFilter, String> {
    match text.trim().to_lowercase().as_str() {
        "off" => Ok(LevelFilter::OFF),
        "critical" | "error" => Ok(LevelFilter::ERROR),
        "warning" | "warn" => Ok(LevelFilter::WARN),
        "info" => Ok(LevelFilter::INFO),
        "debug" => Ok(LevelFilter::DEBUG),
        "trace" => Ok(LevelFilter::TRACE),
        _ => Err(format!(
            "`{text}` is not a log level; levels are trace, debug, info, warning, error, critical and off"
        )),
    }
}

/// What arrivals do that find no user.
pub(super) fn late(text: &str) -> Result<Late, String> {
    match text.trim().to_lowercase().as_str() {
        "wait" => Ok(Late::Wait),
        "drop" => Ok(Late::Drop),
        _ => Err(format!("`{text}` is neither wait nor drop")),
    }
}

/// A number of bytes within `range`, with or without a unit: `65536`, `64KiB`, `64k`, `1MiB`, `1GiB`.
pub(super) fn size(range: RangeInclusive<usize>) -> impl Fn(&str) -> Result<usize, String> {
    move |text| {
        let bytes = parse_size(text)?;
        // No machine has so much memory that this matters.
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        if range.contains(&bytes) {
            Ok(bytes)
        } else {
            Err(format!("{bytes} bytes are out of bounds: from {} to {}", range.start(), range.end()))
        }
    }
}

/// The weight of a user class: a finite number; 0 switches it off.
fn share(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.trim().parse().ok();
    number
        .filter(|number| number.is_finite() && *number >= 0.0)
        .ok_or_else(|| format!("`{text}` is not a number of at least 0"))
}

/// `NAME=VALUE`; the value may be anything, also nothing.
pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.to_owned())),
        _ => Err(format!("`{text}` is not NAME=VALUE")),
    }
}

/// `NAME` or `NAME=WEIGHT`.
pub(super) fn class(text: &str) -> Result<(String, Option<f64>), String> {
    let (name, weight) = match text.split_once('=') {
        Some((name, weight)) => (name.trim(), Some(weight)),
        None => (text.trim(), None),
    };
    if name.is_empty() {
        return Err(format!("`{text}` has no name; write NAME or NAME=WEIGHT"));
    }
    let weight =
        weight.map(share).transpose().map_err(|reason| format!("the weight of `{name}`: {reason}"))?;
    Ok((name.to_owned(), weight))
}

#[cfg(test)]
mod tests {
    use super::{class, level, rate, size, switch, text, time, whole};
    use proptest::prelude::*;
    use std::time::Duration;
    use tracing::level_filters::LevelFilter;

    #[test]
    fn whole_numbers() {
        let users = whole(1usize..);
        assert_eq!(users("10_000"), Ok(10_000));
        for bad in ["0", "-1", "1.5", "abc", "", "99999999999999999999999"] {
            assert_eq!(users(bad), Err(format!("`{bad}` is not a whole number from 1")));
        }
        let code = whole(0u16..=255);
        assert_eq!(code("256"), Err("`256` is not a whole number from 0 to 255".to_owned()));
    }

    #[test]
    fn rates_times_and_texts() {
        assert_eq!((rate("2.4"), rate(" 1e3 ")), (Ok(2.4), Ok(1000.0)));
        for bad in ["0", "-1", "inf", "nan", "", "x"] {
            assert!(rate(bad).is_err(), "{bad}");
        }
        assert_eq!(time("1h30m"), Ok(Duration::from_secs(5400)));
        assert!(time("0").is_err() && time("soon").is_err());
        assert_eq!(text(" x "), Ok("x".to_owned()));
        assert!(text("  ").is_err());
    }

    #[test]
    fn switches_are_those_of_locust() {
        for yes in ["true", "YES", "on", "1"] {
            assert_eq!(switch(yes), Ok(true));
        }
        for no in ["false", "No", "off", "0"] {
            assert_eq!(switch(no), Ok(false));
        }
        assert!(switch("maybe").is_err() && switch("").is_err());
    }

    #[test]
    fn levels() {
        assert_eq!(level("WARNING"), Ok(LevelFilter::WARN));
        assert_eq!(level("critical"), Ok(LevelFilter::ERROR));
        assert!(level("loud").is_err());
    }

    #[test]
    fn sizes() {
        let any = size(0..=usize::MAX);
        for (text, bytes) in
            [("0", 0), ("65536", 65536), ("64KiB", 65536), ("64k", 65536), ("1 MiB", 1 << 20)]
        {
            assert_eq!(any(text), Ok(bytes), "{text}");
        }
        for bad in ["", "MiB", "1.5MiB", "-1", "1TiB", "99999999999GiB"] {
            assert!(any(bad).is_err(), "{bad}");
        }
        let stack = size(1024..=4096);
        assert_eq!(stack("1"), Err("1 bytes are out of bounds: from 1024 to 4096".to_owned()));
    }

    #[test]
    fn classes() {
        assert_eq!(class("Visitor"), Ok(("Visitor".to_owned(), None)));
        assert_eq!(class("Visitor = 2.5"), Ok(("Visitor".to_owned(), Some(2.5))));
        assert_eq!(class("=2"), Err("`=2` has no name; write NAME or NAME=WEIGHT".to_owned()));
        assert_eq!(class("V=0"), Ok(("V".to_owned(), Some(0.0))));
        for bad in ["-1", "much", "inf", ""] {
            let reason = format!("the weight of `V`: `{bad}` is not a number of at least 0");
            assert_eq!(class(&format!("V={bad}")), Err(reason));
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_them_panic(given in ".{0,20}") {
            let _ = (text(&given), rate(&given), time(&given), switch(&given), level(&given), class(&given));
            let _ = (size(1..=10)(&given), whole(1u64..=9)(&given));
        }
    }
}
