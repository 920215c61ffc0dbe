//! Limits: `100`, `">= 50"`, `"< 1%"`, `"<= 1.5s"`.

use super::formula::Formula;
use super::metric::Unit;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How the actual value must stand to the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operator {
    /// `<`
    Less,
    /// `<=`, also a bare number.
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
}

/// By text, the longer of two with the same start first.
const OPERATORS: [(&str, Operator); 6] = [
    ("<=", Operator::AtMost),
    (">=", Operator::AtLeast),
    ("==", Operator::Equal),
    ("!=", Operator::NotEqual),
    ("<", Operator::Less),
    (">", Operator::Greater),
];

impl Operator {
    /// Whether `actual` stands so to `limit`. Not a number never does.
    #[must_use]
    pub fn holds(self, actual: f64, limit: f64) -> bool {
        !actual.is_nan()
            && !limit.is_nan()
            && match self {
                Self::Less => actual < limit,
                Self::AtMost => actual <= limit,
                Self::Greater => actual > limit,
                Self::AtLeast => actual >= limit,
                Self::Equal => actual == limit,
                Self::NotEqual => actual != limit,
            }
    }

    /// How far `actual` is on the right side of `limit`; negative on the wrong one.
    #[must_use]
    pub fn margin(self, actual: f64, limit: f64) -> f64 {
        match self {
            Self::Less | Self::AtMost => limit - actual,
            Self::Greater | Self::AtLeast => actual - limit,
            Self::Equal => -(actual - limit).abs(),
            Self::NotEqual => (actual - limit).abs(),
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = OPERATORS.iter().find(|(_, operator)| operator == self).map_or("", |(text, _)| text);
        f.write_str(text)
    }
}

/// What the actual value is compared with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Limit {
    /// A value in the metric's own unit: milliseconds, a share of 1, bytes, per second, a count.
    Fixed(f64),
    /// What follows from other rows.
    Formula(Formula),
}

/// Why a text is no limit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// A sentence fragment that says what is wrong.
    pub(super) message: String,
    /// The part that is to blame, as it is written; none for the whole.
    pub(super) part: Option<String>,
    /// How to mend it.
    pub(super) help: &'static str,
}

impl Refusal {
    /// Units do not fit in this part of a formula.
    pub(super) fn of_units(message: String, part: &str) -> Self {
        let help = "add what is measured alike; a ratio such as `count(/a) / count(/b)` scales anything";
        Self { message, part: Some(part.to_owned()), help }
    }
}

impl<T: Into<String>> From<T> for Refusal {
    fn from(message: T) -> Self {
        let help = "write a number, or a text such as `\">= 50\"` or `\"< 1%\"`";
        Self { message: message.into(), part: None, help }
    }
}

/// Reads an optional operator, and a number with an optional unit or a formula.
///
/// # Errors
///
/// What is wrong with `text`.
pub(super) fn parse_limit(text: &str, unit: Unit) -> Result<(Option<Operator>, Limit), Refusal> {
    let text = text.trim();
    let found = OPERATORS.iter().find_map(|(sign, operator)| Some((text.strip_prefix(sign)?, *operator)));
    let (rest, operator) = found.map_or((text, None), |(rest, operator)| (rest.trim(), Some(operator)));
    if Formula::is_one(rest) {
        return Ok((operator, Limit::Formula(Formula::parse(rest, unit)?)));
    }
    let limit = number_with_unit(rest, unit)?;
    if limit < 0.0 {
        return Err(format!("`{text}` is below zero, which nothing measured can be").into());
    }
    if unit == Unit::Ratio && limit > 1.0 {
        let message = format!("`{text}` is more than 100%; a ratio goes from 0 to 1, or from 0% to 100%");
        return Err(message.into());
    }
    Ok((operator, Limit::Fixed(limit)))
}

