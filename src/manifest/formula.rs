//! Limits that follow from other rows: `<= 2 * p95(/cart)`.
//!
//! ```text
//! sum     = product { ("+" | "-") product }
//! product = value { ("*" | "/") value }
//! value   = number [unit] | metric "(" [TYPE " "] name ")" | "(" sum ")"
//! ```
//!
//! Units must fit: likes are added, and the whole is what the limit's metric is measured in.

use super::limit::{Refusal, number_with_unit};
use super::metric::{Metric, Unit};
use super::names::Names;
use super::quantity::Quantity;
use serde::{Deserialize, Serialize};

/// Deeper nesting is refused.
const DEEPEST: usize = 32;

/// A limit that is computed when the run is judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Formula {
    /// As it is written, without the operator before it.
    pub text: String,
    pub(super) root: Term,
}

/// A part of a formula.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Term {
    Number(f64),
    /// A metric of other requests.
    Of(Box<Reference>),
    Both(Sign, Box<(Term, Term)>),
}

/// The metric of other requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Reference {
    pub(super) metric: Metric,
    /// The metric as it is written.
    pub(super) written: String,
    pub(super) kind: Option<String>,
    pub(super) names: Names,
}

/// What joins two terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Sign {
    Plus,
    Minus,
    Times,
    Over,
}

impl Formula {
    /// Whether a limit is one: only formulas have parentheses.
    pub(super) fn is_one(text: &str) -> bool {
        text.contains('(')
    }

    /// Reads a formula for a limit in `unit`.
    ///
    /// # Errors
    ///
    /// What is wrong with it, its units included.
    pub(super) fn parse(text: &str, unit: Unit) -> Result<Self, Refusal> {
        let mut reader = Reader { rest: text.trim(), unit, depth: 0 };
        let Part { term: root, quantity, text } = reader.sum()?;
        if !reader.rest.is_empty() {
            return Err(format!("`{}` is too much in the formula", reader.rest).into());
        }
        if !quantity.fits(unit) {
            let message = format!("`{text}` is {quantity}, and the limit is {}", Quantity::of(unit));
            return Err(Refusal::of_units(message, text));
        }
        Ok(Self { text: text.to_owned(), root })
    }

    /// Its value, where `value_of` tells metrics.
    pub(super) fn value(&self, value_of: &dyn Fn(&Reference) -> Result<f64, String>) -> Result<f64, String> {
        let value = self.root.value(value_of)?;
        if value.is_finite() {
            Ok(value)
        } else {
            Err(format!("`{}` has no value: it divides by zero", self.text))
        }
    }
}

impl Term {
    fn value(&self, value_of: &dyn Fn(&Reference) -> Result<f64, String>) -> Result<f64, String> {
        Ok(match self {
            Self::Number(number) => *number,
            Self::Of(reference) => value_of(reference)?,
            Self::Both(sign, terms) => {
                let (left, right) = (terms.0.value(value_of)?, terms.1.value(value_of)?);
                match sign {
                    Sign::Plus => left + right,
                    Sign::Minus => left - right,
                    Sign::Times => left * right,
                    Sign::Over => left / right,
                }
            }
        })
    }
}

/// What was read.
struct Part<'a> {
    term: Term,
    quantity: Quantity,
    /// As it is written.
    text: &'a str,
}

