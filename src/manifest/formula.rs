//! Limits that follow from other rows: `<= 2 * p95(/cart)`.
//!
//! ```text
//! sum     = product { ("+" | "-") product }
//! product = value { ("*" | "/") value }
//! value   = number [unit] | metric "(" [TYPE " "] name ")" | "(" sum ")"
//! ```

use super::limit::number_with_unit;
use super::metric::{Metric, Unit};
use super::names::Names;
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
    /// A sentence fragment that says what is wrong with it.
    pub(super) fn parse(text: &str, unit: Unit) -> Result<Self, String> {
        let mut reader = Reader { rest: text.trim(), unit, depth: 0 };
        let root = reader.sum()?;
        if !reader.rest.is_empty() {
            return Err(format!("`{}` is too much in the formula", reader.rest));
        }
        Ok(Self { text: text.trim().to_owned(), root })
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

struct Reader<'a> {
    rest: &'a str,
    unit: Unit,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn sum(&mut self) -> Result<Term, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("a formula is nested at most {DEEPEST} levels deep"));
        }
        let sum = self.chain(&[('+', Sign::Plus), ('-', Sign::Minus)], Self::product);
        self.depth -= 1;
        sum
    }

    fn product(&mut self) -> Result<Term, String> {
        self.chain(&[('*', Sign::Times), ('/', Sign::Over)], Self::value)
    }

    fn chain(
        &mut self,
        signs: &[(char, Sign)],
        part: fn(&mut Self) -> Result<Term, String>,
    ) -> Result<Term, String> {
        let mut all = part(self)?;
        while let Some((sign, rest)) =
            signs.iter().find_map(|(letter, sign)| Some((*sign, self.rest.strip_prefix(*letter)?)))
        {
            self.rest = rest.trim_start();
            let next = part(self)?;
            all = Term::Both(sign, Box::new((all, next)));
        }
        Ok(all)
    }

    fn value(&mut self) -> Result<Term, String> {
        if let Some(inner) = self.rest.strip_prefix('(') {
            self.rest = inner.trim_start();
            let sum = self.sum()?;
            let after = self.rest.strip_prefix(')').ok_or("a `(` of the formula is not closed")?;
            self.rest = after.trim_start();
            return Ok(sum);
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
        Ok(Term::Number(number))
    }

    fn reference(&mut self, written: &'a str, metric: Metric) -> Result<Term, String> {
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
            return Err(format!("`{written}(..)` takes the name of requests"));
        }
        let names = Names::parse(name)?;
        if names.is_pattern() {
            return Err(format!("`{written}({name})` must name one row; a pattern may mean several"));
        }
        self.rest = inner[end + 1..].trim_start();
        let reference =
            Reference { metric, written: written.to_owned(), kind: kind.map(str::to_owned), names };
        Ok(Term::Of(Box::new(reference)))
    }
}

#[cfg(test)]
mod tests {
    use super::Formula;
    use crate::manifest::Unit;

    /// The value of a formula in which each metric is as long as its own text.
    fn value(text: &str) -> Result<f64, String> {
        let formula = Formula::parse(text, Unit::Milliseconds)?;
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
}