/// Reads a number and an optional unit.
///
/// # Errors
///
/// A sentence fragment that says what is wrong with `text`.
pub(super) fn number_with_unit(text: &str, unit: Unit) -> Result<f64, String> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || "+-.eE".contains(c))).unwrap_or(text.len());
    let number: f64 = text[..end]
        .parse()
        .map_err(|_| format!("`{text}` is not a limit: expected a number, or an operator and a number"))?;
    let suffix = text[end..].trim();
    let factor = factor(unit, suffix)
        .ok_or_else(|| format!("`{suffix}` is not a unit here; {}", accepted_units(unit)))?;
    let limit = number * factor;
    if limit.is_finite() { Ok(limit) } else { Err(format!("`{text}` is too large a number")) }
}

/// What a number with this suffix is multiplied by.
fn factor(unit: Unit, suffix: &str) -> Option<f64> {
    Some(match (unit, suffix) {
        (_, "") => 1.0,
        (Unit::Ratio, "%") => 0.01,
        (Unit::Milliseconds, "ms") => 1.0,
        (Unit::Milliseconds, "s") => 1000.0,
        (Unit::Milliseconds, "us" | "µs") => 0.001,
        (Unit::Bytes, "B") | (Unit::PerSecond, "/s") => 1.0,
        (Unit::Bytes, "KB" | "kB") => 1e3,
        (Unit::Bytes, "MB") => 1e6,
        (Unit::Bytes, "KiB") => 1024.0,
        (Unit::Bytes, "MiB") => 1_048_576.0,
        _ => return None,
    })
}

fn accepted_units(unit: Unit) -> &'static str {
    match unit {
        Unit::Count => "a count has none",
        Unit::Ratio => "a ratio is a number from 0 to 1, or has `%`",
        Unit::Milliseconds => "a time is in milliseconds, or has `us`, `ms` or `s`",
        Unit::Bytes => "a size is in bytes, or has `B`, `kB`, `MB`, `KiB` or `MiB`",
        Unit::PerSecond => "a rate is per second",
    }
}

#[cfg(test)]
mod tests {
    use super::{Limit, Operator, parse_limit};
    use crate::manifest::Unit;

    #[test]
    fn reads_operators_numbers_and_units() {
        for (text, unit, expected) in [
            ("100", Unit::Milliseconds, (None, 100.0)),
            ("< 1%", Unit::Ratio, (Some(Operator::Less), 0.01)),
            ("0.01", Unit::Ratio, (None, 0.01)),
            (">=50", Unit::PerSecond, (Some(Operator::AtLeast), 50.0)),
            (" == 0 ", Unit::Count, (Some(Operator::Equal), 0.0)),
            ("!= 1e3", Unit::Count, (Some(Operator::NotEqual), 1000.0)),
            ("<= 1.5 s", Unit::Milliseconds, (Some(Operator::AtMost), 1500.0)),
            ("> 2kB", Unit::Bytes, (Some(Operator::Greater), 2000.0)),
            ("2KiB", Unit::Bytes, (None, 2048.0)),
            ("50/s", Unit::PerSecond, (None, 50.0)),
        ] {
            let (operator, limit) = expected;
            assert_eq!(parse_limit(text, unit), Ok((operator, Limit::Fixed(limit))), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not_a_limit() {
        for text in
            ["", "fast", "<", "= 5", "=> 5", "nan", "inf", "1e999", "-5", "5 apples", "5%", "1,000", "0x10"]
        {
            assert!(parse_limit(text, Unit::Milliseconds).is_err(), "{text}");
        }
        assert!(parse_limit("5", Unit::Ratio).is_err(), "a ratio that is always kept");
    }

    #[test]
    fn not_a_number_never_holds() {
        for operator in [
            Operator::Less,
            Operator::AtMost,
            Operator::Greater,
            Operator::AtLeast,
            Operator::Equal,
            Operator::NotEqual,
        ] {
            assert!(!operator.holds(f64::NAN, 1.0) && !operator.holds(1.0, f64::NAN), "{operator}");
        }
    }

    #[test]
    fn equality_is_inclusive_where_it_says_so() {
        assert!(Operator::AtMost.holds(60.0, 60.0) && Operator::AtLeast.holds(60.0, 60.0));
        assert!(!Operator::Less.holds(60.0, 60.0) && !Operator::Greater.holds(60.0, 60.0));
    }
}