struct Reader<'a> {
    rest: &'a str,
    unit: Unit,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn sum(&mut self) -> Result<Part<'a>, Refusal> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("a formula is nested at most {DEEPEST} levels deep").into());
        }
        let sum = self.chain(&[('+', Sign::Plus), ('-', Sign::Minus)], Self::product);
        self.depth -= 1;
        sum
    }

    fn product(&mut self) -> Result<Part<'a>, Refusal> {
        self.chain(&[('*', Sign::Times), ('/', Sign::Over)], Self::value)
    }

    fn chain(
        &mut self,
        signs: &[(char, Sign)],
        part: fn(&mut Self) -> Result<Part<'a>, Refusal>,
    ) -> Result<Part<'a>, Refusal> {
        let begin = self.rest;
        let mut all = part(self)?;
        while let Some((sign, rest)) =
            signs.iter().find_map(|(letter, sign)| Some((*sign, self.rest.strip_prefix(*letter)?)))
        {
            self.rest = rest.trim_start();
            let next = part(self)?;
            let text = self.read_since(begin);
            let quantity = match sign {
                Sign::Plus | Sign::Minus => all.quantity.plus(next.quantity).ok_or_else(|| {
                    let (adds, to) = if sign == Sign::Plus { ("adds", "to") } else { ("subtracts", "from") };
                    let message = format!("`{text}` {adds} {} {to} {}", next.quantity, all.quantity);
                    Refusal::of_units(message, text)
                })?,
                Sign::Times => all.quantity.times(next.quantity),
                Sign::Over => all.quantity.over(next.quantity),
            };
            all = Part { term: Term::Both(sign, Box::new((all.term, next.term))), quantity, text };
        }
        Ok(all)
    }

    /// What was read of a text that began there.
    fn read_since(&self, begin: &'a str) -> &'a str {
        begin[..begin.len() - self.rest.len()].trim_end()
    }

    fn value(&mut self) -> Result<Part<'a>, Refusal> {
        let begin = self.rest;
        if let Some(inner) = self.rest.strip_prefix('(') {
            self.rest = inner.trim_start();
            let sum = self.sum()?;
            let after = self.rest.strip_prefix(')').ok_or("a `(` of the formula is not closed")?;
            self.rest = after.trim_start();
            return Ok(Part { text: self.read_since(begin), ..sum });
        }
        if let Some((before, _)) = self.rest.split_once('(')
            && let Some(metric) = Metric::named(before.trim_end())
        {
            return self.reference(before.trim_end(), metric);
        }
        let end = self.rest.find(['+', '-', '*', '/', ')', '(', ' ']).unwrap_or(self.rest.len());
        // `1 ms` and `1/s` are numbers with a unit.
        let end = match &self.rest[end..] {
            after if after.starts_with("/s") && self.unit == Unit::PerSecond => end + 2,
            _ => end,
        };
        let (text, after) = self.rest.split_at(end);
        let number = number_with_unit(text, self.unit).map_err(|error| {
            let what = if text.is_empty() { "something" } else { text };
            let known = "a number, or a metric of other requests such as `p95(/cart)`";
            if text.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
                error
            } else {
                format!("`{what}` is not a part of a formula: expected {known}")
            }
        })?;
        self.rest = after.trim_start();
        let is_bare = text.ends_with(|c: char| c.is_ascii_digit() || c == '.');
        let quantity = if is_bare { Quantity::NUMBER } else { Quantity::of(self.unit) };
        Ok(Part { term: Term::Number(number), quantity, text })
    }

    fn reference(&mut self, written: &'a str, metric: Metric) -> Result<Part<'a>, Refusal> {
        let begin = self.rest;
        let after = self.rest[written.len()..].trim_start();
        let inner = after.strip_prefix('(').unwrap_or(after);
        let mut open = 1;
        let end = inner.find(|c: char| {
            open += i32::from(c == '(') - i32::from(c == ')');
            open == 0
        });
        let end = end.ok_or_else(|| format!("the `(` behind `{written}` is not closed"))?;
        let row = inner[..end].trim();
        let (kind, name) = match row.split_once(' ') {
            Some((kind, name)) if kind.chars().all(|c| c.is_ascii_uppercase()) => (Some(kind), name.trim()),
            _ => (None, row),
        };
        if name.is_empty() {
            return Err(format!("`{written}(..)` takes the name of requests").into());
        }
        let names = Names::parse(name)?;
        if names.is_pattern() {
            let message = format!("`{written}({name})` must name one row; a pattern may mean several");
            return Err(message.into());
        }
        self.rest = inner[end + 1..].trim_start();
        let reference =
            Reference { metric, written: written.to_owned(), kind: kind.map(str::to_owned), names };
        let quantity = Quantity::of(metric.unit());
        Ok(Part { term: Term::Of(Box::new(reference)), quantity, text: self.read_since(begin) })
    }
}

#[cfg(test)]
mod tests {
    use super::Formula;
    use crate::manifest::Unit;

    /// The value of a formula in which each metric is as long as its own text.
    fn value(text: &str) -> Result<f64, String> {
        let formula = Formula::parse(text, Unit::Milliseconds).map_err(|refusal| refusal.message)?;
        formula.value(&|reference| Ok((reference.written.len() + reference.names.to_string().len()) as f64))
    }

    #[test]
    fn computes() {
        for (text, expected) in [
            ("2 * p95(/cart)", 16.0),
            ("p95(/cart) * 2 + 1", 17.0),
            ("1 + 2 * p95(/cart) - 3", 14.0),
            ("(1 + 2) * p95(/cart)", 24.0),
            ("p95(/cart) / 4", 2.0),
            ("p95(GET /cart) + 1s", 1008.0),
            ("99%(/a(b)c) - 1ms", 8.0),
            ("Median Response Time(*)", 21.0),
            ("8 - 4 - 2 * (1)", 2.0),
        ] {
            assert_eq!(value(text), Ok(expected), "{text}");
        }
        assert!(value("p95(/cart) / (1 - 1)").is_err());
    }

    #[test]
    fn refuses_everything_else() {
        for text in [
            "",
            "(",
            "()",
            "p95()",
            "p95(/cart",
            "p95(/cart) p95(/cart)",
            "2 * ",
            "* 2 (1)",
            "p9x(/cart)",
            "2 apples (1)",
            "p95(/a*)",
            "(1",
            "1)",
            "5% (1)",
            &"(".repeat(100_000),
        ] {
            assert!(Formula::parse(text, Unit::Milliseconds).is_err(), "{text}");
        }
    }

    #[test]
    fn what_fits_is_measured_in_what_the_limit_is() {
        for (unit, text) in [
            (Unit::Milliseconds, "100 * count(/a) / count(*)"),
            (Unit::Milliseconds, "p95(/a) * p95(/a) / avg(/b)"),
            (Unit::Milliseconds, "p95(/a) * (1 + fail_ratio(/a)) + 50ms"),
            (Unit::Milliseconds, "(p95(/a) - 1) / 2"),
            (Unit::Ratio, "failures(/a) / count(/a)"),
            (Unit::Ratio, "1 - fail_ratio(/a)"),
            (Unit::Count, "fail_ratio(/a) * count(/b) + 5"),
            (Unit::PerSecond, "2 * rps(/a) - 1/s"),
            (Unit::Bytes, "size(/a) + 2KiB"),
        ] {
            assert!(Formula::parse(text, unit).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_told_with_its_part() {
        let told = |(unit, text)| {
            let refusal = Formula::parse(text, unit).expect_err(text);
            format!("{}: {}", refusal.message, refusal.part.unwrap_or_default())
        };
        let told: Vec<_> = [
            (Unit::Milliseconds, "2 * (p95(/a) - count(/b))"),
            (Unit::Milliseconds, "p95(/a) + 1 + fail_ratio(/a)"),
            (Unit::Milliseconds, " count(/a) * 2 "),
            (Unit::Milliseconds, "p95(/a) / p95(/b)"),
            (Unit::Milliseconds, "2ms * p95(/a)"),
            (Unit::Count, "rps(/a) * avg(/a)"),
            (Unit::Ratio, "p95(/a) / count(/a)"),
        ]
        .map(told)
        .into();
        insta::assert_snapshot!(told.join("\n"), @r"
        `p95(/a) - count(/b)` subtracts a count from a time: p95(/a) - count(/b)
        `p95(/a) + 1 + fail_ratio(/a)` adds a ratio to a time: p95(/a) + 1 + fail_ratio(/a)
        `count(/a) * 2` is a count, and the limit is a time: count(/a) * 2
        `p95(/a) / p95(/b)` is a ratio, and the limit is a time: p95(/a) / p95(/b)
        `2ms * p95(/a)` is ms^2, and the limit is a time: 2ms * p95(/a)
        `rps(/a) * avg(/a)` is ms * 1/s, and the limit is a count: rps(/a) * avg(/a)
        `p95(/a) / count(/a)` is ms / count, and the limit is a ratio: p95(/a) / count(/a)
        ");
    }
}
